"""The base class of all scenario readers, which turn YAML nodes into plain values and collect problems."""

from __future__ import annotations

import re
from collections.abc import Iterable

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml.scalars import Value

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_DURATION = re.compile(r"([0-9]{1,4}(?:\.[0-9]{1,3})?)(ms|s|m)?")
_SECONDS = {"ms": 0.001, "s": 1, "m": 60, None: 1}


class Reader:
    """Reads YAML nodes. The reader records each problem, and continues with the valid nodes."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []
        self._wrong: set[Where] = set()

    def wrong(self, message: str, where: Where, hint: str = "") -> None:
        """Record a problem, unless another problem of the same value is known, from which this one may follow."""
        if where not in self._wrong:
            self._wrong.add(where)
            self.problems.append(Problem(message, where, hint))

    def check(self) -> None:
        """Raise ForgeError with all recorded problems, if there are any."""
        if self.problems:
            raise ForgeError.of(self.problems)

    def known(self, node: yamlio.Node, what: str, keys: tuple[str, ...], example: str = "") -> dict[str, yamlio.Node]:
        """Return the values of a mapping by key; an unknown key is a problem. `example` is quoted if there is no mapping."""
        found = {}
        for key, value in self.pairs(node, what, *([f"such as {example}"] if example else [])):
            if key.value in keys:
                found[key.value] = value
            else:
                self.wrong(f"unknown key {key.value!r} in {what}", key.where, did_you_mean(key.value, keys))
        return found

    def pairs(
        self, node: yamlio.Node | None, what: str, hint: str = "write KEY: VALUE, with one key in each line"
    ) -> tuple[tuple[yamlio.Text, yamlio.Node], ...]:
        """Return the pairs of a mapping; an empty tuple if there is no node."""
        if isinstance(node, yamlio.Map):
            return node.pairs
        if node is not None:
            self.wrong(f"{what} must be a mapping", node.where, hint)
        return ()

    def items(self, node: yamlio.Node | None, what: str) -> tuple[yamlio.Node, ...]:
        """Return the items of a list; an empty tuple if there is no node."""
        if isinstance(node, yamlio.Seq):
            return node.items
        if node is not None:
            self.wrong(f"{what} must be a list", node.where, "written [a, b], or with '- ' before each item")
        return ()

    def some(self, node: yamlio.Node | None) -> tuple[yamlio.Node, ...]:
        """Return the items of a list; a node that is not a list counts as one item."""
        if isinstance(node, yamlio.Seq):
            return node.items
        return () if node is None else (node,)

    def word(self, node: yamlio.Node, what: str) -> str:
        """Return a scalar as text, exactly as written: labels, states and aliases are always text."""
        if isinstance(node, yamlio.Text):
            return node.value
        self.wrong(f"{what} must be text", node.where, "write a single string; quote it if it contains ': '")
        return ""

    def words(self, node: yamlio.Node | None, what: str) -> dict[str, str]:
        """Return a mapping with all values as text."""
        return {key.value: self.word(value, what) for key, value in self.pairs(node, what)}

    def one_of(self, node: yamlio.Node, what: str, choices: Iterable[str]) -> str:
        """Return a scalar that must be one of the given words; an empty string if it is not."""
        word = self.word(node, what)
        if word in (known := tuple(choices)):
            return word
        self.wrong(f"{what} must be one of {', '.join(known)}, not {word!r}", node.where, did_you_mean(word, known))
        return ""

    def name(self, node: yamlio.Node | None, default: str = "") -> str:
        """Return a name that Rancher accepts; anything else is a problem."""
        if node is None:
            return default
        name = self.word(node, "a name")
        if name and not _NAME.fullmatch(name):
            self.wrong(
                f"{name!r} cannot be a name",
                node.where,
                "use at most 63 letters, digits, '.', '_' and '-'; begin with a letter or digit",
            )
        return name

    def whole(self, node: yamlio.Node | None, what: str, most: int, least: int = 0, default: int = 1) -> int:
        """Return a whole number from `least` to `most`; anything else is a problem."""
        if node is None:
            return default
        value = node.data() if isinstance(node, yamlio.Text) else None
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= most:
            return value
        self.wrong(f"{what} must be a whole number from {least} to {most}", node.where, "write only digits, without quotes")
        return default

    def seconds(self, node: yamlio.Node, what: str) -> float:
        """Return the number of seconds in a time that is written as 4s, 500ms, 1m or a plain number."""
        time = _DURATION.fullmatch(self.word(node, what))
        if time is None:
            self.wrong(f"{what} must be a duration", node.where, "such as 4s, 500ms or 1m")
            return 0
        return float(time[1]) * _SECONDS[time[2]]

    def data(self, node: yamlio.Node | None, what: str) -> dict[str, Value]:
        """Return a mapping as plain data."""
        return {key.value: yamlio.to_data(value) for key, value in self.pairs(node, what)}
