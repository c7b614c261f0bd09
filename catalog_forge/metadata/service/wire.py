"""HTTP/1.x as bytes: the head of a request in, a response out. Just what clients of the metadata service need."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus

MAX_HEAD = 64 << 10

_TARGET = re.compile(r"(?:https?://[^/?]*)?(/[^?\s]*)(?:\?(\S*))?")
_BAD_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})|[\x00-\x20\x7f]")
_TOKEN = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


class BadRequestError(ValueError):
    """What came is not a request: answered with `status`, then the connection is closed."""

    def __init__(self, status: HTTPStatus = HTTPStatus.BAD_REQUEST) -> None:
        super().__init__(status.phrase)
        self.status = status


@dataclass(frozen=True, slots=True)
class Request:
    """A request: path and query as they were sent, header names in lower case, `client` the address it came from."""

    method: str
    path: str
    query: str
    headers: Mapping[str, str]
    client: str
    keep_alive: bool = True


@dataclass(frozen=True, slots=True)
class Response:
    """A response: always text/plain, as the real service says even of JSON."""

    status: HTTPStatus
    body: bytes = b""
    headers: tuple[tuple[str, str], ...] = ()

    def encode(self, *, head_only: bool = False, close: bool = False) -> bytes:
        """Return the bytes for the connection; `head_only` answers HEAD."""
        lines = [f"HTTP/1.1 {self.status.value} {self.status.phrase}"]
        lines += [f"{name}: {value}" for name, value in self.headers]
        if self.body:
            lines.append("Content-Type: text/plain; charset=utf-8")
        lines.append(f"Content-Length: {len(self.body)}")
        if close:
            lines.append("Connection: close")
        head = "\r\n".join(lines) + "\r\n\r\n"
        return head.encode("latin-1") + (b"" if head_only else self.body)


def parse_head(head: bytes, client: str) -> Request:
    """Parse the lines before the empty one. Raises BadRequestError; a request with a body is not kept alive."""
    request_line, *lines = head.decode("latin-1").split("\r\n")
    words = request_line.split(" ")
    target = _TARGET.fullmatch(words[1]) if len(words) == 3 else None
    if target is None or words[2] not in ("HTTP/1.1", "HTTP/1.0") or _BAD_ESCAPE.search(target[1]):
        raise BadRequestError
    headers = _headers(lines)
    has_body = headers.get("content-length", "0") != "0" or "transfer-encoding" in headers
    wish = headers.get("connection", "").lower()
    keep_alive = not has_body and (wish != "close" if words[2] == "HTTP/1.1" else wish == "keep-alive")
    return Request(words[0], target[1], target[2] or "", headers, client, keep_alive)


def _headers(lines: list[str]) -> dict[str, str]:
    """A header that comes twice counts as one, its values joined by commas.

    Each line is cut once, at its colon: one pattern for the whole line would try every way to share out its blanks.
    """
    headers: dict[str, list[str]] = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon or "\n" in value or not _TOKEN.fullmatch(name):
            raise BadRequestError
        headers.setdefault(name.lower(), []).append(value.strip(" \t"))
    return {name: ", ".join(values) for name, values in headers.items()}
