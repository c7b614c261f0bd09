"""What a template computes before anybody knows the values: texts of constants and lookups, lists, conditions; what it prints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal


class Unliftable(Exception):
    """Something that the spec language cannot say, or that cannot be told; `start` is its place in the template, in bytes."""

    def __init__(self, why: str, start: int = -1) -> None:
        super().__init__(why)
        self.why = why
        self.start = start


@dataclass(frozen=True, slots=True)
class Phrase:
    """A text: constants and what is only known when the file is rendered, in turn."""

    parts: tuple[Part, ...] = ()

    @property
    def constant(self) -> str | None:
        """The text, where all of it is known."""
        texts = [part for part in self.parts if isinstance(part, str)]
        return "".join(texts) if len(texts) == len(self.parts) else None

    @property
    def pattern(self) -> str:
        """The text with a `*` for each value that is not known."""
        return "".join(part if isinstance(part, str) else "*" for part in self.parts)

    @property
    def single(self) -> Lookup | ElementName | Getenv | None:
        """What the text is, where it is one value alone."""
        return self.parts[0] if len(self.parts) == 1 and not isinstance(self.parts[0], str) else None


@dataclass(frozen=True, slots=True)
class Lookup:
    """The value of a key. `default` stands in for one that is missing, with `empty` also for one that is empty."""

    path: Phrase
    default: Phrase | None = None
    empty: bool = False


@dataclass(frozen=True, slots=True)
class Children:
    """The names below a path (`ls`), or only those with more below (`lsdir`)."""

    path: Phrase
    branches: bool = False


@dataclass(frozen=True, slots=True)
class Split:
    """The parts of a text."""

    text: Phrase
    separator: str


@dataclass(eq=False, slots=True)
class Iteration:
    """The elements of a list, or only the `first` of them. `as_name` is what an inner loop calls the element."""

    of: Any
    first: bool = False
    as_name: str = ""


@dataclass(frozen=True, slots=True)
class ElementName:
    """The element of a loop: its name in a listing, or a part of a text."""

    loop: Iteration


@dataclass(frozen=True, slots=True)
class Getenv:
    """A variable of the environment."""

    name: str
    default: str = ""


Part = str | Lookup | ElementName | Getenv


@dataclass(frozen=True, slots=True)
class Pair:
    """A key with its value."""

    key: Phrase
    value: Phrase


@dataclass(frozen=True, slots=True)
class Walk:
    """A list whose elements a function gives: of `loop` each element's `key` and value, or the value alone."""

    loop: Iteration
    key: Phrase | None
    value: Phrase


@dataclass(frozen=True, slots=True)
class Size:
    """How many elements a list has, and what is added to that."""

    of: Children
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Position:
    """The number of the element of a loop, from 0 on, and what is added to it."""

    loop: Iteration
    plus: int = 0


@dataclass(frozen=True, slots=True)
class Test:
    """A condition: `exists` and `given` of a text, `some` of a list, `eq` of two texts, `count` of a list and a number,
    `later` and `more` of a loop (not the first, not the last element), `not`, `all`, `any` of conditions.
    """

    word: Literal["exists", "given", "some", "eq", "count", "later", "more", "not", "all", "any"]
    of: tuple[Any, ...]


@dataclass(slots=True)
class When:
    """Output under a condition; `start` is the place of its action."""

    test: Test
    then: list[Output]
    otherwise: list[Output]
    start: int


@dataclass(slots=True)
class Repeat:
    """Output for each element of a loop; `start` is the place of its action."""

    loop: Iteration
    body: list[Output]
    start: int
    head: str = ""
    separator: str = ""
    tail: str = ""


@dataclass(frozen=True, slots=True)
class Printed:
    """A value that is printed, and the place of its action."""

    part: Lookup | ElementName | Getenv | Size
    start: int


Output = str | Printed | When | Repeat


def merged(pieces: Iterable[Any]) -> list[Any]:
    """The same pieces, with texts beside each other in one."""
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
    """Return the condition that all, or any, of these hold."""
    ends = word == "any"
    if any(test is ends for test in tests):
        return ends
    left = [test for test in tests if isinstance(test, Test)]
    if len(left) <= 1:
        return left[0] if left else not ends
    return Test(word, tuple(left))
