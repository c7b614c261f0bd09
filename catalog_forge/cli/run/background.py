"""The process of the background that `up -d` leaves behind, begun as early as can be: it loads while `up` reads the entry."""

from __future__ import annotations

import importlib
import os
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalog_forge.stack.state import StateFolder

_LOADED = ("catalog_forge.image.engine", "catalog_forge.stack.supervisor")
_LOOK = 0.01
_LINES = 20


class Background:
    """A process in a session of its own. It waits to be told which stack to run, and ends with the one that made it until then.

    To be made before any thread is started: that would be missing in it. `supervise` runs the stack of a folder; what it
    raises, the new process raises out of the place where this was made.
    """

    def __init__(self, supervise: Callable[[StateFolder], None]) -> None:
        sys.stdout.flush()
        sys.stderr.flush()
        told, self._tell = os.pipe()
        self._id = os.fork()
        if self._id:
            os.close(told)
            return
        rename("background")
        os.setsid()
        _leave(told)
        folder = _wait(told)
        supervise(folder)
        raise click.exceptions.Exit

    def run(self, folder: StateFolder) -> None:
        """Let it run the stack of a folder, and return when it holds it. Raises ForgeError when it ends before."""
        from catalog_forge.errors import ForgeError

        with suppress(BrokenPipeError), open(self._tell, "w", encoding="utf-8") as words:  # noqa: PTH123 (a descriptor)
            words.write(folder.name)
        while folder.holder() != self._id:
            if os.waitpid(self._id, os.WNOHANG)[0]:
                if folder.status().get("pid") == self._id:
                    return  # it has held the stack, and said why it does not any more
                raise ForgeError(f"the stack could not be started\n{tail(folder)}")
            time.sleep(_LOOK)


def rename(what: str) -> None:
    """Give this process another command line, such as "catalog-forge up: STACK".

    It lives as long as a stack, everybody on the machine can read a command line, and that of `up --set` holds answers.
    """
    import setproctitle

    setproctitle.setproctitle(f"catalog-forge up: {what}")


def _leave(kept: int) -> None:
    """Let go of whatever is open, but for one descriptor: who waits for its end shall not wait for this process."""
    for number in (int(each.name) for each in Path("/dev/fd").iterdir()):
        if number > 2 and number != kept:
            with suppress(OSError):  # that of the list itself
                os.close(number)
    _write_to(Path(os.devnull))


def _write_to(file: Path) -> None:
    with Path(os.devnull).open() as nothing, file.open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _wait(told: int) -> StateFolder:
    """Load what it takes to run a stack, and return the folder of the one to run."""
    from catalog_forge.stack.state import StateFolder, home

    for name in _LOADED:
        importlib.import_module(name)
    with open(told, encoding="utf-8") as words:  # noqa: PTH123 (a descriptor)
        name = words.read()
    if not name:  # nothing is to run, or the other one has died
        os._exit(0)
    folder = StateFolder(home(), name)
    _write_to(folder.log)
    return folder


def tail(folder: StateFolder) -> str:
    """Return the last lines of what the process of a stack has written."""
    try:
        return "\n".join(folder.log.read_text(errors="replace").splitlines()[-_LINES:])
    except OSError:
        return ""
