"""What a file format is, as data: how a pair, a comment and a value are written, and which values it cannot hold.

The same data serves twice: `Escape.apply` writes the author's own constants, and the compiler turns it into confd template
code for the values that only the metadata service knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TAB, NEWLINE, RETURN = "\t", "\n", "\r"
# Line ends of one reader or another; a format in which a line is a value refuses them all.
LINE_ENDS = "\u0085\u2028\u2029"


@dataclass(frozen=True, slots=True)
class Escape:
    """How a value stands in one place of a format.

    `replace` is applied in its order. `controls` lists the control characters that may stand (after replacing); any other is
    refused, as is each character of `refuse`, a blank at either end unless `edges`, and an empty value unless `empty`.
    `lead` is put before a leading blank. `quoted` means Go's %q, which YAML reads back exactly.
    """

    name: str
    opening: str = ""
    closing: str = ""
    replace: tuple[tuple[str, str], ...] = ()
    refuse: str = ""
    controls: str = ""
    edges: bool = True
    empty: bool = True
    lead: str = ""
    word: bool = False
    quoted: bool = False
    any_control: bool = False

    def apply(self, text: str) -> str:
        """Write a constant, without the quotes around it. Raises ValueError when this place cannot hold it."""
        if reason := self.refuses(text):
            raise ValueError(reason)
        if self.quoted:
            return go_quote(text)[1:-1]
        for old, new in self.replace:
            text = text.replace(old, new)
        return self.lead + text if self.lead and text.startswith(" ") else text

    def refuses(self, text: str) -> str:
        """Say why this place cannot hold the text; nothing when it can."""
        if not self.any_control and any(c < " " and c not in self.controls for c in text):
            return "it holds a control character or a line break"
        if any(c in text for c in self.refuse):
            return f"it holds one of {self.refuse!r}"
        if not self.edges and text != text.strip(" \t"):
            return "it begins or ends with a blank"
        return "it is empty" if not self.empty and not text else ""


@dataclass(frozen=True, slots=True)
class Format:
    """A file format. `pair` is a line with {key} and {value}; empty where the format has no pairs.

    `inside` gives the escape within the quotes that a text block may open; `typed` formats write numbers and truths bare.
    """

    name: str
    value: Escape
    key: Escape
    pair: str = ""
    comment: str = ""
    inside: Mapping[str, Escape] = field(default_factory=dict)
    typed: bool = False
    head: str = ""
    tail: str = ""

    def constant(self, value: str) -> str:
        """Write a text of the author as a whole value. Raises ValueError when the format cannot hold it."""
        return self.value.opening + self.value.apply(value) + self.value.closing

    def constant_key(self, name: str) -> str:
        """Write a key of the author. Raises ValueError when the format cannot hold it."""
        return self.key.opening + self.key.apply(name) + self.key.closing


# A place that takes one line as it is: a comment, a line of a list.
LINE = Escape("line", refuse=LINE_ENDS, controls=TAB)


def go_quote(text: str) -> str:
    """Quote as Go's %q does: YAML's double quotes read it back exactly (yaml 1.2, 5.7)."""
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
