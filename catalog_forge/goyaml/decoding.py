"""What Go makes of YAML: the values of scalars, null, text, and merge keys.

Rules: `decode.go` of gopkg.in/yaml.v2, as catalog-service b3dc315 and rancher-compose-executor v0.14.29 carry it: null fits
everything, every scalar is text, numbers and truths are what YAML 1.1 says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
    """The value of a scalar."""
    return _resolved(node.value) if node.bare else node.value


def is_null(node: Node | None) -> bool:
    """Whether there is nothing, or null."""
    return node is None or (isinstance(node, Text) and node.bare and _resolved(node.value) is None)


def raw(node: Node | None) -> str:
    """A scalar that is decoded into text at once: as it is written; `""` for null and for what is no scalar."""
    return node.value if isinstance(node, Text) and not is_null(node) else ""


def is_text(node: Node | None) -> bool:
    """Whether a node is a scalar that Go takes for text: it was quoted, or looks like nothing else."""
    return isinstance(node, Text) and isinstance(value(node), str)


def text_of(node: Node | None) -> str:
    """A scalar that is decoded, written and decoded again into text: by its value, so that 1.10 is 1.1, 010 is 8, yes is true."""
    if not isinstance(node, Text):
        return ""
    found = value(node)
    if isinstance(found, str):
        return found
    if isinstance(found, bool):
        return "true" if found else "false"
    if found is None or isinstance(found, int):
        return "" if found is None else str(found)
    from catalog_forge.goyaml import printing  # here: few scalars are floats or dates, and its patterns take long to compile

    return printing.dump(found).rstrip("\n")


def printed(node: Text) -> str:
    """A scalar as Go prints its value."""
    found = value(node)
    return text_of(node) if isinstance(found, bool | int) else str(found)


def merged(pairs: Pairs) -> Pairs:
    """The pairs of a mapping, each key once. A merge key counts where it stands: over what is before it, under what follows."""
    for key, _ in pairs:
        if key.value == MERGE and key.bare:
            break
    else:
        return pairs
    found: dict[str, tuple[Text, Node]] = {}
    for key, each in pairs:
        if key.value == MERGE and key.bare:
            for other in brought_in(each):
                found |= {inner[0].value: inner for inner in (merged(other.pairs) if isinstance(other, Map) else ())}
        else:
            found[key.value] = key, each
    return tuple(found.values())


def rewritten(node: Node, change: Callable[[Text], Text]) -> Node:
    """A node with other scalars in place of its own; keys stay, and merge keys are written out."""
    match node:
        case Map(found, where):
            return Map(tuple((key, rewritten(each, change)) for key, each in merged(found)), where)
        case Seq(items, where):
            return Seq(tuple(rewritten(item, change) for item in items), where)
        case Text():
            return change(node)


def brought_in(node: Node) -> list[Node]:
    """What a merge key brings in, the weakest first: of a list the first mapping is the strongest. An alias counts once."""
    return [*reversed({id(each): each for each in node.items}.values())] if isinstance(node, Seq) else [node]


def pairs(node: Node | None) -> dict[str, Node]:
    """The values of a mapping by key, merge keys written out; empty for everything else."""
    return {key.value: each for key, each in merged(node.pairs)} if isinstance(node, Map) else {}


def data(node: Node, scalar: Callable[[Text], Any] = value) -> Any:
    """A node as data with the values of its scalars, or what `scalar` makes of them; merge keys are written out."""
    match node:
        case Map():
            return {key: data(each, scalar) for key, each in pairs(node).items()}
        case Seq(items):
            return [data(item, scalar) for item in items]
        case Text():
            return scalar(node)


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


def _faults_of_merges(node: Map) -> Iterator[Problem]:
    for key, each in node.pairs:
        if key.value == MERGE and key.bare:
            items = each.items if isinstance(each, Seq) else (each,)
            if not all(isinstance(item, Map) for item in items):
                yield Problem(BROKEN_MERGE, key.where)
