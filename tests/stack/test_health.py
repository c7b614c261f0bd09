"""Health: thresholds as a state machine, and checks of real sockets."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer

import pytest

from catalog_forge.stack.health import Checker, Health, Target, probe
from catalog_forge.stack.model import HealthCheck
from tests.helpers import PATIENCE

CHECK = HealthCheck(80, healthy_threshold=2, unhealthy_threshold=3, initializing_timeout=1000)
START = Health()


def after(words: str, start: Health = START, step: float = 0.1) -> str:
    health = start
    for number, word in enumerate(words):
        health = health.after(CHECK, word == "+", number * step)
    return health.state


@pytest.mark.parametrize(
    ("words", "state"),
    [("+", "initializing"), ("++", "healthy"), ("+-+", "initializing"), ("----++", "healthy"), ("-" * 11, "unhealthy")],
)
def test_a_unit_initializes_until_its_threshold_or_its_time_is_up(words: str, state: str) -> None:
    assert after(words) == state


@pytest.mark.parametrize(
    ("words", "state"), [("--", "healthy"), ("---", "unhealthy"), ("--+--", "healthy"), ("---++", "healthy")]
)
def test_a_healthy_unit_changes_at_the_thresholds(words: str, state: str) -> None:
    assert after(words, Health("healthy")) == state


class _Handler(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response({"/ok": 200, "/moved": 302}.get(self.path, 503))
        self.end_headers()

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def served() -> Iterator[int]:
    with HTTPServer(("127.0.0.1", 0), _Handler) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        yield server.server_port
        server.shutdown()
        thread.join()


@pytest.mark.parametrize(
    ("line", "good"), [("GET /ok HTTP/1.0", True), ("GET /moved", True), ("GET /bad HTTP/1.0", False), ("", True)]
)
def test_a_server_is_well_when_it_takes_the_connection_and_answers_2xx_or_3xx(line: str, good: bool) -> None:
    with served() as port:
        assert asyncio.run(probe("127.0.0.1", HealthCheck(port, line))) is good


def test_nobody_there_is_not_well() -> None:
    with served() as port:
        pass
    assert asyncio.run(probe("127.0.0.1", HealthCheck(port))) is False


def test_targets_are_checked_until_they_are_no_more() -> None:
    found: list[bool] = []
    twice = threading.Event()

    def note(_: Target, good: bool) -> None:
        found.append(good)
        if len(found) >= 2:
            twice.set()

    with served() as port, Checker(note) as checker:
        key = ("web", 1)
        checker.watch({key: Target(key, 1, "127.0.0.1", HealthCheck(port, interval=100))})
        assert twice.wait(PATIENCE)
        checker.watch({})
        count = len(found)
        assert not threading.Event().wait(0.25) and len(found) == count
    assert all(found)
