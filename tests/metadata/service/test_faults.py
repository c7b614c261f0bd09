"""A server that is told to fail, on a real socket."""

from __future__ import annotations

import http.client
import time
from collections.abc import Callable

import pytest

from catalog_forge.metadata.service import faults
from catalog_forge.metadata.service.server import MetadataServer
from tests.metadata.service.test_server import answers, connect, get

PATH = "/2016-07-29/version"


def test_a_server_that_is_down_refuses_connections_and_keeps_its_port() -> None:
    with MetadataServer(answers()) as server:
        address = server.address
        server.inject(faults.DOWN)
        with pytest.raises(ConnectionRefusedError):
            get(server, PATH)
        server.replace(answers(4, "8"))
        server.inject(faults.NONE)
        assert server.address == address
        assert get(server, PATH) == (200, "8")


def test_going_down_cuts_off_who_is_there_and_who_waits() -> None:
    with MetadataServer(answers()) as server, connect(server) as idle, connect(server) as waiting:
        idle.request("GET", PATH)
        assert idle.getresponse().read() == b"7"
        waiting.request("GET", f"{PATH}?wait=true&value=7")
        time.sleep(0.1)
        server.inject(faults.DOWN)
        for connection in (idle, waiting):
            with pytest.raises((ConnectionError, http.client.HTTPException)):
                if connection is idle:
                    connection.request("GET", PATH)
                connection.getresponse()


def test_a_server_may_start_late() -> None:
    with MetadataServer(answers(), fault=faults.DOWN) as server:
        with pytest.raises(ConnectionRefusedError):
            get(server, PATH)
        server.inject(faults.NONE)
        assert get(server, PATH) == (200, "7")


def test_a_server_goes_down_and_comes_back_again_and_again() -> None:
    with MetadataServer(answers()) as server:
        for _ in range(20):
            server.inject(faults.DOWN)
            server.inject(faults.DOWN)
            server.inject(faults.NONE)
            assert get(server, PATH) == (200, "7")


@pytest.mark.parametrize(
    ("accept", "body"),
    [
        ("text/plain", "Not found\n"),
        ("application/json", '{"code":404,"message":"Not found","type":"error"}\n'),
        ("text/yaml", "code: 404\nmessage: Not found\ntype: error\n\n"),
    ],
)
def test_everything_is_missing_in_the_format_that_was_asked_for(accept: str, body: str) -> None:
    with MetadataServer(answers(), fault=faults.MISSING) as server:
        for path in (PATH, "/", f"{PATH}?wait=true&value=7"):
            assert get(server, path, Accept=accept) == (404, body)
        server.inject(faults.NONE)
        assert get(server, PATH) == (200, "7")


def test_a_slow_server_answers_in_the_end_and_in_order() -> None:
    with MetadataServer(answers(), fault=faults.slow(0.3)) as server, connect(server) as connection:
        started = time.monotonic()
        for path, expected in ((PATH, b"7"), ("/2016-07-29/self/service/name", b"es")):
            connection.request("GET", path)
            assert connection.getresponse().read() == expected
        assert time.monotonic() - started >= 0.6


def test_a_slow_server_still_waits_for_a_change() -> None:
    with MetadataServer(answers(), fault=faults.slow(0.2)) as server, connect(server) as connection:
        connection.request("GET", f"{PATH}?wait=true&value=7&maxWait=30")
        time.sleep(0.5)
        server.replace(answers(4, "8"))
        assert connection.getresponse().read() == b"8"


def test_a_client_that_leaves_a_slow_server_harms_nobody() -> None:
    with MetadataServer(answers(), fault=faults.slow(0.2)) as server:
        with connect(server) as connection:
            connection.request("GET", PATH)
        time.sleep(0.4)
        server.inject(faults.NONE)
        assert get(server, PATH) == (200, "7")


def test_a_flapping_server_drops_every_second_request_beginning_with_the_first() -> None:
    with MetadataServer(answers(), fault=faults.FLAPPING) as server:
        assert [succeeds(lambda: get(server, PATH)) for _ in range(4)] == [False, True, False, True]
        server.inject(faults.FLAPPING)
        assert not succeeds(lambda: get(server, PATH))


def test_a_fault_may_be_injected_while_a_request_is_reported() -> None:
    server = MetadataServer(answers(), on_request=lambda _: server.inject(faults.MISSING))
    with server:
        assert get(server, PATH) == (200, "7")
        assert get(server, PATH) == (404, "Not found\n")


def succeeds(ask: Callable[[], object]) -> bool:
    try:
        ask()
    except (ConnectionError, http.client.HTTPException):
        return False
    return True
