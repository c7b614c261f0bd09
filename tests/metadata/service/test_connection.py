"""One client among many: what it sends must not keep the others waiting."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from http import HTTPStatus

from catalog_forge.metadata.service.connection import Connection
from catalog_forge.metadata.service.wire import Response


class RequestHandler:
    """Answers each request at once, and counts them."""

    def __init__(self) -> None:
        self.heads: list[bytes] = []

    def admit(self, _connection: Connection) -> bool:
        return True

    def forget(self, _connection: Connection) -> None: ...

    def take(self, connection: Connection, head: bytes) -> None:
        self.heads.append(head)
        connection.send(Response(HTTPStatus.OK).encode())


class Transport(asyncio.Transport):
    """Takes what is written."""

    def get_extra_info(self, _name: str, _default: object = None) -> object:
        return ("10.0.0.1", 1)

    def write(self, _data: object) -> None: ...

    def is_closing(self) -> bool:
        return False

    def pause_reading(self) -> None: ...

    def resume_reading(self) -> None: ...


class Loop(asyncio.SelectorEventLoop):
    """Keeps what is to be done later, so that a test can count the turns."""

    def __init__(self) -> None:
        super().__init__()
        self.later: list[Callable[[], object]] = []

    def call_soon(self, callback, *_args, **_options):  # type: ignore[no-untyped-def, override]
        self.later.append(callback)


def test_thousands_of_requests_of_one_client_are_answered_a_few_at_a_time_and_in_order() -> None:
    desk, loop = RequestHandler(), Loop()
    connection = Connection(desk, loop)
    connection.connection_made(Transport())
    connection.data_received(b"".join(b"GET /%d HTTP/1.1\r\n\r\n" % number for number in range(1000)))
    most = len(desk.heads)
    while loop.later:
        before = len(desk.heads)
        loop.later.pop(0)()
        most = max(most, len(desk.heads) - before)
    loop.close()
    assert desk.heads == [b"GET /%d HTTP/1.1\r" % number for number in range(1000)]
    assert most <= 32
