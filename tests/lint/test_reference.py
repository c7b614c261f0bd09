"""docs/rules.md is made from the rules."""

from __future__ import annotations

import re
from pathlib import Path

from catalog_forge.lint import registry
from catalog_forge.lint.output.reference import markdown

PAGE = Path(__file__).parents[2] / "docs/rules.md"


def test_the_page_of_the_rules_is_current() -> None:
    assert PAGE.read_text() == markdown(registry.rules()), "stale: python tools/rules.py > docs/rules.md"


def test_each_rule_has_its_section_and_its_line_in_the_table() -> None:
    page = markdown(registry.rules())
    for rule in registry.rules():
        assert f"\n## {rule.id}\n" in page and f"\n| [{rule.id}](#{rule.id.lower()}) | {rule.level}" in page


def test_no_example_ends_its_block() -> None:
    opened = ""
    for line in markdown(registry.rules()).splitlines():
        if not opened and (found := re.fullmatch(r"(`{3,})text", line)):
            opened = found[1]
        elif line == opened:
            opened = ""
    assert opened == ""
