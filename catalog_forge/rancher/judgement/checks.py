"""Provides checks for values in compose files, and functions that combine checks. Each check yields problems with locations.

Rules: the JSON schemas of rancher-compose-executor v0.14.29 (config/schema.go), and then its decoders (yaml/).
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable, Iterator, Mapping, Sequence

from catalog_forge.errors import Problem, did_you_mean
from catalog_forge.goyaml import decoding, types
from catalog_forge.goyaml.types import Type
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.yamlio import Map, Node, Seq, Text

# The ids of the lint rules that report the faults found here.
KIND, TWICE, PORT, WORDS, NUMBER_FORM, KEPT, INNER_KEY = "CF428", "CF404", "CF429", "CF430", "CF431", "CF433", "CF434"

Words = str
Check = Callable[[Node], Iterator[Problem]]


# Scalars


def _kind(node: Node) -> str:
    if isinstance(node, Map):
        return "a mapping"
    if isinstance(node, Seq):
        return "a list"
    found = decoding.value(node)
    if isinstance(found, bool):
        return "true or false"
    return "nothing" if found is None else "text" if isinstance(found, str) else "a number"


def one_of(*kinds: str) -> Check:
    """Return a check for a value of one of these kinds; `_kind` returns the names of kinds."""
    wanted = " or ".join(kinds)

    def check(node: Node) -> Iterator[Problem]:
        kind = _kind(node)
        if kind not in kinds:
            yield Refusal(f"{kind} found where {wanted} is expected", node.where, _instead(node, kind, kinds), KIND)

    return check


def _instead(node: Node, kind: str, kinds: Sequence[str]) -> str:
    """Return a hint that shows the author how to write the expected kind."""
    if not isinstance(node, Text) or kind == "nothing":
        return ""
    if "text" in kinds:
        return f"'{node.value}'"
    return "a list is written [a, b], or with '- ' before each item" if "a list" in kinds else ""


def then(first: Check, second: Callable[[Node], Words], rule: str = NUMBER_FORM) -> Check:
    """Return a check that runs `first`, then `second` if `first` finds nothing."""

    def check(node: Node) -> Iterator[Problem]:
        found = [*first(node)]
        yield from found
        if not found and (words := second(node)):
            yield Refusal(words, node.where, "", rule)

    return check


def decoded(wanted: Type, first: Check) -> Check:
    """Return a check that runs `first` and, if that finds nothing, tests whether the value decodes into the type `wanted`."""

    def check(node: Node) -> Iterator[Problem]:
        found = [*first(node)]
        yield from found or types.faults(node, wanted)

    return check


_PARSED_SIZE = re.compile(r"([0-9]+(\.[0-9]+)?) ?[kKmMgGtTpP]?[bB]?")
_PARSED_DURATION = re.compile(r"[-+]?(0|(([0-9]+(\.[0-9]*)?|\.[0-9]+)(ns|us|µs|μs|ms|s|m|h))+)")


def matching(pattern: re.Pattern[str], what: str) -> Callable[[Node], Words]:
    """Return a test for whether text matches a pattern; `what` names the expected form in the test's error message."""

    def words(node: Node) -> Words:
        found = decoding.value(node) if isinstance(node, Text) else None
        if isinstance(found, str) and not pattern.fullmatch(found):
            return f"{found!r} is not a {what}"
        return ""

    return words


def integer(node: Node) -> Words:
    """Return an error message if a number has a fraction."""
    found = decoding.value(node) if isinstance(node, Text) else None
    return f"{found} is not a whole number" if isinstance(found, float) and not found.is_integer() else ""


def _from_1000_to_1000(node: Node) -> Words:
    found = decoding.value(node) if isinstance(node, Text) else None
    return "" if isinstance(found, int | float) and abs(found) <= 1000 and not integer(node) else "it must be from -1000 to 1000"


TEXT = one_of("text")
TRUTH = one_of("true or false")
MAP = one_of("a mapping")
LIST = one_of("a list")
NUMBER = then(one_of("a number", "text"), matching(types.ATOI, "whole number"))
SIZE = then(one_of("a number", "text"), matching(_PARSED_SIZE, "size"))
DURATION = then(one_of("a number", "text"), matching(_PARSED_DURATION, "duration"))
WHOLE = then(one_of("a number"), integer)
SCORE = then(one_of("a number"), _from_1000_to_1000)


def mapping(fields: Mapping[str, Check], otherwise: Check = MAP, *, closed: bool = True) -> Check:
    """Return a check for a mapping; `fields` has a check for each allowed key. If `closed`, other keys are reported. A
    node that is not a mapping is checked by `otherwise`."""

    def check(node: Node) -> Iterator[Problem]:
        if not isinstance(node, Map):
            yield from otherwise(node)
            return
        for key, each in node.pairs:
            if key.value in fields:
                yield from fields[key.value](each)
            elif closed:
                yield Refusal(f"unknown key {key.value!r}", key.where, did_you_mean(key.value, fields), INNER_KEY)

    return check


def items(*kinds: str, unique: bool = True) -> Check:
    """Return a check for a list of scalars of these kinds, without duplicates if `unique`."""
    item = one_of(*kinds)

    def check(node: Node) -> Iterator[Problem]:
        if not isinstance(node, Seq):
            yield from LIST(node)
            return
        for each in node.items:
            yield from item(each)
        yield from _repeated(node.items) if unique else ()

    return check


def _repeated(items: Sequence[Node]) -> Iterator[Problem]:
    seen: set[tuple[str, object]] = set()
    for each in items:
        if isinstance(each, Text):
            found = decoding.value(each)
            if (type(found).__name__, found) in seen:
                yield Refusal(f"{each.value!r} is listed twice", each.where, "remove one of the two", TWICE)
            seen.add((type(found).__name__, found))


UNIQUE = items("text")


def ports(node: Node) -> Iterator[Problem]:
    """Check a list of ports. Only ports written as text are checked, because any number is accepted."""
    found = [*items("text", "a number")(node)]
    yield from found
    for each in node.items if isinstance(node, Seq) and not found else ():
        shown = decoding.value(each) if isinstance(each, Text) else None
        if isinstance(shown, str) and not is_port(shown):
            yield Refusal(
                f"{shown!r} is not a port",
                each.where,
                "write [ADDRESS:][PORT:]PORT, each PORT from 1 to 65535, optionally with /tcp or /udp at the end",
                PORT,
            )


def is_port(text: str) -> bool:
    """Whether Docker's Go library accepts a string as a port: [ADDRESS:][PORT:]PORT[/PROTOCOL]; each PORT may be a range."""
    rest, slash, protocol = text.rpartition("/")
    rest, protocol = (rest, protocol) if slash else (text, "tcp")
    parts = rest.split(":")
    if len(parts) > 3 or protocol.lower() not in ("tcp", "udp"):
        return False
    address, host, inner = ["", ""][len(parts) - 1 :] + parts
    inside, outside = _range(inner), _range(host) if host else (0, 0)
    if inside is None or outside is None or (address and not is_address(address)):
        return False
    same = inside[1] - inside[0] == outside[1] - outside[0]
    return not host or same or inside[0] == inside[1]


def _range(text: str) -> tuple[int, int] | None:
    ends = text.split("-")[:2]
    # Go accepts any number of leading zeros; a thousand digits are the most that is read here, because longer ones take long.
    if not all(re.fullmatch(r"[0-9]{1,1000}", end) and int(end) < 1 << 16 for end in ends):
        return None
    first, last = int(ends[0]), int(ends[-1])
    return (first, last) if first <= last else None


def is_address(text: str) -> bool:
    """Whether a string is an IP address, version 4 or 6."""
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _not_bare(node: Node) -> Words:
    """Return an error message for text that yaml.v2 reads as null, such as an empty answer: rancher-compose expects text."""
    found = decoding.value(node) if isinstance(node, Text) else None
    return "the text is empty: rancher-compose cannot read it" if found in ("", "null") else ""


def text_or(items: Check, more: Callable[[Node], Words] = _not_bare, rule: str = KIND) -> Check:
    """Return a check for text or a list: `items` checks the list, and `more` tests the text."""
    text = then(one_of("text", "a list"), more, rule)

    def check(node: Node) -> Iterator[Problem]:
        yield from items(node) if isinstance(node, Seq) else text(node)

    return check


def command(node: Node) -> Words:
    """Return the reason why text cannot be split into the words of a command."""
    words = _not_bare(node)
    return words or (_unclosed(node.value) if isinstance(node, Text) else "")


def _unclosed(text: str) -> Words:
    """Return a message if a quote is never closed or the text ends in a backslash."""
    quote, word, place = "", False, 0
    while place < len(text):
        char = text[place]
        if char == "\\" and quote != "'":
            place += 1
            if place == len(text):
                return "it ends in a backslash"
            word = True
        elif quote:
            quote = "" if char == quote else quote
        elif char == "#" and not word:
            place = text.find("\n", place) if "\n" in text[place:] else len(text)
        elif char in "'\"":
            quote, word = char, True
        else:
            word = char not in " \t\r\n"
        place += 1
    return f"a quote ({quote}) is never closed" if quote else ""


def list_or_map(*, scalars: tuple[str, ...], lists_only: bool = False) -> Check:
    """Return a check for a list of distinct strings or, unless `lists_only`, a mapping with values of the kinds `scalars`."""
    value = one_of(*scalars)

    def check(node: Node) -> Iterator[Problem]:
        if isinstance(node, Map):
            if lists_only and node.pairs:
                yield Refusal("rancher-compose reads only a list here", node.where, "", KIND)
            for key, each in node.pairs:
                yield from [Refusal("a key is empty", key.where, "", KEPT)] if not key.value else value(each)
        else:
            yield from UNIQUE(node) if isinstance(node, Seq) else one_of("a list", "a mapping")(node)

    return check


ENVIRONMENT = list_or_map(scalars=("text", "a number", "nothing"))
LABELS = list_or_map(scalars=("text",))
RATES = list_or_map(scalars=("text", "a number", "nothing"))
ONLY_LIST = list_or_map(scalars=("text", "a number", "nothing", "true or false"), lists_only=True)
