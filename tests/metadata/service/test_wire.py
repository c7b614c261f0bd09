"""Bytes of HTTP."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus

import pytest

from catalog_forge.metadata.service.wire import BadRequestError, Response, parse_head
from tests.growth import superlinear


def test_a_head_is_parsed() -> None:
    request = parse_head(b"GET /a%2Fb?x=1 HTTP/1.1\r\nHost: h\r\nAccept:a\r\nACCEPT: b ", "10.0.0.1")
    assert (request.method, request.path, request.query, request.client) == ("GET", "/a%2Fb", "x=1", "10.0.0.1")
    assert request.headers == {"host": ("h",), "accept": ("a", "b")}
    assert (request.header("accept"), request.header("x")) == ("a", "")


def test_a_proxy_may_ask_with_the_whole_url() -> None:
    assert parse_head(b"GET http://rancher-metadata/latest HTTP/1.0", "").path == "/latest"


@pytest.mark.parametrize(
    ("head", "keeps"),
    [
        (b"GET / HTTP/1.1\r\nHost: h", True),
        (b"GET / HTTP/1.1\r\nHost: h\r\nConnection: Close", False),
        (b"GET / HTTP/1.0", False),
        (b"GET / HTTP/1.0\r\nConnection: keep-alive", True),
        (b"POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 3", False),
        (b"POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked", False),
    ],
)
def test_a_connection_is_kept_as_the_client_wishes_and_never_with_a_body(head: bytes, keeps: bool) -> None:
    assert parse_head(head, "").keep_alive is keeps


@pytest.mark.parametrize(
    "line",
    [
        lambda n: b"X:" + b" " * n + b"a\nb",
        lambda n: b"X:" + b"\t" * n + b"\x00",
        lambda n: b"X:" + b" \t" * n + b"a" + b" \t" * n,
        lambda n: b"X" * n + b" :a",
        lambda n: b"X:" + b":" * n + b"\n",
        lambda n: b"\r\n".join([b"X:"] * n),
        lambda n: b"\r\n".join(b"X%d:" % number for number in range(n)),
    ],
)
def test_no_line_of_a_head_costs_more_than_its_length(line: Callable[[int], bytes]) -> None:
    def work(size: int) -> None:
        with suppress(BadRequestError):
            parse_head(b"GET / HTTP/1.1\r\n" + line(size), "")

    assert superlinear(work) == ""


@pytest.mark.parametrize("target", [b"/%s", b"http://%s", b"/?%s", b"%s"])
@pytest.mark.parametrize("char", [b"/", b"%", b"?", b" ", b"\n", b"a", b":", b"\xff"])
def test_no_target_costs_more_than_its_length(target: bytes, char: bytes) -> None:
    def work(size: int) -> None:
        with suppress(BadRequestError):
            parse_head(b"GET " + target % (char * size) + b"\x00 HTTP/1.1", "")

    assert superlinear(work) == ""


def test_the_content_type_is_always_plain_text_and_absent_without_a_body() -> None:
    assert b"\r\nContent-Type: text/plain; charset=utf-8\r\n" in Response(HTTPStatus.OK, b"{}").encode()
    assert b"Content-Type" not in Response(HTTPStatus.OK).encode()
