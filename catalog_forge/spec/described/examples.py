"""Finds an example of each key of specs and of catalog-forge.yml in examples.yml, for the reference and for hints in errors."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.spec.described.reference import sections
from catalog_forge.spec.model.record import Limits, Record

LONGEST = 120
TEAM = "catalog-forge.yml"
"""The title of the example that shows every key of this file."""


@cache
def examples() -> Mapping[str, str]:
    """Return the examples by the titles of their sections in the reference, each as a YAML text of one or more documents."""
    file = Path(__file__).with_suffix(".yml")
    data = yamlio.load(file.read_text(encoding="utf-8"), file.name)
    assert isinstance(data, dict)
    return {str(title): str(text) for title, text in data.items()}


def such_as(limits: Limits) -> str:
    """Return a hint that quotes an example of a key; "" if the key is unknown."""
    example = example_of(*limits.home) if limits.home else ""
    return f"such as {example}" if example else ""


def meaning(limits: Limits) -> str:
    """Return a hint that quotes an example of a key and describes the key; "" if both are unknown."""
    return "; ".join(filter(None, (such_as(limits), f"meaning: {limits.doc}" if limits.doc else "")))


def example_of(record: type[Record], name: str) -> str:
    """Return `NAME: VALUE`, on one line, as an example of a key in a record; "" if no example contains the key."""
    title = next((title for _, title, kind in sections() if kind is record), TEAM)
    # The parts of a title such as service.groups.NAME lead to the record; the records of catalog-forge.yml are named after keys.
    path = [record.__name__.lower()] if title == TEAM else title.partition(".NAME")[0].partition(".KEY")[0].split(".")
    for document in examples()[title].split("\n---\n"):
        node = yamlio.load(document, title)
        for part in path:
            node = node[part] if isinstance(node, dict) and part in node else node
        for value in _values(node, name):
            return _short(name, value)
    return ""


def _values(node: yamlio.Data, name: str) -> Iterator[yamlio.Data]:
    """Yield the values of a key at and below a node, those at the outermost level first."""
    if isinstance(node, dict) and name in node:
        yield node[name]
    for each in node.values() if isinstance(node, dict) else node if isinstance(node, list) else ():
        yield from _values(each, name)


def _short(name: str, value: yamlio.Data) -> str:
    """Return a key and its value on one line; of a long value, only as many parts as fit."""
    while len(text := f"{name}: {_flow(value)}") > LONGEST and (shorter := _without_last(value)) is not None:
        value = shorter
    return text


def _without_last(value: yamlio.Data) -> yamlio.Data | None:
    """Return a value without its last part, at the innermost level that has several parts; None if it has a single part."""
    if isinstance(value, dict) and value:
        *before, (key, last) = value.items()
        shorter = _without_last(last)
        return {**dict(before), key: shorter} if shorter is not None else dict(before) or None
    if isinstance(value, list) and value:
        shorter = _without_last(value[-1])
        return [*value[:-1], shorter] if shorter is not None else value[:-1] or None
    return None


def _flow(value: yamlio.Data) -> str:
    """Return a value as YAML in flow style, with quotes only around text that needs them."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    text = value.rstrip("\n") if isinstance(value, str) else value
    try:
        needs_none = yamlio.load(f"[{text}]", "") == [text]
    except ForgeError:
        needs_none = False
    return str(text) if needs_none else json.dumps(text)
