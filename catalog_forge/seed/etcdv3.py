"""A client of etcd's v3 API. The client uses the HTTP gateway of etcd.

Since etcd 3.4, the path of the gateway has been /v3/kv (https://etcd.io/docs/v3.4/dev-guide/api_grpc_gateway).
"""

from __future__ import annotations

from base64 import b64decode, b64encode
from collections.abc import Mapping, Sequence

from catalog_forge.backends import TABLE
from catalog_forge.errors import ForgeError
from catalog_forge.seed.change import bytes_of_key, text_of_key
from catalog_forge.seed.store import Destination, denied, unclear
from catalog_forge.seed.wire import Wire


class Etcdv3:
    """A client of etcd v3."""

    # `most` is the server's default of --max-txn-ops; `room` is less than its default of --max-request-bytes (1.5 MiB).
    most, room = 128, 1 << 20

    def __init__(self, target: Destination) -> None:
        self._target = target
        self._wire = Wire(target, TABLE["etcdv3"].port)
        self.close = self._wire.close

    def begin(self) -> None:
        """Log in if a user is given."""
        target = self._target
        if not target.username:
            return
        who = {"name": target.username, "password": target.password}
        # A wrong password is one of several causes of status 400.
        answer = self._wire.json("POST", "/v3/auth/authenticate", who, known=(400,))
        if not isinstance(answer, dict) or "token" not in answer:
            denied(target.node)
        self._wire.headers["Authorization"] = str(answer["token"])

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values."""
        begin = self._target.prefix + "/"
        # The end of the range is `begin` with its last byte incremented by one: the slash becomes 0.
        asked = {"key": _text(begin), "range_end": _text(self._target.prefix + "0")}
        answer = self._asked("range", asked)
        try:
            return {text_of_key(b64decode(each["key"])): b64decode(each.get("value", "")) for each in answer.get("kvs", ())}
        except (AttributeError, KeyError, TypeError, ValueError):
            unclear(self._target.node, "its keys do not have the format of etcd")

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations in one transaction."""
        operations: list[object] = [{"requestPut": {"key": _text(key), "value": _text(value)}} for key, value in puts.items()]
        operations += [{"requestDeleteRange": {"key": _text(key)}} for key in deletes]
        self._asked("txn", {"success": operations})

    def _asked(self, what: str, data: object) -> dict[str, list[dict[str, str]]]:
        try:
            answer = self._wire.json("POST", f"/v3/kv/{what}", data)
        except ForgeError as error:
            # Without a login, etcd answers 400 if a user is required.
            if "user name is empty" in str(error) or "permission denied" in str(error):
                denied(self._target.node)
            raise
        if not isinstance(answer, dict):
            unclear(self._target.node, "it does not have the format of etcd")
        return answer


def _text(text: str) -> str:
    return b64encode(bytes_of_key(text)).decode()
