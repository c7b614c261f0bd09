"""What a client of a store does, and what it is told: where the store is, below which prefix, with which credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from catalog_forge.errors import ForgeError
from catalog_forge.seed.change import Change, is_below

PATIENCE = 10.0
"""Seconds within which a store answers."""


@dataclass(frozen=True, slots=True)
class Destination:
    """Where to write: the address of a node, else the back end's own default, and the prefix that all keys lie below.

    For DynamoDB the node is the name of the table. At or below `secret` keys lie values that nobody may see. Nobody sees the
    credentials either: they come from the environment or from files. `ca`, `cert` and `key` are paths of PEM files for https.
    """

    node: str
    prefix: str
    username: str = ""
    password: str = field(default="", repr=False)
    token: str = field(default="", repr=False)
    ca: str = ""
    cert: str = ""
    key: str = ""
    secret: frozenset[str] = frozenset()

    def is_secret(self, key: str) -> bool:
        """Whether nobody may see the value of a key."""
        return is_below(key, self.secret)


class Client(Protocol):
    """A connection to a store. Keys are absolute paths with slashes, as confd's templates read them below its prefix.

    `most` is how many operations the store takes in one transaction; 1 where it has none. `room` is how many bytes of keys and
    values it takes in one.
    """

    most: int
    room: int

    def begin(self) -> None:
        """Connect, and log in where that is expected. Raises ForgeError."""

    def close(self) -> None:
        """Let the connection go."""

    def read(self) -> dict[str, bytes]:
        """Return all that lies below the prefix. Raises ForgeError."""

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Do at most `most` operations in `room`, all or none of them. Raises ForgeError."""


def carry_out(found: Change, client: Client) -> None:
    """Do to a store what differs, in as many transactions as it takes. Raises ForgeError."""
    for puts, deletes in found.batches(client.most, client.room):
        client.write(puts, deletes)


def refuse(node: str, why: str, hint: str = "") -> NoReturn:
    """Raise the one clear line that a store's failure becomes."""
    raise ForgeError(f"the store at {node}: {why}", hint=hint)


CREDENTIALS = "the variables CONF_USERNAME, CONF_PASSWORD and CONF_TOKEN hold the credentials, or CONF_PASSWORD_FILE and so on"


def denied(node: str, why: str = "it rejects the credentials") -> NoReturn:
    """Raise what wrong or missing credentials become."""
    refuse(node, why, CREDENTIALS)


def unclear(node: str, what: str) -> NoReturn:
    """Raise what an answer becomes that is cut off, or is not what this kind of store answers."""
    refuse(node, f"its answer cannot be read: {what}", "is this the right port, and the right back end?")
