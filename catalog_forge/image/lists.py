"""Query an engine: its presence, containers, networks and images.

If the engine has a socket on this machine, the SDK, which loads slowly, is avoided.
"""

from __future__ import annotations

import json
import os
import socket
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any, TypeVar
from urllib.parse import quote

from catalog_forge.image.address import locate

PURPOSE_LABEL = "catalog-forge"
"""The label of everything that this program creates on an engine; its value is the purpose."""

Listed = list[dict[str, Any]]
_Answer = TypeVar("_Answer")
_SECONDS = 60


def labelled(label: str, environ: Mapping[str, str] = os.environ) -> tuple[Listed, Listed]:
    """Return the containers (running or not) and the networks that have a label. Both have the form of the engine's API.

    Raises the errors of `connect`, and BuildError if the engine refuses.
    """
    if path := _socket(environ):
        wanted = "filters=" + quote(json.dumps({"label": [label]}))
        with suppress(OSError, ValueError):  # after an error, the SDK may succeed or explain the failure
            return _get(path, f"/containers/json?all=1&{wanted}", list), _get(path, f"/networks?{wanted}", list)
    from catalog_forge.image.engine import connect

    filters = {"label": [label]}
    with connect(environ) as engine, engine.asked_to("list containers and networks"):
        return engine.api.containers(all=True, filters=filters), engine.api.networks(filters=filters)


def look_for(environ: Mapping[str, str] = os.environ) -> None:
    """Check that an engine answers. Raises the errors of `connect`."""
    if path := _socket(environ):
        with suppress(OSError, ValueError):
            _get(path, "/version", dict)
            return
    from catalog_forge.image.engine import connect

    connect(environ).api.close()


def images(tags: Iterable[str], environ: Mapping[str, str] = os.environ) -> list[dict[str, Any]] | None:
    """Return the images of these tags, or None if an image is missing or the engine cannot be queried without the SDK."""
    path = _socket(environ)
    try:
        return [_get(path, f"/images/{quote(tag)}/json", dict) for tag in tags] if path else None
    except (OSError, ValueError):
        return None


def _socket(environ: Mapping[str, str]) -> str:
    """Return the path of the engine's socket, or an empty string if the engine has no socket on this machine."""
    address = locate(environ)
    return address.host.removeprefix("unix://") if address.host.startswith("unix://") and not address.tls else ""


def _get(path: str, url: str, kind: type[_Answer]) -> _Answer:
    """Send an HTTP/1.0 request, so that the response is not chunked. Raises OSError or ValueError if the request fails."""
    with socket.socket(socket.AF_UNIX) as engine:
        engine.settimeout(_SECONDS)
        engine.connect(path)
        engine.sendall(f"GET {url} HTTP/1.0\r\nHost: docker\r\n\r\n".encode())
        with engine.makefile("rb") as answer:
            status = answer.readline().split()
            while answer.readline().strip():
                pass
            found = json.loads(answer.read())
    if status[1:2] != [b"200"] or not isinstance(found, kind):
        raise ValueError
    return found
