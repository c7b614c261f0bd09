"""`catalog-forge completion`, and what is completed: asked as a shell asks, by the variables that its script sets."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest
from click.testing import CliRunner

from catalog_forge.blueprint.find import examples, shipped
from catalog_forge.cli.judge import lint
from catalog_forge.cli.main import COMMANDS, root
from catalog_forge.cli.shown import names
from catalog_forge.lint.runner import settings
from catalog_forge.lint.runner.registry import rules
from catalog_forge.spec.model.service import TOPOLOGIES
from tests.helpers import tree

SPEC = "forge: 1\nname: {}-conf\nservice: redis:3.2.11\nconfig: /etc/x/x.conf\nreload: restart\n"


@pytest.fixture
def catalog(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    status = {"units": [{"service": "web", "name": "web-1"}, {"service": "web", "name": "web-2"}]}
    tree(
        tmp_path,
        {
            "specs/red-conf.yml": SPEC.format("red"),
            "specs/blue-conf.yml": SPEC.format("blue"),
            "specs/red-conf/scenarios/first.yml": "",
            "specs/blue-conf/scenarios/second.yml": "",
            "templates/red/config.yml": "",
            "infra-templates/dns/config.yml": "",
            "elsewhere/entry/0/docker-compose.yml": "",
            "state/catalog-forge/stacks/one/plan.json": "{}",
            "state/catalog-forge/stacks/one/status.json": json.dumps(status),
            "state/catalog-forge/stacks/gone/log": "",
        },
    )
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    return tmp_path


def completed(folder: Path, *words: str) -> list[str]:
    """What bash would be offered for the last of the words."""
    environ = {
        "_CATALOG_FORGE_COMPLETE": "bash_complete",
        "COMP_WORDS": " ".join(["catalog-forge", "-C", str(folder), *words]),
        "COMP_CWORD": str(len(words) + 2),
    }
    said = CliRunner(env=environ).invoke(root, prog_name="catalog-forge").stdout
    return [line.partition(",")[2] for line in said.splitlines() if line]


@pytest.mark.parametrize(
    ("words", "wanted"),
    [
        (["ge"], ["generate"]),
        (["--de"], ["--debug"]),
        (["up", "--sca"], ["--scale"]),
        (["generate", ""], ["blue-conf", "red-conf"]),
        (["build", "r"], ["red-conf"]),
        (["render", "bl"], ["blue-conf"]),
        (["test", "red-conf", "--scenario", "f"], ["first"]),
        (["test", "--scenario", ""], ["second", "first"]),
        (["up", ""], ["dns", "red"]),
        (["up", "elsewhere/"], ["elsewhere/entry"]),
        (["down", ""], ["one"]),
        (["logs", "one", ""], ["web", "web-1", "web-2"]),
        (["spec", "show", "b"], ["blue-conf"]),
        (["lint", "--explain", "CF801"], ["CF801"]),
        (["new", "x-conf", "--blueprint", "redis-"], ["redis-conf"]),
        (["lint", "--format", "s"], ["sarif"]),
        (["lint", "--explain-verdict", "d"], ["dns"]),
        (["upgrades", "r"], ["red"]),
        (["up", "red", "--upgrade-from", "0", "--expect", "s"], ["second"]),
        (["new", "x-conf", "--topology", "n"], ["netns"]),
        (["test", "red-conf", "--backend", "etc"], ["etcdv3", "etcd"]),
        (["help", "rol"], ["rollback"]),
        (["help", "metadata", "g"], ["get"]),
        (["help", "up", ""], []),
    ],
)
def test_words_and_names_are_completed(words: list[str], wanted: list[str], catalog: Path) -> None:
    assert completed(catalog, *words) == wanted


def test_words_that_are_written_twice_for_the_sake_of_speed_are_the_same() -> None:
    assert {*names.TOPOLOGIES} == {*TOPOLOGIES}
    assert lint.FAIL_ON == settings.FAIL_ON
    assert not [each for each in imported_by(lint) if each.startswith("catalog_forge.lint")]


def imported_by(module: ModuleType) -> set[str]:
    """What a module imports when it is imported itself, but for what only a type checker sees."""
    body = ast.parse(Path(str(module.__file__)).read_text()).body
    return {str(each.module) for each in body if isinstance(each, ast.ImportFrom)}


def test_without_a_catalog_nothing_is_completed_and_nothing_fails(tmp_path: Path) -> None:
    for words in (["generate", ""], ["test", "--scenario", ""], ["up", "x"], ["up", "no/such/"]):
        assert completed(tmp_path, *words) == []


def test_all_rules_and_all_blueprints_have_a_name(tmp_path: Path) -> None:
    assert completed(tmp_path, "lint", "--explain", "CF") == sorted(rule.id for rule in rules())
    assert completed(tmp_path, "new", "x", "--blueprint", "") == [*shipped(), *(f"example:{name}" for name in examples())]


def test_completing_a_command_imports_none() -> None:
    code = "import sys; from catalog_forge.cli.main import root; root(prog_name='catalog-forge')"
    script = (
        f"import atexit, sys; atexit.register(lambda: print([m for m in sys.modules if '.cli.' in m], file=sys.stderr)); {code}"
    )
    environ = {**os.environ, "_CATALOG_FORGE_COMPLETE": "bash_complete", "COMP_WORDS": "catalog-forge ", "COMP_CWORD": "1"}
    done = subprocess.run([sys.executable, "-c", script], env=environ, capture_output=True, text=True, check=True)
    assert [line.partition(",")[2] for line in done.stdout.splitlines()] == list(COMMANDS)
    assert done.stderr.strip() == "['catalog_forge.cli.main']"


def test_what_is_looked_up_takes_no_library() -> None:
    """A shell waits for it at each key press."""
    loaded = {name for name in vars(names) if not name.startswith("_")}
    assert loaded >= {"specs", "rules"} and not {"Path", "yamlio", "Repository"} & loaded


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_the_script_of_a_shell_is_one_that_it_can_read(shell: str) -> None:
    said = CliRunner().invoke(root, ["completion", shell], prog_name="catalog-forge")
    assert said.exit_code == 0 and "_CATALOG_FORGE_COMPLETE" in said.stdout
    if program := shutil.which(shell):
        subprocess.run([program, "-n"], input=said.stdout, text=True, check=True)
    elif shell == "bash":
        pytest.skip("there is no bash")


def test_help_is_that_of_the_command() -> None:
    for words in ([], ["up"], ["metadata", "get"]):
        wanted = CliRunner().invoke(root, [*words, "--help"], prog_name="catalog-forge").stdout
        assert CliRunner().invoke(root, ["help", *words], prog_name="catalog-forge").stdout == wanted
