"""Defines the metadata keys that a spec declares, and finds the key that a path refers to."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge.spec.expressions import Attr, Collection, Expr, First, Metadata, Scope, Text, holder
from catalog_forge.spec.model.record import Record, key

METADATA_KEY = r"(?!.*(^|/)\.\.?(/|$))[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*"
VARIABLE = r"[A-Za-z_][A-Za-z0-9_]*"
KEY_TYPES = (
    "string", "int", "boolean", "enum", "multiline", "password", "service", "certificate", "map", "list",
)  # fmt: skip
_NUMBERS = ("index", "create_index", "scale")


@dataclass(frozen=True)
class MetadataKey(Record):
    """One key whose value the user of the entry supplies. Keys of all types except map and list become questions."""

    type: str = key("type of the value", "string", one_of=KEY_TYPES)
    default: Any = key(
        "value if the user supplies none; for a map or list: the data that the entry writes to the service's metadata", None
    )
    label: str = key("label of the question; default: derived from the key", "", maximum=100, line=True)
    description: str = key("explanation of the question", "", maximum=1000)
    options: tuple[str, ...] = key("the choices of an enum", tuple)
    required: bool | None = key("true if the question must be answered; default: true unless the key is optional", None)
    optional: bool = key(
        "true if the key may have no value: a pair whose whole value is this key is then left out; any other text that uses the "
        "key needs a default or a condition with `has`",
        False,
    )
    secret: bool = key(
        "true if the value must not be shown: the question has the type password, and files that use the value have mode 0600",
        False,
    )
    fields: tuple[str, ...] = key(
        "the fields of the records in a list or map; in a map, values that are not records are skipped", tuple
    )
    variable: str = key(
        "name of the question's variable; default: derived from the key", "", pattern=VARIABLE, shape="letters, digits and _"
    )

    @property
    def asked(self) -> bool:
        """Whether this key becomes a question."""
        return self.type not in ("map", "list")

    @property
    def hidden(self) -> bool:
        """Whether the value must not be shown."""
        return self.secret or self.type == "password"

    @property
    def needed(self) -> bool:
        """Whether a missing value is an error when the file is rendered."""
        return not self.optional and self.default is None


@dataclass(frozen=True, slots=True)
class Found:
    """The key that a path refers to. `below`: whether the path leads to a pair of a map or to a record of a list."""

    name: str
    key: MetadataKey
    below: bool = False


def resolve(metadata: Mapping[str, MetadataKey], path: Text) -> Found | None:
    """Find the declared key that a path below `metadata/` refers to. A nested `@{...}` matches any text without a slash."""
    literal = path.literal
    if literal is not None and literal in metadata:
        return Found(literal, metadata[literal])
    pattern = "".join(re.escape(part) if isinstance(part, str) else "[^/]+" for part in path.parts)
    for name, each in metadata.items():
        if re.fullmatch(pattern, name):
            return Found(name, each)
    flat = "".join(part if isinstance(part, str) else "\0" for part in path.parts)
    for name, each in metadata.items():
        if not each.asked and flat.startswith(name + "/"):
            return Found(name, each, below=True)
    return None


def hidden(metadata: Mapping[str, MetadataKey], path: Text) -> bool:
    """Whether a path below `metadata/` may refer to a hidden key. A nested `@{...}` in the path may match several keys."""
    if path.literal is not None:
        return (found := resolve(metadata, path)) is not None and found.key.hidden
    return any(each.hidden and resolve({name: each}, path) for name, each in metadata.items())


def resolve_collection(metadata: Mapping[str, MetadataKey], of: Collection) -> tuple[Found, tuple[str, ...]] | None:
    """Find the list or map NAME of `metadata/NAME.FIELD`, and return it with the field.

    NAME may contain dots: the longest declared NAME wins.
    """
    for name, field in ((of.name, ()), *_split(of.name)):
        found = resolve(metadata, Text((name,)))
        if found and not found.key.asked:
            return found, field
    return None


def kind_of(metadata: Mapping[str, MetadataKey], expr: Expr, scope: Scope) -> str:
    """Return "integer" or "boolean" if an expression is known to have that type, otherwise an empty string."""
    node = expr.node
    if expr.sum or expr.is_counted:
        return "integer"
    if isinstance(node, Metadata):
        found = resolve(metadata, node.path)
        kind = found.key.type if found and not found.below else ""
        return {"int": "integer", "boolean": "boolean"}.get(kind, "")
    if not isinstance(node, First | Attr):
        return ""
    of = node.of if isinstance(node, First) else holder(scope, node.root)
    number = len(node.path) == 1 and node.path[0] in _NUMBERS
    own = isinstance(node, Attr) and not node.of_element
    return "integer" if number and (own or (of is not None and of.element in ("container", "service"))) else ""


def _split(name: str) -> list[tuple[str, tuple[str, ...]]]:
    """Return every way to split a string into NAME and FIELD at one of its dots, the longest NAME first."""
    dots = [place for place, char in enumerate(name) if char == "." and place > 0]
    return [(name[:place], (name[place + 1 :],)) for place in reversed(dots)]
