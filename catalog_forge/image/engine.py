"""Finding a Docker engine the way the docker command line does, and telling what went wrong with it."""

from __future__ import annotations

import hashlib
import json
import os
import socket
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPException
from pathlib import Path
from typing import Any, cast

from docker import APIClient
from docker.credentials.errors import StoreError
from docker.errors import APIError, DockerException, StreamParseError, TLSParameterError
from docker.tls import TLSConfig
from docker.utils import kwargs_from_env
from requests import Response
from urllib3.exceptions import HTTPError

from catalog_forge.errors import BuildError, EngineError, ForgeError, did_you_mean

DEFAULT_HOST = "unix:///var/run/docker.sock"
HINT = "start Docker, or name an engine that runs by DOCKER_HOST, DOCKER_CONTEXT or `docker context use`"
_ANY_VERSION = "1.24"
LOST = (OSError, HTTPException, HTTPError, StreamParseError)


@dataclass(frozen=True, slots=True)
class Address:
    """Where an engine should be, who says so, and the TLS material to reach it."""

    host: str
    origin: str
    tls: TLSConfig | None = None

    def __str__(self) -> str:
        return f"{self.host} ({self.origin})"


class Engine:
    """A Docker engine that has answered: the SDK's low-level client, and the address it was found at."""

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
        """The engine's latest response to this thread: the SDK hides it, and hanging up needs its socket."""
        return cast(Response, self._thread.response)

    def _remember(self, response: Response, *_: object, **__: object) -> None:
        self._thread.response = response

    @contextmanager
    def asked_to(self, action: str) -> Iterator[None]:
        """Run a block that asks the engine for something.

        Raises BuildError with the engine's own words when it refuses, EngineError when it is gone.
        """
        try:
            yield
        except ForgeError:
            raise
        except APIError as error:
            raise BuildError(f"cannot {action}: {error.explanation or error}") from error
        except StoreError as error:
            hint = "the docker CLI's config.json names a credential helper (credsStore, credHelpers) that does not work"
            raise BuildError(f"cannot {action}: {error}", hint=hint) from error
        except DockerException as error:
            raise BuildError(f"cannot {action}: {error}") from error
        except LOST as error:
            raise gone(self.address, action) from error


def gone(address: Address, action: str) -> EngineError:
    """Return the error for an engine that answered before and does not any more."""
    return EngineError(f"cannot {action}: the Docker engine at {address} broke the connection", hint="see the engine's log")


def connect(environ: Mapping[str, str] = os.environ, timeout: int = 60) -> Engine:
    """Return the engine that `locate` names, after it has answered; `timeout` (seconds) holds for later answers too.

    Raises EngineError when it is not there, refuses, or is not a Docker engine.
    """
    address = locate(environ)
    try:
        # The SDK would ask for the version by itself, but leaves the connection open when the answer makes no sense.
        _knock(address.host)
        with closing(_client(address, _ANY_VERSION, timeout)) as probe:
            version = probe.version(api_version=False)["ApiVersion"]
        return Engine(_client(address, version, timeout), address)
    except (KeyError, TypeError, ValueError) as error:
        raise EngineError(f"no Docker engine at {address}: what answers there is something else", hint=HINT) from error
    except (DockerException, *LOST) as error:
        message, hint = _reason(error)
        raise EngineError(f"no Docker engine at {address}: {message}", hint=hint) from error


def _knock(host: str) -> None:
    """Raise OSError when a Unix socket cannot be reached: the SDK leaks the socket that it fails to connect."""
    if host.startswith("unix://"):
        with socket.socket(socket.AF_UNIX) as probe:
            probe.connect(host.removeprefix("unix://"))


def _client(address: Address, version: str, timeout: int) -> APIClient:
    return APIClient(base_url=address.host, version=version, tls=address.tls or False, timeout=timeout)


def answers(environ: Mapping[str, str] = os.environ, timeout: int = 5) -> Engine | None:
    """Return the engine when one answers soon, else None."""
    try:
        engine = connect(environ, timeout)
    except EngineError:
        return None
    engine.api.timeout = 60
    return engine


def locate(environ: Mapping[str, str]) -> Address:
    """Return where the engine should be: DOCKER_HOST, else DOCKER_CONTEXT, the current context, the default socket.

    The SDK's own ContextAPI takes an unknown context for the default one, and finds none without a config.json: a build
    could end on the wrong engine. Raises EngineError when a context is unknown or damaged, or TLS material is missing.
    """
    if environ.get("DOCKER_HOST"):
        return _from_environment(environ, "DOCKER_HOST")
    folder = Path(environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
    name, origin = environ.get("DOCKER_CONTEXT", ""), "DOCKER_CONTEXT"
    if not name:
        name, origin = _read_json(folder / "config.json").get("currentContext", ""), "the current docker context"
    if name in ("", "default"):
        return _from_environment(environ, "the default address")
    return _from_context(folder / "contexts", name, origin)


def _from_environment(environ: Mapping[str, str], origin: str) -> Address:
    host = environ.get("DOCKER_HOST") or DEFAULT_HOST
    try:
        return Address(host, origin, kwargs_from_env(environment={**environ, "DOCKER_HOST": host}).get("tls"))
    except TLSParameterError as error:
        raise EngineError(
            f"no TLS certificates for {host}: {error.args[0]}",
            hint="DOCKER_CERT_PATH names the folder with ca.pem, cert.pem and key.pem",
        ) from error


def _from_context(contexts: Path, name: str, origin: str) -> Address:
    key = hashlib.sha256(name.encode()).hexdigest()
    file = contexts / "meta" / key / "meta.json"
    if not file.is_file():
        known = [_read_json(meta).get("Name", "") for meta in contexts.glob("meta/*/meta.json")]
        raise EngineError(
            f"there is no docker context {name!r}, which {origin} names", hint=did_you_mean(name, ["default", *known])
        )
    match _read_json(file):
        case {"Endpoints": {"docker": {"Host": str(host), **rest}}}:
            skip = bool(rest.get("SkipTLSVerify"))
        case _:
            raise EngineError(f"the docker context {name!r} names no engine", hint=f"see {file}")
    return Address(host, f"docker context {name!r}", _context_tls(contexts / "tls" / key / "docker", host, skip))


def _context_tls(folder: Path, host: str, skip_verify: bool) -> TLSConfig | None:
    found = {path.stem: str(path) for path in folder.glob("*.pem")}
    if not host.startswith(("tcp://", "https://")) or not (found or skip_verify):
        return None
    client = (found["cert"], found["key"]) if {"cert", "key"} <= found.keys() else None
    return TLSConfig(client_cert=client, ca_cert=found.get("ca"), verify=not skip_verify)


def _read_json(file: Path) -> dict[str, Any]:
    try:
        data = json.loads(file.read_bytes())
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise EngineError(f"cannot read {file}: {error}") from error
    return data if isinstance(data, dict) else {}


def _reason(error: BaseException) -> tuple[str, str]:
    """Tell why there is no connection, and what helps. The cause lies deep in what SDK, requests and urllib3 wrap."""
    cause: BaseException | None = error
    while cause is not None:
        match cause:
            case PermissionError():
                return "permission denied", "join the group that owns the socket: sudo usermod -aG docker $USER"
            case FileNotFoundError():
                return "there is no such socket", HINT
            case ConnectionRefusedError():
                return "nobody listens there", HINT
            case socket.gaierror():
                return "the host is not known", HINT
            case ssl.SSLError():
                return f"TLS failed: {cause.reason or cause}", "see DOCKER_CERT_PATH, or the TLS files of the context"
            case TimeoutError():
                return "no answer in time", HINT
            case ConnectionError() if cause.errno or isinstance(cause, ConnectionResetError):
                return "the connection was closed", HINT
        cause = cause.__cause__ or cause.__context__
    return str(error), HINT
