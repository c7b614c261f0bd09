"""Answers that were encoded once: a thousand containers ask for the same few documents, some of them megabytes long."""

from __future__ import annotations

from collections.abc import Hashable


class Cache:
    """Keeps encoded answers until they take more than `limit` bytes together; then the oldest go."""

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.size = 0
        self._kept: dict[Hashable, bytes] = {}

    def get(self, key: Hashable) -> bytes | None:
        """Return what is kept under a key, or None."""
        return self._kept.get(key)

    def keep(self, key: Hashable, payload: bytes) -> None:
        """Keep an answer under a new key, unless it alone is larger than all that may be kept."""
        weight = len(payload) + _OVERHEAD
        if weight > self.limit or key in self._kept:
            return
        self._kept[key] = payload
        self.size += weight
        while self.size > self.limit:
            oldest = next(iter(self._kept))
            self.size -= len(self._kept.pop(oldest)) + _OVERHEAD

    def clear(self) -> None:
        """Forget everything: the answers have changed."""
        self._kept.clear()
        self.size = 0


_OVERHEAD = 512  # what a key and the entries of a dictionary take, roughly
