"""What is there at a moment: the files, the errors, and the reloads that the change from the last moment has caused."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View


@dataclass(frozen=True)
class Written:
    """A file as confd left it: its bytes, and its permission bits when they are known."""

    content: bytes
    mode: int | None = None

    @property
    def text(self) -> str:
        """The content as text; what is not UTF-8 is shown as such."""
        return self.content.decode(errors="backslashreplace")

    @property
    def secret(self) -> bool:
        """Whether only its owner may read it: then it is not shown, either."""
        return self.mode is not None and not self.mode & 0o077


@dataclass(frozen=True)
class Answer:
    """What came of a command or a request: its status, and what it said; or why there is no answer."""

    status: int = 0
    text: str = ""
    problem: str = ""


@dataclass(frozen=True)
class Asked:
    """What containers of a stack have answered, in the order of the questions; files by container and path."""

    commands: tuple[Answer, ...] = ()
    requests: tuple[Answer, ...] = ()
    logs: tuple[str, ...] = ()
    files: Mapping[tuple[str, str], Written] = field(default_factory=dict)


@dataclass(frozen=True)
class Seen:
    """Files by dest, errors as confd words them, reloads by what they do. A file whose resource failed stays as it was.

    `asked` is there when the engine has containers that can be asked.
    """

    files: Mapping[str, Written]
    errors: tuple[str, ...] = ()
    reloads: tuple[str, ...] = ()
    log: str = ""
    asked: Asked | None = None


class Engine(Protocol):
    """Renders a subject, moment after moment, as one container would that lives through them."""

    name: str

    def play(self, subject: Subject, views: Iterable[View]) -> Iterator[Seen]:
        """Yield what there is when the subject has seen each view. Raises ForgeError when the engine itself fails."""
        ...

    def interrupt(self) -> None:
        """End all plays soon, from another thread."""
        ...


@dataclass
class Disk:
    """The files of a container between two passes of confd, for the engines that have no container."""

    subject: Subject
    files: dict[str, Written] = field(default_factory=dict)
    passes: int = 0

    def after(self, written: Mapping[str, Written], errors: Iterable[str], log: str = "") -> Seen:
        """Take in what a pass wrote. The first one starts the program, and so reloads nothing."""
        changed = [dest for dest, file in written.items() if self.files.get(dest) != file]
        reloads = reloads_of(self.subject, changed) if self.passes else ()
        self.files |= written
        self.passes += 1
        return Seen(dict(self.files), tuple(errors), reloads, log)


def reloads_of(subject: Subject, changed: Iterable[str]) -> tuple[str, ...]:
    """Return the reloads that follow when these files change together: each action once, and none beside a restart."""
    actions = tuple(dict.fromkeys(subject.reloads[dest] for dest in changed if dest in subject.reloads))
    return ("restart",) if "restart" in actions else actions
