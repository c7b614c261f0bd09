"""Finds the keys that confd reads in a store other than Rancher's: each of confd's back ends searches in its own way.

Rules: confd 0.16.0 (backends/NAME/client.go, GetValues; resource/template/resource.go, setVars). This module puts a slash
before each segment of a key, as `catalog_forge.confd.layout` does, whatever separator the store itself uses.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from catalog_forge.backends import PAGE
from catalog_forge.confd.imitated.store import StoreError, clean, join

Leaves = Mapping[bytes, bytes]
_SLASH = ord("/")


@dataclass(frozen=True, slots=True)
class Stored:
    """The contents of a store, and the name of its back end."""

    backend: str
    held: Leaves

    def leaves(self, prefix: str, keys: Sequence[str]) -> dict[bytes, bytes]:
        """Return the keys and values that confd reads below a prefix. Raises StoreError if the lookup fails."""
        found: dict[bytes, bytes] = {}
        for key in keys:
            found.update(_FINDERS.get(self.backend, _below)(self.held, join(prefix, key).encode()))
        start = prefix.encode()
        return {clean(b"/" + key.removeprefix(start)): value for key, value in found.items()}


def _below(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield a key and all keys below it."""
    start = key.rstrip(b"/") + b"/"
    return ((path, value) for path, value in held.items() if path == key or path.startswith(start))


def _raw(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield all keys that begin with the text of `key`."""
    return ((path, value) for path, value in held.items() if path.startswith(key))


def _etcd(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that etcd lists. It hides segments that begin with _. Raises StoreError if `key` is missing."""
    found = dict(_below(held, key))
    if not found and key != b"/":
        raise StoreError(f"100: Key not found ({key.decode()})")
    return ((path, value) for path, value in found.items() if b"/_" not in path[len(key.rstrip(b"/")) :])


def _zookeeper(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that confd finds in ZooKeeper, where a node with children has no value."""
    found = dict(_below(held, key))
    if not found and key != b"/":
        raise StoreError("zk: node does not exist")
    above = {path[:place] for path in found for place, byte in enumerate(path) if byte == _SLASH}
    return ((path, value) for path, value in found.items() if path not in above)


def _redis(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that confd finds in Redis: a key with a value hides the keys below it."""
    return iter(((key, held[key]),)) if key in held else _below(held, key)


def _dynamodb(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that confd finds in DynamoDB: only `key` if it exists, otherwise all keys that begin with its text.

    Raises StoreError if the table is larger than the one page that confd reads.
    """
    if key in held:
        return iter(((key, held[key]),))
    if sum(len(b"key" + path + b"value" + value) for path, value in held.items()) > PAGE:
        raise StoreError("the table is larger than the 1 MB that confd reads of it, so some of its keys are missing")
    return _raw(held, key)


def _ssm(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that confd finds in SSM: the keys below `key` if there are any, otherwise `key` itself."""
    below = [(path, value) for path, value in _below(held, key) if path != key]
    return iter(below or [(key, held[key])] if below or key in held else ())


def _env(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Yield the keys that confd derives from environment variables, whose names are in capital letters with _ for each slash."""
    start = _variable(key)
    names = {_variable(path): value for path, value in held.items()}
    return ((b"/" + name.lower().replace(b"_", b"/"), value) for name, value in names.items() if name.startswith(start))


def _variable(key: bytes) -> bytes:
    return key.removeprefix(b"/").replace(b"/", b"_").upper()


_FINDERS: Mapping[str, Callable[[Leaves, bytes], Iterator[tuple[bytes, bytes]]]] = {
    "env": _env,
    "file": _raw,
    "etcd": _etcd,
    "consul": _raw,
    "redis": _redis,
    "zookeeper": _zookeeper,
    "dynamodb": _dynamodb,
    "ssm": _ssm,
}
