"""Finds the client for each back end that can be seeded, and connects it to a store."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import cast

from catalog_forge.backends import TABLE
from catalog_forge.errors import ForgeError
from catalog_forge.seed.store import CREDENTIALS, Client, Destination

# The module and class of each client. They are imported on demand, because some imports take as long as writing thousands of
# keys.
_CLIENTS: Mapping[str, tuple[str, str]] = {
    "etcdv3": ("etcdv3", "Etcdv3"),
    "etcd": ("etcd", "Etcd"),
    "consul": ("consul", "Consul"),
    "redis": ("redis", "Redis"),
    "zookeeper": ("zookeeper", "Zookeeper"),
    "vault": ("vault", "Vault"),
    "dynamodb": ("aws", "Dynamodb"),
    "ssm": ("aws", "Ssm"),
    "file": ("file", "JsonFile"),
}
_NEEDED = {"file": "FILE, the file that the conf container reads", "dynamodb": "TABLE, whose key is the attribute `key`"}


def client_of(backend: str) -> Callable[[Destination], Client]:
    """Return the client class of a back end."""
    module, name = _CLIENTS[backend]
    return cast(Callable[[Destination], Client], getattr(importlib.import_module(f"catalog_forge.seed.{module}"), name))


@contextmanager
def connected(backend: str, target: Destination) -> Iterator[Client]:
    """Yield a connected client of a back end. Raises ForgeError if the back end has no store, or if the store fails."""
    if backend == "env":
        raise ForgeError("the back end env has no store to seed", hint="--export sh prints its environment variables")
    if not target.node and backend in _NEEDED:
        raise ForgeError(f"the address of the back end {backend} is missing", hint=f"--node {_NEEDED[backend]}")
    port = TABLE[backend].port
    if port and "@" in target.node:
        raise ForgeError(
            "the address of a store must not contain credentials, because every process on the machine could read them",
            hint=CREDENTIALS,
        )
    client = client_of(backend)(replace(target, node=target.node or (f"127.0.0.1:{port}" if port else "")))
    try:
        client.begin()
        yield client
    finally:
        client.close()
