"""Defines the types into which Rancher's programs decode YAML, and checks nodes against these types. Unknown keys are ignored.

Rules: `decode.go` of gopkg.in/yaml.v2, as used by catalog-service b3dc315 and rancher-compose-executor v0.14.29.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from catalog_forge.errors import Problem
from catalog_forge.goyaml.decoding import pairs, value
from catalog_forge.yamlio import Map, Node, Seq, Text

ATOI = re.compile(r"[-+]?[0-9]{1,19}")
_MAX = (1 << 63) - 1
_SHORT = 20


@dataclass(frozen=True, slots=True)
class Type:
    """A Go type; `word` is the type's name in messages."""

    word: str


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list of items of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A mapping with text keys and values of one type."""

    value: Type


@dataclass(frozen=True, slots=True)
class Struct(Type):
    """A mapping with a type for each known key."""

    fields: Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Own(Type):
    """A type with a custom decoder: `problem` returns the fault in a node, or "" if there is none."""

    problem: Callable[[Node], str]


ANY = Type("anything")
TEXT = Type("text")
INT = Type("a whole number")
TRUTH = Type("true or false")
TEXTS = ListOf("a list of texts", TEXT)
TEXT_BY_TEXT = MapOf("a mapping of texts", TEXT)
ANY_BY_TEXT = MapOf("a mapping", ANY)
SERVICES = MapOf("a mapping of services", MapOf("the mapping of a service", ANY))


def struct(word: str, numbers: str = "", texts: str = "", truths: str = "", **more: Type) -> Struct:
    """Return a structure type from the names of its number, text and boolean fields; `more` has fields of other types."""
    fields = {**dict.fromkeys(numbers.split(), INT), **dict.fromkeys(texts.split(), TEXT), **dict.fromkeys(truths.split(), TRUTH)}
    return Struct(word, {**fields, **more})


def faults(node: Node | None, wanted: Type, *, digits: bool = False) -> Iterator[Problem]:
    """Yield a problem for each part of a node that does not fit the type.

    If `digits` is true, text that consists of digits is also accepted as a number.
    """
    if node is None or isinstance(wanted, Own):
        words = wanted.problem(node) if node is not None and isinstance(wanted, Own) else ""
        yield from [Problem(words, node.where)] if node is not None and words else ()
    elif isinstance(node, Text):
        if wanted is not ANY and not _fits(node, wanted, digits):
            yield Problem(f"{_shown(node)} is not {wanted.word}", node.where, _hint(node, wanted))
    elif isinstance(node, Seq):
        yield from _faults_of_list(node, wanted, digits)
    else:
        yield from _faults_of_map(node, wanted, digits)


def _faults_of_list(node: Seq, wanted: Type, digits: bool) -> Iterator[Problem]:
    if isinstance(wanted, ListOf):
        if wanted.item is not ANY:
            for item in node.items:
                yield from faults(item, wanted.item, digits=digits)
    elif wanted is not ANY:
        yield Problem(f"a list is not {wanted.word}", node.where)


def _faults_of_map(node: Map, wanted: Type, digits: bool) -> Iterator[Problem]:
    if isinstance(wanted, MapOf):
        if wanted.value is not ANY:
            for each in pairs(node).values():
                yield from faults(each, wanted.value, digits=digits)
    elif isinstance(wanted, Struct):
        for name, each in pairs(node).items():
            if name in wanted.fields:
                yield from faults(each, wanted.fields[name], digits=digits)
    elif wanted is not ANY:
        yield Problem(f"a mapping is not {wanted.word}", node.where)


def _fits(node: Text, wanted: Type, digits: bool) -> bool:
    found = value(node)
    if found is None or wanted is TEXT:
        return True
    if wanted is TRUTH:
        return isinstance(found, bool)
    if wanted is INT:
        number = isinstance(found, int | float) and not isinstance(found, bool) and not math.isnan(found) and found <= _MAX
        return number or (digits and isinstance(found, str) and ATOI.fullmatch(found) is not None)
    return False


def _shown(node: Text) -> str:
    text = node.value if len(node.value) <= _SHORT else f"{node.value[:_SHORT]}..."
    return repr(text) if text or not node.bare else "nothing"


def _hint(node: Text, wanted: Type) -> str:
    if wanted is TRUTH and node.value.lower() in ("true", "false", "yes", "no"):
        return f"write {node.value.lower()} without quotes"
    if wanted is INT and ATOI.fullmatch(node.value) and int(node.value) <= _MAX:
        return f"write {node.value} without quotes"
    return ""
