"""`catalog-forge down`: remove a stack, and nothing else."""

from __future__ import annotations

import os
import signal
import time
from contextlib import suppress
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.shown import printable

if TYPE_CHECKING:
    from collections.abc import Iterable

    from catalog_forge.image.engine import Engine
    from catalog_forge.stack.state import StateFolder

TURN = 60.0
_PATIENCE = 120.0
_LOOK = 0.1
_SIDE_BY_SIDE = 8


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.option("-v", "--volumes", is_flag=True, help="Also remove the named volumes of the stack.")
def down(stack: str | None, volumes: bool) -> None:
    """Stop a stack and remove it.

    Removes its containers in order, then its network. STACK may be omitted if there is only one stack. `down` finds what
    belongs to a stack by its labels: it also removes what a crashed `up` has left, and never anything else.
    """
    from catalog_forge.errors import BuildError, ForgeError
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.runner import StackRunner, stacks
    from catalog_forge.stack.state import StateFolder, home

    with connect() as engine:
        folder = StateFolder(home(), the_one(stacks(engine), stack))
        try:
            with folder.turn(TURN):
                stopped(engine, folder)
                removed = StackRunner(engine, folder.name).remove_all(volumes)
                folder.remove()
        except BuildError as error:
            raise ForgeError.of(error.problems) from error
    for each in removed:
        click.echo(f"removed {printable(each)}")
    if not removed:
        click.echo(f"stack {folder.name} had no containers; only its record was removed")


def the_one(stacks: Iterable[str], name: str | None) -> str:
    """Return the name of the selected stack: the stack `name`, or the only stack. Raises ForgeError if there is no such stack.

    `stacks`: the stacks on the engine, to which the stacks in the state folder are added.
    """
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.stack.state import home, known

    there = sorted({*stacks, *known(home())})
    if name is None and len(there) == 1:
        return there[0]
    if name in there:
        return name or ""
    if name is None:
        raise ForgeError("there is no stack" if not there else f"name one of the stacks: {', '.join(there)}")
    raise ForgeError(f"there is no stack {name!r}", hint=did_you_mean(name, there))


def stopped(engine: Engine, folder: StateFolder) -> None:
    """Stop a stack: through the process that runs the stack, or directly if no process runs it."""
    from concurrent.futures import ThreadPoolExecutor

    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.model import Stack
    from catalog_forge.stack.runner import StackRunner, stop_all

    deadline = time.monotonic() + _PATIENCE
    asked = None
    while (holder := folder.holder()) is not None:
        if holder != asked:
            with suppress(ProcessLookupError):
                os.kill(holder, signal.SIGTERM)
            asked = holder
        if time.monotonic() > deadline:
            raise ForgeError(f"process {holder}, which runs stack {folder.name}, does not stop", hint=f"kill -9 {holder}")
        time.sleep(_LOOK)
    try:
        stack = folder.plan()[0]
    except ForgeError:
        stack = Stack(folder.name, ())
    with ThreadPoolExecutor(_SIDE_BY_SIDE) as pool:
        stop_all(StackRunner(engine, folder.name), stack, pool)
