"""Plays scenarios: renders each moment with an engine, and compares the result with the expectation."""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Protocol, runtime_checkable

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.scenarios.scenario import Scenario
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.spec.folder import SCENARIOS, SpecFolder
from catalog_forge.spec.model import Spec
from catalog_forge.verify import expectation, view
from catalog_forge.verify.expectation import Expectation, Failure, ReadBeside
from catalog_forge.verify.first_scenario import asking
from catalog_forge.verify.observation import Engine, Seen
from catalog_forge.verify.subject import Subject, of_spec


@dataclass(frozen=True)
class Case:
    """A scenario that was read and checked, and the name of its spec. `file` is the path of the scenario."""

    spec: str
    name: str
    file: str
    subject: Subject
    scenario: Scenario
    expected: tuple[Expectation, ...]

    @property
    def title(self) -> str:
        """The name of the scenario in a report."""
        return f"{self.spec}/{self.name}"


@dataclass(frozen=True)
class Step:
    """The result of one moment. `unasked` is the number of checks that were left out because the engine has no containers.

    `left` is the reason why this moment and all later moments were not played.
    """

    name: str
    seen: Seen
    failures: tuple[Failure, ...]
    checked: int
    where: Where = field(default_factory=lambda: Where(""))
    unasked: int = 0
    left: str = ""


class Live(Protocol):
    """A scenario that is being played on a stack."""

    def cannot(self, moment: Moment) -> str:
        """Return the reason why a stack cannot reach a moment; return "" if it can."""
        ...

    def see(self, moment: Moment, expected: Expectation, good: Callable[[Seen], bool]) -> Seen:
        """Put the stack into its state at a moment, and return the observation once `good` accepts it or the time is up."""
        ...


@runtime_checkable
class Stage(Protocol):
    """An engine that runs whole stacks instead of rendering the files for a single container."""

    name: str

    def stage(self, subject: Subject, played: Scenario, expected: Sequence[Expectation]) -> AbstractContextManager[Live]:
        """Play a scenario for the duration of the `with` block; then remove everything that the play created."""
        ...

    def interrupt(self) -> None:
        """Ask all plays to stop, without waiting for them. May be called from another thread."""
        ...


@dataclass(frozen=True)
class Result:
    """The result of a scenario: its moments, its duration, and the reason if it was skipped or aborted."""

    case: Case
    steps: tuple[Step, ...]
    seconds: float
    skipped: str = ""
    broken: ForgeError | None = None

    @property
    def played(self) -> tuple[Step, ...]:
        """The moments that were played."""
        return tuple(step for step in self.steps if not step.left)

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return self.broken is None and not any(step.failures for step in self.steps)


def cases(spec: Spec, folder: SpecFolder, only: Collection[str] = (), backend: str = "") -> list[Case]:
    """Return the scenarios of a spec, or only those named in `only`.

    If `backend` is empty, confd reads from the first back end of the spec. Raises ForgeError with the problems of all scenarios.
    """
    subject = of_spec(spec, folder.static, backend)
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
    """Return a scenario and its expectations, which are read here, as a case.

    Raises ForgeError with the problems of all moments.
    """
    problems: list[Problem] = []
    expected: list[Expectation] = []
    hint = "`unchanged` compares a file with the previous moment: write it in a step below `then`"
    for number, moment in enumerate(played.moments):
        try:
            expected.append(expectation.read(moment.expect, subject, beside))
        except ForgeError as error:
            problems.extend(error.problems)
        else:
            unchanged = [file for file in expected[-1].files if file.unchanged and not number]
            problems += (Problem("nothing is written before the start", file.where, hint) for file in unchanged)
    if problems:
        raise ForgeError.of(problems)
    return Case(spec, name, file, subject, played, tuple(expected))


def play_all(chosen: Sequence[Case], engine: Engine | Stage, jobs: int) -> Iterator[Result]:
    """Play scenarios, at most `jobs` at a time, and yield the results in order.

    The embedded engine needs processor time, so it runs in several processes if the system can fork. Other engines mostly
    wait, so threads suffice.
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
                # The caller has stopped reading results, but running plays must still clean up.
                threads.shutdown(wait=False, cancel_futures=True)
                engine.interrupt()
                raise


# The cases to play. Forked processes inherit a copy of this list, so cases need no pickling.
_GIVEN: list[tuple[Case, Engine | Stage]] = []


@contextmanager
def _given(chosen: Sequence[Case], engine: Engine | Stage) -> Iterator[None]:
    _GIVEN[:] = [(case, engine) for case in chosen]
    try:
        yield
    finally:
        _GIVEN.clear()


def _play_given(number: int) -> tuple[tuple[Step, ...], float, str, ForgeError | None]:
    """Play a scenario and return its result without the case, which the parent process already has."""
    result = play(*_GIVEN[number])
    return result.steps, result.seconds, result.skipped, result.broken


def play(played: Case, engine: Engine | Stage) -> Result:
    """Play a scenario. If the engine fails, the play ends and the failure becomes part of the result."""
    began = time.perf_counter()
    steps: list[Step] = []
    broken = None
    if played.scenario.engines and engine.name not in played.scenario.engines:
        engines = " or ".join(f"--engine {each}" for each in played.scenario.engines)
        return Result(played, (), 0, skipped=f"this scenario runs only with {engines}")
    try:
        steps.extend(_on_stage(played, engine) if isinstance(engine, Stage) else _steps(played, engine))
    except ForgeError as error:
        broken = error
    skipped = steps[0].left if steps else ""
    return Result(played, () if skipped else tuple(steps), time.perf_counter() - began, skipped, broken)


def _steps(played: Case, engine: Engine) -> Iterator[Step]:
    moments = played.scenario.moments
    version = played.subject.version
    views = (view.of_moment(moment, number, version) for number, moment in enumerate(moments))
    before: Seen | None = None
    for moment, expected, seen in zip(moments, played.expected, engine.play(played.subject, views), strict=True):
        yield _step(moment, expected, seen, before)
        before = seen


def _step(moment: Moment, expected: Expectation, seen: Seen, before: Seen | None) -> Step:
    failures = tuple(expectation.compare(expected, seen, before))
    checked, unasked = (expected.count, expected.of_stack) if seen.asked is None else (expected.count + expected.of_stack, 0)
    return Step(moment.name, seen, failures, checked, moment.where, unasked)


def _on_stage(played: Case, engine: Stage) -> Iterator[Step]:
    """Play the moments up to the first that the stack cannot reach. Yield this moment and all later ones as not played."""
    before: Seen | None = None
    left = ""
    with engine.stage(played.subject, played.scenario, played.expected) as live:
        for moment, expected in zip(played.scenario.moments, played.expected, strict=True):
            if left := left or live.cannot(moment):
                yield Step(moment.name, Seen({}), (), 0, moment.where, left=left)
                continue
            seen = live.see(moment, expected, partial(_good, expected, before))
            yield _step(moment, expected, seen, before)
            before = seen


def _good(expected: Expectation, before: Seen | None, seen: Seen) -> bool:
    return not any(expectation.compare(expected, seen, before))
