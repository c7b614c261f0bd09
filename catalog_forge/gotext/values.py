"""The values of a Go template. Strings are bytes, and a list has its Go type, because confd's functions depend on it.

Other values are plain Python values: bool, int (Go's int), float, complex, bytes (string), None (no value at all).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, NamedTuple

from catalog_forge.gotext.time import Time

STRINGS = "[]string"
INTS = "[]int"
ANYS = "[]interface {}"
PAIRS = "memkv.KVPairs"
PLAIN_PAIRS = "[]memkv.KVPair"
SERVERS = "[]*net.SRV"

# For each list type, the value of the elements beyond the length of a list. `slice` can reach them, up to the list's capacity.
_ZEROS: dict[str, Any] = {INTS: 0, STRINGS: b"", ANYS: None}


class GoError(Exception):
    """An error returned by a function: the call fails, and so does the template."""


class LimitError(GoError):
    """A limit of the sandbox is exceeded. Code that handles a GoError must let this error pass."""


class Nil:
    """The type of `NIL`, the nil that lists and maps can contain: an element that exists, but is empty."""


NIL = Nil()


class Uint8(int):
    """A byte of a string, as returned by `index`. Functions with a parameter of type int refuse it."""


class Int64(int):
    """A number of seconds, as returned by the method Unix of a time. Functions with a parameter of type int also refuse it."""


class KVPair(NamedTuple):
    """A key of the store and its value."""

    key: bytes
    value: bytes


class Slice(list[Any]):
    """A list with its Go type. `nil` marks a list that was never allocated. `slice` can reach up to the capacity `cap`."""

    __slots__ = ("cap", "nil", "type")

    def __init__(self, items: Iterable[Any], kind: str, *, nil: bool = False, cap: int | None = None) -> None:
        super().__init__(items)
        self.type = kind
        self.nil = nil
        self.cap = len(self) if cap is None else cap

    @classmethod
    def grown(cls, items: Iterable[Any], kind: str, *, nil: bool = False) -> Slice:
        """Make a list with the capacity that Go's append creates: a power of two. In Go, this is only true up to 512 elements."""
        made = cls(items, kind, nil=nil)
        made.cap = max(len(made), 1 << (len(made) - 1).bit_length()) if made else 0
        return made

    def part(self, start: int, stop: int, cap: int) -> Slice:
        """Return the elements from `start` to `stop`; `stop` may lie beyond the end of the list."""
        zero = _ZEROS.get(self.type, KVPair(b"", b""))
        items = [*self, *([zero] * (stop - len(self)))]
        return Slice(items[start:stop], self.type, cap=cap - start)


class Map(dict[bytes, Any]):
    """A map from strings to values of any type."""

    __slots__ = ("nil",)

    def __init__(self, items: Iterable[tuple[bytes, Any]] = (), *, nil: bool = False) -> None:
        super().__init__(items)
        self.nil = nil


def type_name(value: Any) -> str:
    """Return the Go type of a value, as Go's errors name it."""
    if isinstance(value, Slice):
        return value.type
    if value is NIL:
        return "interface {}"
    return _NAMES.get(type(value), "<nil>")


_NAMES = {
    bytes: "string",
    bool: "bool",
    int: "int",
    Uint8: "uint8",
    Int64: "int64",
    float: "float64",
    complex: "complex128",
    Map: "map[string]interface {}",
    KVPair: "memkv.KVPair",
    Time: "time.Time",
}


def truth(value: Any) -> bool:
    """Return whether a value counts as true: a struct always does; other values do unless they are zero values in Go."""
    if isinstance(value, KVPair | Time):
        return True
    return value is not NIL and bool(value)


def is_nil(value: Any) -> bool:
    """Return whether a value is nil."""
    return value is None or value is NIL or (isinstance(value, Slice | Map) and value.nil)


def runes(text: bytes) -> str:
    """Decode a Go string (bytes) to a `str`; each byte that is not UTF-8 becomes a surrogate."""
    return text.decode("utf-8", "surrogateescape")


def unrunes(text: str) -> bytes:
    """Encode a `str` as a Go string (bytes): the inverse of `runes`."""
    return text.encode("utf-8", "surrogateescape")


def wrapped(number: int) -> int:
    """Return an integer wrapped around to 64 bits."""
    return (number + (1 << 63)) % (1 << 64) - (1 << 63)
