"""`catalog-forge up --upgrade-from N`: the upgrade of an entry on a real engine, as a user of Rancher does it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.run.background import Background
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from catalog_forge.rancher.entries import Revision
    from catalog_forge.rancher.upgrades import Break
    from catalog_forge.stack.contents import Kept
    from catalog_forge.stack.model import Stack

    Choose = Callable[[str | None, Sequence[str]], Stack | None]
    BringUp = Callable[[Stack, Background | None, str], None]


def play(
    directory: Path,
    entry: str,
    revisions: tuple[str, str | None],
    sets: Sequence[str],
    choose: Choose,
    bring_up: BringUp,
    background: Background,
    output: str,
) -> None:
    """Run one revision, then upgrade it to another one, and say what is offered, what breaks, and what the volumes hold.

    `choose` gives the stack of a revision with its answers. Raises ForgeError when the stack is there already, when the
    upgrade fails (the stack is as before then), and when a volume has lost all that it held.
    """
    from catalog_forge.cli.run.entries import opened
    from catalog_forge.errors import ForgeError
    from catalog_forge.goyaml.decoding import pairs, text_of
    from catalog_forge.image.engine import connect
    from catalog_forge.rancher.upgrades import breaks, obstacle
    from catalog_forge.stack.contents import compared, contents

    old, new = (opened(directory, entry, number) for number in revisions)
    wrong = obstacle(old.version, new.version, text_of(pairs(new.block).get("upgrade_from")))
    found = breaks(old, new)
    if output == "text":
        _show(old, new, wrong[0] if wrong else "", found)
    before = choose(old.name, _asked(old, new, sets))
    assert before
    _must_be_new(before.name)
    bring_up(before, background, "none")
    with connect() as engine:
        held = contents(engine, before.name)
    after = choose(new.name, _asked(new, old, sets))
    assert after
    try:
        bring_up(after, None, "none")
    except ForgeError as error:
        bring_up(before, None, "none")
        _tell(old, new, wrong[0] if wrong else "", found, [], output)
        raise ForgeError(f"the upgrade failed, and revision {old.name} runs again: {error.problems[0].message}") from None
    with connect() as engine:
        kept = compared(held, contents(engine, after.name))
    _tell(old, new, wrong[0] if wrong else "", found, kept, output)
    if lost := [each.volume for each in kept if each.is_lost]:
        raise ForgeError(
            f"the upgrade loses all that {', '.join(lost)} held",
            hint=f"the stack runs: look at it, then catalog-forge rollback {after.name}",
        )


def _asked(revision: Revision, other: Revision, sets: Sequence[str]) -> list[str]:
    """The answers of --set without those that only the other revision asks for; what neither asks stays, and is an error."""
    alone = other.asked.keys() - revision.asked.keys()
    return [each for each in sets if each.partition("=")[0] not in alone]


def _must_be_new(name: str) -> None:
    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.state import StateFolder, home

    if StateFolder(home(), name).kept() is not None:
        hint = f"catalog-forge down --volumes {name}, or choose another --name"
        raise ForgeError(f"stack {name} is there already: an upgrade begins with a new one", hint=hint)


def _show(old: Revision, new: Revision, why: str, found: Sequence[Break]) -> None:
    click.echo(printable(f"upgrade of {old.entry.name}: {old.name} ({old.version}) -> {new.name} ({new.version})"))
    if why:
        click.echo(printable(f"  Rancher does not offer it: {why}"))
    for each in found:
        click.echo(printable(f"  {each.where}: {each.message}"))


def _tell(old: Revision, new: Revision, why: str, found: Sequence[Break], kept: Sequence[Kept], output: str) -> None:
    """Say what became of the volumes; as data, all of it."""
    if output == "text":
        for each in kept:
            click.echo(printable(f"  volume {each}"))
        return
    steps: list[dict[str, Any]] = [{"revision": each.name, "version": each.version} for each in (old, new)]
    told = [{"kind": each.kind, "message": each.message, "where": str(each.where)} for each in found]
    volumes = [asdict(each) | {"lost": each.is_lost} for each in kept]
    click.echo(as_json({"from": steps[0], "to": steps[1], "offered": not why, "why": why, "breaks": told, "volumes": volumes}))
