"""What a judge refuses or drops has a finding of level error in that revision, at the same place: lint never contradicts them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from tests.lint.mutations import RANCHER, examples, mutants
from tests.lint.trees import SOUND
from tests.lint.trees import tree as tree_of

GOLDEN = Path(__file__).parents[1] / "golden"
HOUSE = Path(__file__).parents[2] / "catalog_forge"
ALL = Choice(registry.expand(("all",)))
EXAMPLES = dict(examples())
COUNTED: Counter[tuple[str, str]] = Counter()


def unsaid(tree: Tree) -> list[str]:
    """What the judges refuse or drop without a hint, and what no error of the same rule says in the same line."""
    errors = {(each.rule, each.where.file, each.where.line) for each in run(Catalog(tree), ALL) if each.level == "error"}
    refused = [each for each in verdicts(tree).rulings if each.outcome in ("reject", "drop")]
    COUNTED.update((each.judge, each.rule) for each in refused)
    return [
        f"{each.judge} {each.where}: {each.reason} ({each.rule})"
        for each in refused
        if not each.hint or (each.rule, each.where.file, each.where.line) not in errors
    ]


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_an_example_lint_says_all_that_a_judge_refuses(name: str) -> None:
    assert unsaid(EXAMPLES[name]) == []


@pytest.mark.parametrize("name", sorted(path.name for path in GOLDEN.iterdir()))
def test_of_a_generated_catalog_no_judge_refuses_anything(name: str) -> None:
    tree = disk.read(GOLDEN / name)
    assert unsaid(tree) == []
    assert [each for each in verdicts(tree).rulings if each.outcome in ("reject", "drop", "ghost")] == []


def test_of_a_file_that_takes_the_place_of_another_lint_says_what_a_judge_refuses() -> None:
    path = "templates/web/0/sub/rancher-compose.yml"
    tree = tree_of({path: SOUND[RANCHER].replace("scale: 2", "scale: two")})
    assert unsaid(tree) == []
    assert ("launch", "CF431") in {(each.judge, each.rule) for each in verdicts(tree).rulings if each.where.file == path}


@pytest.mark.parametrize("seed", range(4))
def test_of_a_mutant_lint_says_all_that_a_judge_refuses(seed: int) -> None:
    found = {name: missing for name, tree in mutants(100, seed) if (missing := unsaid(tree))}
    assert found == {}


# What each judge can say, by the source that says it: every rule that is named there must be reached.
SOURCES = {
    "launch": ("rancher/judgement/checks.py", "rancher/judgement/services.py", "rancher/judgement/launch.py"),
    "ci": ("lint/judges/ci.py",),
    "service": ("lint/judges/service.py",),
}
BOTH = ("CF301", "CF302", "CF303", "CF310", "CF312", "CF320", "CF325", "CF326", "CF333")
# Said of what is listed all the same.
NOT_REFUSED = {("service", rule) for rule in ("CF101", "CF111", "CF205", "CF208")}


def test_each_reason_of_each_judge_was_reached() -> None:
    named = {(judge, rule) for judge in ("service", "ci", "launch") for rule in BOTH if judge != "launch" or rule < "CF304"}
    for judge, paths in SOURCES.items():
        text = "".join((HOUSE / path).read_text() for path in paths)
        named |= {(judge, rule) for rule in re.findall('"(CF[0-9]{3})"', text)}
    page = (HOUSE.parent / "docs/lint.md").read_text().partition("| judge | rules |")[2].partition("Other errors")[0]
    names = {"catalog-service": "service", "the CI": "ci", "rancher-compose, which launches the stack": "launch"}
    rows = dict(re.findall(r"^\| ([^|]+) \| (.*) \|$", page, re.M))
    listed = {(judge, rule) for name, judge in names.items() for rule in _listed(rows[name])}
    wanted = (named - NOT_REFUSED) | listed
    # After the tests above there is nothing left to do; alone, this one looks for itself.
    for tree in (*EXAMPLES.values(), *(tree for _, tree in mutants(100, 0))):
        if wanted <= COUNTED.keys():
            break
        unsaid(tree)
    assert wanted - COUNTED.keys() == set()
    assert COUNTED.keys() - listed == set()


def _listed(text: str) -> set[str]:
    """The rules of a row, with those between two that `to` joins."""
    found: set[str] = set()
    for part in text.split(", "):
        first, _, last = part.partition(" to ")
        found |= {rule for rule in registry.expand(("all",)) if first <= rule <= (last or first)}
    return found
