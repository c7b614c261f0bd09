"""The real stores, each on a port of its own, and a few lines that fill each: no client of the product has a hand in it."""

from __future__ import annotations

import base64
import contextlib
import fcntl
import json
import os
import socket
import struct
import subprocess
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from tests.helpers import PATIENCE, free_port

TOOLS = Path(__file__).parents[2] / "tools"
# The token of Vault's root.
TOKEN = "token-of-root"
# confd's switches for emulators, DYNAMODB_LOCAL and SSM_LOCAL, mean these ports, and no others (backends/dynamodb/client.go,
# backends/ssm/client.go). Who does not run confd takes a free one.
AWS_PORTS = {"dynamodb": 8000, "ssm": 8001}
AWS = {"AWS_REGION": "eu-west-1", "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "secret"}


class Missing(Exception):
    """A program cannot be had here."""


def tool(name: str) -> str:
    """Run a script of tools/ that brings a program, and return what it prints. Raises Missing."""
    done = subprocess.run([TOOLS / name], capture_output=True, text=True, check=False)
    if done.returncode:
        raise Missing((done.stderr.strip().splitlines() or [f"tools/{name} failed"])[-1])
    return done.stdout.strip()


@dataclass
class Store:
    """A store that runs: where, and what confd is told of it beside that."""

    backend: str
    folder: Path
    port: int = 0
    options: Mapping[str, str] = field(default_factory=dict)
    variables: Mapping[str, str] = field(default_factory=dict)
    process: subprocess.Popen[bytes] | None = None

    @property
    def nodes(self) -> str:
        """What CONF_NODES holds."""
        return f"127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        raise NotImplementedError

    def is_up(self) -> bool:
        return _listens(self.port)

    def start(self) -> None:
        """Start the server, and wait until it answers."""
        taken = f"port {self.port} is in use, and confd looks for {self.backend} at no other: end what listens there"
        assert self.process or not self.port or not _listens(self.port), taken
        self.port = self.port or free_port()
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command(), cwd=self.folder, stdout=log, stderr=log, stdin=subprocess.DEVNULL)
        end = time.monotonic() + PATIENCE
        while not self.is_up():
            assert self.process.poll() is None and time.monotonic() < end, (self.folder / "log").read_text(errors="replace")[
                -3000:
            ]
            time.sleep(0.05)

    def kill(self) -> None:
        """End the server at once."""
        if self.process:
            self.process.kill()
            self.process.wait()

    def put(self, held: Mapping[str, bytes]) -> None:
        """Write keys, absolute and with slashes."""
        raise NotImplementedError

    def delete(self, key: str) -> None:
        raise NotImplementedError

    def http(self, method: str, path: str, body: bytes = b"", headers: Mapping[str, str] | None = None) -> Any:
        url = f"http://127.0.0.1:{self.port}{urllib.parse.quote(path)}"
        request = urllib.request.Request(url, data=body or None, method=method, headers=dict(headers or {}))
        with urllib.request.urlopen(request, timeout=PATIENCE) as answer:
            text = answer.read()
        return json.loads(text) if text[:1] in (b"{", b"[") else text


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Etcdv3(Store):
    v2 = False
    token = ""

    def command(self) -> list[str]:
        peer = self.options_of_peer()
        url = f"http://127.0.0.1:{self.port}"
        flags = ["--listen-client-urls", url, "--advertise-client-urls", url, "--data-dir", "data", "--unsafe-no-fsync"]
        return ["etcd", *flags, *peer, *(["--enable-v2"] if self.v2 else [])]

    def options_of_peer(self) -> list[str]:
        url = f"http://127.0.0.1:{free_port()}"
        return ["--listen-peer-urls", url, "--initial-advertise-peer-urls", url, "--initial-cluster", f"default={url}"]

    def is_up(self) -> bool:
        try:
            return bool(self.http("GET", "/health")["health"] == "true")
        except (OSError, KeyError, TypeError):
            return False

    def start(self) -> None:
        super().start()
        if "password" in self.options and not self.token:
            login = {"name": self.options["username"], "password": self.options["password"]}
            self.call("auth/user/add", name="root", password="of root")
            self.call("auth/user/grant", user="root", role="root")
            self.call("auth/user/add", **login)
            self.call("auth/role/add", name="conf")
            prod = {"key": base64.b64encode(b"/prod/").decode(), "rangeEnd": base64.b64encode(b"/prod0").decode()}
            self.call("auth/role/grant", name="conf", perm={"permType": "READWRITE", **prod})
            self.call("auth/user/grant", user=login["name"], role="conf")
            self.call("auth/enable")
            self.token = self.call("auth/authenticate", **login)["token"]

    def call(self, action: str, /, **body: Any) -> Any:
        return self.http("POST", f"/v3/{action}", json.dumps(body).encode(), {"Authorization": self.token} if self.token else {})

    def put(self, held: Mapping[str, bytes]) -> None:
        puts = [
            {"requestPut": {"key": base64.b64encode(key.encode()).decode(), "value": base64.b64encode(value).decode()}}
            for key, value in held.items()
        ]
        for start in range(0, len(puts), 128):
            self.call("kv/txn", success=puts[start : start + 128])

    def delete(self, key: str) -> None:
        self.call("kv/deleterange", key=base64.b64encode(key.encode()).decode())


class Etcd(Etcdv3):
    v2 = True

    def put(self, held: Mapping[str, bytes]) -> None:
        for key, value in held.items():
            self.http("PUT", f"/v2/keys{key}", urllib.parse.urlencode({"value": value}).encode())

    def delete(self, key: str) -> None:
        self.http("DELETE", f"/v2/keys{key}")


class Redis(Store):
    def command(self) -> list[str]:
        more = ["--requirepass", self.options["client_key"]] if "client_key" in self.options else []
        events = ["--notify-keyspace-events", "K$gh"]
        return ["redis-server", "--port", str(self.port), "--bind", "127.0.0.1", "--appendonly", "yes", *events, *more]

    def is_up(self) -> bool:
        try:
            self.call(b"PING")
        except (OSError, RuntimeError):
            return False
        return True

    def call(self, *words: bytes) -> bytes:
        return self.calls([words])[-1]

    def calls(self, commands: list[tuple[bytes, ...]]) -> list[bytes]:
        if "client_key" in self.options:
            commands = [(b"AUTH", self.options["client_key"].encode()), *commands]
        sent = b"".join(b"*%d\r\n" % len(words) + b"".join(b"$%d\r\n%b\r\n" % (len(w), w) for w in words) for words in commands)
        with socket.create_connection(("127.0.0.1", self.port), PATIENCE) as server, server.makefile("rb") as answer:
            server.sendall(sent)
            said = [answer.readline() for _ in commands]
        if wrong := next((line for line in said if line[:1] in (b"-", b"")), None):
            raise RuntimeError(wrong)
        return said

    def put(self, held: Mapping[str, bytes]) -> None:
        if held:
            self.calls([(b"SET", key.encode(), value) for key, value in held.items()])

    def delete(self, key: str) -> None:
        self.call(b"DEL", key.encode())


class Zookeeper(Store):
    def command(self) -> list[str]:
        lines = [
            "tickTime=500",
            "dataDir=data",
            f"clientPort={self.port}",
            "clientPortAddress=127.0.0.1",
            "admin.enableServer=false",
        ]
        (self.folder / "zoo.cfg").write_text("\n".join(lines) + "\n", encoding="utf-8")
        main = "org.apache.zookeeper.server.quorum.QuorumPeerMain"
        return ["java", "-Xmx128m", "-cp", "/usr/share/java/*", main, "zoo.cfg"]

    def is_up(self) -> bool:
        try:
            self.calls([], seconds=10)  # one that starts just now may take the connection and never answer
        except (OSError, struct.error):
            return False
        return True

    def calls(self, requests: list[tuple[int, bytes]], seconds: float = PATIENCE) -> list[int]:
        """Send requests, and return the error of each: 0 is none."""
        with socket.create_connection(("127.0.0.1", self.port), seconds) as server, server.makefile("rb") as answer:
            server.sendall(_framed(struct.pack(">iqiqi", 0, 0, 10000, 0, 16) + bytes(16) + b"\0"))
            answer.read(struct.unpack(">i", answer.read(4))[0])
            server.sendall(
                b"".join(_framed(struct.pack(">ii", xid, kind) + body) for xid, (kind, body) in enumerate(requests, 1))
            )
            return [struct.unpack(">iqi", answer.read(struct.unpack(">i", answer.read(4))[0])[:16])[2] for _ in requests]

    def put(self, held: Mapping[str, bytes]) -> None:
        acl = struct.pack(">ii", 1, 31) + _string(b"world") + _string(b"anyone")
        requests = []
        for key, value in held.items():
            parents = [key[:place].encode() for place, char in enumerate(key) if char == "/" and place]
            requests += [(1, _string(parent) + _string(b"") + acl + struct.pack(">i", 0)) for parent in parents]
            requests.append((1, _string(key.encode()) + _string(value) + acl + struct.pack(">i", 0)))
            requests.append((5, _string(key.encode()) + _string(value) + struct.pack(">i", -1)))
        for start in range(0, len(requests), 1000):
            self.calls(requests[start : start + 1000])

    def delete(self, key: str) -> None:
        self.calls([(2, _string(key.encode()) + struct.pack(">i", -1))])


def _framed(body: bytes) -> bytes:
    return struct.pack(">i", len(body)) + body


def _string(text: bytes) -> bytes:
    return struct.pack(">i", len(text)) + text


class Consul(Store):
    def command(self) -> list[str]:
        ports = [f"-http-port={self.port}", "-grpc-port=-1", "-dns-port=-1", f"-server-port={free_port()}"]
        ports += [f"-serf-lan-port={free_port()}", f"-serf-wan-port={free_port()}"]
        flags = ["-server", "-bootstrap", "-data-dir=data", "-bind=127.0.0.1", "-client=127.0.0.1"]
        return [tool("consul.sh"), "agent", *flags, *ports]

    def is_up(self) -> bool:
        try:
            self.http("PUT", "/v1/kv/up", b"1")
        except OSError:
            return False
        return True

    def put(self, held: Mapping[str, bytes]) -> None:
        for key, value in held.items():
            self.http("PUT", f"/v1/kv{key}", value)

    def delete(self, key: str) -> None:
        self.http("DELETE", f"/v1/kv{key}")


class Vault(Store):
    @property
    def nodes(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    def command(self) -> list[str]:
        flags = [f"-dev-listen-address=127.0.0.1:{self.port}", f"-dev-root-token-id={TOKEN}"]
        return [tool("vault.sh"), "server", "-dev", *flags]

    def is_up(self) -> bool:
        try:
            self.call("POST", "sys/mounts/prod", {"type": "kv", "options": {"version": "1"}})
        except urllib.error.HTTPError as error:
            return error.code == 400
        except OSError:
            return False
        return True

    def call(self, method: str, path: str, body: Any = None) -> Any:
        return self.http(method, f"/v1/{path}", json.dumps(body).encode() if body else b"", {"X-Vault-Token": TOKEN})

    def put(self, held: Mapping[str, bytes]) -> None:
        for key, value in held.items():
            self.call("PUT", key[1:], {"value": value.decode()})

    def delete(self, key: str) -> None:
        self.call("DELETE", key[1:])


class Aws(Store):
    """DynamoDB or SSM as moto has them."""

    def command(self) -> list[str]:
        return [tool("moto.sh"), "-H", "127.0.0.1", "-p", str(self.port)]

    def call(self, action: str, **body: Any) -> Any:
        service = {"dynamodb": "DynamoDB_20120810", "ssm": "AmazonSSM"}[self.backend]
        headers = {"X-Amz-Target": f"{service}.{action}", "Content-Type": "application/x-amz-json-1.0"}
        return self.http("POST", "/", json.dumps(body).encode(), self.signed(self.backend) | headers)

    def signed(self, service: str) -> dict[str, str]:
        """What tells moto which of its services is meant."""
        credential = f"Credential=key/20200101/eu-west-1/{service}/aws4_request, SignedHeaders=host, Signature=none"
        return {"Authorization": f"AWS4-HMAC-SHA256 {credential}"}

    def start(self) -> None:
        super().start()
        if self.backend == "dynamodb":
            self.create_table("conf")

    def create_table(self, name: str) -> None:
        """Create a table as confd reads it."""
        schema = [{"AttributeName": "key", "KeyType": "HASH"}]
        kinds = [{"AttributeName": "key", "AttributeType": "S"}]
        self.call("CreateTable", TableName=name, KeySchema=schema, AttributeDefinitions=kinds, BillingMode="PAY_PER_REQUEST")

    def put(self, held: Mapping[str, bytes]) -> None:
        if self.backend == "ssm":
            if len(held) >= 100:
                self.create_parameters(held)
                return
            for key, value in held.items():
                self.call("PutParameter", Name=key, Value=value.decode(), Type="String", Overwrite=True)
            return
        items = [{"PutRequest": {"Item": {"key": {"S": key}, "value": {"S": text.decode()}}}} for key, text in held.items()]
        for start in range(0, len(items), 25):  # as many as it takes at once
            self.call("BatchWriteItem", RequestItems={"conf": items[start : start + 25]})

    def create_parameters(self, held: Mapping[str, bytes]) -> None:
        """Create many as one stack of CloudFormation: of SSM's requests, one for each of them, moto answers 300 a second."""
        resources = {
            f"P{number}": {"Type": "AWS::SSM::Parameter", "Properties": {"Name": key, "Type": "String", "Value": value.decode()}}
            for number, (key, value) in enumerate(held.items())
        }
        body = json.dumps({"Resources": resources})
        stack = {"Action": "CreateStack", "StackName": f"s{time.monotonic_ns()}", "TemplateBody": body}
        self.http("POST", "/", urllib.parse.urlencode(stack).encode(), self.signed("cloudformation"))

    def delete(self, key: str) -> None:
        if self.backend == "ssm":
            self.call("DeleteParameter", Name=key)
        else:
            self.call("DeleteItem", TableName="conf", Key={"key": {"S": key}})


class Files(Store):
    """A JSON file: nothing runs."""

    held: dict[str, bytes]

    @property
    def nodes(self) -> str:
        return str(self.folder / "keys.json")

    def start(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.held = {}
        self.put({})

    def put(self, held: Mapping[str, bytes]) -> None:
        self.held |= held
        tree: dict[str, Any] = {}
        for key, value in self.held.items():
            node, *rest = tree, *key[1:].split("/")
            for name in rest[:-1]:
                node = node.setdefault(name, {})
            node[rest[-1]] = value.decode()
        new = self.folder / "keys.json.new"
        new.write_text(json.dumps(tree, ensure_ascii=False), encoding="utf-8")
        new.rename(self.folder / "keys.json")

    def delete(self, key: str) -> None:
        del self.held[key]
        self.put({})


class Env(Store):
    """Variables: nothing runs, and nothing changes."""

    nodes = ""  # type: ignore[assignment]

    def start(self) -> None:
        self.variables = {}

    def put(self, held: Mapping[str, bytes]) -> None:
        names = {key[1:].upper().replace("/", "_"): value.decode("utf-8", "surrogateescape") for key, value in held.items()}
        self.variables = {**self.variables, **names}


KINDS: Mapping[str, type[Store]] = {
    "etcdv3": Etcdv3, "etcd": Etcd, "redis": Redis, "zookeeper": Zookeeper, "consul": Consul, "vault": Vault, "dynamodb": Aws,
    "ssm": Aws, "file": Files, "env": Env,
}  # fmt: skip


@contextlib.contextmanager
def running(backend: str, folder: Path, **options: str) -> Iterator[Store]:
    """Run a store as long as the block lasts. Raises Missing when there is none here."""
    if backend in ("etcdv3", "etcd", "redis", "zookeeper"):
        tool("stores.sh")
    store = KINDS[backend](backend, folder, AWS_PORTS.get(backend, 0), options)
    with _alone(backend):
        if backend in AWS_PORTS:
            store.variables = AWS | {"DYNAMODB_LOCAL" if backend == "dynamodb" else "SSM_LOCAL": "1"}
        try:
            store.start()
            yield store
        finally:
            store.kill()


@contextlib.contextmanager
def _alone(backend: str) -> Iterator[None]:
    """Who runs what confd finds at one port alone must be the only one who does on this machine."""
    if backend not in AWS_PORTS:
        yield
        return
    cache = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "catalog-forge"
    cache.mkdir(parents=True, exist_ok=True)
    with (cache / f"{backend}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
