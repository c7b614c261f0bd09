"""Real stores for the tests of this folder."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.stores.servers import KINDS, Missing, Store, running

# What is built from its source comes with the second tier.
SECOND = ("consul", "vault")
BACKENDS = [pytest.param(name, marks=pytest.mark.second_tier) if name in SECOND else name for name in KINDS]


@pytest.fixture(scope="module", params=BACKENDS)
def store(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    """A store of each back end, which runs; without one, the test is skipped, and fails on a CI machine."""
    yield from started(request.param, tmp_path_factory.mktemp(request.param))


def started(backend: str, folder: Path, **options: str) -> Iterator[Store]:
    """Run a store, or skip the test."""
    with needing(backend), running(backend, folder, **options) as found:
        yield found


@contextmanager
def needing(what: str) -> Iterator[None]:
    """Skip the test when a program is missing that the block needs; on a CI machine it fails."""
    try:
        yield
    except Missing as why:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no {what}: {why}")
