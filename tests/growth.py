"""Whether work grows with the size of a text as a line does: told by the processor time of ever larger texts, not by a clock."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from time import process_time
from types import FrameType

_NOTICEABLE = 0.02  # seconds of processor time: below this, what is measured is noise
_TOO_MUCH = 3.0
_FACTOR = 8


class TooMuchWorkError(Exception):
    """A single call took `_TOO_MUCH` seconds of processor time."""


def superlinear(work: Callable[[int], object], *, start: int = 500, largest: int = 256_000, most: float = _TOO_MUCH) -> str:
    """Call `work` with sizes from `start` on, and say how its cost outgrew them; the empty text where it did not.

    Linear work costs 8 times as much for 8 times the size; quadratic work costs 64 times as much, and the line is drawn
    at 24. The processor time of this process counts. A busy machine can only add to it, by what others do to its caches, and
    not three times in a row.
    """
    size, before = start, None
    while size <= largest:
        for _ in range(3):
            spent = _measured(work, size, most)
            if not (said := _outgrown(before, spent, size, most)):
                break
        else:
            return said
        size, before = size * _FACTOR, spent
    return ""


def _measured(work: Callable[[int], object], size: int, most: float) -> float | None:
    try:
        return cost(lambda: work(size), most)
    except TooMuchWorkError:
        return None


def _outgrown(before: float | None, spent: float | None, size: int, most: float) -> str:
    if spent is None:
        return f"more than {most:.0f} s at size {size}"
    if before is not None and before >= _NOTICEABLE and spent > before * 3 * _FACTOR:
        return f"{before:.3f} s at size {size // _FACTOR}, {spent:.3f} s at size {size}"
    return ""


def cost(work: Callable[[], object], most: float = _TOO_MUCH) -> float:
    """Return the processor time of a call. Raises TooMuchWorkError when it takes more than `most` seconds."""
    with _stopped_after(most):
        started = process_time()
        work()
        return process_time() - started


@contextmanager
def _stopped_after(seconds: float) -> Iterator[None]:
    """End a call after so much processor time; the engine of `re` looks for signals while it works."""

    def stop(_number: int, _frame: FrameType | None) -> None:
        raise TooMuchWorkError

    old = signal.signal(signal.SIGPROF, stop)
    signal.setitimer(signal.ITIMER_PROF, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_PROF, 0)
        signal.signal(signal.SIGPROF, old)
