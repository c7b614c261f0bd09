"""The service on a real socket."""

from __future__ import annotations

import gc
import http.client
import json
import socket
import threading
import time
from collections.abc import Iterator
from contextlib import closing, suppress

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service import routes
from catalog_forge.metadata.service.answers import Answers, Entry
from catalog_forge.metadata.service.faults import Fault
from catalog_forge.metadata.service.server import MetadataServer, ReloadPort
from catalog_forge.metadata.service.wire import MAX_HEAD, Request, Response
from tests.helpers import PATIENCE


def answers(scale: int = 3, version: str | None = "7") -> Answers:
    own: Entry = {"self": {"service": {"name": "es", "scale": scale}}}
    rest: Entry = {"self": {"host": {"name": "node-a"}}}
    return Answers.of({"2016-07-29": {"127.0.0.1": own, "default": {**rest, "version": version} if version else rest}})


@pytest.fixture
def server() -> Iterator[MetadataServer]:
    with MetadataServer(answers()) as server:
        yield server


def connect(server: MetadataServer, timeout: float = PATIENCE) -> closing[http.client.HTTPConnection]:
    return closing(http.client.HTTPConnection(server.address, timeout=timeout))


def get(server: MetadataServer, path: str, method: str = "GET", **headers: str) -> tuple[int, str]:
    with connect(server) as connection:
        connection.request(method, path, headers=headers)
        response = connection.getresponse()
        return response.status, response.read().decode()


def say(server: MetadataServer, data: bytes, *, end: bool = False) -> bytes:
    """Send bytes, and return all that comes back until the server closes the connection; `end` says that no more comes."""
    host, port = server.address.split(":")
    with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
        client.sendall(data)
        if end:
            client.shutdown(socket.SHUT_WR)
        received = b""
        while chunk := client.recv(65536):
            received += chunk
        return received


def test_the_address_of_the_client_chooses_its_answers(server: MetadataServer) -> None:
    assert get(server, "/2016-07-29/self/service/name") == (200, "es")
    assert get(server, "/2016-07-29/self/service", Accept="application/json") == (200, '{"name":"es","scale":3}')


def test_others_are_served_while_a_large_answer_is_printed(monkeypatch: pytest.MonkeyPatch) -> None:
    large: Entry = {"services": [{"name": f"s{number}"} for number in range(5_000)]}
    begun, go_on, printed = threading.Event(), threading.Event(), routes.respond

    def respond(answers: Answers, request: Request) -> Response:
        if request.path.endswith("/services"):
            begun.set()
            assert go_on.wait(PATIENCE)
        return printed(answers, request)

    monkeypatch.setattr(routes, "respond", respond)
    with MetadataServer(Answers.of({"2016-07-29": {"default": large}})) as server, connect(server) as first:
        first.request("GET", "/2016-07-29/services", headers={"Accept": "application/yaml"})
        assert begun.wait(PATIENCE)
        assert get(server, "/2016-07-29/services/7/name") == (200, "s7")
        go_on.set()
        assert first.getresponse().read().count(b"- name: s") == 5_000


def test_one_connection_serves_many_requests(server: MetadataServer) -> None:
    with connect(server) as connection:
        for path in ("/", "/2016-07-29/version", "/2016-07-29/nope", "/2016-07-29/version"):
            connection.request("GET", path)
            first = connection.sock
            connection.getresponse().read()
            assert connection.sock is first is not None


def test_head_has_the_headers_of_get_and_no_body(server: MetadataServer) -> None:
    with connect(server) as connection:
        for method, body in (("HEAD", b""), ("GET", b"es")):
            connection.request(method, "/2016-07-29/self/service/name")
            response = connection.getresponse()
            assert response.getheader("Content-Length") == "2"
            assert response.getheader("Content-Type") == "text/plain; charset=utf-8"
            assert response.getheader("Access-Control-Allow-Origin") == "*"
            assert response.read() == body


def test_pipelined_requests_are_answered_in_their_order(server: MetadataServer) -> None:
    one = b"GET /2016-07-29/self/service/%s HTTP/1.1\r\nHost: h\r\n\r\n"
    last = b"GET /2016-07-29/version HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n"
    received = say(server, one % b"name" + one % b"scale" + last)
    assert [part.partition(b"HTTP")[0] for part in received.split(b"\r\n\r\n")[1:]] == [b"es", b"3", b"7"]


def test_a_body_is_not_taken_for_a_request(server: MetadataServer) -> None:
    received = say(server, b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 18\r\n\r\nGET / HTTP/1.1\r\nHost: h\r\n\r\n")
    assert received.count(b"HTTP/1.1") == 1
    assert received.endswith(b"404 page not found\n")


def test_x_forwarded_for_names_the_client_only_when_asked_to() -> None:
    for xff, expected in ((True, "host/\n"), (False, "service/\n")):
        with MetadataServer(answers(), xff=xff) as server:
            headers = {"X-Forwarded-For": "10.42.1.12, 1.2.3.4"}
            assert get(server, "/2016-07-29/self", **headers) == (200, expected)


def test_requests_are_reported_on_demand() -> None:
    seen: list[Request] = []
    with MetadataServer(answers(), on_request=seen.append) as server:
        get(server, "/2016-07-29/version?wait=true&value=init")
    assert [(request.path, request.query, request.client) for request in seen] == [
        ("/2016-07-29/version", "wait=true&value=init", "127.0.0.1")
    ]


def test_replacing_the_answers_sets_a_version_that_was_never_there(server: MetadataServer) -> None:
    seen = [get(server, "/latest/version")[1]]
    for scale, version in ((4, "7"), (5, "7"), (6, "8"), (7, "7"), (8, "8")):
        server.replace(answers(scale, version))
        seen.append(get(server, "/latest/version")[1])
    assert seen[0] == "7"
    assert "8" in seen  # a new version of the file's own is served as it is
    assert len(set(seen)) == len(seen)


def test_answers_without_a_version_are_given_one() -> None:
    with MetadataServer(answers(version=None)) as server:
        first = get(server, "/latest/version")
        server.replace(answers(version=None))
        second = get(server, "/latest/version")
    assert first[0] == second[0] == 200
    assert first[1] != second[1]


def test_a_waiting_client_is_answered_at_once_when_the_answers_change(server: MetadataServer) -> None:
    with connect(server) as connection:
        connection.request("GET", "/2016-07-29/version?wait=true&value=7&maxWait=100")
        time.sleep(0.3)
        server.replace(answers(4, "8"))
        assert connection.getresponse().read() == b"8"


def test_a_wait_ends_with_the_same_value_after_its_time(server: MetadataServer) -> None:
    started = time.monotonic()
    assert get(server, "/2016-07-29/version?wait=true&value=7&maxWait=1") == (200, "7")
    assert time.monotonic() - started > 0.9


def test_a_change_elsewhere_does_not_end_the_wait_for_a_value(server: MetadataServer) -> None:
    with connect(server) as connection:
        started = time.monotonic()
        connection.request("GET", "/2016-07-29/self/service/name?wait=true&value=es&maxWait=1")
        server.replace(answers(9))
        assert connection.getresponse().read() == b"es"
        assert time.monotonic() - started > 0.8


def test_a_missing_path_is_waited_for_and_then_not_found(server: MetadataServer) -> None:
    assert get(server, "/2016-07-29/nope?wait=true&value=x&maxWait=1") == (404, "Not found\n")


def test_what_differs_already_is_not_waited_for(server: MetadataServer) -> None:
    assert get(server, "/2016-07-29/version?wait=true&value=init&maxWait=100") == (200, "7")


def test_hundreds_of_waiting_clients_all_hear_of_a_change(server: MetadataServer) -> None:
    host, port = server.address.split(":")
    clients = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(300)]
    for client in clients:
        client.sendall(b"GET /2016-07-29/version?wait=true&value=7 HTTP/1.1\r\nHost: h\r\n\r\n")
    time.sleep(0.3)
    server.replace(answers(4, "8"))
    received = [client.recv(4096) for client in clients]
    assert all(part.endswith(b"\r\n\r\n8") for part in received)
    for client in clients:
        client.close()


@pytest.mark.parametrize(
    ("data", "status"),
    [
        (b"\r\n\r\n", b"400 Bad Request"),
        (b"\x16\x03\x01\x00\x05hello\r\n\r\n", b"400 Bad Request"),
        (b"GET /%zz HTTP/1.1\r\nHost: h\r\n\r\n", b"400 Bad Request"),
        (b"GET / HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 20_000 + b"\r\n", b"431 Request Header Fields Too Large"),
        (b"A" * (MAX_HEAD + 1), b"431 Request Header Fields Too Large"),
    ],
)
def test_a_bad_client_gets_an_error_and_harms_nobody(server: MetadataServer, data: bytes, status: bytes) -> None:
    try:
        received = say(server, data)
        assert received.startswith(b"HTTP/1.1 " + status)
        assert received.endswith(b"\r\n\r\n" + status)
    except ConnectionError:  # it was still sending when the answer came
        assert len(data) > MAX_HEAD
    assert get(server, "/2016-07-29/version") == (200, "7")


def test_half_a_request_is_cut_off(server: MetadataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.metadata.service.connection.HEAD_SECONDS", 0.3)
    assert say(server, b"GET / HTTP/1.1\r\nHost:") == b""


def test_a_client_that_leaves_while_it_waits_harms_nobody(server: MetadataServer) -> None:
    with connect(server) as connection:
        connection.request("GET", "/2016-07-29/version?wait=true&value=7")
        time.sleep(0.1)
    server.replace(answers(4, "8"))
    assert get(server, "/2016-07-29/version") == (200, "8")


def test_too_many_clients_are_turned_away(server: MetadataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.metadata.service.server.MAX_CONNECTIONS", 1)
    with connect(server) as first:
        first.request("GET", "/2016-07-29/version")
        assert first.getresponse().read() == b"7"
        with pytest.raises((ConnectionError, http.client.HTTPException)):
            get(server, "/2016-07-29/version")
        first.request("GET", "/2016-07-29/version")
        assert first.getresponse().read() == b"7"


def test_a_client_that_does_not_read_is_not_written_to_for_ever() -> None:
    big = Answers.of({"latest": {"default": {"big": "x" * 1_000_000, "version": "1"}}})
    with MetadataServer(big) as server:
        host, port = server.address.split(":")
        with socket.create_connection((host, int(port)), timeout=PATIENCE) as client:
            client.sendall(b"GET /latest/big HTTP/1.1\r\nHost: h\r\n\r\n" * 500)
            assert get(server, "/latest/version") == (200, "1")
            received = 0
            while received < 500 * 1_000_000:
                received += len(client.recv(1 << 20))
        assert received > 500 * 1_000_000 - 1


def test_a_port_in_use_is_a_clear_error(server: MetadataServer) -> None:
    port = int(server.address.split(":")[1])
    with (
        pytest.raises(ForgeError, match=f"cannot listen on 127.0.0.1:{port}: the port is in use"),
        MetadataServer(answers(), port=port),
    ):
        pass


def test_the_server_ends_with_clients_still_waiting_and_leaves_no_thread() -> None:
    with MetadataServer(answers()) as server:
        waiting = http.client.HTTPConnection(server.address, timeout=PATIENCE)
        waiting.request("GET", "/2016-07-29/version?wait=true&value=7")
        time.sleep(0.1)
    with closing(waiting), pytest.raises(ConnectionError):
        waiting.getresponse()
    assert "metadata-server" not in [thread.name for thread in threading.enumerate()]


@pytest.mark.parametrize("end", ["the server ends", "it goes down"])
def test_who_was_accepted_in_the_last_moment_is_cut_off_as_well(end: str, recwarn: pytest.WarningsRecorder) -> None:
    for _ in range(30):
        with MetadataServer(answers()) as server:
            host, port = server.address.split(":")
            clients = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(3)]
            if end == "it goes down":
                server.inject(Fault("down"))
        for client in clients:
            with client, suppress(ConnectionResetError):
                assert client.recv(1) == b""
    gc.collect()
    assert not [each for each in recwarn if each.category is ResourceWarning]


def test_json_of_the_root_lists_versions(server: MetadataServer) -> None:
    assert json.loads(get(server, "/", Accept="application/json")[1]) == {
        "2016-07-29": "/2016-07-29",
        "latest": "/latest",
    }


def test_yaml_is_answered_to_who_wants_it(server: MetadataServer) -> None:
    assert get(server, "/2016-07-29/self/service", Accept="application/x-yaml") == (200, "name: es\nscale: 3\n")
    assert get(server, "/2016-07-29/nope", Accept="text/yaml") == (404, "code: 404\nmessage: Not found\ntype: error\n\n")


def test_what_was_answered_once_is_answered_anew_after_a_change(server: MetadataServer) -> None:
    for scale in (4, 5, 6):
        server.replace(answers(scale, str(scale)))
        for _ in range(3):
            assert get(server, "/2016-07-29/self/service/scale") == (200, str(scale))
            assert get(server, "/2016-07-29/version", "HEAD") == (200, "")


def test_errors_say_that_their_type_is_not_to_be_guessed(server: MetadataServer) -> None:
    with connect(server) as connection:
        connection.request("GET", "/2016-07-29/nope")
        response = connection.getresponse()
        assert response.getheader("X-Content-Type-Options") == "nosniff"
        assert response.getheader("Access-Control-Allow-Origin") == "*"


def test_ten_thousand_headers_are_read(server: MetadataServer) -> None:
    received = say(server, b"GET /latest/version HTTP/1.1\r\nHost: h\r\n" + b"X: y\r\n" * 10_000 + b"Connection: close\r\n\r\n")
    assert received.endswith(b"\r\n\r\n7")


def test_clients_that_send_a_byte_at_a_time_are_cut_off(server: MetadataServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.metadata.service.connection.HEAD_SECONDS", 0.5)
    host, port = server.address.split(":")
    clients = [socket.create_connection((host, int(port)), timeout=PATIENCE) for _ in range(50)]
    deadline = time.monotonic() + PATIENCE
    left = list(clients)
    while left and time.monotonic() < deadline:
        for client in list(left):
            try:
                client.sendall(b"G")
            except ConnectionError:
                left.remove(client)
        assert get(server, "/2016-07-29/version") == (200, "7")
        time.sleep(0.1)
    assert not left
    for client in clients:
        client.close()


def test_a_thousand_kinds_of_request_take_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.metadata.service.server._MAX_KNOWN", 8)
    monkeypatch.setattr("catalog_forge.metadata.service.server.MAX_CACHE", 4096)
    with MetadataServer(answers()) as server, connect(server) as connection:
        for number in range(1000):
            connection.request("GET", f"/2016-07-29/{number}")
            assert connection.getresponse().read() == b"Not found\n"
        connection.request("GET", "/2016-07-29/version")
        assert connection.getresponse().read() == b"7"


def test_the_reload_port_reloads_on_post_only() -> None:
    calls: list[int] = []

    def reload() -> None:
        calls.append(1)
        if len(calls) == 2:
            raise ForgeError("no good")

    with ReloadPort(reload) as port:
        host = port.address
        for method, path, expected in (
            ("GET", "/v1/reload", (404, b"404 page not found\n")),
            ("POST", "/v1/other", (404, b"404 page not found\n")),
            ("POST", "/v1/reload", (200, b"OK")),
            ("POST", "/v1/reload", (500, b"no good")),
        ):
            with closing(http.client.HTTPConnection(host, timeout=PATIENCE)) as connection:
                connection.request(method, path)
                response = connection.getresponse()
                assert (response.status, response.read()) == expected
    assert len(calls) == 2
