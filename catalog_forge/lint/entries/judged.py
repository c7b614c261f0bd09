"""What Rancher's judges refuse in an entry, as findings: each fault belongs to the rule that tells of it, and is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import islice
from weakref import WeakKeyDictionary

from catalog_forge.errors import Where
from catalog_forge.lint.findings import Check, Hit
from catalog_forge.lint.judges import ci, launch
from catalog_forge.lint.judges.service import Service
from catalog_forge.rancher.entries import COMPOSE, Entry, Revision
from catalog_forge.rancher.judgement.ruling import HINTS, Refusal, Ruling
from catalog_forge.rancher.tree import Tree

# So much is said of one revision by one rule.
MOST_HITS = 100
_RULINGS: WeakKeyDictionary[Entry, dict[str, list[Ruling]]] = WeakKeyDictionary()


def rulings_of(entry: Entry) -> dict[str, list[Ruling]]:
    """What the catalog service and the CI refuse or drop of an entry, and which version stands in for a default: by rule."""
    found = _RULINGS.get(entry)
    if found is None:
        found = _RULINGS[entry] = {}
        service = Service(Tree(entry.folder.everything))
        # A file in a folder of a revision takes the place of the one that the launch is judged by elsewhere.
        below = (folder for revision in entry.folder.folders.values() for folder in revision.folders.values())
        nested = any(file.name in COMPOSE for folder in below for file in folder.everything)
        launched = launch.judge(service) if nested else ()
        for ruling in (*service.rulings, *ci.judge_entry(entry.top.name, entry.folder), *launched):
            # What was not read is not missing; what is listed without a name has rules of its own.
            if ruling.rule and ruling.outcome != "ghost" and (entry.is_whole or _is_read(entry, ruling)):
                found.setdefault(ruling.rule, []).append(ruling)
    return found


def _is_read(entry: Entry, ruling: Ruling) -> bool:
    folder = entry.folder.folders.get(ruling.revision)
    return folder is not None and entry.tree.covers(folder.path)


def faults_of(subject: Entry | Revision, rule: str) -> list[Refusal]:
    """What the judges refuse or pass over when every question keeps its default, as far as a rule tells of it."""
    if not isinstance(subject, Revision):
        return [*map(_fault, rulings_of(subject).get(rule, ()))]
    rulings = rulings_of(subject.entry).get(rule, ())
    return [*subject.faults.get(rule, ()), *(_fault(each) for each in rulings if each.revision == subject.name)]


def _fault(ruling: Ruling) -> Refusal:
    who = ruling.judge if ruling.outcome in ("reject", "drop") else ""
    return Refusal(ruling.reason, ruling.where, ruling.hint, ruling.rule, who)


def placed(subject: Entry | Revision, hit: Hit) -> Hit:
    """A hit at a place that the author has: what a template made is in no file."""
    made = isinstance(subject, Revision) and hit.where.file.startswith("\0")
    return replace(hit, where=subject.composition.at(hit.where)) if made and isinstance(subject, Revision) else hit


def judged(subject: Entry | Revision, rule: str, hits: Iterable[Hit] = ()) -> Iterator[Hit]:
    """The hits of a rule, and the faults that belong to it: where a judge refuses it is an error, else at most a warning."""
    told = faults_of(subject, rule)
    if not told:
        yield from hits
        return
    faults: dict[Where, Refusal] = {}
    # Of one place the first counts that is refused.
    for fault in sorted(told, key=lambda fault: not fault.who):
        if fault.where:
            faults.setdefault(_place(rule, fault.where), fault)
    for hit in (placed(subject, hit) for hit in hits):
        known = faults.pop(_place(rule, hit.where), None)
        yield replace(hit, level="error") if known and known.who else hit
    for where, fault in islice(faults.items(), MOST_HITS):
        yield Hit(
            fault.where or where, fault.message, fault.hint or HINTS.get(rule, ""), level="error" if fault.who else "warning"
        )


def _place(rule: str, where: Where) -> Where:
    """What tells one fault from another: of a dollar the judge names the value that it stands in, and lint the dollar itself."""
    return Where(where.file, where.line) if rule == "CF504" else where


def told(rule: str) -> Callable[[Callable[..., Iterator[Hit] | None]], Check]:
    """Let a rule of entries or revisions tell, besides what it finds itself, of the faults that belong to it. A rule that finds
    nothing itself is a docstring only."""

    def with_faults(check: Callable[..., Iterator[Hit] | None]) -> Check:
        @wraps(check)
        def both(subject: Entry | Revision) -> Iterator[Hit]:
            return judged(subject, rule, check(subject) or ())

        return both

    return with_faults
