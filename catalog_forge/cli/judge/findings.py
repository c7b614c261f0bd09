"""Prints findings for people, grouped by file. Each finding has its source line, with a caret below the location."""

from __future__ import annotations

from itertools import groupby
from typing import TYPE_CHECKING
from unicodedata import combining, east_asian_width

import click

from catalog_forge.shown import counted, printable

if TYPE_CHECKING:
    from catalog_forge.lint.findings import Finding
    from catalog_forge.lint.runner.check import Checked

COLOURS = {"error": "red", "warning": "yellow", "note": "cyan"}
_BEFORE = 70
_WINDOW = 110
_LONGEST = 600


def text(checked: Checked) -> str:
    """Return the findings as coloured text. Control characters from files are escaped."""
    groups = groupby(checked.findings, key=lambda finding: finding.where.file)
    return "\n".join("".join(map(_finding, group)) for _, group in groups)


def summary(checked: Checked, files: int) -> str:
    """Return one line: the number of findings by level, how many can be fixed, and how many are not shown."""
    from catalog_forge.lint.output.as_json import summary as count

    counts = count(checked)
    levels = [counted(counts[level], level) for level in COLOURS if counts[level]]
    more = [f"{counts['fixable']} can be fixed with --fix"] if counts["fixable"] else []
    more += [f"{counts['ignored']} ignored"] if counts["ignored"] else []
    more += [f"{counts['known']} recorded in the baseline"] if counts["known"] else []
    return "; ".join([f"{', '.join(levels) or 'nothing found'} in {counted(files, 'file')}", *more])


def _finding(finding: Finding) -> str:
    level = click.style(finding.level, fg=COLOURS[finding.level], bold=True)
    place = click.style(printable(str(finding.where)) or ".", bold=True)
    lines = [f"{place}: {level} {finding.rule} {_short(finding.message)}"]
    if finding.where.line and finding.excerpt.strip():
        lines += _source(finding)
    if finding.hint:
        lines.append(click.style(f"  hint: {_short(finding.hint)}", dim=True))
    if finding.fix:
        lines.append(click.style(f"  fix: {_short(finding.fix.title)}", fg="green", dim=True))
    return "\n".join(lines) + "\n"


def _short(words: str) -> str:
    return printable(words if len(words) <= _LONGEST else f"{words[:_LONGEST]}...")


def _source(finding: Finding) -> list[str]:
    """Return the source line, and a caret below the column. A long line is shortened to the part around the column."""
    text = finding.excerpt.replace("\t", " ")
    column = min(max(finding.where.column - finding.excerpt_start, 1), len(text) + 1)
    start = max(0, column - 1 - _BEFORE) if len(text) > _WINDOW else 0
    before, after = printable(text[start : column - 1]), printable(text[column - 1 : start + _WINDOW])
    gutter = f"{finding.where.line:5} | " + ("..." if start or finding.excerpt_start else "")
    caret = " " * (len(gutter) + _width(before)) + "^"
    shown = [f"{gutter}{before}{after}".rstrip()]
    return [*shown, click.style(caret, fg=COLOURS[finding.level])] if finding.where.column else shown


def _width(shown: str) -> int:
    """Return the number of columns that a string occupies on a terminal."""
    return sum(0 if combining(char) else 2 if east_asian_width(char) in "WF" else 1 for char in shown)
