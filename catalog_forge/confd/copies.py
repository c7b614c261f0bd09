"""Compiles `copy` blocks: the list to iterate over, the code of a pair, and the condition for writing the pair."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

from catalog_forge.confd import escape, go
from catalog_forge.confd.values import Values
from catalog_forge.spec.expressions import Text
from catalog_forge.spec.model import Block, Condition, ConfFile, CopyBlock, EachBlock, SetBlock, TextBlock, WhenBlock
from catalog_forge.spec.model.bodies import blocks_of
from catalog_forge.spec.model.metadata import resolve

_NULL = go.string("null")


class Writer(Protocol):
    """The interface of `confd.blocks.Body`, which writes the body of one file."""

    file: ConfFile
    values: Values

    def pair_condition(self, value: Any) -> str:
        """Return the condition under which a pair with this value is written, or "" if the pair is always written."""

    def condition(self, condition: Condition) -> str:
        """Return the template expression of a `when` condition."""

    def key(self, block: SetBlock, name: str) -> str:
        """Return the template code of a key."""

    def repeated(self, block: EachBlock, write: Callable[[tuple[Block, ...]], str]) -> str:
        """Return the code of an `each` block; `write` compiles the blocks inside it."""

    def value(self, block: SetBlock, name: str, value: Any) -> str:
        """Return the template code of a value."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """The code of a `copy` block: `refusal` fails if the value has the wrong type or is nested, `source` is the list to iterate
    over, `line` writes a pair, and `keep` is the condition for writing it."""

    refusal: str
    source: str
    line: str
    keep: str


def pairs(body: Writer, block: CopyBlock) -> Pairs:
    """Return the code of a `copy` block. Rendering fails if the value is not a map or list, or if a map contains maps."""
    values, kind = body.values, body.values.format
    name = block.copy.removeprefix("metadata/")
    found = resolve(values.spec.metadata, Text((name,)))
    assert found, "the checks of the spec accept only declared keys"
    values.need(found)
    base = values.names.metadata(name)
    message = escape.failure(go.string(f"metadata/{name}"), f": the value is not a {found.key.type}")
    refusal = f'{{{{if ne ({base.value_or(_NULL)}) "null"}}}}{message}{{{{end -}}}}\n'
    if found.key.type == "list":
        element = values.whole(f"getv (printf {go.string(base.format + '/%d')} .)", kind.value, f"metadata/{name}")
        return Pairs(refusal, f"seq 0 (sub (len (ls {go.paren(base.term)})) 1)", kind.pair.format(key="", value=element), "")
    nested = f"{{{{getv (printf {go.string(f'metadata/{name}/%s: the value is a map or a list, not a single value')} .)}}}}"
    refusal += f"{{{{range lsdir {go.paren(base.term)}}}}}{nested}{{{{end -}}}}\n"
    key = values.whole("base .Key", kind.key, f"a key of metadata/{name}")
    value = values.whole(".Value", kind.value, f"metadata/{name}")
    if block.bare:
        tests = tuple(test for word, test in escape.BARE.items() if word in block.bare)
        value = f"{escape.ABSOLUTE}{{{{if {go.any_of(tests)}}}}}{{{{.Value}}}}{{{{else}}}}{value}{{{{end}}}}"
    return Pairs(refusal, f"gets {go.paren(base.child('*').term)}", kind.pair.format(key=key, value=value), _keep(body, block))


def _keep(body: Writer, block: CopyBlock) -> str:
    """Return the condition for writing the current pair: no `set` block and no earlier `copy` block writes the pair's key."""
    writers = list(_writers(body, _section(body, block)))
    place = next(number for number, (_, other) in enumerate(writers) if other is block)
    mine = writers[place][0]
    kept: dict[str, None] = {}
    for number, (under, other) in enumerate(writers):
        if any(_opposite(condition) in under for condition in mine):
            continue
        others = tuple(condition for condition in under if condition not in mine)
        for test in _same_key(body, other, before=number < place):
            kept[_unless((*others, *test))] = None
    return go.all_of(tuple(kept)) if kept else ""


def _same_key(body: Writer, block: Block, before: bool) -> Iterator[tuple[str, ...]]:
    """Yield the conditions under which a block writes the key of the current pair: a tuple for each of the block's keys.

    A `copy` block is considered only if it comes `before` the current block.
    """
    if isinstance(block, SetBlock):
        for name, value in block.set.items():
            condition = body.pair_condition(value)
            yield (*((condition,) if condition else ()), f"eq (base .Key) {go.string(name)}")
    elif isinstance(block, CopyBlock) and before:
        path = body.values.names.metadata(block.copy.removeprefix("metadata/")).format
        yield (f"exists (printf {go.string(f'{path}/%s')} (base .Key))",)


def _unless(conditions: tuple[str, ...]) -> str:
    (first, *more) = conditions
    if not more and first.startswith("eq "):
        return "ne " + first.removeprefix("eq ")
    return f"not ({go.all_of(conditions)})"


def _writers(body: Writer, blocks: tuple[Block, ...], under: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Block]]:
    """Yield a pair for every block: the conditions under which the block is written, and the block itself."""
    for block in blocks:
        if isinstance(block, WhenBlock):
            condition = body.condition(block.when)
            yield from _writers(body, block.then, (*under, condition))
            yield from _writers(body, block.otherwise, (*under, _opposite(condition)))
        elif isinstance(block, EachBlock):
            # `set` blocks in a loop are left out, because the keys that they write differ from element to element.
            yield from ((under, inner) for inner in blocks_of(block.each.body) if isinstance(inner, CopyBlock))
        else:
            yield under, block


def _opposite(condition: str) -> str:
    inner = condition.removeprefix("not (")
    return inner[:-1] if inner != condition else f"not ({condition})"


def _section(body: Writer, block: Block) -> tuple[Block, ...]:
    """Return the blocks in which a block's keys must not occur again: the whole body or, in ini and toml files, its section."""
    sections: list[list[Block]] = [[]]
    for other in body.file.body:
        if body.values.format.name in ("ini", "toml") and _begins_section(other):
            sections.append([])
        sections[-1].append(other)
    return next(tuple(section) for section in sections if any(other is block for other in blocks_of(tuple(section))))


def _begins_section(block: Block) -> bool:
    """Whether a block is text that begins a section, or an `each` that begins a section for each element."""
    texts = blocks_of((block,)) if isinstance(block, EachBlock) else (block,)
    return any(isinstance(text, TextBlock) and re.search(r"(?m)^\s*\[", str(text.text)) for text in texts)
