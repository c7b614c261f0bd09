"""What rules and modules cite is there: every citation of docs/facts/ leads to an anchor, and every rule names its source."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_forge.lint.findings import Rule
from catalog_forge.lint.runner import registry

ROOT = Path(__file__).parents[1]
ANCHORS = {page.name: re.findall(r'<a id="([\d.]+)"></a>', page.read_text()) for page in (ROOT / "docs/facts").glob("*.md")}
CITING = [
    *(
        path
        for folder in ("catalog_forge", "tests", "benchmarks", "tools")
        for path in (ROOT / folder).rglob("*.py")
        if path != Path(__file__)
    ),
    *ROOT.glob("*.md"),
    *ROOT.glob("docs/**/*.md"),
]
# `docs/facts/PAGE.md#1.2, #1.3 and #4 to #6`: a page, then the numbers of its facts.
CITATION = re.compile(r"(?:docs/|\.\./)?\bfacts/([\w-]+\.md)((?:(?:,| and| to)?\s*#[\w.]*\w)*)")
# How the facts were cited while they stood elsewhere.
ELSEWHERE = re.compile(r"catalog-format\.md|confd-metadata\.md|\bfield/|\bthe design\b|The design\b")


def cited(text: str) -> Iterator[tuple[str, str]]:
    """The page and the number of every citation in a text."""
    for page, numbers in CITATION.findall(text):
        yield from ((page, number) for number in re.findall(r"#([\w.]*\w)", numbers) or [""])


def lost(text: str) -> list[str]:
    """The citations of a text that lead nowhere."""
    return [f"{page}#{number}" for page, number in cited(text) if number not in ANCHORS.get(page, ())]


@pytest.mark.parametrize("path", CITING, ids=lambda path: str(path.relative_to(ROOT)))
def test_citations_lead_to_a_fact(path: Path) -> None:
    text = path.read_text()
    assert [one for one in lost(text) if path.suffix != ".md" or not one.endswith("#")] == []  # a page may name a whole page
    assert not ELSEWHERE.search(text)


def test_a_citation_of_nothing_is_seen() -> None:
    assert lost("docs/facts/catalog.md#1.2, #1.3 and #2 to #4") == []
    assert lost("docs/facts/catalog.md#1.2, #1.999") == ["catalog.md#1.999"]
    assert lost("[facts](../facts/catalog.md#77)") == ["catalog.md#77"]
    assert lost("docs/facts/nowhere.md#1") == ["nowhere.md#1"]
    assert lost("docs/facts/confd.md") == ["confd.md#"]


@pytest.mark.parametrize("page", ANCHORS)
def test_the_numbers_of_facts_are_unique_and_each_holds_a_fact(page: str) -> None:
    numbers = ANCHORS[page]
    assert len(numbers) > 25
    assert len(set(numbers)) == len(numbers)
    text = (ROOT / "docs/facts" / page).read_text()
    assert all(re.search(rf'<a id="{re.escape(number)}"></a>(\*\*)?{re.escape(number)}', text) for number in numbers)


@pytest.mark.parametrize("rule", registry.rules(), ids=lambda rule: rule.id)
def test_every_rule_names_its_source(rule: Rule) -> None:
    pages = re.findall(r"docs/[\w/-]+\.md", rule.source)
    assert rule.source
    assert all((ROOT / page).exists() for page in pages)
