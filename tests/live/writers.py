"""A client that writes while a cluster changes, and one who looks at it meanwhile."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import count

from docker.errors import APIError

from tests.live.software import eventually


@dataclass
class Writer:
    """A client that writes one number after another, and knows which were acknowledged."""

    write: Callable[[int], None]
    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        for number in count(1):
            if self.over.wait(0.1):
                return
            try:
                self.write(number)
                self.acknowledged.append(number)
            except (AssertionError, APIError, OSError):
                self.refused += 1

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.work)
            try:
                yield self
            finally:
                self.over.set()
            done.result()

    def wait_for_more(self, many: int = 10) -> None:
        """Wait until so many more were acknowledged."""
        wanted = len(self.acknowledged) + many
        eventually(f"{many} more writes", lambda: len(self.acknowledged), lambda now: now >= wanted)


@contextmanager
def watching(look: Callable[[], str]) -> Iterator[list[str]]:
    """Look again and again; yields what was wrong."""
    wrong: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            with suppress(APIError):
                if found := look():
                    wrong.append(found)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(watch)
        try:
            yield wrong
        finally:
            over.set()
        done.result()
