"""A cache of encoded answers: a thousand containers may request the same few documents, and some of these are megabytes long."""

from __future__ import annotations

from collections.abc import Hashable


class Cache:
    """Keeps encoded answers. If they exceed `limit` bytes in total, the oldest answers are removed."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: dict[Hashable, bytes] = {}

    def get(self, key: Hashable) -> bytes | None:
        """Return the answer kept under a key, or None."""
        return self._kept.get(key)

    def keep(self, key: Hashable, payload: bytes) -> None:
        """Keep an answer under a new key, unless this answer alone is larger than the limit."""
        weight = len(payload) + _OVERHEAD
        if weight > self.limit or key in self._kept:
            return
        self._kept[key] = payload
        self.size += weight
        while self.size > self.limit:
            oldest = next(iter(self._kept))
            self.size -= len(self._kept.pop(oldest)) + _OVERHEAD

    def clear(self) -> None:
        """Remove all answers. This is necessary when the answers of the service change."""
        self._kept.clear()
        self.size = 0


_OVERHEAD = 512  # approximate size of a key and of its dictionary entry
