"""Sends HTTP requests with JSON to a store over one persistent connection, and reports each failure in one line."""

from __future__ import annotations

import http.client
import json
import ssl
from base64 import b64encode
from collections.abc import Mapping
from typing import Any
from urllib.parse import urlsplit

from catalog_forge import tls
from catalog_forge.seed.store import PATIENCE, Destination, denied, refuse, unclear

_MOST_BYTES = 64 << 20
_LONGEST_REASON = 200


def basic(target: Destination) -> dict[str, str]:
    """Return the header for basic authentication, or an empty mapping if no user is given."""
    login = b64encode(f"{target.username}:{target.password}".encode()).decode()
    return {"Authorization": f"Basic {login}"} if target.username else {}


def _trust(target: Destination) -> ssl.SSLContext:
    try:
        context = tls.context(target.ca or None)
        if target.cert:
            context.load_cert_chain(target.cert, target.key or None)
    except OSError as error:
        refuse(
            target.node,
            f"the certificates cannot be read: {error.strerror or error}",
            "set CONF_CA, CONF_CERT and CONF_KEY to the paths of their files",
        )
    return context


class Wire:
    """A persistent connection to the HTTP API of a store."""

    def __init__(self, target: Destination, port: int, headers: Mapping[str, str] | None = None) -> None:
        self.node, self.headers = target.node, dict(headers or {})
        node = self.node
        try:
            parts = urlsplit(node if "://" in node else f"{'https' if target.cert or target.ca else 'http'}://{node}")
            where = (parts.hostname or "", parts.port or port)
            self._connection: http.client.HTTPConnection
            if parts.scheme == "https":
                self._connection = http.client.HTTPSConnection(*where, timeout=PATIENCE, context=_trust(target))
            elif parts.scheme == "http":
                self._connection = http.client.HTTPConnection(*where, timeout=PATIENCE)
            else:
                raise ValueError(parts.scheme)
        except (ValueError, http.client.InvalidURL):
            refuse(node, "the address must be HOST:PORT, http://HOST:PORT or https://HOST:PORT")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def ask(self, method: str, path: str, body: bytes | str | None = None, known: tuple[int, ...] = ()) -> tuple[int, bytes]:
        """Send a request. Return its status and body. Raises ForgeError unless the status is 200 to 299 or in `known`."""
        try:
            self._connection.request(method, path, body, self.headers)
            answer = self._connection.getresponse()
            content = answer.read(_MOST_BYTES + 1)
        except TimeoutError:
            refuse(self.node, f"it did not answer within {PATIENCE:g} s")
        except http.client.HTTPException as error:
            unclear(self.node, type(error).__name__)
        except UnicodeError:
            refuse(self.node, "the address does not contain a valid host name")
        except OSError as error:
            refuse(self.node, error.strerror or str(error), "is it running, and is --node its address?")
        if len(content) > _MOST_BYTES:
            refuse(self.node, f"its answer is larger than {_MOST_BYTES >> 20} MiB")
        if answer.status in (401, 403) and answer.status not in known:
            denied(self.node)
        if not (200 <= answer.status < 300 or answer.status in known):
            reason = content.decode(errors="replace").strip()[:_LONGEST_REASON]
            refuse(self.node, f"it answered {answer.status} to {method} {path.partition('?')[0]}: {reason}")
        return answer.status, content

    def json(self, method: str, path: str, data: Any = None, known: tuple[int, ...] = ()) -> Any:
        """Send JSON through `ask`. Return the parsed response, or None if the status is in `known`."""
        body = None if data is None else json.dumps(data)
        status, content = self.ask(method, path, body, known)
        return None if status in known else self.parsed(content)

    def parsed(self, content: bytes) -> Any:
        """Parse a JSON response; empty content gives an empty map. Raises ForgeError if the response is invalid."""
        try:
            return json.loads(content) if content.strip() else {}
        except (ValueError, RecursionError):
            unclear(self.node, "it is not JSON")
