"""Walks the body of a file, and finds the blocks, texts, collections and names of elements in the body."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from typing import Any

from catalog_forge.errors import ForgeError, Where
from catalog_forge.spec.expressions import Collection, Expr, Text
from catalog_forge.spec.model.blocks import (
    Block,
    Condition,
    EachBlock,
    ListBlock,
    ListValue,
    PasteBlock,
    SetBlock,
    TextBlock,
    WhenBlock,
)
from catalog_forge.spec.parser import Beginning, parse, parse_given


def blocks_of(body: tuple[Block, ...]) -> Iterator[Block]:
    """Yield every block of a body in order, including those nested in `when` and `each`."""
    for block in body:
        yield block
        if isinstance(block, WhenBlock):
            yield from blocks_of(block.then)
            yield from blocks_of(block.otherwise)
        elif isinstance(block, EachBlock):
            yield from blocks_of(block.each.body)


def _names_in(body: tuple[Block, ...]) -> list[str]:
    """Return the names that the `each` blocks of a body give their elements."""
    return [block.each.named for block in blocks_of(body) if isinstance(block, EachBlock)]


def texts_of(body: tuple[Block, ...], around: Sequence[str] = ()) -> Iterator[tuple[Block, Text]]:
    """Yield every text in a body that may contain expressions, with the block that contains the text.

    `around`: the names of the elements of enclosing `each` blocks.
    """
    names = [*around, *_names_in(body)]
    for block in blocks_of(body):
        match block:
            case TextBlock():
                yield block, block.text
            case ListBlock():
                yield block, block.list.item
            case SetBlock():
                yield from ((block, key_of(block, name, names)) for name in block.set)
                yield from ((block, part) for value in block.set.values() for part in parts_of(value) if isinstance(part, Text))


def _collections_of(body: tuple[Block, ...]) -> Iterator[Collection]:
    """Yield the collections that the blocks and values of a body iterate over, in order."""
    for block in blocks_of(body):
        if isinstance(block, ListBlock):
            yield block.list.of
        elif isinstance(block, EachBlock):
            yield block.each.of
        elif isinstance(block, SetBlock):
            yield from (part for value in block.set.values() for part in parts_of(value) if isinstance(part, Collection))


def reads_of(body: tuple[Block, ...]) -> Iterator[Text | Collection]:
    """Yield everything in a body that may read a value: texts, collections, pasted paths and the arguments of conditions.

    A condition that cannot be parsed is skipped, because the checks report the condition. Raises ForgeError like `key_of`.
    """
    names = _names_in(body)
    yield from written_of(body)
    for block in blocks_of(body):
        for test in block.when.tests if isinstance(block, WhenBlock) else ():
            yield from test.texts
            if test.sought and not test.key:
                with suppress(ForgeError):
                    found = given_of(test, names)
                    yield found if isinstance(found, Collection) else Text((found,))


def written_of(body: tuple[Block, ...]) -> Iterator[Text | Collection]:
    """Yield the parts of a body whose values may be written to the file. Raises ForgeError like `key_of`."""
    yield from (text for _, text in texts_of(body))
    yield from _collections_of(body)
    yield from (block.path for block in blocks_of(body) if isinstance(block, PasteBlock))


def parts_of(value: Any) -> Iterator[Text | Collection]:
    """Yield the texts and collections in a value, recursively."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, ListValue):
        yield value.list.of
        yield from parts_of(value.list.item)
    elif isinstance(value, Mapping | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts_of(item)


def given_of(condition: Condition, names: Sequence[str]) -> Expr | Collection:
    """Parse the argument of `exists`, or of a `has` without a metadata path. Raises ForgeError if the argument is invalid."""
    word = "has" if condition.has else "exists"
    return parse_given(condition.sought, Beginning(condition.at(word) or Where("")), names)


def key_of(block: SetBlock, name: str, names: Sequence[str]) -> Text:
    """Parse a key of `set`, which may contain expressions. Raises ForgeError if the key is invalid."""
    return parse(name, Beginning(block.at("set") or Where("")), names)
