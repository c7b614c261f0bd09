"""What a judge refuses or drops has a finding of level error in that revision, at the same place: lint never contradicts them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.judgement.ruling import Ruling
from catalog_forge.rancher.tree import Tree
from tests.lint.mutations import examples, mutants

ALL = Choice(registry.expand(("all",)))
EXAMPLES = dict(examples())
COUNTED: Counter[str] = Counter()


def unsaid(tree: Tree) -> list[str]:
    """What the judges refuse, and no error of lint says."""
    errors = {(each.where.file, each.where.line) for each in run(Catalog(tree), ALL) if each.level == "error"}
    found = []
    for ruling in verdicts(tree).rulings:
        if ruling.outcome in ("reject", "drop"):
            COUNTED[ruling.rule] += 1
            if not _is_said(ruling, errors):
                found.append(f"{ruling.judge} {ruling.where}: {ruling.reason} ({ruling.rule})")
    return found


def _is_said(ruling: Ruling, errors: set[tuple[str, int]]) -> bool:
    """Whether an error stands there. What is missing or dropped as a whole has no line."""
    if (ruling.where.file, ruling.where.line) in errors:
        return True
    entry = "/".join(ruling.where.file.split("/")[:2])
    whole = ruling.judge != "launch" and (not ruling.where.line or ruling.outcome == "drop" or "default version" in ruling.reason)
    return whole and any(file == entry or file.startswith(f"{entry}/") for file, _ in errors)


@pytest.mark.parametrize("name", EXAMPLES)
def test_of_an_example_lint_says_all_that_a_judge_refuses(name: str) -> None:
    assert unsaid(EXAMPLES[name]) == []


@pytest.mark.parametrize("seed", range(4))
def test_of_a_mutant_lint_says_all_that_a_judge_refuses(seed: int) -> None:
    found = {name: missing for name, tree in mutants(100, seed) if (missing := unsaid(tree))}
    assert found == {}


def test_each_fault_of_the_launch_was_reached() -> None:
    for tree in EXAMPLES.values():
        unsaid(tree)
    sources = Path(__file__).parents[2] / "catalog_forge/rancher/judgement"
    texts = [(sources / f"{name}.py").read_text() for name in ("checks", "services", "launch")]
    named = {each for text in texts for each in re.findall('"(CF[0-9]{3})"', text)}
    assert named - COUNTED.keys() == set()
