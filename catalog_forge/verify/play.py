"""Scenarios played: each moment is rendered by an engine and held against what is expected there."""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from catalog_forge.errors import ForgeError, Problem
from catalog_forge.metadata import scenario
from catalog_forge.metadata.scenario import Scenario
from catalog_forge.spec.folder import SCENARIOS, SpecFolder
from catalog_forge.spec.model import Spec
from catalog_forge.verify import expectation, view
from catalog_forge.verify.expectation import Expectation, Failure, ReadBeside
from catalog_forge.verify.first import asking
from catalog_forge.verify.seen import Engine, Seen
from catalog_forge.verify.subject import Subject, of_spec


@dataclass(frozen=True)
class Case:
    """A scenario of a spec, read and checked: `file` is where it stands."""

    spec: str
    name: str
    file: str
    subject: Subject
    scenario: Scenario
    expected: tuple[Expectation, ...]

    @property
    def title(self) -> str:
        """The name that a report gives it."""
        return f"{self.spec}/{self.name}"


@dataclass(frozen=True)
class Step:
    """What came of one moment."""

    name: str
    seen: Seen
    failures: tuple[Failure, ...]
    checked: int


@dataclass(frozen=True)
class Result:
    """What came of a scenario: its moments, how long it took, and why it was not played or broke off."""

    case: Case
    steps: tuple[Step, ...]
    seconds: float
    skipped: str = ""
    broken: ForgeError | None = None

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.broken is None and not any(step.failures for step in self.steps)


def cases(spec: Spec, folder: SpecFolder, only: Collection[str] = ()) -> list[Case]:
    """Return the scenarios of a spec, or those with these names. Raises ForgeError with all problems of all of them."""
    subject = of_spec(spec, folder.static)
    found: list[Case] = []
    problems: list[Problem] = []
    for name, text in folder.scenarios().items():
        if only and name not in only:
            continue
        file = f"specs/{spec.name}/{SCENARIOS}/{name}.yml"
        try:
            found.append(case(spec.name, name, file, subject, scenario.read(text, file, asking(spec)), folder.beside))
        except ForgeError as error:
            problems.extend(error.problems)
    if problems:
        raise ForgeError.of(problems)
    return found


def case(spec: str, name: str, file: str, subject: Subject, played: Scenario, beside: ReadBeside) -> Case:
    """Read what a scenario expects of a subject. Raises ForgeError with all problems of all its moments."""
    problems: list[Problem] = []
    expected: list[Expectation] = []
    for moment in played.moments:
        try:
            expected.append(expectation.read(moment.expect, subject, beside))
        except ForgeError as error:
            problems.extend(error.problems)
    if problems:
        raise ForgeError.of(problems)
    return Case(spec, name, file, subject, played, tuple(expected))


def play(played: Case, engine: Engine) -> Result:
    """Play a scenario. An engine that fails ends it; that is part of the result."""
    began = time.perf_counter()
    steps: list[Step] = []
    broken = None
    if played.scenario.engines and engine.name not in played.scenario.engines:
        return Result(played, (), 0, skipped=f"it is for the engine {' or '.join(played.scenario.engines)}")
    try:
        steps.extend(_steps(played, engine))
    except ForgeError as error:
        broken = error
    return Result(played, tuple(steps), time.perf_counter() - began, broken=broken)


def _steps(played: Case, engine: Engine) -> Iterator[Step]:
    moments = played.scenario.moments
    version = played.subject.version
    views = (view.of_moment(moment, number, version) for number, moment in enumerate(moments))
    before: Seen | None = None
    for moment, expected, seen in zip(moments, played.expected, engine.play(played.subject, views), strict=True):
        yield Step(moment.name, seen, tuple(expectation.compare(expected, seen, before)), expected.count)
        before = seen
