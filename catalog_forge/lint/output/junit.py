"""JUnit XML for CI servers: one test case per rule, so that the number of cases does not change from run to run."""

from __future__ import annotations

from xml.etree.ElementTree import Element, SubElement

from catalog_forge import junit
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.check import Checked

MOST = 200


def write(checked: Checked, ids: frozenset[str]) -> str:
    """Return XML with a test case for each rule that ran. Errors and warnings make a test case fail; notes become its output."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in checked.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    root = junit.document()
    suite = SubElement(root, "testsuite", name="catalog-forge lint")
    for rule in registry.rules():
        if rule.id in ids or rule.id in by_rule:
            case = junit.case(suite, f"{rule.id} {rule.title}", f"catalog-forge.lint.{rule.module}")
            _fill(case, by_rule.get(rule.id, []))
    return junit.written(root)


def _fill(case: Element, findings: list[Finding]) -> None:
    bad = [finding for finding in findings if finding.level != "note"]
    notes = [finding for finding in findings if finding.level == "note"]
    if bad:
        message = f"{len(bad)} findings, the first: {bad[0].message}" if len(bad) > 1 else bad[0].message
        junit.outcome(case, "failure", message, _lines(bad), type=bad[0].level)
    if notes:
        SubElement(case, "system-out").text = junit.text(_lines(notes))


def _lines(findings: list[Finding]) -> str:
    lines = [
        f"{finding.where}: {finding.level} {finding.message}" + (f" ({finding.hint})" if finding.hint else "")
        for finding in findings[:MOST]
    ]
    more = [f"and {len(findings) - MOST} more"] if len(findings) > MOST else []
    return "\n".join(line.replace("\n", " ").replace("\r", " ") for line in lines + more)
