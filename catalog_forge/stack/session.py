"""Runs a command in a running container with local input and output: the part of the Docker SDK that `exec` needs."""

from __future__ import annotations

import os
import socket
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

from docker.utils.socket import frames_iter

from catalog_forge.errors import ForgeError
from catalog_forge.image.engine import Engine
from catalog_forge.stack.reconcile import Seen

_PIECE = 65536


class Session:
    """A command in a container, with a separate terminal if `terminal` is set. Raises BuildError if the engine refuses it."""

    def __init__(self, engine: Engine, container: Seen, command: Sequence[str], terminal: bool, reads: bool) -> None:
        self._engine, self._terminal = engine, terminal
        self._what = f"run {command[0]} in container {container.name}"
        with engine.asked_to(self._what):
            made = engine.api.exec_create(container.id, list(command), stdin=reads, tty=terminal)
        self._id: str = made["Id"]

    def resize(self, columns: int, lines: int) -> None:
        """Tell the command the size of the terminal."""
        with suppress(ForgeError), self._engine.asked_to(self._what):
            self._engine.api.exec_resize(self._id, height=lines, width=columns)

    def run(self, source: int | None, write: Callable[[int, bytes], None], started: Callable[[], None]) -> int:
        """Run the command to its end and return its exit status.

        The input of the command is read from the descriptor `source`. `write` is called with each piece of output and the
        number of its stream: 1 for standard output, 2 for standard error.
        """
        with self._engine.asked_to(self._what):
            wire: Any = self._engine.api.exec_start(self._id, tty=self._terminal, socket=True)
            started()
            if source is not None:
                plug = getattr(wire, "_sock", wire)
                threading.Thread(target=_copy, args=(source, plug), daemon=True).start()
            for stream, data in frames_iter(wire, self._terminal):  # type: ignore[no-untyped-call]
                write(stream, data)
            return int(self._engine.api.exec_inspect(self._id)["ExitCode"] or 0)


def _copy(source: int, plug: Any) -> None:
    with suppress(OSError):
        while data := os.read(source, _PIECE):
            plug.sendall(data)
        plug.shutdown(socket.SHUT_WR)
