"""`catalog-forge logs`: show what the containers of a stack print."""

from __future__ import annotations

import re
import threading
import time
from contextlib import contextmanager, suppress
from functools import partial
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import said

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from catalog_forge.image.engine import Engine
    from catalog_forge.stack.reconcile import Seen
    from catalog_forge.stack.runner import StackRunner

    Show = Callable[[str, str], None]

_LOOK = 0.5
_DAY = 86400
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86400}
_STAMP = 30  # "2026-11-29T16:57:01.123456789Z" has a fixed length


def _since(value: str) -> float:
    """Convert a date and time, or a duration before now (such as 90s, 10m, 2h or 1d), to seconds since 1970."""
    from datetime import datetime

    if found := re.fullmatch(r"(\d{1,9})([smhd])", value):
        return time.time() - int(found[1]) * _UNITS[found[2]]
    try:
        return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):
        what = "is neither a duration, such as 90s, 10m, 2h or 1d, nor a time, such as 2026-11-29T16:00"
        raise click.BadParameter(f"{value!r} {what}") from None


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.argument("service", required=False, shell_complete=complete.services)
@click.option("-f", "--follow", is_flag=True, help="Keep printing new lines until interrupted.")
@click.option(
    "--since",
    type=_since,
    metavar="TIME",
    help="Show only lines since TIME: a duration, such as 90s, 10m, 2h or 1d, or a date and time, such as 2026-11-29T16:00.",
)
@click.option("-t", "--timestamps", is_flag=True, help="Show the time of each line.")
@click.option("--show-secrets", is_flag=True, help="Also show the answers to secret questions.")
@click.option("-n", "--tail", type=options.WholeNumber(0), metavar="N", help="Begin with the last N lines of each container.")
def logs(
    stack: str | None,
    service: str | None,
    follow: bool,
    since: float | None,
    timestamps: bool,
    show_secrets: bool,
    tail: int | None,
) -> None:
    """Show the logs of a stack's containers.

    Lines are sorted by time, and begin with the name of the container. SERVICE is a service, a unit, one of its sidekicks,
    or a container. With -f, containers that start later are included. Answers to secret questions are hidden if
    they have four characters or more.

    \b
    Examples:
      catalog-forge logs redis --since 10m --timestamps
      catalog-forge logs -f redis redis-2
    """
    from catalog_forge.stack.plan import Hide, said_by
    from catalog_forge.stack.state import StateFolder, home

    with attached(stack) as (_, runner):
        found = meant(runner, service)
        hide = Hide(()) if show_secrets else said_by(StateFolder(home(), runner.name).kept())
        show = partial(_print, hide, timestamps)
        begin = time.time()
        lines = [(each.name, line) for each in found for line in runner.said(each, tail, since, stamped=True).split("\n") if line]
        for name, line in sorted(lines, key=lambda said: said[1][:_STAMP]):
            show(name, line)
        if follow:
            _follow(runner, service, begin, show)


@contextmanager
def attached(stack: str | None) -> Iterator[tuple[Engine, StackRunner]]:
    """Yield the engine and the runner of the selected stack. The connection waits up to a day for a log line.

    Raises the errors of `the_one` and `connect`.
    """
    from catalog_forge.cli.run.down import the_one
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.runner import StackRunner, stacks

    with connect(timeout=_DAY) as engine:  # a running container may print nothing for a long time
        yield engine, StackRunner(engine, the_one(stacks(engine), stack))


def meant(runner: StackRunner, word: str | None) -> list[Seen]:
    """Return the containers that a word selects: by service, unit, sidekick or container. Raises ForgeError if none match."""
    from catalog_forge.errors import ForgeError, did_you_mean

    seen = runner.seen()
    if (found := _of(seen, word)) or word is None:
        return found
    names = {name for each in seen for name in (each.service, each.launch)}
    raise ForgeError(f"stack {runner.name} has no service, unit, sidekick or container {word!r}", hint=did_you_mean(word, names))


def _of(seen: Sequence[Seen], word: str | None) -> list[Seen]:
    """Return the containers that `word` selects (None selects all), the containers of primary services first."""
    found = [
        each for each in seen if word is None or word in (each.service, each.launch, each.name, f"{each.service}-{each.index}")
    ]
    return sorted(found, key=lambda each: each.launch != each.service) if word else found


def _follow(runner: StackRunner, service: str | None, begin: float, show: Show) -> None:
    """Print new log lines. When a container has restarted, continue after the last line that was printed from its log."""
    threads: dict[str, tuple[threading.Thread, float]] = {}
    while True:
        now = time.time()
        for each in _of(runner.seen(), service):
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
            for line in lines:
                show(container.name, line.decode(errors="replace"))
    if rest:
        show(container.name, rest.decode(errors="replace"))


def _print(hide: Callable[[str], str], timestamps: bool, name: str, line: str) -> None:
    """Print a log line, which begins with its timestamp."""
    stamp, _, text = line.partition(" ")
    for each in hide(text).splitlines() or [""]:
        when = click.style(f"{stamp} ", dim=True) if timestamps else ""
        click.echo(f"{when}{click.style(name, fg='cyan')} | {said(each)}")
