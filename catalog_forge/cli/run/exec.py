"""`catalog-forge exec`: run a command in a container of a stack."""

from __future__ import annotations

import shutil
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown import names as complete

if TYPE_CHECKING:
    from catalog_forge.stack.session import Session


@click.command(context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("stack", shell_complete=complete.stacks)
@click.argument("unit", shell_complete=complete.services)
@click.argument("words", metavar="[COMMAND]...", nargs=-1, type=click.UNPROCESSED)
@click.pass_context
def exec(context: click.Context, stack: str, unit: str, words: tuple[str, ...]) -> None:
    """Run a command in a container of a stack.

    UNIT is a service (its first running unit), a unit such as web-2, a sidekick, or a container. COMMAND defaults to
    sh. On a terminal the command is interactive; otherwise it reads stdin. Exits with the exit status of the command.

    \b
    Examples:
      catalog-forge exec redis redis redis-cli config get maxmemory
      catalog-forge exec web web-2
    """
    from catalog_forge.cli.run.logs import attached, meant
    from catalog_forge.errors import BuildError, ForgeError
    from catalog_forge.stack.session import Session

    with attached(stack) as (engine, runner):
        found = meant(runner, unit)
        running = [each for each in found if each.running]
        if not running:
            raise ForgeError(f"{found[0].name} is not running", hint=f"catalog-forge start {runner.name}")
        terminal = sys.stdin.isatty() and sys.stdout.isatty()
        try:
            session = Session(engine, running[0], words or ("sh",), terminal, terminal or not sys.stdin.isatty())
            status = _run(session, terminal)
        except BuildError as error:
            raise ForgeError.of(error.problems) from error
    context.exit(status)


def _run(session: Session, terminal: bool) -> int:
    def write(stream: int, data: bytes) -> None:
        out = (sys.stderr if stream == 2 else sys.stdout).buffer
        out.write(data)
        out.flush()

    def resize(*_: object) -> None:
        session.resize(*shutil.get_terminal_size())

    if not terminal:
        return session.run(None if sys.stdin.isatty() else sys.stdin.fileno(), write, lambda: None)
    with _raw():
        signal.signal(signal.SIGWINCH, resize)
        return session.run(sys.stdin.fileno(), write, resize)


@contextmanager
def _raw() -> Iterator[None]:
    """Pass every pressed key to the command, even Ctrl-C."""
    import termios
    import tty

    before = termios.tcgetattr(sys.stdin)
    try:
        tty.setraw(sys.stdin, termios.TCSADRAIN)  # keeps the keys that were typed ahead
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)
