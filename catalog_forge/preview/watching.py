"""Watches the files of the catalog as long as a page is open."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator

from catalog_forge.repository import Stamps

_LOOK = 0.3
# The pause after each check of the files lasts at least this many times as long as the check itself, so that a page's
# checks take at most a tenth of the time even in a large catalog.
_SHARE = 10


def mark(stamps: Stamps) -> str:
    """Return a string that identifies a state of the files, and changes whenever a file changes."""
    return f"{hash(frozenset(stamps.items())) & (1 << 64) - 1:x}"


def marks(stamps: Callable[[], Stamps], ended: threading.Event) -> Iterator[str]:
    """Yield `mark(stamps())` at once and again after each pause, until `ended` is set."""
    pause = 0.0
    while not ended.wait(pause):
        start = time.monotonic()
        yield mark(stamps())
        pause = max(_LOOK, _SHARE * (time.monotonic() - start))
