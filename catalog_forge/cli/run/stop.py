"""`catalog-forge stop`: stop a stack or some of its units, without removing anything."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown import names as complete

if TYPE_CHECKING:
    from collections.abc import Sequence

    from catalog_forge.stack.model import Stack
    from catalog_forge.stack.state import StateFolder


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.argument("services", metavar="[SERVICE]...", nargs=-1, shell_complete=complete.services)
def stop(stack: str | None, services: tuple[str, ...]) -> None:
    """Stop a stack or some of its units without removing anything.

    SERVICE is a service or a unit such as web-2; without one, all containers are stopped in order, and then the process
    that runs the stack. The units stay stopped until `start`, `restart` or `up`.

    \b
    Examples:
      catalog-forge stop redis
      catalog-forge stop redis redis-2
    """
    from catalog_forge.cli.run.down import TURN, stopped
    from catalog_forge.cli.run.up import bring_up
    from catalog_forge.errors import ForgeError
    from catalog_forge.image.engine import connect

    folder = chosen(stack)
    if not services:
        with connect() as engine, folder.turn(TURN):
            stopped(engine, folder)
        click.echo(f"stack {folder.name} is stopped; to start it again, run: catalog-forge start {folder.name}")
        return
    wanted = folder.plan()[0]
    held = units(wanted, services)
    if not folder.holder():
        raise ForgeError(f"stack {folder.name} is not running", hint=f"catalog-forge start {folder.name}")
    bring_up(replace(wanted, held=tuple(sorted({*wanted.held, *held}))))


def chosen(name: str | None) -> StateFolder:
    """Return the state folder of the selected stack. Raises the errors of `the_one`."""
    from catalog_forge.cli.run.down import the_one
    from catalog_forge.image.lists import PURPOSE_LABEL, labelled
    from catalog_forge.stack.listing import PURPOSE, names
    from catalog_forge.stack.state import StateFolder, home

    containers, networks = labelled(f"{PURPOSE_LABEL}={PURPOSE}")
    return StateFolder(home(), the_one(names([*containers, *networks]), name))


def units(stack: Stack, words: Sequence[str]) -> list[str]:
    """Return the names of the units that `words` select, by default all units. Raises ForgeError for an unknown word."""
    from catalog_forge.errors import ForgeError, did_you_mean

    known = {each.name: [f"{each.name}-{index}" for index in range(1, each.scale + 1)] for each in stack.services}
    known |= {unit: [unit] for every in list(known.values()) for unit in every}
    for word in words:
        if word not in known:
            raise ForgeError(f"stack {stack.name} has no service or unit {word!r}", hint=did_you_mean(word, known))
    return list(dict.fromkeys(unit for word in words or known for unit in known[word]))
