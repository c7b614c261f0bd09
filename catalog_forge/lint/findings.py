"""What lint says: findings of rules, and how a finding can be mended."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from catalog_forge.errors import Where

Level = Literal["error", "warning", "note"]
LEVELS: tuple[Level, ...] = ("error", "warning", "note")
EXCERPT = 400


@dataclass(frozen=True, slots=True)
class Edit:
    """A change of a text: the characters from `start` to `end` become `text`. Offsets count in `File.text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe way to mend a finding: edits of the file at `path`, or its copy to other paths. `title` says what it does."""

    title: str
    path: str
    edits: tuple[Edit, ...] = ()
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """What a rule yields: the place, what is wrong there, what helps; the rule's id and level are the registry's business.

    `level` is for the rare hit that is less bad than its rule.
    """

    where: Where
    message: str
    hint: str = ""
    fix: Fix | None = None
    level: Level | None = None


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit of a rule. `line` is the line of the file, for the caret below it; `path` is the file's path in its tree."""

    rule: str
    level: Level
    where: Where
    message: str
    hint: str = ""
    fix: Fix | None = None
    line: str = ""
    path: str = ""

    @property
    def excerpt(self) -> str:
        """The line, of a long one what stands around the place: a line may have a megabyte, and many findings."""
        return self.line[self.excerpt_start :][:EXCERPT]

    @property
    def excerpt_start(self) -> int:
        """How many characters of the line stand before the excerpt."""
        return 0 if len(self.line) <= EXCERPT else max(0, min(self.where.column, len(self.line)) - 1 - EXCERPT // 2)


Check = Callable[[Any], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Example:
    """A small catalog in a rule's docstring: files that are laid over a sound one; None stands for a file that is not there.

    `odd` says of a file that it is a link, a stray link, something special or too large; or how its text is written: with a byte
    order mark (bom), with the line ends of Windows (crlf), with tabs where the example has `»`. `text` is how it is written.
    """

    files: Mapping[str, str | None]
    odd: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id and level, a title, the kind of subject that it looks at, and what its docstring says."""

    id: str
    level: Level
    title: str
    subject: type
    check: Check
    text: str
    bad: tuple[Example, ...]
    good: tuple[Example, ...]
    source: str = ""
    fixable: bool = False

    @property
    def module(self) -> str:
        """The family of the rule: the name of its module."""
        return self.check.__module__.rpartition(".")[2]
