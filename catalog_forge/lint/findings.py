"""The output of lint: the findings of rules, and fixes for these findings."""

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
    """A replacement in a file: `text` replaces the characters from offset `start` to offset `end` of `File.text`."""

    start: int
    end: int
    text: str


@dataclass(frozen=True, slots=True)
class Fix:
    """A safe fix for a finding: edits of the file at `path`, or copies of this file to other paths. `title` describes the fix."""

    title: str
    path: str
    edits: tuple[Edit, ...] = ()
    copies: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Hit:
    """A fault that a rule yields: its location, a message and a hint. `runner.run` adds the id and the level of the rule.

    `level` is set only if it differs from the level of the rule. If the fault is a missing key, `key` is the name of this key.
    """

    where: Where
    message: str
    hint: str = ""
    fix: Fix | None = None
    level: Level | None = None
    key: str = ""


@dataclass(frozen=True, slots=True)
class Finding:
    """A hit with the rule that found it. `line` is the text of the line with the fault; `path` is the file's path in its tree."""

    rule: str
    level: Level
    where: Where
    message: str
    hint: str = ""
    fix: Fix | None = None
    line: str = ""
    path: str = ""
    cause: tuple[str, int] = ("", 0)

    @property
    def excerpt(self) -> str:
        """The line, shortened to the text around the fault, because a line may be a megabyte long and have many findings."""
        return self.line[self.excerpt_start :][:EXCERPT]

    @property
    def excerpt_start(self) -> int:
        """The number of characters in the line before the excerpt begins."""
        return 0 if len(self.line) <= EXCERPT else max(0, min(self.where.column, len(self.line)) - 1 - EXCERPT // 2)

    def as_data(self) -> dict[str, Any]:
        """Return the finding as data for JSON."""
        return {
            "rule": self.rule,
            "level": self.level,
            "message": self.message,
            "hint": self.hint,
            "file": self.where.file,
            "line": self.where.line,
            "column": self.where.column,
            "path": self.path,
            "source": self.excerpt,
            "fix": self.fix.title if self.fix else None,
        }


Check = Callable[[Any], Iterator[Hit]]


@dataclass(frozen=True, slots=True)
class Example:
    """A small catalog in a rule's docstring: files that replace files of the sound catalog (None for an absent file).

    `odd` marks unusual files by path: a symbolic link (link), a symbolic link without a valid target (stray), a special file, a
    file that cannot be read (closed), a file that is too large, or a file whose text is written with a byte order mark (bom),
    with Windows line endings (crlf), or with tabs where the example has `»`. `text` is the text of the example in the docstring.
    """

    files: Mapping[str, str | None]
    odd: Mapping[str, str] = field(default_factory=dict)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule: its id, level and title, the type of subject that it checks, and the parts of its docstring."""

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
        """The family of the rule, which is the name of its module."""
        return self.check.__module__.rpartition(".")[2]
