"""Caches each result until the state from which it was computed, such as the modification times of files, has changed."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

K = TypeVar("K")
T = TypeVar("T")
Cache = dict[K, tuple[object, T]]


def fresh(cache: Cache[K, T], key: K, state: object, make: Callable[[T | None], T]) -> T:
    """Return the cached result for `key`. If the state has changed, let `make` compute a new result from the old one."""
    known = cache.get(key)
    if known is None or known[0] != state:
        known = cache[key] = (state, make(known[1] if known else None))
    return known[1]
