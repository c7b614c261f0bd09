"""`catalog-forge update`: merge the changes of a blueprint into the specs made from it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.shown import as_json, counted, printable

if TYPE_CHECKING:
    from catalog_forge.blueprint.updating import Update
    from catalog_forge.cli.make.newer import News, Wished
    from catalog_forge.plan import File
    from catalog_forge.repository import Repository
    from catalog_forge.writer import Comparison


MOST_LINES = 12
"""For each side of a conflict, this number of lines is shown; the JSON output contains all lines."""


@click.command()
@click.argument("names", metavar="[NAME]...", nargs=-1, shell_complete=complete.specs)
@click.option("--to", "commit", metavar="COMMIT", help="The commit of the blueprint's repository to update to (40 hex digits).")
@click.option("--from", "reference", metavar="BLUEPRINT", help="The blueprint, if it has moved or was not recorded.")
@click.option(
    "--set",
    "pairs",
    metavar="KEY=VALUE",
    multiple=True,
    help="Answer a question of the blueprint, new or already answered.",
)
@click.option("--no-input", is_flag=True, help="Ask nothing.")
@click.option("--trust", is_flag=True, help="Allow cookiecutter to run the blueprint's hooks and extensions.")
@click.option("--check", is_flag=True, help="Write nothing; exit 1 if the blueprint is newer or files were edited.")
@click.option("--diff", is_flag=True, help="Write nothing; show what would change.")
@click.option("--dry-run", is_flag=True, help="Write nothing; show what would happen to each file.")
@click.option(
    "--conflict", type=click.Choice(["inline"]), help="Write both sides of each conflict into the file, between conflict markers."
)
@click.option("--force", is_flag=True, help="Overwrite generated files even if they were edited.")
@options.form()
@click.pass_obj
def update(settings: Settings, /, names: tuple[str, ...], form: str, conflict: str | None, **options: Any) -> None:
    """Merge the changes of a blueprint into the specs made from it.

    Without a NAME, updates every spec that was made from a blueprint. Then generates the files of the spec. Your edits
    are kept. If you and the blueprint changed the same lines, both sides are shown, and nothing is written without --conflict.
    """
    from catalog_forge.cli.make.generate import each
    from catalog_forge.cli.make.newer import Wished, find
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository

    repository = Repository.find(settings.directory)
    wished = Wished(inline=conflict is not None, directory=settings.directory, **options)
    found: list[News] = []
    done: dict[str, dict[str, Any]] = {}

    def act(name: str) -> bool:
        one = find(repository, name, wished)
        found.append(one)
        if form == "text":
            click.echo(_text(one))
        done[name] = _done(repository, one, wished)
        if form == "text":
            click.echo(painted_diff(done[name]["diff"]), nl=False)
        return bool(one.conflicts or (wished.check and (one.newer or one.edited)))

    try:
        failed = each(_chosen(repository, names), act)
    finally:
        if form == "json":
            click.echo(as_json({"specs": [_data(one) | done.get(one.name, {"diff": "", "written": False}) for one in found]}))
    if failed:
        raise ForgeError(*_why(found, wished))


def _chosen(repository: Repository, names: tuple[str, ...]) -> list[str]:
    """Return the given names, or the names of all specs with a recorded blueprint."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.spec.folder import MEMORY

    if names:
        return repository.chosen(names)
    found = [name for name in repository.chosen(()) if (repository.root / f"specs/{name}/{MEMORY}").is_file()]
    if not found:
        raise ForgeError("no spec here was made from a blueprint", hint="update NAME --from BLUEPRINT records a blueprint")
    return found


def _done(repository: Repository, one: News, wished: Wished) -> dict[str, Any]:
    """Write an update, or only show it if an option says so. Return whether it was written, and the diff if requested."""
    from catalog_forge import writer
    from catalog_forge.cli.make.generate import summary
    from catalog_forge.cli.make.new import planned
    from catalog_forge.plan import Plan

    if wished.check or one.memory is None:
        return {"diff": "", "written": False}
    author = Plan(file for each in one.changes if (file := _file(each, wished)))
    known = {each.path: each.ours.digest for each in one.changes if each.ours and (each.file is None or each.path in author)}
    plan, inputs = author, ""
    if not one.conflicts:
        plan, source = planned(repository, one.name, author, known.keys() - {file.path for file in author})
        inputs = source.inputs
    if wished.diff or wished.dry_run or (one.conflicts and not wished.inline):
        root = repository.root
        compared = writer.compare_author(root, plan, known) if one.conflicts else writer.compare(root, one.name, plan, known)
        return {"diff": _shown(compared, one) if wished.diff else "", "written": False}
    plan.add(one.memory)
    known |= {one.memory.path: one.remembered.digest} if one.remembered else {}
    if one.conflicts:
        writer.write_author(repository.root, plan, known)
    else:
        done = writer.write(repository.root, one.name, plan, inputs=inputs, force=wished.force, known=known)
        click.echo(f"{one.name}: {summary(done)}", err=True)
    return {"diff": "", "written": True}


def _shown(compared: Comparison, one: News) -> str:
    """Return the diff, without the files that may contain a secret."""
    hidden = [path for path in one.hidden if path in compared.states]
    states = {path: state for path, state in compared.states.items() if path not in hidden}
    return replace(compared, states=states).diff() + "".join(
        f"# not shown, because it may contain a secret: {path}\n" for path in hidden
    )


def _file(change: Update, wished: Wished) -> File | None:
    """Return the file to write for a change, with conflict markers if requested."""
    return change.marked if change.clashes and change.marked and wished.inline else change.file


def _why(found: list[News], wished: Wished) -> tuple[str, None, str]:
    """Return the message and the hint of the error with which the command ends."""
    count = sum(len(change.clashes) for one in found for change in one.conflicts)
    conflicts = counted(count, "conflict")
    if count and wished.inline and not (wished.check or wished.diff or wished.dry_run):
        return f"{conflicts}, written between conflict markers", None, "edit the files, then run: catalog-forge generate"
    if count and not wished.check:
        return (
            f"{conflicts} in {', '.join(one.name for one in found if one.conflicts)}: nothing was written there",
            None,
            "--conflict inline writes both sides into the files",
        )
    newer = [one.name for one in found if one.newer]
    edited = [one.name for one in found if one.edited]
    words = [f"there is a newer blueprint for {', '.join(newer)}"] if newer else []
    words += [f"you edited: {', '.join(edited)}"] if edited else []
    return "; ".join(words), None, "catalog-forge update" if newer else "your edits are kept when the blueprint is updated"


def _text(one: News) -> str:
    """Describe the update of a spec in words."""
    if one.taken_in:
        lines = [
            f"{one.name}: the blueprint is recorded. The base is the output of {one.now} with the answers that fit "
            f"best; differences from this base count as your edits"
        ]
    elif one.newer and one.is_same:
        lines = [f"{one.name}: new answers to the blueprint {one.now}"]
    elif one.newer and one.was == one.now:
        lines = [f"{one.name}: the blueprint {one.now} is newer"]
    elif one.newer:
        lines = [f"{one.name}: the blueprint is newer: {one.was} -> {one.now}"]
    else:
        lines = [f"{one.name}: up to date with {one.now}"]
    if one.edited:
        lines.append(f"  you edited: {', '.join(one.edited)}")
    lines += [f"  {each.state}: {each.path}" for each in one.changes if each.newer and each.state != "same" and not each.clashes]
    lines += [f"  new question {name}, answered with its default: {value}" for name, value in one.defaults.items()]
    for change in one.conflicts:
        for clash in change.clashes:
            place = f"{change.path}:{clash.line}" if clash.line else change.path
            lines.append(f"  conflict: {place}{': ' if clash.path else ''}{clash.path}")
            lines += _side("was", clash.base) + _side("yours", clash.ours) + _side("blueprint", clash.theirs)
    return printable("\n".join(lines), kept="\n")


def _side(who: str, text: str | None) -> list[str]:
    lines = ["(not there)"] if text is None else text.splitlines()[:MOST_LINES] or ["(nothing)"]
    return [f"    {who + ':' if not number else '':10} {line}" for number, line in enumerate(lines)]


def _data(one: News) -> dict[str, Any]:
    """Return the update of a spec as data for JSON."""
    return {
        "name": one.name,
        "was": one.was,
        "now": one.now,
        "newer": one.newer,
        "edited": one.edited,
        "taken_in": one.taken_in,
        "files": [{"path": each.path, "state": str(each.state)} for each in one.changes],
        "defaults": dict(one.defaults),
        "conflicts": [
            {
                "file": each.path,
                "line": clash.line,
                "path": clash.path,
                "base": clash.base,
                "yours": clash.ours,
                "blueprint": clash.theirs,
            }
            for each in one.conflicts
            for clash in each.clashes
        ],
    }
