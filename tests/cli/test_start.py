"""What a command loads before it does anything: a start is waited for each time."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import docker
import pytest

HEAVY = {"ruamel", "yaml", "jinja2", "cookiecutter", "docker", "gotpl", "rich", "requests"}
SPEC = "forge: 1\nname: redis-conf\nservice: redis:3.2.11\nconfig: /usr/local/etc/redis/redis.conf\nmetadata: [port]\n"


def loaded(*arguments: str) -> set[str]:
    """Return the top-level packages that a run of the command imports."""
    command = [sys.executable, "-X", "importtime", "-m", "catalog_forge", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    lines = [line for line in done.stderr.splitlines() if line.startswith("import time:")]
    return {line.rpartition("|")[2].strip().partition(".")[0] for line in lines}


@pytest.mark.parametrize(
    "arguments", [["--help"], ["--version"], ["generate", "--help"], ["build", "--help"], ["new", "--help"], ["lint", "--help"]]
)
def test_help_loads_no_heavy_library(arguments: list[str]) -> None:
    found = loaded(*arguments)
    assert "click" in found
    assert not found & HEAVY


def test_a_spec_whose_files_are_current_needs_no_compiler(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs" / "redis-conf.yml").write_text(SPEC)
    assert {"yaml", "jinja2"} <= loaded("-C", str(tmp_path), "generate")
    assert not loaded("-C", str(tmp_path), "generate") & HEAVY


@pytest.mark.engine
def test_ps_asks_a_local_engine_without_the_sdk(engine: docker.DockerClient) -> None:  # noqa: ARG001 (it is there)
    if not os.environ.get("DOCKER_HOST", "unix://").startswith("unix://"):
        pytest.skip("the engine is not at a Unix socket")
    assert not loaded("ps") & {*HEAVY, "http", "asyncio"}
