"""The pages say what is there: tests that they name exist, links lead somewhere, every command has its section."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_forge.cli.main import COMMANDS
from catalog_forge.rancher import keys

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


def test_the_page_of_up_names_tests_that_exist() -> None:
    named = set(re.findall(r"`(test_\w+)`", (ROOT / "docs/up.md").read_text()))
    sources = "\n".join(
        path.read_text() for folder in ("rancher", "stack", "live") for path in (ROOT / "tests" / folder).glob("test_*.py")
    )
    assert len(named) > 30
    assert {name for name in named if f"def {name}(" not in sources} == set()


def test_the_page_of_up_lists_what_is_not_honoured() -> None:
    page = (ROOT / "docs/up.md").read_text()
    rows = dict(re.findall(r"^\| `([\w.]+)` \| (.*) \|$", page.partition("## What is not honoured")[2], re.M))
    assert rows == keys.UNHONOURED | keys.LABELS
    rest = keys.KEYS.keys() - keys.HONOURED - keys.UNHONOURED.keys()
    listed = re.findall(r"`(\w+)`", page.partition("The following keys also have no effect here: ")[2].partition(".\n")[0])
    assert listed == sorted(rest)


@pytest.mark.parametrize("command", COMMANDS)
def test_every_command_has_its_section(command: str) -> None:
    headings = re.findall(r"^## (.*)$", (ROOT / "docs/commands.md").read_text(), re.M)
    assert any(re.search(rf"\b{command}\b", heading) for heading in headings)


def test_the_page_beside_other_tools_names_commands_and_counts_right() -> None:
    page = (ROOT / "docs/compared.md").read_text()
    rows = re.findall(r"^\| (?!tool)([^|]+) \| (yes|partly|no) \| ([^|]+) \|$", page, re.M)
    assert f"{sum(answer == 'yes' for _, answer, _ in rows)} of {len(rows)} are a plain yes" in page and len(rows) == 54
    for _, _, by in rows:
        for words in re.findall(r"`([a-z]+)[ `]", by):
            assert words in COMMANDS or words in ("companions", "levels", "allowed"), words
