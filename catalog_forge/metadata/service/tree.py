"""Draws an answer as a tree, with shortened values, hidden secrets and shortened lists."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service import printing
from catalog_forge.shown import as_json

HIDDEN = "(hidden)"

_SECRET = re.compile(r"pass(word|wd|phrase)?$|secret|token|credential|(private|api|access|secret)[-_. ]?key", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Look:
    """What a drawing shows: at most `depth` levels below the top, `items` elements of a list and `width` characters of a value.

    Values that look like secrets are hidden unless `secrets` is true.
    """

    depth: int = 100
    items: int = 10
    width: int = 72
    secrets: bool = False


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the drawing: the branch lines before its label, the label, and the value, which is empty if children follow."""

    branches: str
    label: str
    value: str

    def __str__(self) -> str:
        return f"{self.branches}{self.label}{': ' if self.label and self.value else ''}{self.value}"


def draw(value: Value, name: str, look: Look = Look()) -> Iterator[Line]:
    """Draw a value as a tree whose top is `name`. A list element is labelled `0=name` or `0`, as the service lists it."""
    shown = value if look.secrets else without_secrets(value)
    yield Line("", _printable(name), _leaf(shown, look, level=0))
    yield from _below(shown, look, "", 1)


def looks_secret(key: str) -> bool:
    """Whether a key suggests that its value is a secret: password, token, private key..."""
    return _SECRET.search(key) is not None


def without_secrets(value: Value, *, secret: bool = False) -> Value:
    """Return a copy of a value in which everything below a key that looks like a secret is hidden."""
    if isinstance(value, dict):
        return {key: without_secrets(child, secret=secret or looks_secret(key)) for key, child in value.items()}
    if isinstance(value, list | tuple):
        return [without_secrets(child, secret=secret) for child in value]
    return HIDDEN if secret and value not in (None, "") else value


def _below(value: Value, look: Look, branches: str, level: int) -> Iterator[Line]:
    if level > look.depth:
        return
    children = list(_children(value, look))
    more = len(value) - len(children) if isinstance(value, list | tuple) else 0
    for place, (label, child) in enumerate(children):
        last = place == len(children) - 1 and not more
        yield Line(branches + ("└─ " if last else "├─ "), label, _leaf(child, look, level))
        yield from _below(child, look, branches + ("   " if last else "│  "), level + 1)
    if more:
        yield Line(branches + "└─ ", "", f"… {more} more")


def _children(value: Value, look: Look) -> Iterator[tuple[str, Value]]:
    if isinstance(value, dict):
        yield from ((_printable(key), value[key]) for key in sorted(value))
    elif isinstance(value, list | tuple):
        for index, child in enumerate(value[: look.items]):
            name = child.get("name", child.get("uuid")) if isinstance(child, dict) else None
            yield (f"{index}={_printable(name)}" if isinstance(name, str) else str(index)), child


def _leaf(value: Value, look: Look, level: int) -> str:
    """Return the text for a value. For a map or list, this is its size or, if its children are drawn, an empty string."""
    match value:
        case {} | [] if not value:
            return "{}" if isinstance(value, dict) else "[]"
        case dict() | list() | tuple():
            what = "key" if isinstance(value, dict) else "element"
            return f"… {len(value)} {what}{'s' * (len(value) > 1)}" if level >= look.depth else ""
        case str():
            text = _printable(value)
            return text if len(text) <= look.width else f"{text[: look.width - 1]}…"
        case None:
            return "null"
        case _:
            return printing.to_text(value)


def _printable(text: str) -> str:
    """Return a text unchanged, or quoted and escaped if it is empty, begins or ends with a space, or could move the cursor."""
    return text if text.isprintable() and text == text.strip() != "" else as_json(text)
