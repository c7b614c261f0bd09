"""What confd reads of a store that is not Rancher's: which keys it finds there, as each of its back ends looks for them.

Rules: confd 0.16.0 (backends/NAME/client.go, GetValues; resource/template/resource.go, setVars). The keys of a store stand here
with slashes before each segment, whatever the store itself writes: `catalog_forge.confd.layout` makes them.
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
    """A store: the name of its back end, and all that it holds."""

    backend: str
    held: Leaves

    def leaves(self, prefix: str, keys: Sequence[str]) -> dict[bytes, bytes]:
        """Return what confd keeps of these keys below a prefix. Raises StoreError where it fails."""
        found: dict[bytes, bytes] = {}
        for key in keys:
            found.update(_FINDERS.get(self.backend, _below)(self.held, join(prefix, key).encode()))
        start = prefix.encode()
        return {clean(b"/" + key.removeprefix(start)): value for key, value in found.items()}


def _below(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A key, and all keys below it."""
    start = key.rstrip(b"/") + b"/"
    return ((path, value) for path, value in held.items() if path == key or path.startswith(start))


def _raw(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """All keys whose text begins with that of the key."""
    return ((path, value) for path, value in held.items() if path.startswith(key))


def _etcd(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Segments that begin with _ are hidden in a listing; a key that does not exist is an error."""
    found = dict(_below(held, key))
    if not found and key != b"/":
        raise StoreError(f"100: Key not found ({key.decode()})")
    return ((path, value) for path, value in found.items() if b"/_" not in path[len(key.rstrip(b"/")) :])


def _zookeeper(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A node that has children has no value."""
    found = dict(_below(held, key))
    if not found and key != b"/":
        raise StoreError("zk: node does not exist")
    above = {path[:place] for path in found for place, byte in enumerate(path) if byte == _SLASH}
    return ((path, value) for path, value in found.items() if path not in above)


def _redis(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """A key that has a value hides those below it."""
    return iter(((key, held[key]),)) if key in held else _below(held, key)


def _dynamodb(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """An item hides those that begin with its key; of those one page of the table is read, whatever lies on it."""
    if key in held:
        return iter(((key, held[key]),))
    if sum(len(b"key" + path + b"value" + value) for path, value in held.items()) > PAGE:
        raise StoreError("the table is larger than the 1 MB that confd reads of it, and some of its keys are missing")
    return _raw(held, key)


def _ssm(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """Keys below a key hide its value."""
    below = [(path, value) for path, value in _below(held, key) if path != key]
    return iter(below or [(key, held[key])] if below or key in held else ())


def _env(held: Leaves, key: bytes) -> Iterator[tuple[bytes, bytes]]:
    """The names of variables: capitals, with _ for every slash, and back again."""
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
