"""The root command: exit codes, and how errors are shown."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import COMMANDS, ROOMS, root
from catalog_forge.errors import BuildError, EngineError, ForgeError, UsageError, Where


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


def test_it_runs_as_a_module() -> None:
    done = subprocess.run([sys.executable, "-m", "catalog_forge", "--version"], capture_output=True, text=True, check=True)
    assert done.stdout.startswith("catalog-forge, version") or done.stdout.startswith("catalog-forge ")
