"""The interface of a store's client, and the settings that each client needs: address, prefix and credentials."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import NoReturn, Protocol

from catalog_forge.errors import ForgeError
from catalog_forge.seed.change import Change, is_below

PATIENCE = 10.0
"""The longest wait for an answer from a store, in seconds."""


@dataclass(frozen=True, slots=True)
class Destination:
    """The destination of a seed: the address of a node (if empty, the back end's default), and the prefix of all keys.

    For DynamoDB, the node is the name of the table. Values at or below `secret` keys are shown only on request. The credentials
    come from the environment or from files, and are never shown. `ca`, `cert` and `key` are paths of PEM files for https.
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
        """Whether the value of a key must not be shown."""
        return is_below(key, self.secret)


class Client(Protocol):
    """A connection to a store.

    Keys are absolute paths with slashes. In confd's templates, keys are relative to the prefix.

    `most` is the number of operations that fit into one transaction, or 1 if the store has no transactions. `room` is the
    number of bytes of keys and values that fit into one transaction.
    """

    most: int
    room: int

    def begin(self) -> None:
        """Connect, and log in if required. Raises ForgeError on failure."""

    def close(self) -> None:
        """Close the connection."""

    def read(self) -> dict[str, bytes]:
        """Return all keys below the prefix with their values. Raises ForgeError on failure."""

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Perform all operations or none. Raises ForgeError on failure.

        There are at most `most` operations. If there are several, their keys and values have at most `room` bytes in total; a
        single operation may have any size.
        """


def carry_out(found: Change, client: Client) -> None:
    """Apply a change to a store, in as many transactions as needed. Raises ForgeError on failure."""
    for puts, deletes in found.batches(client.most, client.room):
        client.write(puts, deletes)


def refuse(node: str, why: str, hint: str = "") -> NoReturn:
    """Raise a ForgeError that states a store's failure in one line."""
    raise ForgeError(f"the store at {node}: {why}", hint=hint)


CREDENTIALS = "set the credentials in CONF_USERNAME, CONF_PASSWORD or CONF_TOKEN, or name a file in CONF_PASSWORD_FILE and so on"


def denied(node: str, why: str = "it rejects the credentials") -> NoReturn:
    """Raise the ForgeError for wrong or missing credentials."""
    refuse(node, why, CREDENTIALS)


def unclear(node: str, what: str) -> NoReturn:
    """Raise the ForgeError for a response that is truncated or comes from another kind of store."""
    refuse(node, f"its answer cannot be read: {what}", "is this the right port, and the right back end?")
