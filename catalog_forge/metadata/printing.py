"""How the metadata service prints a value: byte for byte what the real one, a Go program, writes."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from urllib.parse import quote_plus

from catalog_forge.metadata.answers import Value

_GO_ESCAPES = re.compile(r"\\\\|\\b|\\f|[<>&\u2028\u2029]")


def to_json(value: Value) -> str:
    """Print as JSON: compact, keys sorted, `<`, `>` and `&` escaped, integers exact, no newline at the end."""
    match value:
        case dict():
            return "{" + ",".join(f"{_quoted(key)}:{to_json(value[key])}" for key in sorted(value)) + "}"
        case list() | tuple():
            return "[" + ",".join(map(to_json, value)) + "]"
        case str():
            return _quoted(value)
        case _:
            return _scalar(value)


def to_text(value: Value) -> str:
    """Print for people and shells: scalars bare, maps and lists as one line per child, null as nothing."""
    match value:
        case None:
            return ""
        case str():
            return value
        case float():
            return f"{value:f}".rstrip("0").rstrip(".")
        case dict():
            lines = (f"{quote_plus(key)}{_slash(child)}\n" for key, child in value.items())
            return "".join(sorted(lines))
        case list() | tuple():
            return "".join(f"{index}{_label(child)}\n" for index, child in enumerate(value))
        case _:
            return _scalar(value)


def to_comparable(value: Value) -> str | None:
    """Print a value for the comparison with `?value=`; None for maps and lists, which never equal it."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    return None if isinstance(value, Mapping | Sequence) else _scalar(value)


def _scalar(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Go's rule: no exponent from 1e-6 up to 1e21, no `.0`, no leading zero in the exponent."""
    text = repr(value)
    if value and not 1e-6 <= abs(value) < 1e21:
        return text.replace(".0e", "e").replace("e-0", "e-")
    return format(Decimal(text), "f").removesuffix(".0")


def _quoted(text: str) -> str:
    return _GO_ESCAPES.sub(_go_escape, encode_basestring(text))


def _go_escape(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\\\\":
        return found
    return {"\\b": "\\u0008", "\\f": "\\u000c"}.get(found) or f"\\u{ord(found):04x}"


def _slash(child: Value) -> str:
    return "/" if isinstance(child, dict | list | tuple) else ""


def _label(child: Value) -> str:
    """`=name` for a map with a name or a uuid; a name that is not text is passed over (the real service panics)."""
    if isinstance(child, dict):
        for key in ("name", "uuid"):
            if isinstance(child.get(key), str):
                return f"={quote_plus(child[key])}"
    return _slash(child)
