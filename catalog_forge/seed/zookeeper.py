"""A client of ZooKeeper, based on kazoo. Each key is a node; confd does not read the values of inner nodes."""

from __future__ import annotations

import logging
import posixpath
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from catalog_forge.errors import extra
from catalog_forge.seed.change import parents
from catalog_forge.seed.store import PATIENCE, Destination, denied, refuse


class Zookeeper:
    """A client of ZooKeeper. The node is HOST:PORT or, for an ensemble, several such addresses separated by commas."""

    # A request has at most 1 MiB (jute.maxbuffer), and a new key also creates the nodes above it.
    most, room = 100, 512 << 10

    def __init__(self, target: Destination) -> None:
        self._target = target
        self._kazoo: Any = extra("kazoo.client", "zookeeper")
        login = [("digest", f"{target.username}:{target.password}")] if target.username else []
        try:
            for each in target.node.split(","):
                each.encode("idna")  # an invalid host name would crash kazoo's thread
            # kazoo raises errors as exceptions. Its log, which would repeat each error many times, is switched off.
            quiet = logging.Logger("kazoo", logging.CRITICAL + 1)
            self._client = self._kazoo.KazooClient(hosts=target.node, timeout=PATIENCE, auth_data=login, logger=quiet)
        except ValueError:
            refuse(target.node, "the address must be HOST:PORT, or several of these separated by commas")
        # The existing nodes at and below the prefix, and whether each node has a value; filled by the first read.
        self._nodes: dict[str, bool] | None = None

    def begin(self) -> None:
        """Connect."""
        try:
            self._client.start(timeout=PATIENCE)
        except self._client.handler.timeout_exception:
            refuse(self._target.node, f"it did not answer within {PATIENCE:g} s", "is it running, and is --node its address?")

    def close(self) -> None:
        """Close the connection."""
        self._client.stop()
        self._client.close()

    def read(self) -> dict[str, bytes]:
        """Return all leaves below the prefix with their values."""
        found: dict[str, bytes] = {}
        self._nodes, above = {}, [self._target.prefix]
        while above:
            # Read one level at a time, with thousands of requests in flight.
            listed = [(path, self._client.get_children_async(path), self._client.get_async(path)) for path in above]
            above = []
            for path, children, value in listed:
                names, node = self._got(children, []), self._got(value, None)
                above += [f"{path}/{name}" for name in names]
                if node:
                    self._nodes[path] = bool(node[0])
                if node and not names and path != self._target.prefix:
                    found[path] = node[0] or b""
        return found

    def _got(self, asked: Any, otherwise: Any) -> Any:
        errors = extra("kazoo.exceptions", "zookeeper")
        try:
            return asked.get(timeout=PATIENCE)
        except errors.NoNodeError:
            return otherwise
        except (errors.NoAuthError, errors.AuthFailedError):
            denied(self._target.node)
        except (errors.KazooException, self._client.handler.timeout_exception) as error:
            refuse(self._target.node, f"{type(error).__name__} {error}".strip())

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations in one transaction; create the parents of new nodes, and remove parents left empty."""
        transaction = self._client.transaction()
        if self._nodes is None:
            self.read()
        there = self._nodes = self._nodes or {}
        there |= {path: True for path in parents(self._target.prefix) if self._got(self._client.exists_async(path), None)}
        for key, value in puts.items():
            for path in [*parents(key), key]:
                if path not in there:
                    transaction.create(path, value.encode() if path == key else b"")
                    there[path] = False
                elif path == key:
                    transaction.set_data(key, value.encode())
        self._delete(transaction, puts, deletes, there)
        for answer in self._got(transaction.commit_async(), []):
            if isinstance(answer, Exception):
                refuse(self._target.node, f"it refuses the transaction: {type(answer).__name__}")

    def _delete(self, transaction: Any, puts: Mapping[str, str], deletes: Sequence[str], there: dict[str, bool]) -> None:
        below = Counter(posixpath.dirname(path) for path in there)
        for key in deletes:
            if below[key]:
                transaction.set_data(key, b"")
            if key in there:
                there[key] = False
            path = key
            # A parent is removed with its last child, unless the parent has a value.
            while not (path in puts or path == self._target.prefix or below[path] or there.get(path, True)):
                transaction.delete(path)
                del there[path]
                path = posixpath.dirname(path)
                below[path] -= 1
