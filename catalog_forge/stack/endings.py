"""How containers end: how often in a row, when they run again, which of them will not run any better, and when one is steady.

Pure: it asks no engine and no clock. The one who watches shows it what is on the engine at a time in seconds, and tells
what it has started. What was learnt goes by the name of a container, so that one which is replaced because its program does
not answer has not died any less often.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.stack.model import SETTLE, Launch
from catalog_forge.stack.reconcile import Key, Seen, restarts

GIVE_UP = 5
"""Ends in a row after which a container will not run any better."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # before a container that ended runs again; the pause doubles
_STEADY = 10.0  # whatever ran so long begins again with the first pause


@dataclass(frozen=True, slots=True)
class Ending:
    """A container that has ended by itself: how often in a row, and what follows from that.

    `again` says that its restart policy starts it again, `failed` that it should not have ended so, `was_steady` that it
    had counted as running, `hopeless` that it will not run any better.
    """

    container: Seen
    count: int
    again: bool
    failed: bool
    was_steady: bool
    hopeless: bool

    @property
    def why(self) -> str:
        """What is hopeless about it, in words that follow the name of the container."""
        return f"ended {self.count} times in a row" if self.again else "is not restarted"


@dataclass(slots=True)
class _Course:
    """What is known of a container: its id, since when it runs, how often it has ended in a row, when it may run again.

    One that was never `watched` while it ran was stopped with its stack, and has not ended by itself. `noted` says that
    its last end was taken in.
    """

    id: str
    digest: str
    since: float = 0
    count: int = 0
    due: float = 0
    watched: bool = False
    noted: bool = False
    steady: bool = False


class Endings:
    """What the ends of a stack's containers come to. `settle` are the seconds after which one counts as running."""

    def __init__(self, settle: float = SETTLE) -> None:
        self.settle = settle
        self._courses: dict[str, _Course] = {}

    def begun(self, containers: Iterable[Seen], now: float) -> None:
        """Note what was started: a container that ends so soon that nobody sees it run has ended all the same."""
        for container in containers:
            course = self._course(container)
            course.since, course.watched, course.noted, course.steady = now, True, False, False

    def look(
        self, containers: Sequence[Seen], busy: Collection[Key], launches: Mapping[tuple[str, str], Launch], now: float
    ) -> list[Ending]:
        """Take in what is on the engine, and return what has ended since the last look.

        Units in `busy` are being worked on: what ends there has been stopped. `launches` go by the names of the service
        and of the launch.
        """
        ended: list[Ending] = []
        for container in containers:
            course = self._course(container)
            if container.running:
                self._runs(course, now)
            elif container.ended and container.key not in busy and course.watched and not course.noted:
                ended.append(self._end(container, course, launches.get((container.service, container.launch)), now))
        for name in self._courses.keys() - {container.name for container in containers} - self._replaced(busy):
            del self._courses[name]
        return ended

    def stopped(self, containers: Iterable[Seen]) -> None:
        """Note what was stopped on purpose: it has not ended by itself."""
        for container in containers:
            if container.ended:
                course = self._course(container)
                course.watched = course.steady = False

    def renew(self, containers: Iterable[Seen], now: float) -> None:
        """Begin anew, because something else is wanted: what had died has as many tries as at first.

        What has failed and was left alone runs again; what ended well stays as it is.
        """
        for container in containers:
            course = self._course(container)
            if course.count:
                course.steady, course.since = False, now
            course.count, course.due = 0, 0
            if container.ended and container.status:
                course.watched = course.noted = False

    def waits(self, container: Seen, now: float) -> None:
        """Note that a container runs, but has not started its program yet."""
        self._course(container).since = now

    def settled(self, container: Seen, now: float) -> bool:
        """Whether a container counts as running: it has run long enough, longer if it had ended before."""
        course = self._course(container)
        return container.running and course.watched and now - course.since >= self._needed(course)

    def confirm(self, container: Seen) -> bool:
        """Note that a container counts as running, and return whether that is news."""
        course = self._course(container)
        news, course.steady = not course.steady, True
        return news

    def steady(self, container: Seen) -> bool:
        """Whether a container was confirmed to run since its last start."""
        return container.running and self._course(container).steady

    def unnoticed(self, containers: Iterable[Seen]) -> bool:
        """Whether one that counts as running has ended since the last look."""
        courses = ((each, self._courses.get(each.name)) for each in containers if each.ended)
        return any(course is not None and course.id == each.id and course.steady for each, course in courses)

    def failing(self, container: Seen) -> bool:
        """Whether a container has ended since it last ran for long."""
        return self._course(container).count > 0

    def counts(self, containers: Iterable[Seen]) -> dict[str, int]:
        """How often containers have ended in a row, by their ids."""
        return {container.id: self._course(container).count for container in containers}

    def by_themselves(self, containers: Iterable[Seen]) -> set[str]:
        """The ids of those that have ended while they were watched."""
        return {each.id for each in containers if each.ended and self._course(each).watched}

    def resting(self, containers: Iterable[Seen], now: float) -> set[str]:
        """The ids of those whose time to run again has not come."""
        return {each.id for each in containers if self._course(each).due > now}

    def dues(self, now: float) -> Iterator[float]:
        """Yield the times to come at which a container may run again, or will count as running."""
        for course in self._courses.values():
            steady_at = course.since + self._needed(course) if course.watched and not course.noted else 0
            yield from (time for time in (course.due, steady_at) if time > now)

    def _course(self, container: Seen) -> _Course:
        course = self._courses.get(container.name)
        if course is None or course.digest != container.digest:
            course = self._courses[container.name] = _Course(container.id, container.digest)
        elif course.id != container.id:  # its unit was replaced
            course.id, course.watched, course.noted, course.steady = container.id, False, False, False
        return course

    def _needed(self, course: _Course) -> float:
        return min(max(_STEADY, self.settle), self.settle * (1 + course.count))

    def _replaced(self, busy: Collection[Key]) -> set[str]:
        """The names of containers that are away only because their unit is being replaced."""
        return set(self._courses) if busy else set()

    def _runs(self, course: _Course, now: float) -> None:
        if not course.watched or course.noted:
            course.since, course.noted, course.steady = now, False, False
        course.watched = True
        if course.count and now - course.since > _STEADY:
            course.count = 0

    def _end(self, container: Seen, course: _Course, launch: Launch | None, now: float) -> Ending:
        course.count, course.noted = course.count + 1, True
        course.due = now + min(_LONGEST_PAUSE, _FIRST_PAUSE * 2 ** (course.count - 1))
        again = launch is not None and restarts(launch, container.status, course.count)
        failed = again or (launch is not None and container.status != 0)
        hopeless = failed and (not again or course.count >= GIVE_UP)
        was_steady, course.steady = course.steady, False
        return Ending(container, course.count, again, failed, was_steady, hopeless)
