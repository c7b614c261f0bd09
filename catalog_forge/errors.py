"""The errors that a user may cause: message, location, hint, exit code."""

from __future__ import annotations

import errno
import importlib
import sys
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from catalog_forge.shown import printable

_S = TypeVar("_S")
_T = TypeVar("_T")


# Not a frozen class, because every YAML node has a `Where`, and frozen objects take three times as long to create.
@dataclass(slots=True, order=True, unsafe_hash=True)
class Where:
    """A place in a file. `line` and `column` count from 1; 0 means the whole file."""

    file: str
    line: int = 0
    column: int = 0

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}" if self.line else self.file


@dataclass(frozen=True, slots=True)
class Problem:
    """One problem: a message, its location, and a hint on how to fix it."""

    message: str
    where: Where | None = None
    hint: str = ""

    def __str__(self) -> str:
        place = f"{self.where}: " if self.where else ""
        hint = f"\n  hint: {self.hint}" if self.hint else ""
        return printable(f"{place}{self.message}{hint}", kept="\n\t")

    def as_data(self) -> dict[str, str]:
        """Return the problem as data for JSON."""
        return {"message": self.message, "where": str(self.where or ""), "hint": self.hint}


# Hints for errors of the operating system.
_HELPS = {
    errno.EROFS: "this folder is read-only: choose another one with -C DIR, or write the output elsewhere",
    errno.EACCES: "`ls -ld` shows its permissions: change the owner or the mode, or choose another folder with -C DIR",
    errno.ENOENT: "check the path, and that its folder exists",
    errno.EISDIR: "name a file in this folder",
    errno.ENOTDIR: "one part of the path is a file where a folder is needed: correct the path",
    errno.ENOSPC: "free some space: `df -h` shows how full each disk is",
    errno.ELOOP: "remove the symbolic link that leads back to itself",
    errno.ENAMETOOLONG: "choose a shorter name",
}


def help_for(error: BaseException | None) -> str:
    """Return the hint for an error of the operating system, or an empty string."""
    return _HELPS.get(error.errno or 0, "") if isinstance(error, OSError) else ""


class ForgeError(Exception):
    """An expected error: it is shown without a traceback, and the process exits with `exit_code`.

    The error contains one or more problems, because all problems of a file are shown at once. If no hint is given
    and the error is created while an OSError is being handled, the hint is the one for the OSError.
    """

    exit_code = 1

    def __init__(self, message: str, where: Where | None = None, hint: str = "") -> None:
        super().__init__(message)
        self.problems: tuple[Problem, ...] = (Problem(message, where, hint or help_for(sys.exception())),)

    def __str__(self) -> str:
        return "\n".join(str(problem) for problem in self.problems)

    @classmethod
    def of(cls, problems: Sequence[Problem]) -> ForgeError:
        """Create one error from one or more problems, sorted by location."""
        ordered = sorted(problems, key=lambda problem: (problem.where or Where(""), problem.message))
        error = cls(ordered[0].message)
        error.problems = tuple(ordered)
        return error


class UsageError(ForgeError):
    """A command was not called correctly."""

    exit_code = 2


class EngineError(ForgeError):
    """No Docker engine answers, or the connection was lost."""

    exit_code = 4


class BuildError(ForgeError):
    """The engine refused to build or to push an image."""

    exit_code = 5


def of_each(items: Iterable[_S], make: Callable[[_S], _T]) -> list[_T]:
    """Apply `make` to every item, even after one fails. Raises ForgeError with the problems of all items."""
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
    """Import a library that the package's extra `name` installs. Raises ForgeError if the library is not installed."""
    try:
        return importlib.import_module(module)
    except ImportError:
        package = module.partition(".")[0].replace("_", "-")
        raise ForgeError(f"the Python package {package} is not installed", hint=f"pip install 'catalog-forge[{name}]'") from None


MOST_WORDS = 300
MOST_SHOWN = 40
LONGEST_WORD = 100


# Maps words of other tools to our words for the same thing. If a word has several, the first one that is allowed counts.
_OTHER_WORDS = {
    "address": ("ip",), "array": ("list",), "build": ("image",), "choices": ("options",), "cmd": ("exec", "run"),
    "command": ("exec", "run"), "container": ("in",), "dict": ("map",), "entrypoint": ("exec",), "group": ("gid",),
    "help": ("description",), "json": ("jsonify",), "number": ("int",), "object": ("map",), "owner": ("uid",),
    "path": ("dest", "request_line"), "permissions": ("mode",), "primary_ip": ("ip",), "regex": ("pattern",),
    "secret": ("password",), "select": ("enum",), "status": ("exit",), "text": ("string",), "url": ("get",), "user": ("uid",),
    "value": ("default",), "values": ("options",),
}  # fmt: skip


def meant_by(word: str, known: Iterable[str]) -> list[str]:
    """Return the words in `known` that mean what other tools call `word`."""
    return [each for each in _OTHER_WORDS.get(word.lower(), ()) if each in known]


def did_you_mean(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return the hint of `nearest`; if there is no such word, the hint of `known_here`."""
    words = list(known)
    return nearest(word, words) or known_here(words, otherwise)


def known_here(known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the first known words.

    The hint is `otherwise` if no word is known, or if so many words are known that the list would be too long to read.
    """
    words = sorted(known)
    return f"known here: {first_of(words, MOST_SHOWN)}" if 0 < len(words) <= MOST_WORDS else otherwise


def nearest(word: str, known: Iterable[str], otherwise: str = "") -> str:
    """Return a hint with the known word that is closest to `word` or means the same; `otherwise` if there is no such word.

    If very many words are known, or if `word` is very long, no word is searched for, because the search would be slow.
    """
    words = sorted(known)
    words = words if len(words) <= MOST_WORDS else []
    near = misspelt(word, words) or meant_by(word, words) or misspelt(word, words, 0.6)
    return f"did you mean {near[0]!r}?" if near else otherwise


def misspelt(word: str, known: Iterable[str], likeness: float = 0.85) -> list[str]:
    """Return the word in `known` that is closest to `word`, in a list; an empty list if no word is as close as `likeness`."""
    from difflib import get_close_matches  # imported here, because only errors need it

    by_letters = {each.lower(): each for each in known} if len(word) <= LONGEST_WORD else {}
    return [by_letters[near] for near in get_close_matches(word.lower(), by_letters, n=1, cutoff=likeness)]


def to_yml(path: str) -> str:
    """Return the shell command that renames a file so that its name ends in .yml, not in .yaml."""
    import shlex  # imported here, because only errors need it

    return shlex.join(["mv", path, f"{path.removesuffix('.yaml')}.yml"])


def first_of(words: Sequence[str], most: int) -> str:
    """Join the first `most` words with commas, and add how many words are left out, such as "a, b and 3 more"."""
    more = f" and {len(words) - most} more" if len(words) > most else ""
    return ", ".join(words[:most]) + more
