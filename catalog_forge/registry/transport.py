"""Sends HTTP requests to registries, with limits on memory and work, so that a hostile registry can only delay its responses.

The caller (`pool`) limits the total time of a look-up, because a server can prolong any single read by sending slowly.
"""

from __future__ import annotations

import io
import ssl
import time
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from requests import PreparedRequest, RequestException, Response, Session
from requests.adapters import HTTPAdapter
from urllib3.exceptions import HTTPError
from urllib3.util import Retry

from catalog_forge import tls

MAX_BYTES = 4 << 20
"""The maximum size of a manifest, an image configuration or a token, as in containerd and crane."""
MOST_WAIT = 20
"""The longest wait, in seconds, that a registry may ask for. If it asks for more, the look-up fails."""
TRIES = 3
_CONNECT_SECONDS, _READ_SECONDS = 10, 20
_MOST_REDIRECTS = 5
# Where the Docker engine looks for the certificates of a registry (docs.docker.com/engine/security/certificates).
CERTIFICATES = Path("/etc/docker/certs.d")


class TooLong(RequestException):
    """A registry sent more data than the size limit allows."""


class Busy(RequestException):
    """A registry asked the client to wait too long, or asked it to wait after every attempt."""

    def __init__(self, seconds: int) -> None:
        super().__init__(f"the registry asks clients to wait {seconds} s")
        self.seconds = seconds


class Transport(Session):
    """A session with persistent connections that uses only its caller's credentials and never passes them to another host."""

    def __init__(self, trust: ssl.SSLContext) -> None:
        super().__init__()
        self.max_redirects = _MOST_REDIRECTS
        self._settings: dict[tuple[str, ...], Any] = {}
        self.auth = _as_it_is  # otherwise the library `requests` would read ~/.netrc
        self.mount("http://", _Adapter())
        self.mount("https://", _Adapter(trust))

    def trusting(self, host: str) -> None:
        """Trust the certificates that the Docker engine would trust for a host."""
        folder = CERTIFICATES / host
        if "/" not in host and folder.is_dir():
            self.mount(f"https://{host}/", _Adapter(trusted(folder)))

    def merge_environment_settings(self, url: Any, proxies: Any, stream: Any, verify: Any, cert: Any) -> Any:
        """Look up proxies once per host. The library `requests` would read all environment variables again for each image."""
        host = urlsplit(str(url))[:2]
        if host not in self._settings:
            self._settings[host] = super().merge_environment_settings(url, proxies, stream, verify, cert)
        return self._settings[host]

    def rebuild_auth(self, prepared_request: PreparedRequest, response: Response) -> None:
        """Drop the credentials when a redirect leads to another host, port or scheme."""
        if self.should_strip_auth(response.request.url, prepared_request.url):  # type: ignore[no-untyped-call]
            prepared_request.headers.pop("Authorization", None)


class _Adapter(HTTPAdapter):
    """Reads responses up to a size limit, and sends a request again when the registry asks to retry later."""

    def __init__(self, trust: ssl.SSLContext | None = None) -> None:
        self._trust = trust
        # Otherwise, urllib3 would wait for as long as the server's Retry-After header says.
        super().__init__(max_retries=Retry(1, redirect=False, status=0, respect_retry_after_header=False))

    def init_poolmanager(self, connections: int, maxsize: int, block: bool = False, **kwargs: Any) -> None:
        super().init_poolmanager(connections, maxsize, block, ssl_context=self._trust, **kwargs)

    def send(self, request: PreparedRequest, *args: Any, **kwargs: Any) -> Response:
        kwargs |= {"stream": True, "timeout": (_CONNECT_SECONDS, _READ_SECONDS)}
        for _ in range(TRIES):
            response = super().send(request, *args, **kwargs)
            try:
                body = response.raw.read(MAX_BYTES + 1, decode_content=True)
            except HTTPError as error:
                response.close()
                raise RequestException(str(error)) from error
            if len(body) > MAX_BYTES:
                response.close()
                raise TooLong
            response.raw.release_conn()
            response.raw = io.BytesIO(body)
            if (seconds := _wait(response)) < 0:
                return response
            if seconds > MOST_WAIT:
                break
            time.sleep(seconds)
        raise Busy(seconds)


def _wait(response: Response) -> int:
    """Return how many seconds a registry asks to wait, or -1 for none. If it sends a date, count from the response's date."""
    said = response.headers.get("Retry-After", "")
    if response.status_code not in (429, 503) or (response.status_code == 503 and not said):
        return -1
    if said.isascii() and said.isdigit():
        return int(said[:9])
    try:
        return max(0, int((parsedate_to_datetime(said) - parsedate_to_datetime(response.headers["Date"])).total_seconds()))
    except (KeyError, ValueError, TypeError, OverflowError):
        return 1


def trusted(folder: Path = CERTIFICATES) -> ssl.SSLContext:
    """Return a TLS context with this machine's CAs and the certificates in one of the Docker engine's folders.

    CA certificates are named `*.crt`; client certificates are named `*.cert`, with their keys in `*.key`.
    """
    context = tls.context()
    for file in sorted(folder.glob("*.crt")):
        context.load_verify_locations(file)
    for file in sorted(folder.glob("*.cert")):
        context.load_cert_chain(file, file.with_suffix(".key"))
    return context


def _as_it_is(request: PreparedRequest) -> PreparedRequest:
    return request
