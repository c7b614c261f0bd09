"""Shows progress on stderr.

On a terminal, one line is redrawn. With `plain`, each step is printed as a line. Otherwise, only the end of each task is
printed.
"""

from __future__ import annotations

import shutil
import sys
import threading
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    from catalog_forge.image.stream import Event, Report


class Progress:
    """Shows the progress of several tasks, such as simultaneous builds, unless `quiet` is set.

    Create a Progress in the main thread; its reporters may be called from any thread.
    """

    def __init__(self, quiet: bool = False, plain: bool = False) -> None:
        self._quiet = quiet
        self._live = sys.stderr.isatty() and not plain
        self._steps = self._live or plain
        # click knows the value of NO_COLOR only in the main thread.
        context = click.get_current_context(silent=True)
        self._color = context.color if context else None
        self._lock = threading.Lock()
        self._shown: dict[tuple[str, str], str] = {}
        self._width = 0

    def reporter(self, name: str) -> Report:
        """Return the function that shows the events of one build or push."""
        return lambda event: self._event(name, event)

    def task(self, number: int, total: int, name: str) -> None:
        """Show which of several tasks begins. Without a terminal, nothing is shown."""
        if self._live and not self._quiet:
            with self._lock:
                self._rewrite(f"{number} of {total}  {printable(name)}")

    def clear(self) -> None:
        """Erase the progress line from the terminal."""
        with self._lock:
            self._rewrite("")

    def _event(self, name: str, event: Event) -> None:
        from catalog_forge.image.stream import Done, Output, StepStarted

        if self._quiet or not (self._steps or isinstance(event, Done)):
            return

        with self._lock:
            match event:
                case StepStarted(number, total, instruction):
                    first = " ".join(instruction.split())
                    self._passing(click.style(f"[{number}/{total}]", fg="cyan"), name, first)
                case Output(text):
                    for line in filter(None, text.splitlines()):
                        self._passing(click.style("|", dim=True), name, line)
                case Done(text):
                    self._rewrite("")
                    self._print(click.style(text, fg="green"))
                case _:
                    self._layer(name, event.layer, event.status, 100 * event.current // event.total if event.total else 0)

    def _layer(self, name: str, layer: str, status: str, percent: int) -> None:
        """Show the state of a layer: on a terminal with its percentage, elsewhere only when the state changes."""
        if self._live:
            self._passing(layer, name, f"{status} {percent} %" if percent else status)
        elif self._shown.get((name, layer)) != status:
            self._shown[name, layer] = status
            self._passing(layer, name, status)

    def _passing(self, mark: str, name: str, text: str) -> None:
        """Show a line that the next line replaces."""
        line = f"{name} {mark} {printable(text)}"
        if self._live:
            self._rewrite(line)
        else:
            self._print(line)

    def _rewrite(self, line: str) -> None:
        if not self._live or not (line or self._width):
            return
        room = shutil.get_terminal_size().columns - 1
        plain = click.unstyle(line)
        shown = line if len(plain) <= room else plain[: room - 1] + "…"
        width = min(len(plain), room)
        # Spaces clear the rest of the line, because click removes escape sequences together with the colours.
        padding = " " * max(self._width - width, 0)
        self._width = width
        click.echo(f"\r{shown}{padding}" + ("" if line else "\r"), nl=False, err=True, color=self._color)

    def _print(self, line: str) -> None:
        click.echo(line, err=True, color=self._color)
