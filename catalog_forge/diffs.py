"""Unified diffs of texts, with a bound: comparing takes time that grows with the square of how often lines repeat."""

from __future__ import annotations

from difflib import unified_diff

from catalog_forge.shown import printable

MOST_LINES = 20_000


def unified(old: str | None, new: str | None, name: str) -> str:
    """Return what changes from one text to another, None standing for a file that is not there; nothing where they are equal."""
    name = printable(name)  # the head of a diff is one line
    source, target = f"a/{name}" if old is not None else "/dev/null", f"b/{name}" if new is not None else "/dev/null"
    before, after = _lines(old or ""), _lines(new or "")
    if before != after and max(len(before), len(after)) > MOST_LINES:
        return f"--- {source}\n+++ {target}\n(it has more than {MOST_LINES} lines: what changes is not shown)\n"
    return "".join(unified_diff(before, after, source, target))


def _lines(text: str) -> list[str]:
    """Split text at line feeds only, as diff does; a last line without one says so."""
    *lines, rest = text.split("\n")
    return [line + "\n" for line in lines] + [rest + "\n\\ No newline at end of file\n"] * bool(rest)
