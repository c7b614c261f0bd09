"""What came of scenarios, for machines: JSON, and JUnit's XML as CI servers read it."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from itertools import groupby
from typing import Any
from xml.etree import ElementTree

from catalog_forge.verify.play import Result, Step

# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def as_data(results: Iterable[Result], engine: str) -> dict[str, Any]:
    """Return results as data for JSON: one record a scenario, with its moments and their failures."""
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
    """Return passed, failed, skipped, or error when the engine failed."""
    if result.skipped:
        return "skipped"
    return "error" if result.broken else "passed" if result.passed else "failed"


def unasked(count: int) -> str:
    """Say that checks were not made."""
    return f"{count} {'check needs' if count == 1 else 'checks need'} --engine stack"


def junit(results: Sequence[Result], engine: str) -> str:
    """Return results as JUnit XML: a suite for each spec, a case for each moment of a scenario."""
    root = ElementTree.Element("testsuites", name="catalog-forge")
    for spec, group in groupby(results, key=lambda result: result.case.spec):
        suite = ElementTree.SubElement(root, "testsuite", name=spec)
        ElementTree.SubElement(ElementTree.SubElement(suite, "properties"), "property", name="engine", value=engine)
        for result in group:
            _cases(suite, result)
        tags = [case[0].tag for case in suite.iter("testcase") if len(case)]
        counts = {"tests": sum(1 for _ in suite.iter("testcase")), "failures": tags.count("failure")}
        counts |= {"errors": tags.count("error"), "skipped": tags.count("skipped")}
        suite.attrib |= {name: str(count) for name, count in counts.items()}
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _cases(suite: ElementTree.Element, result: Result) -> None:
    title, file = result.case.name, result.case.file
    for step in result.steps:
        case = _case(suite, f"{title}: {step.name}", result)
        if step.left:
            ElementTree.SubElement(case, "skipped", message=_xml(step.left))
        if step.unasked:
            other = _case(suite, f"{title}: {step.name}: checks of a stack", result)
            ElementTree.SubElement(other, "skipped", message=unasked(step.unasked))
        for failure in step.failures:
            element = ElementTree.SubElement(case, "failure", message=_xml(failure.message))
            element.text = _xml(f"{failure.where}\n{failure.diff}")
    if result.skipped:
        ElementTree.SubElement(_case(suite, title, result), "skipped", message=_xml(result.skipped))
    if result.broken:
        ElementTree.SubElement(_case(suite, title, result), "error", message=_xml(str(result.broken))).text = file


def _case(suite: ElementTree.Element, name: str, result: Result) -> ElementTree.Element:
    shares = max(1, len(result.played))
    time = f"{result.seconds / shares:.4f}"
    return ElementTree.SubElement(
        suite, "testcase", name=_xml(name), classname=result.case.spec, file=result.case.file, time=time
    )


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
