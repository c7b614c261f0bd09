"""Writes YAML that is byte for byte that of go-yaml v2, the library of rancher-metadata.

Rules: `encode.go`, `sorter.go` and `emitterc.go` of gopkg.in/yaml.v2 as used by rancher-metadata 0.7.4, and the observed output
of that program.
"""

from __future__ import annotations

import functools
import math
import re
import struct
import unicodedata
from collections.abc import Mapping, Sequence

from catalog_forge.goyaml import scalars
from catalog_forge.goyaml.scalars import Value

_WIDTH = 80
_LONGEST_KEY = 128

_BASE_60 = re.compile(r"[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+(?:\.[0-9_]*)?")

_SIMPLE = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_BREAK = re.compile(r"[\r\n\x85\u2028\u2029]")
_SPECIAL = re.compile(r"[^\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd]| [\r\n\x85\u2028\u2029]")
_SPACE_AFTER_BREAK = re.compile(r"[\r\n\x85\u2028\u2029] ")
_NOT_PLAIN = re.compile(
    r"---|\.\.\.|[#,\[\]{}&*!|>'\"%@`]|[?:-](?:[ \t]|\Z)|.+:(?:[ \t]|\Z)|.*[ \t\r\n\x85\u2028\u2029\x00]#"
    r"|[ \r\n\x85\u2028\u2029]|.*[ \r\n\x85\u2028\u2029]\Z",
    re.DOTALL,
)
_SHORT_ESCAPES = {
    **{"\0": "0", "\a": "a", "\b": "b", "\t": "t", "\n": "n", "\v": "v", "\f": "f", "\r": "r", "\x1b": "e"},
    **{'"': '"', "\\": "\\", "\x85": "N", "\xa0": "_", "\u2028": "L", "\u2029": "P"},
}


def dump(value: Value) -> str:
    """Write a value as a document in block style. Keys are in natural order, and long text is folded after 80 columns."""
    printer = _Printer()
    printer.node(value)
    printer.new_line()
    return "".join(printer.parts)


class _Printer:
    """The emitter: the text written so far, and the current position."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.column = 0
        self.indent = -1
        self.spaced = True  # the position is after a space, or at the start of a line
        self.indented = True  # so far, the line contains only indentation, `-` and `?`

    def node(self, value: Value, *, in_map: bool = False) -> None:
        match value:
            case dict():
                self.map(value)
            case list() | tuple():
                self.seq(value, in_map=in_map)
            case str():
                self.text(value)
            case None | bool() | int() | float():
                self.plain(_bare(value), folds=False)

    def map(self, value: Mapping[str, Value]) -> None:
        if not value:
            self.mark("{}")
            return
        before, self.indent = self.indent, self.indent + 2 if self.indent >= 0 else 0
        for key in _in_order(tuple(value)):
            self.new_line()
            if len(key.encode()) <= _LONGEST_KEY and not _BREAK.search(key):
                self.text(key, is_key=True)
                self.mark(":", spaced=False)
            else:
                self.mark("?", opens=True)
                self.text(key)
                self.new_line()
                self.mark(":", opens=True)
            self.node(value[key], in_map=True)
        self.indent = before

    def seq(self, items: Sequence[Value], *, in_map: bool) -> None:
        if not items:
            self.mark("[]")
            return
        before = self.indent
        if before < 0:
            self.indent = 0
        elif not in_map or self.indented:
            self.indent += 2
        for item in items:
            self.new_line()
            self.mark("-", opens=True)
            self.node(item)
        self.indent = before

    def text(self, text: str, *, is_key: bool = False) -> None:
        """Write text in the style that the library chooses for it."""
        if _SIMPLE.fullmatch(text) and text not in scalars.WORDS:
            self.plain(text, folds=False)
            return
        before, self.indent = self.indent, self.indent + 2 if self.indent >= 0 else 2
        special = _SPECIAL.search(text) is not None
        if not isinstance(scalars.resolve(text), str) or _BASE_60.fullmatch(text):
            self.double_quoted(text, folds=not is_key)
        elif "\n" in text:
            if special or is_key or text.endswith(" "):
                self.double_quoted(text, folds=not is_key)
            else:
                self.literal(text)
        elif not special and not _NOT_PLAIN.match(text) and not _BREAK.search(text):
            self.plain(text, folds=not is_key)
        elif special or _SPACE_AFTER_BREAK.search(text):
            self.double_quoted(text, folds=not is_key)
        else:
            self.single_quoted(text, folds=not is_key)
        self.indent = before

    def plain(self, text: str, *, folds: bool) -> None:
        if not self.spaced:
            self.put(" ")
        if folds and self.column + len(text) > _WIDTH:
            self.folded(text, first=0)
        else:
            self.put(text)
        self.spaced = self.indented = False

    def single_quoted(self, text: str, *, folds: bool) -> None:
        self.mark("'")
        if _BREAK.search(text) or (folds and self.column + 2 * len(text) > _WIDTH):
            self.folded(text, first=1, folds=folds)
        else:
            self.put(text.replace("'", "''"))
        self.mark("'", spaced=False)

    def folded(self, text: str, *, first: int, folds: bool = True) -> None:
        """Write plain or single-quoted text. No space in the first or last `first` characters becomes a line break."""
        spaces = breaks = False
        last = len(text) - 1
        for place, char in enumerate(text):
            if char == " ":
                alone = not spaces and first <= place <= last - first and text[place + 1 : place + 2] != " "
                if folds and alone and self.column > _WIDTH:
                    self.new_line()
                else:
                    self.put(char)
                spaces = True
            elif _BREAK.match(char):
                self.put(char)
                self.column = 0
                self.indented = breaks = True
            else:
                if breaks:
                    self.new_line()
                self.put("''" if first and char == "'" else char)
                self.indented = spaces = breaks = False

    def double_quoted(self, text: str, *, folds: bool) -> None:
        self.mark('"')
        spaces = False
        last = len(text) - 1
        bom = text.startswith("\ufeff")  # if it begins with a byte order mark, the library escapes every character
        for place, char in enumerate(text):
            if bom or char in '"\\\u2028\u2029\n' or _SPECIAL.match(char):
                self.put(_escaped(char))
                spaces = False
            elif char == " " and folds and not spaces and self.column > _WIDTH and 0 < place < last:
                self.new_line()
                if text[place + 1] == " ":
                    self.put("\\")
                spaces = True
            else:
                self.put(char)
                spaces = char == " "
        self.mark('"', spaced=False)

    def literal(self, text: str) -> None:
        hint = "2" if text[0] == " " or _BREAK.match(text) else ""
        if not _BREAK.match(text[-1]):
            hint += "-"
        elif len(text) == 1 or _BREAK.match(text[-2]):
            hint += "+"
        self.mark(f"|{hint}")
        self.line_break()
        self.spaced = self.indented = breaks = True
        for char in text:
            if char == "\n":
                self.line_break()
                self.indented = breaks = True
            elif _BREAK.match(char):
                self.put(char)
                self.column = 0
                self.indented = breaks = True
            else:
                if breaks:
                    self.new_line()
                self.put(char)
                self.indented = breaks = False

    def mark(self, sign: str, *, spaced: bool = True, opens: bool = False) -> None:
        """Write a sign, after a space if `spaced` is set. If the sign `opens` a node, the node may begin on the same line."""
        if spaced and not self.spaced:
            self.put(" ")
        self.put(sign)
        self.spaced = False
        self.indented = self.indented and opens

    def new_line(self) -> None:
        """Move to the column of the current indentation; begin a new line if the position is already past that column."""
        indent = max(self.indent, 0)
        if not self.indented or self.column > indent or (self.column == indent and not self.spaced):
            self.line_break()
        self.put(" " * (indent - self.column))
        self.spaced = self.indented = True

    def line_break(self) -> None:
        self.parts.append("\n")
        self.column = 0

    def put(self, text: str) -> None:
        self.parts.append(text)
        self.column += len(text)


def _escaped(char: str) -> str:
    if char in _SHORT_ESCAPES:
        return "\\" + _SHORT_ESCAPES[char]
    code = ord(char)
    return f"\\x{code:02X}" if code <= 0xFF else f"\\u{code:04X}" if code <= 0xFFFF else f"\\U{code:08X}"


def _bare(value: scalars.Scalar) -> str:
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return _single(value) if isinstance(value, float) else str(value)


def _single(value: float) -> str:
    """Write a float as go-yaml does: in single precision, with the fewest digits that identify it."""
    if math.isnan(value):
        return ".nan"
    packed = _packed(value)
    single: float = struct.unpack("<f", packed)[0]
    if math.isinf(single):
        return ".inf" if single > 0 else "-.inf"
    for precision in range(9):
        text = f"{single:.{precision}e}"
        if _packed(float(text)) == packed:
            break
    exponent = text.partition("e")[2]
    if not -4 <= int(exponent) < 6:
        return text
    return f"{float(text):.{max(0, precision - int(exponent))}f}"


def _packed(value: float) -> bytes:
    try:
        return struct.pack("<f", value)
    except OverflowError:
        return struct.pack("<f", math.copysign(math.inf, value))


@functools.lru_cache(maxsize=4096)
def _in_order(keys: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(sorted(keys, key=functools.cmp_to_key(_compare)))


def _compare(one: str, other: str) -> int:
    """Compare two keys in natural order: letters sort after all other characters, and runs of digits sort by their value."""
    for place, (a, b) in enumerate(zip(one, other, strict=False)):
        if a != b:
            return _compare_at(one, other, place)
    return len(one) - len(other)


def _compare_at(one: str, other: str, place: int) -> int:
    a, b = one[place], other[place]
    letters = unicodedata.category(a)[0] == "L", unicodedata.category(b)[0] == "L"
    if letters == (True, True):
        return -1 if a < b else 1
    if any(letters):
        return -1 if letters[1] else 1
    (number, end), (other_number, other_end) = _digits(one, place), _digits(other, place)
    return -1 if (number, end, a) < (other_number, other_end, b) else 1


def _digits(text: str, place: int) -> tuple[int, int]:
    """Return the number that begins at `place`, wrapped to 64 bits, and the place where it ends."""
    number = 0
    while place < len(text) and unicodedata.category(text[place]) == "Nd":
        number = (number * 10 + ord(text[place]) - ord("0") + (1 << 63)) % (1 << 64) - (1 << 63)
        place += 1
    return number, place
