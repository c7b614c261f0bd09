"""Models the values that a template computes, which may be partly unknown before rendering, and the output of the template."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


class Unliftable(Exception):
    """Raised for a part of a template that the spec language cannot express, or that is unknown. `start` is its byte offset."""

    def __init__(self, why: str, start: int = -1) -> None:
        super().__init__(why)
        self.why = why
        self.start = start


@dataclass(frozen=True, slots=True)
class Phrase:
    """A string: a sequence of constants, and of values that are unknown until the file is rendered."""

    parts: tuple[Part, ...] = ()

    @property
    def constant(self) -> str | None:
        """The string if all of it is known, otherwise None."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def pattern(self) -> str:
        """The string with a `*` for each unknown value."""
        return "".join(part if isinstance(part, str) else "*" for part in self.parts)

    @property
    def single(self) -> Value | None:
        """The only part of the string if that part is a value, otherwise None."""
        return self.parts[0] if len(self.parts) == 1 and not isinstance(self.parts[0], str) else None


@dataclass(frozen=True, slots=True)
class Lookup:
    """The value of a key. `default` replaces a missing value and, if `empty` is set, also an empty value."""

    path: Phrase
    default: Phrase | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Children:
    """The names below a path (`ls`).

    If `branches` is set, only names that have keys below them are listed (`lsdir`). If `prefix` is set, only names that begin
    with it are listed, and the prefix is removed from them.
    """

    path: Phrase
    branches: bool = False
    prefix: str = ""


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a split string."""

    text: Phrase
    separator: str


@dataclass(eq=False, slots=True)
class Iteration:
    """A loop over a list or, if `first` is set, only over its first element. Inner loops call the current element `as_name`."""

    of: Any
    first: bool = False
    as_name: str = ""


@dataclass(frozen=True, slots=True)
class ElementName:
    """The current element of a loop: a name in a listing, or a part of a string."""

    loop: Iteration


@dataclass(frozen=True, slots=True)
class Getenv:
    """An environment variable. If its name is computed, `of` is the computation and `name` has a `*` for each unknown part."""

    name: str
    default: str = ""
    of: Phrase | None = None


@dataclass(frozen=True, slots=True)
class Modified:
    """A value changed by `word`, a function of the spec language that changes the case or replaces one string with another."""

    word: str
    of: Value
    texts: tuple[str, ...] = ()


Value = Lookup | ElementName | Getenv | Modified
Part = str | Value


@dataclass(frozen=True, slots=True)
class Pair:
    """A key with its value."""

    key: Phrase
    value: Phrase


@dataclass(frozen=True, slots=True)
class Walk:
    """The list returned by `gets` or `getvs`: for each element of `loop`, its `key` and value, or only the value."""

    loop: Iteration
    key: Phrase | None
    value: Phrase


@dataclass(frozen=True, slots=True)
class Size:
    """The length of a list, plus the number `plus`."""

    of: Children
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """The index of a loop's current element, counted from 0, plus the number `plus`."""

    loop: Iteration
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Test:
    """A condition: the operator `word` and its operands `of`.

    `exists`: a path exists. `given`: a string is not empty. `some`: a list has elements. `count`: a list has exactly this number
    of elements. `eq`, `contains`: the first string equals or contains the second. `at`: a loop's element is at this position,
    counted from 1. `later`: the element is not the first. `more`: the element is not the last. `not`, `all` and `any` have
    conditions as operands.
    """

    word: Literal["exists", "given", "some", "eq", "contains", "count", "at", "later", "more", "not", "all", "any"]
    of: tuple[Any, ...]


@dataclass(slots=True)
class When:
    """Output under a condition. `start` is the byte offset of the action that tests it."""

    test: Test
    then: list[Output]
    otherwise: list[Output]
    start: int


@dataclass(slots=True)
class Repeat:
    """Output for each element of a loop. `start` is the byte offset of the action that begins the loop."""

    loop: Iteration
    body: list[Output]
    start: int
    head: str = ""
    separator: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A value that is printed. `start` is the byte offset of the action that prints it."""

    part: Value | Size | Position
    start: int


Output = str | Printed | When | Repeat


def merged(pieces: Iterable[Any]) -> list[Any]:
    """Return the pieces with adjacent strings joined."""
    found: list[Any] = []
    for piece in pieces:
        if isinstance(piece, str) and found and isinstance(found[-1], str):
            found[-1] += piece
        else:
            found.append(piece)
    return found


def negated(test: Test | bool) -> Test | bool:
    """Return the opposite of a condition."""
    if isinstance(test, bool):
        return not test
    return test.of[0] if test.word == "not" else Test("not", (test,))


def joined(word: Literal["all", "any"], tests: Sequence[Test | bool]) -> Test | bool:
    """Return the condition that all, or any, of these conditions hold."""
    ends = word == "any"
    if any(test is ends for test in tests):
        return ends
    left = [test for test in tests if isinstance(test, Test)]
    if len(left) <= 1:
        return left[0] if left else not ends
    return Test(word, tuple(left))


def cut(text: Phrase, separator: str) -> tuple[Phrase, ...]:
    """Split a string at the separators in its known parts."""
    found: list[list[Part]] = [[]]
    for part in text.parts:
        first, *more = part.split(separator) if isinstance(part, str) else [part]
        if first:
            found[-1].append(first)
        found += [[word] if word else [] for word in more]
    return tuple(Phrase(tuple(each)) for each in found)


def segments_of(path: Phrase) -> tuple[Phrase, ...]:
    """Split a path at its slashes. Raises Unliftable unless the path is absolute and normalized."""
    segments = cut(path, "/")
    if segments[0].parts or not all(segment.parts and segment.constant not in (".", "..") for segment in segments[1:]):
        raise Unliftable(f"{shown(path)} is not an absolute path with single slashes")
    return segments[1:]


def shown(path: Phrase) -> str:
    """Return a path as messages show it."""
    return repr(path.pattern)
