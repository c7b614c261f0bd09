"""Reports on scenarios for machines: JSON, and JUnit XML for CI servers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from xml.etree.ElementTree import Element, SubElement

from catalog_forge import junit as junit_xml
from catalog_forge.shown import counted
from catalog_forge.verify.play import Result, Step


def as_data(results: Iterable[Result], engine: str) -> dict[str, Any]:
    """Return results as data for JSON: one record for each scenario, with its moments and their failures."""
    scenarios = [
        {
            "spec": result.case.spec,
            "scenario": result.case.name,
            "file": result.case.file,
            "outcome": outcome(result),
            "seconds": round(result.seconds, 4),
            "reason": result.skipped or (str(result.broken) if result.broken else ""),
            "moments": [_moment(step) for step in result.steps],
        }
        for result in results
    ]
    return {"engine": engine, "scenarios": scenarios}


def _moment(step: Step) -> dict[str, Any]:
    return {
        "name": step.name,
        "checks": step.checked,
        "unasked": step.unasked,
        "not_played": step.left,
        "errors": list(step.seen.errors),
        "reloads": list(step.seen.reloads),
        "failures": [
            {"message": failure.message, "where": str(failure.where), "diff": failure.diff} for failure in step.failures
        ],
    }


def outcome(result: Result) -> str:
    """Return `passed`, `failed` or `skipped`; return `error` if the engine failed."""
    if result.skipped:
        return "skipped"
    return "error" if result.broken else "passed" if result.passed else "failed"


def unasked(count: int) -> str:
    """Return a remark with the number of checks that were left out."""
    return f"{counted(count, 'check needs', 'checks need')} --engine stack"


def junit(results: Sequence[Result], engine: str) -> str:
    """Return results as JUnit XML: a suite for each spec, a case for each moment of a scenario."""
    root = junit_xml.document()
    for spec, group in groupby(results, key=lambda result: result.case.spec):
        suite = SubElement(root, "testsuite", name=spec)
        SubElement(SubElement(suite, "properties"), "property", name="engine", value=engine)
        for result in group:
            _cases(suite, result)
    return junit_xml.written(root)


def _cases(suite: Element, result: Result) -> None:
    title, file = result.case.name, result.case.file
    for step in result.steps:
        case = _case(suite, f"{title}: {step.name}", result)
        if step.left:
            junit_xml.outcome(case, "skipped", step.left)
        if step.unasked:
            other = _case(suite, f"{title}: {step.name}: checks that need a stack", result)
            junit_xml.outcome(other, "skipped", unasked(step.unasked))
        for failure in step.failures:
            junit_xml.outcome(case, "failure", failure.message, f"{failure.where}\n{failure.diff}")
    if result.skipped:
        junit_xml.outcome(_case(suite, title, result), "skipped", result.skipped)
    if result.broken:
        junit_xml.outcome(_case(suite, title, result), "error", str(result.broken), file)


def _case(suite: Element, name: str, result: Result) -> Element:
    time = f"{result.seconds / max(1, len(result.played)):.4f}"
    return junit_xml.case(suite, name, result.case.spec, file=result.case.file, time=time)
