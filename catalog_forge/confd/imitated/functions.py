"""Imitates the template functions of each confd release (docs/facts/confd.md#2.1, #2.5, #2.9).

The functions use only the store, the given variables and a fixed time: they do not read the
environment or files, and do not query a name server.
"""

from __future__ import annotations

import base64
import binascii
import ipaddress
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal, Protocol, get_args

from catalog_forge.confd.imitated import store as paths
from catalog_forge.confd.imitated.store import Store
from catalog_forge.gotext.builtins import BUILTINS, Function, Sandbox
from catalog_forge.gotext.time import Time
from catalog_forge.gotext.values import (
    ANYS,
    INTS,
    PLAIN_PAIRS,
    SERVERS,
    STRINGS,
    GoError,
    LimitError,
    Map,
    Slice,
    runes,
    unrunes,
    wrapped,
)

Dialect = Literal["0.14", "0.16", "HEAD"]
DIALECTS: tuple[Dialect, ...] = get_args(Dialect)

MAX_ITEMS = 1_000_000
_ITEM = 64  # bytes counted for each element of a list
_INTEGER = re.compile(rb"[+-]?[0-9]+")
TRUE = (b"1", b"t", b"T", b"TRUE", b"true", b"True")
FALSE = (b"0", b"f", b"F", b"FALSE", b"false", b"False")


@dataclass(frozen=True, slots=True)
class World:
    """The data that confd's functions read: the keys of a resource, variables for getenv, and the time (seconds since 1970)."""

    store: Store
    variables: Mapping[str, str]
    now: float


class Box(Sandbox, Protocol):
    """The part of the machine that `boxed` functions use. They receive the machine as their first argument."""

    @property
    def world(self) -> World:
        """The data that the functions read."""


def _split(box: Box, text: bytes, separator: bytes) -> Slice:
    _hold(box, text.count(separator) + 1)
    if separator:
        return Slice(text.split(separator), STRINGS)
    return Slice([unrunes(char) for char in runes(text)], STRINGS)


def _hold(box: Box, count: int) -> None:
    """Count a list of `count` elements against the memory limit. Raises LimitError if it is too long."""
    if count > MAX_ITEMS:
        raise LimitError(f"a list of {count} elements is too long to be rendered here: {MAX_ITEMS} is the limit")
    box.spend(count * _ITEM)


def _join(box: Box, items: Slice | None, separator: bytes) -> bytes:
    items = items or Slice((), STRINGS)
    box.spend(sum(map(len, items)) + len(separator) * len(items))
    return separator.join(items)


def _replace(box: Box, text: bytes, old: bytes, new: bytes, count: int) -> bytes:
    found = text.count(old)
    most = found if count < 0 else min(found, count)
    box.spend(len(text) + most * len(new))
    if not old:
        return unrunes(runes(text).replace("", runes(new), most if most < found else -1)) if most else text
    return text.replace(old, new, most)


def _upper(box: Box, text: bytes) -> bytes:
    box.spend(3 * len(text))
    return text.upper() if text.isascii() else "".join(map(_upper_char, runes(text))).encode()


def _upper_char(char: str) -> str:
    if "\udc80" <= char <= "\udcff":
        return "\ufffd"
    # Go maps each character to one character: a sharp s does not become SS.
    return next((mapped for mapped in (char.upper(), char.title()) if len(mapped) == 1), char)


def _lower(box: Box, text: bytes) -> bytes:
    box.spend(3 * len(text))
    return text.lower() if text.isascii() else "".join(map(_lower_char, runes(text))).encode()


def _lower_char(char: str) -> str:
    return "\ufffd" if "\udc80" <= char <= "\udcff" else char.lower()[0]


def _getenv(box: Box, name: bytes, *default: bytes) -> bytes:
    return unrunes(box.world.variables.get(runes(name), "")) or (default[0] if default else b"")


def _json(box: Box, text: bytes) -> Map:
    document = _document(box, text)
    if document is None:
        return Map(nil=True)
    if not isinstance(document, dict):
        raise _no_fit(document, "map[string]interface {}")
    return _value(document)  # type: ignore[no-any-return]


def _json_array(box: Box, text: bytes) -> Slice:
    document = _document(box, text)
    if document is None:
        return Slice((), ANYS, nil=True)
    if not isinstance(document, list):
        raise _no_fit(document, "[]interface {}")
    return _value(document)  # type: ignore[no-any-return]


def _document(box: Box, text: bytes) -> Any:
    box.spend(8 * len(text))
    try:
        return paths.load(text)
    except ValueError as error:
        raise GoError(paths.json_error(text, error)) from None


def _no_fit(document: object, wanted: str) -> GoError:
    kinds = {dict: "object", list: "array", str: "string", bool: "bool"}
    return GoError(f"json: cannot unmarshal {kinds.get(type(document), 'number')} into Go value of type {wanted}")


def _value(document: Any) -> Any:
    """Convert a parsed JSON document to the types of template values."""
    if isinstance(document, str):
        return paths.text_of(document)
    if isinstance(document, dict):
        return Map((paths.text_of(key), _value(item)) for key, item in document.items())
    if isinstance(document, list):
        return Slice.grown(map(_value, document), ANYS)
    return document


def _map(*values: Any) -> Map:
    if len(values) % 2:
        raise GoError("invalid map call")
    if not all(isinstance(key, bytes) for key in values[::2]):
        raise GoError("map keys must be strings")
    return Map(zip(values[::2], values[1::2], strict=True))


def _seq(box: Box, first: int, last: int) -> Slice:
    _hold(box, max(0, last - first + 1))
    return Slice(range(first, last + 1), INTS, nil=first > last)


def _div(left: int, right: int) -> int:
    if not right:
        raise GoError("runtime error: integer divide by zero")
    quotient = abs(left) // abs(right)
    return wrapped(quotient if (left < 0) == (right < 0) else -quotient)


def _mod(left: int, right: int) -> int:
    return left - right * _div(left, right) if right != -1 else 0


def _atoi(text: bytes) -> int:
    if not _INTEGER.fullmatch(text):
        raise GoError(f'strconv.Atoi: parsing "{runes(text)}": invalid syntax')
    number = int(text) if len(text) < 4000 else 1 << 64
    if wrapped(number) != number:
        raise GoError(f'strconv.Atoi: parsing "{runes(text)}": value out of range')
    return number


def _parse_bool(text: bytes) -> bool:
    if text not in TRUE + FALSE:
        raise GoError(f'strconv.ParseBool: parsing "{runes(text)}": invalid syntax')
    return text in TRUE


def _encode(box: Box, text: bytes) -> bytes:
    box.spend(2 * len(text))
    return base64.b64encode(text)


def _decode(text: bytes) -> bytes:
    try:
        return base64.b64decode(text.translate(None, b"\r\n"), validate=True)
    except binascii.Error as error:
        raise GoError(f"illegal base64 data: {error}") from None


def _reverse(values: Any) -> Any:
    """Reverse a list in place. confd reverses only two types of lists; a list from `gets` stays unchanged."""
    if isinstance(values, Slice) and values.type in (STRINGS, PLAIN_PAIRS):
        values.reverse()
    return values


def _sort_by_length(values: Slice | None) -> Slice:
    if values is None:
        return Slice((), STRINGS, nil=True)
    values.sort(key=len)
    return values


def _sort_pairs_by_length(values: Slice | None) -> Slice:
    if values is None:
        return Slice((), PLAIN_PAIRS, nil=True)
    values.sort(key=lambda pair: len(pair.key))
    return Slice(values, PLAIN_PAIRS, nil=values.nil, cap=values.cap)


def _addresses(name: bytes, *versions: int) -> Slice:
    """Return a list with the address if `name` is an IP address of these versions, otherwise []. No host is looked up."""
    try:
        address = ipaddress.ip_address(runes(name))
    except ValueError:
        return Slice((), STRINGS, nil=True)
    if isinstance(address, ipaddress.IPv6Address):
        # The zone of a link-local address is dropped.
        address = address.ipv4_mapped or ipaddress.IPv6Address(int(address))
    found = [str(address).encode()] if address.version in versions else []
    return Slice(found, STRINGS, nil=not found)


def _time(box: Box) -> Time:
    return Time.at(box.world.now)


def _found(box: Box, found: Slice) -> Slice:
    """Count a list from the store against the memory limit, and return the list."""
    box.check()
    _hold(box, len(found))
    return found


_STORE = {
    "exists": Function(lambda box, key: box.world.store.exists(key), ("string",), boxed=True),
    "get": Function(lambda box, key: box.world.store.get(key), ("string",), boxed=True),
    "getv": Function(lambda box, *keys: box.world.store.getv(*keys), ("string",), "string", boxed=True),
    "gets": Function(lambda box, pattern: _found(box, box.world.store.gets(pattern)), ("string",), boxed=True),
    "getvs": Function(lambda box, pattern: _found(box, box.world.store.getvs(pattern)), ("string",), boxed=True),
    "ls": Function(lambda box, path: _found(box, box.world.store.ls(path)), ("string",), boxed=True),
    "lsdir": Function(lambda box, path: _found(box, box.world.store.lsdir(path)), ("string",), boxed=True),
}
_CONFD = {
    "base": Function(lambda path: paths.base(path), ("string",)),
    "dir": Function(lambda path: paths.directory(path), ("string",)),
    "split": Function(_split, ("string", "string"), boxed=True),
    "join": Function(_join, (STRINGS, "string"), boxed=True),
    "toUpper": Function(_upper, ("string",), boxed=True),
    "toLower": Function(_lower, ("string",), boxed=True),
    "contains": Function(lambda text, wanted: wanted in text, ("string", "string")),
    "replace": Function(_replace, ("string", "string", "string", "int"), boxed=True),
    "trimSuffix": Function(lambda text, suffix: text.removesuffix(suffix), ("string", "string")),
    "getenv": Function(_getenv, ("string",), "string", boxed=True),
    "json": Function(_json, ("string",), boxed=True),
    "jsonArray": Function(_json_array, ("string",), boxed=True),
    "map": Function(_map, (), "any"),
    "seq": Function(_seq, ("int", "int"), boxed=True),
    "add": Function(lambda left, right: wrapped(left + right), ("int", "int")),
    "sub": Function(lambda left, right: wrapped(left - right), ("int", "int")),
    "mul": Function(lambda left, right: wrapped(left * right), ("int", "int")),
    "div": Function(_div, ("int", "int")),
    "mod": Function(_mod, ("int", "int")),
    "base64Encode": Function(_encode, ("string",), boxed=True),
    "base64Decode": Function(_decode, ("string",)),
    "reverse": Function(_reverse, ("any",)),
    "sortByLength": Function(_sort_by_length, (STRINGS,)),
    "sortKVByLength": Function(_sort_pairs_by_length, (PLAIN_PAIRS,)),
    "lookupIP": Function(lambda name: _addresses(name, 4, 6), ("string",)),
    "lookupSRV": Function(lambda *_: Slice((), SERVERS), ("string", "string", "string")),
    "fileExists": Function(lambda *_: False, ("string",)),
    "datetime": Function(_time, boxed=True),
}
_SINCE_0_16 = {
    "atoi": Function(_atoi, ("string",)),
    "parseBool": Function(_parse_bool, ("string",)),
    "lookupIPV4": Function(lambda name: _addresses(name, 4), ("string",)),
    "lookupIPV6": Function(lambda name: _addresses(name, 6), ("string",)),
}


def functions_of(dialect: Dialect) -> Mapping[str, Function]:
    """Return the template functions of a release of confd. The cget functions are left out, because they need a keyring."""
    newer = {} if dialect == "0.14" else _SINCE_0_16
    return {**BUILTINS, **_CONFD, **_STORE, **newer}
