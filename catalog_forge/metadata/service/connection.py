"""Handles the connection of one client: finds the request heads, sends the answers in order, and enforces time limits."""

from __future__ import annotations

import asyncio
from http import HTTPStatus
from typing import Protocol

from catalog_forge.metadata.service.wire import MAX_HEAD, BadRequestError, Response, head_end

HEAD_SECONDS = 10.0
IDLE_SECONDS = 900.0  # longer than confd's default interval of 600 s, so that confd keeps its connection

_OVERLAP = 2  # a head ends with LF LF or LF CR LF, and all of these bytes but the last may have arrived earlier
# The number of requests of one client that are answered before other clients have their turn.
_TURN = 16


class RequestHandler(Protocol):
    """Handles the requests of connections: `take` gets one request head at a time, and answers immediately or later."""

    def admit(self, connection: Connection) -> bool:
        """Return whether to accept a new connection."""

    def forget(self, connection: Connection) -> None:
        """Remove a connection that has ended."""

    def take(self, connection: Connection, head: bytes) -> None:
        """Answer a request with `connection.send`, or set `connection.busy` and later call `connection.send_late`."""


class Connection(asyncio.Protocol):
    """A connection from the address `client`. It is aborted after `deadline`, which is a time on the clock of the event loop."""

    transport: asyncio.Transport

    def __init__(self, desk: RequestHandler, loop: asyncio.AbstractEventLoop) -> None:
        self.desk = desk
        self.now = loop.time
        self._call_soon = loop.call_soon
        self.client = ""
        self.busy = False
        self.deadline: float | None = None
        self._received = bytearray()
        self._searched = 0  # no head ends before this offset, so bytes before it are not searched again
        self._blocked = False
        self._queued = False
        self._reading = True
        self._ended = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self.transport = transport
        if not self.desk.admit(self):
            transport.abort()
            return
        self.client = transport.get_extra_info("peername")[0].removeprefix("::ffff:")
        self.deadline = self.now() + HEAD_SECONDS

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002 (asyncio's signature)
        self.desk.forget(self)

    def data_received(self, data: bytes) -> None:
        if not (self._received or self.busy):
            self.deadline = self.now() + HEAD_SECONDS
        self._received += data
        self._proceed()

    def eof_received(self) -> bool:
        """Handle the end of input: received requests are still answered, but a client that waits for a change counts as gone."""
        self._ended = True
        if not self.busy:
            self._proceed()
        return not self.busy

    def pause_writing(self) -> None:
        self._blocked = True
        self.deadline = self.now() + HEAD_SECONDS

    def resume_writing(self) -> None:
        self._blocked = False
        self.deadline = self.now() + IDLE_SECONDS
        self._proceed()

    @property
    def held(self) -> int:
        """The number of received bytes that are not yet parsed."""
        return len(self._received)

    def send(self, payload: bytes, *, close: bool = False) -> None:
        """Send an answer; if `close` is set, close the connection afterwards."""
        self.transport.write(payload)
        if close:
            self.deadline = self.now() + HEAD_SECONDS
            self.transport.close()

    def send_late(self, payload: bytes, *, close: bool = False) -> None:
        """Send the answer that was pending while this connection was `busy`, and continue with the next request."""
        self.busy = False
        self.deadline = self.now() + IDLE_SECONDS
        self.send(payload, close=close)
        self._proceed()

    def refuse(self, error: BadRequestError) -> None:
        """Report why the received bytes are not a request, and close the connection."""
        self.send(Response(error.status, error.body.encode()).encode(close=True), close=True)

    def abort(self) -> None:
        """Abort the connection at once."""
        self.transport.abort()

    def _proceed(self) -> None:
        """Answer the received requests, a few at a time, so that a client with thousands of requests does not delay others."""
        for _ in range(_TURN):
            if not self._ready():
                break
            end = head_end(self._received, self._searched)
            if (end[0] if end else len(self._received)) > MAX_HEAD:
                self.refuse(BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE))
            elif end is None:
                self._searched = max(0, len(self._received) - _OVERLAP)
                break
            else:
                self._take(*end)
        else:
            self._queue()
        if self._ended and not (self.busy or self._blocked or self._queued or self.transport.is_closing()):
            self._end()
        self._throttle()

    def _end(self) -> None:
        """Close the connection after its last answer. If a whole line of input is left, refuse the rest as a bad request."""
        if b"\n" in self._received:
            self.refuse(BadRequestError())
        else:
            self.transport.close()

    def _take(self, end: int, after: int) -> None:
        head = bytes(self._received[:end])
        del self._received[:after]
        self._searched = 0
        self.desk.take(self, head)
        if not self._received and not (self.busy or self._blocked or self.transport.is_closing()):
            self.deadline = self.now() + IDLE_SECONDS

    def _ready(self) -> bool:
        return bool(self._received) and not (self.busy or self._blocked or self.transport.is_closing())

    def _queue(self) -> None:
        if not self._queued:
            self._queued = True
            self._call_soon(self._continue)

    def _continue(self) -> None:
        self._queued = False
        self._proceed()

    def _throttle(self) -> None:
        """Stop reading from the client while more than MAX_HEAD received bytes wait for their turn."""
        wanted = len(self._received) <= MAX_HEAD
        if wanted != self._reading and not self.transport.is_closing():
            self._reading = wanted
            (self.transport.resume_reading if wanted else self.transport.pause_reading)()
