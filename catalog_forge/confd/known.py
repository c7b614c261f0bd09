"""Infers what is known about the values in a template, and about the results of functions, without running the template.

Each unknown part of a string is represented by a WILD character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from catalog_forge.confd import calls
from catalog_forge.confd.calls import Argument
from catalog_forge.confd.imitated.flags import WILD

# The `origin` of a value that is the name of a key, or part of such a name.
NAME = "#"
_VERB = re.compile(r"%[-+# 0]*+[0-9.]*+[a-zA-Z%]")
# A verb with an argument index such as %[2]d, or one whose width or precision is an argument, such as %*d.
_CHOOSES = re.compile(r"%[^a-zA-Z%]*[\[*]")
KEEP = ("toUpper", "toLower", "trimSuffix", "or", "and", "print", "println", "index")
_MOST_FIELDS = 50
# Longer text is dropped, because text would grow without bound if a template joined names repeatedly.
LONGEST = 2000

Kind = Literal["text", "number", "names", "pairs", "pair", "values", "position", "time", "json"]


@dataclass(frozen=True, slots=True)
class Value:
    """What is known about a value in a template.

    `text` is its text, `kind` is its role (`names` means a list of names of keys), `type` is its Go type, and
    `fields` has the fields if it is a map. If the value is an unchanged stored value, `source` is its path in the store.
    `constant` means that the template contains the value as a literal. `origin` is where the value comes from: the path of a
    key, `$` and the name of an environment variable, or NAME for a key's name. For a part of a JSON value, `origin` also has
    the names of the fields that lead to that part, one per line.
    """

    text: str = WILD
    kind: Kind = "text"
    source: str = ""
    fields: tuple[tuple[str, Value], ...] = ()
    type: str = ""
    constant: bool = False
    origin: str = ""

    @property
    def argument(self) -> Argument:
        """The value as an argument of a call."""
        known = self.constant or (self.type == "string" and WILD not in self.text)
        return Argument(self.type, self.text if known else None, self.kind == "number" and self.constant)


def element(value: Value) -> Value:
    """Return what is known about each element of a list."""
    kind = calls.ELEMENTS.get(value.type, "")
    if value.kind == "pairs":
        return Value(value.text, "pair", type=kind, origin=value.text)
    if value.kind == "values":
        return Value(source=value.text, type=kind, origin=value.text)
    return Value(kind="number" if kind == "int" else "text", type=kind, origin=value.origin)


def of_fields(value: Value, fields: Sequence[str]) -> Value:
    """Return what is known about the field that a chain of names, such as `.a.b`, selects from a value."""
    if not fields:
        return value
    if value.kind == "pair" and len(fields) == 1:
        text = "Key" in fields
        origin = NAME if text else value.text
        return Value(value.text, type="string", origin=origin) if text else Value(source=value.text, type="string", origin=origin)
    for name in fields:
        value = dict(value.fields).get(name, Value())
    return value


def result_of(name: str, values: list[Value]) -> Value:
    """Return what is known about the result of a function that does not read the store."""
    match name:
        case "printf" if values:
            return _printed(values[0].text, values[1:])
        case "print":
            return _short("".join(value.text for value in values), _source(values))
        case "dir" if values:
            return Value(_folder(values[0].text))
        case "datetime":
            return Value(kind="time")
        case "map":
            pairs = zip(values[::2], values[1::2], strict=False)
            return Value(fields=tuple((key.text, _shallow(value)) for key, value in pairs)[:_MOST_FIELDS])
    return Value(source=_source(values) if name in KEEP else "")


def _shallow(value: Value) -> Value:
    """Return a value without the fields of its fields: a template that calls itself could otherwise nest maps without bound."""
    return replace(value, fields=tuple((name, replace(inner, fields=())) for name, inner in value.fields))


def _folder(path: str) -> str:
    """Return the parent folder of a path, or WILD if the parent folder is unknown."""
    above, slash, name = path.rpartition("/")
    return WILD if not slash or name == WILD and above.endswith(WILD) else above or "/"


def _source(values: Iterable[Value]) -> str:
    return next((value.source for value in values if value.source), "")


def _printed(pattern: str, values: list[Value]) -> Value:
    """Return what is known about the result of printf: each %s or %v becomes its argument's text; other verbs become WILD."""
    if _CHOOSES.search(pattern) or len(pattern) + sum(len(value.text) for value in values) > LONGEST:
        return Value()
    rest = iter(values)
    source = ""

    def put(match: re.Match[str]) -> str:
        nonlocal source
        if match[0] == "%%":
            return "%"
        value = next(rest, Value())
        if match[0] in ("%s", "%v"):
            source = source or value.source
            return value.text
        return WILD

    text = _VERB.sub(put, pattern)
    return Value(text, source=source)


def _short(text: str, source: str) -> Value:
    return Value(text if len(text) <= LONGEST else WILD, source=source)
