"""Run the rules over a catalog. A crash of a rule is a bug: the error names the rule and the subject that was checked."""

from __future__ import annotations

import fnmatch
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from catalog_forge.errors import Where
from catalog_forge.lint.catalog import Catalog, Image, SpecFile, generated_from
from catalog_forge.lint.entries.judged import placed
from catalog_forge.lint.findings import Check, Finding, Hit, Level
from catalog_forge.lint.runner import processes as shares
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.origins import Origin, origin
from catalog_forge.rancher.entries import Entry, Revision
from catalog_forge.rancher.tree import File
from catalog_forge.shown import printable

# Checking fewer entries than this takes less time than starting a second process.
WORTH_A_PROCESS = 20


class RuleBroke(Exception):
    """Raised when a rule crashes, which is a bug. The message names the rule and the subject that was checked."""


@dataclass(frozen=True, slots=True)
class Choice:
    """The rules to run, and the levels of their findings.

    `ids` are the rules that run; `levels` are the levels that the team set for some rules; each item of `paths` is a
    pair: a shell pattern, and the rules that are silent in the files that match the pattern.
    """

    ids: frozenset[str]
    levels: Mapping[str, Level] = field(default_factory=dict)
    paths: tuple[tuple[str, frozenset[str]], ...] = ()

    def level(self, rule: str, level: Level) -> Level:
        """Return the level for a rule's findings: the level that the team set or, if it set none, `level`."""
        return self.levels.get(rule, level)

    def silences(self, rule: str, path: str) -> bool:
        """Whether a rule is silent in a file."""
        return any(rule in ids and fnmatch.fnmatchcase(path, pattern) for pattern, ids in self.paths)


Subjects = Mapping[type, Iterable[object]]


def run(catalog: Catalog, choice: Choice, subjects: Subjects | None = None, jobs: int = 1) -> list[Finding]:
    """Return the findings of the chosen rules, sorted by location. Raises RuleBroke if a rule crashes.

    `subjects` are the objects to check, by type. By default, all objects of the catalog are checked, in up to `jobs` processes if
    the catalog has enough entries.
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
    """Split the subjects of a catalog into shares. Each share maps types to subjects.

    An entry and its revisions are always in one share. All subjects that are not in an entry are in the first share.
    """
    entries = catalog.entries
    jobs = max(1, min(jobs, len(entries) // WORTH_A_PROCESS))
    shared: list[Subjects] = [
        {Entry: entries[number::jobs], Revision: [each for entry in entries[number::jobs] for each in entry.revisions]}
        for number in range(jobs)
    ]
    first = {**shared[0], Catalog: (catalog,), Image: catalog.images, SpecFile: catalog.specs}
    return [first, *shared[1:]]


def by_place(finding: Finding) -> tuple[Where, str, str]:
    """Return the sort key of a finding."""
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
            source = generated_from(file) if file else ""
            cause = _origin(catalog, source, file, hit) if file and source else Origin("")
            change = f"this file is generated: change {cause.words}" if source else ""
            hint = "; ".join(filter(None, (hit.hint, change)))
            fix = None if source else hit.fix
            made = (f"specs/{source}.yml", cause.line) if source else ("", 0)
            yield Finding(identity, wanted, hit.where, printable(hit.message), printable(hint), fix, line, path, made)


def _file(catalog: Catalog, hit: Hit) -> File | None:
    return catalog.shown.get(hit.where.file)


def _origin(catalog: Catalog, name: str, file: File, hit: Hit) -> Origin:
    """Return what to change in the spec `name` to avoid a hit in a generated file: a key or, if the key is unknown, the spec."""
    spec = catalog.spec(name)
    found = origin(spec, file, hit.where, hit.key) if spec else Origin("")
    return found if found.words else Origin(f"specs/{name}.yml")


def _place(subject: object) -> str:
    where = getattr(subject, "where", None)
    file = getattr(subject, "file", None)
    folder = getattr(subject, "folder", None)
    return str(where or (file.at() if file else folder.path if folder else "the catalog"))
