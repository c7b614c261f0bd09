"""Every rule keeps what its docstring says: it finds its bad examples and passes its good ones, and a sound catalog."""

from __future__ import annotations

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Example, Finding, Rule
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.check import check
from catalog_forge.lint.runner.ignores import Outcome
from catalog_forge.lint.runner.run import Choice, run
from tests.lint.trees import tree

RULES = registry.rules()


def findings(example: Example, rule: Rule) -> list[Finding]:
    """What the rule finds in an example; what was published is the sound catalog."""
    choice = Choice(registry.expand(("all",)) if rule.subject is Outcome else frozenset((rule.id,)))
    checked = check(Catalog(tree(example.files, example.odd), since=tree()), choice)
    return [each for each in checked.findings if each.rule == rule.id]


def found(example: Example, rule: Rule) -> list[str]:
    return [f"{each.where}: {each.message}" for each in findings(example, rule)]


EXTERNAL = {"CF790", "CF791"}


@pytest.mark.parametrize(
    "rule", [pytest.param(rule, id=rule.id, marks=[pytest.mark.linters] * (rule.id in EXTERNAL)) for rule in RULES]
)
def test_a_rule_finds_its_bad_examples_and_passes_its_good_ones(rule: Rule) -> None:
    assert rule.text and rule.bad and rule.good and rule.source, "its docstring says why, with examples and where it comes from"
    assert all(found(example, rule) for example in rule.bad)
    assert [found(example, rule) for example in rule.good] == [[] for _ in rule.good]


def test_a_sound_catalog_has_no_findings() -> None:
    choice = Choice(registry.expand(("all",)))
    assert [f"{each.rule} {each.where}: {each.message}" for each in run(Catalog(tree()), choice)] == []


def test_titles_are_one_line_and_their_own() -> None:
    titles = [rule.title for rule in RULES]
    assert len(set(titles)) == len(titles)
    assert all("\n" not in title and not title.endswith(".") for title in titles)


def test_rules_whose_findings_can_be_fixed_say_so() -> None:
    mends = {rule.id for rule in RULES if any(each.fix for example in rule.bad for each in findings(example, rule))}
    assert mends <= {rule.id for rule in RULES if rule.fixable}, "fixable=True"
