"""Writes JUnit XML for CI servers: suites of test cases, with counts of their outcomes."""

from __future__ import annotations

from xml.etree import ElementTree
from xml.etree.ElementTree import Element, SubElement

from catalog_forge.shown import printable


def document() -> Element:
    """Return the root element, to which suites are added."""
    return Element("testsuites", name="catalog-forge")


def case(suite: Element, name: str, classname: str, **attributes: str) -> Element:
    """Add a case to a suite; it counts as passed until an outcome is added."""
    return SubElement(suite, "testcase", {"name": text(name), "classname": text(classname), **_texts(attributes)})


def outcome(where: Element, kind: str, message: str, lines: str = "", **attributes: str) -> None:
    """Record in a case that it failed, ended in an error, or was skipped."""
    SubElement(where, kind, {"message": text(message), **_texts(attributes)}).text = text(lines) if lines else None


def written(root: Element) -> str:
    """Count the outcomes in each suite, and return the document as text."""
    for suite in root.iter("testsuite"):
        tags = [case[0].tag for case in suite.iter("testcase") if len(case)]
        suite.set("tests", str(sum(1 for _ in suite.iter("testcase"))))
        for count, tag in (("failures", "failure"), ("errors", "error"), ("skipped", "skipped")):
            suite.set(count, str(tags.count(tag)))
    ElementTree.indent(root)
    return '<?xml version="1.0" encoding="UTF-8"?>\n' + ElementTree.tostring(root, encoding="unicode") + "\n"


def text(text: str) -> str:
    """Escape the characters that XML cannot represent or that would mislead a reader."""
    return printable(text, kept="\n\t")


def _texts(attributes: dict[str, str]) -> dict[str, str]:
    return {name: text(value) for name, value in attributes.items()}
