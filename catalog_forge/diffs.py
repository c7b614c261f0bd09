"""Compares texts line by line.

Large texts are not compared, because the time grows with the square of the number of repeated lines."""

from __future__ import annotations

from difflib import SequenceMatcher, unified_diff
from itertools import takewhile

from catalog_forge.shown import printable

MOST_LINES = 20_000
# `marked` does not look for unchanged lines if more than this number of lines lie between the first and the last difference.
_MOST_BETWEEN = 1_000


def unified(old: str | None, new: str | None, name: str) -> str:
    """Return the diff between two texts; None means that the file does not exist. The diff of equal texts is empty."""
    name = printable(name)  # a file name with a line break would break the header of the diff
    source, target = f"a/{name}" if old is not None else "/dev/null", f"b/{name}" if new is not None else "/dev/null"
    before, after = _lines(old or ""), _lines(new or "")
    if before != after and max(len(before), len(after)) > MOST_LINES:
        return f"--- {source}\n+++ {target}\n(more than {MOST_LINES} lines: the changes are not shown)\n"
    return "".join(unified_diff(before, after, source, target))


def marked(old: str, new: str) -> list[tuple[str, str]]:
    """Return the lines of both texts in one list, each with a mark: `-` for removed, `+` for added, a space for unchanged."""
    before, after = old.splitlines(), new.splitlines()
    head = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], zip(before, after, strict=False)))
    rest = zip(reversed(before[head:]), reversed(after[head:]), strict=False)
    tail = sum(1 for _ in takewhile(lambda pair: pair[0] == pair[1], rest))
    gone, come = before[head : len(before) - tail], after[head : len(after) - tail]
    found = [(" ", line) for line in after[:head]]
    if max(len(gone), len(come)) > _MOST_BETWEEN:
        found += [*(("-", line) for line in gone), *(("+", line) for line in come)]
    else:
        for kind, *(start, end, first, last) in SequenceMatcher(None, gone, come, autojunk=False).get_opcodes():
            if kind == "equal":
                found += [(" ", line) for line in come[first:last]]
            else:
                found += [*(("-", line) for line in gone[start:end]), *(("+", line) for line in come[first:last])]
    return found + [(" ", line) for line in after[len(after) - tail :]]


def _lines(text: str) -> list[str]:
    """Split text at line feeds only, as diff does; a last line without a line feed is marked as such."""
    *lines, rest = text.split("\n")
    return [line + "\n" for line in lines] + [rest + "\n\\ No newline at end of file\n"] * bool(rest)
