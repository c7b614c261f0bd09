"""Requests as no client should send them: what they are answered by rancher-metadata 0.7.4, built with Go 1.26.

The table is what that program said of each; of a redirection the place, else the body.
"""

from __future__ import annotations

import re

import pytest

from catalog_forge.metadata.service.answers import read
from catalog_forge.metadata.service.server import MetadataServer
from tests.metadata.service.test_server import say

ANSWERS = """
latest:
  default: {version: "1", a: {b: c}, self: {host: {name: h}}}
  1.1.1.1: {a: {b: one}}
  2.2.2.2: {a: {b: two}}
  "1.1.1.1, 2.2.2.2": {a: {b: both}}
"""

OLD = b"GET /latest/a/b HTTP/1.0\r\n"
MODERN = b"GET /latest/a/b HTTP/1.1\r\nHost: h\r\n"
END = b"Connection: close\r\n\r\n"

REAL = [
    (b"GET /latest/a/b HTTP/1.0\n\n", 200, "c"),
    (b"GET /latest/a/b HTTP/1.1\nHost: h\nConnection: close\n\n", 200, "c"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: h\nConnection: close\r\n\n", 200, "c"),
    (b"GET /latest/a/b HTTP/1.1\nHost: h\r\nConnection: close\n\r\n", 200, "c"),
    (b"\r\nGET /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"\r\n\r\nGET /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"\nGET /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\rb\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\r\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\r\n\r\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/1.1\r\n" + END, 400, "400 Bad Request: missing required Host header"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost:\r\n" + END, 200, "c"),
    (OLD + b"\r\n", 200, "c"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: a\r\nHost: a\r\n" + END, 400, "400 Bad Request"),
    (OLD + b"Host: a\r\nHost: b\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: a b\r\n" + END, 400, "400 Bad Request: malformed Host header"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: a<b\r\n" + END, 400, "400 Bad Request: malformed Host header"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: a/b@c\r\n" + END, 400, "400 Bad Request: malformed Host header"),
    (OLD + b"Host: a b\r\n\r\n", 400, "400 Bad Request: malformed Host header"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: \xc3\xbc\r\n" + END, 400, "400 Bad Request: malformed Host header"),
    (b"GET /latest/a/b HTTP/1.1\r\nHost: [::1]:80\r\n" + END, 200, "c"),
    (b"GET http://h/latest/a/b HTTP/1.1\r\n" + END, 400, "400 Bad Request: missing required Host header"),
    (b"GET http://h/latest/a/b HTTP/1.1\r\nHost: x\r\n" + END, 200, "c"),
    (b"GET http://h/latest/a/b HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET https://h/latest/a/b HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET ftp://h/latest/a/b HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET http://h HTTP/1.0\r\n\r\n", 301, "http://h/"),
    (b"GET http://h?x=1 HTTP/1.0\r\n\r\n", 301, "http://h/?x=1"),
    (b"GET http://u:p@h/latest/a/b HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET http://h:x/latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET HTTP://h/latest/a/b HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET //latest/a/b HTTP/1.0\r\n\r\n", 301, "/latest/a/b"),
    (b"GET latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET * HTTP/1.1\r\nHost: h\r\n" + END, 301, "/%2A"),
    (b"GET * HTTP/1.0\r\n\r\n", 301, "/%2A"),
    (b"OPTIONS * HTTP/1.1\r\nHost: h\r\n" + END, 200, ""),
    (b"OPTIONS * HTTP/1.0\r\n\r\n", 200, ""),
    (b"OPTIONS /latest/a/b HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"POST * HTTP/1.0\r\n\r\n", 301, "/%2A"),
    (b"CONNECT h:80 HTTP/1.0\r\n\r\n", 301, "//h:80/"),
    (b"CONNECT /latest HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"GET  HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET ?x=1 HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b#f HTTP/1.0\r\n\r\n", 404, "Not found\n"),
    (MODERN + b"Content-Length: abc\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length: -1\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length: +1\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length:\r\n" + END, 200, "c"),
    (MODERN + b"Content-Length:  0 \r\n" + END, 200, "c"),
    (MODERN + b"Content-Length: 0x1\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length: 1_0\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length: 00\r\n" + END, 200, "c"),
    (MODERN + b"Content-Length: 99999999999999999999\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Content-Length: 9223372036854775807\r\n" + END, 200, "c"),
    (MODERN + b"Content-Length: 0\r\nContent-Length: 0\r\n" + END, 200, "c"),
    (
        MODERN + b"Content-Length: 0\r\nContent-Length: 1\r\n" + END,
        400,
        "400 Bad Request",
    ),
    (MODERN + b"Content-Length: 0, 0\r\n" + END, 400, "400 Bad Request"),
    (
        MODERN + b"Content-Length: 3\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
        200,
        "c",
    ),
    (
        MODERN + b"Content-Length: x\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
        400,
        "400 Bad Request",
    ),
    (MODERN + b"Transfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n", 200, "c"),
    (MODERN + b"Transfer-Encoding: Chunked\r\n" + END + b"0\r\n\r\n", 200, "c"),
    (
        MODERN + b"Transfer-Encoding: gzip\r\n" + END,
        501,
        "Unsupported transfer encoding",
    ),
    (
        MODERN + b"Transfer-Encoding: identity\r\n" + END,
        501,
        "Unsupported transfer encoding",
    ),
    (
        MODERN + b"Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n" + END + b"0\r\n\r\n",
        501,
        "Unsupported transfer encoding",
    ),
    (
        MODERN + b"Transfer-Encoding: gzip, chunked\r\n" + END + b"0\r\n\r\n",
        501,
        "Unsupported transfer encoding",
    ),
    (OLD + b"Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 200, "c"),
    (
        MODERN + b"Transfer-Encoding:\r\n" + END,
        501,
        "Unsupported transfer encoding",
    ),
    (b"G@T /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b" /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"get /latest/a/b HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"FOO /latest/a/b HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"FOO //latest HTTP/1.0\r\n\r\n", 301, "/latest"),
    (b"G(T /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET\t/latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"POST /latest/a/b HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"PUT / HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"HEAD /latest/a/b HTTP/1.0\r\n\r\n", 200, ""),
    (b"GET /latest/a/b HTTP/2.0\r\nHost: h\r\n\r\n", 505, "505 HTTP Version Not Supported: unsupported protocol version"),
    (b"GET /latest/a/b HTTP/2.0\r\n\r\n", 505, "505 HTTP Version Not Supported: unsupported protocol version"),
    (b"PRI * HTTP/2.0\r\n\r\n", 301, "/%2A"),
    (b"GET /latest/a/b HTTP/3.0\r\nHost: h\r\n\r\n", 505, "505 HTTP Version Not Supported: unsupported protocol version"),
    (b"GET /latest/a/b HTTP/1.2\r\nHost: h\r\n" + END, 200, "c"),
    (b"GET /latest/a/b HTTP/1.9\r\n" + END, 400, "400 Bad Request: missing required Host header"),
    (b"GET /latest/a/b HTTP/0.9\r\n\r\n", 505, "505 HTTP Version Not Supported: unsupported protocol version"),
    (b"GET /latest/a/b HTTP/1\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/1.10\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/01.1\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b http/1.1\r\nHost: h\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/1.x\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b HTTP/1.0 \r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b x HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET  /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\r\n b\r\n\r\n", 200, "c"),
    (OLD + b"X: a\r\n\tb\r\n\r\n", 200, "c"),
    (b"GET /latest/a HTTP/1.0\r\nAccept:\r\n application/json\r\n\r\n", 200, '{"b":"c"}'),
    (b"GET /latest/a HTTP/1.0\r\nAccept: text/plain;q=0.1,\r\n   application/json  \r\n\r\n", 200, '{"b":"c"}'),
    (OLD + b" X: a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"\tX: a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\r\n \r\n\r\n", 200, "c"),
    (OLD + b"X\r\n : b\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X-Forwarded-For:\r\n 1.1.1.1\r\n\r\n", 200, "one"),
    (OLD + b"X-Forwarded-For: 1.1.1.1,\r\n 2.2.2.2\r\n\r\n", 200, "both"),
    (OLD + b"X-Forwarded-For: 1.1.1.1\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n", 200, "one"),
    (OLD + b"X-Forwarded-For:\r\nX-Forwarded-For: 2.2.2.2\r\n\r\n", 200, "c"),
    (OLD + b"X-FORWARDED-FOR: 2.2.2.2\r\n\r\n", 200, "two"),
    (OLD + b"X-Forwarded-For: 1.1.1.1, 2.2.2.2\r\n\r\n", 200, "both"),
    (b"GET /latest/a HTTP/1.0\r\nAccept: text/plain;q=0.1\r\nAccept: application/json\r\n\r\n", 200, '{"b":"c"}'),
    (b"GET /latest/a HTTP/1.0\r\nAccept: text/plain;q=0.1;x\r\nAccept: application/json\r\n\r\n", 200, '{"b":"c"}'),
    (OLD + b"X\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X : a\r\n\r\n", 400, "400 Bad Request: invalid header name"),
    (OLD + b"X\t: a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X Y: a\r\n\r\n", 400, "400 Bad Request: invalid header name"),
    (OLD + b": a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X@Y: a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"\xc3\x9c: a\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\x00b\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\x01b\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\x7fb\r\n\r\n", 400, "400 Bad Request"),
    (OLD + b"X: a\tb\r\n\r\n", 200, "c"),
    (OLD + b"X: \xff\r\n\r\n", 200, "c"),
    (MODERN + b"Connection: x, close\r\n\r\n", 200, "c"),
    (MODERN + b"Connection: CLOSE\r\n\r\n", 200, "c"),
    (MODERN + b"Expect: 100-continue\r\n" + END, 200, "c"),
    (MODERN + b"Expect: foo\r\n" + END, 417, ""),
    (b"GET /%zz HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a/b?%zz HTTP/1.0\r\n\r\n", 200, "c"),
    (b"GET /latest/a/b?a b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a\x01b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a\x7fb HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/\xc3\xbc HTTP/1.0\r\n\r\n", 404, "Not found\n"),
    (b"GET /latest/\xff HTTP/1.0\r\n\r\n", 404, "Not found\n"),
    (b"GET a:b HTTP/1.0\r\n\r\n", 301, "a:b"),
    (b"GET /a:b HTTP/1.0\r\n\r\n", 404, "Invalid version\n"),
    (b"GET /\x00 HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"\x16\x03\x01\x02\x00\x01\x00\r\n\r\n", 400, "400 Bad Request"),
    (b"\r\n\r\n\r\n", 400, "400 Bad Request"),
    (b"hello\r\n\r\n", 400, "400 Bad Request"),
    (MODERN + b"Connection: Upgrade, close\r\nUpgrade: websocket\r\n\r\n", 200, "c"),
    (b"GET /latest/a/b\tHTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b" GET /latest/a/b HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a\x0cb HTTP/1.0\r\n\r\n", 400, "400 Bad Request"),
    (b"GET /latest/a\x85b HTTP/1.0\r\n\r\n", 404, "Not found\n"),
    (b"GET /favicon.ico HTTP/1.0\r\n\r\n", 404, "404 page not found\n"),
    (b"GET http:///latest HTTP/1.0\r\n\r\n", 200, "a/\nself/\nversion\n"),
    (b"GET http:latest HTTP/1.0\r\n\r\n", 301, "http:latest"),
    (b"GET http://h//latest/a HTTP/1.0\r\n\r\n", 301, "http://h/latest/a"),
    (b"GET //latest/../a HTTP/1.1\r\nHost: h\r\n" + END, 301, "/a"),
    (OLD + b"X: " + b"a" * 100_000 + b"\r\n\r\n", 200, "c"),
    (b"GET /latest/a/b HTTP/1.0\r\n" + b"X: aaaaaaaaaaaaaaaaaaaaa\r\n" * 4000 + b"\r\n", 200, "c"),
    (OLD + b"X: " + b"a" * 900_000 + b"\r\n\r\n", 200, "c"),
    (b"GET /latest/" + b"a" * 100_000 + b" HTTP/1.0\r\n\r\n", 404, "Not found\n"),
]


@pytest.mark.parametrize(("sent", "status", "what"), REAL, ids=[str(number) for number in range(len(REAL))])
def test_any_request_is_answered_as_the_real_service_does(sent: bytes, status: int, what: str) -> None:
    with MetadataServer(read(ANSWERS, "a.yml"), xff=True) as server:
        head, _, body = say(server, sent).partition(b"\r\n\r\n")
    place = re.search(rb"\r\nLocation: ([^\r]*)", head)
    assert (int(head[9:12]), place[1].decode() if place else body[:60].decode()) == (status, what)


@pytest.mark.parametrize(
    ("sent", "received"),
    [
        (b"GET /latest/a/b HTTP/1.0\r\nX: y", b"400 Bad Request"),
        (b"nonsense\n", b"400 Bad Request"),
        (b"GET /latest/a/b", b""),
        (b"GET /latest/a/b HTTP/1.1\r\nHost: h\r\n\r\n" * 100, b"c"),
    ],
)
def test_a_client_that_says_no_more_gets_all_its_answers(sent: bytes, received: bytes) -> None:
    with MetadataServer(read(ANSWERS, "a.yml")) as server:
        answers = say(server, sent, end=True)
    assert answers.count(b"HTTP/1.1 ") == max(sent.count(b"Host:"), 1 if received else 0)
    assert answers.endswith(received)
