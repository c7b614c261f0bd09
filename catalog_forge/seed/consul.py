"""An HTTP client for Consul's key/value store.

A transaction has at most 64 operations (https://developer.hashicorp.com/consul/api-docs/txn).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence
from urllib.parse import quote

from catalog_forge.backends import TABLE
from catalog_forge.seed.store import Destination, unclear
from catalog_forge.seed.wire import Wire, basic


class Consul:
    """A client of Consul."""

    # A transaction has at most 512 KiB (limits.txn_max_req_len), in which Base64 makes the values longer by a third.
    most, room = 64, 320 << 10

    def __init__(self, target: Destination) -> None:
        self._target = target
        self._wire = Wire(
            target, TABLE["consul"].port, basic(target) | ({"X-Consul-Token": target.token} if target.token else {})
        )
        self.close = self._wire.close

    def begin(self) -> None:
        """Do nothing: each request carries the token."""

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        # The prefix needs its slash: without it, Consul also lists keys such as `app.old` for `app`.
        answer = self._wire.json("GET", f"/v1/kv{quote(self._target.prefix)}/?recurse=true", known=(404,))
        try:
            return {f"/{each['Key']}": b64decode(each["Value"] or "") for each in answer or ()}
        except (KeyError, TypeError, ValueError):
            unclear(self._target.node, "its keys do not have the format of Consul")

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations in one transaction.

        A single value is written without a transaction, because it may be too large for one.
        """
        if len(puts) == 1 and not deletes:
            for key, value in puts.items():
                self._wire.ask("PUT", f"/v1/kv{quote(key)}", value.encode())
            return
        operations: list[object] = [
            {"KV": {"Verb": "set", "Key": key[1:], "Value": b64encode(value.encode()).decode()}} for key, value in puts.items()
        ]
        operations += [{"KV": {"Verb": "delete", "Key": key[1:]}} for key in deletes]
        self._wire.json("PUT", "/v1/txn", operations)
