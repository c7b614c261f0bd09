"""What Go makes of a YAML document: the types that Rancher's programs decode into, and what does not fit them.

Rules: `decode.go` of gopkg.in/yaml.v2, as catalog-service b3dc315 and rancher-compose-executor v0.14.29 carry it: null fits
everything, every scalar is text, numbers and truths are what YAML 1.1 says; unknown keys are passed over.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalog_forge.errors import Problem
from catalog_forge.lint.tree import File, Yaml
from catalog_forge.metadata import goyaml, scalars
from catalog_forge.yamlio import Map, Node, Seq, Text

ATOI = re.compile(r"[-+]?[0-9]{1,19}")
_MAX = (1 << 63) - 1
_SHORT = 20
MAX_NODES = 100_000


@dataclass(frozen=True, slots=True)
class Type:
    """A type of Go; `word` names it in messages."""

    word: str


@dataclass(frozen=True, slots=True)
class ListOf(Type):
    """A list of one type."""

    item: Type


@dataclass(frozen=True, slots=True)
class MapOf(Type):
    """A mapping from text to one type."""

    value: Type


@dataclass(frozen=True, slots=True)
class Struct(Type):
    """A mapping with a type for each known key."""

    fields: Mapping[str, Type]


@dataclass(frozen=True, slots=True)
class Own(Type):
    """A type with a decoder of its own: it says what is wrong with a node, or nothing."""

    problem: Callable[[Node], str]


ANY = Type("anything")
TEXT = Type("text")
INT = Type("a whole number")
TRUTH = Type("true or false")
TEXTS = ListOf("a list of texts", TEXT)
TEXT_BY_TEXT = MapOf("a mapping of texts", TEXT)
ANY_BY_TEXT = MapOf("a mapping", ANY)
SERVICES = MapOf("a mapping of services", MapOf("the mapping of a service", ANY))


@lru_cache(maxsize=4096)
def _resolved(text: str) -> scalars.Scalar:
    return scalars.resolve(text) if text else None


def value(node: Text) -> scalars.Scalar:
    """The value of a scalar."""
    return _resolved(node.value) if node.bare else node.value


def is_null(node: Node | None) -> bool:
    """Whether there is nothing, or null."""
    return node is None or (isinstance(node, Text) and node.bare and _resolved(node.value) is None)


def raw(node: Node | None) -> str:
    """A scalar that is decoded into text at once: as it is written; `""` for null and for what is no scalar."""
    return node.value if isinstance(node, Text) and not is_null(node) else ""


def stored(node: Node | None) -> str:
    """A scalar that is decoded, written and decoded again into text: by its value, so that 1.10 is 1.1 and 010 is 8."""
    if not isinstance(node, Text):
        return ""
    found = value(node)
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    return "" if found is None else str(found) if isinstance(found, int) else goyaml.dump(found).rstrip("\n")


def printed(node: Text) -> str:
    """A scalar as Go prints its value."""
    found = value(node)
    return stored(node) if isinstance(found, bool | int) else str(found)


def pairs(node: Map) -> dict[str, Node]:
    """The values of a mapping by key; a merge key counts where it stands: over what is before it, under what follows."""
    found: dict[str, Node] = {}
    for key, each in node.pairs:
        if key.value == "<<" and key.bare:
            others = {id(other): other for other in each.items} if isinstance(each, Seq) else {0: each}
            for other in reversed(others.values()):
                found |= pairs(other) if isinstance(other, Map) else {}
        else:
            found[key.value] = each
    return found


def read(file: File) -> Yaml:
    """A file as Go decodes it: a merge key that cannot be merged spoils all of it, wherever it stands."""
    found = file.yaml
    problems = [*too_large(found.node)] if b"*" in file.content else []
    if b"<<" in file.content and found.node is not None:
        problems += broken_merges(found.node)
    return Yaml(found.node, tuple(problems), found.duplicates, found.second) if problems else found


def too_large(root: Node | None) -> Iterator[Problem]:
    """Whether a document is beyond what is judged when every alias is written out."""
    if root is not None and _size(root, {}) > MAX_NODES:
        yield Problem("the document grows too large to be judged", root.where)


def _size(node: Node, known: dict[int, int]) -> int:
    if id(node) not in known:
        inner = [each for _, each in node.pairs] if isinstance(node, Map) else node.items if isinstance(node, Seq) else ()
        known[id(node)] = 1 + sum(_size(each, known) for each in inner)
    return known[id(node)]


def broken_merges(root: Node) -> Iterator[Problem]:
    """The merge keys below a node that cannot be merged. What an alias stands for is looked at once."""
    seen: set[int] = set()
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if id(node) in seen or isinstance(node, Text):
            continue
        seen.add(id(node))
        if isinstance(node, Map):
            yield from _faults_of_merges(node)
            nodes += (each for _, each in node.pairs)
        else:
            nodes += node.items


def faults(node: Node | None, wanted: Type, *, digits: bool = False) -> Iterator[Problem]:
    """Say what in a node does not fit a type, each with its place. With `digits`, text of digits is a number too."""
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


def _faults_of_merges(node: Map) -> Iterator[Problem]:
    for key, each in node.pairs:
        if key.value == "<<" and key.bare:
            items = each.items if isinstance(each, Seq) else (each,)
            if not all(isinstance(item, Map) for item in items):
                yield Problem("a merge key (<<) takes a mapping or a list of mappings", key.where)


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
    if wanted is INT and ATOI.fullmatch(node.value):
        return f"write {node.value} without quotes"
    return ""
