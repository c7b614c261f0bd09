"""Defines a record of the spec language: a frozen dataclass whose fields declare their documentation and limits.

The reader, the JSON Schema and the reference page are derived from these declarations, so the three cannot disagree.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, get_type_hints

from catalog_forge.errors import Where


@dataclass(frozen=True, slots=True)
class Limits:
    """The description of a key for the reference, and the constraints on the values of the key."""

    doc: str
    pattern: str = ""
    one_of: tuple[str, ...] = ()
    shape: str = ""
    name: str = ""
    maximum: int = 0
    line: bool = False
    least: int = 0
    most: int = (1 << 31) - 1
    single: bool = False
    reads: bool = False
    home: tuple[type[Record], str] | None = None


def key(doc: str, default: Any = dataclasses.MISSING, **limits: Any) -> Any:
    """Declare a key of a record with its documentation, its default and its limits. A key without a default is required.

    `pattern` is a regular expression for the whole text; `one_of` lists the allowed words; `shape` describes the allowed texts;
    `maximum` limits a text's length; `line` restricts the text to one line; `least` and `most` limit a number; `reads` allows
    expressions in a value whose type is not `Text`; `single`: a list of one element may be written as that element;
    `name` is the key's name in the file if Python reserves the word. `_declared` adds `home`, the record and the key's name.
    """
    metadata = {"limits": Limits(doc, **limits)}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A mapping of the spec. `places` has the location of each key and, under "", the location of the record itself."""

    places: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    def at(self, name: str = "") -> Where | None:
        """Return the location of a key's value, otherwise the location of the record; None if neither is in a file."""
        return self.places.get(name) or self.places.get("")


@dataclass(frozen=True, slots=True)
class Key:
    """One declared key: its name in the file, its attribute, type, limits and default, and whether it is required."""

    name: str
    attribute: str
    kind: Any
    limits: Limits
    default: Any
    required: bool


def keys_of(record: type[Record]) -> tuple[Key, ...]:
    """Return the declared keys of a record class, in order."""
    return _declared(record)  # type: ignore[arg-type] # mypy confuses the hash of a record with that of its class


@cache
def _declared(record: type[Record]) -> tuple[Key, ...]:
    hints = get_type_hints(record)
    return tuple(
        Key(
            limits.name or item.name,
            item.name,
            hints[item.name],
            dataclasses.replace(limits, home=(record, limits.name or item.name)),
            default := _default(item),
            default is dataclasses.MISSING,
        )
        for item in dataclasses.fields(record)
        if (limits := item.metadata.get("limits"))
    )


def _default(item: dataclasses.Field[Any]) -> Any:
    """Return the default of a field; MISSING if it has none."""
    return item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
