"""The fields and methods that values have in a template."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from catalog_forge.gotext.builtins import Function
from catalog_forge.gotext.time import Time
from catalog_forge.gotext.values import NIL, PAIRS, GoError, Int64, KVPair, Map, Slice, runes, type_name, unrunes


@dataclass(frozen=True, slots=True)
class Method:
    """A method of a type. `function` receives the value on which the method is called, and then the arguments."""

    type: str
    function: Function


def field_of(value: Any, name: str, given: bool) -> Any:
    """Return a field of a value. Raises GoError if the value has no such field, or if arguments are passed to the field."""
    if value is None:
        return None
    if value is NIL:
        raise GoError(f"nil pointer evaluating interface {{}}.{name}")
    if isinstance(value, KVPair) and name in ("Key", "Value"):
        if given:
            raise GoError(f"{name} has arguments but cannot be invoked as function")
        return value.key if name == "Key" else value.value
    if isinstance(value, Map):
        if given:
            raise GoError(f"{name} is not a method but has arguments")
        key = name.encode()
        return NIL if value.get(key, b"") is None else value.get(key)
    raise GoError(f"can't evaluate field {name} in type {type_name(value)}")


def _less(pairs: Slice, left: int, right: int) -> bool:
    if not 0 <= min(left, right) <= max(left, right) < len(pairs):
        raise GoError("error calling Less: runtime error: index out of range")
    return bool(pairs[left].key < pairs[right].key)


def _of_time(get: Callable[[Time], Any]) -> Method:
    return Method("time.Time", Function(lambda time: get(time)))


METHODS = {
    "Len": Method(PAIRS, Function(lambda pairs: len(pairs))),
    "Less": Method(PAIRS, Function(_less, ("int", "int"))),
    "Format": Method("time.Time", Function(lambda time, layout: unrunes(time.format(runes(layout))), ("string",))),
    "String": _of_time(lambda time: str(time).encode()),
    "UTC": _of_time(lambda time: time),
    "Unix": _of_time(lambda time: Int64(time.moment.timestamp())),
    "Year": _of_time(lambda time: time.moment.year),
    "Day": _of_time(lambda time: time.moment.day),
    "Hour": _of_time(lambda time: time.moment.hour),
    "Minute": _of_time(lambda time: time.moment.minute),
    "Second": _of_time(lambda time: time.moment.second),
    "YearDay": _of_time(lambda time: time.moment.timetuple().tm_yday),
}
