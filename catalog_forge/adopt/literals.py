"""Finds the string literals in the actions of a template: paths, compared words, names of variables."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields, is_dataclass
from typing import Any

from catalog_forge.confd.imitated.functions import DIALECTS, functions_of
from catalog_forge.confd.reading import LEAVES, LISTS
from catalog_forge.gotext.nodes import CommandNode, IdentifierNode, ParenthesizedNode, StringNode
from catalog_forge.gotext.parsing import parse

LOOKUPS = (*LEAVES, *LISTS)
_COMPARES = ("eq", "ne", "contains")
_TEXTS = (*_COMPARES, "split", "join", "replace", "trimSuffix")


@dataclass(frozen=True, slots=True)
class Literal:
    """A string literal in an action: the function that receives it, its position among the arguments, and its value.

    It begins at byte `start` and ends before byte `end`. This range includes the quotes.
    """

    function: str
    number: int
    value: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Literals:
    """The string literals of a template."""

    found: tuple[Literal, ...]

    @property
    def variables(self) -> list[str]:
        """The names passed to `getenv`. A name with a printf verb is listed three times, with 1, 2 and 3 in place of the verb."""
        names = (each.value for each in self.found if each.function == "getenv" and each.number == 1)
        filled = (re.sub("%[sdv]", number, name) for name in names for number in ("1", "2", "3"))
        return list(dict.fromkeys(name for name in filled if re.fullmatch(r"[A-Za-z_]\w*", name, re.ASCII)))

    @property
    def compared(self) -> list[str]:
        """The words that values are compared with. Paths are left out."""
        compared = (each.value for each in self.found if each.function in _COMPARES)
        return list(dict.fromkeys(value for value in compared if value and not value.startswith("/")))

    def paths(self, read: Iterable[str]) -> Iterator[Literal]:
        """Yield the literals that are the start of a path.

        These are the first arguments of lookup functions, and literals that are a prefix of a path in `read`.
        """
        known = [path.lstrip("/") for path in read]
        for each in self.found:
            begin = each.value.partition("%")[0].lstrip("/")
            is_lookup = each.function in LOOKUPS and each.number == 1 and not each.value.startswith("%")
            is_path = each.value.startswith("/") and each.function not in _TEXTS
            if is_lookup or (is_path and any(path.startswith(begin) for path in known)):
                yield each


def literals(name: str, source: bytes) -> Literals:
    """Return the string literals of a template. Raises SyntaxFault."""
    if b"{{" not in source:
        return Literals(())
    parsed = parse(name, source, functions_of(DIALECTS[-1]))
    return Literals(tuple(each for body in parsed.bodies.values() for each in _below(body)))


def _below(root: Any) -> Iterator[Literal]:
    waiting = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, CommandNode):
            first = node.arguments[0]
            function = first.name if isinstance(first, IdentifierNode) else ""
            for number, each in enumerate(node.arguments):
                made = _made(each) if function == "getenv" else each
                if isinstance(made, StringNode):
                    yield Literal(function, number, made.value, made.start, made.end)
        if isinstance(node, tuple):
            waiting.extend(reversed(node))
        elif is_dataclass(node):
            waiting.extend(reversed([getattr(node, item.name) for item in fields(node)]))


def _made(node: Any) -> Any:
    """Return the format string if the node is a call of printf, otherwise the node itself."""
    if isinstance(node, ParenthesizedNode) and len(node.pipeline.commands) == 1:
        words = node.pipeline.commands[0].arguments
        if len(words) > 1 and isinstance(words[0], IdentifierNode) and words[0].name == "printf":
            return words[1]
    return node
