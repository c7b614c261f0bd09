"""Filling the store of a stack: when it has come, and when another container has taken its place."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from types import SimpleNamespace
from typing import Any

import pytest

from catalog_forge.seed.store import Destination
from catalog_forge.stack import stored
from catalog_forge.stack.model import StoreBeside
from catalog_forge.stack.reconcile import Seen

STORE = StoreBeside("consul", "/app", "store", {"/app/a": "1", "/app/b": "22"}, ("/app/a", "/app/b"))
ONE = Seen("one", "s-store-1", "store", "store", 1, 1, "d", "10.0.0.2", "running")


@dataclass
class Client:
    """A store that holds nothing; a transaction has room for one of the keys."""

    node: str
    most: int = 64
    room: int = 12
    written: list[dict[str, str]] = field(default_factory=list)

    def begin(self) -> None:
        """There is nothing to connect to."""

    def close(self) -> None:
        """There is nothing to let go."""

    def read(self) -> dict[str, bytes]:
        return {}

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        del deletes
        self.written.append(dict(puts))


@dataclass
class Thread:
    """A thread that has done its work when it has been started."""

    target: Callable[..., None]
    args: tuple[Any, ...]
    daemon: bool

    def start(self) -> None:
        self.target(*self.args)

    def is_alive(self) -> bool:
        return False


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[Client]:
    """The stores that were connected to."""
    found: list[Client] = []

    @contextmanager
    def connected(backend: str, target: Destination) -> Iterator[Client]:
        assert backend == "consul"
        found.append(Client(target.node))
        yield found[-1]

    monkeypatch.setattr(stored, "connected", connected)
    monkeypatch.setattr(stored, "threading", SimpleNamespace(Thread=Thread))
    return found


def woken() -> None:
    """Whoever watches looks again."""


def test_each_container_that_takes_the_place_of_the_store_is_filled_once(asked: list[Client]) -> None:
    filling = stored.Filling(woken, pytest.fail)
    for container in (ONE, replace(ONE, id="two", address="10.0.0.3")):
        for _ in range(2):
            filling.look(STORE, [container])
            assert filling.is_full(STORE)
    assert [each.node for each in asked] == ["10.0.0.2:8500", "10.0.0.3:8500"]
    filling.look(STORE, [replace(ONE, state="exited")])
    assert not filling.is_full(STORE)


def test_what_does_not_fit_into_one_transaction_of_the_store_is_written_in_several(asked: list[Client]) -> None:
    stored.Filling(woken, pytest.fail).look(STORE, [ONE])
    assert {"/app/a": "1"} in asked[0].written and {"/app/b": "22"} in asked[0].written
