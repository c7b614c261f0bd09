"""Who looks at the page is told when a file of the catalog changes: one thread looks, while there is somebody to tell."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from catalog_forge.repository import Stamps

_LOOK = 0.3
# Of the time that passes, a large catalog may take this part.
_SHARE = 10


def mark(stamps: Stamps) -> str:
    """A word for files as they are: another one when one of them has changed."""
    return f"{hash(frozenset(stamps.items())) & (1 << 64) - 1:x}"


class Watch:
    """Looks at files by their stamps."""

    def __init__(self, look: Callable[[], Stamps]) -> None:
        self._stamps = look
        self._changed = threading.Condition()
        self._turn = 0
        self.seen: Stamps = {}
        self._ended = False
        self._eyes = 0

    @contextmanager
    def looking(self) -> Iterator[Callable[[float], bool]]:
        """Give a function that waits for the next change, so many seconds at most, and tells whether there was one."""
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
        """Let nobody wait any more."""
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
