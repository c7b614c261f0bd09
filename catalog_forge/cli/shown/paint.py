"""Adds colours for a terminal. click removes them if the output is not a terminal or NO_COLOR is set."""

from __future__ import annotations

import click

from catalog_forge.shown import printable

_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def painted_diff(text: str) -> str:
    """Colour a unified diff, and escape control characters in its lines."""
    return "\n".join(_painted(printable(line.rstrip("\r").expandtabs())) for line in text.split("\n"))


def _painted(line: str) -> str:
    if line.startswith(("--- ", "+++ ")):
        return click.style(line, bold=True)
    return click.style(line, fg=_DIFF[line[0]]) if line[:1] in _DIFF else line
