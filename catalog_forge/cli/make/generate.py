"""`catalog-forge generate`: write images/ and templates/ from specs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from catalog_forge.cli.make.pruning import Left
    from catalog_forge.errors import Problem
    from catalog_forge.repository import Repository, Source
    from catalog_forge.writer import Comparison, Drift, Written

# The hint of `--check` for files that `generate` overwrites only with --force.
_OVERWRITES = (
    "move your edits to the spec, then run: catalog-forge generate; --diff shows what would change, "
    "and --force overwrites edited files"
)


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if any file is out of date, edited or missing.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; list the files that would change.")
@click.option(
    "--locked/--no-locked",
    default=None,
    help="Pin images to the digests in catalog-forge.lock, or stop doing so; the choice is remembered.",
)
@click.option("--prune", is_flag=True, help="Also delete the files that were generated from specs that no longer exist.")
@click.option("--force", is_flag=True, help="Overwrite or delete generated files even if they were edited.")
@click.pass_obj
def generate(
    settings: Settings,
    names: tuple[str, ...],
    check: bool,
    diff: bool,
    dry_run: bool,
    locked: bool | None,
    prune: bool,
    force: bool,
) -> None:
    """Generate the images and entries of specs.

    Without a NAME, generates the files of every spec in the catalog. A generated file that was edited is never overwritten: edit
    the spec instead, or discard the edits with --force. With --locked, every image reference gets the digest that `lock`
    found. Files that remain from a removed or renamed spec are reported. --prune deletes either all of these files or
    none of them; without --force, it deletes none if one of them was edited.
    """
    from catalog_forge import writer
    from catalog_forge.cli.make import schemas
    from catalog_forge.cli.make.pruning import Left
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository

    repository = Repository.find(settings.directory)
    left = Left.of(repository, names, prune)
    if not (names or prune or repository.names()):
        left.warn()
    names = () if left.is_all else tuple(repository.chosen(tuple(name for name in names if name not in left.names)))
    if locked is not None:
        _pin(repository, locked, write=not (check or diff or dry_run))
    if check or diff or dry_run:
        states: set[writer.Drift] = set()
        drifted = each(names, lambda name: _compared(repository, repository.source(name), left, diff, dry_run, states))
        is_left = left.show(check=check, diff=diff, dry_run=dry_run)
        if check and (drifted or is_left):
            hint = _OVERWRITES if states & {writer.Drift.EDITED, writer.Drift.UNKNOWN} else "catalog-forge generate"
            raise ForgeError("the generated files differ from the specs", hint=hint if drifted else left.hint)
        return
    try:
        each(names, lambda name: _written(repository, repository.source(name), left, force))
    finally:
        writer.tidy(repository.root)
        schemas.keep(repository.root)
    left.end(force=force)


def _pin(repository: Repository, locked: bool, *, write: bool) -> None:
    """Choose whether images in generated files are pinned to digests. The lock file stores the choice for all commands."""
    from dataclasses import replace

    from catalog_forge.errors import ForgeError
    from catalog_forge.registry import LOCK, lockfile

    lock = replace(lockfile.read(repository.root), pinned=locked)
    if locked and not lock.images:
        raise ForgeError(f"there is no {LOCK} to pin images to", hint="catalog-forge lock")
    repository.pins = lock.pins
    if write and lock.images:
        lockfile.update(repository.root, lambda now: replace(now, pinned=locked))


def each(names: Iterable[str], act: Callable[[str], bool]) -> bool:
    """Call `act` for each spec name, even after an error in a spec. Return whether any call returned True.

    Raises ForgeError with all problems. If a call raises any other exception, prints the problems found so far, and lets the
    exception pass.
    """
    from catalog_forge.errors import ForgeError

    problems: list[Problem] = []
    bug: Exception | None = None
    said = False
    for name in names:
        try:
            said |= act(name)
        except ForgeError as error:
            problems.extend(error.problems)
        except Exception as error:
            bug = bug or error
    if bug:
        if problems:
            click.echo(str(ForgeError.of(problems)), err=True)
        raise bug
    if problems:
        raise ForgeError.of(problems)
    return said


def _written(repository: Repository, source: Source, left: Left, force: bool) -> bool:
    """Write the files of a spec. Return whether the files were out of date."""
    from catalog_forge import writer

    if repository.is_current(source):
        click.echo(f"{source.name}: up to date")
        return False
    _warn(source)
    plan, known = source.plan(), left.taken_over(source.plan())
    done = writer.write(repository.root, source.name, plan, inputs=source.inputs, force=force, leave=True, known=known)
    click.echo(f"{source.name}: {summary(done)}")
    return True


def _compared(repository: Repository, source: Source, left: Left, diff: bool, dry_run: bool, states: set[Drift]) -> bool:
    """Show how a spec's generated files differ from the files on disk. Return whether any file differs.

    The states of the files are added to `states`.
    """
    from catalog_forge import writer

    if repository.is_current(source):
        return False
    _warn(source)
    found = writer.compare(repository.root, source.name, source.plan(), left.taken_over(source.plan()))
    states.update(found.states.values())
    if diff:
        click.echo(painted_diff(found.diff()), nl=False)
    else:
        for line in differing(found):
            click.echo(line)
    if dry_run:
        click.echo(f"{source.name}: without --dry-run: {summary(found.written)}", err=True)
    return not found.clean


def differing(found: Comparison) -> Iterator[str]:
    """Yield a line for each file that differs from the plan."""
    for path, state in found.states.items():
        if state is not state.SAME:
            yield f"{state}: {printable(path)}"


def _warn(source: Source) -> None:
    """Print warnings about parts of a spec that are valid but probably a mistake."""
    from catalog_forge.spec.checks import uses
    from catalog_forge.spec.checks.foreign import foreign
    from catalog_forge.spec.reader import parsed

    spec = source.spec()
    written = parsed(source.content, f"specs/{source.name}.yml")
    for finding in (*uses.warnings(spec), *foreign(spec, written)):
        click.echo(f"warning: {finding}", err=True)


def summary(done: Written) -> str:
    """Describe the result of a write in words."""
    counts = {"created": done.created, "changed": done.changed, "removed": done.removed, "unchanged": done.unchanged}
    return ", ".join(f"{count} {word}" for word, count in counts.items() if count) or "nothing to do"
