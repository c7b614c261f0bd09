"""Writes Go template source: string literals, literal text, and paths that contain variables."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@cache
def string(text: str) -> str:
    """Write a Go string literal with JSON's escapes, which are valid in Go. All other invisible characters are also escaped."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in quoted)


def literal(text: str) -> str:
    """Return template code that prints text unchanged.

    In the text, `{{`, and `{` at the end, would open an action. An action that prints the same characters replaces them.
    """
    text = text.replace("{{", '{{"{{"}}')
    return text[:-1] + '{{"{"}}' if text.endswith("{") else text


def paren(term: str) -> str:
    """Return a template expression, in parentheses if it has more than one word."""
    return term if " " not in term or term.startswith('"') and term.count('"') == 2 else f"({term})"


@dataclass(frozen=True, slots=True)
class Path:
    """The path of a key in the store: a printf format, and the template expressions for the verbs in the format."""

    format: str
    terms: tuple[str, ...] = ()

    def child(self, name: str) -> Path:
        """Return the path of the child with this name."""
        return Path(f"{self.format}/{name.replace('%', '%%')}", self.terms)

    @property
    def term(self) -> str:
        """The path as a template expression: a string literal or a printf call."""
        if not self.terms:
            return string(self.format.replace("%%", "%"))
        if self.format == "%s":
            return self.terms[0]
        return f"printf {string(self.format)} {' '.join(map(paren, self.terms))}"

    @property
    def value(self) -> str:
        """The template expression that reads the value of this key; confd fails if the key does not exist."""
        return f"getv {paren(self.term)}"

    def value_or(self, default: str) -> str:
        """Return an expression that yields the value, or `default` (also an expression) if the key is missing."""
        return f"getv {paren(self.term)} {paren(default)}"

    def given(self, default: str) -> str:
        """Return an expression that yields the value, or `default` if the value is missing or empty (no answer was given)."""
        empty = self.value_or('""')
        return empty if default == '""' else f"or ({empty}) {paren(default)}"


def path(text: str) -> Path:
    """Return the path of a key whose name contains no template expression."""
    return Path(text.replace("%", "%%"))


def apart_line(code: str) -> str:
    """Protect the white space at the beginning of the code from a trim marker before the code."""
    return '{{""}}' + code if code[:1].isspace() else code


def all_of(conditions: Sequence[str]) -> str:
    """Return the template expression that is true when all conditions are true."""
    return _joined("and", conditions) if conditions else "true"


def any_of(conditions: Sequence[str]) -> str:
    """Return the template expression that is true when any condition is true. At least one condition is required."""
    return _joined("or", conditions)


def _joined(word: str, conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"{word} {' '.join(f'({condition})' for condition in conditions)}"
