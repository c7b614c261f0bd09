"""The observation at a moment: the files, the errors, and the reloads that the last change has caused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View


@dataclass(frozen=True)
class Written:
    """A file as confd wrote it: its bytes, and its permission bits if they are known."""

    content: bytes
    mode: int | None = None

    @property
    def text(self) -> str:
        """The content as text; bytes that are not UTF-8 are shown as escapes."""
        return self.content.decode(errors="backslashreplace")

    @property
    def is_binary(self) -> bool:
        """Whether the content is not text. Like git, this property only looks for a zero byte."""
        return b"\0" in self.content

    @property
    def secret(self) -> bool:
        """Whether only the owner may read the file. If so, reports do not show its content."""
        return self.mode is not None and not self.mode & 0o077


@dataclass(frozen=True)
class Answer:
    """The answer to a command or a request: its status and text, or the problem that prevented an answer."""

    status: int = 0
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Asked:
    """The answers of a stack's containers, in the order in which the scenario asks, and their files, by container and path."""

    commands: tuple[Answer, ...] = ()
    requests: tuple[Answer, ...] = ()
    logs: tuple[str, ...] = ()
    files: Mapping[tuple[str, str], Written] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """An observation: the files by dest, the errors in confd's words, and the reloads by name. If a resource fails, `files`
    contains the file that the resource wrote earlier, if any.

    `asked` is set if the engine has containers that can be asked.
    """

    files: Mapping[str, Written]
    errors: tuple[str, ...] = ()
    reloads: tuple[str, ...] = ()
    log: str = ""
    asked: Asked | None = None


class Engine(Protocol):
    """Renders the files of a conf image for each moment of a scenario in turn, as one long-running conf container would."""

    name: str

    def play(self, subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """Yield the observation for each view. Raises ForgeError if the engine itself fails."""
        ...

    def interrupt(self) -> None:
        """Ask all plays to stop, without waiting for them. May be called from another thread."""
        ...


@dataclass
class Disk:
    """Keeps the files from one pass of confd to the next, as a container would, for engines that have no containers."""

    subject: Subject
    files: dict[str, Written] = field(default_factory=dict)
    passes: int = 0

    def after(self, written: Mapping[str, Written], errors: Iterable[str], log: str = "") -> Seen:
        """Record the files of a pass, and return the observation. The first pass starts the program, so nothing reloads."""
        changed = [dest for dest, file in written.items() if self.files.get(dest) != file]
        reloads = reloads_of(self.subject, changed) if self.passes else ()
        self.files |= written
        self.passes += 1
        return Seen(dict(self.files), tuple(errors), reloads, log)


def reloads_of(subject: Subject, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the reloads for files that change together: each action once, or only `restart` if it is among them."""
    actions = tuple(dict.fromkeys(subject.reloads[dest] for dest in changed if dest in subject.reloads))
    return ("restart",) if "restart" in actions else actions
