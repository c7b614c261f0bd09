"""`seed` against real stores: what it writes, shows, checks and exports, and what becomes of one that is cut off."""

from __future__ import annotations

import fcntl
import json
import os
import re
import ssl
import subprocess
import threading
import uuid
from collections.abc import Mapping
from contextlib import AbstractContextManager
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.seed.change import Change
from catalog_forge.seed.clients import client_of, connected
from catalog_forge.seed.file import nested
from catalog_forge.seed.store import Client, Destination, carry_out
from tests.helpers import free_port, tree
from tests.stores.conftest import needing, started
from tests.stores.servers import tool

SPEC = """\
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
launch: {exec: [web]}
engine: {backend: [etcdv3, etcd, redis, zookeeper, consul, vault, dynamodb, ssm, file], prefix: /PREFIX}
metadata:
  port: {type: int, default: 80}
  verbose: {type: boolean, default: true}
  mode: {type: enum, options: [fast, safe], default: safe}
  name: {}
  banner: {optional: true}
  base/dir: {optional: true}
  password: {type: password}
  servers: {type: list, default: [a, b, c]}
  limits: {type: map, default: {cpu: 2, memory: 1.5, swap: false}}
files:
- {dest: /etc/web/web.yml, body: [{set: {port: "@{metadata/port}", name: "@{metadata/name}"}}, {copy: metadata/limits}]}
"""
VALUES = {
    "port": "80",
    "verbose": "true",
    "mode": "safe",
    "name": "it's",
    "password": "s3cret",
    "servers/0": "a",
    "servers/1": "b",
    "servers/2": "c",
    "limits/cpu": "2",
    "limits/memory": "1.5",
    "limits/swap": "false",
}
STORES = ("etcdv3", "etcd", "redis", "zookeeper", "dynamodb", "ssm", "file")
BUILT = [pytest.param(name, marks=pytest.mark.second_tier) for name in ("consul", "vault")]
BINARY = ("etcdv3", "redis")


class Catalog:
    """A catalog with one spec, and a store that it may fill below a prefix of its own."""

    def __init__(self, folder: Path, backend: str, node: str, spec: str = SPEC) -> None:
        self.folder, self.backend, self.node = folder, backend, node
        self.prefix = f"/prod/t{uuid.uuid4().hex[:8]}"
        tree(folder, {"specs/web-conf.yml": spec.replace("/PREFIX", self.prefix)})

    def seed(self, *words: str, env: Mapping[str, str] | None = None) -> Result:
        where = ("--backend", self.backend, *(("--node", self.node) if self.node else ()))
        return CliRunner().invoke(root, ["-C", str(self.folder), "seed", "web-conf", *where, *words], env=env)

    def done(self, *words: str) -> str:
        result = self.seed(*words)
        assert result.exit_code == 0, result.output
        return result.stdout

    def client(self, prefix: str = "") -> AbstractContextManager[Any]:
        token = os.environ.get("CONF_TOKEN", "")
        return connected(self.backend, Destination(self.node, prefix or self.prefix, token=token))

    def put(self, **values: str) -> None:
        with self.client() as client:
            client.write({f"{self.prefix}/{name}": text for name, text in values.items()}, [])

    def there(self, prefix: str = "") -> dict[str, str]:
        prefix = prefix or self.prefix
        with self.client(prefix) as client:
            return {key.removeprefix(f"{prefix}/"): value.decode() for key, value in client.read().items()}


GIVEN = ("--set", "name=it's", "--set", "password=s3cret")


@pytest.fixture(params=[*STORES, *BUILT])
def catalog(request: pytest.FixtureRequest, tmp_path: Path) -> Catalog:
    backend = request.param
    return Catalog(tmp_path, backend, request.getfixturevalue(backend.removesuffix("v3")))


def test_typed_values_lists_and_maps_come_into_the_store(catalog: Catalog) -> None:
    assert "11 written" in catalog.done(*GIVEN)
    assert catalog.there() == VALUES
    assert "11 unchanged" in catalog.done(*GIVEN)


def test_keys_of_an_old_list_go_and_what_is_not_the_specs_stays(catalog: Catalog) -> None:
    catalog.done(*GIVEN)
    catalog.put(other="mine")
    neighbour = f"{catalog.prefix}x"
    with catalog.client(neighbour) as client:
        client.write({f"{neighbour}/name": "a neighbour"}, [])
    done = catalog.done(*GIVEN, "--set", "servers=[z]", "--set", "limits={cpu: 4}")
    assert done == "web-conf: 2 written, 4 removed, 5 unchanged\n"
    there = catalog.there()
    assert {key for key in there if key.startswith(("servers", "limits"))} == {"servers/0", "limits/cpu"}
    assert there["other"] == "mine"
    assert catalog.there(neighbour) == {"name": "a neighbour"}


def test_a_single_value_that_becomes_a_list_or_map_and_back_is_written_in_one_run(catalog: Catalog) -> None:
    spec = catalog.folder / "specs/web-conf.yml"
    before = spec.read_text()
    turned = before.replace("port: {type: int, default: 80}", "port: {type: map, default: {a: {b: 1}}}")
    turned = turned.replace("servers: {type: list, default: [a, b, c]}", "servers: {default: one}")
    turned = turned.replace('port: "@{metadata/port}", ', "")
    others = {key: text for key, text in VALUES.items() if not key.startswith(("port", "servers"))}
    for text, held in ((before, VALUES), (turned, {**others, "port/a/b": "1", "servers": "one"}), (before, VALUES)):
        spec.write_text(text)
        catalog.done(*GIVEN)
        assert catalog.there() == held
        assert catalog.done(*GIVEN, "--check") == ""


def test_values_that_together_are_more_than_a_transaction_takes_are_written(catalog: Catalog) -> None:
    if catalog.backend in ("dynamodb", "ssm"):
        pytest.skip("it holds less")
    long = ["x" * 100_000 + str(number) for number in range(30)] + ["y" * (1 << 19)]
    answers = tree(catalog.folder, {"a.yml": json.dumps({"servers": long})}) / "a.yml"
    catalog.done(*GIVEN, "--answers", str(answers))
    assert [catalog.there()[f"servers/{number}"] for number in range(31)] == long


def test_a_single_value_may_look_like_yaml(catalog: Catalog) -> None:
    for text in ("[a, b]", '{"a": 1}', "{{ x }}", "[::1]", "- x", "{"):
        catalog.done("--set", f"name={text}", "--set", "password=s")
        assert catalog.there()["name"] == text
    refused = catalog.seed(*GIVEN, "--set", "servers=[a")
    assert refused.exit_code == 1 and "--set servers:1:1: not well-formed YAML" in refused.stderr


def test_a_value_above_the_keys_is_in_the_way(catalog: Catalog) -> None:
    catalog.put(base="mine")
    refused = catalog.seed(*GIVEN, "--set", "base/dir=/x")
    assert refused.exit_code == 1
    assert f"the store has a value at {catalog.prefix}/base, so this key cannot contain other keys" in refused.stderr
    assert catalog.there() == {"base": "mine"}


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--set", "banner=x", "--unset", "banner"), "--unset banner: another option gives this key a value"),
        (("--export", "sh", "--check"), "--export does not contact the store, but --check does"),
    ],
)
def test_options_that_contradict_each_other_are_refused(catalog: Catalog, words: tuple[str, ...], said: str) -> None:
    refused = catalog.seed(*GIVEN, *words)
    assert refused.exit_code == 2 and said in refused.stderr


def test_what_has_no_default_keeps_what_the_store_has(catalog: Catalog) -> None:
    catalog.done(*GIVEN, "--set", "banner=hello", "--set", "port=81")
    catalog.done()
    assert catalog.there() == {**VALUES, "banner": "hello"}
    catalog.done("--unset", "banner")
    assert catalog.there() == VALUES
    refused = catalog.seed("--unset", "name")
    assert refused.exit_code == 1 and "name must have a value: it is not optional" in refused.stderr


def test_answers_come_from_a_file_by_key_or_by_variable(catalog: Catalog) -> None:
    answers = tree(catalog.folder, {"a.yml": "name: n\npassword: 007\nbase/dir: /x\nservers: [1, 2.50, yes, {a: b}]\n"}) / "a.yml"
    catalog.done("--answers", str(answers), "--set", "base_dir=/y")
    there = catalog.there()
    assert there["base/dir"] == "/y"
    assert (there["name"], there["password"], there["servers/0"], there["servers/3/a"]) == ("n", "007", "1", "b")
    assert (there["servers/1"], there["servers/2"]) == ("2.50", "yes")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "these questions need an answer: name, password"),
        (("--set", "nam=x"), "did you mean 'name'?"),
        ((*GIVEN, "--set", "port=many"), "port must be a whole number, not 'many'"),
        ((*GIVEN, "--set", "mode=slow"), "mode cannot be 'slow'"),
        ((*GIVEN, "--set", "servers=one"), "servers must be a list"),
        ((*GIVEN, "--set", "limits=[1]"), "limits must be a map"),
    ],
)
def test_wrong_values_are_refused_and_nothing_is_written(catalog: Catalog, words: tuple[str, ...], said: str) -> None:
    refused = catalog.seed(*words)
    assert refused.exit_code == 1
    assert said in refused.stderr
    assert catalog.there() == {}


def test_check_and_diff_say_how_a_store_differs_and_write_nothing(catalog: Catalog) -> None:
    assert catalog.seed(*GIVEN, "--check").exit_code == 1
    assert catalog.there() == {}
    catalog.done(*GIVEN)
    assert catalog.done(*GIVEN, "--check") == ""
    assert catalog.done(*GIVEN, "--diff").strip() == ""
    shown = catalog.done(*GIVEN, "--set", "password=another", "--set", "servers=[a]", "--set", "port=8080", "--diff")
    assert f'-{catalog.prefix}/port "80"\n' in shown and f'+{catalog.prefix}/port "8080"\n' in shown
    assert f'-{catalog.prefix}/servers/1 "b"\n' in shown
    assert f"+{catalog.prefix}/password (secret, changed)" in shown
    assert "another\n" not in shown and "s3cret" not in shown
    catalog.put(port="9")
    drifted = catalog.seed(*GIVEN, "--check")
    assert drifted.exit_code == 1
    assert "the store differs from the spec: seed would report 1 written" in drifted.stderr
    assert catalog.there()["port"] == "9"


def test_a_binary_value_is_shown_as_one_and_replaced(catalog: Catalog) -> None:
    if catalog.backend not in BINARY:
        pytest.skip("values are text there, or its client is not at hand")
    catalog.done(*GIVEN)
    raw = f"{catalog.prefix}/port"
    if catalog.backend == "redis":
        with catalog.client() as client:
            client._ask([("SET", raw, b"\xff\xfe")])
    else:
        subprocess.run(
            ["etcdctl", "--endpoints", catalog.node, "put", raw],
            input=b"\xff\xfe",
            check=True,
            env={**os.environ, "ETCDCTL_API": "3"},
            capture_output=True,
        )
    assert f"-{raw} (2 bytes that are not text)" in catalog.done(*GIVEN, "--diff")
    catalog.done(*GIVEN)
    assert catalog.there() == VALUES


def test_a_value_that_is_not_text_is_never_changed_unasked(catalog: Catalog) -> None:
    if catalog.backend != "redis":
        pytest.skip("the one that writes any bytes without a program of its own")
    catalog.done(*GIVEN)
    with catalog.client() as client:
        client._ask([("SET", f"{catalog.prefix}/banner", b"\xff\xfe")])
    refused = catalog.seed(*GIVEN)
    assert refused.exit_code == 1
    assert f"{catalog.prefix}/banner: the store holds a value that is not text" in refused.stderr
    with catalog.client() as client:
        assert client.read()[f"{catalog.prefix}/banner"] == b"\xff\xfe"


def test_export_prints_the_keys_without_secrets(catalog: Catalog) -> None:
    shown = {f"{catalog.prefix}/{key}": None if key == "password" else text for key, text in VALUES.items()}
    secret = {**shown, f"{catalog.prefix}/password": "s3cret"}
    form = nested if catalog.backend == "file" else dict
    assert json.loads(catalog.done(*GIVEN, "--export", "json")) == form(shown)
    assert json.loads(catalog.done(*GIVEN, "--export", "json", "--show-secrets")) == form(secret)
    script = catalog.seed(*GIVEN, "--export", "sh")
    assert "s3cret" not in script.output
    assert ("no shell commands" in script.stderr) == (catalog.backend in ("file", "zookeeper"))
    assert catalog.there() == {}


def test_the_exported_commands_do_what_seed_does(catalog: Catalog) -> None:
    if catalog.backend not in ("redis", "etcdv3", "etcd", "consul", "vault"):
        pytest.skip("its own client is not at hand")
    given = (*GIVEN, "--set", "banner=@/etc/passwd", "--set", "limits={cpu: '-'}")
    script = catalog.done(*given, "--export", "sh")
    host, port = catalog.node.split(":")
    with needing("etcdctl"):
        tool("stores.sh")
    built = tool(f"{catalog.backend}.sh") if catalog.backend in ("consul", "vault") else ""
    client = {
        "consul": f"consul() {{ '{built}' \"$@\"; }}; export CONSUL_HTTP_ADDR={catalog.node}\n",
        "vault": f"vault() {{ '{built}' \"$@\"; }}; export VAULT_ADDR=http://{catalog.node} VAULT_TOKEN=$CONF_TOKEN\n",
        "redis": f"alias redis-cli='redis-cli -h {host} -p {port}'\n",
        "etcdv3": f"export ETCDCTL_ENDPOINTS={catalog.node}\n",
        "etcd": f"export ETCDCTL_ENDPOINTS=http://{catalog.node}\n",
    }[catalog.backend]
    name = f"{catalog.prefix.strip('/').replace('/', '_').upper()}_PASSWORD"
    subprocess.run(["dash", "-eu"], input=client + script, text=True, check=True, env={**os.environ, name: "s3cret"})
    assert catalog.there()["banner"] == "@/etc/passwd"
    assert catalog.done(*given, "--check") == ""


def test_a_seed_that_is_cut_off_says_so_and_is_resumed(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    many = tree(catalog.folder, {"a.yml": json.dumps({"servers": [f"s{n}" for n in range(300)]})}) / "a.yml"
    given = (*GIVEN, "--answers", str(many))
    kind: Any = client_of(catalog.backend)
    monkeypatch.setattr(kind, "most", min(kind.most, 128))
    write, calls = kind.write, 0

    def cut(self: Any, puts: Mapping[str, str], deletes: list[str]) -> None:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise KeyboardInterrupt
        write(self, puts, deletes)

    with monkeypatch.context() as patched:
        patched.setattr(kind, "write", cut)
        assert catalog.seed(*given).exit_code == 130
    there = catalog.there()
    assert 0 < len(there) < 308 and ".seed" in there
    refused = catalog.seed(*given, "--check")
    assert refused.exit_code == 1 and "an earlier seed was interrupted" in refused.stderr
    assert "resumed" in catalog.done(*given)
    there = catalog.there()
    assert ".seed" not in there and len([key for key in there if key.startswith("servers/")]) == 300
    assert catalog.done(*given, "--check") == ""


def test_a_store_that_refuses_connections_is_one_clear_line(tmp_path: Path) -> None:
    for backend in ("etcdv3", "etcd", "redis"):
        nobody = f"127.0.0.1:{free_port()}"
        refused = Catalog(tmp_path / backend, backend, nobody).seed(*GIVEN)
        assert refused.exit_code == 1
        assert f"the store at {nobody}: Connection refused" in refused.stderr


def test_wrong_credentials_are_one_clear_line_and_never_shown(tmp_path: Path) -> None:
    for store in started("redis", tmp_path / "redis", client_key="right"):
        catalog = Catalog(tmp_path, "redis", store.nodes)
        for env in ({}, {"CONF_PASSWORD": "wr0ng"}):
            refused = catalog.seed(*GIVEN, env=env)
            assert refused.exit_code == 1
            assert f"the store at {store.nodes}: it rejects the credentials" in refused.stderr
            assert "wr0ng" not in refused.output
        file = tree(tmp_path, {"secret": "right\n"}) / "secret"
        assert catalog.seed(*GIVEN, env={"CONF_PASSWORD_FILE": str(file)}).exit_code == 0


def test_etcd_asks_for_a_user(tmp_path: Path) -> None:
    for store in started("etcdv3", tmp_path / "etcd", username="conf", password="right"):
        catalog = Catalog(tmp_path, "etcdv3", store.nodes)
        for given in ({}, {"CONF_USERNAME": "conf", "CONF_PASSWORD": "wrong"}):
            refused = catalog.seed(*GIVEN, env=given)
            assert refused.exit_code == 1
            assert "it rejects the credentials" in refused.stderr
        assert catalog.seed(*GIVEN, env={"CONF_USERNAME": "conf", "CONF_PASSWORD": "right"}).exit_code == 0


@pytest.mark.parametrize("backend", ["redis", "etcdv3", "etcd", "consul", "vault", "zookeeper"])
@pytest.mark.parametrize("node", ["http://me:s3cr3t@127.0.0.1:1", "me:s3cr3t@127.0.0.1:1"])
def test_credentials_in_an_address_are_refused_and_not_shown(tmp_path: Path, backend: str, node: str) -> None:
    refused = Catalog(tmp_path, backend, node).seed(*GIVEN)
    assert refused.exit_code == 1 and "the address of a store must not contain credentials" in refused.stderr
    assert "s3cr3t" not in refused.output


@pytest.mark.parametrize("held", [{"prod": "x"}, {"prod": {"PREFIX": "x"}}, {"prod": ["x"]}, ["x"], "x"])
def test_a_file_with_something_else_in_the_place_of_the_keys_stays_as_it_is(tmp_path: Path, held: Any) -> None:
    file = tmp_path / "values.json"
    catalog = Catalog(tmp_path, "file", str(file))
    text = json.dumps(held).replace("PREFIX", catalog.prefix.rpartition("/")[2])
    file.write_text(text)
    refused = catalog.seed(*GIVEN)
    assert refused.exit_code == 1 and f"the store at {file}: " in refused.stderr
    assert file.read_text() == text


def test_what_else_a_file_holds_stays_and_a_link_stays_one(tmp_path: Path) -> None:
    others = {"a": [1, None, {}], "prod": {"other": {"b/c": 1.5}}, "n": None}
    real = tree(tmp_path, {"there/real.json": json.dumps(others)}) / "there/real.json"
    (tmp_path / "values.json").symlink_to(real)
    catalog = Catalog(tmp_path, "file", str(tmp_path / "values.json"))
    catalog.done(*GIVEN)
    assert catalog.done(*GIVEN, "--check") == ""
    held = json.loads(real.read_text())
    assert held["prod"].pop(catalog.prefix.rpartition("/")[2])["port"] == "80"
    assert held == others
    assert [each.name for each in real.parent.iterdir()] == ["real.json"]


def test_a_store_that_wants_certificates_gets_them(tmp_path: Path) -> None:
    pem, key = str(tmp_path / "both.pem"), str(tmp_path / "both.key")
    names = ["-subj", "/CN=here", "-addext", "subjectAltName=IP:127.0.0.1"]
    made = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "9", "-keyout", key, "-out", pem, *names]
    subprocess.run(made, check=True, capture_output=True)
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH, cafile=pem)
    context.load_cert_chain(pem, key)
    context.verify_mode = ssl.CERT_REQUIRED
    asked: list[str] = []

    class Consul(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked.append(self.headers["Authorization"] or "")
            self.send_response(404)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            pass

    with HTTPServer(("127.0.0.1", 0), Consul) as server:
        server.socket = context.wrap_socket(server.socket, server_side=True)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        catalog = Catalog(tmp_path, "consul", f"127.0.0.1:{server.server_port}")
        files = {"CONF_CA": pem, "CONF_CERT": pem, "CONF_KEY": key}
        seen = catalog.seed(*GIVEN, "--diff", env={**files, "CONF_USERNAME": "me", "CONF_PASSWORD": "right"})
        assert seen.exit_code == 0, seen.output
        assert asked == ["Basic bWU6cmlnaHQ="]
        refused = catalog.seed(*GIVEN, "--diff", env={"CONF_CA": pem})
        assert refused.exit_code == 1 and f"the store at {catalog.node}: " in refused.stderr
        missing = catalog.seed(*GIVEN, "--diff", env={"CONF_CA": str(tmp_path / "nothing")})
        assert missing.exit_code == 1 and "the certificates cannot be read: No such file" in missing.stderr
        server.shutdown()


@pytest.mark.parametrize("prefix", ["/", "a b", "../x", "/a//b", "/ä", "a\nb"])
def test_a_prefix_is_a_key(tmp_path: Path, redis: str, prefix: str) -> None:
    refused = Catalog(tmp_path, "redis", redis).seed(*GIVEN, "--prefix", prefix)
    assert refused.exit_code == 2 and "must be a key such as /app" in refused.stderr


@pytest.mark.parametrize("node", ["http://[", "x:y", "a" * 300, "gopher://x", "127.0.0.1:99999", "ho st:1"])
@pytest.mark.parametrize("backend", ["etcdv3", "redis", "consul", "zookeeper"])
def test_a_node_that_cannot_be_one_is_one_clear_line(
    tmp_path: Path, backend: str, node: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("catalog_forge.seed.zookeeper.PATIENCE", 0.3)
    refused = Catalog(tmp_path, backend, node).seed(*GIVEN)
    assert refused.exit_code == 1 and f"the store at {node[:40]}" in refused.stderr, refused.output


def test_a_spec_of_rancher_has_no_store(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/web-conf.yml": re.sub("engine: .*\n", "", SPEC)})
    refused = CliRunner().invoke(root, ["-C", str(tmp_path), "seed", "web-conf", *GIVEN])
    assert refused.exit_code == 1 and "reads Rancher's metadata, so there is no store to seed" in refused.stderr


def test_a_wrong_back_end_and_a_wrong_port_are_said(tmp_path: Path, redis: str, etcd: str) -> None:
    assert "did you mean 'redis'?" in Catalog(tmp_path, "rediss", redis).seed().stderr
    for backend, node in (("etcdv3", redis), ("etcd", redis), ("redis", etcd)):
        refused = Catalog(tmp_path, backend, node).seed(*GIVEN)
        assert refused.exit_code == 1
        assert re.search(f"the store at {node}: (its answer cannot be read|Connection reset)", refused.stderr)
        assert len(refused.stderr.splitlines()) <= 2


def test_a_file_that_a_killed_seed_left_is_taken_over_and_one_of_a_seed_that_runs_is_not(file: str, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path / "catalog", "file", file)
    left = Path(file).with_name(f".catalog-forge.{Path(file).name}")
    left.write_text("half of something that is longer than what comes into its place" * 1000)
    with left.open() as running:
        fcntl.flock(running, fcntl.LOCK_EX)
        refused = catalog.seed(*GIVEN)
        assert refused.exit_code == 1 and "another process is writing to this file" in refused.output
        assert not Path(file).exists() and left.exists()
    catalog.done(*GIVEN)
    assert catalog.there() == VALUES
    assert not left.exists()
    assert Path(file).stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("backend", ["etcdv3", "redis", "file"])
def test_what_somebody_else_writes_meanwhile_is_noticed(
    backend: str, request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(tmp_path / "catalog", backend, request.getfixturevalue(backend.removesuffix("v3")))

    def beside(found: Change, client: Client) -> None:
        carry_out(found, client)
        catalog.put(**{"servers/7": "of another list"})

    monkeypatch.setattr("catalog_forge.seed.store.carry_out", beside)
    refused = catalog.seed(*GIVEN)
    assert refused.exit_code == 1
    assert "another process wrote to the store" in refused.output
    monkeypatch.undo()
    assert "1 removed" in catalog.done(*GIVEN)
    assert catalog.there() == VALUES


@pytest.mark.parametrize("backend", BINARY)
def test_keys_that_are_no_text_stay_or_go_as_any_other(backend: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    catalog = Catalog(tmp_path, backend, request.getfixturevalue(backend.removesuffix("v3")))
    foreign, own = f"{catalog.prefix}/\udcff\udcfe", f"{catalog.prefix}/servers/\udc80"
    with catalog.client() as client:
        client.write({foreign: "1", own: "2"}, [])
    assert "-" + catalog.prefix + "/servers/\\x80" in catalog.done(*GIVEN, "--diff")
    assert "11 written, 1 removed" in catalog.done(*GIVEN)
    with catalog.client() as client:
        there = client.read()
    assert there[foreign] == b"1" and own not in there
    assert "11 unchanged" in catalog.done(*GIVEN)


@pytest.mark.second_tier
def test_vault_without_the_mount_of_the_prefix_is_one_clear_line(
    vault: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalog = Catalog(tmp_path, "vault", vault)
    refused = catalog.seed("--prefix", "/nowhere/app", *GIVEN)
    assert refused.exit_code == 1
    assert "it has no mount nowhere, or the token has no access to it" in refused.stderr
    assert "vault secrets enable -version=1 -path=nowhere kv" in refused.stderr
    monkeypatch.setenv("CONF_TOKEN", "wrong")
    refused = catalog.seed(*GIVEN)
    assert refused.exit_code == 1 and "it rejects the credentials" in refused.stderr
