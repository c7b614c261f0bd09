"""Generates the JSON Schema (draft 2020-12) of the spec language from the model, for editors and other tools."""

from __future__ import annotations

import re
import types
from collections.abc import Mapping
from functools import cache
from typing import Any, Union, get_args, get_origin

from catalog_forge.spec.expressions import BEGINS, COLLECTIONS, INNER, Collection, Text
from catalog_forge.spec.model import FORMATS, METADATA_KEY, RELOADS, SIGNALS, Composed, Reload, Service, SetBlock, Spec, WhenBlock
from catalog_forge.spec.model.compose_keys import refused
from catalog_forge.spec.model.frame import NumberOrVariable
from catalog_forge.spec.model.record import Key, Limits, Record, keys_of

Schema = dict[str, Any]
ID = "catalog-forge-spec-1.json"
# The JSON types that a text may have: the reader reads an unquoted number or boolean as the text that the author wrote.
_TEXT: Schema = {"type": ["string", "number", "boolean"]}
_DEST = "^/.*[^/]$"
_RELOAD = rf"^\s*(none|restart|signal\s+(SIG)?({'|'.join(SIGNALS)})|http\s+(POST|PUT)\s+http://\S+|exec\s+.*\S)\s*$"
_WITHIN = rf"[A-Za-z_]\w*(\.host)?\.({'|'.join(INNER)})"
_COLLECTION = rf"^\s*({'|'.join(re.split('[A-Z(]', word)[0] for word in COLLECTIONS)}|{_WITHIN})"
# These patterns follow ECMA 262. _UNKNOWN matches the beginning of text that looks like an expression but is not a known one.
_NOT_NAMES = "metadata|peers|others|hosts|first|count|quorum|join"
_UNKNOWN = rf"(^|[^@])(@@)*@(?!{BEGINS}|\{{(?!({_NOT_NAMES})\b)[A-Za-z_]\w*[.|}}])\{{"
_EXPRESSIONS: Schema = {**_TEXT, "pattern": rf"^(?![\s\S]*({_UNKNOWN}))"}
_VALUE: Schema = {
    "description": (
        "a string that may contain expressions, a constant, or a map or list of such values; {list: {of: COLL, item: VALUE}} is "
        "a list"
    ),
    "anyOf": [
        {**_EXPRESSIONS, "type": [*_TEXT["type"], "null"]},
        {"type": "array", "items": {"$ref": "#/$defs/Value"}},
        {"type": "object", "additionalProperties": {"$ref": "#/$defs/Value"}},
    ],
}
_KINDS: dict[Any, Schema] = {
    Collection: {**_TEXT, "pattern": _COLLECTION},
    Reload: {**_TEXT, "pattern": _RELOAD},
    SetBlock: {"$ref": "#/$defs/Value"},
    Any: {},
}
# Samples of each type. The schema of a compose key allows a type if rancher-compose accepts a sample of the type.
_SIMPLEST: dict[str, tuple[Any, ...]] = {
    "string": ("1", "x", "host", "1g", "no", "/x"), "number": (1,), "boolean": (True,), "array": ([], ["1"]), "object": ({},),
}  # fmt: skip


def schema() -> Schema:
    """Return the schema, which describes each key by itself. Only the reader checks rules that involve several keys."""
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
        "config": {**_TEXT, "pattern": _DEST, "description": "shorthand: the path of the only configuration file"},
        "reload": {
            **_TEXT,
            "pattern": _RELOAD,
            "description": f"shorthand: what happens after the only configuration file changes: {RELOADS}",
        },
        "format": {"enum": sorted(FORMATS), "description": "shorthand: the format of the only configuration file"},
    }
    root["required"] = [name for name in root["required"] if name != "files"]
    root["oneOf"] = [{"required": ["files"]}, {"required": ["config"]}]
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "$id": ID,
        "title": "catalog-forge spec",
        **root,
        "$defs": {**maker.definitions, "Value": _VALUE},
    }


def _of(mapping: Schema) -> Schema:
    values: Schema = mapping["additionalProperties"]
    return values


@cache
def _passed(name: str) -> Schema:
    """Return the schema of a compose key: the types that rancher-compose accepts."""
    made: Schema = {"description": "a key of compose files, which the entry contains unchanged"}
    taken = [kind for kind, values in _SIMPLEST.items() if any(not [*refused(name, value)] for value in values)]
    return {**made, "type": taken} if taken and len(taken) < len(_SIMPLEST) else made


def _whole(pattern: str) -> str:
    return f"^(?:{pattern})$"


class _Maker:
    """Generates the schemas of types, and collects the schemas of records as definitions."""

    def __init__(self) -> None:
        self.definitions: dict[str, Schema] = {}

    def record(self, kind: type[Record]) -> Schema:
        """Return the full schema of a record."""
        keys = [key for key in keys_of(kind) if key.attribute != "compose"]
        properties = {key.name: self.key(key) for key in keys}
        if issubclass(kind, Composed):
            properties |= {name: _passed(name) for name in sorted(kind.PASSED)}
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
        """Return the schema of a key with its description and default."""
        made = {"description": key.limits.doc, **self.kind(key.kind, key.limits)}
        if key.name == "dest":
            made["pattern"] = _DEST
        if isinstance(key.default, str | int) and key.default not in ("", False):
            made["default"] = key.default
        return made

    def kind(self, kind: Any, limits: Limits) -> Schema:
        """Return the schema of a type of the model."""
        options = [option for option in get_args(kind) if option is not type(None)]
        if kind is int:
            return {"type": "integer", "minimum": limits.least, "maximum": limits.most}
        if kind == NumberOrVariable:
            return {"anyOf": [self.kind(int, limits), {"type": "string", "pattern": r"^\$(?:\w+|\{\w+\})$"}]}
        if kind is bool or options == [bool]:
            return {"type": "boolean"}
        if kind in (str, Text):
            return {**(_EXPRESSIONS if kind is Text else {}), **self.text(limits)}
        if float in options or kind in _KINDS:
            return _KINDS.get(kind, _KINDS[SetBlock])
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
        """Return the schema of a string with the limits of its key."""
        if limits.one_of:
            return {"enum": list(limits.one_of)}
        made = dict(_TEXT)
        if limits.pattern:
            made["pattern"] = _whole(limits.pattern)
        if limits.maximum:
            made["maxLength"] = limits.maximum
        return made
