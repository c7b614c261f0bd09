"""`catalog-forge upgrades`: the upgrades that a catalog offers, and what each of them loses."""

from __future__ import annotations

import re
from itertools import groupby
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings, recover_above
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options, outfile
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from collections.abc import Callable

    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.rancher.entries import Entry
    from catalog_forge.rancher.upgrades import Reads, Upgrade


@click.command()
@click.argument("path", metavar="[ENTRY|CATALOG]", required=False, shell_complete=complete.entries)
@click.option("--rancher", metavar="VERSION", default="", help="The version of Rancher, such as v1.6.14; default: any.")
@click.option("--all", "every", is_flag=True, help="Show every upgrade offered, not only the next one for each revision.")
@options.form(what="Output format; JSON contains all steps.")
@options.html()
@click.pass_obj
def upgrades(settings: Settings, path: str | None, rancher: str, every: bool, form: str, html: Path | None) -> None:
    """List the upgrades that a catalog offers, and what each of them loses.

    ENTRY is the folder of an entry in any catalog, or the name of an entry; by default, all entries of the current
    catalog are listed. Reports each loss with its place: lost answers, types that accept fewer values, changed
    services, volumes and drivers, and removed metadata keys that an image of the catalog still reads.
    """
    from catalog_forge.rancher.upgrades import steps

    if not re.fullmatch(r"(v?\d+(\.\d+)*([-+].+)?)?", rancher):
        raise click.BadParameter(f"{rancher!r} is not a version: write it as v1.6.14", param_hint="--rancher")
    entries, reads = _entries(settings.directory, path)
    found = [(entry, [*steps(entry, rancher, reads)]) for entry in entries]
    offered = [step for _, each in found for step in each if not step.obstacle]
    losing = sum(bool(step.breaks) for step in offered)
    words = f"{counted(len(found), 'entry', 'entries')}, {counted(len(offered), 'upgrade')} offered, {losing} with losses"
    if html:
        outfile.write(html, _page([_data(entry, each) for entry, each in found], words, rancher))
    if form == "json":
        click.echo(as_json({"entries": [_data(entry, each) for entry, each in found]}))
        return
    for entry, each in found:
        _show(entry, each, every)
    click.echo(words)


def _page(entries: list[dict[str, Any]], words: str, rancher: str) -> str:
    """Return an HTML page without scripts. Values from entries are escaped, so they cannot change the structure of the page."""
    from collections import Counter

    from catalog_forge import texts

    for entry in entries:
        entry["kinds"] = Counter(each["kind"] for step in entry["steps"] for each in step["breaks"])
    kinds = sorted({kind for entry in entries for kind in entry["kinds"]})
    page = {"entries": entries, "summary": words, "rancher": rancher, "kinds": kinds}
    return texts.fill(__package__, "upgrades.html", printable=printable, **page)


def _reads(catalog: Catalog) -> Reads:
    """Return a function that maps the reference of a known image to a predicate.

    The predicate takes a metadata key, and says whether the templates of the image read this key.
    """
    from catalog_forge.lint.images.inside import asked_of

    known = {each.name: each for each in catalog.images}

    def reads(reference: str) -> Callable[[str], bool] | None:
        image = known.get(reference.rpartition("/")[2].partition(":")[0])
        return asked_of(image) if image else None

    return reads


def _entries(directory: Path, path: str | None) -> tuple[list[Entry], Reads]:
    from catalog_forge.cli.shown.catalogs import check_there
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.lint import disk
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.repository import Repository

    repository = Repository.find(directory)
    root = repository.root
    is_folder = path is not None and (directory / path).is_dir()
    folder = directory / str(path) if is_folder else root
    recover_above(folder)
    catalog = Catalog(disk.read(folder, str(path) if is_folder and path != "." else ""))
    check_there(catalog, folder)
    known = catalog.entries
    names = {entry.name for entry in known}
    made = {} if is_folder or path is None or path in names else repository.entries
    found = [entry for entry in known if is_folder or path is None or entry.name == made.get(path, path)]
    if path and not found:
        hint = did_you_mean(path, names | {*made}, "name the folder of an entry, such as templates/NAME, or of a catalog")
        raise ForgeError(f"there is no entry {path!r}", hint=hint)
    return found, _reads(catalog)


def _show(entry: Entry, steps: list[Upgrade], every: bool) -> None:
    click.echo(click.style(printable(entry.name), bold=True))
    for _, group in groupby(steps, key=lambda step: step.old.name):
        of_one = [*group]
        offered = [step for step in of_one if not step.obstacle]
        for step in offered if every else offered[:1]:
            _line(step, "nothing is lost" if not step.breaks else "")
        if not offered:
            _line(of_one[0], f"not offered: {of_one[0].obstacle}")


def _line(step: Upgrade, words: str) -> None:
    click.echo(printable(f"  {step}{': ' * bool(words)}{words}"))
    for each in step.breaks:
        click.echo(printable(f"    {each.where}: {each.message}"))


def _data(entry: Entry, steps: list[Upgrade]) -> dict[str, Any]:
    return {
        "entry": entry.name,
        "steps": [
            {
                "from": {"revision": step.old.name, "version": step.old.version},
                "to": {"revision": step.new.name, "version": step.new.version},
                "offered": not step.obstacle,
                "why": step.obstacle,
                "breaks": [
                    {"kind": each.kind, "message": each.message, "file": each.where.file, "line": each.where.line}
                    for each in step.breaks
                ],
            }
            for step in steps
        ],
    }
