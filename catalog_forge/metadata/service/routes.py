"""The behaviour of the metadata service: routes, formats, errors and waiting, as pure functions of the answers and the request.

Rules: the observed behaviour of rancher-metadata 0.7.4, and its source code.
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, quote, unquote

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service import lookup, printing
from catalog_forge.metadata.service.answers import DEFAULT, LATEST, Answers
from catalog_forge.metadata.service.wire import Request, Response

TEXT = "text/plain"
JSON = "application/json"
YAML = "application/yaml"
OFFERS = (TEXT, JSON, YAML, "application/x-yaml", "text/yaml", "text/x-yaml")

# The media types in an Accept header that match at least one of `OFFERS`.
_WANTED = frozenset((*OFFERS, "*/*", *(f"{offer.partition('/')[0]}/*" for offer in OFFERS)))
# Only this many characters of an Accept header are read, because parsing a megabyte would delay other clients.
_LONGEST_ACCEPT = 1 << 14
# An answer with this many values is large: printing it takes a few hundredths of a second.
_LARGE = 5_000
_CORS = ("Access-Control-Allow-Origin", "*")
_NO_SNIFF = ("X-Content-Type-Options", "nosniff")
_DEFAULT_WAIT = 60
_LONGEST_WAIT = 120
_PRINTERS = {JSON: printing.to_json, YAML: printing.to_yaml, TEXT: printing.to_text}
# Go leaves these characters of a path unescaped.
_UNESCAPED = "/$&+,:;=@~"
# One item of an Accept header: the media type and its q value. Any other parameter ends the header.
_WISH = re.compile(r"([\w!#$%&'*+\-.^`|~/]+)[ \t]*(?:;[ \t]*q=([01])(\.[0-9]{0,9})?[0-9]*)?[ \t]*", re.ASCII)
_HIERARCHICAL = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//")
_COMMA = re.compile(r",[ \t]*")


@dataclass(frozen=True, slots=True)
class Wait:
    """How long a request waits: until the value at its path is no longer `value`, but at most `seconds` seconds."""

    value: str
    seconds: int


def respond(answers: Answers, request: Request) -> Response:
    """Answer a request. This function raises no exception, whatever the request is."""
    if (request.method, request.path) == ("OPTIONS", "*"):
        return Response(HTTPStatus.OK)
    sent = unquote(request.path, "latin-1")
    if (clean := _clean(sent)) != sent:
        return _moved(request, clean)
    path = unquote(_utf8(request.path))
    if not _is_route(request.method, path):
        return no_page()
    form = form_of(request)
    try:
        return _success(value_at(answers, request), form)
    except lookup.NotFoundError as error:
        return _error(HTTPStatus.NOT_FOUND, str(error), form)


def is_large(answers: Answers, request: Request) -> bool:
    """Whether printing the answer takes so long that it would noticeably delay other clients."""
    if form_of(request) == TEXT or not _is_route(request.method, unquote(_utf8(request.path))):
        return False
    try:
        left, below = _LARGE, [value_at(answers, request)]
    except lookup.NotFoundError:
        return False
    while below and left > 0:
        value = below.pop()
        left -= 1
        if isinstance(value, dict):
            below.extend(value.values())
        elif isinstance(value, list | tuple):
            below.extend(value)
        elif isinstance(value, str):
            left -= len(value) >> 5
    return left <= 0


def _moved(request: Request, clean: str) -> Response:
    """Redirect a client to the path without `.`, `..` and `//`. An opaque target (`http:x`) is redirected to itself."""
    opaque = not request.path and request.base and not _HIERARCHICAL.match(request.base)
    path = "" if opaque else quote(clean.encode("latin-1"), safe=_UNESCAPED)
    query = f"?{request.query}" if request.query else ""
    return Response(HTTPStatus.MOVED_PERMANENTLY, headers=(("Location", request.base + path + query),))


def value_at(answers: Answers, request: Request) -> Value:
    """Return the value at the path of a request to a valid route. Raises lookup.NotFoundError."""
    return _index(answers) if unquote(request.path) == "/" else _value(answers, request)


def no_page() -> Response:
    """Answer a request that matches no route."""
    return Response(HTTPStatus.NOT_FOUND, b"404 page not found\n", (_NO_SNIFF,))


def missing(request: Request) -> Response:
    """Answer any request as if its path did not exist."""
    return _error(HTTPStatus.NOT_FOUND, "Not found", form_of(request))


def kind(answers: Answers, request: Request) -> tuple[str, str, str] | None:
    """Return the cache key of a request, equal for requests with the same answer; None if the answer must not be cached."""
    if request.method not in ("GET", "HEAD") or request.query or request.base:
        return None
    return request.path, form_of(request), request.client if answers.knows(request.client) else DEFAULT


def form_of(request: Request) -> str:
    """Return the format of the answer: TEXT, JSON or YAML."""
    offer = negotiate(request.headers.get("accept", ()))
    return YAML if "yaml" in offer else offer


def wish_to_wait(request: Request) -> Wait | None:
    """Return the wait that a request asks for with `?wait=true&value=V[&maxWait=S]`; None if it asks for no valid wait.

    Only a request for a path below a version can wait. Without `value`, such a request waits until the text is no longer
    empty. A value that contains `?` or `&` is not valid.
    """
    if not request.query or request.method not in ("GET", "HEAD") or request.path.count("/") < 2:
        return None
    query = {key: values[0] for key, values in parse_qs(_utf8(request.query), keep_blank_values=True).items()}
    value = query.get("value", "")
    if query.get("wait") != "true" or re.search("[?&]", value):
        return None
    wanted = query.get("maxWait", "")
    seconds = int(wanted) if re.fullmatch(r"[+-]?[0-9]{1,9}", wanted) else 0
    return Wait(value, max(0, min(seconds or _DEFAULT_WAIT, _LONGEST_WAIT)))


def must_wait(answers: Answers, request: Request, wait: Wait) -> bool:
    """Whether a request must wait, because the current value is still `wait.value` or the path does not exist."""
    path = unquote(_utf8(request.path))
    version = path.split("/")[1]
    if _clean(path) != path or not _is_route(request.method, path) or (version not in answers.versions and version != LATEST):
        return False
    try:
        return printing.to_comparable(_value(answers, request)) == wait.value
    except lookup.NotFoundError:
        return True


def negotiate(accept: Iterable[str]) -> str:
    """Return the media type of `OFFERS` that the Accept headers prefer: first by q value, then by exactness; else text."""
    best, best_rank = TEXT, (0.0, 0)
    # Only the highest q value of each type is kept, so a header that repeats a type a thousand times costs only one comparison.
    wishes: dict[str, float] = {}
    for wanted, quality in (wish for header in accept if header for wish in _wishes(header[:_LONGEST_ACCEPT])):
        if wanted in _WANTED:
            wishes[wanted] = max(quality, wishes.get(wanted, 0.0))
    for offer in OFFERS:
        for wanted, quality in wishes.items():
            exactness = _exactness(wanted, offer)
            if exactness and quality > 0 and (quality, exactness) > best_rank:
                best, best_rank = offer, (quality, exactness)
    return best


def _wishes(accept: str) -> Iterator[tuple[str, float]]:
    """Yield the items of the header up to the first malformed one, each with its q value."""
    place = 0
    while wish := _WISH.match(accept, place):
        place = wish.end()
        if wish[2] is None and accept.startswith(";", place):
            return
        yield wish[1], float(f"{wish[2]}{wish[3] or ''}") if wish[2] else 1.0
        comma = _COMMA.match(accept, place)
        if comma is None:
            return
        place = comma.end()


def _exactness(wanted: str, offer: str) -> int:
    if wanted == "*/*":
        return 1
    if wanted.endswith("/*"):
        return 2 if offer.startswith(wanted[:-1]) else 0
    return 3 if wanted == offer else 0


def _is_route(method: str, path: str) -> bool:
    """Whether a request matches a route. As in the real service, no route matches a path with a line break after the version."""
    return method in ("GET", "HEAD") and path != "/favicon.ico" and "\n" not in path[1:].partition("/")[2]


def _value(answers: Answers, request: Request) -> Value:
    """Return the value for a request. As in the real service, only the version is unescaped before the path is split."""
    sent = _utf8(request.path)
    asked = unquote(sent).split("/")[1]
    version = answers.resolve(asked)
    if version is None and asked != LATEST:
        raise lookup.NotFoundError("Invalid version")
    entry = answers.entry(version, request.client) if version is not None else None
    below = sent[1:].partition("/")[2]
    try:
        if entry is not None:
            return lookup.find(entry, lookup.segments(below))
    except lookup.NotFoundError:
        pass
    raise lookup.NotFoundError("Not found")


def _index(answers: Answers) -> Value:
    return {version: quote(f"/{version}", safe=_UNESCAPED) for version in {*answers.versions, LATEST} if "/" not in version}


def _success(value: Value, form: str) -> Response:
    try:
        return Response(HTTPStatus.OK, _PRINTERS[form](value).encode(errors="replace"), (_CORS,))
    except printing.NoJsonError as error:
        return _error(HTTPStatus.INTERNAL_SERVER_ERROR, f"Error serializing to JSON: {error}", form)


def _error(status: HTTPStatus, message: str, form: str) -> Response:
    error: Value = {"code": status.value, "message": message, "type": "error"}
    text = message if form == TEXT else _PRINTERS[form](error)
    return Response(status, f"{text}\n".encode(), (_CORS, _NO_SNIFF))


def _clean(path: str) -> str:
    """Resolve `.`, `..` and `//` in a path; a trailing slash is kept."""
    clean = "/" + posixpath.normpath(path or "/").lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _utf8(sent: str) -> str:
    """Decode a path as UTF-8, because a client may send bytes above 127 unescaped."""
    return sent.encode("latin-1").decode(errors="replace")
