"""`catalog-forge standards`: the standards in effect, the impact of changing them, and standards that a catalog already meets."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import options, places
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.cli.judge.impact import Impact
    from catalog_forge.spec.standards import Team

# The maximum number of names in an error.
_MOST = 5


@click.group()
def standards() -> None:
    """Show, derive and compare the standards of a team."""


@standards.command()
@options.form()
@click.pass_obj
def show(settings: Settings, form: str) -> None:
    """Print the standards in effect here, and where each line comes from.

    Standards are defined in catalog-forge.yml at the root of the catalog, and in the files it extends.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import MARK, Repository

    repository = Repository.find(settings.directory)
    team = repository.team
    if team is None:
        raise ForgeError(
            f"there is no {MARK} with standards in {repository.root}", hint="catalog-forge standards adopt --write creates one"
        )
    if form == "json":
        lines = [{"key": path, "value": node.value, "where": str(node.where)} for path, node in team.lines()]
        click.echo(as_json(lines))
    else:
        _draw(team)


@standards.command()
@click.option("--since", "ref", metavar="REF", default="HEAD", help="The commit to compare with; default: HEAD.")
@click.option(
    "--to",
    "file",
    type=places.FILE,
    metavar="FILE",
    help="Compare the standards here with those in FILE.",
)
@options.form()
@click.pass_obj
def impact(settings: Settings, ref: str, file: Path | None, form: str) -> None:
    """Show which images and entries change with the standards, how they change, and their next versions.

    Compares catalog-forge.yml and everything it extends with the committed version. Nothing is written; `release --all
    --changed` makes the new versions. Exits 1 if, with the changed standards, no files can be generated from a spec.
    """
    from catalog_forge.cli.judge.impact import changed, impacts, published
    from catalog_forge.errors import ForgeError, first_of
    from catalog_forge.repository import Repository
    from catalog_forge.spec.standards import Team
    from catalog_forge.team import load

    repository = Repository.find(settings.directory)
    repository.chosen(())  # raises ForgeError if there are no specs
    here = repository.team or Team()
    old, new = (here, load(file.absolute(), str(file))) if file else (published(repository, ref), here)
    found = [*impacts(repository, old, new)]
    if form == "json":
        rows = [{**vars(each), "keys": _pairs(each.keys)} for each in found if each]
        click.echo(as_json({"standards": _pairs(changed(old, new)), "specs": rows}))
    else:
        _show_impact(changed(old, new), found)
    if broken := [each.name for each in found if each.problems]:
        hint = "change the standards or the specs; a deviation needs a reason under `deviations`"
        specs = counted(len(broken), "spec")
        raise ForgeError(f"with the new standards, nothing can be generated from {specs}: {first_of(broken, _MOST)}", hint=hint)


def _show_impact(differ: Mapping[str, tuple[str, str]], found: list[Impact]) -> None:
    """Print the standards that differ, and the effect on each spec."""
    for path, (one, other) in differ.items():
        click.echo(printable(f"{path}: {one or 'nothing'} -> {other or 'nothing'}"))
    for each in found:
        for line in _lines(each) if each else ():
            click.echo(printable(line))
    count = sum(bool(each.files) for each in found)
    click.echo(f"{count} of {counted(len(found), 'spec')} {'changes' if count == 1 else 'change'}")


def _pairs(keys: Mapping[str, tuple[str, str]]) -> dict[str, dict[str, str]]:
    return {path: {"old": old, "new": new} for path, (old, new) in keys.items()}


def _lines(each: Impact) -> Iterator[str]:
    """Yield lines that describe the effect on one spec."""
    keys = "; ".join(f"{path}: {one or 'nothing'} -> {other or 'nothing'}" for path, (one, other) in each.keys.items())
    yield f"{each.name}: {keys or 'the same values'}"
    for room, what in (("images/", "image"), ("templates/", "entry"), ("compose/", "compose")):
        names = [path.split("/", 2)[2] for path in each.files if path.startswith(room)]
        if names:
            yield f"  {what}: {', '.join(names)}"
    if each.entry:
        yield f"  next: {each.image}; {each.entry}"
    yield from (f"  breaks: {words}" for words in each.breaches)
    for words in each.problems:  # the hint is on a line of its own
        yield from (f"  {line}" for line in f"nothing can be generated: {words}".split("\n"))


@standards.command()
@click.option("--write", is_flag=True, help="Write catalog-forge.yml if it does not exist.")
@click.pass_obj
def adopt(settings: Settings, write: bool) -> None:
    """Derive standards from the current state of the catalog.

    A value that most specs have becomes a default unless this would change a generated file. Every value found in
    specs, images and entries is allowed. Every property that all specs have is required.
    """
    from catalog_forge import writer, yamlio
    from catalog_forge.cli.judge.deriving import derived
    from catalog_forge.errors import ForgeError
    from catalog_forge.plan import Plan
    from catalog_forge.repository import MARK, Repository

    repository = Repository.find(settings.directory)
    file = repository.root / MARK
    if repository.team is not None and write:
        raise ForgeError(f"there are standards already: {file}", hint="without --write, the derived standards are only printed")
    text = yamlio.dump(derived(repository))
    click.echo(text, nl=False)
    if write:
        plan = Plan()
        plan.add_text(MARK, text)
        writer.write_author(repository.root, plan, {})


@standards.command()
@click.argument("catalogs", metavar="CATALOG...", nargs=-1, required=True, type=places.FOLDER)
@options.form()
@options.html()
def report(catalogs: tuple[Path, ...], form: str, html: Path | None) -> None:
    """Show an overview of many catalogs: the base, confd and metadata of each image, violated standards, and its last change.

    CATALOG is the folder of a catalog. Each catalog is compared with its own standards. Exits 1 if anything cannot be read.
    """
    from catalog_forge.cli.judge.deriving import facts
    from catalog_forge.errors import ForgeError, Problem

    found = [each for catalog in catalogs for each in facts(catalog.absolute(), str(catalog))]
    rows = [["where", "base", "confd", "metadata", "broken", "changed"]]
    for each in found:
        values = [each.values.get(word, "") or "-" for word in ("base", "confd", "metadata")]
        rows.append(
            [f"{each.catalog}/{each.path}", *values, "unread" if each.unread else str(each.broken or "-"), each.changed or "-"]
        )
    summary = f"{counted(len(found), 'image or entry', 'images and entries')} in {counted(len(catalogs), 'catalog')}"
    if html:
        from catalog_forge import texts
        from catalog_forge.cli.shown import outfile

        outfile.write(html, texts.fill(__package__, "report.html", printable=printable, rows=rows, summary=summary))
    if form == "json":
        click.echo(as_json([vars(each) for each in found]))
    else:
        widths = [max(len(printable(row[column])) for row in rows) for column in range(6)]
        for row in rows:
            click.echo("  ".join(f"{printable(cell):{width}}" for cell, width in zip(row, widths, strict=True)).rstrip())
        click.echo(summary)
    if unread := [Problem(f"cannot be read: {each.unread}") for each in found if each.unread]:
        raise ForgeError.of(unread)


def _draw(team: Team) -> None:
    lines = [(printable(path), printable(node.value), printable(str(node.where))) for path, node in team.lines()]
    widths = [max((len(line[column]) for line in lines), default=0) for column in (0, 1)]
    for path, value, where in lines:
        click.echo(f"{path:{widths[0]}}  {value:{widths[1]}}  " + click.style(where, dim=True))
