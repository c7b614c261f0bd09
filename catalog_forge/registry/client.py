"""Look up the digest, media type and platforms of images in registries, using python-dxf over our own transport."""

from __future__ import annotations

import hashlib
import json
import ssl
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from threading import Lock, local
from typing import Any
from urllib.parse import urlsplit

import www_authenticate
from dxf import DXF, DXFBase
from dxf.exceptions import DXFAuthInsecureError, DXFDigestMismatchError, DXFError, DXFUnauthorizedError
from requests import HTTPError, RequestException, Response
from requests.exceptions import SSLError, Timeout

from catalog_forge.errors import ForgeError
from catalog_forge.registry.credentials import Keyring, Login
from catalog_forge.registry.reference import DIGEST, DOCKER_HUB, Reference
from catalog_forge.registry.transport import MAX_BYTES, MOST_WAIT, Busy, TooLong, Transport, trusted
from catalog_forge.shown import printable

_HUB_ADDRESS = "registry-1.docker.io"
_LOOPBACK = ("localhost", "127.", "[::1]")
_MANIFEST_1 = "application/vnd.docker.distribution.manifest.v1+"
_LONGEST_CHALLENGE = 8192
_NOT_YET, _EXPIRED = 9, 10
"""OpenSSL's error codes for a certificate that is not yet valid or has expired (openssl-verify(1))."""


class _Mismatch(ValueError):
    """The content received does not match its digest."""


class Gone(ForgeError):
    """The registry answered, but does not have the image."""


@dataclass(frozen=True, slots=True)
class Manifest:
    """The manifest or index to which a reference resolves in a registry."""

    digest: str
    media_type: str
    platforms: tuple[str, ...]
    labels: Mapping[str, str] = field(default_factory=dict)


class Registries:
    """A client for all registries that hold images. Thread-safe; each thread keeps its own connections."""

    def __init__(self) -> None:
        self._mine, self._lock = local(), Lock()
        self._hosts: dict[str, _Host] = {}
        self._keyring, self._trust = Keyring(), trusted()

    def manifest(self, image: Reference, *, labels: bool = False) -> Manifest:
        """Return the manifest or index of a reference.

        For an index, one request is enough. For a single image, a second request is needed to find the platform.

        An index has no labels of its own: if `labels` is true, it gets the labels of its amd64 image or, without such an image,
        of its first image. Raises Gone if the registry does not have the image, and ForgeError for any other problem.
        """
        with self._asked(image) as repository:
            text, response = repository.get_manifest_and_response(image.name)
            kind, digest, data = _checked(image, text, response)
            config: Mapping[str, Any] = {}
            if "manifests" not in data and isinstance(found := data.get("config"), dict):
                config = json.loads(b"".join(_pieces(repository.pull_blob(str(found["digest"])))))
            known = (config.get("config") or {}).get("Labels") or {}
            made = Manifest(digest, kind, _platforms(data, config), {str(key): str(known[key]) for key in known})
            parts = sorted(data.get("manifests") or (), key=_for_amd64) if labels else ()
            first = str(parts[0]["digest"]) if parts else ""
        return replace(made, labels=self.manifest(replace(image, digest=first)).labels) if DIGEST.fullmatch(first) else made

    def digest(self, image: Reference) -> str:
        """Return the current digest of a reference, without downloading the manifest. Raises the same errors as `manifest`."""
        with self._asked(image) as repository:
            digest, _ = repository.head_manifest_and_response(image.name)
        return digest if digest and DIGEST.fullmatch(digest) else self.manifest(image).digest

    def refuse(self, host: str, why: str) -> None:
        """Stop sending requests to a registry."""
        self._of(host).dead = why

    def _of(self, name: str) -> _Host:
        with self._lock:
            return self._hosts.setdefault(name, _Host(name, self._keyring))

    @contextmanager
    def _asked(self, image: Reference) -> Iterator[_Repository]:
        host = self._of(image.host)
        if host.dead:
            raise ForgeError(f"{image.host}: {host.dead}", hint=_REACH)
        with _in_words(image, host):
            yield self._repository(image, host)

    def _repository(self, image: Reference, host: _Host) -> _Repository:
        known: dict[tuple[str, str], _Repository] = self._mine.__dict__.setdefault("known", {})
        if (key := (image.host, image.repository)) not in known:
            transport: Transport = self._mine.__dict__.setdefault("transport", Transport(self._trust))
            transport.trusting(host.name)
            known[key] = _Repository(host, image.repository, transport)
        return known[key]


class _Host:
    """A registry with its address, credentials and protocol. Credentials and protocol are determined once, when first needed."""

    def __init__(self, name: str, keyring: Keyring) -> None:
        self.name, self.dead = name, ""
        self._keyring = keyring
        self._lock = Lock()
        self._login: Login | None = None
        self._is_plain: bool | None = None

    @property
    def address(self) -> str:
        return _HUB_ADDRESS if self.name == DOCKER_HUB else self.name

    @property
    def login(self) -> Login:
        with self._lock:
            self._login = self._login or self._keyring.login(self.name)
            return self._login

    def is_plain(self, transport: Transport) -> bool:
        """Whether the registry speaks HTTP without TLS. As in the Docker engine, only a registry on this machine may do so."""
        with self._lock:
            if self._is_plain is None:
                self._is_plain = self.name.startswith(_LOOPBACK) and _speaks_no_tls(self.address, transport)
            return self._is_plain


class _Repository(DXF):
    """A repository that is read over our transport, with the docker command's credentials once the registry asks for them."""

    def __init__(self, host: _Host, repository: str, transport: Transport) -> None:
        super().__init__(host.address, repository, self._enter, insecure=host.is_plain(transport))
        self._sessions = [transport]
        self._host_asked = host

    def _enter(self, _: DXFBase, response: Response) -> None:
        challenge = response.headers.get("www-authenticate", "")
        if len(challenge) > _LONGEST_CHALLENGE:
            raise ValueError
        login = self._host_asked.login
        if not login.identity:
            self.authenticate(login.user, login.password, response=response)
            return
        # python-dxf does not support identity tokens (distribution's spec/auth/oauth).
        asked = www_authenticate.parse(challenge)["bearer"]
        realm = str(asked["realm"])
        if not realm.startswith("https://"):
            raise DXFAuthInsecureError
        form = {"grant_type": "refresh_token", "client_id": "catalog-forge", "refresh_token": login.identity}
        form |= {key: asked[key] for key in ("service", "scope") if key in asked}
        answer = self._sessions[0].post(realm, data=form)
        if answer.status_code in (400, 401):
            raise DXFUnauthorizedError
        answer.raise_for_status()
        self.token = answer.json()["access_token"]


def _speaks_no_tls(address: str, transport: Transport) -> bool:
    try:
        transport.get(f"https://{address}/v2/", allow_redirects=False)
    except SSLError as error:
        return not isinstance(_cause(error, ssl.SSLError), ssl.SSLCertVerificationError)
    except RequestException:
        return False
    return False


def _checked(image: Reference, text: str, response: Response) -> tuple[str, str, dict[str, Any]]:
    """Return the media type, the digest and the content of a manifest after verifying its digest."""
    data = json.loads(text)
    kind = response.headers.get("Content-Type", "").partition(";")[0].strip()
    kind = kind if kind.startswith("application/vnd.") else str(data.get("mediaType", kind))
    said = response.headers.get("Docker-Content-Digest", "")
    digest = f"sha256:{hashlib.sha256(response.content).hexdigest()}"
    if kind.startswith(_MANIFEST_1) and DIGEST.fullmatch(said):
        digest = said  # this digest covers only the signed part of the response
    for claim in (said if DIGEST.fullmatch(said) else digest, image.digest or digest):
        if claim != digest:
            raise _Mismatch
    return kind, digest, data


def _pieces(blob: object) -> Iterator[bytes]:
    """Return the chunks of a blob.

    The assertion only narrows the declared type: python-dxf returns a tuple if the size is also requested.
    """
    assert isinstance(blob, Iterable)
    return iter(blob)


def _for_amd64(part: Mapping[str, Any]) -> bool:
    """Return a sort key that puts the amd64 image first."""
    return (part.get("platform") or {}).get("architecture") != "amd64"


def _platforms(data: Mapping[str, Any], config: Mapping[str, Any]) -> tuple[str, ...]:
    """Return the platforms of an index or a single image, without entries that cannot be run, such as attestations."""
    if "manifests" in data:
        found = [each.get("platform") or {} for each in data["manifests"]]
    else:
        found = [config if config else {"os": "linux", "architecture": data.get("architecture")}]
    names = {
        "/".join(str(each[key]) for key in ("os", "architecture", "variant") if each.get(key))
        for each in found
        if each.get("architecture") not in (None, "unknown")
    }
    return tuple(sorted(printable(name) for name in names))


_REACH = "check the network, HTTPS_PROXY, and the name of the registry"


@contextmanager
def _in_words(image: Reference, host: _Host) -> Iterator[None]:
    """Turn errors of a registry into readable messages that repeat no text from the registry."""
    try:
        yield
    except ForgeError:
        raise
    except (DXFError, _Mismatch) as error:
        raise _refusal(image, host, error) from error
    # The library `requests` also raises ValueError for an invalid URL, header or JSON from a registry.
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        hint = "is it a registry with API v2?"
        raise ForgeError(f"{image.written}: {host.name} did not answer like a registry", hint=hint) from error
    except RequestException as error:
        raise _refusal(image, host, error) from error


def _refusal(image: Reference, host: _Host, error: Exception) -> ForgeError:
    name, login = host.name, f"docker login {host.name}"
    match error:
        case HTTPError(response=Response(status_code=404)):
            return Gone(f"{image.written}: {name} has no such image", hint="check its name and tag; it may have been deleted")
        case DXFUnauthorizedError() | HTTPError(response=Response(status_code=401 | 403)):
            trouble = host.login.trouble
            who = "with these credentials" if host.login.user or host.login.identity else "without credentials"
            return ForgeError(f"{image.written}: {name} denies access {f'because {trouble}' if trouble else who}", hint=login)
        case HTTPError(response=Response(status_code=status)):
            return ForgeError(f"{image.written}: {name} answers with status {status}", hint="try it again later")
        case DXFAuthInsecureError():
            return ForgeError(
                f"{image.written}: {name} asks for credentials without TLS: none were sent",
                hint="configure TLS for this registry",
            )
        case DXFDigestMismatchError() | _Mismatch():
            hint = "do not use it: the registry, or a proxy in front of it, is broken or malicious"
            return ForgeError(f"{image.written}: the content that {name} sent does not have the stated digest", hint=hint)
        case TooLong():
            return ForgeError(f"{image.written}: {name} sent more than {MAX_BYTES >> 20} MiB", hint="no manifest is that long")
        case Busy(seconds=seconds):
            asks = f", and asks clients to wait {seconds} s" if seconds > MOST_WAIT else ""
            return ForgeError(f"{image.written}: {name} received too many requests{asks}", hint=f"try it again later, or {login}")
        case SSLError():
            words, hint = _tls(error)
        case Timeout():
            words, hint = "it did not answer in time", _REACH
        case _:
            words, hint = "it cannot be reached, or closed the connection", _REACH
    host.dead = f"{_elsewhere(host, error)}{words}"
    return ForgeError(f"{name}: {host.dead}", hint=hint)


def _elsewhere(host: _Host, error: Exception) -> str:
    """Return words that name the failed server if the registry redirected to it, or "" if the registry itself failed."""
    request = getattr(error, "request", None)
    netloc = urlsplit(getattr(request, "url", None) or "").netloc
    return f"{printable(netloc)}, to which it redirects: " if netloc not in ("", host.address) else ""


def _tls(error: Exception) -> tuple[str, str]:
    """Return a description of a TLS failure (expired or untrusted certificate, or another cause), and a hint."""
    cause = _cause(error, ssl.SSLCertVerificationError)
    if not isinstance(cause, ssl.SSLCertVerificationError):
        return "TLS failed", "does it support TLS? Without TLS, only registries on this machine are used"
    if cause.verify_code in (_NOT_YET, _EXPIRED):
        return f"{cause.verify_message}", "check the clock of this machine, and the registry's certificate"
    hint = "put its CA in /etc/docker/certs.d/REGISTRY/ca.crt, as for the Docker engine, or set SSL_CERT_FILE"
    return f"its certificate is not trusted: {cause.verify_message}", hint


def _cause(error: BaseException, kind: type[BaseException]) -> BaseException | None:
    """Find the cause of the given type, however deeply requests and urllib3 have wrapped it."""
    waiting: list[object] = [error]
    seen: set[int] = set()
    while waiting:
        each = waiting.pop()
        if isinstance(each, BaseException) and id(each) not in seen:
            seen.add(id(each))
            if isinstance(each, kind):
                return each
            waiting += [*each.args, each.__cause__, each.__context__, getattr(each, "reason", None)]
    return None
