"""Our own JSON format, described in docs/lint.md."""

from __future__ import annotations

from collections import Counter

from catalog_forge import __version__
from catalog_forge.lint.findings import LEVELS
from catalog_forge.lint.runner.baseline import numbered
from catalog_forge.lint.runner.check import Checked
from catalog_forge.shown import as_json

FORMAT = 1


def write(checked: Checked) -> str:
    """Return the result of a check as JSON in ASCII, so that special characters in names are escaped."""
    data = {
        "format": FORMAT,
        "tool": {"name": "catalog-forge", "version": __version__},
        "summary": summary(checked),
        "findings": [finding.as_data() | {"fingerprint": mark} for finding, mark in numbered(checked.findings)],
        "ignored": [finding.as_data() | {"reason": reason} for finding, reason in checked.ignored],
    }
    return as_json(data, indent=1) + "\n"


def summary(checked: Checked) -> dict[str, int]:
    """Count the findings of each level, and the fixable findings, the ignored findings and the findings in the baseline."""
    levels = Counter(finding.level for finding in checked.findings)
    return {
        **{level: levels[level] for level in LEVELS},
        "fixable": sum(1 for finding in checked.findings if finding.fix),
        "ignored": len(checked.ignored),
        "known": len(checked.known),
    }
