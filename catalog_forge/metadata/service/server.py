"""The metadata service on a socket: the HTTP server of `metadata serve` and of every test with the real confd.

One thread runs an asyncio loop, because most clients only wait: confd -watch holds a request open until the answers change, and
a change must reach a thousand clients at once.
"""

from __future__ import annotations

import abc
import asyncio
import errno
import socket
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from http import HTTPStatus
from types import TracebackType
from typing import Self

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service import faults, routes
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.cache import Cache
from catalog_forge.metadata.service.connection import Connection
from catalog_forge.metadata.service.faults import Fault
from catalog_forge.metadata.service.wire import BadRequestError, Request, Response, parse_head

MAX_CONNECTIONS = 4096
MAX_CACHE = 64 << 20
# The maximum number of received but unparsed bytes of all clients. If it is exceeded, each sweep aborts the connection with the
# most such bytes.
MAX_HELD = 128 << 20
RELOAD_PATH = "/v1/reload"

_MAX_KNOWN = 4096
_LONGEST_KNOWN = 2048
_SWEEP_SECONDS = 0.25
_BACKLOG = 1024

Listener = Callable[[Request], None]


class HttpServer(abc.ABC):
    """An HTTP server. For the duration of the `with` block, a thread serves the connections to a listening socket.

    `port` 0 selects a free port. Entering the block raises ForgeError if the address is not available.
    """

    def __init__(self, host: str, port: int, *, listening: bool = True) -> None:
        self._wanted = (host, port)
        self._connections: set[Connection] = set()
        self._listening = listening
        self._server: asyncio.Server | None = None
        self._sweeping = False

    def __enter__(self) -> Self:
        self._socket = _bind(*self._wanted, listening=self._listening)
        self._bound: tuple[str, int] = self._socket.getsockname()[:2]
        self._loop = asyncio.new_event_loop()
        if self._listening:
            self._loop.run_until_complete(self._open())
        self._thread = threading.Thread(target=self._run, name="metadata-server", daemon=True)
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, tb: TracebackType | None) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    @property
    def address(self) -> str:
        """The address as `HOST:PORT`, the form that confd's -node option takes."""
        host, port = self._bound
        return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"

    @property
    def url(self) -> str:
        """The address with its scheme, without a slash at the end."""
        return f"http://{self.address}"

    def admit(self, connection: Connection) -> bool:
        """Accept a connection, unless there are too many or the server is down."""
        if not self._listening or len(self._connections) >= MAX_CONNECTIONS:
            return False
        self._connections.add(connection)
        if not self._sweeping:
            self._sweeping = True
            self._loop.call_later(_SWEEP_SECONDS, self._sweep)
        return True

    def forget(self, connection: Connection) -> None:
        """Remove a connection that has ended."""
        self._connections.discard(connection)

    @abc.abstractmethod
    def take(self, connection: Connection, head: bytes) -> None:
        """Answer a request of a connection, now or later."""

    def _run(self) -> None:
        self._loop.run_forever()
        self._loop.run_until_complete(self._end())
        self._loop.close()

    async def _end(self) -> None:
        await self._shut()
        self._socket.close()
        await asyncio.gather(*(asyncio.all_tasks() - {asyncio.current_task()}), return_exceptions=True)
        await asyncio.sleep(0)  # closes the connections that were just aborted

    async def _open(self) -> None:
        self._listening = True
        self._server = await self._loop.create_server(lambda: Connection(self, self._loop), sock=self._socket, backlog=_BACKLOG)

    async def _shut(self) -> None:
        """Refuse new connections and abort existing ones, including those that are accepted but have no Connection object yet.

        asyncio creates a Connection object in the next turn of the loop. If the server is closed earlier, the socket leaks.
        """
        self._listening = False
        if self._server:
            self._loop.remove_reader(self._socket)
            await asyncio.sleep(0)
            self._server.close()
            self._server = None
        for connection in list(self._connections):
            connection.abort()

    async def _close(self) -> None:
        """Stop listening, but keep the port: bind a new socket to the port without listening on the socket."""
        await self._shut()
        self._socket = _bind(*self._bound, listening=False)

    def _sweep(self) -> None:
        """Abort connections past their deadline. One timer for all costs less than a timer for each of a thousand clients."""
        now = self._loop.time()
        for connection in [each for each in self._connections if each.deadline is not None and each.deadline < now]:
            connection.abort()
        held = sum(connection.held for connection in self._connections)
        if held > MAX_HELD:
            max(self._connections, key=lambda connection: connection.held).abort()
        self._sweeping = bool(self._connections)
        if self._sweeping:
            self._loop.call_later(_SWEEP_SECONDS, self._sweep)


@dataclass(frozen=True, slots=True)
class _Known:
    """A head that was received before: its request, the wait it asks for, and the key under which its answer is cached."""

    request: Request
    wait: routes.Wait | None
    key: tuple[bool, tuple[str, str, str]] | None


class MetadataServer(HttpServer):
    """Serves answers for the duration of its `with` block.

    If `xff` is set, the whole value of the header X-Forwarded-For is the client's address. `on_request` is called with each
    request, from the server's thread. `fault` is the fault at the start, such as `down` for a service that starts late.
    """

    def __init__(
        self,
        answers: Answers,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        xff: bool = False,
        on_request: Listener | None = None,
        fault: Fault = faults.NONE,
    ) -> None:
        super().__init__(host, port, listening=fault.kind != "down")
        self._xff = xff
        self._on_request = on_request
        self._fault = fault
        self._flaps = 0
        self._waiting: dict[Connection, tuple[_Known, asyncio.TimerHandle]] = {}
        self._known: dict[tuple[bytes, str], _Known] = {}
        self._cache = Cache(MAX_CACHE)
        self._printing: set[asyncio.Task[None]] = set()
        self._one_printer = asyncio.Lock()
        self._one_change = asyncio.Lock()
        self._revisions = answers.revisions()
        self._changes = 0
        self.answers = answers if self._revisions else self._fresh(answers)

    def replace(self, answers: Answers) -> None:
        """Serve these answers from now on, with a `version` that was never served before, and wake all waiting requests."""
        revisions = answers.revisions()
        self.answers = self._fresh(answers) if not revisions or revisions & self._revisions else answers
        self._revisions |= self.answers.revisions()
        self._loop.call_soon_threadsafe(self._wake)

    def inject(self, fault: Fault) -> None:
        """Apply a fault from now on; `faults.NONE` ends it.

        The fault has taken effect when this method returns, unless the method is called from the server's thread.
        Raises OSError if another program took the port while the service was down.
        """
        change = self._suffer(fault)
        # `on_request` runs in the loop's thread. If it calls `inject`, that thread cannot wait for the loop.
        if threading.current_thread() is self._thread:
            self._loop.create_task(change)
        else:
            asyncio.run_coroutine_threadsafe(change, self._loop).result()

    async def _suffer(self, fault: Fault) -> None:
        async with self._one_change:
            self._fault, self._flaps = fault, 0
            if fault.kind == "down" and self._listening:
                await self._close()
            elif fault.kind != "down" and not self._listening:
                await self._open()

    def _fresh(self, answers: Answers) -> Answers:
        self._changes += 1
        own = min(answers.revisions(), default="")
        return answers.revised(f"{own}-{self._changes}" if own else str(self._changes))

    def forget(self, connection: Connection) -> None:
        """Remove a connection, and its waiting request if it has one."""
        super().forget(connection)
        if connection in self._waiting:
            self._waiting.pop(connection)[1].cancel()

    def take(self, connection: Connection, head: bytes) -> None:
        """Answer a request now or after the change that it waits for, or misbehave as the current fault requires."""
        # Clients repeat their requests, so each head is parsed only once. When the answers change, `_wake` forgets all heads.
        known = self._known.get((head, connection.client))
        if known is None:
            try:
                known = self._learn(head, connection.client)
            except BadRequestError as error:
                connection.refuse(error)
                return
        if self._on_request:
            self._on_request(known.request)
        if self._fault.kind == "none":
            self._serve(connection, known)
        else:
            self._serve_badly(connection, known)

    def _learn(self, head: bytes, client: str) -> _Known:
        request = parse_head(head, client)
        forwarded = request.header("x-forwarded-for") if self._xff else ""
        if forwarded:
            request = replace(request, client=forwarded)
        kind = routes.kind(self.answers, request) if request.keep_alive else None
        known = _Known(request, routes.wish_to_wait(request), kind and (request.method == "HEAD", kind))
        if len(head) <= _LONGEST_KNOWN:
            if len(self._known) >= _MAX_KNOWN:
                del self._known[next(iter(self._known))]
            self._known[head, client] = known
        return known

    def _serve_badly(self, connection: Connection, known: _Known) -> None:
        self._flaps += 1
        if self._fault.kind == "flapping" and self._flaps % 2:
            connection.abort()
        elif self._fault.kind == "slow":
            connection.busy, connection.deadline = True, None
            self._loop.call_later(self._fault.seconds, self._serve_late, connection, known)
        elif self._fault.kind == "missing":
            close = not known.request.keep_alive
            response = routes.missing(known.request)
            connection.send(response.encode(head_only=known.request.method == "HEAD", close=close), close=close)
        else:
            self._serve(connection, known)

    def _serve_late(self, connection: Connection, known: _Known) -> None:
        if connection not in self._connections:
            return
        if not self._waits(connection, known):
            self._answer(connection, known, connection.send_late)

    def _serve(self, connection: Connection, known: _Known) -> None:
        if known.wait is None or not self._waits(connection, known):
            self._answer(connection, known, connection.send)

    def _answer(self, connection: Connection, known: _Known, send: Callable[..., None]) -> None:
        """Send the answer. A large answer that is not cached is made and sent later; other clients are served meanwhile."""
        payload = self._cache.get(known.key) if known.key else None
        if payload is None and routes.is_large(self.answers, known.request):
            connection.busy, connection.deadline = True, None
            task = self._loop.create_task(self._print(connection, known))
            self._printing.add(task)
            task.add_done_callback(self._printing.discard)
            return
        send(payload or self._printed(self.answers, known), close=not known.request.keep_alive)

    async def _print(self, connection: Connection, known: _Known) -> None:
        async with self._one_printer:  # one at a time: parallel printing is no faster, and the next answer may then be cached
            payload = self._cache.get(known.key) if known.key else None
            if payload is None:
                payload = await self._loop.run_in_executor(None, self._printed, self.answers, known)
        if connection in self._connections:
            connection.send_late(payload, close=not known.request.keep_alive)

    def _waits(self, connection: Connection, known: _Known) -> bool:
        """Make a request wait if it asks to wait and the value is unchanged; return False if it must be answered now."""
        wait = known.wait
        if wait is None or wait.seconds == 0 or not routes.must_wait(self.answers, known.request, wait):
            return False
        connection.busy, connection.deadline = True, None
        self._waiting[connection] = known, self._loop.call_later(wait.seconds, self._stop_waiting, connection)
        return True

    def _stop_waiting(self, connection: Connection) -> None:
        known, timer = self._waiting.pop(connection)
        timer.cancel()
        self._answer(connection, known, connection.send_late)

    def _wake(self) -> None:
        """Handle a change of the answers: clear the caches, and answer the waiting requests that are affected."""
        self._cache.clear()
        self._known.clear()
        for connection, (known, _) in list(self._waiting.items()):
            assert known.wait
            if not routes.must_wait(self.answers, known.request, known.wait):
                self._stop_waiting(connection)

    def _printed(self, answers: Answers, known: _Known) -> bytes:
        request = known.request
        response = routes.respond(answers, request)
        payload = response.encode(head_only=request.method == "HEAD", close=not request.keep_alive)
        if known.key and answers is self.answers:
            self._cache.keep(known.key, payload)
        return payload


class ReloadPort(HttpServer):
    """Serves `POST /v1/reload`: calls `reload` and answers 200 `OK`, or 500 with the message of a ForgeError."""

    def __init__(self, reload: Callable[[], None], host: str = "127.0.0.1", port: int = 0) -> None:
        super().__init__(host, port)
        self._reload = reload

    def take(self, connection: Connection, head: bytes) -> None:
        """Call `reload` for `POST /v1/reload`; answer 404 to all other requests."""
        try:
            request = parse_head(head, connection.client)
        except BadRequestError as error:
            connection.refuse(error)
            return
        response = routes.no_page()
        if (request.method, request.path) == ("POST", RELOAD_PATH):
            try:
                self._reload()
                response = Response(HTTPStatus.OK, b"OK")
            except ForgeError as error:
                response = Response(HTTPStatus.INTERNAL_SERVER_ERROR, str(error).encode(errors="replace"))
        close = not request.keep_alive
        connection.send(response.encode(head_only=request.method == "HEAD", close=close), close=close)


def _bind(host: str, port: int, *, listening: bool) -> socket.socket:
    """Bind a socket to an address, and listen if `listening`; otherwise connections to the address are refused."""
    sock = None
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host or None, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        sock = socket.socket(family, kind, protocol)
        sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        sock.bind(address)
        if listening:
            sock.listen(_BACKLOG)
    except OSError as error:
        if sock:
            sock.close()
        hint = "choose another port, or 0 for any free one" if error.errno == errno.EADDRINUSE else ""
        reason = "the port is in use" if error.errno == errno.EADDRINUSE else error.strerror
        raise ForgeError(f"cannot listen on {host}:{port}: {reason}", hint=hint) from None
    return sock
