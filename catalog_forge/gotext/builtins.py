"""The functions built into every Go template: comparisons, index, slice, len, print and escapes (package text/template)."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol
from urllib.parse import quote_plus

from catalog_forge.gotext import fmt
from catalog_forge.gotext.time import Time
from catalog_forge.gotext.values import NIL, GoError, Int64, KVPair, Map, Slice, Uint8, is_nil, runes, truth, type_name

_HTML = str.maketrans({"\0": "\ufffd", '"': "&#34;", "'": "&#39;", "&": "&amp;", "<": "&lt;", ">": "&gt;"})
_JS = {"\\": "\\\\", "'": "\\'", '"': '\\"', "<": "\\u003C", ">": "\\u003E", "&": "\\u0026", "=": "\\u003D"}
_INTEGERS: dict[type, str] = {int: "int", Int64: "int", Uint8: "uint"}
_BASIC: dict[type, str] = {bool: "bool", **_INTEGERS, float: "float", complex: "complex", bytes: "string"}


class Sandbox(Protocol):
    """The limits of a rendering: the part of the machine that functions use."""

    def spend(self, size: int) -> None:
        """Count `size` bytes against the memory limit. Raises LimitError if it is exceeded."""

    def check(self) -> None:
        """Raise LimitError if the time is used up."""


@dataclass(frozen=True, slots=True)
class Function:
    """A template function with the Go types of its parameters; `more` is the type of any further arguments.

    A `boxed` function receives the sandbox as its first argument.
    """

    call: Callable[..., Any]
    parameters: tuple[str, ...] = ()
    more: str = ""
    boxed: bool = False


def basic_kind(value: Any) -> str:
    """Return the kind of a value that can be compared, such as "int". For any other value, return ""."""
    return _BASIC.get(type(value), "")


def equal(first: Any, *others: Any) -> bool:
    """Return whether the first value equals one of the others."""
    if not others:
        raise GoError("missing argument for comparison")
    return any(_same(first, other) for other in others)


def _same(left: Any, right: Any) -> bool:
    kinds = basic_kind(left), basic_kind(right)
    if kinds[0] == kinds[1]:
        return bool(left == right) if kinds[0] else _same_compounds(left, right)
    if set(kinds) == {"int", "uint"}:
        return int(left) == int(right)
    if left is not None and right is not None:
        raise GoError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    return False


def _same_compounds(left: Any, right: Any) -> bool:
    if None not in (left, right) and _go_kind(left) != _go_kind(right):
        raise GoError(f"non-comparable types {type_name(left)}, {type_name(right)}")
    if is_nil(left) or is_nil(right):
        return is_nil(left) == is_nil(right)
    if isinstance(right, Slice | Map):
        raise GoError(f"non-comparable type {type_name(right)}")
    return type(left) is type(right) and bool(left == right)


def _go_kind(value: Any) -> str:
    return "struct" if isinstance(value, KVPair | Time) else type(value).__name__


def unequal(left: Any, right: Any) -> bool:
    return not _same(left, right)


def less(left: Any, right: Any) -> bool:
    """Return whether the left value is less than the right one."""
    kinds = basic_kind(left), basic_kind(right)
    if not all(kinds):
        raise GoError("invalid type for comparison")
    if kinds[0] != kinds[1] and set(kinds) != {"int", "uint"}:
        raise GoError(f"incompatible types for comparison: {type_name(left)} and {type_name(right)}")
    if kinds[0] in ("bool", "complex"):
        raise GoError("invalid type for comparison")
    return bool(left < right)


def less_or_equal(left: Any, right: Any) -> bool:
    return less(left, right) or _same(left, right)


def greater(left: Any, right: Any) -> bool:
    return not less_or_equal(left, right)


def greater_or_equal(left: Any, right: Any) -> bool:
    return not less(left, right)


def length(value: Any) -> int:
    """Return the length of a string in bytes, or the number of elements of a list or map."""
    if isinstance(value, bytes | Slice | Map):
        return len(value)
    raise GoError("len of nil pointer" if value is None else f"len of type {type_name(value)}")


def index(value: Any, *places: Any) -> Any:
    """Return the element at a place in a value. Each further place is looked up in the element found at the previous place."""
    if value is None:
        raise GoError("index of untyped nil")
    for place in places:
        if value is None:
            raise GoError("index of nil pointer")
        if isinstance(value, bytes):
            value = Uint8(value[_inside(place, value, "string")])
        elif isinstance(value, Slice):
            value = value[_inside(place, value, "slice")]
        elif isinstance(value, Map):
            value = value.get(_key(place))
        else:
            raise GoError(f"can't index item of type {type_name(value)}")
    return value


def _key(place: Any) -> bytes:
    if isinstance(place, bytes):
        return place
    if place is None:
        raise GoError("value is nil; should be of type string")
    raise GoError(f"value has type {type_name(place)}; should be string")


def _inside(place: Any, value: bytes | Slice, kind: str) -> int:
    found = _position(place, len(value))
    if found == len(value):
        raise GoError(f"reflect: {kind} index out of range")
    return found


def _position(place: Any, most: int) -> int:
    if place is None:
        raise GoError("cannot index slice/array with nil")
    if not isinstance(place, int) or isinstance(place, bool):
        raise GoError(f"cannot index slice/array with type {type_name(place)}")
    if not 0 <= place <= most:
        raise GoError(f"index out of range: {place}")
    return int(place)


def part(value: Any, *places: Any) -> Any:
    """Return a part of a string or list, as Go's x[i:j:k]."""
    if value is None:
        raise GoError("slice of untyped nil")
    if len(places) > 3:
        raise GoError(f"too many slice indexes: {len(places)}")
    if not isinstance(value, bytes | Slice):
        raise GoError(f"can't slice item of type {type_name(value)}")
    if isinstance(value, bytes) and len(places) == 3:
        raise GoError("cannot 3-index slice a string")
    room = len(value) if isinstance(value, bytes) else value.cap
    given = [_position(place, room) for place in places]
    start, stop = (given + [0, len(value)][len(given) :])[:2]
    cap = given[2] if len(given) == 3 else room
    if start > stop:
        raise GoError(f"invalid slice index: {start} > {stop}")
    if stop > cap:
        raise GoError(f"invalid slice index: {stop} > {cap}")
    return value[start:stop] if isinstance(value, bytes) else value.part(start, stop, cap)


def call(function: Any, *_arguments: Any) -> Any:
    """Raise GoError: a template has no values that can be called."""
    if function is None:
        raise GoError("call of nil")
    raise GoError(f"non-function of type {type_name(function)}")


def _text(box: Sandbox, values: tuple[Any, ...]) -> bytes:
    """Join the arguments of an escape function into one string. A nil is written as a template prints it."""
    if len(values) == 1 and isinstance(values[0], bytes):
        return values[0]
    return fmt.sprint([b"<no value>" if value is None or value is NIL else value for value in values], box.spend)


def html(box: Sandbox, *values: Any) -> bytes:
    text = _text(box, values)
    box.spend(6 * len(text))
    return runes(text).translate(_HTML).encode("utf-8", "surrogateescape")


def js(box: Sandbox, *values: Any) -> bytes:
    text = _text(box, values)
    box.spend(6 * len(text))
    return "".join(map(_js_char, runes(text))).encode("utf-8", "surrogateescape")


def _js_char(char: str) -> str:
    code = ord(char)
    if char in _JS:
        return _JS[char]
    if code < 0x20:
        return f"\\u00{code:02X}"
    if code < 0x80 or 0xDC80 <= code <= 0xDCFF or fmt.is_printable(char):
        return char
    return f"\\u{code:04X}"


def urlquery(box: Sandbox, *values: Any) -> bytes:
    text = _text(box, values)
    box.spend(3 * len(text))
    return quote_plus(text).encode()


BUILTINS: dict[str, Function] = {
    "eq": Function(equal, ("value",), "value"),
    "ne": Function(unequal, ("value", "value")),
    "lt": Function(less, ("value", "value")),
    "le": Function(less_or_equal, ("value", "value")),
    "gt": Function(greater, ("value", "value")),
    "ge": Function(greater_or_equal, ("value", "value")),
    "not": Function(lambda value: not truth(value), ("value",)),
    "len": Function(length, ("value",)),
    "index": Function(index, ("value",), "value"),
    "slice": Function(part, ("value",), "value"),
    "call": Function(call, ("value",), "value"),
    "print": Function(lambda box, *values: fmt.sprint(values, box.spend), (), "any", boxed=True),
    "println": Function(lambda box, *values: fmt.sprintln(values, box.spend), (), "any", boxed=True),
    "printf": Function(lambda box, form, *values: fmt.sprintf(form, values, box.spend), ("string",), "any", boxed=True),
    "html": Function(html, (), "any", boxed=True),
    "js": Function(js, (), "any", boxed=True),
    "urlquery": Function(urlquery, (), "any", boxed=True),
}
