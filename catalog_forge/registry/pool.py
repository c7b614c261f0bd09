"""Run many look-ups in parallel, each with a timeout that no server or helper can exceed."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from queue import Empty, SimpleQueue
from threading import Thread
from time import monotonic
from typing import TypeVar

from catalog_forge.errors import ForgeError

CONNECTIONS = 8
SECONDS = 60.0

Thing = TypeVar("Thing")
Result = TypeVar("Result")


@dataclass
class _Errand:
    """The work of one thread: the number of its current item and the start time. `left` is True if the work was abandoned."""

    number: int = -1
    since: float = 0
    left: bool = False


def look_up(
    things: Sequence[Thing],
    act: Callable[[Thing], Result],
    late: Callable[[Thing], ForgeError],
    *,
    connections: int = CONNECTIONS,
    seconds: float | None = None,
) -> list[Result | ForgeError]:
    """Call `act` for each thing, and return the results in order. If a call raises ForgeError, its result is that error.

    A call that takes longer than `seconds` (default: SECONDS) is abandoned in a daemon thread; its result is then the error that
    `late` returns.
    """
    waiting = deque(enumerate(things))
    done: SimpleQueue[tuple[int, Result | Exception]] = SimpleQueue()
    results: dict[int, Result | ForgeError] = {}
    most = seconds or SECONDS

    def run(work: _Errand) -> None:
        while not work.left and waiting:
            try:
                number, thing = waiting.popleft()
            except IndexError:
                return
            work.since, work.number = monotonic(), number
            try:
                done.put((number, act(thing)))
            except Exception as error:
                done.put((number, error))

    running = [_started(run) for _ in range(min(connections, len(things)))]
    while len(results) < len(things):
        try:
            number, found = done.get(timeout=most / 4)
        except Empty:
            for place, work in enumerate(running):
                if work.number >= 0 and work.number not in results and monotonic() - work.since > most:
                    work.left = True
                    results[work.number] = late(things[work.number])
                    running[place] = _started(run)
            continue
        if isinstance(found, Exception) and not isinstance(found, ForgeError):
            raise found
        results.setdefault(number, found)
    return [results[number] for number in range(len(things))]


def _started(run: Callable[[_Errand], None]) -> _Errand:
    work = _Errand()
    Thread(target=run, args=(work,), daemon=True, name="catalog-forge registry").start()
    return work
