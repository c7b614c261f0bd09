"""Finds everything that Rancher's judges refuse in an entry. Each fault is reported by the rule for this kind of fault."""

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

# The maximum number of hits that one rule reports for one revision.
MOST_HITS = 100
_RULINGS: WeakKeyDictionary[Entry, dict[str, list[Ruling]]] = WeakKeyDictionary()


def rulings_of(entry: Entry) -> dict[str, list[Ruling]]:
    """Return the rulings of the judges on an entry, grouped by the id of the rule that reports them. A launch is judged only if a
    revision has compose files in a subfolder.
    """
    found = _RULINGS.get(entry)
    if found is None:
        found = _RULINGS[entry] = {}
        service = Service(Tree(entry.folder.everything))
        # Rancher may launch a compose file from a subfolder of a revision instead of the file in the revision's own folder. If
        # the entry has such a subfolder, the launch is judged again, with the files that the catalog service keeps.
        below = (folder for revision in entry.folder.folders.values() for folder in revision.folders.values())
        nested = any(file.name in COMPOSE for folder in below for file in folder.everything)
        launched = launch.judge(service) if nested else ()
        for ruling in (*service.rulings, *ci.judge_entry(entry.top.name, entry.folder), *launched):
            # Rulings on parts of the catalog that were not read are left out, because the files in these parts only seem to be
            # missing. Other rules report templates that are listed without a name (`ghost`).
            if ruling.rule and ruling.outcome != "ghost" and (entry.is_whole or _is_read(entry, ruling)):
                found.setdefault(ruling.rule, []).append(ruling)
    return found


def _is_read(entry: Entry, ruling: Ruling) -> bool:
    folder = entry.folder.folders.get(ruling.revision)
    return folder is not None and entry.tree.covers(folder.path)


def faults_of(subject: Entry | Revision, rule: str) -> list[Refusal]:
    """Return the faults that a rule reports for a subject. The questions are assumed to have their default answers.

    If a fault has `who`, the judge with this name refuses or drops the subject because of the fault. A fault without `who` is
    only a warning.
    """
    if not isinstance(subject, Revision):
        return [*map(_fault, rulings_of(subject).get(rule, ()))]
    rulings = rulings_of(subject.entry).get(rule, ())
    return [*subject.faults.get(rule, ()), *(_fault(each) for each in rulings if each.revision == subject.name)]


def _fault(ruling: Ruling) -> Refusal:
    who = ruling.judge if ruling.outcome in ("reject", "drop") else ""
    return Refusal(ruling.reason, ruling.where, ruling.hint, ruling.rule, who)


def placed(subject: Entry | Revision, hit: Hit) -> Hit:
    """Return the hit; if its location is in the rendered text, translate the location to the author's file."""
    made = isinstance(subject, Revision) and hit.where.file.startswith("\0")
    return replace(hit, where=subject.composition.at(hit.where)) if made and isinstance(subject, Revision) else hit


def judged(subject: Entry | Revision, rule: str, hits: Iterable[Hit] = ()) -> Iterator[Hit]:
    """Yield the hits of a rule, and the faults that judges find and that this rule reports.

    A fault is an error if a judge refuses the subject because of the fault; otherwise it is a warning.
    """
    told = faults_of(subject, rule)
    if not told:
        yield from hits
        return
    faults: dict[Where, Refusal] = {}
    # Only one fault at each location is reported. Faults for which a judge refuses the subject come first.
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
    """Simplify a location so that a judge's fault and lint's hit for the same mistake have equal locations.

    Faults about an unescaped `$` (CF504) are matched by line, because the judge reports the whole value and lint reports the
    character.
    """
    return Where(where.file, where.line) if rule == "CF504" else where


def told(rule: str) -> Callable[[Callable[..., Iterator[Hit] | None]], Check]:
    """Decorate a rule for entries or revisions, so that the rule also reports the faults of its kind that judges find.

    If a rule reports only faults that judges find, its function has a docstring and no code.
    """

    def with_faults(check: Callable[..., Iterator[Hit] | None]) -> Check:
        @wraps(check)
        def both(subject: Entry | Revision) -> Iterator[Hit]:
            return judged(subject, rule, check(subject) or ())

        return both

    return with_faults
