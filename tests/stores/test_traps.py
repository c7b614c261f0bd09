"""What bites whoever uses confd's back ends, each shown in the real confd on the real store, and what is done about it.

The numbers are those of docs/backends.md.
"""

from __future__ import annotations

import json
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from contextlib import suppress
from functools import partial
from itertools import count
from pathlib import Path
from typing import ClassVar

import pytest

from catalog_forge.backends import TABLE
from catalog_forge.confd.imitated.stored import Stored
from catalog_forge.confd.layout import layout
from catalog_forge.errors import ForgeError
from catalog_forge.image.files import image_plan
from catalog_forge.spec.reader import read
from tests.confd.real import image_of, run_embedded
from tests.helpers import PATIENCE, eventually
from tests.stores.conftest import started
from tests.stores.image import SPEC, spec
from tests.stores.real import PREFIX, command, confd_prefix, install, run_real
from tests.stores.servers import Store

ALL = b'{{range gets "/*"}}{{.Key}}={{.Value}};{{end}}{{range gets "/*/*"}}{{.Key}}={{.Value}};{{end}}'


def made(backend: str, folder: Path, **options: str) -> Iterator[Store]:
    yield from started(backend, folder, **options)


def watched(confd: Path, folder: Path, store: Store, seconds: float, flag: str = "-watch") -> subprocess.Popen[bytes]:
    """Start confd with -watch over one template, and leave it that long."""
    install(folder, image_of({"all": ALL}, keys=["/"]), store, confd_prefix(store.backend))
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen(command(confd, folder, flag), env=dict(store.variables), stdout=log, stderr=log)
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    return process


def entrypoint(backend: str, more: str = "") -> str:
    before, after = SPEC.split("engine: ")[0], SPEC.split("prefix: /prod/web}\n")[1]
    text = f"{before}engine: {{backend: {backend}, prefix: /prod/web}}\n{after}{more}"
    return image_plan(read(text, "x.yml"), lambda name, _: name).text("entrypoint.sh")


def has_ended(process: subprocess.Popen[bytes], store: Store, numbers: Iterator[int]) -> bool:
    """Change a value, and tell whether confd has ended of it."""
    store.put({f"{PREFIX}/a": b"%d" % next(numbers)})
    with suppress(subprocess.TimeoutExpired):
        process.wait(timeout=0.5)
    return process.returncode is not None


@pytest.mark.confd
def test_1_a_watched_file_that_is_replaced_ends_confd(confd: Path, tmp_path: Path) -> None:
    for store in made("file", tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1"})
        process = watched(confd, tmp_path, store, 2)
        assert process.poll() is None
        try:
            assert eventually(partial(has_ended, process, store, count()))
        finally:
            process.kill()
            process.wait()
        assert process.returncode == 2
        assert "panic: send on closed channel" in (tmp_path / "log").read_text()
    assert "-watch" not in entrypoint("file")


@pytest.mark.confd
@pytest.mark.parametrize("backend", ["env", pytest.param("vault", marks=pytest.mark.second_tier)])
def test_2_these_back_ends_write_nothing_when_watched(confd: Path, tmp_path: Path, backend: str) -> None:
    for store in made(backend, tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1"})
        process = watched(confd, tmp_path, store, 4)
        assert process.poll() is None
        process.kill()
        process.wait()
        assert list((tmp_path / "out").iterdir()) == []
    assert "-watch" not in entrypoint(backend)


@pytest.mark.confd
@pytest.mark.parametrize("backend", ["dynamodb", "ssm"])
def test_2_and_these_end_at_once(confd: Path, tmp_path: Path, backend: str) -> None:
    for store in made(backend, tmp_path / "store"):
        assert watched(confd, tmp_path, store, PATIENCE).returncode == 1
        assert "Watch is not supported" in (tmp_path / "log").read_text()
    assert "-watch" not in entrypoint(backend)


@pytest.mark.confd
def test_3_of_a_large_table_confd_reads_one_page(confd: Path, tmp_path: Path) -> None:
    held = {f"{PREFIX}/k{number:02}": b"x" * 40_000 for number in range(40)}
    image = image_of({"all": b'{{range gets "/*"}}{{.Key}};{{end}}'}, keys=["/"])
    for store in made("dynamodb", tmp_path / "store"):
        store.put(held)
        real = run_real(confd, tmp_path, image, store)
        assert real.status == 0
        assert 0 < real.files["all"].count(b";") < 40
    ours = run_embedded(image, Stored("dynamodb", {key.encode(): value for key, value in held.items()}), prefix=f"{PREFIX}/")
    assert "larger than the 1 MB that confd reads" in ours.errors["all"]
    text = SPEC.replace("  word:", "  big: {type: map}\n  word:")
    with pytest.raises(ForgeError, match="smaller than 1 MB"):
        layout(read(text, "x.yml"), "dynamodb", {"big": {key[-3:]: value.decode() for key, value in held.items()}})


@pytest.mark.confd
def test_4_of_yaml_that_is_no_text_confd_makes_another_value_or_ends(confd: Path, tmp_path: Path) -> None:
    image = image_of({"all": ALL}, keys=["/"])
    for store in made("file", tmp_path / "store"):
        path = Path(store.nodes)
        path.write_text("prod: {web: {mode: 0644, size: 1.50, none: null, on: a}}")
        assert run_real(confd, tmp_path / "one", image, store).status == 2
        path.write_text("prod: {web: {mode: 0644, size: 1.50, none: null, list: []}}")
        assert run_real(confd, tmp_path / "two", image, store).files["all"] == b"/mode=420;/size=1.5;"
        path.write_text(json.dumps({"prod": {"web": {"mode": "0644", "size": "1.50", "on": "a", "1": "b"}}}))
        assert run_real(confd, tmp_path / "three", image, store).files["all"] == b"/1=b;/mode=0644;/on=a;/size=1.50;"


@pytest.mark.confd
def test_5_of_the_names_of_variables_confd_makes_other_keys(confd: Path, tmp_path: Path) -> None:
    image = image_of({"all": ALL}, keys=["/"])
    for store in made("env", tmp_path / "store"):
        store.variables = {"PROD_WEB_NODE_NAME": "n", "PROD_WEB_Upper": "u"}
        assert run_real(confd, tmp_path, image, store).files["all"] == b"/upper=u;/node/name=n;"
    with pytest.raises(ForgeError, match="env cannot store a key with the part 'node_name'"):
        read(SPEC.replace("  port:", "  node_name: {}\n  port:").replace("@{metadata/port}", "@{metadata/node_name}"), "x.yml")


@pytest.mark.confd
@pytest.mark.parametrize("backend", ["etcd", "zookeeper", "etcdv3", "redis", "dynamodb", "ssm", "file", "env"])
def test_6_a_key_that_is_missing_fails_the_file_in_some(confd: Path, tmp_path: Path, backend: str) -> None:
    image = image_of({"all": ALL}, keys=["/a", "/nothing"])
    for store in made(backend, tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1"})
        real = run_real(confd, tmp_path, image, store)
        assert (real.files == {}) == bool(TABLE[backend].missing), real.log
        assert TABLE[backend].missing in real.log
    (file,) = (file for file in image_plan(spec(), lambda name, _: name) if file.path == "conf.d/web.conf.toml")
    assert b'keys = ["/", "/"]' in file.content


@pytest.mark.confd
def test_7_a_newer_etcd_does_not_know_the_api_of_the_back_end_etcd(confd: Path, tmp_path: Path) -> None:
    for store in made("etcdv3", tmp_path / "store"):
        old = Store("etcd", tmp_path / "old", store.port)
        real = run_real(confd, tmp_path, image_of({"all": ALL}, keys=["/"]), old)
        assert real.files == {}
        assert "response is invalid json" in real.log
    for backend in TABLE.keys() - {"rancher"}:
        assert 'text backend "$backend"' in entrypoint(backend)


@pytest.mark.confd
@pytest.mark.second_tier
def test_8_of_the_newer_engine_of_vault_confd_lists_nothing(confd: Path, tmp_path: Path) -> None:
    image = image_of({"all": ALL}, keys=["/"])
    for store in made("vault", tmp_path / "store"):
        store.call("POST", "secret/data/app/a", {"data": {"value": "1"}})  # type: ignore[attr-defined]
        for number, prefix in enumerate(("/secret/app", "/secret/data/app")):
            real = run_real(confd, tmp_path / str(number), image, store, prefix)
            assert (real.status, real.files["all"]) == (0, b"")
    with pytest.raises(ForgeError, match="KV engine version 2"):
        read(SPEC.replace("/prod/web", "/secret/data/app"), "x.yml")


@pytest.mark.confd
def test_9_the_root_shows_values_alone(confd: Path, tmp_path: Path) -> None:
    image = image_of({"all": b'{{range ls "/"}}{{.}};{{end}}{{range lsdir "/"}}{{.}};{{end}}'}, keys=["/"])
    for store in made("redis", tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1", f"{PREFIX}/b/c": b"2"})
        assert run_real(confd, tmp_path, image, store).files["all"] == b"a;"
    text = SPEC[: SPEC.index("  body:")] + "  body: [{template: t.tmpl}]\n"
    with pytest.raises(ForgeError, match="the template lists the root"):
        image_plan(read(text, "x.yml"), lambda _name, _: '{{range ls "/"}}{{.}}{{end}}')


@pytest.mark.confd
def test_10_a_node_of_zookeeper_that_has_children_loses_its_value(confd: Path, tmp_path: Path) -> None:
    for store in made("zookeeper", tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1", f"{PREFIX}/a/b": b"2"})
        assert run_real(confd, tmp_path, image_of({"all": ALL}, keys=["/"]), store).files["all"] == b"/a/b=2;"
    text = SPEC.replace("  word:", "  map: {type: map}\n  word:")
    with pytest.raises(ForgeError, match="/prod/web/map/a has a value, and so has /prod/web/map/a/b below it"):
        layout(read(text, "x.yml"), "zookeeper", {"map": {"a": 1, "a/b": 2}})


@pytest.mark.confd
def test_11_dynamodb_drops_what_is_no_text_and_ssm_takes_no_empty_value(confd: Path, tmp_path: Path) -> None:
    for store in made("dynamodb", tmp_path / "one"):
        store.put({f"{PREFIX}/a": b"1"})
        store.call("PutItem", TableName="conf", Item={"key": {"S": f"{PREFIX}/n"}, "value": {"N": "5"}})  # type: ignore[attr-defined]
        real = run_real(confd, tmp_path, image_of({"all": ALL}, keys=["/"]), store)
        assert real.files["all"] == b"/a=1;"
        assert "is not of type 'string'" in real.log
    assert layout(spec(), "dynamodb", {"port": 5}) == {f"{PREFIX}/port": "5"}
    with pytest.raises(ForgeError, match="ssm does not allow empty values"):
        layout(spec(), "ssm", {"port": ""})


@pytest.mark.confd
@pytest.mark.parametrize("backend", ["file", "env", "dynamodb", pytest.param("consul", marks=pytest.mark.second_tier)])
def test_12_a_neighbour_of_the_prefix_is_taken_for_one_of_its_keys(confd: Path, tmp_path: Path, backend: str) -> None:
    image = image_of({"all": b'{{getv "/port" "none"}}'}, keys=["/"])
    for store in made(backend, tmp_path / "store"):
        store.put({f"{PREFIX}port": b"of a neighbour", f"{PREFIX}/a": b"1"})
        assert run_real(confd, tmp_path / "one", image, store, PREFIX).files["all"] == b"of a neighbour"
        assert run_real(confd, tmp_path / "two", image, store, f"{PREFIX}/").files["all"] == b"none"
    assert "below '/'" in entrypoint(backend)


@pytest.mark.confd
def test_13_etcd_hides_keys_that_begin_with_an_underscore(confd: Path, tmp_path: Path) -> None:
    for store in made("etcd", tmp_path / "store"):
        store.put({f"{PREFIX}/_a": b"1", f"{PREFIX}/b": b"2"})
        assert run_real(confd, tmp_path, image_of({"all": ALL}, keys=["/"]), store).files["all"] == b"/b=2;"
    with pytest.raises(ForgeError, match="etcd cannot store a key with the part '_a'"):
        read(SPEC.replace("backend: [env, ", "backend: [").replace("  port:", "  _a: {}\n  port:"), "x.yml")


@pytest.mark.confd
def test_14_a_value_in_redis_hides_the_keys_below_it(confd: Path, tmp_path: Path) -> None:
    for store in made("redis", tmp_path / "store"):
        store.put({PREFIX: b"", f"{PREFIX}/b": b"2"})
        assert run_real(confd, tmp_path, image_of({"all": ALL}, keys=["/"]), store).files["all"] == b"/=;"
    assert Stored("redis", {PREFIX.encode(): b"", f"{PREFIX}/b".encode(): b"2"}).leaves(PREFIX, ["/"]) == {b"/": b""}


@pytest.mark.confd
def test_15_lists_come_in_the_order_of_the_text_of_their_keys(confd: Path, tmp_path: Path) -> None:
    image = image_of({"all": b'{{range ls "/list"}}{{.}};{{end}}'}, keys=["/"])
    for store in made("etcdv3", tmp_path / "store"):
        store.put({f"{PREFIX}/list/{number}": b"x" for number in range(11)})
        assert run_real(confd, tmp_path, image, store).files["all"].startswith(b"0;1;10;2;")
    (template,) = (file for file in image_plan(spec(), lambda name, _: name) if file.path == "templates/web.conf.tmpl")
    assert b"seq 0 (sub (len (ls " in template.content


@pytest.mark.confd
def test_16_the_file_of_options_counts_before_the_flags(confd: Path, tmp_path: Path) -> None:
    """So nothing that stands there may be a flag as well: a secret is in the file alone."""
    for store in made("redis", tmp_path / "store", client_key="secret"):
        store.put({f"{PREFIX}/a": b"1"})
        install(tmp_path, image_of({"all": ALL}, keys=["/"]), store, PREFIX)
        flags = ["-onetime", "-backend", "etcd", "-client-key", "wrong", "-prefix", "/other"]
        done = subprocess.run(command(confd, tmp_path, *flags), capture_output=True, env={}, check=False, timeout=PATIENCE)
        assert done.returncode == 0, done.stderr
        assert (tmp_path / "out/0").read_bytes() == b"/a=1;"
    script = entrypoint("redis")
    assert not any(f" -{flag} " in script for flag in ("backend", "node", "prefix", "client-key", "password"))


def is_mixed_up(process: subprocess.Popen[bytes], log: Path, store: Store) -> bool:
    """Change a value twice, and tell whether confd has taken an answer for that to another question."""
    for value in (b"2", b"1"):
        store.put({f"{PREFIX}/a": value})
    said = log.read_text()
    return process.poll() is not None or any(words in said for words in ("panic", "ERROR", "unexpected type"))


@pytest.mark.confd
def test_17_the_watchers_of_several_files_mix_up_the_answers_of_redis(confd: Path, tmp_path: Path) -> None:
    """They ask over one connection at the same time (backends/redis/client.go)."""
    for store in made("redis", tmp_path / "store"):
        store.put({f"{PREFIX}/a": b"1"})
        image = image_of({f"all{number}": ALL for number in range(12)}, keys=["/"])
        install(tmp_path, image, store, PREFIX)
        with (tmp_path / "log").open("wb") as log:
            process = subprocess.Popen(command(confd, tmp_path, "-watch"), env={}, stdout=log, stderr=log)

        try:
            assert eventually(partial(is_mixed_up, process, tmp_path / "log", store))
        finally:
            process.kill()
            process.wait()
    more = "- {dest: /etc/web/other.conf, format: raw, body: [{text: x}]}\n"
    assert "keep -watch" in entrypoint("redis") and "keep -watch" not in entrypoint("redis", more)
    assert "keep -watch" in entrypoint("consul", more)


class BreakingOff(socketserver.StreamRequestHandler):
    """A redis with two keys that goes away after the value of the first."""

    ANSWERS: ClassVar = {
        b"TYPE": b"+none\r\n",
        b"SCAN": b"*2\r\n$1\r\n0\r\n*2\r\n$11\r\n/prod/web/a\r\n$11\r\n/prod/web/b\r\n",
        b"GET": b"$1\r\n1\r\n",
        b"PING": b"+PONG\r\n",
        b"SELECT": b"+OK\r\n",
    }

    def handle(self) -> None:
        """Answer until a value has been asked for."""
        while line := self.rfile.readline():
            words = [self.rfile.read(int(self.rfile.readline()[1:]) + 2)[:-2] for _ in range(int(line[1:]))]
            self.wfile.write(self.ANSWERS[words[0].upper()])
            if words[0].upper() == b"GET":
                return


@pytest.mark.confd
@pytest.mark.parametrize(("keys", "written"), [(["/"], b"/a=1;"), (["/", "/"], None)])
def test_18_a_store_that_goes_away_in_the_midst_of_a_reading_is_noticed_by_the_second(
    confd: Path, tmp_path: Path, keys: list[str], written: bytes | None
) -> None:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), BreakingOff) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        store = Store("redis", tmp_path / "store", server.server_address[1])
        image = image_of({"all": ALL}, keys=keys)
        install(tmp_path, image, store, PREFIX)
        done = subprocess.run(command(confd, tmp_path, "-onetime"), capture_output=True, env={}, check=False, timeout=PATIENCE)
        server.shutdown()
    place = tmp_path / "out/0"
    assert (place.read_bytes() if place.exists() else None) == written, done.stderr
    assert (done.returncode == 0) is (written is not None)
