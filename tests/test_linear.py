"""No regular expression of the package takes more than linear time, whatever it is fed: texts come from strangers.

Every pattern is found, those of modules and those inside functions, and fed long runs of its own letters, alone and in
pairs, behind what leads into each of its loops, with a tail at which it fails.
"""

from __future__ import annotations

import ast
import importlib
import pkgutil
import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from typing import Any

import pytest

import catalog_forge
from tests.growth import TooMuchWorkError, cost, superlinear

with warnings.catch_warnings():
    warnings.simplefilter("ignore", DeprecationWarning)
    import sre_constants as names
    import sre_parse

HOUSE = Path(catalog_forge.__file__).parent
SEARCHING = frozenset(("search", "sub", "subn", "finditer", "findall", "split"))
ANCHORED = frozenset(("match", "fullmatch"))
TAILS = ("", "\n\x00", "!")
# Sizes at which an exponential, a cubic and a quadratic pattern are told from a linear one, and the seconds that tell.
SCREENS = ((26, 0.01), (200, 0.01), (4000, 0.006))

# Why a pattern that grows faster is harmless: what it is fed has a bound.
BOUNDED: Mapping[str, str] = {}


@dataclass(frozen=True)
class Use:
    """A pattern, where it stands, and the ways in which it is applied."""

    place: str
    pattern: re.Pattern[Any]
    methods: frozenset[str]


def uses() -> list[Use]:
    """All patterns of the package."""
    found = [use for path in sorted(HOUSE.rglob("*.py")) for use in _in_code(path)]
    return found + [use for module in _modules() for use in _in_module(module)]


def _modules() -> Iterator[str]:
    for module in pkgutil.walk_packages(catalog_forge.__path__, "catalog_forge."):
        if not module.name.endswith("__main__") and "/files/" not in str(module.module_finder):
            yield module.name


def _in_code(path: Path) -> Iterator[Use]:
    """Patterns given as literals to the functions of `re`, inside functions above all."""
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name)):
            continue
        method = node.func.attr
        if node.func.value.id != "re" or method not in SEARCHING | ANCHORED or not node.args:
            continue
        literal = node.args[0]
        if isinstance(literal, ast.Constant) and isinstance(literal.value, str | bytes):
            flags = re.MULTILINE if "MULTILINE" in ast.unparse(node) else re.NOFLAG
            place = f"{path.relative_to(HOUSE)}: {literal.value!r}"
            yield Use(place, re.compile(literal.value, flags), frozenset((method,)))


def _in_module(name: str) -> Iterator[Use]:
    """Compiled patterns that a module holds, in tuples, lists and dictionaries too."""
    module = importlib.import_module(name)
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    for variable, value in vars(module).items():
        for pattern in _patterns(value):
            if not variable.startswith("__"):
                yield Use(f"{name.removeprefix('catalog_forge.')}.{variable}", pattern, _methods(variable, source))


def _patterns(value: object) -> Iterator[re.Pattern[Any]]:
    if isinstance(value, re.Pattern):
        yield value
    elif isinstance(value, tuple | list):
        for item in value:
            yield from _patterns(item)
    elif isinstance(value, dict):
        yield from _patterns([*value.keys(), *value.values()])


def _methods(variable: str, source: str) -> frozenset[str]:
    """How the pattern is applied: by its own module, or by any where it is not private; else in every way."""
    sources = [source] if variable.startswith("_") else [path.read_text(encoding="utf-8") for path in HOUSE.rglob("*.py")]
    used = [method for text in sources for method in re.findall(rf"\b(?:[A-Z]+_)?{variable}\.(\w+)", text)]
    mentioned = len(re.findall(rf"\b{variable}\b", source)) - 1  # but for its definition
    known = frozenset(used) & (SEARCHING | ANCHORED)
    all_seen = not variable.startswith("_") or len(used) == mentioned
    return known if known and all_seen else SEARCHING | ANCHORED


class _Grammar:
    """What a pattern is made of: letters that it tells apart, and texts that lead to each of its loops."""

    def __init__(self, pattern: re.Pattern[Any]) -> None:
        self.letters: dict[str, None] = {}
        self.ways: dict[str, None] = {"": None}
        text = pattern.pattern if isinstance(pattern.pattern, str) else pattern.pattern.decode("latin-1")
        self._walk(sre_parse.parse(text, pattern.flags & ~re.UNICODE), "")

    def _walk(self, items: Any, way: str) -> str:
        """Go through a sequence; return the shortest text found that passes it, behind what led to it."""
        for kind, value in items:
            if kind in (names.LITERAL, names.NOT_LITERAL, names.IN, names.ANY):
                letters = list(_letters(kind, value))
                self.letters.update(dict.fromkeys(letters[:4]))
                way += letters[0] if letters else ""
            elif kind in (names.MAX_REPEAT, names.MIN_REPEAT) or kind.name.startswith("POSSESSIVE"):
                least, most, below = value
                if most > 100:
                    self.ways.setdefault(way, None)
                after = self._walk(below, way)
                way += after[len(way) :] * min(least, 3)
            elif kind is names.SUBPATTERN or kind.name == "ATOMIC_GROUP":
                way = self._walk(value[-1] if kind is names.SUBPATTERN else value, way)
            elif kind is names.BRANCH:
                way = [self._walk(branch, way) for branch in value[1]][0]
            elif kind in (names.ASSERT, names.ASSERT_NOT):
                self._walk(value[1], way)
        return way


def _letters(kind: Any, value: Any) -> Iterator[str]:
    """Some letters that an atom takes."""
    if kind is names.LITERAL:
        yield chr(value)
        return
    inside = {"category_digit": "7", "category_space": " ", "category_word": "a"}
    members: list[str] = []
    negated = kind is names.NOT_LITERAL
    for what, which in value if kind is names.IN else ():
        if what is names.NEGATE:
            negated = True
        elif what is names.LITERAL:
            members.append(chr(which))
        elif what is names.RANGE:
            members.append(chr(which[0]))
        else:
            members.append(inside.get(str(which).lower(), "-"))
    if negated or kind is names.ANY:
        yield from (letter for letter in "a7 .-" if letter not in members)
    else:
        yield from members


def _texts(pattern: re.Pattern[Any]) -> Iterator[Callable[[int], Any]]:
    """Makers of texts of any length that may lead the pattern astray."""
    grammar = _Grammar(pattern)
    letters = list(grammar.letters)[:10]
    units = [*letters, *(a + b for a, b in product(letters, letters) if a != b)]
    binary = isinstance(pattern.pattern, bytes)
    for way, unit, tail in product(list(grammar.ways)[:8], units, TAILS):

        def make(size: int, way: str = way, unit: str = unit, tail: str = tail) -> Any:
            text = way + unit * (size // len(unit)) + tail
            return text.encode("latin-1", "replace") if binary else text

        yield make


def _calls(use: Use) -> Iterator[Callable[[Any], object]]:
    if "match" in use.methods:
        yield use.pattern.match
    if "fullmatch" in use.methods:
        yield use.pattern.fullmatch
    if use.methods & SEARCHING:
        yield lambda text: use.pattern.sub(lambda _: b"" if isinstance(text, bytes) else "", text)


def outgrown(use: Use) -> str:
    """What text makes a pattern cost more than in proportion; the empty text where none does."""
    for make, call in product(_texts(use.pattern), _calls(use)):
        for size, seconds in SCREENS:
            text = make(size)
            try:
                suspicious = cost(lambda text=text, call=call: call(text)) > seconds  # type: ignore[misc]
            except TooMuchWorkError:
                suspicious = True
            if suspicious:
                if said := superlinear(lambda size, make=make, call=call: call(make(size)), start=size // 8):  # type: ignore[misc]
                    return f"{make(20)!r}: {said}"
                break
    return ""


ALL = {use.place: use for use in uses()}


def test_the_walk_finds_the_patterns_of_the_package() -> None:
    assert len(ALL) > 150
    assert "metadata.service.wire._TOKEN" in ALL


@pytest.mark.parametrize("place", ALL)
def test_no_pattern_outgrows_its_text(place: str) -> None:
    if place not in BOUNDED:
        assert outgrown(ALL[place]) == ""


@pytest.mark.parametrize(
    "pattern", [r"(a+)+b", r"\s+$", r"(\w|\d)*!", r"([!-~]+):[ \t]*(.*?)[ \t]*", r"<.*>.*</.*>", r"x*y*x*z", r"\{\{(.*?)\}\}"]
)
def test_the_walk_sees_patterns_that_do(pattern: str) -> None:
    assert outgrown(Use("here", re.compile(pattern), SEARCHING | ANCHORED)) != ""


@pytest.mark.parametrize("pattern", [r"a+b", r"[0-9]+(?:\.[0-9]+)?", r"\$\{[a-z]*", r"(?:a|b)*c"])
def test_the_walk_lets_linear_patterns_pass(pattern: str) -> None:
    assert outgrown(Use("here", re.compile(pattern), ANCHORED)) == ""
