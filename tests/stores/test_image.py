"""The conf image beside each real store: its start, changes, a store that goes away, and what its log says when one is wrong."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from catalog_forge.backends import TABLE
from tests.helpers import eventually
from tests.stores.conftest import SECOND, started
from tests.stores.image import container, keys
from tests.stores.servers import AWS_PORTS, KINDS, TOKEN, Store

CHANGES = 20
WRITTEN = "listen 80;\n" + "".join(f"server h{number}:{80 + number};\n" for number in range(12))


def beside(confd: Path, tmp_path: Path, backends: Sequence[str], play: Callable[[Path, Path, Store], str]) -> list[str]:
    """Play a story on each of these stores, side by side: they mostly wait. Returns what each tells."""

    def one(backend: str) -> str:
        for store in started(backend, tmp_path / backend / "store"):
            return f"{backend}: {play(confd, tmp_path / backend / 'image', store)}"
        raise AssertionError

    with ThreadPoolExecutor(len(backends)) as threads:
        return list(threads.map(one, backends))


FIRST = pytest.param([name for name in KINDS if name not in SECOND], id="first tier")
REST = pytest.param(list(SECOND), id="second tier", marks=pytest.mark.second_tier)


@pytest.mark.confd
@pytest.mark.parametrize("backends", [FIRST, REST])
def test_a_container_waits_for_its_keys_and_writes_them_in_their_order(confd: Path, tmp_path: Path, backends: list[str]) -> None:
    beside(confd, tmp_path, backends, _waits)


def _waits(confd: Path, folder: Path, store: Store) -> str:
    kind = TABLE[store.backend]
    if not kind.changes:
        store.put(keys(store))
    with container(confd, folder, store) as conf:
        if kind.changes:
            missing = kind.missing or "required metadata key nodes has no value"
            assert eventually(lambda: missing in conf.problem), conf.log
            assert conf.file == ""
            store.put(keys(store))
        assert conf.has(WRITTEN), conf.log
        assert (folder / "confd/confd.toml").stat().st_mode & 0o777 == 0o600
        assert eventually((folder / "share/ready").exists), conf.log
    return conf.file


@pytest.mark.confd
@pytest.mark.parametrize("backends", [FIRST, REST])
def test_twenty_changes_are_twenty_reloads(
    confd: Path, tmp_path: Path, backends: list[str], record_property: Callable[[str, object], None]
) -> None:
    backends = [name for name in backends if TABLE[name].changes]
    record_property("counts", ", ".join(beside(confd, tmp_path, backends, _changes)))


def _changes(confd: Path, folder: Path, store: Store) -> str:
    store.put(keys(store))
    with container(confd, folder, store, main=True) as conf:
        assert conf.has(WRITTEN), conf.log
        assert eventually((folder / "share/started").exists), conf.log
        for number in range(1, CHANGES + 1):
            store.put(keys(store, {"port": 1000 + number}))
            assert conf.has(f"listen {1000 + number};\n"), conf.log
            assert eventually(lambda wanted=number: conf.reloads >= wanted), (number, conf.log)  # type: ignore[misc]
        time.sleep(4)
        assert conf.reloads == CHANGES, store.backend
        return str(conf.reloads)


@pytest.mark.confd
@pytest.mark.parametrize("backends", [FIRST, REST])
def test_a_store_that_is_killed_changes_nothing_and_is_found_again(confd: Path, tmp_path: Path, backends: list[str]) -> None:
    beside(confd, tmp_path, [name for name in backends if name not in ("file", "env")], _killed)


def _killed(confd: Path, folder: Path, store: Store) -> str:
    store.put(keys(store))
    with container(confd, folder, store) as conf:
        assert conf.has(WRITTEN), conf.log
        assert eventually((folder / "share/ready").exists), conf.log
        before = conf.file
        store.kill()
        time.sleep(3)
        assert conf.file == before
        store.start()
        store.put(keys(store) | keys(store, {"port": 4242}))
        assert conf.has("listen 4242;\n"), conf.log
        assert conf.process.poll() is None, conf.log
        return conf.file


@pytest.mark.confd
def test_a_change_in_a_redis_that_tells_of_none_is_found_by_the_pass_beside_the_watch(confd: Path, tmp_path: Path) -> None:
    for store in started("redis", tmp_path / "store"):
        store.call(b"CONFIG", b"SET", b"notify-keyspace-events", b"")  # type: ignore[attr-defined]
        store.put(keys(store))
        with container(confd, tmp_path / "image", store, main=True) as conf:
            assert eventually((tmp_path / "image/share/started").exists), conf.log
            store.put(keys(store, {"port": 4343}))
            assert conf.has("listen 4343;\n"), conf.log
            assert eventually(lambda: conf.reloads == 1), conf.log


@contextmanager
def wrong(how: str) -> Iterator[int]:
    """The port of a server that refuses, or takes connections and says nothing, or says half of something."""
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        port = int(server.getsockname()[1])
        if how == "refuses":
            yield port
            return
        server.listen()
        server.settimeout(0.2)
        over = threading.Event()
        thread = threading.Thread(target=_serve, args=(server, how == "half", over))
        thread.start()
        yield port
        over.set()
        thread.join()


def _serve(server: socket.socket, half: bool, over: threading.Event) -> None:
    held: list[socket.socket] = []
    while not over.is_set():
        with suppress(OSError):
            client, _ = server.accept()
            held.append(client)
            if half:
                client.recv(100)
                client.sendall(b'HTTP/1.1 200 OK\r\nContent-Length: 500\r\n\r\n{"node": {')
                client.close()
    for client in held:
        client.close()


@pytest.mark.confd
@pytest.mark.parametrize("how", ["refuses", "is silent", "half"])
def test_a_store_that_does_not_answer_is_one_clear_line_and_nothing_is_written(confd: Path, tmp_path: Path, how: str) -> None:
    def one(backend: str) -> None:
        folder = tmp_path / backend
        with wrong(how) as port:
            store = KINDS[backend](backend, folder, port)
            with container(confd, folder, store, patience="6s") as conf:
                assert conf.ends() == 1
                assert conf.problem.startswith(f"gave up after 6 s: {backend} at {store.nodes}: "), conf.problem
                assert "\n" not in conf.problem
                assert conf.file == ""
                assert not (folder / "share/ready").exists()

    backends = [name for name in KINDS if name not in ("file", "env", *AWS_PORTS)]
    with ThreadPoolExecutor(len(backends)) as threads:
        list(threads.map(one, backends))


ODD = 'it\'s "quoted" \\ $x'


@pytest.mark.confd
@pytest.mark.parametrize(
    ("backend", "options", "name", "told", "tells"),
    [
        ("redis", {"client_key": ODD}, "CONF_PASSWORD", {}, "WRONGPASS"),
        ("etcdv3", {"username": "conf", "password": ODD}, "CONF_PASSWORD", {"CONF_USERNAME": "conf"}, "authentication failed"),
        pytest.param("vault", {}, "CONF_TOKEN", {}, "permission denied", marks=pytest.mark.second_tier),
    ],
)
def test_credentials_come_from_a_file_and_wrong_ones_are_named(
    confd: Path, tmp_path: Path, backend: str, options: dict[str, str], name: str, told: dict[str, str], tells: str
) -> None:
    secret = options.get("client_key", options.get("password", TOKEN))
    (tmp_path / "secret").write_text(secret + "\n", encoding="utf-8")
    for store in started(backend, tmp_path / "store", **options):
        store.put(keys(store))
        with container(confd, tmp_path / "wrong", store, patience="20s", **{**told, name: "wrong"}) as conf:
            assert conf.ends() == 1
            assert tells in conf.problem, conf.problem
            assert "wrong" not in conf.problem.replace("WRONGPASS", "")
            assert conf.file == ""
        with container(confd, tmp_path / "right", store, **{**told, name: "", f"{name}_FILE": str(tmp_path / "secret")}) as conf:
            assert conf.has(WRITTEN), conf.log
            assert eventually((tmp_path / "right/share/ready").exists)
            listed = b"".join(_command_lines())
            own = [f"--requirepass\0{secret}", f"-dev-root-token-id={secret}"]  # of the servers of this test
            for words in own:
                listed = listed.replace(words.encode(), b"")
            assert secret.encode() not in listed
            assert secret not in conf.log


def _command_lines() -> Iterator[bytes]:
    """The command lines of all processes of this machine."""
    for path in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield path.read_bytes()


@pytest.mark.parametrize(
    ("told", "said"),
    [
        ({"CONF_BACKEND": "rancher"}, "CONF_BACKEND=rancher: this image supports only env, file, etcdv3"),
        ({"CONF_NODES": ""}, "CONF_NODES is not set: with the back end redis, it must contain HOST:PORT[/DATABASE]"),
        ({"CONF_NODES": 'a"b:1'}, "CONF_NODES must not contain quotes"),
        ({"CONF_PREFIX": "/a/"}, "CONF_PREFIX=/a/ must be a key such as /app"),
        ({"CONF_PREFIX": "/a/../b"}, "CONF_PREFIX=/a/../b must be a key"),
        ({"CONF_PREFIX": '/a"\nnodes = []'}, "must be a key"),
        ({"CONF_BACKEND": "vault", "CONF_PREFIX": "/secret/data/app"}, "a KV engine of version 2"),
        ({"CONF_BACKEND": "env", "CONF_PREFIX": "/my_app"}, "only lower-case letters, digits and slashes are allowed"),
        ({"CONF_PASSWORD": "two\nlines"}, "CONF_PASSWORD must not contain a line break or a control character"),
        ({"CONF_PASSWORD_FILE": "/nothing/here"}, "CONF_PASSWORD_FILE: /nothing/here cannot be read"),
    ],
)
def test_what_a_container_is_told_wrongly_is_said_at_once(tmp_path: Path, told: dict[str, str], said: str) -> None:
    store = KINDS["redis"]("redis", tmp_path / "store", 1)
    with container(Path("/bin/false"), tmp_path / "image", store, **told) as conf:
        assert conf.ends() == 1
        assert said in conf.log, conf.log
        assert len(conf.log.strip().splitlines()) == 1 + said.count("must be a key") * told.get("CONF_PREFIX", "").count("\n")
