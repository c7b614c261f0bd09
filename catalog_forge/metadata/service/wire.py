"""HTTP/1.x as bytes: parses request heads and encodes responses. It supports only what clients of the metadata service need.

Rules: net/http and net/url of Go 1.26, observed with the handlers of rancher-metadata 0.7.4, which is a Go program. Parsing
takes at most linear time in the length of a head, even if the head is malicious.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from http import HTTPStatus

# The limit of net/http: a megabyte, and the bytes that its reader may already have buffered.
MAX_HEAD = (1 << 20) + 4096
# Go limits only the number of bytes in a head. No client sends this many lines, and parsing so many lines takes no noticeable
# time.
MAX_LINES = 16_384
_MAX_LENGTH = (1 << 63) - 1

_END = re.compile(rb"\n\r?\n")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")
_CONTROL = re.compile(r"[\x00-\x08\x0a-\x1f\x7f]")
_VERSION = re.compile(r"HTTP/([0-9])\.([0-9])")
_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*(?=:)")
_AUTHORITY = re.compile(
    r"(?:[0-9A-Za-z._:~!$&'()*+,;=%@-]*@)?"
    r"(?:\[[0-9A-Fa-f:.%]*\]|(?:[0-9A-Za-z._~!$&'()*+,;=<>\"\x80-\xff-]|%[89A-Fa-f][0-9A-Fa-f])*)(?::[0-9]*)?"
)
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_HOST = re.compile(r"[0-9A-Za-z!$%&'()*+,.:;=_~\[\]-]*")


class BadRequestError(ValueError):
    """Raised if the received bytes are not a valid request. The server answers with `status` and `body`, then disconnects."""

    def __init__(self, status: HTTPStatus = HTTPStatus.BAD_REQUEST, body: str | None = None) -> None:
        super().__init__(status.phrase)
        self.status = status
        self.body = f"{status.value} {status.phrase}" if body is None else body


@dataclass(frozen=True, slots=True)
class Request:
    """A request. Path and query are as they were sent, header names are in lower case, and `client` is the sender's address.

    `base` is `http://host` if the target of the request is a whole URL, as in a request to a proxy; otherwise it is empty.
    """

    method: str
    path: str
    query: str
    headers: Mapping[str, tuple[str, ...]]
    client: str
    keep_alive: bool = True
    base: str = ""

    def header(self, name: str) -> str:
        """Return the value of a header: its first value if it was sent twice, an empty string if it was not sent."""
        return self.headers.get(name, ("",))[0]


@dataclass(frozen=True, slots=True)
class Response:
    """A response: always text/plain, which the real service sends even for JSON."""

    status: HTTPStatus
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, head_only: bool = False, close: bool = False) -> bytes:
        """Return the encoded response; `head_only` leaves out the body, for HEAD requests."""
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append("Content-Type: text/plain; charset=utf-8")
        lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1") + (b"" if head_only else self.body)


def head_end(received: bytes | bytearray, start: int = 0) -> tuple[int, int] | None:
    """Return the offset at which the first head in `received` ends, and the offset of the byte after its empty line.

    Return None if the head is incomplete. A line ends with LF or CRLF, and an empty line ends the head. The search begins at
    `start`. A caller that has searched the bytes received so far without success may set `start` to two bytes before their end:
    these two bytes may be the beginning of the line break and the empty line that end the head.
    """
    if start == 0 and received.startswith((b"\n", b"\r\n")):
        return 0, received.index(b"\n") + 1
    end = _END.search(received, start)
    return (end.start(), end.end()) if end else None


def parse_head(head: bytes, client: str) -> Request:
    """Parse the head of a request. Raises BadRequestError. The connection is not kept alive after a request with a body."""
    lines = [line.removesuffix("\r") for line in head.decode("latin-1").split("\n")]
    if len(lines) > MAX_LINES:
        raise BadRequestError(HTTPStatus.REQUEST_HEADER_FIELDS_TOO_LARGE)
    method, _, rest = lines[0].partition(" ")
    target, _, protocol = rest.partition(" ")
    version = _VERSION.fullmatch(protocol)
    if version is None or not _TOKEN.fullmatch(method):
        raise BadRequestError
    base, path, query = _target(target, method)
    headers = _headers(lines[1:])
    modern = protocol >= "HTTP/1.1"
    has_body = _has_body(headers, modern)
    if version[1] != "1" and (method, path, protocol, headers) != ("PRI", "*", "HTTP/2.0", {}):
        status = HTTPStatus.HTTP_VERSION_NOT_SUPPORTED
        raise BadRequestError(status, f"{status.value} {status.phrase}: unsupported protocol version")
    _check_host(headers.get("host", ()), needed=modern and protocol != "HTTP/2.0")
    if "expect" in headers and not (has_body or headers["expect"][0].lower() in ("", "100-continue")):
        raise BadRequestError(HTTPStatus.EXPECTATION_FAILED, "")
    wishes = {wish.strip(" \t").lower() for value in headers.get("connection", ()) for wish in value.split(",")}
    keep_alive = version[1] == "1" and not has_body and (modern or "keep-alive" in wishes) and "close" not in wishes
    return Request(method, path, query, headers, client, keep_alive, base)


def _target(target: str, method: str) -> tuple[str, str, str]:
    """Split the target of a request into `base`, path and query, as `url.ParseRequestURI` does."""
    if not target or "\t" in target or _CONTROL.search(target) or _BAD_ESCAPE.search(target.partition("?")[0]):
        raise BadRequestError
    query = ""
    if method == "CONNECT" and not target.startswith("/"):
        target = "http://" + target
    if target != "*":
        target, _, query = target.partition("?")
    scheme = _SCHEME.match(target)
    if scheme is None:
        if not (target == "*" or target.startswith("/")):
            raise BadRequestError
        return "", target, query
    below = target[scheme.end() + 1 :]
    if below.startswith("//"):
        authority, slash, path = below[2:].partition("/")
        if not _AUTHORITY.fullmatch(authority):
            raise BadRequestError
        start = "" if method == "CONNECT" else f"{scheme[0].lower()}:"
        return f"{start}//{authority}", slash + path, query
    base = f"{scheme[0].lower()}:"
    return (base, below, query) if below.startswith("/") else (base + below, "", query)


def _headers(lines: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Return all values of each header, in order.

    Each line is split once, at its colon: a pattern for the whole line would backtrack over all ways to match spaces.
    """
    headers: dict[str, list[str]] = {}
    for name, value in _unfolded(lines):
        if not _TOKEN.fullmatch(name):
            detail = ": invalid header name" if _TOKEN.fullmatch(name.replace(" ", "")) else ""
            raise BadRequestError(body=f"400 Bad Request{detail}")
        if _CONTROL.search(value):
            raise BadRequestError
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: tuple(values) for name, values in headers.items()}


def _unfolded(lines: Sequence[str]) -> Iterator[tuple[str, str]]:
    """Yield the header names and values; a line that begins with a space continues the previous value."""
    name, values = "", list[str]()
    for line in lines:
        if line.startswith((" ", "\t")) and values:
            values.append(line.strip(" \t"))
            continue
        if values:
            yield name, " ".join(values)
        name, colon, value = line.partition(":")
        if not colon or name.startswith((" ", "\t")):
            raise BadRequestError
        values = [value.strip(" \t")]
    if values:
        yield name, " ".join(values)


def _has_body(headers: Mapping[str, tuple[str, ...]], modern: bool) -> bool:
    codings = headers.get("transfer-encoding", ()) if modern else ()
    if codings and (len(codings) > 1 or codings[0].lower() != "chunked"):
        raise BadRequestError(HTTPStatus.NOT_IMPLEMENTED, "Unsupported transfer encoding")
    lengths = set(headers.get("content-length", ()))
    if len(lengths) > 1:
        raise BadRequestError
    length = next(iter(lengths), "") or "0"
    # int() accepts digits of any script, and its time grows faster than linearly with their number.
    if not (length.isascii() and length.isdecimal()) or len(length) > 100 or int(length) > _MAX_LENGTH:
        raise BadRequestError
    return bool(codings) or int(length) > 0


def _check_host(hosts: tuple[str, ...], *, needed: bool) -> None:
    detail = ""
    if needed and not hosts:
        detail = ": missing required Host header"
    elif hosts and not _HOST.fullmatch(hosts[0]):
        detail = ": malformed Host header"
    if detail or len(hosts) > 1:
        raise BadRequestError(body=f"400 Bad Request{detail if len(hosts) < 2 else ''}")
