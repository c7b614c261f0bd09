"""The report page for a team: the facts and findings of every image, the findings of entries, and the rules that found them.

The page is one file without scripts or external resources. Text from a catalog cannot change the structure of the page.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from catalog_forge import texts
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import LEVELS, Finding, Level
from catalog_forge.lint.images.facts import Facts, facts
from catalog_forge.lint.runner import registry
from catalog_forge.shown import printable

KINDS = ("html", "md")
_MARKDOWN = re.compile(r"([\\`*_\[\]<>#|~&])")


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the report: the path of an image or entry, its facts, and its findings counted by level and by rule."""

    name: str
    made: Facts
    levels: Counter[Level]
    rules: Counter[str]


def page(catalogs: Sequence[Catalog], findings: Sequence[Finding], kind: str, title: str) -> str:
    """Return the report, as `html` or `md`."""
    images = [_row(image.folder.path, facts(image), findings) for each in catalogs for image in each.images]
    entries = [_row(entry.folder.path, Facts(), findings) for each in catalogs for entry in each.entries]
    rows = [f"{row.name}/" for row in (*images, *entries)]
    rest = dict.fromkeys(each.path for each in findings if not f"{each.path}/".startswith(tuple(rows)))
    entries += [_row(path, Facts(), findings) for path in rest if path]
    used = sorted({rule for row in (*images, *entries) for rule in row.rules})
    titles = {rule.id: rule for rule in registry.rules()}
    return texts.fill(
        "catalog_forge.lint",
        f"report.{kind}",
        title=title,
        images=images,
        entries=[row for row in entries if row.rules],
        clean=sum(not row.rules for row in entries),
        used=[titles[rule] for rule in used if rule in titles],
        findings=findings,
        counts=Counter(each.level for each in findings),
        levels=LEVELS,
        printable=printable,
        md=markdown,
    )


def markdown(text: object) -> str:
    """Escape a value so that Markdown shows it literally, even in a table."""
    return _MARKDOWN.sub(r"\\\1", printable(text))


def _row(path: str, made: Facts, findings: Sequence[Finding]) -> Row:
    own = [each for each in findings if f"{each.path}/".startswith(f"{path}/" if path else "")]
    return Row(path or ".", made, Counter(each.level for each in own), Counter(each.rule for each in own))
