"""Builds conditions from the comparisons in templates, and lists the paths that have a value if a condition holds."""

from __future__ import annotations

from typing import Any

from catalog_forge.adopt.terms import Lookup, Phrase, Position, Size, Test, Unliftable, joined, negated, segments_of

ONLY_ENDS = "this comparison of the index of an element has no equivalent in a spec"


def leaves(test: Test | bool) -> list[tuple[Phrase, ...]]:
    """Return the paths, each split into segments, that certainly have a value if a condition holds."""
    if not isinstance(test, Test):
        return []
    if test.word == "all":
        return [leaf for part in test.of for leaf in leaves(part)]
    return [segments_of(test.of[0])] if test.word == "exists" else []


def equal(left: Phrase, right: Phrase) -> Test | bool:
    """Return the condition that two strings are equal. The default of a key in `left` replaces only a missing value."""
    found = left.single
    if not isinstance(found, Lookup) or found.default is None or found.empty:
        return Test("eq", (left, right))
    there = Test("exists", (found.path,))
    default = found.default.constant
    if default is None or right.constant is None:
        raise Unliftable("a key with a default can be compared only with fixed text, and its default must also be fixed text")
    bare = Test("eq", (Phrase((Lookup(found.path, Phrase()),)), right))
    if default == right.constant:
        return bare if not default else joined("any", [negated(there), bare])
    return bare if right.constant else joined("all", [there, bare])


def sized(word: str, size: Size, number: int) -> Test | bool:
    """Return the condition that compares a list's length with a number, built from conditions for single lengths."""
    least = {"gt": number + 1, "ge": number, "lt": number, "le": number + 1, "eq": number}[word]
    if word == "eq" and number > 0:
        return Test("count", (size.of, number))
    if number < 0 or least > 9:
        raise Unliftable("the comparison with this number cannot be expressed in a spec")
    none = negated(Test("some", (size.of,)))
    fewer = joined("any", [none, *(Test("count", (size.of, less)) for less in range(1, least))]) if least else False
    if word == "eq":
        return none
    return fewer if word in ("lt", "le") else negated(fewer)


def positioned(word: str, left: Position, right: Any) -> Test | bool:
    """Return the condition that an element of a loop is the first, the last, or at a given index."""
    if type(right) is int:
        number, later = right - left.plus, Test("later", (left.loop,))
        if (word, number) in (("eq", 0), ("lt", 1), ("le", 0)):
            return negated(later)
        if (word, number) in (("gt", 0), ("ge", 1)):
            return later
    # Indexes count from 0, so the index of the last element plus one is the size.
    if isinstance(right, Size) and right.of == left.loop.of and left.plus - right.plus == 1:
        more = Test("more", (left.loop,))
        if word in ("lt", "eq"):
            return more if word == "lt" else negated(more)
    if word == "eq" and type(right) is int and right >= left.plus:
        return Test("at", (left.loop, right - left.plus + 1))
    raise Unliftable(ONLY_ENDS)
