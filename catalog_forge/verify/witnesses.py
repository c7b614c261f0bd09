"""What the engines with containers go by: what confd has asked the metadata service, and what containers have said."""

from __future__ import annotations

import posixpath
import re
import time
from bisect import bisect_left
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from typing import Any
from urllib.parse import parse_qs, unquote

from catalog_forge.image.containers import Container
from catalog_forge.metadata.service.wire import Request
from catalog_forge.verify.subject import Subject

# confd's long poll ends after 10 s (maxWait): whoever waits has asked within that time, and but once.
_POLL = 9.5

WRITTEN = "every file is written"
"""What entrypoint.sh says, after the name of its spec, when the program may start."""

WAITING = "waiting for"
RELOAD = "launch: reload: "
"""How run.sh begins to say what it does after a change."""

_NO_PROBLEMS = (WRITTEN, "going on without them")
_PANIC = "panic: "
_ERROR = re.compile(r" (?:ERROR|FATAL) (.*)$")
_AGAIN = "and is started again"
# confd says so before it connects to redis anew (backends/redis/client.go); where it cannot, it says that as well.
_MENDS = "Existing redis connection no longer usable. Will try to re-establish."
# What confd says only once it has read the keys (resource/template/resource.go): it fills in the template, then compares,
# then checks; and what entrypoint.sh says after the first pass.
_READ = re.compile(rf" INFO Target config | ERROR (?:template: |Unable to process template |Config check failed)|: {WRITTEN}$")


class Heard:
    """What confd has asked the service, and when; noted by the server's thread."""

    def __init__(self, subject: Subject) -> None:
        paths = [
            posixpath.normpath(f"{resource.prefix or subject.prefix}/{key}")
            for resource in subject.image.resources
            for key in resource.keys
        ]
        self._of_a_pass = Counter(paths)
        self._reads: list[tuple[float, str]] = []
        self._waits: list[tuple[float, Sequence[str]]] = []  # for another version than these

    def note(self, request: Request) -> None:
        """Note a request."""
        if request.query:
            self._waits.append((time.monotonic(), parse_qs(request.query).get("value", ["init"])))
        else:
            self._reads.append((time.monotonic(), unquote(request.path)))

    @property
    def anything(self) -> bool:
        """Whether anybody has asked for anything."""
        return bool(self._reads or self._waits)

    @property
    def questions(self) -> int:
        """How many a pass asks."""
        return self._of_a_pass.total()

    def waiting(self, versions: frozenset[str], since: float) -> int:
        """How many watchers wait for another than these versions, and have begun to since a time."""
        begin = max(since, time.monotonic() - _POLL)
        return len(self._watches(versions, begin))

    def waited(self, versions: frozenset[str], since: float) -> int:
        """How many watchers have waited for another than these versions since a time: once all have, that stays true.

        They are counted where most have asked within one poll: at any moment one or another may be between two of them.
        """
        asked = self._watches(versions, since)
        return max((number - bisect_left(asked, when - _POLL) for number, when in enumerate(asked, start=1)), default=0)

    def _watches(self, versions: frozenset[str], since: float) -> list[float]:
        """When watchers have asked for another than these versions."""
        waits = self._waits.copy()
        return [when for when, known in waits[_place_of(since, waits) :] if versions.issuperset(known)]

    def passes(self, since: float, *, fresh: bool) -> int:
        """How many whole passes have been made since a time; `fresh` ones are those of a confd that has just started.

        A watcher may ask for the same meanwhile, so that a pass counts as made a little early.
        """
        left = None if fresh else self._of_a_pass.copy()
        count = 0
        reads = self._reads.copy()
        for _, path in reads[_place_of(since, reads) :]:
            if fresh and path == "/":
                left = self._of_a_pass.copy()
            elif left is not None:
                left[path] -= 1
            if left is not None and not +left:
                count += 1
                left = None if fresh else self._of_a_pass.copy()
        return count


def _place_of(since: float, requests: Sequence[tuple[float, Any]]) -> int:
    """Return where the requests since a time begin: they are in the order of time."""
    return bisect_left(requests, since, key=itemgetter(0))


@dataclass
class Said:
    """What a container has said: all of it, and how much of that belongs to earlier moments.

    `back`: how much of it was said when the store it reads came, or came back; None when it reads none.
    """

    container: Container
    back: int | None = None
    lines: list[str] = field(default_factory=list)
    before: int = 0
    changed: float = 0

    def listen(self) -> None:
        """Take in what it has said by now."""
        # A line that is not at its end yet is left for later.
        lines = self.container.logs().split("\n")[:-1]
        if len(lines) != len(self.lines):
            self.changed = time.monotonic()
        self.lines = lines

    @property
    def new(self) -> list[str]:
        """The lines of this moment."""
        return self.lines[self.before :]

    @property
    def counting(self) -> list[str]:
        """The lines of this moment, without what is said before the store has been read since it came: that is not the spec's."""
        read = self.before
        if self.back is not None:
            read = next((at for at in range(self.back, len(self.lines)) if _READ.search(self.lines[at])), len(self.lines))
        return self.lines[max(self.before, read) :]

    def turn(self) -> None:
        """Begin another moment."""
        self.before = len(self.lines)


def as_text(lines: Iterable[str]) -> str:
    """Lines as the text of a report."""
    return "".join(f"{line}\n" for line in lines)


def error_in(line: str, name: str) -> str:
    """Return the error that a line of a conf container's log tells, without the time and the process before it."""
    if found := _ERROR.search(line):
        # A command that failed had nothing to say.
        return "" if found[1] == '""' or found[1].startswith(_MENDS) else found[1]
    notice = line.startswith(f"{name}: {WAITING}") or line.endswith(_NO_PROBLEMS)
    return line if line.startswith(_PANIC) or (line.startswith(f"{name}: ") and not notice) else ""


def problem_in(lines: Sequence[str], name: str) -> str:
    """Return what a conf container said last of what keeps it from writing every file; empty when nothing does."""
    said = [line for line in lines if line.startswith(f"{name}: ")]
    return said[-1] if said and not said[-1].endswith((*_NO_PROBLEMS, _AGAIN)) else ""
