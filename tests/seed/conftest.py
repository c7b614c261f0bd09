"""The stores that are seeded here: real servers, started once for all tests of the room."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import servers


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.etcd(tmp_path_factory.mktemp("etcd")) as server:
        yield server


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.redis(tmp_path_factory.mktemp("redis")) as server:
        yield server


@pytest.fixture(scope="session")
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.zookeeper(tmp_path_factory.mktemp("zookeeper")) as server:
        yield server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    with servers.moto(tmp_path_factory.mktemp("moto")) as server:
        yield server


@pytest.fixture
def ssm(moto: servers.Server, monkeypatch: pytest.MonkeyPatch) -> servers.Server:
    for name, value in servers.aws(moto).items():
        monkeypatch.setenv(name, value)
    return replace(moto, node="")


@pytest.fixture
def dynamodb(ssm: servers.Server) -> servers.Server:
    return replace(ssm, node=servers.table(uuid.uuid4().hex))


@pytest.fixture
def file(tmp_path: Path) -> servers.Server:
    return servers.Server((), 0, tmp_path, str(tmp_path / "values.json"))
