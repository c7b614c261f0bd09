"""Decodes YAML in the same way as Go, which has its own rules for scalars, null, text and merge keys.

Rules: `decode.go` of gopkg.in/yaml.v2, as used by catalog-service b3dc315 and rancher-compose-executor v0.14.29. Null fits every
type, every scalar can be text, and numbers and booleans are those of YAML 1.1.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache
from typing import Any

from catalog_forge.errors import Problem
from catalog_forge.goyaml import scalars
from catalog_forge.yamlio import Map, Node, Seq, Text

MAX_NODES = 100_000
MERGE = "<<"
BROKEN_MERGE = "a merge key (<<) takes a mapping or a list of mappings"

Pairs = tuple[tuple[Text, Node], ...]


@lru_cache(maxsize=4096)
def _resolved(text: str) -> scalars.Scalar:
    return scalars.resolve(text) if text else None


def value(node: Text) -> scalars.Scalar:
    """Return the value of a scalar."""
    return _resolved(node.value) if node.bare else node.value


def is_null(node: Node | None) -> bool:
    """Whether a node is missing or null."""
    return node is None or (isinstance(node, Text) and node.bare and _resolved(node.value) is None)


def raw(node: Node | None) -> str:
    """Return the text of a scalar as it is written, which is what Go decodes into a string, or "" for null and other nodes."""
    return node.value if isinstance(node, Text) and not is_null(node) else ""


def is_text(node: Node | None) -> bool:
    """Whether a node is a scalar that Go reads as text, because it is quoted or has no other meaning."""
    return isinstance(node, Text) and isinstance(value(node), str)


def text_of(node: Node | None) -> str:
    """Return the text of a scalar after Go has decoded and written it: 1.10 becomes 1.1, 010 becomes 8, yes becomes true."""
    if not isinstance(node, Text):
        return ""
    found = value(node)
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    if found is None or isinstance(found, int):
        return "" if found is None else str(found)
    # Imported here, because few scalars need this module, and the patterns in it compile slowly.
    from catalog_forge.goyaml import printing

    return printing.dump(found).rstrip("\n")


def printed(node: Text) -> str:
    """Return the value of a scalar as Go prints it."""
    found = value(node)
    return text_of(node) if isinstance(found, bool | int) else str(found)


def is_merge(key: Text) -> bool:
    """Whether a key is a merge key; a quoted `<<` is not."""
    return key.value == MERGE and key.bare


def merged(pairs: Pairs) -> Pairs:
    """Return the pairs of a mapping without duplicates. Merged pairs override those before the merge key, not those after it."""
    for key, _ in pairs:
        if is_merge(key):
            break
    else:
        return pairs
    found: dict[str, tuple[Text, Node]] = {}
    for key, each in pairs:
        if is_merge(key):
            for other in brought_in(each):
                found |= {inner[0].value: inner for inner in (merged(other.pairs) if isinstance(other, Map) else ())}
        else:
            found[key.value] = key, each
    return tuple(found.values())


def rewritten(node: Node, change: Callable[[Text], Text]) -> Node:
    """Return a node in which `change` has replaced each scalar; keys stay the same, and merge keys are expanded."""
    match node:
        case Map(found, where):
            return Map(tuple((key, rewritten(each, change)) for key, each in merged(found)), where)
        case Seq(items, where):
            return Seq(tuple(rewritten(item, change) for item in items), where)
        case Text():
            return change(node)


def brought_in(node: Node) -> list[Node]:
    """Return the mappings that a merge key adds, in order of increasing precedence: the first mapping of a list comes last."""
    return [*reversed({id(each): each for each in node.items}.values())] if isinstance(node, Seq) else [node]


def pairs(node: Node | None) -> dict[str, Node]:
    """Return the values of a mapping by key, with merge keys expanded. For any other node, return an empty mapping."""
    return {key.value: each for key, each in merged(node.pairs)} if isinstance(node, Map) else {}


def fields(node: Node | None) -> dict[str, Node]:
    """Return the values of a mapping by key, as Go decodes it into a struct. For any other node, return an empty mapping.

    If a key occurs both in a merged mapping and next to the merge key, and both values are mappings, Go adds the pairs of both
    values to one field.
    """
    if not (isinstance(node, Map) and any(is_merge(key) for key, _ in node.pairs)):
        return pairs(node)
    found: dict[str, list[Node]] = {}
    for key, each in node.pairs:
        for name, value in _brought(each) if is_merge(key) else ((key.value, each),):
            found.setdefault(name, []).append(value)
    return {name: _together(values) for name, values in found.items()}


def _brought(node: Node) -> Iterator[tuple[str, Node]]:
    """Yield the fields of each mapping that a merge key adds."""
    for other in brought_in(node):
        yield from fields(other).items()


def _together(values: Sequence[Node]) -> Node:
    """Return the last value of a field. If it is a mapping, add the pairs of the mappings directly before it."""
    *before, last = values
    if not (before and isinstance(last, Map)):
        return last
    found: dict[str, tuple[Text, Node]] = {}
    for each in values:
        if isinstance(each, Map):
            found |= {pair[0].value: pair for pair in merged(each.pairs)}
        else:
            found = {}
    return Map(tuple(found.values()), last.where)


def data(node: Node, scalar: Callable[[Text], Any] = value) -> Any:
    """Return a node as plain data, with its scalars converted by `scalar`, and merge keys expanded."""
    match node:
        case Map():
            return {key: data(each, scalar) for key, each in pairs(node).items()}
        case Seq(items):
            return [data(item, scalar) for item in items]
        case Text():
            return scalar(node)


def too_large(root: Node | None) -> Iterator[Problem]:
    """Yield a problem if a document, with all its aliases expanded, is too large to be checked."""
    if root is not None and _size(root, {}) > MAX_NODES:
        yield Problem("the document is too large to be checked", root.where)


def _size(node: Node, known: dict[int, int]) -> int:
    if id(node) not in known:
        inner = [each for _, each in node.pairs] if isinstance(node, Map) else node.items if isinstance(node, Seq) else ()
        known[id(node)] = 1 + sum(_size(each, known) for each in inner)
    return known[id(node)]


def broken_merges(root: Node) -> Iterator[Problem]:
    """Yield a problem for each merge key with a value that cannot be merged. A node with several aliases is checked only once."""
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


def _faults_of_merges(node: Map) -> Iterator[Problem]:
    for key, each in node.pairs:
        if is_merge(key):
            items = each.items if isinstance(each, Seq) else (each,)
            if not all(isinstance(item, Map) for item in items):
                yield Problem(BROKEN_MERGE, key.where)
