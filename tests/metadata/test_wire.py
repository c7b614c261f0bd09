"""Bytes of HTTP."""

from __future__ import annotations

from http import HTTPStatus

import pytest

from catalog_forge.metadata.wire import BadRequestError, Response, parse_head


def test_a_head_is_parsed() -> None:
    request = parse_head(b"GET /a%2Fb?x=1 HTTP/1.1\r\nHost: h\r\nAccept:a\r\nACCEPT: b ", "10.0.0.1")
    assert (request.method, request.path, request.query, request.client) == ("GET", "/a%2Fb", "x=1", "10.0.0.1")
    assert request.headers == {"host": "h", "accept": "a, b"}


def test_a_proxy_may_ask_with_the_whole_url() -> None:
    assert parse_head(b"GET http://rancher-metadata/latest HTTP/1.1", "").path == "/latest"


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (b"GET / HTTP/1.1", True),
        (b"GET / HTTP/1.1\r\nConnection: Close", False),
        (b"GET / HTTP/1.0", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", True),
        (b"POST / HTTP/1.1\r\nContent-Length: 3", False),
        (b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked", False),
    ],
)
def test_a_connection_is_kept_as_the_client_wishes_and_never_with_a_body(head: bytes, keeps: bool) -> None:
    assert parse_head(head, "").keep_alive is keeps


@pytest.mark.parametrize(
    "head",
    [
        b"",
        b"GET",
        b"GET / HTTP/2.0",
        b"GET  / HTTP/1.1",
        b"GET nope HTTP/1.1",
        b"GET /%zz HTTP/1.1",
        b"GET /\x00 HTTP/1.1",
        b"GET / HTTP/1.1\r\nno colon",
        b"GET / HTTP/1.1\r\n folded: x",
        b"\x16\x03\x01\x02\x00\x01\x00",
    ],
)
def test_what_is_no_request_is_refused(head: bytes) -> None:
    with pytest.raises(BadRequestError):
        parse_head(head, "")


def test_the_content_type_is_always_plain_text_and_absent_without_a_body() -> None:
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in Response(HTTPStatus.OK, b"{}").encode()
    assert b"Content-Type" not in Response(HTTPStatus.OK).encode()
