"""The errors that a person at the keyboard may cause: a message, where it is, what helps, the exit code."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

_S = TypeVar("_S")
_T = TypeVar("_T")


# Not frozen: every node of a file has its place, and a frozen one takes three times as long to make. Nobody changes one.
@dataclass(slots=True, order=True, unsafe_hash=True)
class Where:
    """A place in a file. `line` and `column` count from 1; 0 means that the file as a whole is meant."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: what, where, and a hint that helps to mend it."""

    message: str
    where: Where | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return f"{place}{self.message}{hint}"

    def as_data(self) -> dict[str, str]:
        """Return it as data for JSON."""
        return {"message": self.message, "where": str(self.where or ""), "hint": self.hint}


class ForgeError(Exception):
    """An expected error: shown without a traceback, and the process ends with `exit_code`.

    It holds one or more problems, because all problems of a file are shown at once.
    """

    exit_code = 1

    def __init__(self, message: str, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(message, where, hint),)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ForgeError:
        """Make one error of one or more problems, sorted by their place."""
        ordered = sorted(problems, key=lambda problem: (problem.where or Where(""), problem.message))
        error = cls(ordered[0].message)
        error.problems = tuple(ordered)
        return error


class UsageError(ForgeError):
    """The command was called wrongly."""

    exit_code = 2


class EngineError(ForgeError):
    """No Docker engine answers, or it went away."""

    exit_code = 4


class BuildError(ForgeError):
    """The engine refused to build or to push an image."""

    exit_code = 5


def of_each(items: Iterable[_S], make: Callable[[_S], _T]) -> list[_T]:
    """Make something of each item, also of those after a wrong one. Raises ForgeError with the problems of all of them."""
    made: list[_T] = []
    problems: list[Problem] = []
    for item in items:
        try:
            made.append(make(item))
        except ForgeError as error:
            problems += error.problems
    if problems:
        raise ForgeError.of([*dict.fromkeys(problems)])
    return made


def extra(module: str, name: str) -> Any:
    """Import a library that the extra `name` of the package brings. Raises ForgeError when it is not there."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("_", "-")
        raise ForgeError(f"this needs the package {package}", hint=f"pip install 'catalog-forge[{name}]'") from None


MOST_WORDS = 300
MOST_SHOWN = 40
LONGEST_WORD = 100


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """Return a hint that names the known word nearest to `word`, or lists what is known, but no long list, when none is near.

    Of hundreds of words, or for a very long one, there is none: to look takes long, and nobody wants to read the list.
    """
    words = sorted(known)
    if len(words) > MOST_WORDS or len(word) > LONGEST_WORD:
        return ""
    by_letters = {each.lower(): each for each in words}
    from difflib import get_close_matches  # here: only what is wrong needs it

    near = get_close_matches(word.lower(), by_letters, n=1, cutoff=0.6)
    if near:
        return f"did you mean {by_letters[near[0]]!r}?"
    more = f" and {len(words) - MOST_SHOWN} more" if len(words) > MOST_SHOWN else ""
    return f"known here: {', '.join(words[:MOST_SHOWN])}{more}" if words else ""
