"""What rancher-compose refuses in a revision, as findings: each fault belongs to the rule that tells of it, and is an error."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from functools import wraps
from itertools import islice
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from catalog_forge.errors import Where
from catalog_forge.lint.catalog import Revision
from catalog_forge.lint.entries.composition import composition_of
from catalog_forge.lint.findings import Check, Hit
from catalog_forge.rancher.judgement.launch import LaunchJudge, docker_of
from catalog_forge.rancher.judgement.ruling import Refusal

if TYPE_CHECKING:
    from catalog_forge.rancher.templates import Rendered

# So much is said of one revision by one rule.
MOST_HITS = 100
_CACHE: WeakKeyDictionary[Revision, dict[str, list[Refusal]]] = WeakKeyDictionary()


def faults_of(revision: Revision) -> dict[str, list[Refusal]]:
    """What rancher-compose refuses or passes over when every question keeps its default, by the rule that tells of it."""
    if revision not in _CACHE:
        found: dict[str, list[Refusal]] = {}
        docker = docker_of(revision.folder.files)
        if docker:
            variables = {question.variable: question.text("default") for question in revision.questions}
            launch = LaunchJudge(docker, revision.rancher, variables, shared=lambda rendered: _shared(revision, rendered))
            for fault in (*launch.faults(), *launch.odd):
                found.setdefault(fault.rule, []).append(fault)
        _CACHE[revision] = found
    return _CACHE[revision]


def _shared(revision: Revision, rendered: Rendered) -> Rendered:
    """What the composition has rendered and read, if it is the same."""
    other = composition_of(revision).rendered
    return other if other and other.text == rendered.text and other.file is rendered.file else rendered


def judged(revision: Revision, rule: str, hits: Iterable[Hit] = ()) -> Iterator[Hit]:
    """The hits of a rule, and the faults that belong to it: a hit where one is refused is an error, whatever the level."""
    wrong = faults_of(revision).get(rule)
    if not wrong:
        yield from hits
        return
    faults = {_place(rule, fault.where): fault for fault in wrong if fault.where}
    for hit in hits:
        known = faults.pop(_place(rule, hit.where), None)
        yield replace(hit, level="error") if known and known.who else hit
    for fault in islice(faults.values(), MOST_HITS):
        if fault.where:
            yield Hit(fault.where, fault.message, fault.hint, level="error" if fault.who else None)


def _place(rule: str, where: Where) -> Where:
    """What tells one fault from another: of a dollar the judge names the value that it stands in, and lint the dollar itself."""
    return Where(where.file, where.line) if rule == "CF504" else where


def told(rule: str) -> Callable[[Check], Check]:
    """Let a rule of revisions tell, besides what it finds itself, of the faults that belong to it."""

    def with_faults(check: Check) -> Check:
        @wraps(check)
        def both(revision: Revision) -> Iterator[Hit]:
            return judged(revision, rule, check(revision))

        return both

    return with_faults
