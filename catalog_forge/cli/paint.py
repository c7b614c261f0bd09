"""Colours for a terminal; click leaves them out everywhere else, and when NO_COLOR says so."""

from __future__ import annotations

import click

_DIFF = {"+": "green", "-": "red", "@": "cyan"}


def painted_diff(text: str) -> str:
    """Colour a unified diff."""
    lines = text.split("\n")
    return "\n".join(click.style(line, fg=_DIFF[line[0]]) if line[:1] in _DIFF else line for line in lines)
