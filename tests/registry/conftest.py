"""The registries of these tests: started once for all of them."""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.registry.servers import HTPASSWD, PASSWORD, USER, Registry, certificate
from tests.stores.conftest import needing
from tests.stores.servers import tool


@pytest.fixture(scope="session")
def cert(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """The certificate of the registries here, and its key."""
    with needing("docker-registry"):
        tool("registry.sh")
    return certificate(tmp_path_factory.mktemp("certificate"))


@pytest.fixture(scope="session")
def closed(tmp_path_factory: pytest.TempPathFactory, cert: tuple[Path, Path]) -> Iterator[Registry]:
    """A registry that lets one user in, over TLS."""
    folder = tmp_path_factory.mktemp("closed")
    (folder / "users").write_text(HTPASSWD)
    auth = {"htpasswd": {"realm": "tests", "path": str(folder / "users")}}
    with Registry(folder, cert, auth, (USER, PASSWORD)) as registry:
        yield registry


@pytest.fixture(scope="session")
def plain(tmp_path_factory: pytest.TempPathFactory, cert: tuple[Path, Path]) -> Iterator[Registry]:  # noqa: ARG001 (Debian's is there)
    """A registry that lets everybody in, without TLS."""
    with Registry(tmp_path_factory.mktemp("plain")) as registry:
        yield registry


@pytest.fixture(autouse=True)
def _nobody(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials of the person at this machine."""
    monkeypatch.setenv("DOCKER_CONFIG", str(tmp_path / "docker"))
    monkeypatch.delenv("SOURCE_DATE_EPOCH", raising=False)


@pytest.fixture
def trusted(cert: tuple[Path, Path], monkeypatch: pytest.MonkeyPatch) -> None:
    """This machine trusts the certificate."""
    monkeypatch.setenv("SSL_CERT_FILE", str(cert[0]))


Logins = Callable[..., None]


@pytest.fixture
def docker_login(tmp_path: Path) -> Logins:
    """Write the docker command's config.json: users by registry, and other keys of it."""

    def write(*hosts: str, user: str = USER, password: str = PASSWORD, **more: object) -> None:
        pair = base64.b64encode(f"{user}:{password}".encode()).decode()
        folder = tmp_path / "docker"
        folder.mkdir(exist_ok=True)
        (folder / "config.json").write_text(json.dumps({"auths": {host: {"auth": pair} for host in hosts}, **more}))

    return write


@pytest.fixture
def helper(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Put a credential helper `docker-credential-double` on PATH: a script of sh."""

    def write(script: str) -> None:
        file = tmp_path / "bin/docker-credential-double"
        file.parent.mkdir()
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)
        monkeypatch.setenv("PATH", f"{file.parent}:{os.environ['PATH']}")

    return write
