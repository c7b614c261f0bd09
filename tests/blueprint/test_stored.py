"""The proxies without Rancher: what `new --backend` makes of the blueprints whose servers a store can list."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.repository import Repository
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.play import cases, play
from tests.blueprint.made import make

PROXIES = ("haproxy-conf", "nginx-conf")
BACKENDS = ("etcdv3", "consul")


@pytest.fixture(params=[(name, backend) for name in PROXIES for backend in BACKENDS], ids="-".join)
def made(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[str, Path]:
    name, backend = request.param
    return name, make(name, tmp_path, "--backend", backend)


def test_its_scenarios_pass_and_lint_finds_nothing(made: tuple[str, Path]) -> None:
    name, folder = made
    source = Repository(folder).source(name)
    results = [play(case, Embedded()) for case in cases(source.spec(), source.folder)]
    assert [result.broken or result.passed for result in results if not result.skipped] == [True]
    linted = CliRunner().invoke(root, ["-C", str(folder), "lint", "."])
    assert linted.exit_code == 0 and "nothing found" in linted.output
    assert not (folder / "templates").exists()


def test_docker_compose_takes_what_it_makes(made: tuple[str, Path], docker_compose: Path) -> None:
    name, folder = made
    file = folder / "compose" / name / "compose.yaml"
    command = [docker_compose, "-f", file, "--profile", "store", "config"]
    done = subprocess.run(command, env={**os.environ}, capture_output=True, text=True, check=False)
    assert done.returncode == 0 and "not set" not in done.stderr, done.stderr


def test_another_blueprint_says_that_it_has_no_store(tmp_path: Path) -> None:
    words = ["-C", str(tmp_path), "new", "redis-conf", "--backend", "etcdv3", "--no-input", "--no-build"]
    refused = CliRunner().invoke(root, words)
    assert refused.exit_code in (1, 2) and "backend" in refused.stderr
    for name in PROXIES:
        refused = CliRunner().invoke(root, ["-C", str(tmp_path), "new", name, "--backend", "etcdv4", "--no-input", "--no-build"])
        assert refused.exit_code in (1, 2) and "store:etcdv4" in refused.stderr
