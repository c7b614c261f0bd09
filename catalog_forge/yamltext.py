"""Locates values in the text of an author's YAML file, and edits the text so that every other byte stays unchanged.

Comments, order, quotes, indentation and line endings are kept, because the file is not printed again: an edit only removes a
part of the text, or inserts text of another document. docs/decisions/0020-edits-of-text.md explains why ruamel.yaml is not used.
"""

from __future__ import annotations

import json
import re
from bisect import bisect_left
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError

# The pattern of scalars that need no quotes, not even inside braces.
_BARE = re.compile(r"[A-Za-z0-9_./]([A-Za-z0-9_./ -]*[A-Za-z0-9_./-])?")


@dataclass
class Piece:
    """A value in a text: its kind (map, list or scalar), its span, its data, and its entries, by key or, in a list, by number."""

    kind: str
    start: int
    end: int
    style: str
    data: yamlio.Data = None
    entries: dict[str, Entry] = field(default_factory=dict)

    @property
    def flow(self) -> bool:
        """Whether the value is a collection in braces or brackets."""
        return self.style == "flow"

    @cached_property
    def meaning(self) -> str:
        """The data as JSON, which is equal only for equal values: 1, 1.0, true and "1" are four different values."""
        return json.dumps(self.data, sort_keys=True)


@dataclass
class Entry:
    """An entry of a mapping or list: its key, its start, the position after its colon or dash, and its value."""

    key: str
    start: int
    after: int
    value: Piece
    flow: bool = False


class Document:
    """A YAML text and its root entry. Raises ForgeError if the text is not YAML, or exceeds the limits."""

    def __init__(self, text: str, file: str = "") -> None:
        yamlio.parse(text, file)
        self.bom = "\ufeff" * text.startswith("\ufeff")
        self.breaks = "\r\n" if "\r\n" in text else "\n"
        self.text = text.removeprefix("\ufeff").replace("\r\n", "\n")
        marks = yamlio.marks(self.text)
        root = self._piece(next(marks), marks)
        self.root = Entry("", root.start, 0, root)

    def line(self, at: int) -> int:
        """Return the number of the line that contains a character."""
        return self.text.count("\n", 0, at) + 1

    def line_start(self, at: int) -> int:
        """Return the position where the line of a character begins."""
        return self.text.rfind("\n", 0, at) + 1

    def line_end(self, at: int) -> int:
        """Return the position where the line of a character ends, before its line feed."""
        end = self.text.find("\n", at)
        return len(self.text) if end < 0 else end

    def column(self, at: int) -> int:
        """Return the number of characters before a position in its line."""
        return at - self.line_start(at)

    def opens_line(self, entry: Entry) -> bool:
        """Whether only spaces precede an entry in its line. In `- a: 1`, this is true for the list item, but not for `a`."""
        return not self.text[self.line_start(entry.start) : entry.start].strip()

    def head(self, entry: Entry) -> int:
        """Return the start of the comments directly above an entry or, if there are none, of the line of the entry."""
        start = self.line_start(entry.start)
        while start:
            above = self.line_start(start - 1)
            line = self.text[above : start - 1]
            if not line.lstrip().startswith("#") or len(line) - len(line.lstrip()) != self.column(entry.start):
                break
            start = above
        return start

    @cached_property
    def _last_lines(self) -> list[int]:
        """The positions at which the lines with content end, in order."""
        waiting, found = [self.root], set[int]()
        while waiting:
            entry = waiting.pop()
            inside = [] if entry.value.flow else [*entry.value.entries.values()]
            waiting += inside
            if entry is not self.root or not inside:
                found.add(self.line_end(entry.after - 1 if inside else entry.value.end))
        return sorted(found)

    def above(self, entry: Entry) -> tuple[int, int]:
        """Return the span of the comments and blank lines directly above an entry that is the first in its line."""
        start = self.line_start(entry.start)
        ends = self._last_lines
        place = bisect_left(ends, start)
        return (min(ends[place - 1] + 1, start) if place else 0), start

    def beside(self, entry: Entry) -> tuple[int, int]:
        """Return the span from the end of a value (or of its key, if the value is a block collection) to the end of that line."""
        inside = entry.value.entries and not entry.value.flow
        start = entry.after if inside else entry.value.end
        return start, self.line_end(start)

    def words(self, entry: Entry) -> str:
        """Return the text of an entry. In a block collection, the text extends to the end of the entry's last line."""
        return self.text[entry.start : entry.value.end if entry.flow else self.line_end(entry.value.end)]

    def _piece(self, mark: yamlio.Mark, marks: Iterator[yamlio.Mark]) -> Piece:
        if mark.kind == "scalar":
            return Piece("scalar", mark.start, self._scalar_end(mark), mark.style, mark.data)
        piece = Piece(mark.kind, mark.start, mark.end, mark.style)
        last = mark.start
        for first in marks:
            if first.kind == "end":
                piece.end = first.end if piece.flow else last
                break
            entry = self._pair(first, marks, piece) if mark.kind == "map" else self._item(first, marks, piece, last)
            piece.entries[entry.key] = entry
            last = entry.value.end
        values = {key: entry.value.data for key, entry in piece.entries.items()}
        piece.data = values if mark.kind == "map" else list(values.values())
        return piece

    def _pair(self, key: yamlio.Mark, marks: Iterator[yamlio.Mark], parent: Piece) -> Entry:
        value = self._piece(next(marks), marks)
        colon = self._content(key.end)
        after = colon + 1 if self.text[colon : colon + 1] == ":" else key.end
        if value.kind == "scalar" and value.start == value.end:
            value.start = value.end = after
        return Entry(self.text_of_key(key), key.start, after, value, parent.flow)

    def _item(self, mark: yamlio.Mark, marks: Iterator[yamlio.Mark], parent: Piece, last: int) -> Entry:
        value = self._piece(mark, marks)
        key = str(len(parent.entries))
        if parent.flow:
            return Entry(key, value.start, value.start, value, flow=True)
        dash = self._content(last)
        if self.text[dash : dash + 1] != "-":
            raise ForgeError("this list cannot be edited in place")
        if value.kind == "scalar" and value.start == value.end:
            value.start = value.end = dash + 1
        return Entry(key, dash, dash + 1, value)

    def text_of_key(self, mark: yamlio.Mark) -> str:
        """Return a scalar as a key: its text, even if it looks like a number or a boolean."""
        return mark.data if isinstance(mark.data, str) else self.text[mark.start : mark.end]

    def _scalar_end(self, mark: yamlio.Mark) -> int:
        if mark.style not in ("|", ">"):
            return mark.end
        header = self.text[mark.start : self.line_end(mark.start)].partition("#")[0]
        if "+" in header:  # blank lines at the end belong to the value
            return mark.end - self.text[: mark.end].endswith("\n")
        return self.line_end(len(self.text[: mark.end].rstrip()))

    def _content(self, at: int) -> int:
        """Return the position of the next character that is neither a space nor part of a comment."""
        while at < len(self.text):
            if self.text[at] == "#":
                at = self.line_end(at)
            elif not self.text[at].isspace():
                break
            at += 1
        return at


class Edits:
    """Edits to a document; all positions refer to its original text. Inserted entries come from another document."""

    def __init__(self, document: Document, spans: list[tuple[int, int, str]] | None = None) -> None:
        self.document = document
        self._spans = spans or []

    def copy(self) -> Edits:
        """Return a copy, to which further edits can be added."""
        return Edits(self.document, list(self._spans))

    def text(self) -> str:
        """Return the text with all edits applied."""
        parts, at = list[str](), 0
        # An insertion goes before an edit that begins at the same place: it belongs to what precedes that place.
        for start, end, words in sorted(self._spans, key=lambda span: (span[0], span[1] > span[0])):
            parts += [self.document.text[at:start], words]
            at = max(at, end)
        parts.append(self.document.text[at:])
        return self.document.bom + "".join(parts).replace("\n", self.document.breaks)

    def replace(self, entry: Entry, source: Document, by: Entry) -> None:
        """Replace the value of `entry` with the value of `by`, an entry of `source`. A comment after the old value stays."""
        value, text = entry.value, self.document.text
        if entry.flow:
            self._spans.append((value.start, value.end, _in_flow(source, by.value)))
            return
        words = _value(source, by, self.document.column(entry.start))
        end = self.document.line_end(value.end)
        comment = text[value.end : end]
        if "\n" in words and comment.strip():
            first, _, rest = words.partition("\n")
            self._spans.append((entry.after, end, f"{first.rstrip()}{comment}\n{rest}"))
        elif "\n" in words or "\n" in text[entry.after : value.start] or value.start == value.end:
            self._spans.append((entry.after, value.end, words))
        else:  # keep the spaces before the value, because values may be aligned
            self._spans.append((value.start, value.end, words.lstrip()))

    def remove(self, parent: Piece, entry: Entry) -> None:
        """Remove an entry and the comments directly above it; at least one other entry must remain."""
        document, text = self.document, self.document.text
        if parent.flow:
            self._spans.append((*self._within_flow(parent, entry), ""))
            return
        start, end = document.head(entry), document.line_end(entry.value.end) + 1
        if not document.opens_line(entry):
            start = entry.start
            end += len(text[end:]) - len(text[end:].lstrip())
        elif text[:start].endswith("\n\n") and text[end : end + 1] in ("\n", ""):
            start -= 1
        self._spans.append((start, min(end, len(text)), ""))

    def comments(self, entry: Entry, base: tuple[Document, Entry], theirs: tuple[Document, Entry]) -> None:
        """Copy the comments above and next to an entry from `theirs` if only `theirs` has changed them since `base`."""
        sides = ((self.document, entry), base, theirs)
        for place in (Document.above, Document.beside):
            spans = [place(each, item) for each, item in sides]
            texts = [each.text[slice(*span)] for (each, _), span in zip(sides, spans, strict=True)]
            above = place is Document.above
            if above and not all(each.opens_line(item) for each, item in sides):
                continue
            mine, old, new = ("\n".join(line.strip() for line in text.split("\n")) for text in texts)
            if mine == old != new and all(not line or line.startswith("#") for line in f"{mine}\n{new}".split("\n")):
                by = self.document.column(entry.start) - theirs[0].column(theirs[1].start)
                self._spans.append((*spans[0], _shifted(texts[2], by) if above else texts[2]))

    def _within_flow(self, parent: Piece, entry: Entry) -> tuple[int, int]:
        others = list(parent.entries.values())
        place = others.index(entry)
        if place + 1 < len(others):
            return entry.start, others[place + 1].start
        return (others[place - 1].value.end if place else entry.start), entry.value.end

    def insert(self, parent: Piece, after: Entry | None, source: Document, entry: Entry) -> None:
        """Insert an entry of the document `source` into `parent` after the entry `after`; at the beginning if `after` is None."""
        named = parent.kind == "map"
        if parent.flow:
            words = (f"{one_line(entry.key)}: " if named else "") + _in_flow(source, entry.value)
            place = after.value.end if after else parent.start + 1
            words = f", {words}" if after else f"{words}, " if parent.entries else words
            self._spans.append((place, place, words))
            return
        document = self.document
        first = next(iter(parent.entries.values()))
        column = document.column(first.start)
        words = _entry(source, entry, column, named)
        if after:
            place = document.line_end(after.value.end)
            if place < len(document.text):  # after the line break, because the line itself may be removed
                self._spans.append((place + 1, place + 1, f"{words}\n"))
            else:
                self._spans.append((place, place, f"\n{words}"))
        elif document.opens_line(first):
            place = document.line_start(first.start)
            self._spans.append((place, place, f"{words.lstrip(chr(10))}\n"))
        else:
            self._spans.append((first.start, first.start, f"{words.strip()}\n{' ' * column}"))


def _entry(source: Document, entry: Entry, column: int, named: bool) -> str:
    """Return the lines of an entry and of the comments above it, indented to a column. A blank line above them is kept."""
    if entry.flow:
        key = f"{one_line(entry.key)}:" if named else "-"
        return f"{' ' * column}{key}{_value(source, entry, column)}"
    start = source.head(entry) if source.opens_line(entry) else entry.start
    blank = "\n" * source.text[:start].endswith("\n\n")
    indent = source.column(entry.start)
    lines = source.text[start : source.line_end(entry.value.end)]
    lines = lines if source.opens_line(entry) else " " * indent + lines
    return blank + _shifted(lines, column - indent)


def _value(source: Document, entry: Entry, column: int) -> str:
    """Return the text after the colon or dash of an entry, indented as if the entry started in `column`."""
    if entry.flow:
        return f" {source.text[entry.value.start : entry.value.end]}"
    words = source.text[entry.after : entry.value.end]
    first, feed, rest = words.partition("\n")
    return first + feed + _shifted(rest, column - source.column(entry.start))


def _shifted(lines: str, by: int) -> str:
    if by >= 0:
        return re.sub(r"(?m)^(?=.)", " " * by, lines)
    return re.sub(rf"(?m)^ {{1,{-by}}}", "", lines)


def _in_flow(source: Document, value: Piece) -> str:
    """Return a value on one line in a form that is valid inside braces; existing quotes are kept."""
    words = source.text[value.start : value.end]
    if value.kind == "scalar" and "\n" not in words and (value.style in ("'", '"') or _BARE.fullmatch(words)):
        return words
    inside = [(key, _in_flow(source, entry.value)) for key, entry in value.entries.items()]
    if value.kind == "map":
        return "{" + ", ".join(f"{one_line(key)}: {words}" for key, words in inside) + "}"
    if value.kind == "list":
        return f"[{', '.join(words for _, words in inside)}]"
    return one_line(value.data)


def one_line(value: yamlio.Scalar) -> str:
    """Return a scalar on one line in a form that is valid anywhere, even if it contains line breaks."""
    is_long = isinstance(value, str) and "\n" in value
    return json.dumps(value, ensure_ascii=False) if is_long else yamlio.dump_json_like(value)
