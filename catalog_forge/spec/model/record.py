"""What a record of the spec language is: a frozen dataclass whose fields carry their own documentation and limits.

The reader, the JSON Schema and the reference page are all made from these declarations, so they cannot disagree.
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
    """What a field says about itself: its words for the reference, and what values it takes."""

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


def key(doc: str, default: Any = dataclasses.MISSING, **limits: Any) -> Any:
    """Declare a key of a record: its documentation, its default (none: the key is required), its limits.

    `pattern` is a regular expression for the whole text; `one_of` lists the words allowed; `shape` says either in words;
    `maximum` bounds a text's length; `line` holds it to one line; `least` and `most` bound a number;
    `reads`: the text is, or holds, what expressions are made of, and the checks read it;
    `single`: one element of a list may stand without the list;
    `name` is the key's name in the file where Python reserves the word.
    """
    metadata = {"limits": Limits(doc, **limits)}
    if callable(default):
        return field(default_factory=default, metadata=metadata)
    return field(default=default, metadata=metadata)


@dataclass(frozen=True, kw_only=True)
class Record:
    """A mapping of the spec. `places` knows where each of its keys stands, and under "" where the record itself does."""

    places: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    def at(self, name: str = "") -> Where | None:
        """Return the place of a key's value, else that of the record, else None (a value that no file holds)."""
        return self.places.get(name) or self.places.get("")


@dataclass(frozen=True, slots=True)
class Key:
    """One declared key: its name in the file, the attribute, the type, its limits, its default, whether it must be there."""

    name: str
    attribute: str
    kind: Any
    limits: Limits
    default: Any
    required: bool


def keys_of(record: type[Record]) -> tuple[Key, ...]:
    """Return the declared keys of a record class, in their order."""
    return _declared(record)  # type: ignore[arg-type] # mypy takes the hash of a record for that of its class


@cache
def _declared(record: type[Record]) -> tuple[Key, ...]:
    hints = get_type_hints(record)
    return tuple(
        Key(
            limits.name or item.name,
            item.name,
            hints[item.name],
            limits,
            default := _default(item),
            default is dataclasses.MISSING,
        )
        for item in dataclasses.fields(record)
        if (limits := item.metadata.get("limits"))
    )


def _default(item: dataclasses.Field[Any]) -> Any:
    """The default of a field; MISSING when it has none."""
    return item.default if item.default_factory is dataclasses.MISSING else item.default_factory()
