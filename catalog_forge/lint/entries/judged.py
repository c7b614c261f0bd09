"""What rancher-compose refuses in a revision, as findings: each fault belongs to the rule that tells of it, and is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import islice

from catalog_forge.errors import Where
from catalog_forge.lint.findings import Check, Hit
from catalog_forge.rancher.entries import Revision

# So much is said of one revision by one rule.
MOST_HITS = 100


def placed(revision: Revision, hit: Hit) -> Hit:
    """A hit at a place that the author has: what a template made is in no file."""
    return replace(hit, where=revision.composition.at(hit.where)) if hit.where.file.startswith("\0") else hit


def judged(revision: Revision, rule: str, hits: Iterable[Hit] = ()) -> Iterator[Hit]:
    """The hits of a rule, and the faults that belong to it: a hit where one is refused is an error, whatever the level."""
    wrong = revision.faults.get(rule)
    if not wrong:
        yield from hits
        return
    faults = {_place(rule, fault.where): fault for fault in wrong if fault.where}
    for hit in (placed(revision, hit) for hit in hits):
        known = faults.pop(_place(rule, hit.where), None)
        yield replace(hit, level="error") if known and known.who else hit
    for fault in islice(faults.values(), MOST_HITS):
        if fault.where:
            yield Hit(fault.where, fault.message, fault.hint, level="error" if fault.who else None)


def _place(rule: str, where: Where) -> Where:
    """What tells one fault from another: of a dollar the judge names the value that it stands in, and lint the dollar itself."""
    return Where(where.file, where.line) if rule == "CF504" else where


def told(rule: str) -> Callable[[Callable[[Revision], Iterator[Hit] | None]], Check]:
    """Let a rule of revisions tell, besides what it finds itself, of the faults that belong to it. A rule that finds nothing
    itself is a docstring only."""

    def with_faults(check: Callable[[Revision], Iterator[Hit] | None]) -> Check:
        @wraps(check)
        def both(revision: Revision) -> Iterator[Hit]:
            return judged(revision, rule, check(revision) or ())

        return both

    return with_faults
