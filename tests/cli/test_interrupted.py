"""Ctrl-C at each operation on files, and at the start of each other program: one line, exit 130, and all files or none."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge import journal
from catalog_forge.cli.main import root
from tests.adopt.entries import ENTRY
from tests.adopt.test_entries import IMAGE
from tests.blueprint.folders import git
from tests.cli.test_killed import WORDS
from tests.cli.test_release import SPEC
from tests.helpers import tree
from tests.kills import copies, interrupted_at
from tests.test_writer import snapshot


def call(folder: Path, words: list[str]) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *words])


def inside(folder: Path, words: list[str]) -> Result:
    """Call a command in a process of its own, whose working folder is the catalog."""
    os.chdir(folder)
    return call(Path(), words)


def of_generate(folder: Path) -> list[str]:
    tree(folder, {"specs/web-conf.yml": SPEC, "specs/.schema.json": ""})
    return ["generate"]


def of_prune(folder: Path) -> list[str]:
    tree(folder, {"specs/web-conf.yml": SPEC})
    assert call(folder, ["generate"]).exit_code == 0
    (folder / "specs/web-conf.yml").unlink()
    return ["generate", "--prune"]


def of_new(folder: Path) -> list[str]:
    tree(folder, {"notes": "mine\n"})
    return ["new", "redis-conf", *WORDS]


def of_release(folder: Path) -> list[str]:
    tree(folder, {"specs/web-conf.yml": SPEC})
    assert call(folder, ["generate"]).exit_code == 0
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "Jo Doe")
    git(folder, "config", "user.email", "jo@example.org")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    tree(folder, {"specs/web-conf.yml": SPEC.replace("default: 80", "default: 81")})
    return ["release", "web-conf"]


def of_adopt(folder: Path) -> list[str]:
    tree(folder / "app/1.2.0/app-conf", dict(IMAGE))
    tree(folder / "catalog", dict(ENTRY))
    tree(folder, {"catalog-forge.yml": ""})
    return ["adopt", "app/1.2.0/app-conf", "--entry", "catalog", "--write"]


def files(folder: Path) -> dict[str, object]:
    """The files of a catalog without git's, the scratch folder and the schema for editors, which may be missing."""
    hidden = (".git/", f"{journal.SCRATCH}/", "specs/.schema.json")
    return {path: found for path, found in snapshot(folder).items() if not path.startswith(hidden)}


# With each command, how many operations lie between two that are tried: a run of `adopt` takes long.
@pytest.mark.parametrize(("prepared", "step"), [(of_generate, 1), (of_prune, 1), (of_new, 2), (of_release, 2), (of_adopt, 7)])
def test_ctrl_c_at_any_point_leaves_all_files_or_none_and_says_one_line(
    prepared: Callable[[Path], list[str]], step: int, tmp_path: Path
) -> None:
    original = tmp_path / "original"
    original.mkdir()
    words = prepared(original)
    call(tree(tmp_path / "imports", {}), ["lint"])
    old, ends = files(original), []
    for number, copy in copies(original, tmp_path):
        if number % step:
            continue
        had, code, said = interrupted_at(number, partial(inside, copy, words))
        ends.append(files(copy))
        assert not [*copy.rglob("*.tmp")] and not [*copy.glob(f"{journal.SCRATCH}/*.json")], number
        if not had:
            assert code == 0, said
            break
        assert code == 130, (number, said)
        assert said.splitlines()[-1] == "interrupted" and "Traceback" not in said and "bug" not in said, (number, said)
    new = ends[-1]
    assert new != old and len(ends) > 8
    assert [number for number, found in enumerate(ends, 1) if found not in (old, new)] == []


def test_an_error_that_ctrl_c_caused_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def command(*_: object) -> None:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            raise RuntimeError("a library failed") from None

    monkeypatch.setattr("catalog_forge.cli.main.recover_above", command)
    result = CliRunner().invoke(root, ["blueprints"])
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


def test_ctrl_c_before_the_command_is_an_interruption(monkeypatch: pytest.MonkeyPatch) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(type(root), "parse_args", stop)
    result = CliRunner().invoke(root, ["blueprints"])
    assert (result.exit_code, result.stderr) == (130, "interrupted\n")


STARTS = """
import sys
def hook(event, arguments):
    if event == "import" and arguments[0] == "click":
        raise KeyboardInterrupt
sys.addaudithook(hook)
from catalog_forge.__main__ import main
main()
"""


def test_ctrl_c_while_the_program_starts_is_an_interruption() -> None:
    result = subprocess.run([sys.executable, "-c", STARTS], capture_output=True, text=True, timeout=100, check=False)
    assert (result.returncode, result.stderr, result.stdout) == (130, "interrupted\n", "")
