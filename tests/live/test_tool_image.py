"""The image of catalog-forge itself, built of wheels alone as its Dockerfile says."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from catalog_forge import __version__
from tests.live.software import ROOT, image_of

pytestmark = pytest.mark.engine


def ran(*words: str | Path, cwd: Path) -> str:
    done = subprocess.run(list(map(str, words)), cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{words}\n{done.stdout}{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def image(engine: docker.DockerClient, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The image, on a base that has Python of the same version as this one: the wheels are those of this machine."""
    # A machine that reaches package registries alone cannot have python:3.11-slim of the hub; this one brings Debian's Python.
    image_of("rabbitmq")
    base, tag = "catalog-forge-debian:rabbitmq", f"catalog-forge-tool:{uuid.uuid4().hex[:8]}"
    theirs = engine.containers.run(base, ["-c", "import sys; print(*sys.version_info[:2])"], entrypoint="python3", remove=True)
    if tuple(map(int, theirs.split())) != sys.version_info[:2]:
        pytest.skip(f"the base has Python {theirs.decode().strip()}, and the wheels of this machine are of another")
    context = tmp_path_factory.mktemp("context")
    for name in ("Dockerfile", ".dockerignore", "pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, context / name)
    for name in ("catalog_forge", "blueprints", "examples"):
        shutil.copytree(ROOT / name, context / name, ignore=shutil.ignore_patterns("__pycache__"))
    (command,) = (line[4:].split() for line in (ROOT / "Dockerfile").read_text().splitlines() if line.startswith("#   pip wheel"))
    ran(sys.executable, "-m", *command, "--quiet", cwd=context)
    try:
        ran("docker", "build", "--quiet", "--build-arg", f"BASE={base}", "-t", tag, ".", cwd=context)
        yield tag
    finally:
        ran("docker", "rmi", "--force", tag, cwd=context)


def test_the_image_is_the_command_and_works_in_a_folder_of_its_user(image: str, tmp_path: Path) -> None:
    catalog = tmp_path / "catalog"
    catalog.mkdir()
    user = f"{os.getuid()}:{os.getgid()}"

    def tool(*words: str) -> str:
        options = ("--rm", "--network", "none", "--user", user, "-v", f"{catalog}:/catalog")
        return ran("docker", "run", *options, image, *words, cwd=tmp_path)

    assert tool("--version").startswith(f"catalog-forge {__version__}, ")
    tool("new", "redis-conf", "--no-input", "--no-build")
    assert (catalog / "templates/redis/0/docker-compose.yml").is_file()
    assert "passed" in tool("test")
    tool("lint", "--no-external")


def test_without_words_it_shows_its_help(image: str, tmp_path: Path) -> None:
    assert "Exit codes" in ran("docker", "run", "--rm", "--network", "none", image, cwd=tmp_path)
