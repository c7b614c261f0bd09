"""Records what the engines with containers can observe: the requests of confd to the metadata service, and container logs."""

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

# Seconds in which a waiting watcher makes at most one request, because confd's long poll ends after 10 s (maxWait).
_POLL = 9.5

WRITTEN = "every file is written"
"""The message by which entrypoint.sh reports, after the name of its spec, that the program may start."""

WAITING = "waiting for"
RELOAD = "launch: reload: "
"""The prefix of run.sh's messages about its action after a change."""

_NO_PROBLEMS = (WRITTEN, "going on without them")
_PANIC = "panic: "
_ERROR = re.compile(r" (?:ERROR|FATAL) (.*)$")
_AGAIN = "and is started again"
# confd logs this before it reconnects to redis (backends/redis/client.go). If it cannot reconnect, it logs another error.
_MENDS = "Existing redis connection no longer usable. Will try to re-establish."
# Messages that confd logs only after reading the keys (resource/template/resource.go), when it renders, compares or checks a
# file; and the message of entrypoint.sh after the first pass.
_READ = re.compile(rf" INFO Target config | ERROR (?:template: |Unable to process template |Config check failed)|: {WRITTEN}$")


class Heard:
    """The requests of confd to the metadata service, with their times. They are recorded in the thread of the server."""

    def __init__(self, subject: Subject) -> None:
        paths = [
            posixpath.normpath(f"{resource.prefix or subject.prefix}/{key}")
            for resource in subject.image.resources
            for key in resource.keys
        ]
        self._of_a_pass = Counter(paths)
        self._reads: list[tuple[float, str]] = []
        self._waits: list[tuple[float, Sequence[str]]] = []  # the versions that the watcher knows

    def note(self, request: Request) -> None:
        """Record a request."""
        if request.query:
            self._waits.append((time.monotonic(), parse_qs(request.query).get("value", ["init"])))
        else:
            self._reads.append((time.monotonic(), unquote(request.path)))

    @property
    def anything(self) -> bool:
        """Whether the service has received any request."""
        return bool(self._reads or self._waits)

    @property
    def questions(self) -> int:
        """The number of requests in one pass of confd."""
        return self._of_a_pass.total()

    def waiting(self, versions: frozenset[str], since: float) -> int:
        """Return the number of watchers that now wait for a version not in `versions`, and began to wait after `since`."""
        begin = max(since, time.monotonic() - _POLL)
        return len(self._watches(versions, begin))

    def waited(self, versions: frozenset[str], since: float) -> int:
        """Return the number of watchers that have waited, at any time after `since`, for a version not in `versions`.

        Counting open requests would miss a watcher that is between two polls. A watcher sends at most one request in
        `_POLL` seconds, so the result is the largest number of requests in any period of this length.
        """
        asked = self._watches(versions, since)
        return max((number - bisect_left(asked, when - _POLL) for number, when in enumerate(asked, start=1)), default=0)

    def _watches(self, versions: frozenset[str], since: float) -> list[float]:
        """Return the times at which watchers asked for a version not in `versions`."""
        waits = self._waits.copy()
        return [when for when, known in waits[_place_of(since, waits) :] if versions.issuperset(known)]

    def passes(self, since: float, *, fresh: bool) -> int:
        """Return the number of complete passes since a given time; if `fresh` is set, count only passes of a newly started confd.

        A pass may be counted a little too early, because a watcher may request the same paths during the pass.
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
    """Return the index of the first request since a given time; the requests are sorted by time."""
    return bisect_left(requests, since, key=itemgetter(0))


@dataclass
class Said:
    """The log of a container, with the number of lines that belong to earlier moments.

    `back` is the number of lines that the log had at the last start of the store; None if the container reads no store.
    """

    container: Container
    back: int | None = None
    lines: list[str] = field(default_factory=list)
    before: int = 0
    changed: float = 0

    def listen(self) -> None:
        """Read the log up to now."""
        # An unfinished last line is read by the next call.
        lines = self.container.logs().split("\n")[:-1]
        if len(lines) != len(self.lines):
            self.changed = time.monotonic()
        self.lines = lines

    @property
    def new(self) -> list[str]:
        """The log lines of this moment."""
        return self.lines[self.before :]

    @property
    def counting(self) -> list[str]:
        """The log lines of this moment, except those between a restart of the store and the first read after the restart."""
        read = self.before
        if self.back is not None:
            read = next((at for at in range(self.back, len(self.lines)) if _READ.search(self.lines[at])), len(self.lines))
        return self.lines[max(self.before, read) :]

    def turn(self) -> None:
        """Begin the next moment."""
        self.before = len(self.lines)


def as_text(lines: Iterable[str]) -> str:
    """Join log lines into one string for a report."""
    return "".join(f"{line}\n" for line in lines)


def error_in(line: str, name: str) -> str:
    """Return the error in a line of a conf container's log, without time and process; empty if the line contains no error."""
    if found := _ERROR.search(line):
        # confd logs '""' if a command has failed without output.
        return "" if found[1] == '""' or found[1].startswith(_MENDS) else found[1]
    notice = line.startswith(f"{name}: {WAITING}") or line.endswith(_NO_PROBLEMS)
    return line if line.startswith(_PANIC) or (line.startswith(f"{name}: ") and not notice) else ""


def problem_in(lines: Sequence[str], name: str) -> str:
    """Return the last message of a conf container if it says why a file cannot be written; otherwise, an empty string."""
    said = [line for line in lines if line.startswith(f"{name}: ")]
    return said[-1] if said and not said[-1].endswith((*_NO_PROBLEMS, _AGAIN)) else ""
