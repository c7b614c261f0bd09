"""The real Helm for the tests of this folder, and a registry for its charts."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.registry.servers import Registry
from tests.stores.conftest import needing
from tests.stores.servers import tool


@pytest.fixture(scope="session")
def helm_program() -> Path:
    """The real Helm, built on the first use if it has to be."""
    with needing("helm"):
        return Path(tool("helm.sh"))
    raise AssertionError


@pytest.fixture(scope="session")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Registry]:
    """A registry that lets everybody in, without TLS."""
    with needing("docker-registry"):
        tool("registry.sh")
    with Registry(tmp_path_factory.mktemp("registry")) as found:
        yield found
