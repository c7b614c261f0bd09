"""What single rules find in a small catalog."""

from __future__ import annotations

from collections.abc import Mapping

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from tests.lint.trees import tree

RANCHER = "templates/web/0/rancher-compose.yml"
CONFIG = "templates/web/config.yml"


def findings(changes: Mapping[str, str | None], *rules: str) -> list[Finding]:
    """The findings of some rules in the sound catalog with changes."""
    return run(Catalog(tree(changes)), Choice(registry.expand(rules or ("all",))))


def places(changes: Mapping[str, str | None], *rules: str) -> list[str]:
    """Their places and messages."""
    return [f"{each.where}: {each.message}" for each in findings(changes, *rules)]


def mended(found: Finding, of: Tree) -> str:
    """The text of the file after the fix of a finding."""
    assert found.fix is not None, "it has a fix"
    file = of.get(found.fix.path)
    assert file is not None
    text = file.text
    for edit in sorted(found.fix.edits, key=lambda each: -each.start):
        text = text[: edit.start] + edit.text + text[edit.end :]
    return text
