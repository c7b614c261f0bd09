"""Output that GitHub and GitLab show next to changed lines: workflow commands, and a Code Quality report."""

from __future__ import annotations

from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.baseline import numbered
from catalog_forge.lint.runner.check import Checked
from catalog_forge.shown import as_json, printable

_COMMANDS = {"error": "error", "warning": "warning", "note": "notice"}
_SEVERITIES = {"error": "major", "warning": "minor", "note": "info"}


def github(checked: Checked) -> str:
    """Return workflow commands, one per line, which GitHub turns into annotations."""
    titles = {rule.id: rule.title for rule in registry.rules()}
    return "".join(f"{_command(finding, titles.get(finding.rule, ''))}\n" for finding in checked.findings)


def _command(finding: Finding, title: str) -> str:
    where = finding.where
    place = {"file": where.file, "line": where.line or 1, "col": where.column or 1, "title": f"{finding.rule} {title}"}
    properties = ",".join(
        f"{name}={_escaped(str(value)).replace(':', '%3A').replace(',', '%2C')}" for name, value in place.items()
    )
    hint = f"\nhint: {finding.hint}" if finding.hint else ""
    return f"::{_COMMANDS[finding.level]} {properties}::{_escaped(finding.message + hint)}"


def _escaped(text: str) -> str:
    """Escape a string for a workflow command, so that nothing in it ends the line or begins another command."""
    escaped = text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")
    return printable(escaped)


def gitlab(checked: Checked) -> str:
    """Return a report for GitLab's Code Quality."""
    found = [
        {
            "type": "issue",
            "check_name": finding.rule,
            "description": f"{finding.rule}: {finding.message}" + (f" ({finding.hint})" if finding.hint else ""),
            "fingerprint": mark,
            "severity": _SEVERITIES[finding.level],
            "location": {"path": finding.where.file.removeprefix("./"), "lines": {"begin": finding.where.line or 1}},
        }
        for finding, mark in numbered(checked.findings)
    ]
    return as_json(found, indent=1) + "\n"
