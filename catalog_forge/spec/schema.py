"""The JSON Schema (draft 2020-12) of the spec language, made from the model: for editors, and for other tools."""

from __future__ import annotations

import types
from collections.abc import Mapping
from typing import Any, Union, get_args, get_origin

from catalog_forge.spec.expressions import Collection, Text
from catalog_forge.spec.frame import NumberOrVariable
from catalog_forge.spec.model import FORMATS, METADATA_KEY, Composed, Reload, Service, SetBlock, Spec, WhenBlock
from catalog_forge.spec.record import Key, Limits, Record, keys_of

Schema = dict[str, Any]
ID = "catalog-forge-spec-1.json"
# What stands for text: the reader takes a bare number or truth as the text that was written.
_TEXT: Schema = {"type": ["string", "number", "boolean"]}


def schema() -> Schema:
    """Return the schema. It knows the shape of each key; what several keys must have in common, the reader checks."""
    maker = _Maker()
    root = maker.record(Spec)
    properties = root["properties"]
    properties["service"] = {"description": properties["service"].get("description"), "anyOf": [_TEXT, maker.reference(Service)]}
    properties["metadata"] = {
        "description": properties["metadata"]["description"],
        "anyOf": [
            {"type": "array", "items": {**_TEXT, "pattern": _whole(METADATA_KEY)}},
            {"type": "object", "additionalProperties": {"anyOf": [{"type": "null"}, _of(properties["metadata"])]}},
        ],
    }
    properties |= {
        "config": {**_TEXT, "description": "shorthand: the path of the one configuration file"},
        "reload": {**_TEXT, "description": "shorthand: what follows a change of it"},
        "format": {"enum": sorted(FORMATS), "description": "shorthand: its format"},
    }
    root["required"] = [name for name in root["required"] if name != "files"]
    root["oneOf"] = [{"required": ["files"]}, {"required": ["config"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "catalog-forge spec",
        **root,
        "$defs": maker.definitions,
    }


def _of(mapping: Schema) -> Schema:
    values: Schema = mapping["additionalProperties"]
    return values


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


class _Maker:
    """Makes the schemas of types, and collects those of records as definitions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def record(self, kind: type[Record]) -> Schema:
        """Return the schema of a record in full."""
        keys = [key for key in keys_of(kind) if key.attribute != "compose"]
        properties = {key.name: self.key(key) for key in keys}
        if issubclass(kind, Composed):
            properties |= {name: {"description": "passed through to the compose files"} for name in sorted(kind.PASSED)}
        made: Schema = {"type": "object", "properties": properties, "additionalProperties": False}
        if kind.__doc__:
            made["description"] = " ".join(kind.__doc__.split())
        if required := [key.name for key in keys if key.required]:
            made["required"] = required
        return made

    def reference(self, kind: type[Record]) -> Schema:
        """Return a reference to the definition of a record."""
        name = kind.__name__
        if name not in self.definitions:
            self.definitions[name] = {}
            self.definitions[name] = self.record(kind)
        return {"$ref": f"#/$defs/{name}"}

    def key(self, key: Key) -> Schema:
        """Return the schema of a key, with its documentation."""
        return {"description": key.limits.doc, **self.kind(key.kind, key.limits)}

    def kind(self, kind: Any, limits: Limits) -> Schema:
        """Return the schema of a type of the model."""
        options = [option for option in get_args(kind) if option is not type(None)]
        if kind is int:
            return {"type": "integer", "minimum": limits.least, "maximum": limits.most}
        if kind == NumberOrVariable:
            return {"anyOf": [self.kind(int, limits), {"type": "string", "pattern": r"^\$(?:\w+|\{\w+\})$"}]}
        if kind is bool or options == [bool]:
            return {"type": "boolean"}
        if kind is str or kind in (Text, Collection, Reload):
            return self.text(limits)
        if kind is Any or kind is SetBlock or float in options:
            return {}
        if WhenBlock in options:
            return {"oneOf": [self.reference(option) for option in options]}
        if get_origin(kind) is tuple:
            item = self.kind(options[0], limits)
            sequence = {"type": "array", "items": item}
            return {"anyOf": [item, sequence]} if limits.single else sequence
        if get_origin(kind) is Mapping:
            return {"type": "object", "additionalProperties": self.kind(options[1], Limits(""))}
        if get_origin(kind) in (Union, types.UnionType):
            return self.reference(options[0])
        return self.reference(kind)

    def text(self, limits: Limits) -> Schema:
        """Return the schema of a text with limits."""
        if limits.one_of:
            return {"enum": list(limits.one_of)}
        made = dict(_TEXT)
        if limits.pattern:
            made["pattern"] = _whole(limits.pattern)
        if limits.maximum:
            made["maxLength"] = limits.maximum
        return made
