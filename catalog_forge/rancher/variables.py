"""Substitutes `${NAME}` and `$NAME` in the values of compose files, after YAML parsing and before values are interpreted.

Rules (docs/facts/catalog.md#4.12): variables are substituted only in values, not in keys. `$$` becomes `$`. A variable without an
answer becomes empty text, with a warning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.goyaml.decoding import rewritten
from catalog_forge.yamlio import Node, Text

_DOLLAR = re.compile(r"\$(?:(\$)|([A-Za-z_][A-Za-z0-9_]*)|\{([A-Za-z0-9_]+)\})?")

Say = Callable[[str, Where], None]


@dataclass(frozen=True, slots=True)
class Dollar:
    """A single `$` (not `$$`) in a string: the name of its variable (`""` if there is none), its offset, and its text."""

    name: str
    start: int
    text: str


def dollars(text: str) -> Iterator[Dollar]:
    """Yield the variables in a string, and each `$` that does not begin a variable."""
    for found in _DOLLAR.finditer(text) if "$" in text else ():
        if not found[1]:
            name = found[2] or found[3] or ""
            yield Dollar(name, found.start(), found[0] if name else text[found.start() :].split("\n", 1)[0][:20].rstrip())


def sole(text: str) -> str:
    """Return the name of the variable if a string consists of one variable and nothing else; return `""` for any other string."""
    found = next(dollars(text), None)
    return found.name if found and found.text == text else ""


class Substitution:
    """Substitutes answers in nodes. `undefined` is called for names without an answer, and `wrong` is called for a `$` without a
    valid name.
    """

    def __init__(self, variables: Mapping[str, str], undefined: Say, wrong: Say) -> None:
        self.variables = variables
        self.undefined = undefined
        self.wrong = wrong

    def node(self, node: Node) -> Node:
        """Return a node with answers substituted in its values, and merge keys (`<<`) expanded as in Rancher's YAML reader."""
        return rewritten(node, self.text)

    def text(self, node: Text) -> Text:
        """Return a scalar with the answers substituted. The result is always text, even if an answer looks like a number."""
        if "$" not in node.value:
            return node
        where = node.where

        def answer(found: re.Match[str]) -> str:
            escaped, bare, braced = found.groups()
            name = bare or braced
            if escaped:
                return "$"
            if name is None:
                self.wrong(f"{node.value[found.start() :][:20]!r} is not a variable", where)
                return ""
            if name not in self.variables:
                self.undefined(name, where)
            return self.variables.get(name, "")

        return yamlio.Text(_DOLLAR.sub(answer, node.value), False, where, node.style or '"', node.lines)
