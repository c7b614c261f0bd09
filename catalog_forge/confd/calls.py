"""Detects template calls that always fail, by means of the types and constants that are known before the template runs.

The parameter types are those of the imitated functions. An argument of unknown type is never reported.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.confd.imitated import store
from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.gotext import literals
from catalog_forge.gotext.fmt import quote
from catalog_forge.gotext.machine import Fault, Limits, Machine
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.gotext.template import compile_template
from catalog_forge.gotext.values import ANYS, INTS, PAIRS, PLAIN_PAIRS, SERVERS, STRINGS, GoError, unrunes
from catalog_forge.shown import counted

MAP, PAIR, TIME, NIL = "map[string]interface {}", "memkv.KVPair", "time.Time", "nil"
_FUNCTIONS = functions_of(DIALECTS[-1])
# Functions that may fail, and that use nothing but their arguments.
_PURE = frozenset("json jsonArray parseBool base64Decode atoi add sub mul div mod index slice".split())
_LONGEST = 1000

# The Go types that functions return. Functions whose result may be of several types are left out.
RESULTS: Mapping[str, str] = {
    **dict.fromkeys("getv getenv base dir toUpper toLower replace trimSuffix join base64Encode base64Decode".split(), "string"),
    **dict.fromkeys("print printf println html js urlquery".split(), "string"),
    **dict.fromkeys("ls lsdir getvs split lookupIP lookupIPV4 lookupIPV6 sortByLength".split(), STRINGS),
    **dict.fromkeys("add sub mul div mod atoi len".split(), "int"),
    **dict.fromkeys("exists contains parseBool fileExists not eq ne lt le gt ge".split(), "bool"),
    **{"gets": PAIRS, "get": PAIR, "json": MAP, "map": MAP, "jsonArray": ANYS, "seq": INTS, "datetime": TIME},
    **{"lookupSRV": SERVERS, "sortKVByLength": PLAIN_PAIRS},
}
ELEMENTS = {STRINGS: "string", INTS: "int", PAIRS: PAIR, PLAIN_PAIRS: PAIR, "int": "int"}
_SHOWN = {
    **{"string": "a string", "int": "a whole number", "float64": "a floating-point number", "bool": "a boolean", NIL: "nil"},
    **{STRINGS: "a list of strings", INTS: "a list of numbers", ANYS: "a list", PAIRS: "a list of pairs", PAIR: "a pair"},
    **{
        PLAIN_PAIRS: "a list of pairs",
        SERVERS: "a list of servers",
        MAP: "a map",
        TIME: "a time",
        "complex128": "a complex number",
    },
}
_ACCEPTED = {"string": ("string",), "int": ("int",), STRINGS: (STRINGS, NIL), PLAIN_PAIRS: (PAIRS, PLAIN_PAIRS, NIL)}
_ORDERED = ("string", "int", "float64")
_BARE_PATH = re.compile(r"[^\s/]+(?:/[^\s/]*+)++")
_VERB = re.compile(r"%[-+# 0]*[0-9]*(?:\.[0-9]*)?(.?)", re.DOTALL)
_VERBS = {
    "string": "vTsqxX", "int": "vTbcdoOqxXU", "float64": "vTbeEfFgGxX", "bool": "vTt", "complex128": "vTbeEfFgGxX",
}  # fmt: skip
_KNOWN_VERBS = "vTtbcdoOqxXUeEfFgGsp"


@dataclass(frozen=True, slots=True)
class Argument:
    """What is known about an argument: its Go type ("" if unknown) and, for a constant, its text and whether it is a number."""

    type: str = ""
    text: str | None = None
    is_number: bool = False


def shown(kind: str) -> str:
    """Return the name of a Go type as error messages show it, such as "a list of strings"."""
    return _SHOWN.get(kind, f"a {kind}")


def number_type(text: str) -> str:
    """Return the Go type of the numeric constant `text` when it is passed as `any`, or "" if `text` is not a number."""
    try:
        return {int: "int", float: "float64", complex: "complex128"}[type(literals.number(text))]
    except ValueError:
        return ""


def never(name: str, arguments: Sequence[Argument]) -> str:
    """Return why this call fails, whatever the metadata is. Return "" if it may succeed or if the function is unknown."""
    function = _FUNCTIONS.get(name)
    if function is None:
        return "it needs at least one argument" if name in ("and", "or") and not arguments else ""
    least, given = len(function.parameters), len(arguments)
    if given < least or (given > least and not function.more):
        many = "at least " if function.more else ""
        return f"it takes {many}{counted(least, 'argument')}, but gets {given}"
    kinds = [*function.parameters, *([function.more] * (given - least))]
    for number, (argument, kind) in enumerate(zip(arguments, kinds, strict=True), 1):
        if not _may_be(argument, kind):
            return f"argument {number} must be {shown(kind)}, but it is {shown(argument.type)}"
    check = _CHECKS.get(name)
    return (check(name, arguments) if check else "") or _tried(name, arguments)


def _tried(name: str, arguments: Sequence[Argument]) -> str:
    """Run a pure function with constant arguments. Return why it fails, or "" if it succeeds. Other calls are not run."""
    texts = [argument.text for argument in arguments]
    if name not in _PURE or None in texts or sum(len(text or "") for text in texts) > _LONGEST:
        return ""
    words = [each.text or "" if each.is_number else quote(unrunes(each.text or "")).decode() for each in arguments]
    try:
        code = compile_template("", f"{{{{{name} {' '.join(words)}}}}}".encode(), _FUNCTIONS)
        Machine(code.codes, None, Limits()).run("")
    except Fault as fault:
        return fault.message.removeprefix(f"error calling {name}: ")
    except SyntaxFault:
        pass
    return ""


def _may_be(argument: Argument, kind: str) -> bool:
    accepted = _ACCEPTED.get(kind)
    # A number with a decimal point, such as 1.0, may be a valid int.
    constant = kind == "int" and argument.is_number and argument.type != "int"
    return accepted is None or not argument.type or argument.type in accepted or constant


def _path(name: str, arguments: Sequence[Argument]) -> str:
    path = arguments[0].text
    if path is None or len(arguments) > 1:
        return ""
    if not path.startswith("/"):
        # Authors use `getv "a sentence"` to make a template fail on purpose, so only text that looks like a path is reported.
        return "every key of the store begins with a slash" if _BARE_PATH.fullmatch(path) else ""
    if name != "exists" and (path.endswith("/") or "//" in path):
        return "no key of the store " + ("ends in a slash" if path.endswith("/") else "has two slashes in a row")
    return ""


def _pattern(_name: str, arguments: Sequence[Argument]) -> str:
    try:
        if arguments[0].text is not None:
            store.matcher(unrunes(arguments[0].text))
    except GoError as error:
        return f"the pattern cannot be read: {error}"
    return ""


def _division(_name: str, arguments: Sequence[Argument]) -> str:
    return "it divides by zero" if arguments[1].is_number and arguments[1].text in ("0", "-0", "+0") else ""


def _pairs(_name: str, arguments: Sequence[Argument]) -> str:
    if len(arguments) % 2:
        return "it takes pairs of a key and a value, but the last key has no value"
    wrong = next((key.type for key in arguments[::2] if key.type not in ("", "string")), None)
    return f"a key must be a string, but it is {shown(wrong)}" if wrong else ""


def _comparison(name: str, arguments: Sequence[Argument]) -> str:
    if len(arguments) < 2:
        return "it has nothing to compare with"
    kinds = {argument.type for argument in arguments} - {"", NIL}
    odd = kinds - {"string", "int", "float64", "bool", "complex128"}
    if name not in ("eq", "ne") and kinds - set(_ORDERED):
        return f"{shown((kinds - set(_ORDERED)).pop())} cannot be ordered"
    if len(arguments) == 2 and len(kinds) == 2 and not odd:
        return f"{' and '.join(sorted(map(shown, kinds)))} cannot be compared"
    return ""


def _length(_name: str, arguments: Sequence[Argument]) -> str:
    kind = arguments[0].type
    return f"{shown(kind)} has no length" if kind in ("int", "bool", "float64", PAIR, TIME, NIL) else ""


def _element(name: str, arguments: Sequence[Argument]) -> str:
    """Return why `index` or `slice` fails, or "" if it may succeed.

    Both fail if the value has no elements, and if the first index has a wrong type.
    """
    kind, places = arguments[0].type, arguments[1:2]
    if kind in ("int", "bool", "float64", "complex128", PAIR, TIME, NIL) or (name == "slice" and kind == MAP):
        return f"{shown(kind)} has no elements"
    wanted = "string" if kind == MAP else "int"
    wrong = next((each.type for each in places if each.type and not _may_be(each, wanted)), "") if kind else ""
    return f"an index of {shown(kind)} must be {shown(wanted)}, but it is {shown(wrong)}" if wrong else ""


def _called(_name: str, arguments: Sequence[Argument]) -> str:
    return f"{shown(arguments[0].type)} cannot be called" if arguments[0].type else ""


_CHECKS: Mapping[str, Callable[[str, Sequence[Argument]], str]] = {
    **dict.fromkeys(("getv", "get", "exists"), _path),
    **dict.fromkeys(("gets", "getvs"), _pattern),
    **dict.fromkeys(("div", "mod"), _division),
    **dict.fromkeys(("eq", "ne", "lt", "le", "gt", "ge"), _comparison),
    **dict.fromkeys(("index", "slice"), _element),
    **{"map": _pairs, "len": _length, "call": _called},
}


def garbled(arguments: Sequence[Argument]) -> Iterator[str]:
    """Yield each reason why printf would write an error such as `%!d(string=x)`; yield nothing if the format is unknown."""
    if not arguments or arguments[0].text is None or arguments[0].is_number or re.search(r"%[^a-zA-Z%]*[\[*]", arguments[0].text):
        return
    rest = iter(arguments[1:])
    for match in _VERB.finditer(arguments[0].text):
        verb = match[1]
        if verb == "%":
            continue
        argument = next(rest, None)
        if not verb:
            yield "the format ends in %"
        elif argument is None:
            yield f"%{verb} has no argument"
        elif verb not in _KNOWN_VERBS:
            yield f"there is no verb %{verb}"
        elif verb not in _VERBS.get(ELEMENTS.get(argument.type, argument.type) if argument.type != "int" else "int", verb):
            yield f"%{verb} does not print {shown(argument.type)}"
    more = sum(1 for _ in rest)
    if more:
        yield f"the format has no verb for the last {counted(more, 'argument')}"
