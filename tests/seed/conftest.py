"""The stores that are seeded here: real servers, started once for all tests of the room."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from tests import servers
from tests.stores import servers as real_stores
from tests.stores.conftest import started


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


@pytest.fixture(scope="session")
def consul(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    for store in started("consul", tmp_path_factory.mktemp("consul")):
        yield servers.Server((), store.port, store.folder)


@pytest.fixture(scope="session")
def vault_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[servers.Server]:
    for store in started("vault", tmp_path_factory.mktemp("vault")):
        yield servers.Server((), store.port, store.folder)


@pytest.fixture
def vault(vault_server: servers.Server, monkeypatch: pytest.MonkeyPatch) -> servers.Server:
    monkeypatch.setenv("CONF_TOKEN", real_stores.TOKEN)
    return vault_server
