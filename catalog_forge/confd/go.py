"""Writing Go template source: string literals, literal text, paths with variables in them."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache


@cache
def string(text: str) -> str:
    """Write a Go string literal. JSON's escapes are a subset of Go's; what cannot be seen is spelled out."""
    quoted = json.dumps(text, ensure_ascii=False)
    return "".join(char if char.isprintable() else f"\\u{ord(char):04x}" for char in quoted)


def literal(text: str) -> str:
    """Write text that a template prints as it is: `{{` opens an action, and so does `{` before one."""
    text = text.replace("{{", '{{"{{"}}')
    return text[:-1] + '{{"{"}}' if text.endswith("{") else text


def paren(term: str) -> str:
    """Put a term in parentheses when it is more than one word."""
    return term if " " not in term or term.startswith('"') and term.count('"') == 2 else f"({term})"


@dataclass(frozen=True, slots=True)
class Path:
    """A key of the store: a printf format with the terms that fill it in."""

    format: str
    terms: tuple[str, ...] = ()

    def child(self, name: str) -> Path:
        """Return the key below this one."""
        return Path(f"{self.format}/{name.replace('%', '%%')}", self.terms)

    @property
    def term(self) -> str:
        """The path as a term: a literal, or a printf of its parts."""
        if not self.terms:
            return string(self.format.replace("%%", "%"))
        if self.format == "%s":
            return self.terms[0]
        return f"printf {string(self.format)} {' '.join(map(paren, self.terms))}"

    @property
    def value(self) -> str:
        """The term that reads the value of this key; confd fails if it does not exist."""
        return f"getv {paren(self.term)}"

    def value_or(self, default: str) -> str:
        """The term that reads the value, or gives `default` (a Go term) when it is missing."""
        return f"getv {paren(self.term)} {paren(default)}"

    def given(self, default: str) -> str:
        """The term that reads the value, or gives `default` when it is missing or empty: an unanswered question is empty."""
        empty = self.value_or('""')
        return empty if default == '""' else f"or ({empty}) {paren(default)}"


def path(text: str) -> Path:
    """Make a path of a constant key."""
    return Path(text.replace("%", "%%"))


def apart_line(code: str) -> str:
    """Keep the white space that code begins with from the trim marker before it."""
    return '{{""}}' + code if code[:1].isspace() else code


def all_of(conditions: Sequence[str]) -> str:
    """Return the term that is true when all conditions are."""
    return _joined("and", conditions) if conditions else "true"


def any_of(conditions: Sequence[str]) -> str:
    """Return the term that is true when one of the conditions is. There must be one."""
    return _joined("or", conditions)


def _joined(word: str, conditions: Sequence[str]) -> str:
    return conditions[0] if len(conditions) == 1 else f"{word} {' '.join(f'({condition})' for condition in conditions)}"
