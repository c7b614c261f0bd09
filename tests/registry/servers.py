"""Registries for tests: Debian's docker-registry with TLS and users, a token server, and servers that answer anything."""

from __future__ import annotations

import base64
import hashlib
import http.server
import json
import re
import ssl
import subprocess
import threading
import time
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from http import HTTPStatus
from pathlib import Path
from typing import Any

from tests.helpers import PATIENCE, eventually

USER, PASSWORD = "jo", "open sesame"
# What `htpasswd -Bb` makes of them.
HTPASSWD = f"{USER}:$2b$04$4aJ4sEl8pJkPf11VvUVmVuL4z1d05E7gLNOFmTxcZ.lJZMNt0c48a\n"
MANIFEST = "application/vnd.docker.distribution.manifest.v2+json"
LIST = "application/vnd.docker.distribution.manifest.list.v2+json"
OCI_MANIFEST = "application/vnd.oci.image.manifest.v1+json"
OCI_INDEX = "application/vnd.oci.image.index.v1+json"


def sha256(content: bytes) -> str:
    """The digest of a content."""
    return f"sha256:{hashlib.sha256(content).hexdigest()}"


def certificate(folder: Path, *more: str) -> tuple[Path, Path]:
    """A certificate for this machine that signs itself, and its key."""
    cert, key = folder / "ca.crt", folder / "ca.key"
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2"]
    names = "subjectAltName=IP:127.0.0.1,DNS:localhost"
    words = ["-subj", "/CN=registry", "-addext", names, "-keyout", str(key), "-out", str(cert), *more]
    subprocess.run([*command, *words], check=True, capture_output=True)
    return cert, key


@dataclass
class Registry:
    """Debian's docker-registry: on a port that it chooses itself, with its files in a folder."""

    folder: Path
    cert: tuple[Path, Path] | None = None
    auth: Mapping[str, Any] = field(default_factory=dict)
    credentials: tuple[str, str] | None = None
    host: str = ""
    size: int = 0
    bearer: Callable[[str], str] | None = None

    def __enter__(self) -> Registry:
        self.folder.mkdir(parents=True, exist_ok=True)
        tls = {"tls": {"certificate": str(self.cert[0]), "key": str(self.cert[1])}} if self.cert else {}
        settings = {
            "version": "0.1",
            "log": {"level": "info"},
            "storage": {"filesystem": {"rootdirectory": str(self.folder / "data")}, "delete": {"enabled": True}},
            "http": {"addr": "127.0.0.1:0", "secret": "none", **tls},
            "auth": dict(self.auth),
        }
        config, log = self.folder / "config.json", self.folder / "log"
        config.write_text(json.dumps(settings))
        with log.open("wb") as output:
            command = ["docker-registry", "serve", str(config)]
            self._process = subprocess.Popen(command, stdout=output, stderr=subprocess.STDOUT)
        assert eventually(lambda: self._port(log) or self._process.poll() is not None)
        self.host = f"127.0.0.1:{self._port(log)}"
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()

    @staticmethod
    def _port(log: Path) -> str:
        found = re.search(r"listening on (?:127\.0\.0\.1|\[::\]):(\d+)", log.read_text())
        return found[1] if found else ""

    def ask(
        self, method: str, path: str, content: bytes | None = None, kind: str = "application/octet-stream", accept: bool = False
    ) -> Any:
        """Speak to the registry as whoever pushes does, or pulls."""
        url = path if path.startswith("http") else f"{'https' if self.cert else 'http'}://{self.host}{path}"
        request = urllib.request.Request(url, content, {"Content-Type": kind}, method=method)
        if accept:
            request.add_header("Accept", ", ".join((MANIFEST, LIST, OCI_MANIFEST, OCI_INDEX)))
        if self.bearer:
            repository = re.match(r".*?/v2/(.+)/(?:blobs|manifests)/", url)
            assert repository
            request.add_header("Authorization", f"Bearer {self.bearer(f'repository:{repository[1]}:pull,push')}")
        if self.credentials:
            pair = base64.b64encode(":".join(self.credentials).encode()).decode()
            request.add_header("Authorization", f"Basic {pair}")
        trust = ssl.create_default_context(cafile=str(self.cert[0])) if self.cert else None
        return urllib.request.urlopen(request, context=trust, timeout=PATIENCE)

    def blob(self, repository: str, content: bytes) -> dict[str, Any]:
        """Put a blob there, and return what a manifest says of it."""
        with self.ask("POST", f"/v2/{repository}/blobs/uploads/", b"") as answer:
            where = answer.headers["Location"]
        mark = "&" if "?" in where else "?"
        self.ask("PUT", f"{where}{mark}digest={urllib.parse.quote(sha256(content))}", content).close()
        return {"digest": sha256(content), "size": len(content)}

    def manifest(self, repository: str, name: str, data: Mapping[str, Any]) -> str:
        """Put a manifest there, and return its digest."""
        content = json.dumps(data).encode()
        self.ask("PUT", f"/v2/{repository}/manifests/{name}", content, str(data["mediaType"])).close()
        return sha256(content)

    def image(
        self,
        name: str,
        architecture: str = "amd64",
        *,
        labels: Mapping[str, str] | None = None,
        kind: str = MANIFEST,
        variant: str = "",
    ) -> str:
        """Push an image REPOSITORY:TAG with a layer of nothing, and return its digest."""
        repository, _, tag = name.partition(":")
        config = {"os": "linux", "architecture": architecture, "config": {"Labels": dict(labels or {})}, "name": name}
        config |= {"variant": variant} if variant else {}
        layer = self.blob(repository, b"layer")
        kinds = {
            MANIFEST: ("application/vnd.docker.container.image.v1+json", "application/vnd.docker.image.rootfs.diff.tar.gzip"),
            OCI_MANIFEST: ("application/vnd.oci.image.config.v1+json", "application/vnd.oci.image.layer.v1.tar+gzip"),
        }[kind]
        data = {
            "schemaVersion": 2,
            "mediaType": kind,
            "config": {"mediaType": kinds[0], **self.blob(repository, json.dumps(config).encode())},
            "layers": [{"mediaType": kinds[1], **layer}],
        }
        self.size = len(json.dumps(data))
        return self.manifest(repository, tag, data)

    def index(self, name: str, *architectures: str, kind: str = LIST) -> str:
        """Push an index REPOSITORY:TAG with an image for each architecture, ARCHITECTURE/VARIANT, and return its digest."""
        repository, _, tag = name.partition(":")
        one = MANIFEST if kind == LIST else OCI_MANIFEST
        parts = []
        for each in architectures:
            architecture, _, variant = each.partition("/")
            digest = self.image(f"{repository}:{tag}-{each.replace('/', '-')}", architecture, kind=one, variant=variant)
            platform = {"os": "linux", "architecture": architecture} | ({"variant": variant} if variant else {})
            parts.append({"mediaType": one, "digest": digest, "size": self.size, "platform": platform})
        return self.manifest(repository, tag, {"schemaVersion": 2, "mediaType": kind, "manifests": parts})

    def gone(self, repository: str, digest: str) -> None:
        """Take a manifest away."""
        self.ask("DELETE", f"/v2/{repository}/manifests/{digest}").close()


class TokenServer:
    """Gives tokens that docker-registry takes, to one user, and to whoever has the identity token; notes what it was asked."""

    def __init__(self, cert: tuple[Path, Path]) -> None:
        self.cert, self.asked = cert, list[str]()

    def token(self, service: str, scope: str) -> str:
        """A token for a scope, signed by openssl: ES256 wants the two numbers of the signature side by side (RFC 7518)."""
        der = ssl.PEM_cert_to_DER_cert(self.cert[0].read_text())
        head = {"typ": "JWT", "alg": "ES256", "x5c": [base64.b64encode(der).decode()]}
        kind, name, actions = scope.split(":", 2) if scope else ("", "", "")
        now = int(time.time())
        access = [{"type": kind, "name": name, "actions": actions.split(",")}] if scope else []
        claims = {"iss": "double", "sub": USER, "aud": service, "exp": now + 300, "nbf": now - 10, "iat": now, "jti": "1"}
        text = ".".join(_url64(json.dumps(part).encode()) for part in (head, claims | {"access": access}))
        command = ["openssl", "dgst", "-sha256", "-sign", str(self.cert[1])]
        signed = subprocess.run(command, input=text.encode(), capture_output=True, check=True).stdout
        return f"{text}.{_url64(_two_numbers(signed))}"

    def answer(self, request: Asked) -> Answer:
        """What it says to who asks for a token."""
        url = urllib.parse.urlsplit(request.path)
        form = dict(urllib.parse.parse_qsl(request.body.decode() or url.query))
        pair = base64.b64encode(f"{USER}:{PASSWORD}".encode()).decode()
        self.asked.append(f"{request.method} {form.get('scope', '')}")
        if request.headers.get("Authorization") != f"Basic {pair}" and form.get("refresh_token") != "identity of jo":
            return Answer(401)
        token = self.token(form["service"], form.get("scope", ""))
        return Answer(200, json.dumps({"token": token, "access_token": token}).encode())


def _url64(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).decode().rstrip("=")


def _two_numbers(der: bytes) -> bytes:
    first = der[4 : 4 + der[3]]
    second = der[6 + der[3] :]
    return b"".join(number.lstrip(b"\0").rjust(32, b"\0") for number in (first, second))


@dataclass
class Asked:
    """A request that a server got."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes = b""


@dataclass
class Answer:
    """What a server sends: a status, a body (or pieces without end), headers."""

    status: int = 200
    body: bytes = b""
    headers: Mapping[str, str] = field(default_factory=dict)
    pieces: Callable[[], Any] | None = None


class Server:
    """A server on this machine that answers by a function, and notes what it was asked."""

    def __init__(self, answer: Callable[[Asked], Answer], cert: tuple[Path, Path] | None = None) -> None:
        self.asked: list[Asked] = []
        self.over = threading.Event()
        outer = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def handle_one(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                asked = Asked(self.command, self.path, dict(self.headers), self.rfile.read(length))
                outer.asked.append(asked)
                found = answer(asked)
                self.send_response_only(found.status, HTTPStatus(found.status).phrase)
                for name, value in found.headers.items():
                    self.send_header(name, value)
                if found.pieces:
                    self.send_header("Connection", "close")
                    self.end_headers()
                    self.close_connection = True
                    for piece in found.pieces():
                        self.wfile.write(piece)
                    return
                self.send_header("Content-Length", str(len(found.body)))
                self.end_headers()
                self.wfile.write(b"" if self.command == "HEAD" else found.body)

            do_GET = do_HEAD = do_POST = handle_one  # noqa: N815

            def log_message(self, *_: object) -> None:
                pass

        class Quiet(http.server.ThreadingHTTPServer):
            daemon_threads = True

            def handle_error(self, *_: object) -> None:
                pass

        self._server = Quiet(("127.0.0.1", 0), Handler)
        self.scheme = "https" if cert else "http"
        if cert:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*cert)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.host = f"127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Server:
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.over.set()
        self._server.shutdown()
        self._server.server_close()
