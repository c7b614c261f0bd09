"""Serves the page to this machine only, and refuses requests from other pages in the user's browser.

A foreign Host header shows that the browser used a foreign name that resolves to 127.0.0.1; a foreign Origin shows that a foreign
page sent the request. Both kinds of requests are refused. Responses forbid scripts, styles and images from other sites.
"""

from __future__ import annotations

import errno
import json
import threading
from collections.abc import Callable, Mapping
from contextlib import suppress
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from importlib import resources
from typing import Any
from urllib.parse import parse_qsl

from catalog_forge import __version__
from catalog_forge.errors import ForgeError, Problem
from catalog_forge.preview import answering, icons
from catalog_forge.preview.site import Opened, Site
from catalog_forge.preview.state import Wish
from catalog_forge.preview.watching import mark, marks
from catalog_forge.shown import as_json

HOST = "127.0.0.1"
MAX_BODY = 1 << 20
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_TYPES = {"html": "text/html", "css": "text/css", "js": "text/javascript", "svg": "image/svg+xml"}

Query = Mapping[str, Any]


def _catalog(site: Site, _: Query) -> Any:
    now = site.stamps()
    return {**site.of_all(now, answering.tiles), "stamp": mark(now)}


def _entry(site: Site, query: Query) -> Any:
    now = mark(site.stamps())
    return {**answering.described(_opened(site, query)), "stamp": now}


def _services(site: Site, _: Query) -> Any:
    from catalog_forge.preview.running import services

    return {"services": [*services(), *site.of_all(site.stamps(), answering.services)]}


def _render(site: Site, query: Query) -> Any:
    against = query.get("against")
    return answering.answered(_opened(site, query), Wish.read(query), Wish.read(against) if against is not None else None)


def _findings(site: Site, query: Query) -> Any:
    from catalog_forge.preview.findings import findings

    return findings(site, _opened(site, query))


def _stacks(site: Site, query: Query) -> Any:
    from catalog_forge.preview.running import stacks

    return stacks(_opened(site, query))


def _topology(site: Site, query: Query) -> Any:
    from catalog_forge.preview import drawing, topology

    found = topology.of_wish(_opened(site, query), Wish.read(query))
    return {"svg": drawing.draw(found, alone=False) if found else ""}


def _scenario(site: Site, query: Query) -> Any:
    from catalog_forge.preview.timeline import timeline

    return timeline(_opened(site, query), _word(query, "name"))


# The functions that answer requests. Their return values are sent as JSON.
ROUTES: Mapping[tuple[str, str], Callable[[Site, Query], Any]] = {
    ("GET", "/api/catalog"): _catalog,
    ("GET", "/api/entry"): _entry,
    ("GET", "/api/services"): _services,
    ("POST", "/api/render"): _render,
    ("POST", "/api/topology"): _topology,
    ("GET", "/api/scenario"): _scenario,
    ("GET", "/api/findings"): _findings,
    ("GET", "/api/stack"): _stacks,
}


def _opened(site: Site, query: Query) -> Opened:
    return site.opened(_word(query, "id"), _word(query, "revision"))


def _word(query: Query, name: str) -> str:
    found = query.get(name, "")
    if not isinstance(found, str):
        raise ForgeError(f"{name} must be text")
    return found


class PreviewServer(ThreadingHTTPServer):
    """Serves the page of a catalog during its `with` block. Port 0 picks a free port. Raises ForgeError if the port is taken."""

    def __init__(self, site: Site, port: int = 0) -> None:
        self.site = site
        self.ended = threading.Event()
        try:
            super().__init__((HOST, port), _Handler)
        except OSError as error:
            hint = "another program uses it; without --port, a free port is chosen" if error.errno == errno.EADDRINUSE else ""
            raise ForgeError(f"cannot listen at {HOST}:{port}: {error.strerror}", hint=hint) from None

    def warm(self, entry: str) -> None:
        """While the browser starts, prepare the data that it will request first: an entry or the tiles."""

        def make() -> None:
            with suppress(ForgeError):
                if entry:
                    _render(self.site, {"id": entry, "against": {}})
                    _entry(self.site, {"id": entry})
                else:
                    _catalog(self.site, {})

        threading.Thread(target=make, name="preview-warm", daemon=True).start()

    @property
    def url(self) -> str:
        """The URL of the page."""
        return f"http://{HOST}:{self.server_port}/"

    def server_close(self) -> None:
        """Stop serving, and end all event streams."""
        self.ended.set()
        super().server_close()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ARG002 (socketserver's signature)
        """Do nothing: an error here means that the client has closed the connection. The response reports all other errors."""


class _Handler(BaseHTTPRequestHandler):
    server: PreviewServer
    server_version = f"catalog-forge/{__version__}"
    sys_version = ""
    disable_nagle_algorithm = True
    wbufsize = -1
    timeout = 60

    def finish(self) -> None:
        """Close both directions of the connection, even if the client left before everything was written."""
        with suppress(OSError):
            super().finish()
        self.rfile.close()

    def log_message(self, format: str, *args: Any) -> None:
        """Print nothing, because the terminal belongs to the user."""

    def send_error(self, code: int, message: str | None = None, explain: str | None = None) -> None:
        """Answer a request that http.server refuses, such as one with another method, like all others."""
        self._refuse(HTTPStatus(code), message or explain or HTTPStatus(code).phrase)

    def do_GET(self) -> None:
        """Answer a request for a file, an icon, events or data."""
        path, _, query = self.path.partition("?")
        asked = dict(parse_qsl(query))
        if not self._is_own():
            self._refuse(HTTPStatus.FORBIDDEN, "this page is only served to this machine")
        elif path == "/api/events":
            self._events()
        elif ("GET", path) in ROUTES:
            self._answer(ROUTES["GET", path], asked)
        elif path == "/icon":
            self._icon(asked)
        else:
            self._file("index.html" if path == "/" else path.removeprefix("/files/"))

    def do_POST(self) -> None:
        """Answer a request whose body is JSON; the response is also JSON."""
        length = self.headers.get("Content-Length", "")
        if not (length.isascii() and length.isdigit() and len(length) < 10 and int(length) <= MAX_BODY):
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "the body is too large, or has no length")
            return
        body = self.rfile.read(int(length))
        try:
            asked = json.loads(body)
        except (ValueError, RecursionError):
            asked = None
        if not self._is_own() or self.headers.get_content_type() != "application/json":
            self._refuse(HTTPStatus.FORBIDDEN, "this page is only served to this machine")
        elif not isinstance(asked, dict):
            self._refuse(HTTPStatus.BAD_REQUEST, "the body is not a JSON object")
        elif ("POST", self.path) in ROUTES:
            self._answer(ROUTES["POST", self.path], asked)
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no page at this path")

    def _is_own(self) -> bool:
        """Whether a request comes from the page itself: its Host is this server, and its Origin is not foreign."""
        hosts = {f"{name}:{self.server.server_port}" for name in (HOST, "localhost")}
        origin, site = self.headers.get("Origin"), self.headers.get("Sec-Fetch-Site", "none")
        host = self.headers.get("Host", "")
        return host in hosts and origin in (None, f"http://{host}") and site in ("none", "same-origin")

    def _answer(self, route: Callable[[Site, Query], Any], asked: Query) -> None:
        try:
            self._send_data(HTTPStatus.OK, route(self.server.site, asked))
        except ForgeError as error:
            self._send_data(HTTPStatus.UNPROCESSABLE_ENTITY, {"problems": [each.as_data() for each in error.problems]})
        except Exception as error:  # the page must get a response even if `route` has a bug
            self._refuse(HTTPStatus.INTERNAL_SERVER_ERROR, f"this is a bug in catalog-forge: {type(error).__name__}: {error}")

    def _refuse(self, status: HTTPStatus, message: str) -> None:
        self._send_data(status, {"problems": [Problem(message).as_data()]})

    def _send_data(self, status: HTTPStatus, data: Any) -> None:
        self._send(status, as_json(data, None).encode())

    def _file(self, name: str) -> None:
        kind = _TYPES.get(name.rpartition(".")[2])
        file = next((each for each in (resources.files(__package__) / "files").iterdir() if each.name == name), None)
        if kind is None or file is None:
            self._refuse(HTTPStatus.NOT_FOUND, "there is no page at this path")
        else:
            self._send(HTTPStatus.OK, file.read_bytes(), f"{kind}; charset=utf-8")

    def _icon(self, asked: Query) -> None:
        with suppress(ForgeError):
            if found := icons.icon(self.server.site, _word(asked, "id")):
                self._send(HTTPStatus.OK, found.content, found.type, icons.POLICY)
                return
        self._refuse(HTTPStatus.NOT_FOUND, "there is no icon to show")

    def _send(self, status: HTTPStatus, body: bytes, kind: str = "application/json", policy: str = POLICY) -> None:
        self._head(status, {"Content-Security-Policy": policy, "Content-Type": kind, "Content-Length": str(len(body))})
        self.wfile.write(body)

    def _head(self, status: HTTPStatus, headers: Mapping[str, str]) -> None:
        self.send_response(status)
        for name, value in {**_HEADERS, **headers}.items():
            self.send_header(name, value)
        self.end_headers()

    def _events(self) -> None:
        """Send `changed` whenever a file of the catalog has changed, until the client leaves.

        The first event contains a string that identifies the current state of the files. A page that shows an older state loads
        its data again.
        """
        self._head(HTTPStatus.OK, {"Content-Type": "text/event-stream"})
        before = ""
        for now in marks(self.server.site.stamps, self.server.ended):
            if not before:
                text = f"retry: 500\nevent: hello\ndata: {now}\n\n"
            else:  # written even without a change, because only a write shows whether the client has left
                text = ": here\n\n" if now == before else "event: changed\ndata:\n\n"
            self.wfile.write(text.encode())
            self.wfile.flush()
            before = now
