"""What the live tests share: images that are built once, and a network with the metadata service."""

from __future__ import annotations

import os
import subprocess
import uuid
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.helpers import PATIENCE
from tests.live.harness import Images
from tests.live.software import Forge, forge_in
from tests.live.tool import Tool

# Nothing of other people's catalogs is here: their entries are tested where a path to them is given.
_CHECKOUTS = ("CATALOG_FORGE_COMMUNITY_CATALOG", "CATALOG_FORGE_CATALOG_DOCKERFILES")
collect_ignore = [] if all(os.environ.get(name) for name in _CHECKOUTS) else ["test_community_entry.py"]


@pytest.fixture(scope="session")
def images(engine: docker.DockerClient, base_image: str, confd: Path, test_labels: dict[str, str]) -> Iterator[Images]:  # noqa: ARG001
    """Builds images, and removes them in the end."""
    images = Images(engine, confd, test_labels)
    yield images
    images.remove()


@pytest.fixture(scope="session")
def main_image(images: Images) -> str:
    """An image with /bin/sh, sleep and the probe, and nothing else."""
    return images.main()


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001 (it is there)
    """A catalog whose images go in the end."""
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


@pytest.fixture
def tool(engine: docker.DockerClient, base_image: str, tmp_path: Path) -> Iterator[Tool]:  # noqa: ARG001 (its image is there)
    tool = Tool(engine, tmp_path, f"up{uuid.uuid4().hex[:6]}")
    yield tool
    subprocess.run(tool.command("down", tool.name, "-v"), env=tool.environ, capture_output=True, check=False, timeout=PATIENCE)
    assert tool.ids() == {}
    assert not tool.state.exists()
    wanted = {"label": f"catalog-forge.stack={tool.name}"}
    assert not engine.networks.list(filters=wanted) and not engine.volumes.list(filters=wanted)
