"""Ignores in files: what they silence, and what is said of those that are wrong or needless."""

from __future__ import annotations

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.check import Checked, check
from catalog_forge.lint.runner.run import Choice
from catalog_forge.rancher.tree import Tree
from tests.lint.rulebook import shouting

pytestmark = pytest.mark.usefixtures("shouting")
__all__ = ["shouting"]

COMPOSE = "templates/web/0/docker-compose.yml"


def checked(text: str, path: str = COMPOSE, ids: tuple[str, ...] = ("all",)) -> Checked:
    return check(Catalog(Tree.of({path: text})), Choice(registry.expand(ids)))


def said(text: str, path: str = COMPOSE) -> list[str]:
    """What the rules of this test and those of ignores say; others may find more."""
    found = (each for each in checked(text, path).findings if each.rule.startswith(("CF901", "CF902", "CF99")))
    return [f"{each.where}: {each.rule} {each.message}" for each in found]


@pytest.mark.parametrize(
    "text",
    [
        "a: SHOUT # catalog-forge: ignore=CF991 they are deaf\n",
        "a: SHOUT #catalog-forge:ignore=cf991 they are deaf\n",
        "# catalog-forge: ignore=CF991 they are deaf\na: SHOUT\n",
        "# catalog-forge: ignore=CF991 they are deaf\n# catalog-forge: ignore=CF992 and shy\na: SHOUT MUTTER\n",
        "# catalog-forge: ignore=CF991, CF992 they are deaf\na: SHOUT MUTTER\n",
        "# catalog-forge: ignore=CF99 they are deaf\na: SHOUT MUTTER\n",
        "# catalog-forge: ignore-file=CF991 they are deaf\na: 1\nb: SHOUT\nc: SHOUT\n",
        "{{/* catalog-forge: ignore=CF991 they are deaf */ -}}\nSHOUT\n",
    ],
)
def test_an_ignore_silences_its_rule_where_it_says(text: str) -> None:
    assert said(text) == []


@pytest.mark.parametrize("path", ["images/web/Dockerfile", "images/web/run.sh", "images/web/conf.d/a.toml", "images/web/start"])
def test_an_ignore_may_stand_in_every_kind_of_file_with_comments(path: str) -> None:
    assert said("# catalog-forge: ignore=CF991 they are deaf\nSHOUT\n", path) == []


def test_an_ignore_holds_for_its_line_and_rule_only() -> None:
    text = "a: SHOUT MUTTER # catalog-forge: ignore=CF991 they are deaf\nb: SHOUT\n"
    assert said(text) == [
        f"{COMPOSE}:1:10: CF992 muttering",
        f"{COMPOSE}:2:4: CF991 shouting in {COMPOSE}",
    ]


def test_what_is_ignored_keeps_the_reason() -> None:
    done = checked("a: SHOUT # catalog-forge: ignore=CF991 they are deaf, says Jo\n")
    assert [(finding.rule, reason) for finding, reason in done.ignored] == [("CF991", "they are deaf, says Jo")]


def test_an_ignore_of_a_file_speaks_for_its_folder_too() -> None:
    config = "templates/web/config.yml"
    assert "CF110" in [each.rule for each in checked("name: Web\n", config).findings]
    done = checked("# catalog-forge: ignore-file=CF110 it is drawn later\nname: Web\n", config)
    assert "CF110" not in [each.rule for each in done.findings]
    assert [(finding.rule, finding.where.file) for finding, _ in done.ignored] == [("CF110", "templates/web")]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a: SHOUT # catalog-forge: ignore=CF991\n", ":1:27: CF901 the ignore of CF991 gives no reason"),
        ("a: 1 # catalog-forge: ignore=CF000 why\n", ":1:30: CF901 there is no rule 'CF000'"),
        ("a: 1 # catalog-forge: ignore why\n", ":1:23: CF901 this ignore names no rule"),
        ("a: 1 # catalog-forge: ignroe=CF991 why\n", ":1:23: CF901 'ignroe' is not a valid keyword here"),
        ("a: 1 # catalog-forge: \n", ":1:23: CF901 '' is not a valid keyword here"),
        ("\n" * 20 + "# catalog-forge: ignore-file=CF991 why\n", ":21:18: CF901 an ignore for a whole file has no effect here"),
        ("# catalog-forge: ignore=CF991 why\nb: 1\n", ":1:25: CF902 the ignore of CF991 has no effect"),
        ("b: 1 # catalog-forge: ignore=CF99 why\n", ":1:30: CF902 the ignore of CF99 has no effect"),
    ],
)
def test_an_ignore_that_is_wrong_or_needless_is_a_finding(text: str, words: str) -> None:
    assert said(text) == [COMPOSE + words]


def test_an_ignore_is_needless_only_when_all_rules_ran() -> None:
    text = "# catalog-forge: ignore=CF991 why\nb: 1\n"
    assert checked(text, ids=("CF992", "CF902")).findings == []


@pytest.mark.parametrize(
    "text", ["# see catalog-forge: ignore the rest\n", "x-catalog-forge: ignore=CF991\n", "a: b#catalog-forge: x\n"]
)
def test_what_only_looks_like_an_ignore_is_none(text: str) -> None:
    assert said(text) == []


def test_a_line_of_a_megabyte_costs_no_time() -> None:
    assert said("# catalog-forge: ignore=" + "A" * 900_000 + "\n")
    assert said("# catalog-forge: ignore=" + "A," * 400_000 + "\n")
