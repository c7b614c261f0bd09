"""Locate the Docker engine as the docker command does. This module loads fast, because it imports the SDK only for TLS."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from catalog_forge.errors import EngineError, did_you_mean

if TYPE_CHECKING:
    from docker.tls import TLSConfig

DEFAULT_HOST = "unix:///var/run/docker.sock"
HINT = "start Docker, or select a running engine with DOCKER_HOST, DOCKER_CONTEXT or `docker context use`"


@dataclass(frozen=True, slots=True)
class Address:
    """The address of an engine, the place where this address is configured, and the TLS material for the connection."""

    host: str
    origin: str
    tls: TLSConfig | None = None

    def __str__(self) -> str:
        return f"{self.host} ({self.origin})"


def locate(environ: Mapping[str, str]) -> Address:
    """Return the engine's address: DOCKER_HOST, else DOCKER_CONTEXT, the current context, or the default socket.

    The SDK's ContextAPI is not used, because it could select the wrong engine for a build: it uses the default engine for
    an unknown context and, if config.json is missing, finds no context at all.

    Raises EngineError if a context is unknown or damaged, or if TLS material is missing.
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
    if not (environ.get("DOCKER_CERT_PATH") or environ.get("DOCKER_TLS_VERIFY")):
        return Address(host, origin)
    from docker.errors import TLSParameterError
    from docker.utils import kwargs_from_env

    try:
        return Address(host, origin, kwargs_from_env(environment={**environ, "DOCKER_HOST": host}).get("tls"))
    except TLSParameterError as error:
        raise EngineError(
            f"no TLS certificates for {host}: {error.args[0]}",
            hint="set DOCKER_CERT_PATH to the folder that contains ca.pem, cert.pem and key.pem",
        ) from error


def _from_context(contexts: Path, name: str, origin: str) -> Address:
    import hashlib

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
            raise EngineError(f"the docker context {name!r} has no address of a Docker engine", hint=f"see {file}")
    return Address(host, f"docker context {name!r}", _context_tls(contexts / "tls" / key / "docker", host, skip))


def _context_tls(folder: Path, host: str, skip_verify: bool) -> TLSConfig | None:
    found = {path.stem: str(path) for path in folder.glob("*.pem")}
    if not host.startswith(("tcp://", "https://")) or not (found or skip_verify):
        return None
    from docker.tls import TLSConfig

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
