"""CF9xx: checks across a whole catalog, and checks of the ignores in the catalog's files."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterator

from catalog_forge.errors import Where
from catalog_forge.goyaml.decoding import text_of
from catalog_forge.lint import history
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Hit
from catalog_forge.lint.mend import shown
from catalog_forge.lint.runner import ignores
from catalog_forge.lint.runner.registry import rule
from catalog_forge.rancher.entries import Entry
from catalog_forge.yamlio import Seq, Text


def _categories(entry: Entry) -> Iterator[Text]:
    keys = entry.settings.keys
    several = keys.get("categories")
    for node in (keys.get("category"), *(several.items if isinstance(several, Seq) else ())):
        if isinstance(node, Text) and text_of(node).strip():
            yield node


def _plain(category: str) -> str:
    """Return a category's letters and digits in lower case, with its words in the singular."""
    words = re.findall(r"[^\W_]+", category[:200].lower())
    return "".join(re.sub(r"(?<=[^aeiou])ies$", "y", word) if word.endswith("ies") else _singular(word) for word in words)


def _singular(word: str) -> str:
    return word[:-1] if word.endswith("s") and not word.endswith("ss") and len(word) > 3 else word


@rule("CF911", "warning", "Two categories are nearly the same", on=Catalog)
def near_categories(catalog: Catalog) -> Iterator[Hit]:
    """A catalog lists `Database` and `Databases` separately: users who open one category miss the entries in the other category.

    Bad:
        -- templates/db/config.yml --
        name: DB
        category: application
    Good:
        -- templates/db/config.yml --
        name: DB
        category: Applications
    Source: docs/facts/catalog.md#2.12
    """
    found: dict[str, list[tuple[Entry, Text]]] = defaultdict(list)
    for entry in catalog.entries:
        for node in _categories(entry):
            found[_plain(text_of(node))].append((entry, node))
    for same in found.values():
        counts = Counter(text_of(node) for _, node in same)
        # Choose the spelling that most entries use; of several equally frequent spellings, choose the first.
        most, _ = counts.most_common(1)[0]
        for entry, node in same if len(counts) > 1 else ():
            if text_of(node) != most:
                message = f"{entry.name} is in {shown(text_of(node))}, but the usual category is {shown(most)}"
                yield Hit(node.where, message, f"write {most[:60]}")


@rule("CF912", "warning", "Rancher merges two entries", on=Catalog)
def merged(catalog: Catalog) -> Iterator[Hit]:
    """The catalog service identifies an entry by the first word of its top folder and the name of its own folder. It merges
    entries with the same first word and the same name.

    Bad:
        -- other/web/config.yml --
        name: Other
        version: '1.0.0'
    Good:
        -- infra-templates/web/config.yml --
        name: Other
        version: '1.0.0'
    Source: docs/facts/catalog.md#1.4
    """
    found: dict[str, list[Entry]] = defaultdict(list)
    for entry in catalog.entries:
        found[f"{entry.base.removesuffix('*')}{entry.name}"].append(entry)
    for same in found.values():
        for entry in same[1:]:
            first = f"{same[0].top.name}/{same[0].name}"
            yield Hit(
                entry.where, f"Rancher merges {entry.top.name}/{entry.name} and {first} into one entry", "rename one of them"
            )


@rule("CF913", "warning", "Two entries have the same name", on=Catalog)
def same_name(catalog: Catalog) -> Iterator[Hit]:
    """A catalog shows the `name` in config.yml: two entries in the same top folder with the same name cannot be told apart.

    Bad:
        -- templates/web-2/config.yml --
        name: Web
        version: '1.0.0'
    Good:
        -- infra-templates/web/config.yml --
        name: Web
        version: '1.0.0'
    Source: docs/facts/catalog.md#2.2
    """
    found: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in catalog.entries:
        name = text_of(entry.settings.keys.get("name")).strip()
        if name:
            found[entry.top.name, name.lower()].append(entry)
    for same in found.values():
        for entry in same[1:]:
            where = entry.settings.keys["name"].where
            yield Hit(where, f"{entry.name} is listed under the same name as {same[0].name}", "give it a different name")


@rule("CF920", "warning", "A published revision has changed", on=Catalog)
def changed(catalog: Catalog) -> Iterator[Hit]:
    """A stack runs the revision that it was launched from. If a published revision changes, an upgrade to the same version
    changes stacks that already run the revision.

    Changes belong in a new revision. This rule needs to know the published revisions: use `lint --since REF`.

    Bad:
        -- templates/web/0/docker-compose.yml: services --
        web: {image: 'nginx:1.27.4'}
    Bad:
        -- templates/web/0/docker-compose.yml (absent) --
    Good:
        -- templates/web/1/docker-compose.yml: services --
        web: {image: 'nginx:1.27.4'}
    Source: docs/facts/catalog.md#7.8
    """
    if catalog.since is not None:
        yield from history.changed(catalog.since, catalog.tree)


@rule("CF901", "warning", "An ignore gives no reason or names no rule", on=Catalog)
def wrong_ignore(catalog: Catalog) -> Iterator[Hit]:
    """Future readers of `# catalog-forge: ignore=...` need to know the reason. An ignore that names no valid rule has no effect.

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


@rule("CF902", "note", "An ignore has no effect", on=ignores.Outcome)
def unused_ignore(outcome: ignores.Outcome) -> Iterator[Hit]:
    """The ignore hides no finding: usually, its problem has been fixed. If the ignore stays, it hides the next problem. This rule
    runs only if all other rules run.

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
        yield Hit(each.where, f"the ignore of {each.word} has no effect", "remove it")
