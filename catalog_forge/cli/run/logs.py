"""`catalog-forge logs`: what the containers of a stack say."""

from __future__ import annotations

import threading
import time
from contextlib import suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.shown import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from catalog_forge.stack.reconcile import Seen
    from catalog_forge.stack.runner import StackRunner

    Show = Callable[[str, bytes], None]

_LOOK = 0.5
_DAY = 86400


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.argument("service", required=False, shell_complete=complete.services)
@click.option("-f", "--follow", is_flag=True, help="Go on, until interrupted.")
@click.option("--show-secrets", is_flag=True, help="Show the answers to secret questions, too.")
@click.option("-n", "--tail", type=click.IntRange(0), metavar="N", help="Begin with the last N lines of each container.")
def logs(stack: str | None, service: str | None, follow: bool, show_secrets: bool, tail: int | None) -> None:
    """Show what the containers of a stack say.

    Each line stands behind the name of its container. SERVICE is a service, one of its sidekicks, or a container. With -f
    containers that come later are followed too. Answers to secret questions of four characters or more are hidden.
    """
    from catalog_forge.cli.run.down import the_one
    from catalog_forge.errors import ForgeError, did_you_mean
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.plan import Hide, said_by
    from catalog_forge.stack.runner import StackRunner, stacks
    from catalog_forge.stack.state import StateFolder, home

    with connect(timeout=_DAY) as engine:  # who is silent for long has not gone
        runner = StackRunner(engine, the_one(stacks(engine), stack))
        seen = runner.seen()
        found = _meant(seen, service)
        if service and not found:
            names = {name for each in seen for name in (each.service, each.launch)}
            raise ForgeError(f"stack {runner.name} has no service {service!r}", hint=did_you_mean(service, names))
        show = partial(_print, Hide(()) if show_secrets else said_by(StateFolder(home(), runner.name).kept()))
        begin = time.time()
        for each in found:
            show(each.name, runner.said(each, tail).encode())
        if follow:
            _follow(runner, service, begin, show)


def _meant(seen: Iterable[Seen], word: str | None) -> list[Seen]:
    return [
        each for each in seen if word is None or word in (each.service, each.launch, each.name, f"{each.service}-{each.index}")
    ]


def _follow(runner: StackRunner, service: str | None, begin: float, show: Show) -> None:
    """Print what is said from a time on. A container that starts again is followed from where it ended."""
    threads: dict[str, tuple[threading.Thread, float]] = {}
    while True:
        now = time.time()
        for each in _meant(runner.seen(), service):
            thread, since = threads.get(each.id, (None, begin))
            if each.running and not (thread and thread.is_alive()):
                thread = threading.Thread(target=_copy, args=(runner, each, since, show), daemon=True)
                thread.start()
            if thread:
                threads[each.id] = (thread, now if thread.is_alive() else since)
        time.sleep(_LOOK)


def _copy(runner: StackRunner, container: Seen, since: float, show: Show) -> None:
    from catalog_forge.errors import ForgeError

    rest = b""
    with suppress(ForgeError):
        for chunk in runner.follow(container, since):
            *lines, rest = (rest + chunk).split(b"\n")
            if lines:
                show(container.name, b"\n".join(lines))
    show(container.name, rest)


def _print(hide: Callable[[str], str], name: str, text: bytes) -> None:
    for line in hide(text.decode(errors="replace")).splitlines():
        click.echo(f"{click.style(name, fg='cyan')} | {said(line)}")
