"""The pages say what is there: tests that they name exist, links lead somewhere, every command has its section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_forge.cli.main import COMMANDS

ROOT = Path(__file__).parents[1]
PAGES = [*ROOT.glob("*.md"), *ROOT.glob("docs/**/*.md")]


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
        assert (page.parent / target).exists(), target


def test_the_tests_that_guard_the_guarantees_exist() -> None:
    file = ""
    named = re.findall(r"`(?:(tests/[\w/]+\.py)::)?(test_\w+)`", (ROOT / "docs/guarantees.md").read_text())
    assert len(named) > 24
    for path, name in named:
        file = path or file
        assert f"def {name}(" in (ROOT / file).read_text(), f"{file}::{name}"


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_section(command: str) -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "docs/commands.md").read_text(), re.M)
    assert any(re.search(rf"\b{command}\b", heading) for heading in headings)
