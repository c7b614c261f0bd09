"""Commands that are killed: a process of its own that dies right before its n-th operation on files."""

from __future__ import annotations

import itertools
import os
import shutil
import signal
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from click.testing import Result

from catalog_forge.errors import ForgeError


def start(action: Callable[[], object]) -> tuple[int, int]:
    """Run `action` in a process of its own; `end` waits for it."""
    source, sink = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            action()
        except BaseException as error:
            os.write(sink, (str(error) if isinstance(error, ForgeError) else repr(error)).encode())
        finally:
            os._exit(0)
    os.close(sink)
    return child, source


def end(child: int, source: int) -> tuple[int, str]:
    """Return the signal that ended the process (0: none), and the error it met."""
    with open(source, encoding="utf-8") as stream:  # noqa: PTH123
        text = stream.read()
    return os.WTERMSIG(os.waitpid(child, 0)[1]), text


def dies_at(number: int, action: Callable[[], object], *, writes: bool = False) -> bool:
    """Run `action` in a process that gets kill -9 right before its operation `number` on files; False: it had fewer.

    With `writes`, what only reads does not count, and the start of another program does.
    """
    operations = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "fcntl.flock"}
    operations |= {"subprocess.Popen"} if writes else set()
    count = itertools.count(1)

    def counts(event: str, arguments: tuple[Any, ...]) -> bool:
        return event in operations and not (writes and event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR))

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if counts(event, arguments) and next(count) == number:
            os.kill(os.getpid(), signal.SIGKILL)

    def observed() -> None:
        sys.addaudithook(hook)
        action()

    ended, text = end(*start(observed))
    assert text == ""
    return ended == signal.SIGKILL


def copies(original: Path, folder: Path) -> Iterator[tuple[int, Path]]:
    """Number fresh copies of a tree, without end; each is deleted when the next one is asked for."""
    for number in itertools.count(1):
        copy = shutil.copytree(original, folder / str(number), symlinks=True)
        yield number, copy
        shutil.rmtree(copy)


def interrupted_at(number: int, action: Callable[[], Result]) -> tuple[bool, int, str]:
    """Run a command in a process of its own, and raise KeyboardInterrupt right before its operation `number` that writes.

    Return whether it had so many operations, its exit code, and what it printed to stderr.
    """
    operations = {"open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "os.chmod", "fcntl.flock", "subprocess.Popen"}
    count = itertools.count(1)

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        reads = event == "open" and not arguments[2] & (os.O_WRONLY | os.O_RDWR)
        if event in operations and not reads and next(count) == number:
            raise KeyboardInterrupt

    def observed() -> None:
        sys.addaudithook(hook)
        result = action()
        raise ForgeError(f"{int(next(count) > number)} {result.exit_code} {result.stderr}")

    _, text = end(*start(observed))
    had, code, said = text.split(" ", 2)
    return had == "1", int(code), said
