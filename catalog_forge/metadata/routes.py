"""What the metadata service answers: routes, formats, errors and waiting, as pure functions of answers and request."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator
from dataclasses import dataclass
from http import HTTPStatus
from urllib.parse import parse_qs, quote, unquote

from catalog_forge.metadata import lookup, printing
from catalog_forge.metadata.answers import LATEST, Answers, Value
from catalog_forge.metadata.wire import Request, Response

TEXT = "text/plain"
JSON = "application/json"
OFFERS = (TEXT, JSON)

_CORS = (("Access-Control-Allow-Origin", "*"),)
_DEFAULT_WAIT = 60
_LONGEST_WAIT = 120


@dataclass(frozen=True, slots=True)
class Wait:
    """A wish to be answered when the value at the path is no longer `value`, or after `seconds`."""

    value: str
    seconds: int


def respond(answers: Answers, request: Request) -> Response:
    """Answer a request. Nothing that a client sends makes this raise."""
    path = unquote(_utf8(request.path))
    clean = _clean(path)
    if clean != path:
        query = f"?{request.query}" if request.query else ""
        location = quote(clean, safe="/$&+,:;=@~") + query
        return Response(HTTPStatus.MOVED_PERMANENTLY, headers=(("Location", location),))
    if request.method not in ("GET", "HEAD") or path == "/favicon.ico":
        return Response(HTTPStatus.NOT_FOUND, b"404 page not found\n")
    form = negotiate(request.headers.get("accept", ""))
    if path == "/":
        return _success(_index(answers), form)
    try:
        return _success(_value(answers, request), form)
    except lookup.NotFoundError as error:
        return _not_found(str(error), form)


def wish_to_wait(request: Request) -> Wait | None:
    """Return how the request wants to wait: `?wait=true&value=V[&maxWait=S]`, on a path below a version only."""
    if not request.query or request.method not in ("GET", "HEAD") or request.path.count("/") < 2:
        return None
    query = {key: values[0] for key, values in parse_qs(_utf8(request.query), keep_blank_values=True).items()}
    if query.get("wait") != "true" or "value" not in query:
        return None
    wanted = query.get("maxWait", "")
    seconds = int(wanted) if re.fullmatch(r"[+-]?[0-9]{1,9}", wanted) else 0
    return Wait(query["value"], max(0, min(seconds or _DEFAULT_WAIT, _LONGEST_WAIT)))


def must_wait(answers: Answers, request: Request, wait: Wait) -> bool:
    """Tell whether the value is still what the client knows; a path that is not there is waited for."""
    path = unquote(_utf8(request.path))
    if _clean(path) != path or answers.resolve(path.split("/")[1]) is None:
        return False
    try:
        return printing.to_comparable(_value(answers, request)) == wait.value
    except lookup.NotFoundError:
        return True


def negotiate(accept: str) -> str:
    """Return the offer that an Accept header likes best: by q value, then by how exactly it names it; else text."""
    best, best_rank = TEXT, (0.0, 0)
    wishes = list(_wishes(accept))
    for offer in OFFERS:
        for wanted, quality in wishes:
            exactness = _exactness(wanted, offer)
            if exactness and quality > 0 and (quality, exactness) > best_rank:
                best, best_rank = offer, (quality, exactness)
    return best


def _wishes(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.lower().split(","):
        wanted, _, parameters = part.partition(";")
        quality = re.search(r"(?:^|;)\s*q=([01](?:\.[0-9]*)?)\s*(?:;|$)", parameters)
        yield wanted.strip(), float(quality[1]) if quality else 1.0


def _exactness(wanted: str, offer: str) -> int:
    if wanted == offer:
        return 3
    if wanted == offer.split("/")[0] + "/*":
        return 2
    return 1 if wanted == "*/*" else 0


def _value(answers: Answers, request: Request) -> Value:
    """The version is matched in the unescaped path, the rest is split as it was sent: both as the real one does."""
    sent = _utf8(request.path)
    version = answers.resolve(unquote(sent).split("/")[1])
    if version is None:
        raise lookup.NotFoundError("Invalid version")
    entry = answers.entry(version, request.client)
    below = sent[1:].partition("/")[2]
    try:
        if entry is not None:
            return lookup.find(entry, lookup.segments(below))
    except lookup.NotFoundError:
        pass
    raise lookup.NotFoundError("Not found")


def _index(answers: Answers) -> Value:
    return {version: f"/{version}" for version in {*answers.versions, LATEST}}


def _success(value: Value, form: str) -> Response:
    text = printing.to_json(value) if form == JSON else printing.to_text(value)
    return Response(HTTPStatus.OK, text.encode(errors="replace"), _CORS)


def _not_found(message: str, form: str) -> Response:
    status = HTTPStatus.NOT_FOUND
    error: Value = {"code": status.value, "message": message, "type": "error"}
    text = printing.to_json(error) if form == JSON else message
    return Response(status, f"{text}\n".encode(), _CORS)


def _clean(path: str) -> str:
    """Resolve `.`, `..` and `//`; a slash at the end stays."""
    clean = "/" + posixpath.normpath(path).lstrip("/")
    return clean + "/" if path.endswith("/") and clean != "/" else clean


def _utf8(sent: str) -> str:
    """Bytes above 127 that a client sent unescaped are UTF-8."""
    return sent.encode("latin-1").decode(errors="replace")
