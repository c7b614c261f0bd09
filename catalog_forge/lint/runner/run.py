"""Run the rules over a catalog. A rule that breaks is a bug of this program: it is named, with what it was looking at."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from catalog_forge.errors import Where
from catalog_forge.lint.catalog import Catalog, Image, SpecFile
from catalog_forge.lint.entries.judged import placed
from catalog_forge.lint.findings import Check, Finding, Hit, Level
from catalog_forge.lint.runner import processes as shares
from catalog_forge.lint.runner import registry
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.tree import File
from catalog_forge.shown import printable

# Fewer entries than this are checked before a second process has begun.
WORTH_A_PROCESS = 20


class RuleBroke(Exception):
    """A rule ended with an error that is no finding: a bug. The message names the rule and what it was looking at."""


@dataclass(frozen=True, slots=True)
class Choice:
    """Which rules run, and how bad their findings are.

    `ids` are the rules that run; `levels` are levels that the team chose for some; `paths` are patterns of paths, as in a shell,
    each with the rules that say nothing about the files that it fits.
    """

    ids: frozenset[str]
    levels: Mapping[str, Level] = field(default_factory=dict)
    paths: tuple[tuple[str, frozenset[str]], ...] = ()

    def level(self, rule: str, level: Level) -> Level:
        """The level of a rule's findings."""
        return self.levels.get(rule, level)

    def silences(self, rule: str, path: str) -> bool:
        """Whether a rule says nothing about a file."""
        return any(rule in ids and fnmatch.fnmatchcase(path, pattern) for pattern, ids in self.paths)


Subjects = Mapping[type, Iterable[object]]


def run(catalog: Catalog, choice: Choice, subjects: Subjects | None = None, jobs: int = 1) -> list[Finding]:
    """Return the findings of the chosen rules, in the order of their places. Raises RuleBroke.

    `subjects` are what the rules look at, by their kind: those of the catalog unless others are given, shared out among `jobs`
    processes where that is worth it.
    """
    checks = [each for each in registry.checks() if each[0] in choice.ids]

    def work(share: Subjects) -> list[Finding]:
        return [
            finding
            for identity, level, on, check in checks
            for subject in share.get(on, ())
            for finding in _findings(identity, level, check, subject, catalog, choice)
        ]

    found = shares.each([subjects] if subjects else _shared_out(catalog, jobs), work)
    return sorted(dict.fromkeys(found), key=by_place)


def _shared_out(catalog: Catalog, jobs: int) -> list[Subjects]:
    """What a catalog has for rules to look at, by kind, in shares: an entry goes with its revisions, all else with the first."""
    entries = catalog.entries
    jobs = max(1, min(jobs, len(entries) // WORTH_A_PROCESS))
    shared: list[Subjects] = [
        {Entry: entries[number::jobs], Revision: [each for entry in entries[number::jobs] for each in entry.revisions]}
        for number in range(jobs)
    ]
    first = {**shared[0], Catalog: (catalog,), Image: catalog.images, SpecFile: catalog.specs}
    return [first, *shared[1:]]


def by_place(finding: Finding) -> tuple[Where, str, str]:
    """What findings are sorted by."""
    return finding.where, finding.rule, finding.message


def _findings(identity: str, level: Level, check: Check, subject: object, catalog: Catalog, choice: Choice) -> Iterator[Finding]:
    try:
        hits = [*check(subject)]
        if hits and isinstance(subject, Revision):
            hits = [placed(subject, hit) for hit in hits]
    except Exception as error:
        raise RuleBroke(f"{identity} crashed on {_place(subject)}: {type(error).__name__}: {error}") from error
    for hit in hits:
        file = _file(catalog, hit)
        path = file.path if file else catalog.shown_folders.get(hit.where.file, hit.where.file)
        if not choice.silences(identity, path):
            line = file.lines[hit.where.line - 1] if file and 0 < hit.where.line <= len(file.lines) else ""
            wanted = choice.level(identity, hit.level or level)
            yield Finding(identity, wanted, hit.where, printable(hit.message), printable(hit.hint), hit.fix, line, path)


def _file(catalog: Catalog, hit: Hit) -> File | None:
    return catalog.shown.get(hit.where.file)


def _place(subject: object) -> str:
    where = getattr(subject, "where", None)
    file = getattr(subject, "file", None)
    folder = getattr(subject, "folder", None)
    return str(where or (file.at() if file else folder.path if folder else "the catalog"))
