"""Tells open pages when a file of the catalog changes. One thread watches the files as long as a page is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalog_forge.repository import Stamps

_LOOK = 0.3
# After checking the files, the thread pauses this many times as long as the check took, so that checking even a large catalog
# takes at most a tenth of the time.
_SHARE = 10


def mark(stamps: Stamps) -> str:
    """Return a text that identifies a state of the files; the text differs if a file has changed."""
    return f"{hash(frozenset(stamps.items())) & (1 << 64) - 1:x}"


class Watch:
    """Watches files by their stamps."""

    def __init__(self, look: Callable[[], Stamps]) -> None:
        self._stamps = look
        self._changed = threading.Condition()
        self._turn = 0
        self.seen: Stamps = {}
        self._ended = False
        self._eyes = 0

    @contextmanager
    def looking(self) -> Iterator[Callable[[float], bool]]:
        """Yield a function that waits for the next change, up to a number of seconds, and returns whether a change happened."""
        with self._changed:
            self._eyes += 1
            seen = self._turn
            if self._eyes == 1:
                self.seen = self._stamps()
                threading.Thread(target=self._look, name="preview-watch", daemon=True).start()

        def look(seconds: float) -> bool:
            nonlocal seen
            with self._changed:
                self._changed.wait_for(lambda: self._turn != seen or self._ended, seconds)
                found, seen = self._turn != seen, self._turn
                return found

        try:
            yield look
        finally:
            with self._changed:
                self._eyes -= 1

    def end(self) -> None:
        """Wake all waiting threads, and stop watching."""
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _look(self) -> None:
        while True:
            start = time.monotonic()
            now = self._stamps()
            with self._changed:
                if not self._eyes or self._ended:
                    return
                if now != self.seen:
                    self.seen = now
                    self._turn += 1
                    self._changed.notify_all()
            time.sleep(max(_LOOK, _SHARE * (time.monotonic() - start)))
