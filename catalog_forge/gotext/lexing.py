"""Splits a template into tokens as Go does (text/template/parse, lex.go), in time linear in its length.

The text may contain surrogates: each represents a byte that is not UTF-8, which Go reads as the replacement character.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator
from typing import NamedTuple

from catalog_forge.gotext import fmt
from catalog_forge.gotext.values import unrunes

KEYWORDS = frozenset("block break continue define else end if nil range template with".split()) | {"."}
_SPACES = " \t\r\n"
_SPACE = tuple(_SPACES)
_ANY_SPACE = re.compile(r"[ \t\r\n]*+")

# Matching takes linear time: each quantifier is possessive, or is followed by a character that it does not match.
_NUMBER = (
    r"[+-]?(?:0[xX][0-9a-fA-F_]*+(?:\.[0-9a-fA-F_]*+)?(?:[pP][+-]?[0-9_]*+)?|0[oO][0-7_]*+(?:\.[0-7_]*+)?|0[bB][01_]*+(?:\.[01_]*+)?"
    r"|[0-9_]*+(?:\.[0-9_]*+)?(?:[eE][+-]?[0-9_]*+)?)i?"
)
_TOKEN = re.compile(
    rf"""(?P<close>[ \t\r\n]-\}}\}}|\}}\}})
    |(?P<space>[ \t\r\n]++)
    |(?P<string>"[^"\\\n]*+(?:\\[^\n][^"\\\n]*+)*+")
    |(?P<character>'[^'\\\n]*+(?:\\[^\n][^'\\\n]*+)*+')
    |(?P<raw>`[^`]*+`)
    |(?P<sign>:=|[=|()])
    |(?P<number>(?=[0-9+-]|\.(?:[0-9]|\Z)){_NUMBER})
    |(?P<word>[.$]?\w++|[.$])
    |(?P<other>[!-~])""",
    re.VERBOSE,
)
_SECOND_NUMBER = re.compile(_NUMBER)
# The characters that may follow a word, a field or a variable.
_TERMINATOR = re.compile(r"[ \t\r\n.,|:()]|\}\}|\Z")
_UNTERMINATED = {'"': "quoted string", "'": "character constant", "`": "raw quoted string"}


class Token(NamedTuple):
    """A piece of a template. It occupies the bytes `start` to `end`, and begins on line `line`.

    The kind of a keyword or sign is its own text; the value of an `error` is the reason why Go cannot read the template.
    """

    kind: str
    value: str
    start: int
    end: int
    line: int

    def __str__(self) -> str:
        """The token as Go's errors show it."""
        if self.kind in ("eof", "error"):
            return self.value
        if self.kind in KEYWORDS:
            return f"<{self.value}>"
        data = unrunes(self.value)
        return shown(self.value[:10]) + "..." if len(data) > 10 else shown(self.value)


def shown(text: str) -> str:
    """Return a string in quotes, as %q writes it."""
    return fmt.quote(unrunes(text)).decode()


def tokens(text: str, functions: Collection[str]) -> Iterator[Token]:
    """Yield the tokens of a template. The last token is `error` or `eof`.

    `break` and `continue` are keywords unless they are in `functions`.
    """
    return _Lexer(text, functions).run()


class _Lexer:
    def __init__(self, text: str, functions: Collection[str]) -> None:
        self.text = text
        self.words = KEYWORDS - {word for word in ("break", "continue") if word in functions}
        self.is_ascii = text.isascii()
        self.parentheses = 0
        # The text that is not yet read begins at character `place`. Bytes and lines are counted only up to character `_at`,
        # which is byte `_bytes` on line `_line`.
        self.place = 0
        self._at, self._bytes, self._line = 0, 0, 1

    def run(self) -> Iterator[Token]:
        token = None
        while token is None or token.kind not in ("error", "eof"):
            for token in self.text_and_opening():
                yield token
            if token is not None and token.kind == "{{":
                for token in self.action():
                    yield token

    def text_and_opening(self) -> Iterator[Token]:
        """Yield the text before the next action, and the `{{` unless the action is a comment. At the end, yield `eof`."""
        opening = self.text.find("{{", self.place)
        if opening < 0:
            if self.place < len(self.text):
                yield self.token("text", self.place, len(self.text))
            yield self.token("eof", len(self.text), len(self.text))._replace(value="EOF")
            return
        inner = opening + 2
        trims = self.text[inner : inner + 1] == "-" and self.text[inner + 1 : inner + 2] in _SPACE
        end = self.place + len(self.text[self.place : opening].rstrip(_SPACES)) if trims else opening
        if end > self.place:
            yield self.token("text", self.place, end)
        self.place = inner + 2 * trims
        if self.text.startswith("/*", self.place):
            yield from self.comment()
        else:
            self.parentheses = 0
            yield self.token("{{", opening, inner)

    def comment(self) -> Iterator[Token]:
        """Skip a comment; yield an error if it is not closed."""
        end = self.text.find("*/", self.place + 2)
        closing = _TOKEN.match(self.text, end + 2) if end >= 0 else None
        if closing and closing.lastgroup == "close":
            self.close(closing)
        else:
            yield self.error("unclosed comment" if end < 0 else "comment ends before closing delimiter", self.place)

    def close(self, closing: re.Match[str]) -> None:
        """Skip the `}}` or `-}}` of an action, and the spaces that a `-}}` trims."""
        self.place = closing.end()
        if closing[0] != "}}":
            self.place = _ANY_SPACE.match(self.text, self.place).end()  # type: ignore[union-attr]

    def action(self) -> Iterator[Token]:
        """Yield the tokens of an action, up to its end or to an error."""
        token = None
        while token is None or token.kind not in ("error", "}}"):
            match = _TOKEN.match(self.text, self.place)
            token = self.cut(match) if match else self.unreadable(self.place)
            yield token

    def cut(self, match: re.Match[str]) -> Token:
        """Return the next token inside an action."""
        kind, (start, end) = match.lastgroup or "", match.span()
        if kind == "close":
            if self.parentheses:
                return self.error("unclosed left paren", start)
            self.close(match)
            return self.token("}}", end - 2, end)
        if kind == "word":
            return self.word(start, end)
        if kind == "number":
            return self.number(start, end)
        if kind == "sign":
            self.parentheses += {"(": 1, ")": -1}.get(match[0], 0)
            if self.parentheses < 0:
                return self.error("unexpected right paren", start)
            kind = match[0]
        if kind == "space" and self.text.startswith("-}}", end):
            # The last space is part of the closing `-}}`.
            end -= 1
        if kind == "other":
            if match[0] in _UNTERMINATED or match[0] == ":":
                return self.unreadable(start)
            kind = match[0]
        self.place = end
        return self.token(kind, start, end)

    def word(self, start: int, end: int) -> Token:
        """Return a word, a field or a variable. If the next character cannot follow it, return an error."""
        first = self.text[start]
        begin = start + (first in ".$")
        if not self.is_ascii:
            # Python's \w also matches numerals such as a superscript 2.
            odd = (place for place in range(begin, end) if not _is_alphanumeric(self.text[place]))
            end = next(odd, end)
        if start == end:
            return self.unreadable(start)
        if not _TERMINATOR.match(self.text, end):
            return self.error(f"bad character {_named(self.text[end])}", end)
        self.place = end
        value = self.text[start:end]
        kind = {"$": "variable", ".": "field"}.get(first, "identifier")
        if value in self.words:
            kind = value
        elif value in ("true", "false"):
            kind = "bool"
        return self.token(kind, start, end)

    def number(self, start: int, end: int) -> Token:
        """Return a number, or a complex number that has two parts. If a letter or digit follows directly, return an error."""
        kind = "number"
        if self.text[end : end + 1] in ("+", "-"):
            kind = "complex"
            end = _SECOND_NUMBER.match(self.text, end).end()  # type: ignore[union-attr]
        after = self.text[end : end + 1]
        if after and _is_alphanumeric(after):
            return self.error(f"bad number syntax: {shown(self.text[start : end + 1])}", start)
        if kind == "complex" and self.text[end - 1] != "i":
            return self.error(f"bad number syntax: {shown(self.text[start:end])}", start)
        self.place = end
        return self.token(kind, start, end)

    def unreadable(self, place: int) -> Token:
        """Return an `error` token for a place where no other token begins."""
        if place >= len(self.text):
            return self.error("unclosed action", place)
        char = self.text[place]
        if char in _UNTERMINATED:
            return self.error(f"unterminated {_UNTERMINATED[char]}", place)
        if char == ":":
            return self.error("expected :=", place)
        return self.error(f"unrecognized character in action: {_named(char)}", place)

    def error(self, message: str, place: int) -> Token:
        return self.token("error", place, place)._replace(value=message)

    def token(self, kind: str, start: int, end: int) -> Token:
        value = self.text[start:end]
        self._go_to(start)
        begin, line = self._bytes, self._line
        self._go_to(end)
        return Token(kind, value, begin, self._bytes, line)

    def _go_to(self, place: int) -> None:
        """Count the bytes and lines up to a place. `place` never decreases from call to call."""
        passed = self.text[self._at : place]
        self._bytes += len(passed) if self.is_ascii else len(unrunes(passed))
        self._line += passed.count("\n")
        self._at = place


def _is_alphanumeric(char: str) -> bool:
    return char == "_" or char.isalpha() or char.isdecimal()


def _named(char: str) -> str:
    """Return a character as %#U writes it."""
    char = "\ufffd" if "\udc80" <= char <= "\udcff" else char
    return f"U+{ord(char):04X}" + (f" '{char}'" if fmt.is_printable(char) else "")
