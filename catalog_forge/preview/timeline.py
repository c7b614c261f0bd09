"""Plays a scenario as a timeline of the changes at each moment and their effect on the files that confd writes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import pairwise
from typing import Any

from catalog_forge.errors import ForgeError, did_you_mean
from catalog_forge.metadata.scenarios.model import Environment
from catalog_forge.preview.answering import files
from catalog_forge.preview.site import Opened
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.play import Case, Step, cases, play
from catalog_forge.verify.report import outcome

# The number of lines shown around a change, as in a unified diff.
AROUND = 3


def timeline(opened: Opened, name: str) -> dict[str, Any]:
    """Return a scenario of an entry's spec, played as `test` plays it. The contents of secret files are hidden.

    Raises ForgeError if the entry has no such scenario, or if the scenario is invalid.
    """
    if opened.spec is None or opened.source is None or name not in names(opened):
        raise ForgeError(f"{opened.id} has no scenario {name!r}", hint=did_you_mean(name, names(opened)))
    (case,) = cases(opened.spec, opened.source.folder, [name])
    result = play(case, Embedded())
    reason = result.skipped or (str(result.broken) if result.broken else "")
    steps = [None, *result.steps]
    moments = [*_moments(case, steps)] if len(result.steps) == len(case.scenario.moments) else []
    return {"name": name, "file": case.file, "outcome": outcome(result), "reason": reason, "moments": moments}


def names(opened: Opened) -> list[str]:
    """Return the names of the scenarios of an entry's spec."""
    return list(opened.source.folder.scenarios()) if opened.source else []


def _moments(case: Case, steps: Sequence[Step | None]) -> Iterator[dict[str, Any]]:
    for moment, (before, step) in zip(case.scenario.moments, pairwise(steps), strict=True):
        assert step
        shown = [*files(step.seen, before.seen if before else None, secrets=False)]
        yield {
            "name": moment.name,
            "changes": list(moment.changes),
            "asks": moment.asking.name if moment.asking else "",
            "units": [*_units(moment.environment)],
            "where": str(moment.where),
            "reloads": list(step.seen.reloads),
            "errors": list(step.seen.errors),
            "checks": step.checked,
            "failures": [{"message": each.message, "where": str(each.where)} for each in step.failures],
            "files": [{**each, "lines": near(each["lines"])} for each in shown if each["changed"]] if before else shown,
        }


def _units(environment: Environment) -> Iterator[dict[str, Any]]:
    """Yield the services at a moment, each with its scale, and with its units that are not running or not healthy."""
    for name, service in environment.services.items():
        marks = {**service.healths, **service.states}
        yield {"name": name, "scale": service.scale, "marks": dict(sorted(marks.items()))}


def near(lines: Sequence[Sequence[str]]) -> list[Sequence[str]]:
    """Return the changed lines and `AROUND` lines around each. A line marked `…` contains the number of omitted lines."""
    changed = [number for number, (mark, _) in enumerate(lines) if mark != " "]
    near = sorted({each for number in changed for each in range(number - AROUND, number + AROUND + 1) if 0 <= each < len(lines)})
    found: list[Sequence[str]] = []
    for before, number in pairwise([-1, *near, len(lines)]):
        if number - before > 1:
            found.append(("…", str(number - before - 1)))
        if number < len(lines):
            found.append(lines[number])
    return found
