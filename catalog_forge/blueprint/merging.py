"""Merges the author's text (ours) with the blueprint's new text (theirs) over a common base.

YAML is merged by key, and other text is merged by line.

The base is the text that the older blueprint generated and the author then edited. The author's text is kept byte for byte,
except where only the blueprint changed it. Where both the author and the blueprint changed the same key or line, the result
reports a conflict.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from difflib import SequenceMatcher

from catalog_forge import git, yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.malformed import MARKS
from catalog_forge.yamltext import Document, Edits, Entry, Piece

MOST_ITEMS = 500
"""The maximum length of a list of unnamed items that is merged: the time for comparing grows with the square of the length."""


@dataclass(frozen=True)
class Clash:
    """A conflict: the path of the key ("" in files merged by line), the line in the author's text, and all three versions."""

    path: str
    line: int
    base: str | None
    ours: str | None
    theirs: str | None


@dataclass(frozen=True)
class Merged:
    """The result of a merge. `text` has our version of each of the `clashes`; `marked` has both versions between markers."""

    text: str
    clashes: tuple[Clash, ...] = ()
    marked: str = ""


def merge(base: str, ours: str, theirs: str, labels: tuple[str, str, str], is_yaml: bool) -> Merged:
    """Merge two texts with a common base. `labels` are the names of ours, base and theirs in the conflict markers.

    Raises ForgeError if git, which merges lines, is not available.
    """
    if theirs in (base, ours):
        return Merged(ours)
    if ours == base:
        return Merged(theirs)
    if is_yaml:
        try:
            sides = [*map(Document, (base, ours, theirs))]
            found = _ByKey(*sides)
        except ForgeError:
            return by_line(base, ours, theirs, labels)  # one of the texts is not valid YAML
        commented = _with_comments(*sides)
        if commented is sides[1]:
            return found.merged(labels)
        told = _ByKey(sides[0], commented, sides[2]).merged(labels)
        return replace(told, text=found.edits.text(), clashes=tuple(found.clashes)) if found.clashes else told
    return by_line(base, ours, theirs, labels)


def by_line(base: str, ours: str, theirs: str, labels: tuple[str, str, str]) -> Merged:
    """Merge by line, as git does. Raises ForgeError if git is not available."""
    text = git.merged(ours, base, theirs, labels)
    hunks = [*_hunks(text, labels)]
    clashes, at, lines = [], 0, ours.splitlines()
    for mine, old, their in hunks:
        at = next((number for number in range(at, len(lines)) if lines[number : number + len(mine)] == mine), at)
        clashes.append(Clash("", at + 1, *("\n".join(side) for side in (old, mine, their))))
    return Merged(text if not hunks else ours, tuple(clashes), text if hunks else "")


def _hunks(text: str, labels: tuple[str, str, str]) -> Iterator[tuple[list[str], list[str], list[str]]]:
    """For each conflict that git has marked in a text, yield the lines of ours, base and theirs."""
    begin, middle, end = (f"{mark}{label}" for mark, label in zip((*MARKS[:2], MARKS[3]), labels, strict=True))
    sides: list[list[str]] = []
    for line in text.splitlines():
        if line == begin:
            sides = [[]]
        elif sides and (line, len(sides)) in ((middle, 1), (MARKS[2], 2)):
            sides.append([])
        elif line == end and len(sides) == 3:
            yield sides[0], sides[1], sides[2]
            sides = []
        elif sides:
            sides[-1].append(line)


class _ByKey:
    """Merges YAML by key. `edits` has the changes that only the blueprint made. `sides` has two functions for each conflict: the
    first restores the entry as it is in base, and the second writes the entry as it is in theirs.
    """

    def __init__(self, base: Document, ours: Document, theirs: Document) -> None:
        self.base, self.ours, self.theirs = base, ours, theirs
        self.edits = Edits(ours)
        self.clashes: list[Clash] = []
        self.sides: list[tuple[Callable[[Edits], None], Callable[[Edits], None]]] = []
        self.data = self.entry("", base.root, ours.root, theirs.root)

    def merged(self, labels: tuple[str, str, str]) -> Merged:
        if self.clashes:
            base, theirs = self.edits.copy(), self.edits.copy()
            for old, new in self.sides:
                old(base)
                new(theirs)
            marked = git.merged(self.edits.text(), base.text(), theirs.text(), labels)
            return Merged(self.edits.text(), tuple(self.clashes), marked)
        lines = by_line(self.base.text, self.ours.text, self.theirs.text, labels)
        # If the merge by line gives the same data, prefer the text of that merge, because it also has the blueprint's blank
        # lines, quotes and order.
        if not lines.clashes and self.says(lines.text):
            return Merged(self.ours.bom + lines.text.replace("\n", self.ours.breaks))
        text = self.edits.text()
        return Merged(text) if self.says(text) else lines

    def says(self, text: str) -> bool:
        """Whether a text has the same data as the result of the merge by key."""
        try:
            return _meaning(yamlio.load(text, "")) == _meaning(self.data)
        except ForgeError:
            return False

    def entry(self, path: str, base: Entry, ours: Entry, theirs: Entry) -> yamlio.Data:
        """Merge an entry that all three versions have, and return the merged data."""
        if theirs.value.meaning in (base.value.meaning, ours.value.meaning):
            return ours.value.data
        kinds = {each.value.kind for each in (base, ours, theirs)}
        if len(kinds) == 1 and "scalar" not in kinds:
            sides = _named(base.value, ours.value, theirs.value)
            if sides and self.is_kept(*sides):
                return self.collection(path, ours.value, *sides)
        if ours.value.meaning == base.value.meaning:
            self.edits.replace(ours, self.theirs, theirs)
            return theirs.value.data
        self.clash(
            path,
            (base, ours, theirs),
            lambda edits: edits.replace(ours, self.base, base),
            lambda edits: edits.replace(ours, self.theirs, theirs),
        )
        return ours.value.data

    @staticmethod
    def is_kept(base: _Side, ours: _Side, theirs: _Side) -> bool:
        """Whether the merge keeps at least one entry of ours. A collection that keeps no entry is not merged entry by entry."""
        return any(key in theirs or not _same(base.get(key), entry) for key, entry in ours.items())

    def collection(self, path: str, within: Piece, base: _Side, ours: _Side, theirs: _Side) -> yamlio.Data:
        """Merge the entries of a mapping or list, and return the merged data."""
        found: dict[str, yamlio.Data] = {}
        for key, mine in ours.items():
            old, new, below = base.get(key), theirs.get(key), f"{path}/{mine.key}".lstrip("/")
            if old and new:
                found[key] = self.entry(below, old, mine, new)
            elif old and _same(old, mine):
                self.edits.remove(within, mine)
            else:
                found[key] = mine.value.data
                if old or (new and not _same(new, mine)):
                    self.one_sided(below, within, old, mine, new)
        self.additions(path, within, (base, ours, theirs), found)
        return found if within.kind == "map" else list(found.values())

    def one_sided(self, path: str, within: Piece, old: Entry | None, mine: Entry, new: Entry | None) -> None:
        """Record a conflict: theirs removed an entry that ours changed, or both added the same entry with different values."""
        self.clash(
            path,
            (old, mine, new),
            lambda edits: edits.replace(mine, self.base, old) if old else edits.remove(within, mine),
            lambda edits: edits.replace(mine, self.theirs, new) if new else edits.remove(within, mine),
        )

    def additions(self, path: str, within: Piece, sides: tuple[_Side, _Side, _Side], found: dict[str, yamlio.Data]) -> None:
        """Insert each entry that only theirs has, after the entry that precedes it in theirs."""
        base, ours, theirs = sides
        anchor, last = None, None
        for key, new in theirs.items():
            if key in ours:
                anchor, last = ours[key], key
                continue
            old = base.get(key)
            if old is None:
                self.edits.insert(within, anchor, self.theirs, new)
                _insert_after(found, last, key, new.value.data)
                last = key
            elif not _same(old, new):
                self.removed(f"{path}/{new.key}".lstrip("/"), within, anchor, old, new)

    def removed(self, path: str, within: Piece, anchor: Entry | None, old: Entry, new: Entry) -> None:
        """Record a conflict: ours removed an entry that theirs changed."""
        self.clash(
            path,
            (old, None, new),
            lambda edits: edits.insert(within, anchor, self.base, old),
            lambda edits: edits.insert(within, anchor, self.theirs, new),
            line=self.ours.line(anchor.value.end if anchor else within.start),
        )

    def clash(
        self,
        path: str,
        sides: tuple[Entry | None, Entry | None, Entry | None],
        old: Callable[[Edits], None],
        new: Callable[[Edits], None],
        line: int = 0,
    ) -> None:
        base, ours, theirs = sides
        texts = [
            document.words(side) if side else None
            for document, side in ((self.base, base), (self.ours, ours), (self.theirs, theirs))
        ]
        self.clashes.append(Clash(path, line or (self.ours.line(ours.start) if ours else 1), *texts))
        self.sides.append((old, new))


_Side = dict[str, Entry]


def _with_comments(base: Document, ours: Document, theirs: Document) -> Document:
    """Copy to ours each comment that only theirs changed, if the comment belongs to an entry that all three versions have."""
    edits = Edits(ours)
    waiting = [(base.root, ours.root, theirs.root)]
    while waiting:
        old, mine, new = waiting.pop()
        sides = _beside(old.value, mine.value, new.value)
        for key in sides[1] if sides and not any(each.value.flow for each in (old, mine, new)) else ():
            if key not in sides[0] or key not in sides[2]:
                continue
            below = (sides[0][key], sides[1][key], sides[2][key])
            waiting.append(below)
            edits.comments(below[1], (base, below[0]), (theirs, below[2]))
    text = edits.text()
    try:
        return ours if text == ours.text or _meaning(yamlio.load(text, "")) != _meaning(ours.root.value.data) else Document(text)
    except ForgeError:
        return ours


def _beside(base: Piece, ours: Piece, theirs: Piece) -> Sequence[_Side]:
    """Return the entries of base, ours and theirs under matching keys; () for scalars. List items that were renamed are matched
    by their positions.
    """
    if not base.kind == ours.kind == theirs.kind or base.kind == "scalar":
        return ()
    items = [[*piece.entries.values()] for piece in (base, ours, theirs)]
    return (_aligned(*items) if base.kind == "list" else None) or _named(base, ours, theirs) or ()


def _same(one: Entry | None, other: Entry | None) -> bool:
    return one is not None and other is not None and one.value.meaning == other.value.meaning


def _meaning(data: yamlio.Data) -> str:
    return json.dumps(data, sort_keys=True)


def _insert_after(found: dict[str, yamlio.Data], last: str | None, key: str, data: yamlio.Data) -> None:
    keys = [*found]
    place = keys.index(last) + 1 if last in found else 0
    rest = {each: found.pop(each) for each in keys[place:]}
    found.update({key: data} | rest)


def _named(base: Piece, ours: Piece, theirs: Piece) -> tuple[_Side, _Side, _Side] | None:
    """Return the entries of base, ours and theirs by name, or None if the items of a list cannot be identified."""
    if base.kind == "map":
        return base.entries, ours.entries, theirs.entries
    items = [list(piece.entries.values()) for piece in (base, ours, theirs)]
    key = _naming_key(items)
    sides = [{str(each.value.data[key]): each for each in side} for side in items] if key else _aligned(*items)
    if key and sides and _is_doubtful(*map(set, sides)):
        named, sides = sides, _aligned(*items)
        if sides and not _agree(named, sides):
            return None
    if not sides or not _in_order(*sides):
        return None
    return sides[0], sides[1], sides[2]


def _naming_key(lists: list[list[Entry]]) -> str:
    """Return a key that identifies the items, because it has a different value in each item of a list. Return "" if no key does.

    If several keys identify the items, return the key with the fewest changed values.
    """
    items = [each.value for each in sum(lists, [])]
    if not all(each.kind == "map" and each.data for each in items):
        return ""

    def names(key: str) -> list[list[str]]:
        return [[str(each.value.data[key]) for each in side] for side in lists]

    keys = [key for key in (items[0].entries if items else ()) if all(_is_name(each, key) for each in items)]
    keys = [key for key in keys if all(len(set(side)) == len(side) for side in names(key))]
    return max(keys, key=lambda key: sum(len({*names(key)[0]} & {*side}) for side in names(key)), default="")


def _is_doubtful(base: set[str], ours: set[str], theirs: set[str]) -> bool:
    """Whether both sides may have renamed the same item, each to another name. If so, names do not identify the items."""
    return bool(base - ours - theirs and ours - base - theirs and theirs - base - ours)


def _agree(named: list[_Side], placed: list[_Side]) -> bool:
    """Whether items that were identified by their places (`placed`) also have the names of the items that they come from.

    They do not if a side moved an item and changed it, or if both sides added an item of the same name.
    """
    base, ours, theirs = named
    origin = dict(zip(base, placed[0], strict=True))
    moved = any(
        origin.get(name, number) != number
        for side, numbers in zip((ours, theirs), placed[1:], strict=True)
        for name, number in zip(side, numbers, strict=True)
    )
    return not moved and not (ours.keys() & theirs.keys()) - base.keys()


def _is_name(item: Piece, key: str) -> bool:
    return key in item.entries and isinstance(item.data[key], str | int)


def _in_order(base: _Side, ours: _Side, theirs: _Side) -> bool:
    """Whether theirs has the entries that it shares with base in the order of base, and those that it shares with ours in the
    order of ours.

    If one version reordered a list, the right place of a new item is unknown.
    """
    return all([key for key in side if key in theirs] == [key for key in theirs if key in side] for side in (base, ours))


def _aligned(base: list[Entry], ours: list[Entry], theirs: list[Entry]) -> list[_Side] | None:
    """Return the items of each list by name: the number of the base item from which the item comes, or `+...` for a new item.

    Return None if a list is longer than `MOST_ITEMS`, or if the right place of an item is unknown: both sides added the same
    item, or items at the same place; one side moved an item; or one side removed an item that the other side may have changed.
    """
    if max(map(len, (base, ours, theirs))) > MOST_ITEMS:
        return None
    (mine, replaced), (their, rewritten) = _names(base, ours), _names(base, theirs)
    numbers = {*map(str, range(len(base)))}
    if (numbers - {*mine}) & rewritten or (numbers - {*their}) & replaced:
        return None
    new, newer = _changed(base, mine, ours), _changed(base, their, theirs)
    if {*_places(mine)} & {*_places(their)} or new & newer or (new | newer) & {each.value.meaning for each in base}:
        return None
    names = ([str(number) for number in range(len(base))], mine, [re.sub(r"^\+", "+theirs", name) for name in their])
    return [dict(zip(keys, side, strict=True)) for keys, side in zip(names, (base, ours, theirs), strict=True)]


def _names(base: list[Entry], side: list[Entry]) -> tuple[list[str], set[str]]:
    """Return a name for each item of `side`: `+N` if it is new, else the number of the base item that it equals or replaces.

    Also return the numbers of those base items that were replaced by more or fewer items, because it is unknown which item
    replaced which.
    """
    names, doubtful = [f"+{number}" for number in range(len(side))], set[str]()
    matcher = SequenceMatcher(None, [each.value.meaning for each in base], [each.value.meaning for each in side], autojunk=False)
    for what, start, stop, new, end in matcher.get_opcodes():
        if what == "equal" or (what == "replace" and stop - start == end - new):
            names[new:end] = map(str, range(start, stop))
        elif what == "replace":
            doubtful |= {*map(str, range(start, stop))}
    return names, doubtful


def _changed(base: list[Entry], names: list[str], side: list[Entry]) -> set[str]:
    """Return the `meaning` of each item of `side` that is new or changed. `names` contains the result of `_names` for `side`."""
    return {
        each.value.meaning for name, each in zip(names, side, strict=True) if name[0] == "+" or not _same(base[int(name)], each)
    }


def _places(names: list[str]) -> Iterator[str]:
    """For each new item, yield the number of the base item that precedes it, or "" if no base item does."""
    last = ""
    for name in names:
        if name.startswith("+"):
            yield last
        else:
            last = name
