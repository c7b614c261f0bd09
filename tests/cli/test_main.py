"""The root command: exit codes, and how errors are shown."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import COMMANDS, ROOMS, root
from catalog_forge.errors import BuildError, EngineError, ForgeError, UsageError, Where
from tests.test_layers import HOUSE, sources_of


def failing(error: BaseException) -> click.Command:
    @click.command()
    def command() -> None:
        raise error

    return command


@pytest.mark.parametrize(
    ("error", "code"),
    [
        (ForgeError("wrong", Where("specs/x.yml", 3, 7), "mend it"), 1),
        (UsageError("wrong"), 2),
        (RuntimeError("wrong"), 3),
        (EngineError("wrong"), 4),
        (BuildError("wrong"), 5),
        (KeyboardInterrupt(), 130),
        (click.Abort(), 130),
    ],
)
def test_each_kind_of_error_has_its_exit_code(error: BaseException, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(root), "get_command", lambda *_: failing(error))
    result = CliRunner().invoke(root, ["x"])
    assert result.exit_code == code
    assert "Traceback" not in result.output
    assert result.stdout == ""


def test_an_error_is_place_words_and_hint(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ForgeError("wrong", Where("specs/x.yml", 3, 7), "mend it")
    monkeypatch.setattr(type(root), "get_command", lambda *_: failing(error))
    assert CliRunner().invoke(root, ["x"]).stderr == "specs/x.yml:3:7: wrong\n  hint: mend it\n"


def test_debug_shows_the_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(type(root), "get_command", lambda *_: failing(RuntimeError("wrong")))
    result = CliRunner().invoke(root, ["--debug", "x"])
    assert isinstance(result.exception, RuntimeError)


def test_an_unknown_command_is_a_usage_error() -> None:
    assert CliRunner().invoke(root, ["genrate"]).exit_code == 2


def test_a_folder_that_is_not_there_is_a_usage_error(tmp_path: Path) -> None:
    assert CliRunner().invoke(root, ["-C", str(tmp_path / "none"), "doctor"]).exit_code == 2


@pytest.mark.parametrize("words", [["spec", "set", "x-conf", "a"], ["spec", "add-key", "x-conf"], ["new"], ["up", "x", "--set"]])
def test_an_argument_that_is_not_text_is_a_usage_error(words: list[str]) -> None:
    result = CliRunner().invoke(root, [*words, "a=\udcff"])
    assert (result.exit_code, "the argument 'a=\\xff' is not UTF-8" in result.output) == (2, True)


def test_a_path_of_any_bytes_is_taken(tmp_path: Path) -> None:
    (tmp_path / "caf\udce9").mkdir()
    assert "UTF-8" not in CliRunner().invoke(root, ["lint", str(tmp_path / "caf\udce9")]).output


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str) -> None:
    result = CliRunner().invoke(root, [name, "--help"])
    assert result.exit_code == 0
    assert COMMANDS[name][1] in " ".join(result.stdout.split())


def test_help_heads_the_commands_by_their_rooms() -> None:
    lines = CliRunner().invoke(root, ["--help"]).stdout.splitlines()
    for name, (module, _) in COMMANDS.items():
        row = next(at for at, line in enumerate(lines) if line.startswith(f"  {name} "))
        heading = next(line for line in reversed(lines[:row]) if line and not line.startswith(" "))
        assert heading == f"{ROOMS[module.partition('.')[0]]}:", name


def test_old_releases_of_click_do() -> None:
    """Up to release 8.3, no class of click can be subscripted at run time."""
    for name, text in sources_of(Path(__file__).parents[2] / HOUSE).items():
        classes = (each for each in ast.walk(ast.parse(text)) if isinstance(each, ast.ClassDef))
        bases = [ast.unparse(base) for each in classes for base in each.bases]
        assert [base for base in bases if base.startswith("click.") and "[" in base] == [], name


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "catalog_forge", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("catalog-forge, version") or done.stdout.startswith("catalog-forge ")


@pytest.mark.parametrize(
    "words",
    [
        ["lint", "x" * 5000],
        ["up", "x" * 5000, "--plan"],
        ["new", "x-conf", "--blueprint", "./" + "x" * 5000],
        ["generate", "x" * 5000],
        ["test", "x" * 5000],
        ["render", "x" * 5000],
        ["metadata", "get", "/", "--file", "x" * 5000],
        ["lint", "catalog-forge.yml/x"],
        ["lint", "circle/x"],
        ["up", "circle", "--plan"],
        ["standards", "show"],
        ["lint"],
    ],
)
def test_what_the_operating_system_refuses_is_said_in_its_words(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "catalog-forge.yml").write_text(f"extends: [{'x' * 300}]\n")
    (tmp_path / "circle").symlink_to("circle")
    result = CliRunner().invoke(root, ["-C", str(tmp_path), *words])
    assert result.exit_code in (1, 2), result.output
    assert "bug" not in result.output
    assert len(result.stderr) < 12_000


@pytest.mark.parametrize(
    "words", [["generate"], ["lint"], ["ps"], ["metadata", "get", "/", "--file", "x"], ["up", "x", "--plan"]]
)
def test_a_folder_that_is_gone_is_said_in_words(words: list[str], tmp_path: Path) -> None:
    folder = tmp_path / "gone"
    folder.mkdir()
    code = "import os, sys\nfrom catalog_forge.cli.main import root\nos.rmdir(os.getcwd())\nroot(sys.argv[1:])\n"
    done = subprocess.run([sys.executable, "-c", code, *words], cwd=folder, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "No such file or directory\n  hint: check the path, and that its folder exists\n",
    )


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="the system has no /dev/full")
@pytest.mark.parametrize(
    "words", [["--help"], ["--version"], ["lint", "--help"], ["lint", "--list"], ["lint", "--format", "json"]]
)
def test_a_full_disk_behind_the_output_is_said_in_words(words: list[str], tmp_path: Path) -> None:
    (tmp_path / "catalog-forge.yml").touch()
    with open("/dev/full", "w") as full:  # noqa: PTH123 (a device)
        command = [sys.executable, "-m", "catalog_forge", *words]
        done = subprocess.run(command, cwd=tmp_path, stdout=full, stderr=subprocess.PIPE, text=True, check=False)
    assert (done.returncode, done.stderr) == (
        1,
        "No space left on device\n  hint: free some space: `df -h` shows how full each disk is\n",
    )


def test_colours_are_left_out_where_no_color_says_so(monkeypatch: pytest.MonkeyPatch) -> None:
    error = ForgeError("wrong", None, "mend it")
    monkeypatch.setattr(type(root), "get_command", lambda *_: failing(error))
    assert "\x1b[" in CliRunner().invoke(root, ["x"], color=True).stderr
    assert "\x1b[" not in CliRunner(env={"NO_COLOR": "1"}).invoke(root, ["x"], color=True).stderr
