"""What a newcomer copies from the README, the tutorial and the examples serves a client, with the real program."""

from __future__ import annotations

import re
import shlex
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.live.software import ROOT, Forge, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001
    image_of("redis")
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


def specs_in(file: str) -> list[str]:
    """The whole specs that a page shows."""
    blocks = re.findall(r"^```yaml\n(.*?)^```", (ROOT / file).read_text(), re.DOTALL | re.MULTILINE)
    return [block for block in blocks if "forge: 1" in block and "redis" in block]


def serves(client: docker.DockerClient, forge: Forge, **answers: str) -> None:
    """Bring the entry up, and ask the program what it was told, at first and after a change."""
    with running(client, forge, "redis", **answers) as stack:
        for memory, told in (("64mb", "67108864"), ("32mb", "33554432")):
            if memory != "64mb":
                stack.up(maxmemory=memory)
            eventually(
                f"redis obeys maxmemory {memory}",
                30,
                lambda: run(stack.container("redis", 1), "redis-cli", "config", "get", "maxmemory").split(),
                lambda said, told=told: said == ["maxmemory", told],
            )


ANSWERS = {"maxmemory": "64mb", "maxmemory_policy": "allkeys-lru"}


@pytest.mark.parametrize("file", ["README.md", "docs/tutorial.md", "examples/specs/redis-conf.yml"])
def test_a_spec_that_is_copied_serves_a_client(file: str, engine: docker.DockerClient, forge: Forge) -> None:
    (text,) = specs_in(file) if file.endswith(".md") else [(ROOT / file).read_text()]
    forge.spec("redis-conf", text)
    serves(engine, forge, **ANSWERS)


def test_the_command_of_the_readme_makes_an_entry_that_serves_a_client(engine: docker.DockerClient, forge: Forge) -> None:
    (command,) = re.findall(r"`(catalog-forge new redis-conf --service [^`]*)`", (ROOT / "README.md").read_text())
    forge(*shlex.split(command)[1:], "--no-build")
    spec = (forge.catalog / "specs/redis-conf.yml").read_text()
    forge.spec("redis-conf", spec)
    serves(engine, forge, **ANSWERS)
