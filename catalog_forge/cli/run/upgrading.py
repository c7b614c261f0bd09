"""`catalog-forge up --upgrade-from N`: test the upgrade of an entry on a real engine, as a user of Rancher would do it."""

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
    from catalog_forge.rancher.upgrades import Upgrade
    from catalog_forge.stack.contents import Kept
    from catalog_forge.stack.model import Stack
    from catalog_forge.verify.asking import Asking

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
    form: str,
    scenario: str | None = None,
) -> None:
    """Run one revision, and upgrade it to another.

    Reports whether Rancher offers the upgrade, what the upgrade breaks, and what has been lost from the volumes.

    `choose` returns the stack of a revision with its answers. At the end, the stack must meet the expectations at the
    first moment of `scenario`. Raises ForgeError if the stack already exists, if the upgrade fails (the stack is then
    restored), if a volume has lost all its contents, or if an expectation is not met.
    """
    from catalog_forge.cli.run.entries import opened
    from catalog_forge.errors import ForgeError, Problem
    from catalog_forge.image.engine import connect
    from catalog_forge.rancher.upgrades import Upgrade, breaks, refusal
    from catalog_forge.stack.contents import compared, contents
    from catalog_forge.verify import answering

    old, new = (opened(directory, entry, number) for number in revisions)
    step = Upgrade(old, new, refusal(old, new), breaks(old, new))
    asking = _asking(directory, old.entry.name, scenario) if scenario else None
    if form == "text":
        _show(step)
    before = choose(old.name, _asked(old, new, sets))
    assert before
    _must_be_new(before.name)
    bring_up(before, background, "none")
    with connect() as engine:
        held = contents(engine, before.name)
    after = choose(new.name, _asked(new, old, sets))
    assert after
    if asking:
        answering.check(after, asking)
    try:
        bring_up(after, None, "none")
    except ForgeError as error:
        bring_up(before, None, "none")
        _tell(step, [], form)
        raise ForgeError(f"the upgrade failed, and revision {old.name} runs again: {error.problems[0].message}") from None
    with connect() as engine:
        kept = compared(held, contents(engine, after.name))
        wrong = answering.unmet(engine, after, asking) if asking else []
    _tell(step, kept, form)
    hint = f"the stack is running: inspect it, then run: catalog-forge rollback {after.name}"
    problems = [Problem(f"after the upgrade: {words}", where, hint) for words, where, _ in wrong]
    for text in (text for _, _, text in wrong if text):
        click.echo(printable(text.rstrip("\n"), "\n"), err=True)
    if lost := [each.volume for each in kept if each.is_lost]:
        problems.append(Problem(f"the upgrade loses everything in {', '.join(lost)}", None, hint))
    if problems:
        raise ForgeError.of(problems)


def _asking(directory: Path, entry: str, scenario: str) -> Asking:
    """Return the container checks at the first moment of a scenario. The scenario belongs to the entry's spec."""
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.repository import Repository
    from catalog_forge.verify import play as plays
    from catalog_forge.verify.subject import reading

    repository = Repository.find(directory)
    sources = [repository.source(name) for name in repository.names()]
    found = next((each for each in sources if each.spec().entry.name == entry), None)
    if found is None:
        raise ForgeError(f"the entry {entry!r} is not generated from a spec, so it has no scenarios")
    cases = plays.cases(reading(found.spec(), ""), found.folder, (scenario,))
    if not cases:
        raise ForgeError(f"there is no scenario {scenario!r}", hint=did_you_mean(scenario, found.folder.scenarios()))
    asking = cases[0].expected[0].asking
    if not asking.count:
        raise ForgeError(
            f"the scenario {scenario!r} has no expectation of a container at the start of the scenario",
            hint="add expect: {command: ...}, http or log",
        )
    return asking


def _asked(revision: Revision, other: Revision, sets: Sequence[str]) -> list[str]:
    """Return the --set options except those for questions that only `other` has. Unknown keys are reported later."""
    alone = other.asked.keys() - revision.asked.keys()
    return [each for each in sets if each.partition("=")[0] not in alone]


def _must_be_new(name: str) -> None:
    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.state import StateFolder, home

    if StateFolder(home(), name).kept() is not None:
        hint = f"catalog-forge down --volumes {name}, or choose another --name"
        raise ForgeError(f"stack {name} already exists: an upgrade test needs a new stack", hint=hint)


def _show(step: Upgrade) -> None:
    click.echo(printable(f"upgrade of {step.old.entry.name}: {step}"))
    if step.obstacle:
        click.echo(printable(f"  Rancher does not offer this upgrade: {step.obstacle}"))
    for each in step.breaks:
        click.echo(printable(f"  {each.where}: {each.message}"))


def _tell(step: Upgrade, kept: Sequence[Kept], form: str) -> None:
    """Print what happened to the volumes. The JSON output also contains all facts about the upgrade."""
    if form == "text":
        for each in kept:
            click.echo(printable(f"  volume {each}"))
        return
    ends: list[dict[str, Any]] = [{"revision": each.name, "version": each.version} for each in (step.old, step.new)]
    told = [{"kind": each.kind, "message": each.message, "where": str(each.where)} for each in step.breaks]
    volumes = [asdict(each) | {"lost": each.is_lost} for each in kept]
    why = step.obstacle
    click.echo(as_json({"from": ends[0], "to": ends[1], "offered": not why, "why": why, "breaks": told, "volumes": volumes}))
