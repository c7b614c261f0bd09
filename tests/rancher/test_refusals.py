"""What launch refuses, `up` and `up --plan` refuse too, with the same words at the same places."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError, Problem
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.rancher import entries, questions
from catalog_forge.rancher.tree import Tree
from catalog_forge.stack.compose import compose
from tests.lint.mutations import examples, mutants

ENTRY = "templates/web"
EXAMPLES = dict(examples())


def refused_by_up(tree: Tree) -> list[Problem]:
    """What keeps the first revision of the entry from running, when every question keeps its default."""
    files = {path.removeprefix(f"{ENTRY}/"): file.content for path, file in tree.files.items() if path.startswith(f"{ENTRY}/0/")}
    try:
        entry = entries.read(files, "web", "0", ENTRY)
        compose(entry, questions.defaults(entry.questions), "stack")
    except ForgeError as error:
        return list(error.problems)
    return []


def unsaid_by_up(tree: Tree) -> list[str]:
    """What launch refuses, and `up` does not say."""
    refused = [
        ruling
        for ruling in verdicts(tree).rulings
        if (ruling.judge, ruling.outcome, ruling.revision) == ("launch", "reject", "0")
    ]
    if not refused or f"{ENTRY}/0/docker-compose.yml" not in tree.files:
        return []
    said = {(problem.message, problem.where) for problem in refused_by_up(tree)}
    return [f"{each.where}: {each.reason}" for each in refused if (each.reason, each.where) not in said]


@pytest.mark.parametrize("name", EXAMPLES)
def test_up_refuses_an_example_with_the_words_of_the_launch(name: str) -> None:
    assert unsaid_by_up(EXAMPLES[name]) == []


@pytest.mark.parametrize("seed", range(4))
def test_up_refuses_a_mutant_with_the_words_of_the_launch(seed: int) -> None:
    assert {name: missing for name, tree in mutants(100, seed) if (missing := unsaid_by_up(tree))} == {}
