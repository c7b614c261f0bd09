"""What is to be done to a store: pure. What is wanted beside what is there gives the operations; batches give their order.

A store takes so many operations in one transaction. What fits into one is written whole or not at all. What does not is
written in several, and between the first and the last of them a key beside the others, the mark, says that it is not
finished. Whoever seeds then compares with what is there, as always, and so resumes (docs/decisions/0021-seeding-in-batches.md).
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice

from catalog_forge.diffs import unified

MARK = ".seed"
_UNFINISHED = "this seed is not finished: run it again"
Batch = tuple[dict[str, str], list[str]]


@dataclass(frozen=True, slots=True)
class Change:
    """What differs: keys to write, keys to remove, how many are as they should be, and whether an earlier seed was cut off."""

    puts: Mapping[str, str]
    deletes: Sequence[str]
    same: int
    is_cut_off: bool
    mark: str

    @property
    def is_empty(self) -> bool:
        """Whether the store holds what it should."""
        return not (self.puts or self.deletes or self.is_cut_off)

    def batches(self, most: int) -> Iterator[Batch]:
        """The transactions to do, in order, each of at most so many operations."""
        total = len(self.puts) + len(self.deletes)
        if total + self.is_cut_off <= most:
            yield dict(self.puts), [*self.deletes, *[self.mark] * self.is_cut_off]
            return
        yield {self.mark: _UNFINISHED}, []
        puts, deletes = iter(self.puts.items()), iter([*self.deletes, self.mark])
        while batch := dict(islice(puts, most)):
            yield batch, list(islice(deletes, most - len(batch))) if len(batch) < most else []
        while rest := list(islice(deletes, most)):
            yield {}, rest


def change(wanted: Mapping[str, str], there: Mapping[str, bytes], own: Collection[str], prefix: str) -> Change:
    """Compare what a spec wants below a prefix with what is there.

    Removed is what lies at or below one of the `own` keys and is not wanted; what else is below the prefix stays.
    """
    mark = f"{prefix}/{MARK}"
    puts = {key: text for key, text in wanted.items() if there.get(key) != text.encode()}
    deletes = [key for key in there if key not in wanted and key != mark and is_below(key, own)]
    return Change(puts, deletes, len(wanted) - len(puts), mark in there, mark)


def is_below(key: str, tops: Collection[str]) -> bool:
    """Whether a key is one of some, or lies below one of them."""
    return key in tops or any(key[:place] in tops for place, char in enumerate(key) if char == "/")


def diff(found: Change, there: Mapping[str, bytes], secret: Collection[str]) -> str:
    """Return what a change does as a unified diff of lines KEY "VALUE"; values below the `secret` keys stay hidden."""

    def line(key: str, value: str, changed: str = "") -> str:
        return f"{key} {f'(secret{changed})' if is_below(key, secret) else value}\n"

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
