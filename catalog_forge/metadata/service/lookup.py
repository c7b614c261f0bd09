"""How the metadata service finds the value at a path. Rules: rancher-metadata 0.7 and later, observed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service.answers import Entry

_INDEX = re.compile(r"([+-]?)0*([0-9]{1,19})")


class NotFoundError(LookupError):
    """Nothing stands at the path."""


def segments(path: str) -> list[str]:
    """Split the path below a version, as it stands in a URL, into keys.

    It is split before it is unescaped, so that `%2F` reaches a key with a slash; a `+` is a space, as in a query.
    """
    stripped = path.strip("/")
    return [unquote(segment.replace("+", " ")) for segment in stripped.split("/")] if stripped else []


def find(entry: Entry, path: Sequence[str]) -> Value:
    """Return the value at `path`; if there is none, that of the path in lower case. Raises NotFoundError."""
    try:
        return _walk(entry, path)
    except NotFoundError:
        return _walk(entry, ["".join(map(_lower, segment)) for segment in path])


def _walk(value: Value, path: Sequence[str]) -> Value:
    for segment in path:
        if isinstance(value, dict) and segment in value:
            value = value[segment]
        elif isinstance(value, list):
            value = _element(value, segment)
        else:  # a step into text or into null too: the real service drops the connection for null
            raise NotFoundError(segment)
    return value


def _element(items: Sequence[Value], segment: str) -> Value:
    """An integer is an index, never a name; anything else is the `name` or the `uuid` of an element."""
    found = _INDEX.fullmatch(segment)
    index = int(found[1] + found[2]) if found else 1 << 64
    if -(1 << 63) <= index < 1 << 63:  # what is no integer of 64 bits may be a name
        if 0 <= index < len(items):
            return items[index]
        raise NotFoundError(segment)
    for item in items:
        if isinstance(item, dict) and segment in (item.get("name"), item.get("uuid")):
            return item
    raise NotFoundError(segment)


def _lower(char: str) -> str:
    """Go's lower case: letter by letter, whatever stands beside it, and always one letter."""
    return char.lower()[0]
