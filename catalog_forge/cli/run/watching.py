"""`up --watch`: whenever a file in specs/ or templates/ is saved, generate, build, and apply the change to the running stack."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.repository import Stamps
    from catalog_forge.stack.model import Stack

_LOOK = 0.3
_ROOMS = ("specs", "templates")


def generate(directory: Path) -> tuple[list[str], list[str]]:
    """Generate outdated specs. Return the names of the generated specs, and the names of the specs that failed.

    An invalid spec is reported, and its files stay as they are; all other specs are still generated.
    """
    from catalog_forge import writer
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository

    repository = Repository.find(directory)
    done, failed = [], []
    for name in repository.names():
        try:
            source = repository.source(name)
            if not repository.is_current(source):
                writer.write(repository.root, name, source.plan(), inputs=source.inputs, leave=True)
                done.append(name)
                click.echo(f"generated {name}", err=True)
        except ForgeError as error:
            failed.append(name)
            click.echo(printable(error, kept="\n"), err=True)
    writer.tidy(repository.root)
    return done, failed


def watch(directory: Path, before: Stack, wanted: Callable[[], Stack | None], bring_up: Callable[[Stack], None]) -> None:
    """Watch for saved files until interrupted, and update the stack. After an error, the stack stays as it was."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository, stamps

    root = Repository.find(directory).root
    seen = stamps(root, _ROOMS)
    click.echo(
        f"watching specs/ and templates/ of {printable(str(root))}; Ctrl-C stops watching; stack {before.name} keeps running",
        err=True,
    )
    while True:
        time.sleep(_LOOK)
        if (now := stamps(root, _ROOMS)) == seen:
            continue
        is_edited, seen = _entries(now) != _entries(seen), now
        try:
            done, failed = generate(directory)
            # Changes in specs/ that were saved while `generate` ran are found by the next check of the files.
            seen = {path: stamp for path, stamp in now.items() if path.startswith("specs/")} | _entries(stamps(root, _ROOMS))
            if failed and not done and not is_edited:
                raise ForgeError(f"nothing was generated from {', '.join(failed)}")
            stack = wanted()
            if stack and stack.services != before.services:
                before = _taken_over(before, stack, bring_up)
            elif stack:
                bring_up(stack)  # the services are the same, but an image may have been rebuilt
        except ForgeError as error:
            click.echo(f"{printable(error, kept=chr(10))}\nstack {before.name} stays as it is", err=True)


def _taken_over(before: Stack, after: Stack, bring_up: Callable[[Stack], None]) -> Stack:
    """Bring up the new stack; if that fails, bring up the previous one."""
    from catalog_forge.errors import EngineError, ForgeError
    from catalog_forge.stack import changes

    for line in changes.lines(changes.changes(before, after)):
        click.echo(line, err=True)
    try:
        bring_up(after)
    except EngineError:
        raise
    except ForgeError:
        bring_up(before)
        raise
    return after


def _entries(found: Stamps) -> Stamps:
    return {path: stamp for path, stamp in found.items() if path.startswith("templates/")}
