"""Values with which what templates do with them works: JSON with the fields that are read, texts that can be split."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.known import NAME
from catalog_forge.confd.reading import Usage

# What lies deeper is left out, and of what is larger there is one: a template may call itself.
_DEEPEST, _LARGE = 8, 1000
# So often keys have values that fit, with other words that they are compared with.
MOST_TURNS = 4
_FITS = {"atoi": ("3", "4"), "parseBool": ("true", "false"), "base64Decode": ("c29tZQ==", "b3RoZXI=")}
_COMPARES = ("eq", "ne", "contains")
_TAIL = re.compile(r"/(?:metadata|labels)/.*", re.DOTALL)


@dataclass
class Shape:
    """How a value has to look for what templates do with it, and what lies inside of it where that is JSON."""

    uses: list[Usage] = field(default_factory=list)
    below: dict[str, Shape] = field(default_factory=dict)

    def add(self, use: Usage, inside: Sequence[str]) -> None:
        """Take in what is done with the value, or with what lies inside of it."""
        if inside and len(inside) <= _DEEPEST:
            self.below.setdefault(inside[0], Shape()).add(use, inside[1:])
        elif not inside and use not in self.uses:
            self.uses.append(use)

    def texts(self, *functions: str) -> list[str]:
        """The texts that stand beside it in calls of these functions."""
        return [each.text for each in self.uses if each.function in functions and each.text]

    @property
    def words(self) -> int:
        """With how many words it is compared, or what lies inside of it."""
        return max([len(self.texts(*_COMPARES)), *(each.words for each in self.below.values())])

    def made(self, turn: int | None, first: str = "") -> Any:
        """A value that fits, empty where any does. It is a word that it is compared with where that has a `turn`."""
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
            if len(value) > _LARGE:  # It grows threefold with each.
                break
            parts = [value, value.replace(some, "two"), value.replace(some, "three")]
        return value


@dataclass
class Shapes:
    """The shapes of all values by the end of their paths, by `$` and a variable, and by NAME for the names of keys."""

    known: dict[str, Shape] = field(default_factory=dict)

    def add(self, uses: Iterable[Usage], placed: Callable[[str], str]) -> None:
        """Take in what a template does with its values; `placed` tells where a path of it lies in the metadata."""
        for use in uses:
            origin, *inside = use.origin.split("\n")
            if not origin.startswith("/"):
                self.known.setdefault(origin, Shape()).add(use, inside)
            elif found := _TAIL.search(placed(origin)):
                self.known.setdefault(found[0], Shape()).add(use, inside)

    @property
    def turns(self) -> range:
        """How often values that fit are tried: each word that one is compared with has its turn."""
        most = max((each.words for each in self.known.values()), default=0)
        return range(min(max(most, 2), MOST_TURNS) if self.known else 0)

    def value(self, place: str, turn: int | None) -> str:
        """A value for a path or a variable; empty where any fits."""
        found = _TAIL.search(place) if place.startswith("/") else None
        name = found[0] if found else place
        for pattern, shape in self.known.items():
            if name == pattern or (WILD in pattern and re.fullmatch("[^/]*".join(map(re.escape, pattern.split(WILD))), name)):
                made = shape.made(turn)
                if made:
                    return made if isinstance(made, str) else json.dumps(made)
        return ""

    def name(self, element: str) -> str:
        """A name of a key that can be split as templates split names."""
        shape = self.known.get(NAME, Shape())
        if not shape.texts("split") or any("/" in text for text in shape.texts("split")):
            return element
        return str(shape.made(ord(element[-1]), element))


@dataclass(frozen=True)
class Filled:
    """How the values of a scenario look: all as a `style`, or as they fit; a `turn` tries words that they are compared with."""

    shapes: Shapes = field(default_factory=Shapes)
    style: str = ""
    turn: int | None = None

    @property
    def is_tried(self) -> bool:
        """Whether these values are tried in place of those that are given."""
        return bool(self.style) or self.turn is not None

    def value(self, key: str) -> str:
        """The value of a key, by its path below the metadata."""
        return self.style or self.shapes.value(f"/metadata/{key}", self.turn) or f"some {key.replace('/', '.')}"

    def label(self, name: str) -> str:
        """The value of a label."""
        return self.style or self.shapes.value(f"/labels/{name}", self.turn) or "9100"

    def variable(self, name: str, given: str) -> str:
        """The value of a variable of which the image says what is `given`."""
        fitting = self.shapes.value(f"${name}", self.turn)
        return self.style or (self.turn is not None and fitting) or given or fitting or f"some {name}"
