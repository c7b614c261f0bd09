"""Reports the outcome of adopting, as text, as data and as an HTML page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import asdict
from typing import Any

from catalog_forge import texts
from catalog_forge.adopt.adopting import Adopted
from catalog_forge.adopt.launched import NOT_COMPARED
from catalog_forge.adopt.proof import REASONS, Compared
from catalog_forge.errors import Problem
from catalog_forge.metadata.service.tree import HIDDEN
from catalog_forge.shown import counted, printable

STATES = ("equal", "proven", "different", "never rendered")
_LONGEST = 300


def lines(found: Sequence[Adopted], *, whole: bool = False) -> Iterator[str]:
    """Yield the report on each image, line by line. `whole` adds the differences whose reason is proven."""
    for each in found:
        yield f"{each.where}: {each.status}; spec {each.name} ({_counted(each)})"
        yield from (f"  {line}" for problem in each.problems for line in f"error: {problem}".splitlines())
        for file in each.files:
            yield from _of_file(file, whole=whole)
        yield from (f"  {line}" for problem in each.said for line in f"note: {problem}".splitlines())
        if each.entry:
            state = "whole" if each.is_whole else "not whole"
            yield f"  entry {each.entry}: {state}, {counted(len(each.changes), 'difference')} in what it launches"
            for change in each.changes:
                yield f"    {'lost: ' if change.lost and change.what != NOT_COMPARED else ''}{change}"
    states = Counter(each.status for each in found)
    words = ", ".join(f"{number} {state}" for state, number in sorted(states.items()))
    yield f"{counted(len(found), 'image')}: {words or 'nothing to adopt'}"


def outcomes(each: Adopted) -> str:
    """Return the number of files of each status, as text."""
    return ", ".join(f"{each.counts[state]} {state}" for state in STATES if each.counts[state]) or "no file"


def _counted(each: Adopted) -> str:
    lifted = f"{counted(each.lifted, 'template')} became blocks"
    return f"files: {outcomes(each)}; {lifted}; {counted(each.cases, 'scenario')}"


def _of_file(file: Compared, *, whole: bool) -> Iterator[str]:
    reasons = "".join(f"; {reason}: {REASONS[reason]}" for reason in file.reasons)
    if file.status != "equal" or whole:
        yield f"  {file.dest}: {file.status}, rendered in {file.rendered}, equal in {file.equal}{reasons}"
    for each in file.differences:
        if whole or not each.reason:
            yield f"    {each.case}: {each.reason or 'no reason is proven'}"
            yield from (f"    {line}" for line in each.diff.splitlines())


def data(found: Sequence[Adopted]) -> list[dict[str, Any]]:
    """Return the report as plain data."""
    return [
        {
            "path": each.where,
            "name": each.name,
            "status": each.status,
            "scenarios": each.cases,
            "files": [_file(file) for file in each.files],
            "errors": [problem.as_data() for problem in each.problems],
            "notes": [problem.as_data() for problem in each.said],
            "entry": {"name": each.entry, "whole": each.is_whole, "changes": [asdict(change) for change in each.changes]},
        }
        for each in found
    ]


def _file(file: Compared) -> dict[str, Any]:
    differences = [{"scenario": each.case, "reason": each.reason, "diff": each.diff} for each in file.differences]
    counts = {"static": file.is_static, "lifted": file.lifted, "rendered": file.rendered, "equal": file.equal}
    return {"dest": file.dest, "status": file.status, **counts, "differences": differences}


def page(found: Sequence[Adopted], source: Callable[[str], str]) -> str:
    """Return the report as a single HTML page without scripts or external resources. `source` returns the text of a file.

    The content of images and entries is escaped, so that it cannot change the structure of the page.
    """
    known: dict[str, list[str]] = {}
    hidden = sorted({secret for each in found for secret in each.secrets}, key=len, reverse=True)

    def line_of(problem: Problem) -> str:
        where = problem.where
        if where is None or not where.line:
            return ""
        if where.file not in known:
            known[where.file] = source(where.file).splitlines()
        found = "".join(known[where.file][where.line - 1 : where.line])
        for secret in hidden:
            found = found.replace(secret, HIDDEN)
        return found[:_LONGEST]

    return texts.fill(
        __package__,
        "report.html",
        title="Adopted",
        found=found,
        states=STATES,
        reasons=REASONS,
        printable=printable,
        line_of=line_of,
    )
