"""Encoded answers, kept within bounds."""

from __future__ import annotations

from catalog_forge.metadata.service.cache import Cache


def test_what_was_kept_is_found_until_the_answers_change() -> None:
    cache = Cache(10_000)
    cache.keep("a", b"x")
    assert cache.get("a") == b"x"
    cache.clear()
    assert (cache.get("a"), cache.size) == (None, 0)


def test_the_oldest_goes_when_the_room_is_full() -> None:
    cache = Cache(3000)
    for name in "abc":
        cache.keep(name, bytes(1000))
    assert cache.get("c") is not None
    assert cache.size <= 3000


def test_what_is_larger_than_the_room_is_not_kept() -> None:
    cache = Cache(1000)
    cache.keep("small", b"x")
    cache.keep("big", bytes(1000))
    assert cache.get("big") is None
    assert cache.get("small") == b"x"


def test_small_answers_count_for_more_than_their_bytes() -> None:
    cache = Cache(10_000)
    for number in range(1000):
        cache.keep(number, b"")
    assert sum(cache.get(number) is not None for number in range(1000)) < 20
