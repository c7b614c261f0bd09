"""Asking a live service."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service import client
from catalog_forge.metadata.service.server import MetadataServer
from tests.helpers import PATIENCE
from tests.metadata.service.test_server import answers


@contextmanager
def saying(*parts: bytes) -> Iterator[str]:
    """A service that takes one request, says this, and then nothing more."""
    done = threading.Event()
    with socket.create_server(("127.0.0.1", 0)) as listening:

        def serve() -> None:
            connection, _ = listening.accept()
            with connection:
                connection.recv(4096)
                for part in parts:
                    connection.sendall(part)
                done.wait(PATIENCE)

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        done.set()
        thread.join()


def test_a_service_is_asked_in_a_format_and_in_a_name() -> None:
    with MetadataServer(answers(), xff=True) as server:
        assert client.ask(server.url, "/latest/self", "application/json") == (200, b'{"service":{"name":"es","scale":3}}')
        assert client.ask(f"{server.url}/latest/", "/self", "text/plain", "10.9.9.9") == (200, b"host/\n")
        assert client.ask(server.url, "/latest/nope", "text/plain")[0] == 404


@pytest.mark.parametrize("url", ["https://x", "rancher-metadata", "http://", "http://x:port", "ftp://x", "http://[::1"])
def test_what_is_no_url_of_a_service_is_refused(url: str) -> None:
    with pytest.raises(ForgeError, match="is not the URL of a metadata service"):
        client.ask(url, "/", "text/plain")


def test_nobody_there_is_a_clear_error() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(ForgeError, match=f"http://127.0.0.1:{port} does not answer: Connection refused"):
        client.ask(f"http://127.0.0.1:{port}", "/", "text/plain")


def test_a_service_that_is_silent_or_speaks_something_else_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "SECONDS", 0.3)
    with saying() as url, pytest.raises(ForgeError, match="does not answer: timed out"):
        client.ask(url, "/", "text/plain")
    with saying(b"SSH-2.0\r\n\r\n") as url, pytest.raises(ForgeError, match="does not answer"):
        client.ask(url, "/", "text/plain")
    with saying(b"HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf") as url, pytest.raises(ForgeError):
        client.ask(url, "/", "text/plain")


def test_an_answer_without_end_is_cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(client, "MAX_BYTES", 1000)
    with saying(b"HTTP/1.1 200 OK\r\n\r\n" + b"x" * 2000) as url, pytest.raises(ForgeError, match="more than 1000 bytes"):
        client.ask(url, "/", "text/plain")
