"""Prints values as the metadata service does. The output is byte for byte that of the real service, a Go program."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping, Sequence
from decimal import Decimal
from json.encoder import encode_basestring
from urllib.parse import quote_plus

from catalog_forge.goyaml import printing
from catalog_forge.goyaml.scalars import Value

_FAST = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), check_circular=False)
_NO_FLOATS = frozenset((str, int, bool, type(None)))
_ESCAPED = "\\<>&\u2028\u2029"
_GO_ESCAPES = re.compile(r"\\\\|\\b|\\f|[<>&\u2028\u2029]")


class NoJsonError(ValueError):
    """Raised for a number that JSON cannot represent, with the error message of the real service."""


def to_json(value: Value) -> str:
    """Print a value as compact JSON, with sorted keys, exact integers and escaped `<`, `>` and `&`, without a final newline.

    Raises NoJsonError for infinity and not-a-number.
    """
    # The standard library's encoder differs from Go's only in floats and a few characters, and is 20 times faster.
    text = _with_floats(value) if _has_float(value) else _FAST.encode(value)
    return _GO_ESCAPES.sub(_go_escape, text) if any(map(text.__contains__, _ESCAPED)) else text


def to_yaml(value: Value) -> str:
    """Print a value as YAML, as go-yaml v2 does."""
    return printing.dump(value)


def to_text(value: Value) -> str:
    """Print a value for people and shells: scalars unchanged, null as an empty string, maps and lists as one line per child."""
    match value:
        case None:
            return ""
        case str():
            return value
        case float():
            return _fixed(value)
        case dict():
            lines = (f"{quote_plus(key)}{_slash(child)}\n" for key, child in value.items())
            return "".join(sorted(lines))
        case list() | tuple():
            return "".join(f"{index}{_label(child)}\n" for index, child in enumerate(value))
        case _:
            return _scalar(value)


def to_comparable(value: Value) -> str | None:
    """Return a value as text for comparison with `?value=`; None for maps and lists, which never match."""
    if isinstance(value, str):
        return value
    if value is None:
        return "<nil>"
    if isinstance(value, float):
        return _shortest(value)
    return None if isinstance(value, Mapping | Sequence) else _scalar(value)


def _has_float(value: Value) -> bool:
    """Whether a value contains a float anywhere. An object that occurs several times is searched only once."""
    ahead: list[Value] = [value]
    seen: set[int] = set()
    for each in ahead:  # the list grows while it is iterated
        if isinstance(each, float):
            return True
        if isinstance(each, dict | list | tuple) and id(each) not in seen:
            seen.add(id(each))
            ahead += [child for child in (each.values() if isinstance(each, dict) else each) if type(child) not in _NO_FLOATS]
    return False


def _with_floats(value: Value) -> str:
    match value:
        case dict():
            return "{" + ",".join(f"{encode_basestring(key)}:{_with_floats(value[key])}" for key in sorted(value)) + "}"
        case list() | tuple():
            return "[" + ",".join(map(_with_floats, value)) + "]"
        case str():
            return encode_basestring(value)
        case _:
            return _scalar(value)


def _scalar(value: Value) -> str:
    if value is None or isinstance(value, bool):
        return json.dumps(value)
    return _number(value) if isinstance(value, float) else str(value)


def _number(value: float) -> str:
    """Print a float as Go's JSON does: there is no exponent from 1e-6 up to 1e21, no `.0`, and no leading zero in an exponent."""
    if not math.isfinite(value):
        raise NoJsonError(f"json: unsupported value: {_endless(value)}")
    text = repr(value)
    if value and not 1e-6 <= abs(value) < 1e21:
        return text.replace(".0e", "e").replace("e-0", "e-")
    return format(Decimal(text), "f").removesuffix(".0")


def _fixed(value: float) -> str:
    return f"{value:f}".rstrip("0").rstrip(".") if math.isfinite(value) else _endless(value)


def _shortest(value: float) -> str:
    """Print a float as Go's `%v` does: numbers below 1e-4, and from 1e6 on, get an exponent of at least two digits."""
    if not math.isfinite(value):
        return _endless(value)
    digits = Decimal(repr(value)).normalize()
    if value and not 1e-4 <= abs(value) < 1e6:
        mantissa, _, exponent = f"{digits:e}".partition("e")
        return f"{mantissa}e{int(exponent):+03d}"
    return format(digits, "f")


def _endless(value: float) -> str:
    return "NaN" if math.isnan(value) else "+Inf" if value > 0 else "-Inf"


def _go_escape(match: re.Match[str]) -> str:
    found = match.group()
    if found == "\\\\":
        return found
    return {"\\b": "\\u0008", "\\f": "\\u000c"}.get(found) or f"\\u{ord(found):04x}"


def _slash(child: Value) -> str:
    return "/" if isinstance(child, dict | list | tuple) else ""


def _label(child: Value) -> str:
    """Return what follows the index of a list element: `=name` if a map has a name or uuid, `/` for other maps and lists.

    A name that is not text is ignored; the real service panics on such a name.
    """
    if isinstance(child, dict):
        for key in ("name", "uuid"):
            if isinstance(child.get(key), str):
                return f"={quote_plus(child[key])}"
    return _slash(child)
