"""Work in several processes at once: what one does not need to know of the other, each does for a share of its own.

Forked, because what was read so far is shared then, and a second interpreter would cost more than it brings.
"""

from __future__ import annotations

import os
import pickle
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

_Share = TypeVar("_Share")
_Made = TypeVar("_Made")


def each(shares: Sequence[_Share], work: Callable[[_Share], list[_Made]]) -> list[_Made]:
    """Do the work for all shares, the first of them in this process, and return what all of them made.

    An error in any of them is raised here. No process stays behind, whatever happens.
    """
    if len(shares) == 1 or not hasattr(os, "fork"):
        return [made for share in shares for made in work(share)]
    with _forked(shares[1:], work) as pipes:
        made = work(shares[0])
        for pipe in pipes:
            made += _received(pipe)
    return made


@contextmanager
def _forked(shares: Sequence[_Share], work: Callable[[_Share], list[_Made]]) -> Iterator[list[int]]:
    """Begin a process for each share; yield the pipes on which they answer."""
    pipes: list[int] = []
    children: list[int] = []
    try:
        for share in shares:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                # Held open here, they would keep a child waiting for a parent that listens no more.
                for pipe in (reading, *pipes):
                    os.close(pipe)
                _answer(writing, share, work)
            os.close(writing)
            pipes.append(reading)
            children.append(child)
        yield pipes
    finally:
        for pipe in pipes:
            os.close(pipe)
        # A child that nobody listens to ends when it writes.
        for child in children:
            os.waitpid(child, 0)


def _answer(pipe: int, share: _Share, work: Callable[[_Share], list[_Made]]) -> None:
    """In the child: do the work, send what came of it, and end without anything that the parent would do at its end."""
    try:
        try:
            answer: tuple[list[_Made], Exception | None] = (work(share), None)
        except Exception as error:
            answer = ([], error)
        with os.fdopen(pipe, "wb") as stream:
            pickle.dump(answer, stream, pickle.HIGHEST_PROTOCOL)
    finally:
        os._exit(0)


def _received(pipe: int) -> list[_Made]:
    with os.fdopen(os.dup(pipe), "rb") as stream:
        content = stream.read()
    if not content:
        raise RuntimeError("a lint process ended without a result")
    made, error = pickle.loads(content)  # our own child wrote it
    if error:
        raise error
    return list(made)
