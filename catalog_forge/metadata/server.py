"""The metadata service on a socket: the HTTP server behind `metadata serve` and behind every test with the real confd.

One thread runs an asyncio loop, because most clients do nothing but wait: confd -watch holds a request open until the
answers change, and a thousand of them must all hear of a change at once.
"""

from __future__ import annotations

import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from dataclasses import replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from catalog_forge.errors import ForgeError
from catalog_forge.metadata import routes
from catalog_forge.metadata.answers import Answers
from catalog_forge.metadata.wire import MAX_HEAD, BadRequestError, Request, Response, parse_head

MAX_CONNECTIONS = 4096
HEAD_SECONDS = 10.0
IDLE_SECONDS = 900.0  # longer than confd's default interval of 600 s, so that it keeps its connection

Listener = Callable[[Request], None]


class MetadataServer:
    """Serves answers while its `with` block lasts.

    `port` 0 takes a free port. With `xff` the header X-Forwarded-For, as it stands, names the client. `on_request` is
    called with each request, from the server's thread. Entering raises ForgeError when the address cannot be had.
    """

    def __init__(
        self,
        answers: Answers,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        xff: bool = False,
        on_request: Listener | None = None,
    ) -> None:
        self._address = (host, port)
        self._xff = xff
        self._on_request = on_request
        self._connections: set[_Connection] = set()
        self._revisions = answers.revisions()
        self._changes = 0
        self.answers = answers if self._revisions else self._fresh(answers)

    def __enter__(self) -> Self:
        self._socket = _listen(*self._address)
        self._loop = asyncio.new_event_loop()
        self._server = self._loop.run_until_complete(
            self._loop.create_server(lambda: _Connection(self), sock=self._socket, backlog=1024)
        )
        self._thread = threading.Thread(target=self._run, name="metadata-server", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def address(self) -> str:
        """`HOST:PORT`, as confd's -node wants it."""
        host, port = self._socket.getsockname()[:2]
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        """The address with its scheme, without a slash at the end."""
        return f"http://{self.address}"

    def replace(self, answers: Answers) -> None:
        """Serve other answers from now on, with a `version` that was never served before, and wake all who wait."""
        revisions = answers.revisions()
        self.answers = self._fresh(answers) if not revisions or revisions & self._revisions else answers
        self._revisions |= self.answers.revisions()
        self._loop.call_soon_threadsafe(self._wake)

    def _fresh(self, answers: Answers) -> Answers:
        self._changes += 1
        own = min(answers.revisions(), default="")
        return answers.revised(f"{own}-{self._changes}" if own else str(self._changes))

    def _run(self) -> None:
        self._loop.run_forever()
        self._server.close()
        for connection in list(self._connections):
            connection.abort()
        self._loop.run_until_complete(asyncio.sleep(0))
        self._loop.close()

    def _wake(self) -> None:
        for connection in list(self._connections):
            connection.look_again()

    # What a connection needs of its server.

    def admit(self, connection: _Connection) -> bool:
        """Take in a connection unless there are too many."""
        if len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        return True

    def forget(self, connection: _Connection) -> None:
        """Let a connection go."""
        self._connections.discard(connection)

    def receive(self, request: Request) -> Request:
        """Report a request, and settle who asks."""
        forwarded = request.headers.get("x-forwarded-for", "") if self._xff else ""
        request = replace(request, client=forwarded) if forwarded else request
        if self._on_request:
            self._on_request(request)
        return request


class _Connection(asyncio.Protocol):
    """One client: reads heads, answers in order, waits where it was asked to, and cuts off who dawdles."""

    transport: asyncio.Transport

    def __init__(self, server: MetadataServer) -> None:
        self.server = server
        self.received = b""
        self.client = ""
        self.waiting: tuple[Request, routes.Wait] | None = None
        self.blocked = False
        self.timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if not self.server.admit(self):
            transport.abort()
            return
        self.client = transport.get_extra_info("peername")[0].removeprefix("::ffff:")
        self._limit(HEAD_SECONDS)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self._limit(None)
        self.server.forget(self)

    def data_received(self, data: bytes) -> None:
        if not self.received and not self.waiting:
            self._limit(HEAD_SECONDS)
        self.received += data
        self._proceed()

    def pause_writing(self) -> None:
        self.blocked = True
        self._limit(HEAD_SECONDS)

    def resume_writing(self) -> None:
        self.blocked = False
        self._proceed()

    def look_again(self) -> None:
        """Answer the waiting request if what it waits for has come."""
        if self.waiting and not routes.must_wait(self.server.answers, *self.waiting):
            self._answer_waiting()

    def abort(self) -> None:
        """Cut the client off."""
        self.transport.abort()

    def _proceed(self) -> None:
        while not (self.waiting or self.blocked or self.transport.is_closing()):
            head, end, rest = self.received.partition(b"\r\n\r\n")
            if len(head) > MAX_HEAD:
                self._refuse(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
            elif end:
                self.received = rest
                self._handle(head)
            else:
                break
        if len(self.received) > MAX_HEAD:
            self.transport.pause_reading()
        elif not self.transport.is_closing():
            self.transport.resume_reading()

    def _handle(self, head: bytes) -> None:
        try:
            request = self.server.receive(parse_head(head.lstrip(b"\r\n"), self.client))
        except BadRequestError as error:
            self._refuse(error.status)
            return
        wait = routes.wish_to_wait(request)
        if wait and wait.seconds and routes.must_wait(self.server.answers, request, wait):
            self.waiting = request, wait
            self._limit(wait.seconds, self._answer_waiting)
        else:
            self._answer(request)

    def _answer_waiting(self) -> None:
        assert self.waiting
        request, self.waiting = self.waiting[0], None
        self._answer(request)
        self._proceed()

    def _answer(self, request: Request) -> None:
        response = routes.respond(self.server.answers, request)
        self._limit(IDLE_SECONDS)
        self._send(response, head_only=request.method == "HEAD", close=not request.keep_alive)

    def _refuse(self, status: HTTPStatus) -> None:
        self._send(Response(status, f"{status.value} {status.phrase}".encode()), close=True)

    def _send(self, response: Response, *, head_only: bool = False, close: bool = False) -> None:
        self.transport.write(response.encode(head_only=head_only, close=close))
        if close:
            self.transport.close()

    def _limit(self, seconds: float | None, then: Callable[[], None] | None = None) -> None:
        """Set the one clock of this connection: cut it off, or do `then`, after `seconds`."""
        if self.timer:
            self.timer.cancel()
        loop = asyncio.get_running_loop()
        self.timer = None if seconds is None else loop.call_later(seconds, then or self.abort)


def _listen(host: str, port: int) -> socket.socket:
    try:
        family = socket.getaddrinfo(host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)[0][0]
        return socket.create_server((host, port), family=family, backlog=1024)
    except OSError as error:
        hint = "choose another port, or 0 for any free one" if error.errno == errno.EADDRINUSE else ""
        reason = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise ForgeError(f"cannot listen on {host}:{port}: {reason}", hint=hint) from None
