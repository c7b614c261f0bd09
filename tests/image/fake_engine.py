"""A server on a Unix socket that misbehaves in ways that a real engine cannot be brought to."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

Answer = Callable[[bytes, socket.socket], None]


def reply(connection: socket.socket, body: object, status: str = "200 OK") -> None:
    """Answer a request with JSON."""
    content = json.dumps(body).encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    connection.sendall(head.encode() + content)


def hang_up(_: bytes, __: socket.socket) -> None:
    """Answer nothing: the connection is closed."""


@contextmanager
def fake_engine(path: Path, answer: Answer) -> Iterator[str]:
    """Serve on the socket `path`: `answer` gets the head of each request; each connection serves one. Yields DOCKER_HOST."""
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(str(path))
        listener.listen()
        thread = threading.Thread(target=_serve, args=(listener, answer))
        thread.start()
        try:
            yield f"unix://{path}"
        finally:
            listener.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listener: socket.socket, answer: Answer) -> None:
    while True:
        try:
            connection, _ = listener.accept()
        except OSError:
            return
        with connection:
            if head := connection.recv(65536):
                answer(head, connection)
