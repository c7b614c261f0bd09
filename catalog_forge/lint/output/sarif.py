"""Writes findings as SARIF 2.1.0 (OASIS), which code scanning services read."""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from catalog_forge import __version__
from catalog_forge.lint.findings import Finding, Fix, Rule
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.baseline import numbered
from catalog_forge.lint.runner.check import Checked
from catalog_forge.shown import as_json

SCHEMA = "https://json.schemastore.org/sarif-2.1.0.json"
ROOT = "SRCROOT"


def write(checked: Checked) -> str:
    """Return the result of a check as SARIF: each rule with its page, each finding with its location, fingerprint and fix."""
    rules = registry.rules()
    index = {rule.id: number for number, rule in enumerate(rules)}
    found = [_result(finding, index) | _fingerprint(mark) for finding, mark in numbered(checked.findings)]
    marks = numbered(finding for finding, _ in checked.ignored)
    for (finding, reason), (_, mark) in zip(checked.ignored, marks, strict=True):
        found.append(_result(finding, index) | _fingerprint(mark) | _suppressed(reason))
    driver = {"name": "catalog-forge", "version": __version__, "rules": [_rule(rule) for rule in rules]}
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": found}
    return as_json({"$schema": SCHEMA, "version": "2.1.0", "runs": [run]}, indent=1) + "\n"


def uri(path: str) -> str:
    """Return a path as a URI reference. Special characters are escaped, including colons, because text before a colon could be
    read as a scheme.
    """
    escaped = quote(path, safe="/", errors="surrogateescape")
    return f"file://{escaped}" if path.startswith("/") else escaped


def _rule(rule: Rule) -> dict[str, Any]:
    text = f"{rule.text}\n\nSource: {rule.source}"
    return {
        "id": rule.id,
        "name": "".join(word.capitalize() for word in rule.title.split() if word.isalnum()),
        "shortDescription": {"text": rule.title},
        "fullDescription": {"text": " ".join(rule.text.split())},
        "help": {"text": text, "markdown": text},
        "defaultConfiguration": {"level": rule.level},
        "properties": {"tags": [rule.module]},
    }


def _result(finding: Finding, index: dict[str, int]) -> dict[str, Any]:
    hint = f" ({finding.hint})" if finding.hint else ""
    made: dict[str, Any] = {
        "ruleId": finding.rule,
        "ruleIndex": index[finding.rule],
        "level": finding.level,
        "message": {"text": _text(finding.message + hint)},
        "locations": [{"physicalLocation": _place(finding)}],
    }
    if finding.fix and finding.fix.edits and finding.fix.path == finding.path:
        made["fixes"] = [_fix(finding.fix, finding.where.file)]
    return made


def _text(text: str) -> str:
    """Change a message so that nothing in it is a link: SARIF reads `[text](target)` as a link."""
    return text.replace("](", "] (")


def _artifact(file: str) -> dict[str, str]:
    return {"uri": uri(file)} if file.startswith("/") else {"uri": uri(file or "."), "uriBaseId": ROOT}


def _place(finding: Finding) -> dict[str, Any]:
    where = finding.where
    place: dict[str, Any] = {"artifactLocation": _artifact(where.file)}
    if where.line:
        place["region"] = {"startLine": where.line, "startColumn": max(where.column, 1), "snippet": {"text": finding.excerpt}}
    return place


def _fix(fix: Fix, file: str) -> dict[str, Any]:
    replacements = [
        {
            "deletedRegion": {"charOffset": edit.start, "charLength": edit.end - edit.start},
            "insertedContent": {"text": edit.text},
        }
        for edit in fix.edits
    ]
    change = {"artifactLocation": _artifact(file), "replacements": replacements}
    return {"description": {"text": _text(fix.title)}, "artifactChanges": [change]}


def _fingerprint(mark: str) -> dict[str, Any]:
    return {"partialFingerprints": {"catalogForge/v1": mark}}


def _suppressed(reason: str) -> dict[str, Any]:
    return {"suppressions": [{"kind": "inSource", "justification": reason}]}
