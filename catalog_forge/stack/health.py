"""Health checks like those of Rancher's haproxy: TCP, or HTTP if there is a request line, with thresholds.

`Health` is pure: it computes the next state from the result of a check. `Checker` makes the network requests to containers.
"""

from __future__ import annotations

import asyncio
import re
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from types import TracebackType
from typing import Self

from catalog_forge.stack.model import HealthCheck
from catalog_forge.stack.reconcile import Key

_GOOD = re.compile(rb"HTTP/\d(?:\.\d)? [23]\d\d\b")
_MOST = 1 << 12


@dataclass(frozen=True, slots=True)
class Health:
    """The health of a unit: its state as in Rancher, the time at which this state began, and the number of consecutive checks
    that contradict it.
    """

    state: str = "initializing"
    against: int = 0
    since: float = 0

    def after(self, check: HealthCheck, good: bool, now: float) -> Health:
        """Return the health after one more check, made at the time `now` in seconds.

        A unit that is initializing becomes healthy after `healthy_threshold` good checks. As in Rancher, failures are ignored
        until `initializing_timeout` has passed.
        """
        if self.state == "initializing" and not good:
            late = (now - self.since) * 1000 >= check.initializing_timeout
            return replace(self, state="unhealthy" if late else "initializing", against=0)
        if good == (self.state == "healthy"):
            return self if not self.against else replace(self, against=0)
        limit = check.healthy_threshold if good else check.unhealthy_threshold
        if self.against + 1 >= limit:
            return Health("healthy" if good else "unhealthy", 0, now)
        return replace(self, against=self.against + 1)


@dataclass(frozen=True, slots=True)
class Target:
    """A target of health checks: the unit, the number under which it was created, its address and its check."""

    key: Key
    number: int
    address: str
    check: HealthCheck


class Checker:
    """Checks all targets concurrently in one thread, each target at its interval, while the `with` block runs.

    `found` is called from this thread after each check, with the target and whether the target passed.
    """

    def __init__(self, found: Callable[[Target, bool], None]) -> None:
        self._found = found
        self._tasks: dict[Target, asyncio.Task[None]] = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="health", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        asyncio.run_coroutine_threadsafe(self._set(()), self._loop).result()
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def watch(self, targets: Mapping[Key, Target]) -> None:
        """Check only these targets from now on."""
        asyncio.run_coroutine_threadsafe(self._set(tuple(targets.values())), self._loop).result()

    async def _set(self, targets: tuple[Target, ...]) -> None:
        gone = [self._tasks.pop(each) for each in set(self._tasks) - set(targets)]
        for task in gone:
            task.cancel()
        await asyncio.gather(*gone, return_exceptions=True)
        for each in targets:
            if each not in self._tasks:
                self._tasks[each] = self._loop.create_task(self._repeat(each))

    async def _repeat(self, target: Target) -> None:
        while True:
            self._found(target, await probe(target.address, target.check))
            await asyncio.sleep(max(target.check.interval, 100) / 1000)


async def probe(address: str, check: HealthCheck) -> bool:
    """Return whether an address passes the check: it accepts the connection and, for an HTTP check, answers 2xx or 3xx."""
    try:
        async with asyncio.timeout(max(check.response_timeout, 1) / 1000):
            return await _asked(address, check)
    except (OSError, TimeoutError):
        return False


async def _asked(address: str, check: HealthCheck) -> bool:
    reader, writer = await asyncio.open_connection(address, check.port, limit=_MOST)
    try:
        if not check.request_line:
            return True
        # haproxy sends the request line unchanged. A line without a version is an HTTP/1.0 request.
        line = check.request_line.strip().replace("\r", "").replace("\n", " ")
        words = line if re.search(r" HTTP/\d", line) else f"{line} HTTP/1.0"
        writer.write(f"{words}\r\nHost: {address}\r\nConnection: close\r\n\r\n".encode())
        answer = b""
        while b"\n" not in answer and len(answer) < _MOST:
            chunk = await reader.read(_MOST)
            if not chunk:
                break
            answer += chunk
        return bool(_GOOD.match(answer))
    finally:
        writer.close()
        with suppress(OSError, TimeoutError):
            await writer.wait_closed()
