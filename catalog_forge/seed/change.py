"""What is to be done to a store: pure. What is wanted beside what is there gives the operations; batches give their order.

A store takes so many operations in one transaction. What fits into one is written whole or not at all. What does not is
written in several, and between the first and the last of them a key beside the others, the mark, says that it is not
finished. Whoever seeds then compares with what is there, as always, and so resumes (docs/decisions/0021-seeding-in-batches.md).
"""

from __future__ import annotations

import json
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.diffs import unified

MARK = ".seed"
_UNFINISHED = "this seed is incomplete: run it again"
Batch = tuple[dict[str, str], list[str]]
Operation = tuple[str, str | None]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs: keys to write, keys to remove, how many are right, and whether an earlier seed was interrupted."""

    puts: Mapping[str, str]
    deletes: Sequence[str]
    same: int
    is_cut_off: bool
    mark: str

    @property
    def is_empty(self) -> bool:
        """Whether the store holds what it should."""
        return not (self.puts or self.deletes or self.is_cut_off)

    def batches(self, most: int, room: int = sys.maxsize) -> Iterator[Batch]:
        """The transactions to do, in order, each of at most so many operations and bytes; one operation always fits."""
        operations = self._operations()
        whole = list(_cut([*operations, *[(self.mark, None)] * self.is_cut_off], most, room))
        if len(whole) > 1:
            yield {self.mark: _UNFINISHED}, []
            whole = list(_cut([*operations, (self.mark, None)], most, room))
        yield from whole

    def _operations(self) -> list[Operation]:
        """All operations; what stands in the way of a key, above or below it, goes before that key comes."""
        above = {parent for key in self.puts for parent in parents(key)}
        blocking = [key for key in self.deletes if key in above or is_below(key, self.puts)]
        rest = [key for key in self.deletes if key not in set(blocking)]
        return [*((key, None) for key in blocking), *self.puts.items(), *((key, None) for key in rest)]


def change(wanted: Mapping[str, str], there: Mapping[str, bytes], own: Collection[str], prefix: str) -> Change:
    """Compare what a spec wants below a prefix with what is there.

    Removed is what lies at or below one of the `own` keys and is not wanted; what else is below the prefix stays.
    """
    mark = f"{prefix}/{MARK}"
    puts = {key: text for key, text in wanted.items() if there.get(key) != text.encode()}
    deletes = [key for key in there if key not in wanted and key != mark and is_below(key, own)]
    return Change(puts, deletes, len(wanted) - len(puts), mark in there, mark)


def text_of_key(key: bytes) -> str:
    """Return a key that a store holds as text: what somebody else has there need not be UTF-8, and must come back as it was."""
    return key.decode(errors="surrogateescape")


def bytes_of_key(key: str) -> bytes:
    """Return what a store holds for the text of a key."""
    return key.encode(errors="surrogateescape")


def is_below(key: str, tops: Collection[str]) -> bool:
    """Whether a key is one of some, or lies below one of them."""
    return key in tops or any(parent in tops for parent in parents(key))


def parents(key: str) -> Iterator[str]:
    """The keys above a key, the highest first."""
    place = key.find("/", 1)
    while place > 0:
        yield key[:place]
        place = key.find("/", place + 1)


def _cut(operations: Sequence[Operation], most: int, room: int) -> Iterator[Batch]:
    """Operations in the order that they have, as transactions."""
    puts, deletes, size = dict[str, str](), list[str](), 0
    for key, text in operations:
        added = len(bytes_of_key(key)) + len((text or "").encode())
        count = len(puts) + len(deletes)
        if count and (count >= most or size + added > room):
            yield puts, deletes
            puts, deletes, size = {}, [], 0
        size += added
        if text is None:
            deletes.append(key)
        else:
            puts[key] = text
    if puts or deletes:
        yield puts, deletes


def diff(found: Change, there: Mapping[str, bytes], secret: Collection[str]) -> str:
    """Return what a change does as a unified diff of lines KEY "VALUE"; values below the `secret` keys stay hidden."""

    def line(key: str, value: str, changed: str = "") -> str:
        shown = bytes_of_key(key).decode(errors="backslashreplace")
        return f"{shown} {f'(secret{changed})' if is_below(key, secret) else value}\n"

    keys = sorted({*there} - {found.mark} | {*found.puts})
    before = "".join(line(key, _shown(there[key])) for key in keys if key in there)
    gone = set(found.deletes)
    after = "".join(
        line(key, _shown(found.puts[key].encode()), ", another one") if key in found.puts else line(key, _shown(there[key]))
        for key in keys
        if key not in gone
    )
    return unified(before, after, "store")


def _shown(value: bytes) -> str:
    try:
        return json.dumps(value.decode())
    except UnicodeDecodeError:
        return f"({len(value)} bytes that are not text)"
