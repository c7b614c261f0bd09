"""Reads the comments with which authors silence rules in the files of a catalog; each comment gives a reason.

`# catalog-forge: ignore=CF301,CF302 reason` applies to its own line or, if it is alone on a line, to the next line.

`# catalog-forge: ignore-file=CF301 reason` in the first 20 lines applies to the file, and to findings about the folder that
contains the file. In a template of confd the comment may be `{{/* catalog-forge: ... */}}`.

Both forms in a spec also apply to the files that are generated from the spec: to what its line determines, or to all of them.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.rancher.tree import File

HEAD = 20
KINDS = ("ignore", "ignore-file")

_MARK = b"catalog-forge:"
_COMMENT = re.compile(r"(?:^|(?<=\s))(?:#|//|\{\{-?[ \t]*/\*)[ \t]*catalog-forge:[ \t]*(?P<rest>[^\s=]*.*)")
_IGNORE = re.compile(r"(?P<kind>[\w-]*)[ \t]*(?:=[ \t]*(?P<ids>(?:\w+[ \t]*,[ \t]*)*\w*))?(?P<reason>.*)")
_ID = re.compile(r"\w+")
_ENDINGS = (".yml", ".yaml", "toml", ".tpl", ".tmpl", ".sh")
_LONGEST = 2000


@dataclass(frozen=True, slots=True)
class Ignore:
    """A comment that silences rules. `word` is an id or the beginning of ids; `line` is 0 if the comment applies to the whole
    file.
    """

    word: str
    where: Where
    file: File
    line: int
    reason: str
    ids: frozenset[str]


@dataclass(frozen=True)
class Comments:
    """All ignores of a catalog, and the faults in the ignores. `known` maps each word that occurs in an ignore to the rules that
    the word selects, or to the fault in the word.
    """

    ignores: list[Ignore] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    known: dict[str, frozenset[str] | Problem] = field(default_factory=dict, repr=False)


@dataclass(frozen=True)
class Outcome:
    """The ignores that silenced nothing when all other rules ran. The rule CF902 reports these ignores."""

    unused: list[Ignore]


def read(catalog: Catalog) -> Comments:
    """Read the ignores in the files of a catalog."""
    found = Comments()
    for file in catalog.tree.files.values():
        if _may_have(file) and _MARK in file.content:
            _read(file, found)
    return found


def sorted_out(findings: list[Finding], ignores: list[Ignore]) -> tuple[list[Finding], list[tuple[Finding, str]], list[Ignore]]:
    """Return the findings that remain, the silenced findings with their reasons, and the ignores that silenced nothing."""
    by_place: dict[tuple[str, int], list[Ignore]] = {}
    for ignore in ignores:
        for path in (ignore.file.path,) if ignore.line else (ignore.file.path, ignore.file.folder):
            by_place.setdefault((path, ignore.line), []).append(ignore)
    kept: list[Finding] = []
    silenced: list[tuple[Finding, str]] = []
    used: set[int] = set()
    for finding in findings:
        here, cause = (finding.path, finding.where.line), finding.cause
        near = [each for place in dict.fromkeys((here, (here[0], 0), cause, (cause[0], 0))) for each in by_place.get(place, ())]
        matching = [each for each in near if finding.rule in each.ids]
        used |= {id(each) for each in matching}
        if matching:
            silenced.append((finding, matching[0].reason))
        else:
            kept.append(finding)
    return kept, silenced, [each for each in ignores if id(each) not in used]


def _may_have(file: File) -> bool:
    return file.name.endswith(_ENDINGS) or "." not in file.name or file.name.startswith("Dockerfile")


def _read(file: File, found: Comments) -> None:
    comments = [(number, match) for number, line in enumerate(file.lines, 1) if (match := _COMMENT.search(line[:_LONGEST]))]
    alone = {number for number, match in comments if not file.lines[number - 1][: match.start()].strip()}
    for number, match in comments:
        line = number
        while line in alone:
            line += 1
        _read_one(file, number, line, match, found)


def _read_one(file: File, number: int, line: int, match: re.Match[str], found: Comments) -> None:
    start = match.start("rest")
    parts = _IGNORE.match(match["rest"])
    kind, ids = (parts["kind"], parts["ids"] or "") if parts else ("", "")
    if parts is None or kind not in KINDS:
        found.problems.append(
            Problem(f"{kind!r} is not a valid keyword here", file.at(number, start + 1), did_you_mean(kind, KINDS))
        )
        return
    reason = parts["reason"].strip().removesuffix("}}").rstrip("-").strip().removesuffix("*/").strip()
    if not ids:
        hint = f"write, for example, # catalog-forge: {kind}=CF301 and the reason"
        found.problems.append(Problem("this ignore names no rule", file.at(number, start + 1), hint))
    elif not reason:
        found.problems.append(
            Problem(f"the ignore of {ids} gives no reason", file.at(number, start + 1), "give the reason after the ids")
        )
    if kind == "ignore-file" and number > HEAD:
        hint = f"put it in the first {HEAD} lines"
        found.problems.append(Problem("an ignore for a whole file has no effect here", file.at(number, start + 1), hint))
        return
    for word in _ID.finditer(ids):
        where = file.at(number, start + parts.start("ids") + word.start() + 1)
        known = found.known.get(word[0]) or found.known.setdefault(word[0], _expanded(word[0]))
        if isinstance(known, Problem):
            found.problems.append(Problem(known.message, where, known.hint))
        else:
            found.ignores.append(Ignore(word[0], where, file, 0 if kind == "ignore-file" else line, reason, known))


def _expanded(word: str) -> frozenset[str] | Problem:
    """Return the rules that a word in an ignore selects, or a problem if the word selects no rule."""
    try:
        return registry.expand((word,))
    except ForgeError as error:
        return error.problems[0]


def problems(catalog: Catalog) -> Iterator[Problem]:
    """Yield the faults in the ignores of a catalog."""
    yield from read(catalog).problems
