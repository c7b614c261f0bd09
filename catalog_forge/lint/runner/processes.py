"""Distribute independent work among several processes.

The processes are forked, because a forked process shares all data that was read before the fork. Starting another interpreter
would take longer than the parallel work saves.
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
    """Do the work for all shares and return all results. The work for the first share is done in this process.

    An error in any process is raised in this process. All child processes have ended when this function returns or raises.
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
    """Start a process for each share; yield the pipes on which the processes send their results."""
    pipes: list[int] = []
    children: list[int] = []
    try:
        for share in shares:
            reading, writing = os.pipe()
            child = os.fork()
            if child == 0:
                # If this child kept a reading end open, another child could wait indefinitely to write, even after the parent has
                # closed the pipe.
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
        # A child whose pipe is closed gets an error when it writes, and exits.
        for child in children:
            os.waitpid(child, 0)


def _answer(pipe: int, share: _Share, work: Callable[[_Share], list[_Made]]) -> None:
    """Do the work in a child process, send the result, and exit without running the parent's cleanup."""
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
