"""Caches results until the state changes that they were computed from, such as the stamps of files."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
Cache = dict[K, tuple[object, T]]


def fresh(cache: Cache[K, T], key: K, state: object, make: Callable[[T | None], T]) -> T:
    """Return the cached result for `key`. If it was computed from another state, compute it with `make` from the old result."""
    known = cache.get(key)
    if known is None or known[0] != state:
        known = cache[key] = (state, make(known[1] if known else None))
    return known[1]
