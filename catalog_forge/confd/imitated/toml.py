"""Parses TOML as confd does, by the rules of BurntSushi/toml 0.3.1 (lex.go, parse.go).

That parser is older than TOML 1.0, and is less strict in some respects.
Numbers may begin with zeros, strings may contain any character, CR alone ends a line, a NUL ends the file, and a key may
appear twice in an inline table. Dotted keys, numbers in other bases, times without a date, inf, nan and lists of mixed types
are refused.
Source: docs/facts/confd.md#1.4
"""

from __future__ import annotations

import math
import re
from calendar import monthrange
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import NoReturn

from catalog_forge.gotext.parsing import SPACES

# The maximum nesting of lists and inline tables.
MAX_NESTING = 100
_BLANK = re.compile(r"[ \t]*+")
_BLANKS = re.compile(r"[ \t\r\n]*+")
_COMMENT = re.compile(r"#[^\r\n\0]*+")
_BARE = re.compile(r"[A-Za-z0-9_-]*+")
_ESCAPED = r"\\(?:[btnfr\"\\]|u[0-9a-fA-F]{4}|U[0-9a-fA-F]{8})"
_STRING = re.compile(
    rf'"""(?P<long>(?:[^"\\\0]++|{_ESCAPED}|\\[\r\n]|"(?!""))*+)"""|"(?P<short>(?:[^"\\\r\n\0]++|{_ESCAPED})*+)"'
    r"|'''(?P<rawlong>(?:[^'\0]++|'(?!''))*+)'''|'(?P<raw>[^'\r\n\0]*+)'"
)
_ESCAPE = re.compile(rf"{_ESCAPED}|\\")
_JOINED = re.compile(rf"\\\n[{SPACES}]*+")
_QUOTES = ("'", '"')
_SIMPLE = {"b": "\b", "t": "\t", "n": "\n", "f": "\f", "r": "\r", '"': '"', "\\": "\\"}
_SCALAR = re.compile(
    r"(?P<time>[0-9]++-[-0-9T:.Z+]*+)|(?P<float>[+-]?[0-9][0-9_]*+[.eE][-+0-9_.eE]*+)"
    r"|(?P<integer>[+-]?[0-9][0-9_]*+)|(?P<word>[^\W\d_]++)"
)
_FLOAT = re.compile(r"[+-]?[0-9]++(?:\.[0-9]++)?(?:[eE][+-]?[0-9]++)?")
_LONE = re.compile(r"__|_(?![0-9])|(?<![-+0-9])_")
_TIME = re.compile(
    r"([0-9]{4})-([0-9]{2})-([0-9]{2})(?:T([0-9]{1,2}):([0-9]{2}):([0-9]{2})(?:\.[0-9]+)?(?:Z|[+-]([0-9]{2}):([0-9]{2}))?)?"
)


class TomlFault(Exception):
    """An error that confd reports for a file, and the offset of the character at which it occurs."""

    def __init__(self, message: str, place: int) -> None:
        super().__init__(message)
        self.place = place


class Table(dict[str, object]):
    """A table: its values, and the offset of each key. A table is `implied` if only tables below it have headers."""

    __slots__ = ("implied", "places")

    def __init__(self, *, implied: bool = False) -> None:
        super().__init__()
        self.implied = implied
        self.places: dict[str, int] = {}


class Tables(list[Table]):
    """An array of tables: `[[name]]`."""


@dataclass(frozen=True, slots=True)
class DateTime:
    """A date or a time, kept as text."""

    text: str


def parse(text: str) -> Table:
    """Parse a file. Raises TomlFault where confd refuses it, and for nesting deeper than MAX_NESTING."""
    reader = _TomlReader(text)
    reader.read()
    return reader.root


@dataclass(slots=True)
class _TomlReader:
    text: str
    place: int = 0
    depth: int = 0
    root: Table = field(default_factory=Table)
    table: Table = field(init=False)

    def __post_init__(self) -> None:
        self.table = self.root

    def fail(self, message: str, place: int | None = None) -> NoReturn:
        raise TomlFault(message, self.place if place is None else place)

    @property
    def char(self) -> str:
        """The next character, or "" at the end of the file."""
        return self.text[self.place : self.place + 1]

    def skip(self, pattern: re.Pattern[str]) -> str:
        found = pattern.match(self.text, self.place)
        self.place = found.end() if found else self.place
        return found[0] if found else ""

    def expect(self, char: str, what: str) -> None:
        if self.char != char:
            self.fail(f"expected {char} {what}, not {self.char!r}" if self.char else f"expected {char} {what}: the file ends")
        self.place += 1

    def read(self) -> None:
        while True:
            self.skip(_BLANKS)
            if self.skip(_COMMENT):
                continue
            if not self.char:
                return
            if self.char == "[":
                self.header()
            else:
                self.pair(self.table)
            self.skip(_BLANK)
            # confd treats a NUL as the end of the file, and ignores the rest.
            if self.char in ("", "\0"):
                return
            if self.char not in "\r\n#":
                self.fail(f"expected end of line, not {self.char!r}")

    # Tables

    def header(self) -> None:
        start = self.place
        is_array = self.text.startswith("[[", start)
        self.place += 1 + is_array
        names = [self.name()]
        while self.char == ".":
            self.place += 1
            names.append(self.name())
        self.expect("]", "after the name of a table")
        if is_array:
            self.expect("]", "after the name of a table")
        above = self.root
        for name in names[:-1]:
            above = self.below(above, name, start)
        self.table = self.append(above, names[-1], start) if is_array else self.define(above, names[-1], start)

    def name(self) -> str:
        self.skip(_BLANK)
        if self.char in _QUOTES:
            name = self.string()
        elif not (name := self.skip(_BARE)):
            self.fail("the name of a table must not be empty; outside of quotes it may contain only letters, digits, - and _")
        self.skip(_BLANK)
        return name

    def below(self, above: Table, name: str, start: int) -> Table:
        found = above.setdefault(name, Table(implied=True))
        above.places.setdefault(name, start)
        if isinstance(found, Tables):
            return found[-1]
        if not isinstance(found, Table):
            self.fail(f"{name} is a value, not a table", start)
        return found

    def append(self, above: Table, name: str, start: int) -> Table:
        found = above.setdefault(name, Tables())
        if not isinstance(found, Tables):
            self.fail(f"{name} already exists, and is not an array of tables", start)
        above.places.setdefault(name, start)
        found.append(Table())
        return found[-1]

    def define(self, above: Table, name: str, start: int) -> Table:
        self.set(above, name, Table(), start)
        found = above[name]
        return found if isinstance(found, Table) else Table()

    def set(self, table: Table, name: str, value: object, start: int) -> None:
        known = table.get(name)
        if isinstance(known, Table) and known.implied:
            # The new table is dropped, and the implied table stays.
            known.implied = False
        elif name in table:
            self.fail(f"{name} already exists", start)
        else:
            table[name], table.places[name] = value, start

    # Keys and values

    def key(self) -> str:
        if self.char in _QUOTES:
            name = self.string()
        elif not (name := self.skip(_BARE)) or self.char not in (" ", "\t", "="):
            self.fail(f"a key cannot hold {self.char!r} outside of quotes" if self.char else "the file ends after a key")
        self.skip(_BLANK)
        self.expect("=", "after a key")
        return name

    def pair(self, table: Table) -> None:
        start = self.place
        name = self.key()
        self.set(table, name, self.value(), start)

    def value(self) -> object:
        self.skip(_BLANK)
        match self.char:
            case "[":
                return self.nested(self.array)
            case "{":
                return self.nested(self.inline)
            case '"' | "'":
                return self.string()
        return self.scalar()

    def nested(self, read: Callable[[], object]) -> object:
        self.depth += 1
        if self.depth > MAX_NESTING:
            self.fail(f"lists and tables are nested more deeply than {MAX_NESTING}")
        self.place += 1
        found = read()
        self.depth -= 1
        return found

    def array(self) -> list[object]:
        found: list[object] = []
        while self.spaced() != "]":
            start = self.place
            found.append(self.value())
            if type(found[0]) is not type(found[-1]):
                self.fail("all values of a list must have the same type", start)
            if self.spaced() == ",":
                self.place += 1
            elif self.char != "]":
                self.fail(f"expected a comma or ] in a list, not {self.char!r}" if self.char else "a list is not closed")
        self.place += 1
        return found

    def spaced(self) -> str:
        """Skip spaces, line endings and comments, and return the next character."""
        self.skip(_BLANKS)
        while self.skip(_COMMENT):
            self.skip(_BLANKS)
        return self.char

    def inline(self) -> Table:
        found = Table()
        self.skip(_BLANK)
        while self.char != "}":
            start = self.place
            name = self.key()
            found[name], found.places[name] = self.value(), start
            self.skip(_BLANK)
            if self.char == ",":
                self.place += 1
            elif self.char != "}":
                self.fail(f"expected a comma or }} in a table, not {self.char!r}" if self.char else "a table is not closed")
            self.skip(_BLANK)
        self.place += 1
        return found

    def scalar(self) -> object:
        found = _SCALAR.match(self.text, self.place)
        if not found:
            self.fail(f"expected a value, not {self.char!r}" if self.char else "expected a value: the file ends")
        start, word = self.place, found[0]
        self.place = found.end()
        match found.lastgroup:
            case "time":
                return DateTime(word) if _is_time(word) else self.fail(f"{word} is not a time with a date", start)
            case "word":
                return word == "true" if word in ("true", "false") else self.fail(f"{word} is not a value", start)
        number = _number(word, is_float=found.lastgroup == "float")
        return number if number is not None else self.fail(f"{word[:40]} does not fit into 64 bits", start)

    def string(self) -> str:
        start = self.place
        found = _STRING.match(self.text, start)
        if not found or (found.lastgroup in ("short", "raw") and self.text.startswith(self.char * 3, start)):
            self.fail("a string is not closed, or has an invalid escape")
        self.place = found.end()
        kind, inner = found.lastgroup or "", found[found.lastgroup or 0]
        if kind == "long":
            inner = _JOINED.sub("", inner)
        inner = inner.removeprefix("\n") if kind in ("long", "rawlong") else inner
        try:
            return inner if kind.startswith("raw") else _ESCAPE.sub(_unescaped, inner)
        except ValueError:
            self.fail("a string has an invalid escape", start)


def _unescaped(found: re.Match[str]) -> str:
    digits = found[0][2:]
    if digits:
        code = int(digits, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError
        return chr(code)
    if found[0] == "\\":
        raise ValueError
    return _SIMPLE[found[0][1]]


def _number(word: str, *, is_float: bool) -> int | float | None:
    """Parse a string as a 64-bit number. Return None if it is not one."""
    if _LONE.search(word):
        return None
    word = word.replace("_", "")
    if is_float:
        number = float(word) if _FLOAT.fullmatch(word) else math.inf
        return number if math.isfinite(number) else None
    digits = word.lstrip("+-").lstrip("0")
    whole = int(word[0].strip("0123456789") + (digits or "0")) if len(digits) < 20 else 1 << 64
    return whole if -(1 << 63) <= whole < 1 << 63 else None


def _is_time(word: str) -> bool:
    """Whether Go's time.Parse accepts a string as a date, with or without a time."""
    found = _TIME.fullmatch(word)
    if not found:
        return False
    year, month, day, hour, minute, second, east, past = (int(part or 0) for part in found.groups())
    days = monthrange(year or 4, month)[1] if 1 <= month <= 12 else 0
    return 1 <= day <= days and hour < 24 and minute < 60 and second < 60 and east <= 24 and past <= 60
