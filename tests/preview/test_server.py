"""The server behind the page: whom it answers, and how."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.preview.server import PreviewServer
from catalog_forge.preview.site import Site
from tests.helpers import PATIENCE, eventually, tree

# One byte more than http.server reads of a request line.
LONG = (1 << 16) + 1


@pytest.fixture
def server(catalog: Path) -> Iterator[PreviewServer]:
    with PreviewServer(Site(catalog)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def ask(server: PreviewServer, path: str, body: object = None, **headers: str) -> tuple[int, dict[str, str], bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    sent = None if body is None else json.dumps(body)
    named = {key.replace("_", "-"): value for key, value in headers.items()}
    if sent is not None:
        named.setdefault("Content-Type", "application/json")
    connection.request("GET" if sent is None else "POST", path, sent, named)
    answer = connection.getresponse()
    found = answer.status, dict(answer.getheaders()), answer.read()
    connection.close()
    return found


def test_the_page_and_its_parts_allow_nothing_from_elsewhere(server: PreviewServer) -> None:
    for path, kind in {"/": "text/html", "/files/page.js": "text/javascript", "/files/page.css": "text/css"}.items():
        status, headers, body = ask(server, path)
        assert (status, headers["Content-Type"]) == (200, f"{kind}; charset=utf-8")
        assert "default-src 'none'" in headers["Content-Security-Policy"]
        assert "unsafe" not in headers["Content-Security-Policy"]
        assert b"http://" not in body.replace(b"http://www.w3.org", b"") and b"https://" not in body


@pytest.mark.parametrize("host", ["example.org", "127.0.0.1", "127.0.0.1.example.org:{port}", "localhost:1", "[::1]:{port}"])
def test_another_host_is_refused(server: PreviewServer, host: str) -> None:
    assert ask(server, "/api/catalog", Host=host.format(port=server.server_port))[0] == 403


@pytest.mark.parametrize(
    "headers",
    [{"Origin": "http://example.org"}, {"Origin": "null"}, {"Sec_Fetch_Site": "cross-site"}, {"Content_Type": "text/plain"}],
)
def test_another_page_is_refused(server: PreviewServer, headers: dict[str, str]) -> None:
    assert ask(server, "/api/render", {"id": "templates/db"}, **headers)[0] == 403
    own = f"http://127.0.0.1:{server.server_port}"
    assert ask(server, "/api/render", {"id": "templates/db"}, Origin=own, Sec_Fetch_Site="same-origin")[0] == 200


@pytest.mark.parametrize(
    "path",
    [
        "/files/../site.py", "/files/%2e%2e/site.py", "/files/", "/x", "/files/page.py", "/icon?id=templates/db", "/icon?id=..",
        f"/files/{'a' * 300}.js", f"/icon?id=templates/{'a' * 300}", f"/icon?{'&'.join(f'{number}=' for number in range(50))}",
    ],
)  # fmt: skip
def test_what_is_not_there(server: PreviewServer, path: str) -> None:
    assert ask(server, path)[0] == 404


@pytest.mark.parametrize("request_line", ["HEAD / HTTP/1.1", "OPTIONS /api/render HTTP/1.1", "GET /a b c HTTP/1.1", "a" * LONG])
def test_what_http_forbids_is_refused_in_the_same_way(server: PreviewServer, request_line: str) -> None:
    with socket.create_connection(("127.0.0.1", server.server_port), timeout=PATIENCE) as connection:
        connection.sendall(f"{request_line}\r\n\r\n".encode()[:LONG])
        head, _, body = b"".join(iter(lambda: connection.recv(1 << 16), b"")).partition(b"\r\n\r\n")
    assert b"default-src 'none'" in head and json.loads(body)["problems"][0]["message"]


@pytest.mark.parametrize(
    "body",
    [[], {"id": 1}, {"id": "templates/db", "answers": {"size": 1}}, {"id": "templates/db", "scales": {"db": -1}},
     {"id": "templates/db", "answers": ["x"]}, {"id": "templates/db", "scales": {"db": 10**9}}, {"id": "templates/no"},
     {"id": f"templates/{'a' * 300}"}],
)  # fmt: skip
def test_a_wrong_question_is_answered_with_problems(server: PreviewServer, body: object) -> None:
    status, _, answer = ask(server, "/api/render", body)
    assert status in (400, 422)
    assert json.loads(answer)["problems"][0]["message"]


def test_an_icon_is_a_picture_in_a_sandbox(server: PreviewServer, catalog: Path) -> None:
    tree(catalog, {"templates/db/catalogIcon-db.svg": "<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>"})
    status, headers, _ = ask(server, "/icon?id=templates/db")
    assert (status, headers["Content-Type"]) == (200, "image/svg+xml")
    assert "sandbox" in headers["Content-Security-Policy"] and "script" not in headers["Content-Security-Policy"]
    tree(catalog, {"templates/db/catalogIcon-db.svg": f"<!-- {'a' * 5000} --><svg xmlns='http://www.w3.org/2000/svg'/>"})
    assert ask(server, "/icon?id=templates/db")[0] == 200
    tree(catalog, {"templates/db/catalogIcon-db.svg": "<html><script>alert(1)</script></html>"})
    assert ask(server, "/icon?id=templates/db")[0] == 404


@pytest.mark.parametrize(
    ("name", "kind"),
    [
        ("icon.png", "image/png"),
        ("0/icon.png", "image/svg+xml"),
        ("v1.0.0/files/icons.png", "image/png"),
        ("icons/a", "image/svg+xml"),
    ],
)
def test_of_several_icons_the_one_is_shown_that_rancher_shows(server: PreviewServer, catalog: Path, name: str, kind: str) -> None:
    tree(catalog / "templates/db", {"catalogIcon-db.svg": "<svg/>", name: b"\x89PNG\r\n\x1a\n"})
    assert ask(server, "/icon?id=templates/db")[1]["Content-Type"] == kind


def test_a_change_on_disk_is_told(server: PreviewServer, catalog: Path) -> None:
    connection = http.client.HTTPConnection("127.0.0.1", server.server_port, timeout=PATIENCE)
    connection.request("GET", "/api/events")
    events = connection.getresponse()
    while b"hello" not in events.readline():
        pass
    (catalog / "templates/db/config.yml").write_text("name: Other database\n")
    while b"changed" not in events.readline():
        pass
    connection.close()


def test_a_port_that_is_taken_is_an_error(server: PreviewServer, catalog: Path) -> None:
    with pytest.raises(ForgeError, match="cannot listen"):
        PreviewServer(Site(catalog), server.server_port)


def test_findings_stand_at_their_lines(server: PreviewServer) -> None:
    found = json.loads(ask(server, "/api/findings?id=templates/db")[2])["findings"]
    assert {each["file"] for each in found} and all(each["rule"].startswith("CF") for each in found)
    assert any(each["file"] == "templates/db/0/rancher-compose.yml" and each["line"] for each in found)


@pytest.mark.parametrize(
    ("screen", "words", "opened"),
    [(":0", (), True), ("", (), False), (":0", ("--no-open",), False)],
    ids=["screen", "none", "no-open"],
)
def test_a_browser_is_opened_where_there_is_a_screen(
    catalog: Path, tmp_path: Path, screen: str, words: tuple[str, ...], opened: bool
) -> None:
    # As many a browser does, it ends when somebody closes it: the page is served meanwhile.
    said = f'#!/bin/sh\ncd {tmp_path} && echo "$1" >new && mv new opened\nwhile [ -e opened ]; do sleep 0.2; done\n'
    browser = tree(tmp_path, {"browser": said}) / "browser"
    browser.chmod(0o755)
    environment = {**os.environ, "BROWSER": f"{browser} %s", "DISPLAY": screen, "WAYLAND_DISPLAY": ""}
    command = [sys.executable, "-m", "catalog_forge", "-C", str(catalog), "preview", "web", *words]
    with subprocess.Popen(command, stderr=subprocess.PIPE, env=environment, text=True) as process:
        assert process.stderr
        url = process.stderr.readline().split()[-1]
        assert url.startswith("http://127.0.0.1:") and url.endswith("/#/templates/web")
        if opened:
            assert eventually((tmp_path / "opened").is_file) and (tmp_path / "opened").read_text() == f"{url}\n"
        assert eventually(lambda: answers(url.partition("#")[0]))
        process.send_signal(signal.SIGINT)
        assert process.wait() == 130
    assert (tmp_path / "opened").exists() is opened
    (tmp_path / "opened").unlink(missing_ok=True)


def answers(url: str) -> bool:
    with contextlib.suppress(OSError), urllib.request.urlopen(url) as answer:
        return bool(answer.status == HTTPStatus.OK)
    return False
