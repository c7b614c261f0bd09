"""What is known of a value in a template without running it, and of what functions make of it.

What is not known of a text is a WILD character.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Literal

from catalog_forge.confd import calls
from catalog_forge.confd.calls import Argument
from catalog_forge.confd.imitated.flags import WILD

# Where a value comes from that is the name of a key, or a part of one.
NAME = "#"
_VERB = re.compile(r"%[-+# 0]*+[0-9.]*+[a-zA-Z%]")
# A verb that says which argument it takes, or takes two.
_CHOOSES = re.compile(r"%[^a-zA-Z%]*[\[*]")
KEEP = ("toUpper", "toLower", "trimSuffix", "or", "and", "print", "println", "index")
_MOST_FIELDS = 50
# Longer texts are given up: names that are put together again and again would grow without bound.
LONGEST = 2000

Kind = Literal["text", "number", "names", "pairs", "pair", "values", "position", "time", "json"]


@dataclass(frozen=True, slots=True)
class Value:
    """What is known of a value: its text, what it is, the path whose stored value it holds as it is,
    the fields of a map, its type in Go's words, whether it is written as it is, and where it comes from: a path, `$` and a
    variable, NAME for a name in the tree; what lies inside of a value follows behind line breaks.
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
        """The value as the argument of a call."""
        known = self.constant or (self.type == "string" and WILD not in self.text)
        return Argument(self.type, self.text if known else None, self.kind == "number" and self.constant)


def element(value: Value) -> Value:
    """What is known of each element of a list."""
    kind = calls.ELEMENTS.get(value.type, "")
    if value.kind == "pairs":
        return Value(value.text, "pair", type=kind, origin=value.text)
    if value.kind == "values":
        return Value(source=value.text, type=kind, origin=value.text)
    return Value(kind="number" if kind == "int" else "text", type=kind, origin=value.origin)


def of_fields(value: Value, fields: Sequence[str]) -> Value:
    """What is known of the fields of a value."""
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
    """What a function gives that looks nothing up."""
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
    """A value for a map. A map in a map in a map is given up: one that calls itself would grow without bound."""
    return replace(value, fields=tuple((name, replace(inner, fields=())) for name, inner in value.fields))


def _folder(path: str) -> str:
    """The folder of a path; of what ends in something unknown only what stands before that is sure."""
    above, slash, name = path.rpartition("/")
    return WILD if not slash or name == WILD and above.endswith(WILD) else above or "/"


def _source(values: Iterable[Value]) -> str:
    return next((value.source for value in values if value.source), "")


def _printed(pattern: str, values: list[Value]) -> Value:
    """What printf gives: each verb becomes the text of its argument as far as it is known."""
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
