"""Provides the functions that templates of compose files may call: Go's functions, sprig's, and those of rancher-compose.

Rules: docs/facts/catalog.md#4.13, #4.18; the names are those of rancher-compose-executor v0.14.29. The package gotpl provides
sprig's functions in plain Python. This module adapts these functions to our template engine, limits the size of arguments,
and refuses functions that read the environment.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from functools import cache, partial
from typing import Any

from catalog_forge.gotext.builtins import BUILTINS, Function, Sandbox
from catalog_forge.gotext.time import Time
from catalog_forge.gotext.values import ANYS, INTS, STRINGS, GoError, LimitError, Map, Slice, runes, type_name, unrunes

MAX_CHARACTERS = 1 << 20
MAX_ITEMS = 10_000

# The sprig functions that rancher-compose-executor v0.14.29 contains. Templates that call other functions are refused.
SPRIG = frozenset(
    "abbrev abbrevboth add add1 atoi b32dec b32enc b64dec b64enc base biggest cat clean contains date dateInZone dateModify "
    "default dict dir div empty env expandenv ext float64 genPrivateKey hasKey hasPrefix hasSuffix hello htmlDate "
    "htmlDateInZone indent initials int int64 isAbs join kindIs kindOf lower max min mod mul nospace now plural quote "
    "randAlpha randAlphaNum randAscii randNumeric repeat replace set sha256sum split squote sub substr swapcase title trim "
    "trimAll trimPrefix trimSuffix trimall trunc tuple typeIs typeIsLike typeOf unset until untilStep untitle upper uuidv4 "
    "wrap wrapWith".split()
)
# Functions that would read this machine's environment or take minutes. Entries of real catalogs do not call these functions.
_REFUSED = frozenset(("env", "expandenv", "genPrivateKey"))
_COUNTING = frozenset("until untilStep repeat indent randAlpha randAlphaNum randAscii randNumeric".split())
_MULTIPLYING = frozenset("replace join wrap wrapWith repeat".split())
_QUOTES = frozenset("\"'\u00ab\u00bb\u2018\u2019\u201a\u201b\u201c\u201d\u201e\u201f\u2039\u203a")
_WHOLE = re.compile(rb"[-+]?[0-9]+")
_MOST = (1 << 63) - 1


class Functions(dict[str, Function]):
    """The functions by name. gotpl takes 70 ms to import, so it is imported only when a function of sprig is looked up."""

    def __init__(self) -> None:
        super().__init__({**BUILTINS, **_OWN})

    def __missing__(self, name: str) -> Function:
        return _of_sprig(name)


def _compared(name: str, *values: Any) -> Any:
    """Compare values as in Go 1.8, with which the executor was built: a comparison with a missing value fails (fact 4.18)."""
    if None in values:
        raise GoError("incompatible types for comparison: a value is missing")
    return BUILTINS[name].call(*values)


def _atoi(text: bytes) -> int:
    """Convert text as sprig's atoi does: 0 if it is not a number, and the nearest 64-bit limit if the number does not fit."""
    digits = text.lstrip(b"+-").lstrip(b"0")
    if not _WHOLE.fullmatch(text):
        return 0
    if len(digits) > 19:
        return -_MOST - 1 if text[:1] == b"-" else _MOST
    return max(-_MOST - 1, min(int(text), _MOST))


def _until(count: int) -> Slice:
    if abs(count) > MAX_ITEMS:
        raise LimitError(f"until: catalog-forge makes at most {MAX_ITEMS} items")
    return Slice(range(count) if count >= 0 else range(0, count, -1), INTS)


def _set(values: Any, key: bytes, value: Any) -> Map:
    """Set a key of a dictionary in place, as sprig does, and return the dictionary."""
    found = _dict(values)
    found[key] = value
    return found


def _unset(values: Any, key: bytes) -> Map:
    found = _dict(values)
    found.pop(key, None)
    return found


def _dict(value: Any) -> Map:
    if not isinstance(value, Map):
        raise GoError(f"wrong type for value; expected map[string]interface {{}}; got {type_name(value)}")
    return value


def _cut(text: bytes) -> Slice:
    """Split text at each space outside quotes of any kind. The last character of the text is kept even if it is a space."""
    chars = runes(text)
    pieces = [""]
    quoted = False
    for place, char in enumerate(chars, 1):
        quoted ^= char in _QUOTES
        if char.isspace() and not quoted and place < len(chars):
            pieces.append("")
        else:
            pieces[-1] += char
    return Slice(map(unrunes, pieces) if chars else (), STRINGS)


_OWN = {
    **{
        name: Function(partial(_compared, name), BUILTINS[name].parameters, BUILTINS[name].more)
        for name in ("eq", "ne", "lt", "le", "gt", "ge")
    },
    "atoi": Function(_atoi, ("string",)),
    "until": Function(_until, ("int",)),
    "contains": Function(lambda part, text: part in text, ("string", "string")),
    "set": Function(_set, ("any", "string", "any")),
    "unset": Function(_unset, ("any", "string")),
    "splitPreserveQuotes": Function(_cut, ("string",)),
}

# The names of all functions that a template may call. Go cannot parse a call of any other name.
NAMES = (SPRIG | BUILTINS.keys() | _OWN.keys() | {"and", "or"}) - {"slice"}


@cache
def _of_sprig(name: str) -> Function:
    """Return a function of sprig in the form that the template engine calls. If the function is refused or not in gotpl, every
    call fails.
    """
    from gotpl.funcs.sprig import text_func_map

    call = None if name in _REFUSED else text_func_map().get(name)

    def run(box: Sandbox, *arguments: Any) -> Any:
        if call is None:
            raise GoError("this function is not available to compose files here")
        given = [_from_go(each) for each in arguments]
        _check(name, given)
        return _to_go(_called(call, given), box)

    return Function(run, (), "any", boxed=True)


def _called(call: Callable[..., Any], given: list[Any]) -> Any:
    try:
        return call(*given)
    except ZeroDivisionError:  # the message of this error differs between releases of Python
        raise GoError("runtime error: integer divide by zero") from None
    except Exception as error:
        # Any exception from a function of gotpl is a fault of the template, not of this program.
        raise GoError(str(error)) from None


def _check(name: str, given: list[Any]) -> None:
    """Raise LimitError for arguments that are too large, or that would make the result too large."""
    counted = name in _COUNTING and any(isinstance(each, int) and abs(each) > MAX_ITEMS for each in given)
    sizes = sorted(map(_size, given))
    product = name in _MULTIPLYING and len(sizes) > 1 and sizes[-1] * sizes[-2] > 16 * MAX_CHARACTERS
    if counted or product or sum(sizes) > MAX_CHARACTERS:
        raise LimitError(f"{name}: the arguments or the result are larger than catalog-forge can render")


def _size(value: object) -> int:
    return len(value) if isinstance(value, str | bytes | list | tuple | dict) else 1


def _from_go(value: Any) -> Any:
    if isinstance(value, bytes):
        return runes(value)
    if isinstance(value, Slice):
        return [_from_go(each) for each in value]
    if isinstance(value, Time):
        return value.moment
    return {runes(key): _from_go(each) for key, each in value.items()} if isinstance(value, Map) else value


def _to_go(value: Any, box: Sandbox) -> Any:
    box.spend(_size(value))
    if isinstance(value, str):
        return unrunes(value)
    if isinstance(value, datetime):
        return Time(value)
    if isinstance(value, Mapping):
        return Map((unrunes(str(key)), _to_go(each, box)) for key, each in value.items())
    if isinstance(value, list | tuple | range):
        kind = STRINGS if all(isinstance(each, str) for each in value) else ANYS
        return Slice([_to_go(each, box) for each in value], INTS if isinstance(value, range) else kind)
    if value is None or isinstance(value, bool | int | float | bytes):
        return value
    raise GoError(f"its result is a {type(value).__name__}, which catalog-forge's template engine does not support")
