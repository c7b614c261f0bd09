"""Generates sample values that fit their use in templates, such as JSON with the fields that a template reads."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.known import NAME
from catalog_forge.confd.reading import Usage

# Limits on JSON samples: the depth of nested fields, and the size of an item above which a list has only this one item. Without
# these limits, a template that calls itself would have endless samples.
_DEEPEST, _LARGE = 8, 1000
# The maximum number of scenarios with values that fit the templates. If a template compares a value with several words, each
# scenario uses another of these words.
MOST_TURNS = 4
_FITS = {"atoi": ("3", "4"), "parseBool": ("true", "false"), "base64Decode": ("c29tZQ==", "b3RoZXI=")}
_COMPARES = ("eq", "ne", "contains")
_TAIL = re.compile(r"/(?:metadata|labels)/.*", re.DOTALL)


@dataclass
class Shape:
    """The operations that templates apply to a value. They determine the samples for the value.

    If the value is JSON, `below` has the shapes of the values inside it.
    """

    uses: list[Usage] = field(default_factory=list)
    below: dict[str, Shape] = field(default_factory=dict)

    def add(self, use: Usage, inside: Sequence[str]) -> None:
        """Record how a template uses the value, or a value inside it."""
        if inside and len(inside) <= _DEEPEST:
            self.below.setdefault(inside[0], Shape()).add(use, inside[1:])
        elif not inside and use not in self.uses:
            self.uses.append(use)

    def texts(self, *functions: str) -> list[str]:
        """Return the strings that templates pass to these functions together with the value."""
        return [each.text for each in self.uses if each.function in functions and each.text]

    @property
    def words(self) -> int:
        """The largest number of words that the value, or any value inside it, is compared with."""
        return max([len(self.texts(*_COMPARES)), *(each.words for each in self.below.values())])

    def made(self, turn: int | None, first: str = "") -> Any:
        """Return a sample that fits the use of the value, or "" if any string fits.

        `turn` is a number that selects one of the words that the value is compared with. If it is None, no such word is used.
        """
        functions = [each.function for each in self.uses]
        some, number = (("some", "8"), ("other", "9"))[(turn or 0) % 2]
        if "[]" in self.below or "jsonArray" in functions:
            each = self.below.get("[]", Shape()).made(turn)
            return [each, each][: 2 - (len(json.dumps(each)) > _LARGE)] if each else [some, "one"]
        if self.below or "json" in functions:
            return {name: each.made(turn) or f"{some} {name}" for name, each in self.below.items()} or {"name": "a"}
        words = self.texts(*_COMPARES) if turn is not None else []
        value = (
            words[(turn or 0) % len(words)]
            if words
            else next((_FITS[each][(turn or 0) % 2] for each in functions if each in _FITS), "")
        )
        parts = [first or value or some, value or number, "three"]
        for text in reversed(self.texts("split")):
            value = text.join(parts)
            if len(value) > _LARGE:  # The text becomes three times as long with each separator.
                break
            parts = [value, value.replace(some, "two"), value.replace(some, "three")]
        return value


@dataclass
class Shapes:
    """The shapes of values by origin.

    An origin is the end of a path, `$` followed by the name of a variable, or, for the names of keys, NAME.
    """

    known: dict[str, Shape] = field(default_factory=dict)

    def add(self, uses: Iterable[Usage], placed: Callable[[str], str]) -> None:
        """Record how a template uses values. `placed` maps a path in the template to a path in the metadata."""
        for use in uses:
            origin, *inside = use.origin.split("\n")
            if not origin.startswith("/"):
                self.known.setdefault(origin, Shape()).add(use, inside)
            elif found := _TAIL.search(placed(origin)):
                self.known.setdefault(found[0], Shape()).add(use, inside)

    @property
    def turns(self) -> range:
        """The numbers of the scenarios with fitting values. In each, a key has another of the words that it is compared with."""
        most = max((each.words for each in self.known.values()), default=0)
        return range(min(max(most, 2), MOST_TURNS) if self.known else 0)

    def value(self, place: str, turn: int | None) -> str:
        """Return a value for a path or a variable, or "" if any value fits."""
        found = _TAIL.search(place) if place.startswith("/") else None
        name = found[0] if found else place
        for pattern, shape in self.known.items():
            if name == pattern or (WILD in pattern and re.fullmatch("[^/]*".join(map(re.escape, pattern.split(WILD))), name)):
                made = shape.made(turn)
                if made:
                    return made if isinstance(made, str) else json.dumps(made)
        return ""

    def name(self, element: str) -> str:
        """Return a sample name for a key, based on `element`. If templates split such names, the sample has several parts."""
        shape = self.known.get(NAME, Shape())
        if not shape.texts("split") or any("/" in text for text in shape.texts("split")):
            return element
        return str(shape.made(ord(element[-1]), element))


@dataclass(frozen=True)
class Filled:
    """The values of a scenario: each key has the value `style` or, if `style` is empty, a value that fits the key's use.

    If the key is compared with several words, `turn` selects one of them (`Shape.made`).
    """

    shapes: Shapes = field(default_factory=Shapes)
    style: str = ""
    turn: int | None = None

    @property
    def is_tried(self) -> bool:
        """Whether these values replace the values that the entry gives."""
        return bool(self.style) or self.turn is not None

    def value(self, key: str) -> str:
        """Return the value of a metadata key. `key` is the path of the key below `/metadata`."""
        return self.style or self.shapes.value(f"/metadata/{key}", self.turn) or f"some {key.replace('/', '.')}"

    def label(self, name: str) -> str:
        """Return the value of a label."""
        return self.style or self.shapes.value(f"/labels/{name}", self.turn) or "9100"

    def variable(self, name: str, given: str) -> str:
        """Return the value of a variable; `given` is its value in the image, or ""."""
        fitting = self.shapes.value(f"${name}", self.turn)
        return self.style or (self.turn is not None and fitting) or given or fitting or f"some {name}"
