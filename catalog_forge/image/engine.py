"""Connect to the Docker engine through the SDK, and convert the SDK's errors to readable errors."""

from __future__ import annotations

import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from http.client import HTTPException
from typing import Any, cast
from urllib.parse import urlsplit

from docker import APIClient
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, StreamParseError
from requests import Response
from urllib3.exceptions import HTTPError

from catalog_forge.errors import BuildError, EngineError, ForgeError
from catalog_forge.image.address import HINT, Address, locate

_ANY_VERSION = "1.24"
# Hints for the error messages of engines (Docker 1.12 to 28: the daemon, containerd and registries).
_ADVICE = (
    (
        ("port is already allocated", "address already in use", "failed to bind host port"),
        "another container or program uses this port: stop it, or publish a different port",
    ),
    (
        ("no such host", "connection refused", "i/o timeout", "network is unreachable", "deadline exceeded", "no route to host"),
        "the engine cannot reach that host: check its network and proxy, or load the image (`docker load`)",
    ),
    (
        ("pull access denied", "manifest unknown", "not found", "does not exist", "no such image", "manifest for"),
        "check the name and tag of the image; build it, load it (`docker load`), or log in to its registry (`docker login`)",
    ),
    (("denied", "unauthorized", "no basic auth"), "log in to the registry with `docker login`"),
    (("no space left",), "`docker system df` shows what fills the disk, and `docker system prune` frees space"),
    (("is already in use by container",), "remove the container with that name (`docker rm`), or choose another --name"),
)
_SHAPE = "write the address as unix:///PATH or tcp://HOST:PORT"
# Hints for the errors of the SDK.
_HINTS = {"bind address": _SHAPE, "Install paramiko": "pip install 'docker[ssh]' installs what ssh:// needs"}
LOST = (OSError, HTTPException, HTTPError, StreamParseError)


class Engine:
    """A Docker engine that has answered: the SDK's low-level client, and the engine's address."""

    def __init__(self, api: APIClient, address: Address) -> None:
        self.api = api
        self.address = address
        self._thread = threading.local()
        hooks = cast("dict[str, list[Any]]", api.hooks)
        hooks["response"].append(self._remember)

    def __enter__(self) -> Engine:
        return self

    def __exit__(self, *_: object) -> None:
        self.api.close()

    @property
    def response(self) -> Response:
        """The engine's latest response to this thread. The SDK hides the response, but its socket is needed to hang up."""
        return cast(Response, self._thread.response)

    def _remember(self, response: Response, *_: object, **__: object) -> None:
        self._thread.response = response

    @contextmanager
    def asked_to(self, action: str) -> Iterator[None]:
        """Run a block that sends a request to the engine.

        Raises BuildError with the engine's message if the engine refuses, and EngineError if the engine is gone.
        """
        try:
            yield
        except ForgeError:
            raise
        except APIError as error:
            raise BuildError(f"cannot {action}: {error.explanation or error}", hint=advice(str(error.explanation))) from error
        except StoreError as error:
            hint = "the docker CLI's config.json names a credential helper (credsStore, credHelpers) that does not work"
            raise BuildError(f"cannot {action}: {error}", hint=hint) from error
        except DockerException as error:
            raise BuildError(f"cannot {action}: {error}") from error
        except LOST as error:
            raise gone(self.address, action) from error


def advice(words: str) -> str:
    """Return the hint for an engine's error message, or an empty string if the message is not known."""
    words = words.lower()
    return next((hint for known, hint in _ADVICE if any(each in words for each in known)), "")


def gone(address: Address, action: str) -> EngineError:
    """Return the error for an engine that has stopped answering."""
    return EngineError(f"cannot {action}: the Docker engine at {address} closed the connection", hint="check the engine's log")


def connect(environ: Mapping[str, str] = os.environ, timeout: int = 60) -> Engine:
    """Connect to the engine that `locate` finds, and wait for an answer. `timeout` (in seconds) applies to every request.

    Raises EngineError if the engine does not exist, refuses or is too old, or if another server answers at the engine's address.
    """
    address = locate(environ)
    try:
        # The SDK can query the version itself, but leaves the connection open if the answer is not valid.
        _knock(address)
        with closing(_client(address, _ANY_VERSION, timeout)) as probe:
            version = probe.version(api_version=False)["ApiVersion"]
        if _numbers(version) < _numbers(_ANY_VERSION):
            hint = f"catalog-forge needs Docker 1.12 or later, which has API version {_ANY_VERSION}"
            raise EngineError(f"the Docker engine at {address} is too old: its API version is {version}", hint=hint)
        return Engine(_client(address, version, timeout), address)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"no Docker engine at {address}: another server answers at this address", hint=HINT) from error
    except (DockerException, *LOST) as error:
        message, hint = _reason(error)
        raise EngineError(f"no Docker engine at {address}: {message}", hint=hint) from error


def _knock(address: Address) -> None:
    """Raise OSError if a Unix socket cannot be reached. This check avoids the SDK, which leaks sockets after a failure.

    Raises EngineError if the port of an address is not a number up to 65535, because the SDK would not name the cause.
    """
    host = address.host
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(host.removeprefix("unix://"))
    elif not _has_port(host):
        raise EngineError(f"no Docker engine at {address}: the port must be a number up to 65535", hint=_SHAPE)


def _has_port(host: str) -> bool:
    """Whether the port in an address is valid or absent."""
    try:
        return urlsplit(host).port != 0
    except ValueError:
        return False


def _numbers(version: str) -> list[int]:
    return [int(part) for part in version.split(".")]


def _client(address: Address, version: str, timeout: int) -> APIClient:
    return APIClient(base_url=address.host, version=version, tls=address.tls or False, timeout=timeout)


def answers(environ: Mapping[str, str] = os.environ, timeout: int = 5) -> Engine | None:
    """Return the engine if it answers within `timeout` seconds, else None."""
    try:
        engine = connect(environ, timeout)
    except EngineError:
        return None
    engine.api.timeout = 60
    return engine


def command_of(engine: Engine, image: str) -> tuple[str, ...]:
    """Return the ENTRYPOINT and CMD of an image, or an empty tuple if the engine does not have the image."""
    try:
        config = engine.api.inspect_image(image)["Config"]  # type: ignore[no-untyped-call]
    except (DockerException, *LOST):
        return ()
    return (*(config.get("Entrypoint") or ()), *(config.get("Cmd") or ()))


def _reason(error: BaseException) -> tuple[str, str]:
    """Return why the connection failed, and a hint. The SDK, requests and urllib3 each wrap the cause."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case PermissionError():
                return "permission denied", "join the group that owns the socket: sudo usermod -aG docker $USER"
            case FileNotFoundError():
                return "there is no such socket", HINT
            case ConnectionRefusedError():
                return "nothing listens there", HINT
            case socket.gaierror():
                return "the host is unknown", HINT
            case ssl.SSLError():
                return f"TLS failed: {cause.reason or cause}", "check DOCKER_CERT_PATH, or the TLS files of the context"
            case TimeoutError():
                return "no answer in time", HINT
            case ConnectionError() if cause.errno or isinstance(cause, ConnectionResetError):
                return "the connection was closed", HINT
        cause = cause.__cause__ or cause.__context__
    hint = next((hint for words, hint in _HINTS.items() if words in str(error)), HINT)
    return str(error), hint
