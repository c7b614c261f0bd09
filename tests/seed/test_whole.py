"""What a seed leaves in a store is what was wanted, whatever was there, and whatever ended it half-way."""

from __future__ import annotations

import http.server
import json
import os
import socket
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.confd.layout import layout
from catalog_forge.errors import ForgeError
from catalog_forge.seed import redis as redis_client
from catalog_forge.seed import wire
from catalog_forge.seed.change import change
from catalog_forge.seed.clients import connected
from catalog_forge.seed.store import Client, Destination
from catalog_forge.spec.reader import read
from tests.confd.real import image_of, run_embedded
from tests.helpers import PATIENCE, tree
from tests.seed.test_seed import GIVEN, SPEC
from tests.stores import servers as real_stores
from tests.stores.real import PREFIX, confd_prefix, run_real

SPEC_OF_ANYTHING = """\
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
launch: {exec: [web]}
engine: {backend: [etcdv3, redis], prefix: PREFIX}
metadata: {one: {optional: true}, list: {type: list}, map: {type: map}}
files: [{dest: /etc/web/web.yml, body: [{copy: metadata/map}]}]
"""
SPEC_OF_ANYTHING = SPEC_OF_ANYTHING.replace("PREFIX", PREFIX)
TEMPLATE = (
    b'{{range gets "/one"}}{{.Key}}={{.Value}};{{end}}{{range gets "/*/*"}}{{.Key}}={{.Value}};{{end}}'
    b'{{range gets "/*/*/*"}}{{.Key}}={{.Value}};{{end}}'
)
texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)
scalars = texts | st.integers(-(10**9), 10**9) | st.booleans()
names = st.text(st.sampled_from("abcXYZ019._-"), min_size=1, max_size=6).filter(lambda name: name not in (".", ".."))
VALUES = st.fixed_dictionaries(
    {
        "list": st.lists(scalars | st.dictionaries(names, scalars, min_size=1, max_size=3), max_size=12),
        "map": st.dictionaries(names, scalars, max_size=6),
    },
    optional={"one": scalars},
)
KINDS = {"etcdv3": "etcd", "redis": "redis"}
OWN = {f"{PREFIX}/{name}" for name in ("one", "list", "map")}


def written(client: Client, leaves: dict[str, str], most: int) -> None:
    for puts, deletes in change(leaves, client.read(), OWN, PREFIX).batches(most):
        client.write(puts, deletes)


@pytest.mark.parametrize("backend", KINDS)
def test_a_store_holds_what_was_wanted_last(backend: str, request: pytest.FixtureRequest) -> None:
    node = request.getfixturevalue(KINDS[backend])
    spec = read(SPEC_OF_ANYTHING, "web-conf.yml")

    @given(st.lists(VALUES, min_size=1, max_size=3), st.integers(1, 5))
    @settings(max_examples=60)
    def holds(states: list[dict[str, object]], most: int) -> None:
        with connected(backend, Destination(node, PREFIX)) as client:
            for values in states:
                try:
                    leaves = layout(spec, backend, values)
                except ForgeError:  # a record with a name that is another one's number
                    continue
                written(client, leaves, most)
                assert {key: value.decode() for key, value in client.read().items()} == leaves

    holds()


@pytest.mark.confd
@pytest.mark.parametrize("backend", KINDS)
def test_the_real_confd_and_its_imitation_read_what_was_seeded(backend: str, confd: Path, tmp_path: Path) -> None:
    spec = read(SPEC_OF_ANYTHING, "web-conf.yml")
    image = image_of({"all": TEMPLATE}, keys=["/"])
    with real_stores.running(backend, tmp_path / "store") as store:
        folder = iter(range(1000))

        @given(VALUES)
        @settings(max_examples=8)
        def same(values: dict[str, object]) -> None:
            leaves = layout(spec, backend, values)
            with connected(backend, Destination(f"127.0.0.1:{store.port}", PREFIX)) as client:
                written(client, leaves, client.most)
            real = run_real(confd, tmp_path / f"{next(folder)}", image, store)
            held = {key.encode(): text.encode() for key, text in leaves.items()}
            assert run_embedded(image, Stored(backend, held), prefix=confd_prefix(backend)).files == real.files

        same()


@contextmanager
def passing(node: str, transactions: int) -> Iterator[tuple[str, threading.Event]]:
    """A way to an etcd that lets so many transactions through, and then nothing; and what tells that it has come to that."""
    is_stopped, is_over = threading.Event(), threading.Event()
    left = iter(range(transactions))

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.path.endswith("/txn") and next(left, None) is None:
                is_stopped.set()
                is_over.wait()
                return
            with urllib.request.urlopen(urllib.request.Request(f"http://{node}{self.path}", body)) as answer:
                content = answer.read()
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *_: object) -> None:
            """Nothing is said."""

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"127.0.0.1:{server.server_port}", is_stopped
        is_over.set()
        server.shutdown()


def test_a_seed_of_5000_keys_that_is_killed_is_resumed(etcd: str, tmp_path: Path) -> None:
    prefix = f"/killed{os.getpid()}"
    tree(tmp_path, {"specs/web-conf.yml": SPEC.replace("/PREFIX", prefix)})
    tree(tmp_path, {"a.yml": json.dumps({"servers": [f"10.0.0.{number}" for number in range(5000)]})})
    command = [sys.executable, "-m", "catalog_forge", "-C", str(tmp_path), "seed", "web-conf", "--backend", "etcdv3"]
    command += ["--node", etcd, *GIVEN, "--answers", str(tmp_path / "a.yml")]
    with passing(etcd, 2) as (node, is_stopped):
        at = command.index(etcd)
        process = subprocess.Popen(
            [*command[:at], node, *command[at + 1 :]], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
        )
        assert is_stopped.wait(PATIENCE)
        process.kill()
        process.wait()
    with connected("etcdv3", Destination(etcd, prefix)) as client:
        assert f"{prefix}/.seed" in client.read()
    refused = subprocess.run([*command, "--check"], capture_output=True, text=True, check=False)
    assert refused.returncode == 1 and "an earlier seed was interrupted" in refused.stderr
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    assert "resumed" in done.stdout
    with connected("etcdv3", Destination(etcd, prefix)) as client:
        there = client.read()
    assert len(there) == 5008 and f"{prefix}/.seed" not in there
    assert subprocess.run([*command, "--check"], check=False).returncode == 0


@contextmanager
def answering(reply: bytes | None) -> Iterator[str]:
    """A server that says one thing to everybody and hangs up; None: it says nothing, and stays."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        held: list[socket.socket] = []

        def serve() -> None:
            while True:
                try:
                    client, _ = server.accept()
                except OSError:
                    return
                if reply is None:
                    held.append(client)
                    continue
                client.recv(1 << 16)
                client.sendall(reply)
                # If the socket were closed before the rest of the request is read, the kernel would reset the connection.
                with suppress(OSError):
                    client.shutdown(socket.SHUT_WR)
                    client.settimeout(1)
                    while client.recv(1 << 16):
                        pass
                client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        yield f"127.0.0.1:{server.getsockname()[1]}"
        server.shutdown(socket.SHUT_RDWR)
        thread.join()
        for client in held:
            client.close()


HALF = b'HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n{"kvs": ['
ODD = b"HTTP/1.1 200 OK\r\nContent-Length: 7\r\n\r\n[1, {}]"
TEXT = b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nhello"
BROKEN = b"HTTP/1.1 500 Oh\r\nContent-Length: 4\r\n\r\noops"
UNREADABLE = "its answer cannot be read"


@pytest.mark.parametrize(
    ("backend", "reply", "said"),
    [
        *((name, None, "it did not answer within 0.2 s") for name in ("etcdv3", "etcd", "consul", "redis")),
        *((name, HALF, UNREADABLE) for name in ("etcdv3", "consul", "redis")),
        *((name, ODD, UNREADABLE) for name in ("etcdv3", "etcd", "consul")),
        *((name, TEXT, UNREADABLE) for name in ("etcdv3", "etcd", "consul")),
        *((name, BROKEN, "it answered 500 to") for name in ("etcdv3", "etcd", "consul")),
        *((name, b"", UNREADABLE) for name in ("etcdv3", "etcd", "consul", "redis")),
        ("redis", b"*2\r\n$1\r\n0", UNREADABLE),
        ("redis", b"+OK\r\n", UNREADABLE),
        ("redis", b"$99999999999999999999\r\n", UNREADABLE),
        ("redis", b"-LOADING wait\r\n", "it refuses: LOADING wait"),
    ],
)
def test_what_is_no_answer_is_one_clear_line(
    backend: str, reply: bytes | None, said: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    seconds = 0.2 if reply is None else PATIENCE
    monkeypatch.setattr(wire, "PATIENCE", seconds)
    monkeypatch.setattr(redis_client, "PATIENCE", seconds)
    with (
        answering(reply) as node,
        pytest.raises(ForgeError) as refused,
        connected(backend, Destination(node, "/app")) as client,
    ):
        client.read()
    assert f"the store at {node}: {said}" in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 2


def _refusing(code: str, status: int = 400) -> bytes:
    body = json.dumps({"__type": f"com.amazonaws.conf#{code}", "message": "no"}).encode()
    return b"HTTP/1.1 %d Oh\r\nContent-Length: %d\r\nConnection: close\r\n\r\n%s" % (status, len(body), body)


CLOSED = b"Connection: close\r\n\r\n"


@pytest.mark.parametrize("backend", ["dynamodb", "ssm"])
@pytest.mark.parametrize(
    ("reply", "said"),
    [
        (_refusing("ThrottlingException"), "(ThrottlingException)"),
        (_refusing("ProvisionedThroughputExceededException"), "(ProvisionedThroughputExceededException)"),
        (_refusing("ResourceNotFoundException"), "(ResourceNotFoundException)"),
        (_refusing("AccessDeniedException"), "it rejects the credentials"),
        (_refusing("ExpiredTokenException"), "it rejects the credentials"),
        (_refusing("InternalServerError", 500), "(InternalServerError)"),
        (HALF.replace(b"\r\n\r\n", b"\r\n" + CLOSED), UNREADABLE),
        (TEXT.replace(b"\r\n\r\n", b"\r\n" + CLOSED), UNREADABLE),
        (ODD.replace(b"\r\n\r\n", b"\r\n" + CLOSED), UNREADABLE),
    ],
)
def test_an_aws_that_refuses_is_one_clear_line(backend: str, reply: bytes, said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with answering(reply) as node:
        for name, value in {**real_stores.AWS, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": f"http://{node}"}.items():
            monkeypatch.setenv(name, value)
        table = "conf" if backend == "dynamodb" else ""
        with pytest.raises(ForgeError) as refused, connected(backend, Destination(table, "/app")) as client:
            client.read()
    assert str(refused.value).startswith(f"the store at AWS ({backend}): ")
    assert said in str(refused.value)
    assert len(str(refused.value).splitlines()) <= 2
