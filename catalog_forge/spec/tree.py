"""Mappings of nodes laid over each other: standards over those that they extend, a spec over what it inherits."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.errors import Where
from catalog_forge.yamlio import Map, Node, Text

EMPTY = Map((), Where(""))


def laid_over(base: Map, over: Map) -> Map:
    """Return `over` with what only `base` has: mappings are laid over each other, of everything else `over`'s counts."""
    own = {key.value: value for key, value in over.pairs}
    below = {key.value: value for key, value in base.pairs}
    pairs: list[tuple[Text, Node]] = []
    for key, value in over.pairs:
        found = below.get(key.value)
        pairs.append((key, laid_over(found, value) if isinstance(found, Map) and isinstance(value, Map) else value))
    pairs += [(key, value) for key, value in base.pairs if key.value not in own]
    return Map(tuple(pairs), over.where)


def leaves(node: Node, path: str = "") -> Iterator[tuple[str, Text]]:
    """Every scalar below a node with its path, such as `image.base`; the items of a list have their number."""
    if isinstance(node, Text):
        yield path, node
        return
    pairs = [(key.value, value) for key, value in node.pairs] if isinstance(node, Map) else list(_numbered(node.items))
    for name, value in pairs:
        yield from leaves(value, f"{path}.{name}" if path else name)


def _numbered(items: tuple[Node, ...]) -> Iterator[tuple[str, Node]]:
    return ((str(number), item) for number, item in enumerate(items))
