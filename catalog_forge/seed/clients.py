"""The clients of the stores that can be seeded, by back end, and how one is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace

from catalog_forge.backends import TABLE
from catalog_forge.errors import ForgeError
from catalog_forge.seed.aws import Dynamodb, Ssm
from catalog_forge.seed.consul import Consul
from catalog_forge.seed.etcd import Etcd
from catalog_forge.seed.etcdv3 import Etcdv3
from catalog_forge.seed.file import JsonFile
from catalog_forge.seed.redis import Redis
from catalog_forge.seed.store import Client, Destination
from catalog_forge.seed.vault import Vault
from catalog_forge.seed.zookeeper import Zookeeper

CLIENTS: Mapping[str, Callable[[Destination], Client]] = {
    "etcdv3": Etcdv3,
    "etcd": Etcd,
    "consul": Consul,
    "redis": Redis,
    "zookeeper": Zookeeper,
    "vault": Vault,
    "dynamodb": Dynamodb,
    "ssm": Ssm,
    "file": JsonFile,
}
_NEEDED = {"file": "FILE, the one that the conf container reads", "dynamodb": "TABLE, whose key is the attribute `key`"}


@contextmanager
def connected(backend: str, target: Destination) -> Iterator[Client]:
    """Yield a client of a back end. Raises ForgeError when it has no store, or the store does not answer."""
    if backend == "env":
        raise ForgeError("the back end env has no store to seed", hint="--export sh prints the variables")
    if not target.node and backend in _NEEDED:
        raise ForgeError(f"where does the back end {backend} read?", hint=f"--node {_NEEDED[backend]}")
    port = TABLE[backend].port
    client = CLIENTS[backend](replace(target, node=target.node or (f"127.0.0.1:{port}" if port else "")))
    try:
        client.begin()
        yield client
    finally:
        client.close()
