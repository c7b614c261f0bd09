"""Defines a file format as data: how it writes a pair, a comment and a value, and which values it cannot represent.

The data has two uses: `Escape.apply` uses it to write the author's own constants, and the compiler turns it into confd template
code for values that only the metadata service has. A test checks that both give the same results.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

TAB, NEWLINE = "\t", "\n"
# Some readers treat these characters as line endings, so a format with one value per line refuses values that contain one.
LINE_ENDS = "\u0085\u2028\u2029"
# A character that occurs in no real text. It stands for a value in a text while the value's context is determined.
MARK = "\ue000"

_CONTROL = re.compile("[\x00-\x1f\x7f-\x9f\ufffe\uffff]")


@dataclass(frozen=True, slots=True)
class Escape:
    """Defines how a value is written in one kind of place in a format, such as inside single quotes.

    `replace` is applied in order. `controls` lists the control characters that are allowed (they are replaced, or harmless);
    all others are refused unless `any_control` is set. If `seen` is set, other invisible characters are also refused, such as
    spaces that only some readers strip. `refuse` lists further characters to refuse. If `word` is set, only letters, digits,
    `-._~` and the characters of `extra` are allowed. `not_first` and `not_last` list characters that are refused at the beginning
    or the end. `longest` is the maximum number of bytes of a value as Go's %q writes it. `lead` is put before a leading space. If
    `quoted` is set, values are written as Go's %q writes them, and YAML reads them back exactly. If `ascii` is set,
    `java_escaped` is applied before `replace`; a template cannot escape characters above U+FFFF in this way, so they are refused.
    """

    name: str
    opening: str = ""
    closing: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    refuse: str = ""
    controls: str = ""
    any_control: bool = False
    seen: bool = False
    not_first: str = ""
    not_last: str = ""
    empty: bool = True
    lead: str = ""
    word: bool = False
    extra: str = ""
    quoted: bool = False
    ascii: bool = False
    longest: int = 0

    @property
    def changes(self) -> bool:
        """Whether some values look different in the file, because characters in them are escaped."""
        return self.quoted or self.ascii or bool(self.replace)

    def apply(self, text: str) -> str:
        """Write a constant, without the quotes around it. Raises ValueError if the constant is refused."""
        if self.refuses(text):
            raise ValueError(self.refusal)
        if self.quoted:
            return go_quote(text)[1:-1]
        if self.ascii:
            text = java_escaped(text)
        for old, new in self.replace:
            text = text.replace(old, new)
        return self.lead + text if self.lead and text.startswith(" ") else text

    def refuses(self, text: str) -> bool:
        """Return whether this text cannot be written in this place."""
        controls = () if self.any_control else _CONTROL.findall(text)
        return (
            any(char not in self.controls for char in controls)
            or (self.seen and any(not char.isprintable() and char not in self.controls for char in text))
            or any(char in text for char in self.refuse)
            or (self.word and not re.fullmatch(f"[A-Za-z0-9._~{self.extra}-]*", text))
            or (bool(text) and (text[0] in self.not_first or text[-1] in self.not_last))
            or (not text and not self.empty)
            or (self.ascii and any(char > "\uffff" for char in text))
            or bool(self.longest and len(go_quote(text).encode()) > self.longest)
        )

    @property
    def refusal(self) -> str:
        """Return the error for refused values, or "" if any value is allowed."""
        marks = "".join(char for char in f"-._~{self.extra}" if char not in self.refuse)
        reasons = [f"characters other than letters, digits and {marks}"] if self.word else []
        if not self.word and (shown := "".join(char for char in self.refuse if char.isprintable())):
            reasons.append(f"any of {shown}")
        if not self.any_control and not self.word:
            reasons += ["a control character"] if NEWLINE in self.controls else ["a line break", "a control character"]
        reasons += ["invisible characters"] if self.seen else []
        reasons += ["a NUL"] if "\0" in self.refuse else []
        for chars, place in ((self.not_first, "beginning"), (self.not_last, "end")):
            if chars:
                reasons.append(f"{'white space' if chars[0].isspace() else f'any of {chars}'} at the {place}")
        reasons += ["a character above U+FFFF"] if self.ascii else []
        reasons += ["an empty value"] if not self.empty else []
        reasons += [f"more than {self.longest} bytes"] if self.longest else []
        return f"this text cannot be written here (not allowed: {', '.join(reasons)})" if reasons else ""


@dataclass(frozen=True, slots=True)
class Placement:
    """The placement of a value in a text: how the value is escaped, whether it gets quotes, or why it is not allowed there."""

    escape: Escape
    whole: bool = False
    forbidden: str = ""


# A function that returns why the text of a file is not valid in a format, and on which line, or "" if the text is valid.
Fault = Callable[[str], str]
# A function that yields the placement of each MARK in a text.
Placements = Callable[[str], Iterator[Placement]]


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. `pair` is the form of a line with {key} and {value}, or "" if the format has no pairs.

    `placements` finds the context of each value in a text. `typed` formats write numbers and booleans without quotes. `inner` is
    the form of a pair inside a nested map. If the format has a syntax, `fault` returns why text is not valid.
    """

    name: str
    value: Escape
    key: Escape
    placements: Placements
    pair: str = ""
    comment: str = ""
    typed: bool = False
    head: str = ""
    tail: str = ""
    inner: str = "{key}: {value}"
    fault: Fault | None = None

    def constant(self, value: str) -> str:
        """Write text of the author as a whole value. Raises ValueError if the format cannot represent the text."""
        return self.value.opening + self.value.apply(value) + self.value.closing

    def constant_key(self, name: str) -> str:
        """Write a key of the author. Raises ValueError if the format cannot represent the key."""
        return self.key.opening + self.key.apply(name) + self.key.closing


# A place for unchanged text in one line, such as a comment or a line of a list.
LINE = Escape("line", refuse=LINE_ENDS, controls=TAB)
MOVE = "move the expression to another place in the text, or remove the characters before it"
BEHIND_BACKSLASH = "after a backslash, which would change the value's first character (write the backslash twice)"


def odd_backslash(before: str) -> bool:
    """Return whether the text ends in a backslash that is not escaped itself."""
    return (len(before) - len(before.rstrip("\\"))) % 2 == 1


def line_placements(value: Escape, key: Escape, comments: str, key_end: str) -> Placements:
    """Return the `placements` of a format whose lines are a key, a separator (the regular expression `key_end`) and a value."""
    separator = re.compile(key_end)

    def placements(text: str) -> Iterator[Placement]:
        for line in re.sub(r"\\\n\s*", "= ", text).split("\n"):
            for found in re.finditer(MARK, line):
                before = line[: found.start()].lstrip()
                if before[:1] and before[0] in comments:
                    yield Placement(LINE)
                elif odd_backslash(before):
                    yield Placement(value, forbidden=BEHIND_BACKSLASH)
                else:
                    yield Placement(value if separator.search(before) else key)

    return placements


def java_escaped(text: str) -> str:
    """Escape line breaks, tabs, backslashes, and characters that are not ASCII, in the form of Java properties and JSON."""
    return json.dumps(text)[1:-1].replace('\\"', '"')


def go_quote(text: str) -> str:
    """Quote text as Go's %q does. YAML reads exactly this text back from the result in double quotes (YAML 1.2, 5.7)."""
    return '"' + "".join(_go_char(c) for c in text) + '"'


_NAMED = {
    "\a": "\\a",
    "\b": "\\b",
    "\f": "\\f",
    "\n": "\\n",
    "\r": "\\r",
    "\t": "\\t",
    "\v": "\\v",
    "\\": "\\\\",
    '"': '\\"',
}


def _go_char(char: str) -> str:
    if char in _NAMED:
        return _NAMED[char]
    if char.isprintable():
        return char
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
