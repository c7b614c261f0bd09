"""`catalog-forge adopt`: import hand-written images and entries, and prove that their output does not change."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings, recover_above
from catalog_forge.cli.shown import engines, options, outfile, places
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog_forge.adopt.adopting import Adopted
    from catalog_forge.adopt.entries import EntryUse
    from catalog_forge.adopt.originals import Original
    from catalog_forge.errors import Problem
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.verify.observation import Engine


@click.command()
@click.argument("folders", metavar="DIR...", nargs=-1, required=True, type=places.FOLDER)
@click.option(
    "--entry", "entries", multiple=True, type=places.FOLDER, metavar="DIR", help="The entry that uses the image, or a catalog."
)
@click.option(
    "--write",
    is_flag=True,
    help="Write the specs of the adopted images and the files generated from them; nothing is overwritten.",
)
@click.option("--force", is_flag=True, help="With --write: overwrite config.yml and the icon of the adopted entry.")
@click.option("--diff", is_flag=True, help="Also show the differences whose reason is proven.")
@engines.options(("embedded", "confd"))
@options.form()
@options.html()
@click.pass_obj
def adopt(
    settings: Settings,
    folders: tuple[Path, ...],
    entries: tuple[Path, ...],
    write: bool,
    force: bool,
    diff: bool,
    engine: str,
    confd: Path | None,
    form: str,
    html: Path | None,
) -> None:
    """Import hand-written conf images, and prove that their output stays the same.

    Each DIR is the folder of one image, or contains several. Each image becomes a spec. The image generated from that spec
    and the original are rendered in the same scenarios, which are derived from the templates, and every difference is shown
    with its reason. Exits 1 if an image cannot be read, if a difference has no proven reason, or if a file was never
    rendered. The originals are never changed.

    \b
    catalog-forge adopt DIR
    catalog-forge adopt DIR --engine confd --write
    """
    from catalog_forge.adopt import report
    from catalog_forge.errors import ForgeError

    options.refuse_without("--write", "--force")
    with engines.opened(engine, confd) as opened:
        found = _adopted(folders, entries, opened)
    if form == "json":
        click.echo(as_json(report.data(found), indent=1))
    else:
        for line in report.lines(found, whole=diff):
            click.echo(printable(line))
    if html:
        outfile.write(html, report.page(found, _text))
    if write:
        _write(settings, [each for each in found if each.status == "adopted"], force=force)
    if not found:
        raise ForgeError(
            f"there is no conf image below {', '.join(map(str, folders))}", hint="name a folder with a Dockerfile and conf.d/"
        )
    if all(each.status == "generated" for each in found):
        raise ForgeError("these images were generated from specs: there is nothing to adopt", hint="change their specs instead")
    if any(each.status not in ("adopted", "generated") for each in found):
        raise ForgeError("not everything could be adopted", hint="fix the problems above, then run adopt again")


def _adopted(folders: Sequence[Path], entries: Sequence[Path], engine: Engine) -> list[Adopted]:
    """Adopt each image below `folders` together with its entry.

    An image that belongs to several entries is adopted once for each entry; an image without an entry is adopted on its own.
    """
    from itertools import count

    from catalog_forge.adopt.adopting import adopt as adopt_image
    from catalog_forge.adopt.entries import beside, contained, owners, run_by, unread_entries, uses
    from catalog_forge.adopt.originals import originals
    from catalog_forge.cli.shown.console import Progress

    catalogs = [_catalog(folder) for folder in folders]
    known = [each for catalog in catalogs for each in originals(catalog)]
    images = [image for catalog in catalogs for image in catalog.images]
    used = []
    unread: list[Problem] = []
    for folder in entries:
        catalog = _catalog(folder)
        unread += unread_entries(catalog)
        found = [*uses(catalog, known, images)]
        alone = [*contained(catalog, known, images, (use for _, use in found))]
        for line in "\n".join(map(str, alone)).splitlines():
            click.echo(printable(line), err=True)
        if not found and not alone:
            running = ", ".join(run_by(catalog)) or "none"
            words = "with the default answers, the entries in this folder use none of these images"
            click.echo(f"{folder}: {words}; they run {running}", err=True)
        used += found
    owned = owners(used)
    owners_of = [(original, use) for original, use in used if owned[use.revision.entry.name] is original]
    others = [each for each in known if all(original is not each for original, _ in owners_of)]
    progress, numbers = Progress(), count(1)

    def made(original: Original, use: EntryUse | None = None) -> Adopted:
        progress.task(next(numbers), len(owners_of) + len(others), original.name)
        return adopt_image(original, engine, use)

    try:
        done = [made(original, use) for original, use in owners_of]
        for each in others:
            entries_of = [use for original, use in used if original is each]
            done.append(made(each))
            if not entries_of:  # an unreadable entry may use this image, so also report the problems of the entry
                done[-1].problems = (*done[-1].problems, *unread)
            done[-1].said = (*(beside(use, owned[use.revision.entry.name]) for use in entries_of[:1]), *done[-1].said)
    finally:
        progress.clear()
    return done


def _text(path: str) -> str:
    """Return the text of a file that a note mentions, or an empty string if the file cannot be read."""
    try:
        with Path(path).open("rb") as file:
            return file.read(1 << 20).decode("utf-8", "replace")
    except OSError:
        return ""


def _catalog(folder: Path) -> Catalog:
    from catalog_forge.lint import disk
    from catalog_forge.lint.catalog import Catalog

    recover_above(folder)
    return Catalog(disk.read(folder, str(folder)))


def _write(settings: Settings, found: Sequence[Adopted], *, force: bool) -> None:
    """Write all adopted specs or none of them.

    Existing files are kept, but `force` overwrites config.yml and the icons of the adopted entries.
    """
    from collections import Counter

    from catalog_forge import writer
    from catalog_forge.cli.make import schemas
    from catalog_forge.cli.make.generate import summary
    from catalog_forge.errors import ForgeError, Problem, Where
    from catalog_forge.repository import Repository, Source
    from catalog_forge.spec.folder import PlannedFolder

    repository = Repository.find(settings.directory)
    twice = [name for name, count in Counter(each.name for each in found).items() if count > 1]
    if twice:
        raise ForgeError(f"several images would become the spec {twice[0]}: nothing was written", hint="adopt them one by one")
    shared = Counter(file.path for each in found for file in each.plan)
    both = [path for path, count in shared.items() if count > 1]
    if both:
        raise ForgeError(
            "several images would become specs that write this file: nothing was written",
            Where(both[0]),
            "an entry belongs to only one spec: adopt only the image that configures the entry's services",
        )
    known = {each.name: {path: each.taken[path] for path in each.taken if path in each.plan and force} for each in found}
    own = "the content of this file is in the spec: overwrite the file with --force, or adopt into another catalog with -C DIR"
    problems = [
        Problem(
            "this file is in the way: nothing was written",
            Where(path),
            own if path in each.taken else "move it away, or adopt into another catalog with -C DIR",
        )
        for each in found
        for path in writer.compare(repository.root, each.name, each.plan, known[each.name]).edited
    ]
    if problems:
        raise ForgeError.of(problems)
    plans = []
    for each in found:
        spec = each.plan[f"specs/{each.name}.yml"].content
        folder = PlannedFolder(repository.root, each.name, each.plan.below(f"specs/{each.name}"))
        plans.append((each.name, each.plan, Source(each.name, spec, folder, repository.inherited, repository.pins).inputs))
    for each, done in zip(found, writer.write_all(repository.root, plans, known), strict=True):
        click.echo(f"{each.name}: {summary(done)}", err=True)
    schemas.keep(repository.root)
