"""Small tools for tests."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import docker
from docker.models.images import Image


def tree(root: Path, files: Mapping[str, str | bytes]) -> Path:
    """Write ``files`` (relative path to content) below ``root``, making folders on the way, and return ``root``."""
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return root


def said(client: docker.DockerClient, image: str | Image, command: Sequence[str] = (), **options: object) -> bytes:
    """What a container of ``image`` writes to its output, whole: a log that is followed can end before the last piece."""
    container = client.containers.create(image, list(command) or None, **options)
    try:
        container.start()
        container.wait()
        return bytes(container.logs(stderr=False))
    finally:
        container.remove(force=True)
