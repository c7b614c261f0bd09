"""Scenarios played: each moment is rendered by an engine and held against what is expected there."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
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


def play_all(chosen: Sequence[Case], engine: Engine, jobs: int) -> Iterator[Result]:
    """Play scenarios, so many at a time, and yield the results in their order.

    What this process computes itself is given to as many processes where they can be had for nothing; other engines mostly
    wait, for which threads do.
    """
    if jobs > 1 and len(chosen) > 1 and engine.name == "embedded" and "fork" in multiprocessing.get_all_start_methods():
        with _given(chosen, engine), ProcessPoolExecutor(jobs, multiprocessing.get_context("fork")) as processes:
            parts = processes.map(_play_given, range(len(chosen)), chunksize=max(1, len(chosen) // (4 * jobs)))
            yield from (Result(case, *part) for case, part in zip(chosen, parts, strict=True))
    else:
        with ThreadPoolExecutor(1 if engine.name == "embedded" else jobs) as threads:
            try:
                yield from threads.map(lambda case: play(case, engine), chosen)
            except BaseException:
                # Nobody waits for the rest any more; what runs must clean up all the same.
                threads.shutdown(wait=False, cancel_futures=True)
                engine.interrupt()
                raise


# What a forked process finds here is a copy of its own: cases need no pickling that way.
_GIVEN: list[tuple[Case, Engine]] = []


@contextmanager
def _given(chosen: Sequence[Case], engine: Engine) -> Iterator[None]:
    _GIVEN[:] = [(case, engine) for case in chosen]
    try:
        yield
    finally:
        _GIVEN.clear()


def _play_given(number: int) -> tuple[tuple[Step, ...], float, str, ForgeError | None]:
    """Play a scenario; its case stays out of what is sent back."""
    result = play(*_GIVEN[number])
    return result.steps, result.seconds, result.skipped, result.broken


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
