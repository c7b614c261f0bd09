"""Tracks containers that end: how many times in succession each one has ended, when to restart it, and when to give up.

Pure functions: they call neither the engine nor a clock. The caller passes in the containers on the engine and the time in
seconds, and reports the containers that it has started. Records are kept by container name, so if a container is replaced because
its program does not answer, the replacement inherits the count of ends.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.stack.model import SETTLE, Launch
from catalog_forge.stack.reconcile import Key, Seen, restarts

GIVE_UP = 5
"""The number of consecutive ends after which a container is considered hopeless."""

_FIRST_PAUSE, _LONGEST_PAUSE = 0.2, 30.0  # seconds before the first restart, doubled for each later restart up to the maximum
_STEADY = 10.0  # a container that has run for so many seconds before it ends is restarted after only the first pause


@dataclass(frozen=True, slots=True)
class Ending:
    """A container that has ended by itself, the number of its consecutive ends, and the consequences.

    `again`: the restart policy restarts the container. `failed`: the container should not have ended. `was_steady`: the container
    counted as running before. `hopeless`: further restarts will not help.
    """

    container: Seen
    count: int
    again: bool
    failed: bool
    was_steady: bool
    hopeless: bool

    @property
    def why(self) -> str:
        """The reason why the container is hopeless, as a phrase that follows the name of the container."""
        return f"ended {self.count} times in a row" if self.again else "is not restarted"


@dataclass(slots=True)
class _Course:
    """The record of a container: its id, the time of its start, the number of consecutive ends, and when it may be restarted.

    `watched` is True once the container was seen running. An ended container that was never watched was stopped with its stack
    and did not end by itself. `noted` is True once the last end is recorded.
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
    """Records how the containers of a stack end. `settle` is the number of seconds after which a container counts as running."""

    def __init__(self, settle: float = SETTLE) -> None:
        self.settle = settle
        self._courses: dict[str, _Course] = {}

    def begun(self, containers: Iterable[Seen], now: float) -> None:
        """Record that containers were started, so that `look` also reports those that end before its next call."""
        for container in containers:
            course = self._course(container)
            course.since, course.watched, course.noted, course.steady = now, True, False, False

    def look(
        self, containers: Sequence[Seen], busy: Collection[Key], launches: Mapping[tuple[str, str], Launch], now: float
    ) -> list[Ending]:
        """Record the containers on the engine, and return those that have ended since the last call.

        Containers of units in `busy` are ignored, because these units are being changed. `launches` maps each pair of a service's
        name and a launch's name to the launch.
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

    def late(self, containers: Iterable[Seen], launches: Mapping[tuple[str, str], Launch], now: float) -> list[Ending]:
        """Record containers that had already ended by themselves when they were to be stopped. Return the ends that are new."""
        return [
            self._end(each, course, launches.get((each.service, each.launch)), now)
            for each in containers
            if (course := self._courses.get(each.name)) and course.id == each.id and course.watched and not course.noted
        ]

    def stopped(self, containers: Iterable[Seen]) -> None:
        """Record that these containers were stopped on purpose, so that they do not count as ended by themselves."""
        for container in containers:
            if container.ended:
                course = self._course(container)
                course.watched = course.steady = False

    def renew(self, containers: Iterable[Seen], now: float) -> None:
        """Reset the counts after a change of the plan, so that each container again gets the full number of restarts.

        Containers that failed for good are started again; containers that ended with status 0 are not.
        """
        for container in containers:
            course = self._course(container)
            if course.count:
                course.steady, course.since = False, now
            course.count, course.due = 0, 0
            if container.ended and container.status:
                course.watched = course.noted = False

    def waits(self, container: Seen, now: float) -> None:
        """Record that a container runs but has not started its program yet."""
        self._course(container).since = now

    def settled(self, container: Seen, now: float) -> bool:
        """Whether a container has run long enough to count as running. The required time grows with each consecutive end."""
        course = self._course(container)
        return container.running and course.watched and now - course.since >= self._needed(course)

    def confirm(self, container: Seen) -> bool:
        """Record that a container counts as running from now on. Return False if this was recorded before."""
        course = self._course(container)
        news, course.steady = not course.steady, True
        return news

    def steady(self, container: Seen) -> bool:
        """Whether a container was confirmed as running since its last start."""
        return container.running and self._course(container).steady

    def unnoticed(self, containers: Iterable[Seen]) -> bool:
        """Whether a container that counts as running has ended since the last call of `look`."""
        courses = ((each, self._courses.get(each.name)) for each in containers if each.ended)
        return any(course is not None and course.id == each.id and course.steady for each, course in courses)

    def failing(self, container: Seen) -> bool:
        """Whether a container has ended and, since its last restart, has not run long enough to reset the count."""
        return self._course(container).count > 0

    def counts(self, containers: Iterable[Seen]) -> dict[str, int]:
        """Return the number of consecutive times that each container has ended, by container id."""
        return {container.id: self._course(container).count for container in containers}

    def by_themselves(self, containers: Iterable[Seen]) -> set[str]:
        """Return the ids of the containers that ended while they were watched."""
        return {each.id for each in containers if each.ended and self._course(each).watched}

    def resting(self, containers: Iterable[Seen], now: float) -> set[str]:
        """Return the ids of the containers that must still wait before they are restarted."""
        return {each.id for each in containers if self._course(each).due > now}

    def dues(self, now: float) -> Iterator[float]:
        """Yield the future times at which a container may be restarted or will count as running."""
        for course in self._courses.values():
            steady_at = course.since + self._needed(course) if course.watched and not course.noted else 0
            yield from (time for time in (course.due, steady_at) if time > now)

    def _course(self, container: Seen) -> _Course:
        course = self._courses.get(container.name)
        if course is None or course.digest != container.digest:
            course = self._courses[container.name] = _Course(container.id, container.digest)
        elif course.id != container.id:  # the unit of the container was replaced
            course.id, course.watched, course.noted, course.steady = container.id, False, False, False
        return course

    def _needed(self, course: _Course) -> float:
        return min(max(_STEADY, self.settle), self.settle * (1 + course.count))

    def _replaced(self, busy: Collection[Key]) -> set[str]:
        """Return the names of containers that may be missing only because their unit is being replaced."""
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
