"""The stores that are seeded here: real servers, started once for all tests of the room. A fixture returns the node."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.stores.conftest import needing, started
from tests.stores.servers import AWS, TOKEN, Aws


def _node(backend: str, folders: pytest.TempPathFactory) -> Iterator[str]:
    for store in started(backend, folders.mktemp(backend)):
        yield f"127.0.0.1:{store.port}"


@pytest.fixture(scope="session")
def etcd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """etcd with both of its interfaces."""
    yield from _node("etcd", tmp_path_factory)


@pytest.fixture(scope="session")
def redis(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _node("redis", tmp_path_factory)


@pytest.fixture(scope="session")
def zookeeper(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _node("zookeeper", tmp_path_factory)


@pytest.fixture(scope="session")
def consul(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _node("consul", tmp_path_factory)


@pytest.fixture(scope="session")
def vault_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    yield from _node("vault", tmp_path_factory)


@pytest.fixture
def vault(vault_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    monkeypatch.setenv("CONF_TOKEN", TOKEN)
    return vault_server


@pytest.fixture(scope="session")
def moto(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Aws]:
    store = Aws("dynamodb", tmp_path_factory.mktemp("moto"))
    with needing("moto"):
        store.start()
    yield store
    store.kill()


@pytest.fixture
def ssm(moto: Aws, monkeypatch: pytest.MonkeyPatch) -> str:
    region = {"AWS_DEFAULT_REGION": AWS["AWS_REGION"]}
    for name, value in {**AWS, **region, "AWS_ENDPOINT_URL": f"http://{moto.nodes}"}.items():
        monkeypatch.setenv(name, value)
    return ""


@pytest.fixture
def dynamodb(moto: Aws, ssm: str) -> str:
    del ssm  # the environment that leads there
    name = uuid.uuid4().hex
    moto.create_table(name)
    return name


@pytest.fixture
def file(tmp_path: Path) -> str:
    return str(tmp_path / "values.json")
