"""Finds the value at a path as the metadata service does. Rules: the observed behaviour of rancher-metadata 0.7 and later."""

from __future__ import annotations

import re
from collections.abc import Sequence
from urllib.parse import unquote

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service.answers import Entry

_INDEX = re.compile(r"([+-]?)0*([0-9]{1,19})")


class NotFoundError(LookupError):
    """Raised if there is no value at the path."""


def segments(path: str) -> list[str]:
    """Split the part of a URL's path below the version into keys, and unescape each key.

    The path is split before it is unescaped, so that `%2F` can be part of a key. A `+` means a space, as in a query.
    """
    stripped = path.strip("/")
    return [unquote(segment.replace("+", " ")) for segment in stripped.split("/")] if stripped else []


def find(entry: Entry, path: Sequence[str]) -> Value:
    """Return the value at `path` or, if there is none, at `path` in lower case. Raises NotFoundError."""
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
        else:  # text and null have no children; for a path below null, the real service drops the connection
            raise NotFoundError(segment)
    return value


def _element(items: Sequence[Value], segment: str) -> Value:
    """Return an element of a list. An integer is always an index; any other text is the `name` or `uuid` of an element."""
    found = _INDEX.fullmatch(segment)
    index = int(found[1] + found[2]) if found else 1 << 64
    if -(1 << 63) <= index < 1 << 63:  # an integer that does not fit in 64 bits may be a name
        if 0 <= index < len(items):
            return items[index]
        raise NotFoundError(segment)
    for item in items:
        if isinstance(item, dict) and segment in (item.get("name"), item.get("uuid")):
            return item
    raise NotFoundError(segment)


def _lower(char: str) -> str:
    """Convert a character to lower case as Go does: regardless of the characters around it, and always to one character."""
    return char.lower()[0]
