"""Compares wanted and existing keys, and turns the differences into ordered batches of operations for a store. Pure.

A store limits the size of a transaction. A change that fits into one transaction is written atomically. A larger change is
written in several transactions. From the first transaction to the last, an additional key in the store, the mark, says that the
change is unfinished. If a seed is interrupted, the next seed compares its keys with the store's contents, as every seed does, and
thereby completes the change (docs/decisions/0021-seeding-in-batches.md).
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
    """A change to a store: the keys to write, the keys to remove, and the number of keys that are already correct.

    `is_cut_off` means that an earlier seed was interrupted; `mark` is the key that marks a change as unfinished.
    """

    puts: Mapping[str, str]
    deletes: Sequence[str]
    same: int
    is_cut_off: bool
    mark: str

    @property
    def is_empty(self) -> bool:
        """Whether there is nothing to write: the keys in the store are already correct, and no earlier seed was interrupted."""
        return not (self.puts or self.deletes or self.is_cut_off)

    def batches(self, most: int, room: int = sys.maxsize) -> Iterator[Batch]:
        """Yield the transactions, each with at most `most` operations and `room` bytes.

        An operation with more than `room` bytes gets a separate transaction.
        """
        operations = self._operations()
        whole = list(_cut([*operations, *[(self.mark, None)] * self.is_cut_off], most, room))
        if len(whole) > 1:
            yield {self.mark: _UNFINISHED}, []
            whole = list(_cut([*operations, (self.mark, None)], most, room))
        yield from whole

    def _operations(self) -> list[Operation]:
        """Return all operations in order. Old keys that would conflict with a new key are removed first."""
        above = {parent for key in self.puts for parent in parents(key)}
        blocking = [key for key in self.deletes if key in above or is_below(key, self.puts)]
        rest = [key for key in self.deletes if key not in set(blocking)]
        return [*((key, None) for key in blocking), *self.puts.items(), *((key, None) for key in rest)]


def change(wanted: Mapping[str, str], there: Mapping[str, bytes], own: Collection[str], prefix: str) -> Change:
    """Compare the keys that a spec wants below a prefix with the keys in the store.

    Unwanted keys at or below one of the `own` keys are removed; other keys below the prefix stay.
    """
    mark = f"{prefix}/{MARK}"
    puts = {key: text for key, text in wanted.items() if there.get(key) != text.encode()}
    deletes = [key for key in there if key not in wanted and key != mark and is_below(key, own)]
    return Change(puts, deletes, len(wanted) - len(puts), mark in there, mark)


def text_of_key(key: bytes) -> str:
    """Return a store's key as text. Keys that are not UTF-8 also survive the round trip through `bytes_of_key`."""
    return key.decode(errors="surrogateescape")


def bytes_of_key(key: str) -> bytes:
    """Convert the text of a store's key back to the key's bytes."""
    return key.encode(errors="surrogateescape")


def is_below(key: str, tops: Collection[str]) -> bool:
    """Whether a key is one of `tops`, or lies below one of them."""
    return key in tops or any(parent in tops for parent in parents(key))


def parents(key: str) -> Iterator[str]:
    """Yield the paths above a key, the topmost path first."""
    place = key.find("/", 1)
    while place > 0:
        yield key[:place]
        place = key.find("/", place + 1)


def _cut(operations: Sequence[Operation], most: int, room: int) -> Iterator[Batch]:
    """Split the operations into transactions, keeping their order."""
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
    """Return a change as a unified diff of lines `KEY "VALUE"`. Values at or below the `secret` keys are hidden."""

    def line(key: str, value: str, changed: str = "") -> str:
        shown = bytes_of_key(key).decode(errors="backslashreplace")
        return f"{shown} {f'(secret{changed})' if is_below(key, secret) else value}\n"

    keys = sorted({*there} - {found.mark} | {*found.puts})
    before = "".join(line(key, _shown(there[key])) for key in keys if key in there)
    gone = set(found.deletes)
    after = "".join(
        line(key, _shown(found.puts[key].encode()), ", changed") if key in found.puts else line(key, _shown(there[key]))
        for key in keys
        if key not in gone
    )
    return unified(before, after, "store")


def _shown(value: bytes) -> str:
    try:
        return json.dumps(value.decode())
    except UnicodeDecodeError:
        return f"({len(value)} bytes that are not text)"
