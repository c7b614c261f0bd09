"""The background process of `up -d`. The process starts early, so that it can load modules while `up` reads the entry."""

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
    """A process in a separate session. It waits until its parent sends the name of a stack, and exits if the parent exits first.

    Create a Background before any thread is started, because a forked process has only one thread. `supervise` runs the stack
    of a state folder. In the new process, the constructor raises the exceptions of `supervise`.
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
        """Start a stack, and return when the process has locked `folder`. Raises ForgeError if the process exits first."""
        from catalog_forge.errors import ForgeError

        with suppress(BrokenPipeError), open(self._tell, "w", encoding="utf-8") as words:  # noqa: PTH123 (a descriptor)
            words.write(folder.name)
        while folder.holder() != self._id:
            if os.waitpid(self._id, os.WNOHANG)[0]:
                if folder.status().get("pid") == self._id:
                    return  # the process had the lock, and reported why it stopped
                raise ForgeError(f"the stack could not be started\n{tail(folder)}")
            time.sleep(_LOOK)


def rename(what: str) -> None:
    """Set the command line of this process, such as "catalog-forge up: STACK".

    The original command line must not stay visible: every user can read it, and the options of `up --set` contain answers.
    """
    import setproctitle

    setproctitle.setproctitle(f"catalog-forge up: {what}")


def _leave(kept: int) -> None:
    """Close all files except the descriptor `kept`.

    Otherwise, programs that wait until a file is closed would wait for this process.
    """
    for number in (int(each.name) for each in Path("/dev/fd").iterdir()):
        if number > 2 and number != kept:
            with suppress(OSError):  # the descriptor with which the folder was listed is already closed
                os.close(number)
    _write_to(Path(os.devnull))


def _write_to(file: Path) -> None:
    with Path(os.devnull).open() as nothing, file.open("ab") as log:
        os.dup2(nothing.fileno(), 0)
        os.dup2(log.fileno(), 1)
        os.dup2(log.fileno(), 2)


def _wait(told: int) -> StateFolder:
    """Load the modules that run a stack, wait for the stack's name, and return its state folder."""
    from catalog_forge.stack.state import StateFolder, home

    for name in _LOADED:
        importlib.import_module(name)
    with open(told, encoding="utf-8") as words:  # noqa: PTH123 (a descriptor)
        name = words.read()
    if not name:  # there is nothing to run, or the parent has died
        os._exit(0)
    folder = StateFolder(home(), name)
    _write_to(folder.log)
    return folder


def tail(folder: StateFolder) -> str:
    """Return the last lines in the log of a stack's process."""
    try:
        return "\n".join(folder.log.read_text(errors="replace").splitlines()[-_LINES:])
    except OSError:
        return ""
