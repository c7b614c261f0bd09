"""What the live tests share: images that are built once, and a network with the metadata service."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.live.harness import Images


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
