"""JUnit's XML, as CI servers read it: one case a rule, so that their number stays the same from run to run."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from catalog_forge.lint import registry
from catalog_forge.lint.check import Checked
from catalog_forge.lint.model import Finding

MOST = 200
# XML 1.0 has no way to write these, not even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\x7e\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def write(checked: Checked, ids: frozenset[str]) -> str:
    """Return a case for each rule that ran: failed by its errors and warnings; its notes are its output."""
    by_rule: dict[str, list[Finding]] = {}
    for finding in checked.findings:
        by_rule.setdefault(finding.rule, []).append(finding)
    root = ElementTree.Element("testsuites", name="catalog-forge")
    suite = ElementTree.SubElement(root, "testsuite", name="catalog-forge lint")
    for rule in registry.rules():
        if rule.id in ids or rule.id in by_rule:
            title = f"{rule.id} {rule.title}"
            case = ElementTree.SubElement(suite, "testcase", name=title, classname=f"catalog-forge.lint.{rule.module}")
            _fill(case, by_rule.get(rule.id, []))
    failures = sum(1 for _ in suite.iter("failure"))
    suite.attrib |= {"tests": str(len(suite)), "failures": str(failures), "errors": "0", "skipped": "0"}
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def _fill(case: ElementTree.Element, findings: list[Finding]) -> None:
    bad = [finding for finding in findings if finding.level != "note"]
    notes = [finding for finding in findings if finding.level == "note"]
    if bad:
        message = f"{len(bad)} findings, the first: {bad[0].message}" if len(bad) > 1 else bad[0].message
        failure = ElementTree.SubElement(case, "failure", message=_xml(message), type=bad[0].level)
        failure.text = _lines(bad)
    if notes:
        ElementTree.SubElement(case, "system-out").text = _lines(notes)


def _lines(findings: list[Finding]) -> str:
    lines = [
        f"{finding.where}: {finding.level} {finding.message}" + (f" ({finding.hint})" if finding.hint else "")
        for finding in findings[:MOST]
    ]
    more = [f"and {len(findings) - MOST} more"] if len(findings) > MOST else []
    return "\n".join(_xml(line.replace("\n", " ").replace("\r", " ")) for line in lines + more)


def _xml(text: str) -> str:
    return _NOT_XML.sub("\ufffd", text)
