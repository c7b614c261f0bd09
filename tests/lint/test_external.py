"""The door to hadolint and shellcheck: one process, bounded, and no word where they are not installed."""

from __future__ import annotations

import stat
from pathlib import Path

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.images import external
from catalog_forge.lint.images.external import Remark, Silent, ask
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import File, Tree
from tests.helpers import PATIENCE
from tests.lint.trees import tree

SCRIPT = "images/web-conf/run.sh"


def files(*contents: str) -> list[File]:
    return list(Tree.of({f"{number:03}.sh": text for number, text in enumerate(contents)}).files.values())


def program(folder: Path, name: str, text: str) -> None:
    """A program that stands for one of the real ones; it writes down how it was called."""
    path = folder / name
    path.write_text(f'#!/bin/sh\necho "$@" >>"{folder}/calls"\n{text}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)


@pytest.fixture
def alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A PATH with what a test puts there, and the programs of the machine, but for the real ones."""
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    return tmp_path


@pytest.mark.linters
def test_one_process_looks_at_all_files() -> None:
    found = ask("shellcheck", files("#!/bin/sh\nls $A\n", "#!/bin/sh\n", "#!/bin/sh\nls $B\n"))
    assert sorted((each.file.path, each.code, each.line, each.column) for each in found if isinstance(each, Remark)) == [
        ("000.sh", "SC2086", 2, 4),
        ("002.sh", "SC2086", 2, 4),
    ]


def test_files_that_are_large_or_empty_or_no_text_are_left_out(alone: Path) -> None:
    program(alone, "shellcheck", "echo '{\"comments\": []}'")
    small = files("a", "", "a" * (external.MAX_BYTES + 1), "\0", "b")
    assert list(ask("shellcheck", small)) == []
    assert (alone / "calls").read_text().endswith("-- 0 1\n")
    assert list(ask("shellcheck", small[1:4])) == []
    assert (alone / "calls").read_text().count("\n") == 1


def test_names_of_files_never_reach_a_program(alone: Path) -> None:
    program(alone, "hadolint", "echo '[]'")
    hostile = Tree.of({"-rf": "FROM a", "$(id)/Dockerfile": "FROM b"}).files
    assert list(ask("hadolint", list(hostile.values()))) == []
    assert (alone / "calls").read_text().endswith("-- 0 1\n")


def test_a_program_that_is_not_there_says_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", "/nonexistent")
    assert list(ask("hadolint", files("FROM a"))) == []


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("exit 1", "its output cannot be read"),
        ("echo x", "its output cannot be read"),
        ("exec sleep 900", "it did not end within 1 s"),
    ],
)
def test_a_program_that_fails_is_told_in_a_note(alone: Path, monkeypatch: pytest.MonkeyPatch, text: str, why: str) -> None:
    monkeypatch.setattr(external, "TIMEOUT", 1 if "sleep" in text else PATIENCE)
    program(alone, "shellcheck", text)
    assert list(ask("shellcheck", files("a"))) == [Silent("shellcheck", why)]
    (finding,) = run(Catalog(tree()), Choice(frozenset(("CF791",))))
    assert finding.level == "note" and finding.message == f"shellcheck gave no result: {why}"


@pytest.mark.linters
@pytest.mark.parametrize(
    ("text", "levels"),
    [("ls $A", ["note"]), ("cd x", ["warning"]), ("if true; then", ["error", "note"]), ("exec x $@", [])],
)
def test_levels_are_those_of_lint(text: str, levels: list[str]) -> None:
    found = run(Catalog(tree({SCRIPT: f"#!/bin/sh\n{text}\n"})), Choice(frozenset(("CF791",))))
    assert sorted({each.level for each in found}) == levels


def test_the_rules_that_start_programs_are_those_of_the_door() -> None:
    assert registry.expand(("CF79",)) == external.RULES
