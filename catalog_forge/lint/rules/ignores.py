"""CF9xx: the ignores in the files of a catalog."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.errors import Where
from catalog_forge.lint import ignores
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.model import Hit
from catalog_forge.lint.registry import rule


@rule("CF901", "warning", "An ignore gives no reason or names no rule", on=Catalog)
def wrong_ignore(catalog: Catalog) -> Iterator[Hit]:
    """Who reads `# catalog-forge: ignore=...` later has to know why; and what names no rule that there is silences nothing.

    Bad:
        -- templates/web/config.yml --
        # catalog-forge: ignore-file=CF110
        name: Web
        version: '1.0.0'
    Bad:
        -- templates/web/config.yml --
        # catalog-forge: ignore-file=CF000 the picture is still being drawn
        name: Web
        version: '1.0.0'
    Good:
        -- templates/web/catalogIcon-web.svg (absent) --
        -- templates/web/config.yml --
        # catalog-forge: ignore-file=CF110 the picture is still being drawn
        name: Web
        version: '1.0.0'
    Source: docs/lint.md
    """
    for problem in ignores.problems(catalog):
        yield Hit(problem.where or Where(""), problem.message, problem.hint)


@rule("CF902", "note", "An ignore silences nothing", on=ignores.Outcome)
def unused_ignore(outcome: ignores.Outcome) -> Iterator[Hit]:
    """What it was written for is mended: left there, it hides what comes next. Known only when all rules have run.

    Bad:
        -- templates/web/config.yml --
        # catalog-forge: ignore-file=CF110 the picture is still being drawn
        name: Web
        version: '1.0.0'
    Good:
        -- templates/web/catalogIcon-web.svg (absent) --
        -- templates/web/config.yml --
        # catalog-forge: ignore-file=CF110 the picture is still being drawn
        name: Web
        version: '1.0.0'
    Source: docs/lint.md
    """
    for each in outcome.unused:
        yield Hit(each.where, f"the ignore of {each.word} silences nothing", "take it out")
