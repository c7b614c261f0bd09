"""Writes the full form of a spec, which `spec show` prints: YAML in which every default is filled in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from catalog_forge import yamlio
from catalog_forge.spec.expressions import Collection, Text
from catalog_forge.spec.model import Composed, Reload, Spec
from catalog_forge.spec.model.record import Record, keys_of


def full(spec: Spec) -> str:
    """Return the full form: every key of every record, except optional keys that are empty."""
    return yamlio.dump(_record(spec))


def _record(record: Record) -> dict[str, Any]:
    shown: dict[str, Any] = {}
    for key in keys_of(type(record)):
        value = getattr(record, key.attribute)
        if key.attribute == "compose" and isinstance(record, Composed):
            shown |= value
        elif key.required or value != key.default or not _empty(value):
            shown[key.name] = _value(value)
    return shown


def _empty(value: Any) -> bool:
    return value is None or value is False or (isinstance(value, str | tuple | Mapping) and not value)


def _value(value: Any) -> Any:
    if isinstance(value, Text | Collection | Reload):
        return str(value)
    if isinstance(value, Record):
        return _record(value)
    if isinstance(value, Mapping):
        return {key: _value(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [_value(item) for item in value]
    return value
