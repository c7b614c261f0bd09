"""A client of etcd's v2 API, over HTTP. The API has no transactions (https://etcd.io/docs/v2.3/api)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any
from urllib.parse import quote, urlencode

from catalog_forge.backends import TABLE
from catalog_forge.seed.store import Destination, refuse, unclear
from catalog_forge.seed.wire import Wire, basic


class Etcd:
    """A client of etcd v2."""

    most = room = 1

    def __init__(self, target: Destination) -> None:
        self._target = target
        self._wire = Wire(target, TABLE["etcd"].port, {"Content-Type": "application/x-www-form-urlencoded", **basic(target)})
        self.close = self._wire.close

    def begin(self) -> None:
        """Do nothing: each request carries the password."""

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        status, content = self._wire.ask("GET", f"{_path(self._target.prefix)}?recursive=true", known=(404,))
        if status == 404 and b"errorCode" not in content:
            refuse(self._target.node, "it has no /v2/keys", "start etcd 3.4 with --enable-v2, or use the back end etcdv3")
        if status == 404:
            return {}
        answer = self._wire.parsed(content)
        try:
            return {key: value.encode() for key, value in _leaves(answer["node"])}
        except (KeyError, TypeError, AttributeError):
            unclear(self._target.node, "its keys do not have the format of etcd")

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform one operation, a put or a delete. There is never more than one, because `most` is 1."""
        for key, value in puts.items():
            # A removed list or map leaves its directory behind, which blocks a value of the same name.
            if self._wire.ask("PUT", _path(key), urlencode({"value": value}), known=(403,))[0] == 403:
                self._wire.ask("DELETE", f"{_path(key)}?recursive=true", known=(403, 404))
                self._wire.ask("PUT", _path(key), urlencode({"value": value}))
        for key in deletes:
            self._wire.ask("DELETE", _path(key), known=(404,))


def _path(key: str) -> str:
    return f"/v2/keys{quote(key)}"


def _leaves(node: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    if not node.get("dir"):
        yield node["key"], node["value"]
    for each in node.get("nodes", ()):
        yield from _leaves(each)
