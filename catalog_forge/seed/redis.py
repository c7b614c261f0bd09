"""A Redis client that speaks RESP, the Redis protocol.

Commands are arrays of strings, and there are five kinds of replies (https://redis.io/docs/reference/protocol-spec).
"""

from __future__ import annotations

import re
import socket
from collections.abc import Iterable, Mapping, Sequence
from typing import BinaryIO
from urllib.parse import urlsplit

from catalog_forge.backends import TABLE
from catalog_forge.seed.change import bytes_of_key, text_of_key
from catalog_forge.seed.store import PATIENCE, Destination, denied, refuse, unclear

Reply = bytes | int | None | list["Reply"]
_SPECIAL = re.compile(r"([*?\[\]\\^])")
_NUMBER = re.compile(rb"-?[0-9]{1,15}")
_AT_ONCE = 1000


class Redis:
    """A client of Redis. The node is HOST:PORT, or HOST:PORT/DATABASE."""

    # Redis allows transactions of any length, but serves no other client during a transaction.
    most, room = 100_000, 1 << 29

    def __init__(self, target: Destination) -> None:
        self._target, self._node = target, target.node
        self._socket: socket.socket | None = None

    def begin(self) -> None:
        """Connect, log in and select the database."""
        target = self._target
        try:
            parts = urlsplit(self._node if "://" in self._node else f"redis://{self._node}")
            self._socket = socket.create_connection((parts.hostname or "", parts.port or TABLE["redis"].port), PATIENCE)
        except (OSError, ValueError) as error:
            refuse(self._node, getattr(error, "strerror", None) or str(error), "is it running, and is --node its address?")
        self._replies: BinaryIO = self._socket.makefile("rb")
        if target.password:
            user = (target.username,) if target.username else ()
            self._ask([("AUTH", *user, target.password)])
        if database := parts.path.strip("/"):
            self._ask([("SELECT", database)])

    def close(self) -> None:
        """Close the connection."""
        if self._socket:
            self._replies.close()
            self._socket.close()

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix that hold a string, with their values."""
        pattern, cursor, keys = _SPECIAL.sub(r"\\\1", self._target.prefix) + "/*", b"0", dict[bytes, None]()
        while True:
            found = self._ask([("SCAN", cursor, "MATCH", pattern, "COUNT", str(_AT_ONCE))])[0]
            if not isinstance(found, list) or len(found) != 2 or not isinstance(found[1], list):
                unclear(self._node, "it is not a reply of Redis")
            cursor = bytes(found[0])  # type: ignore[arg-type]
            keys |= dict.fromkeys(key for key in found[1] if isinstance(key, bytes))
            if cursor == b"0":
                break
        values = self._ask([("MGET", *keys)])[0] if keys else []
        pairs = zip(keys, values if isinstance(values, list) else (), strict=False)
        return {text_of_key(key): value for key, value in pairs if isinstance(value, bytes)}

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations in one transaction. If the connection breaks, Redis discards an incomplete transaction."""
        done: list[tuple[str, ...]] = [("MSET", *(word for pair in puts.items() for word in pair))] if puts else []
        done += [("DEL", *deletes)] if deletes else []
        self._ask([("MULTI",), *done, ("EXEC",)])

    def _ask(self, commands: Sequence[Sequence[str | bytes]]) -> list[Reply]:
        """Send commands in one pipeline, and return their replies in order."""
        assert self._socket
        try:
            self._socket.sendall(b"".join(map(_command, commands)))
            return [self._reply() for _ in commands]
        except TimeoutError:
            refuse(self._node, f"it did not answer within {PATIENCE:g} s")
        except OSError as error:
            refuse(self._node, error.strerror or str(error))

    def _reply(self) -> Reply:
        line = self._replies.readline(1 << 16)
        kind, rest = line[:1], line[1:-2]
        if not line.endswith(b"\r\n"):
            unclear(self._node, "it is incomplete")
        if kind == b"-":
            self._refused(rest.decode(errors="replace"))
        if kind == b"+":
            return rest
        if kind not in (b":", b"$", b"*") or not _NUMBER.fullmatch(rest):
            unclear(self._node, "it is not a reply of Redis")
        number = int(rest)
        if kind == b":" or number < 0:
            return number if kind == b":" else None
        return [self._reply() for _ in range(number)] if kind == b"*" else self._bulk(number)

    def _bulk(self, size: int) -> bytes:
        content = self._replies.read(size + 2)
        if len(content) != size + 2:
            unclear(self._node, "it is incomplete")
        return content[:-2]

    def _refused(self, words: str) -> None:
        if words.startswith(("NOAUTH", "WRONGPASS", "ERR invalid password", "NOPERM")):
            denied(self._node)
        refuse(self._node, f"it refuses: {words}")


def _command(words: Iterable[str | bytes]) -> bytes:
    parts = [word if isinstance(word, bytes) else bytes_of_key(word) for word in words]
    return b"*%d\r\n" % len(parts) + b"".join(b"$%d\r\n%b\r\n" % (len(part), part) for part in parts)
