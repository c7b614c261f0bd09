"""The client for a live metadata service that this program does not run itself."""

from __future__ import annotations

import http.client
import time
from urllib.parse import urlsplit

from catalog_forge.errors import ForgeError

SECONDS = 10.0
MAX_BYTES = 64 << 20

_CHUNK = 1 << 16


def ask(url: str, path: str, accept: str, client: str | None = None) -> tuple[int, bytes]:
    """Send a service a GET request for a path that is already escaped for a URL; return the status and the body.

    If `client` is set, the request is made on behalf of this address. Only a service that was started with --xff allows this.
    Raises ForgeError if there is no answer within SECONDS, or if the answer is larger than MAX_BYTES.
    """
    host, port, prefix = _target(url)
    headers = {"Accept": accept, **({"X-Forwarded-For": client} if client else {})}
    connection = http.client.HTTPConnection(host, port, timeout=SECONDS)
    try:
        connection.request("GET", prefix + path, headers=headers)
        response = connection.getresponse()
        return response.status, _body(response, url)
    except (OSError, http.client.HTTPException, ValueError) as error:
        reason = getattr(error, "strerror", None) or str(error) or type(error).__name__
        raise ForgeError(f"{url} does not answer: {reason}", hint="check that a metadata service runs at this address") from None
    finally:
        connection.close()


def _target(url: str) -> tuple[str, int, str]:
    try:
        parts = urlsplit(url)
        host, port = parts.hostname, parts.port or 80
    except ValueError:
        host, port = None, 0
    if not host or parts.scheme != "http":
        raise ForgeError(f"{url!r} is not the URL of a metadata service", hint="for example http://rancher-metadata")
    return host, port, parts.path.rstrip("/")


def _body(response: http.client.HTTPResponse, url: str) -> bytes:
    """Read the body. The total time is limited, so a service that sends only one byte a second cannot delay the caller."""
    deadline = time.monotonic() + SECONDS
    body = bytearray()
    while chunk := response.read1(_CHUNK):
        body += chunk
        if len(body) > MAX_BYTES:
            raise ForgeError(f"{url} answers with more than {MAX_BYTES} bytes", hint="ask for a longer path")
        if time.monotonic() > deadline:
            raise ForgeError(f"{url} takes longer than {SECONDS:.0f} s to answer", hint="check the log of the service")
    return bytes(body)
