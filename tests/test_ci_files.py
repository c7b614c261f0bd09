"""The hooks, the action and the pages about CI: they are well-formed, and the commands in them run."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import click
import pytest
import yaml

from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.lint.trees import SOUND

ROOT = Path(__file__).parents[1]
HOOKS: list[dict[str, Any]] = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text())
PAGE = (ROOT / "docs/ci.md").read_text()
BLOCKS: list[dict[str, Any]] = [yaml.safe_load(block) for block in re.findall(r"```yaml\n(.*?)```", PAGE, re.S)]
BY_ID = {hook["id"]: hook for hook in HOOKS}
ENVIRONMENT = {**os.environ, "PYTHONPATH": str(ROOT)}


def run(command: list[str], where: Path) -> subprocess.CompletedProcess[str]:
    name, *arguments = command
    assert name in tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["scripts"]
    whole = [sys.executable, "-m", "catalog_forge", *arguments]
    return subprocess.run(whole, cwd=where, env=ENVIRONMENT, capture_output=True, text=True, check=False)


def test_hooks_need_no_docker_and_look_at_the_whole_catalog() -> None:
    assert [hook["language"] for hook in HOOKS] == ["python"] * 3
    assert all(hook["pass_filenames"] is False for hook in HOOKS)


@pytest.mark.parametrize(
    ("path", "ids"),
    [
        ("specs/web-conf/scenarios/first.yml", set(BY_ID)),
        ("templates/web/0/rancher-compose.yml", {"catalog-forge-lint", "catalog-forge-generate-check"}),
        ("infra-templates/web/config.yml", {"catalog-forge-lint"}),
        ("images/web-conf/Dockerfile", {"catalog-forge-lint", "catalog-forge-generate-check"}),
        ("catalog-forge.yml", set(BY_ID)),
        ("README.md", set()),
    ],
)
def test_hooks_run_for_files_of_a_catalog(path: str, ids: set[str]) -> None:
    assert {hook["id"] for hook in HOOKS if re.search(hook["files"], path)} == ids


def test_the_hooks_run(tmp_path: Path) -> None:
    tree(
        tmp_path, {**SOUND, "specs/web-conf.yml": "forge: 1\nname: web-conf\nservise: nginx:1.27.3\nconfig: /etc/nginx/x.conf\n"}
    )
    done = run(shlex.split(BY_ID["catalog-forge-lint"]["entry"]), tmp_path)
    assert done.returncode == 1 and "specs/web-conf.yml:3:1: error CF801" in done.stdout
    spec = "forge: 1\nname: web-conf\nservice: nginx:1.27.3\nconfig: /etc/nginx/x.conf\n"
    tree(tmp_path, {"specs/web-conf.yml": spec})
    done = run(shlex.split(BY_ID["catalog-forge-generate-check"]["entry"]), tmp_path)
    assert done.returncode == 1 and "the generated files differ" in done.stderr


def test_the_hook_for_scenarios_runs(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/web-conf.yml": SPEC, "specs/web-conf/scenarios/first.yml": SCENARIO.format(port=81)})
    done = run(shlex.split(BY_ID["catalog-forge-test"]["entry"]), tmp_path)
    assert done.returncode == 1 and "web-conf/first" in done.stdout


SPEC = """forge: 1
name: web-conf
service: nginx:1.27.3
config: /etc/nginx/x.conf
metadata: [port]
"""
SCENARIO = """stack: shop
services:
  web: {{sidekicks: {{web-conf: own}}, metadata: {{port: "80"}}}}
self: web-conf-1
expect:
  files: {{x.conf: {{contains: "port {port}"}}}}
"""


def step_of(name: str, tmp_path: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    """Run a step of the action, with its inputs as GitHub gives them."""
    program = tmp_path / "temp/catalog-forge/bin/catalog-forge"
    tree(tmp_path, {"temp/catalog-forge/bin/catalog-forge": f'#!/bin/sh\nexec {sys.executable} -m catalog_forge "$@"\n'})
    program.chmod(0o755)
    (step,) = (step for step in ACTION["runs"]["steps"] if step["name"] == name)
    given = {name: spec["default"] for name, spec in ACTION["inputs"].items()} | inputs
    values = {
        name: re.sub(r"\$\{\{ inputs\.(\w+) \}\}", lambda found: given[found[1]], text) for name, text in step["env"].items()
    }
    environment = {**ENVIRONMENT, **values, "RUNNER_TEMP": str(tmp_path / "temp")}
    command = ["bash", "--noprofile", "--norc", "-eo", "pipefail", "-c", step["run"]]
    return subprocess.run(command, cwd=tmp_path / "repo", env=environment, capture_output=True, text=True, check=False)


def lint_step(tmp_path: Path, **inputs: str) -> subprocess.CompletedProcess[str]:
    return step_of("Lint", tmp_path, **inputs)


def test_the_action_plays_scenarios_when_it_is_told_to(tmp_path: Path) -> None:
    scenario = "specs/web-conf/scenarios/first.yml"
    repo = tree(tmp_path / "repo", {"specs/web-conf.yml": SPEC, scenario: SCENARIO.format(port=80)})
    assert step_of("Test", tmp_path, test="true", junit="out.xml").returncode == 0
    assert "<testsuite" in (repo / "out.xml").read_text()
    tree(repo, {scenario: SCENARIO.format(port=81)})
    assert step_of("Test", tmp_path, test="true").returncode == 1
    (step,) = (step for step in ACTION["runs"]["steps"] if step["name"] == "Test")
    assert "inputs.test == 'true'" in step["if"] and ACTION["inputs"]["test"]["default"] == "false"


def test_the_action_marks_findings_and_writes_sarif(tmp_path: Path) -> None:
    tree(tmp_path / "repo", {path: text for path, text in SOUND.items() if "catalogIcon" not in path})
    done = lint_step(tmp_path, args="--select CF110 --fail-on warning", sarif="out.sarif")
    assert done.returncode == 1
    assert done.stdout.startswith("::warning file=templates/web,line=1,col=1,title=CF110 ")
    (found,) = json.loads((tmp_path / "repo/out.sarif").read_text())["runs"][0]["results"]
    assert found["ruleId"] == "CF110"
    assert lint_step(tmp_path, args="--select CF110").returncode == 0


def test_inputs_of_the_action_are_never_run(tmp_path: Path) -> None:
    tree(tmp_path / "repo", SOUND)
    done = lint_step(tmp_path, path="$(touch evil) `touch evil`; touch evil", args="--select CF110", sarif="")
    assert done.returncode and not (tmp_path / "repo/evil").exists()
    assert not any("${{" in step["run"] for step in ACTION["runs"]["steps"])


def test_the_action_installs_itself_and_uploads_nothing() -> None:
    steps = ACTION["runs"]["steps"]
    assert ACTION["runs"]["using"] == "composite" and not any("uses" in step for step in steps)
    assert 'install --quiet "$CATALOG_FORGE_SOURCE"' in steps[0]["run"]
    assert steps[0]["env"]["CATALOG_FORGE_SOURCE"] == "${{ github.action_path }}"


def test_the_page_names_inputs_and_hooks_that_there_are() -> None:
    github, _, _, pre_commit, *_ = BLOCKS
    (step,) = (step for step in github["jobs"]["lint"]["steps"] if "catalog-forge@" in step["uses"])
    assert step["with"].keys() <= ACTION["inputs"].keys()
    assert {hook["id"] for hook in pre_commit["repos"][0]["hooks"]} == BY_ID.keys()


def commands() -> list[str]:
    """The commands of this program that the blocks of the page run."""
    _, gitlab, drone, pre_commit, *_ = BLOCKS
    lines = [*gitlab["lint"]["script"], *drone["steps"][0]["commands"]]
    lines += [
        shlex.join([*shlex.split(BY_ID[hook["id"]]["entry"]), *hook.get("args", [])]) for hook in pre_commit["repos"][0]["hooks"]
    ]
    lines += re.findall(r"sh '(.*?)'", PAGE)
    return [line for line in lines if line.startswith("catalog-forge ")]


def test_the_image_is_built_as_the_dockerfile_says() -> None:
    commands = re.findall(r"^    ((?:pip|docker) .*)$", PAGE, re.M)
    said = re.findall(r"^#   ((?:pip|docker) .*)$", (ROOT / "Dockerfile").read_text(), re.M)
    plain = (line.replace("registry.example.org/", "").replace(":0.1.0", "") for line in commands)
    assert [line.replace(" --build-arg BASE=python:3.11-slim-bookworm", "") for line in plain] == said
    assert "ARG BASE=python:3.11-slim-bookworm\n" in (ROOT / "Dockerfile").read_text()


@pytest.mark.parametrize("line", commands())
def test_the_commands_of_the_page_are_right(line: str) -> None:
    _, name, *arguments = shlex.split(line)
    command = root.get_command(click.Context(root), name)
    assert command is not None
    command.make_context(name, arguments)
