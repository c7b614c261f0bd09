"""Real servers of stores for tests, from Debian's packages, each in a folder and at a port of its own."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.helpers import PATIENCE
from tests.stores import servers as real_stores

ROOT = Path(__file__).parent.parent
PACKAGES = {
    "etcd": "etcd-server",
    "etcdctl": "etcd-client",
    "redis-server": "redis-server",
    "redis-cli": "redis-tools",
    "java": "zookeeper",
}
ZOOKEEPER = "org.apache.zookeeper.server.quorum.QuorumPeerMain"


def program(name: str) -> str:
    """Return the path of a program of Debian's, installed on the first use; where it cannot be had the test is skipped."""
    if not shutil.which(name):
        done = subprocess.run([ROOT / "tools/debian.sh", f"{name}={PACKAGES[name]}"], capture_output=True, text=True, check=False)
        if done.returncode != 0:
            refuse = pytest.fail if os.environ.get("CI") == "true" else pytest.skip
            refuse(f"no {name}: {(done.stderr.strip().splitlines() or ['?'])[-1]}")
    return str(shutil.which(name))


def free_port() -> int:
    """Return a port that nobody listens at."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


@dataclass
class Server:
    """A server that runs, and can be killed and started again with the data that it had."""

    command: Sequence[str]
    port: int
    folder: Path
    node: str = ""
    process: subprocess.Popen[bytes] | None = None

    def __post_init__(self) -> None:
        self.node = self.node or (f"127.0.0.1:{self.port}" if self.port else "")

    def start(self) -> None:
        """Start it, and wait until it takes connections."""
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(self.command, cwd=self.folder, stdout=log, stderr=log)
        deadline = time.monotonic() + PATIENCE
        while time.monotonic() < deadline:
            assert self.process.poll() is None, (self.folder / "log").read_text(errors="replace")[-2000:]
            try:
                socket.create_connection(("127.0.0.1", self.port), 1).close()
                return
            except OSError:
                time.sleep(0.05)
        raise AssertionError(f"{self.command[0]} does not listen")

    def kill(self) -> None:
        """End it at once."""
        assert self.process
        self.process.kill()
        self.process.wait()


@contextmanager
def running(folder: Path, command: Callable[[int], Sequence[str]]) -> Iterator[Server]:
    """A server as long as the block lasts; `command` makes its words from the port."""
    folder.mkdir(parents=True, exist_ok=True)
    port = free_port()
    server = Server(command(port), port, folder)
    server.start()
    try:
        yield server
    finally:
        server.kill()


@contextmanager
def etcd(folder: Path) -> Iterator[Server]:
    """etcd with both of its interfaces."""
    found = program("etcd")
    peers = free_port()
    with running(
        folder,
        lambda port: (
            *(
                found,
                "--enable-v2",
                "--data-dir",
                str(folder / "data"),
                "--log-level",
                "error",
            ),
            *("--listen-client-urls", f"http://127.0.0.1:{port}", "--advertise-client-urls", f"http://127.0.0.1:{port}"),
            *("--listen-peer-urls", f"http://127.0.0.1:{peers}", "--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}"),
            *("--initial-cluster", f"default=http://127.0.0.1:{peers}"),
        ),
    ) as server:
        yield server


@contextmanager
def redis(folder: Path, *options: str) -> Iterator[Server]:
    """Redis, which keeps what it was told."""
    found = program("redis-server")
    with running(
        folder,
        lambda port: (
            *(found, "--port", str(port), "--bind", "127.0.0.1", "--dir", str(folder), "--appendonly", "yes", "--save", ""),
            *("--notify-keyspace-events", "K$gh", *options),
        ),
    ) as server:
        yield server


@contextmanager
def zookeeper(folder: Path) -> Iterator[Server]:
    """ZooKeeper."""
    program("java")
    folder.mkdir(parents=True, exist_ok=True)

    def command(port: int) -> Sequence[str]:
        (folder / "zoo.cfg").write_text(f"dataDir={folder / 'data'}\nclientPort={port}\nadmin.enableServer=false\n")
        return ("java", "-cp", "/usr/share/java/*", ZOOKEEPER, str(folder / "zoo.cfg"))

    with running(folder, command) as server:
        yield server


@contextmanager
def moto(folder: Path) -> Iterator[Server]:
    """DynamoDB and SSM as moto emulates them; where it cannot be had the test is skipped."""
    try:
        emulator = real_stores.tool("moto.sh")
    except real_stores.Missing as why:
        (pytest.fail if os.environ.get("CI") == "true" else pytest.skip)(f"no moto: {why}")
    with running(folder, lambda port: (emulator, "-H", "127.0.0.1", "-p", str(port))) as server:
        yield server


def aws(server: Server) -> dict[str, str]:
    """The environment that leads clients of AWS to an emulator."""
    secrets = {"AWS_ACCESS_KEY_ID": "id", "AWS_SECRET_ACCESS_KEY": "key", "AWS_REGION": "eu-west-1"}
    return {**secrets, "AWS_DEFAULT_REGION": "eu-west-1", "AWS_ENDPOINT_URL": f"http://127.0.0.1:{server.port}"}


def table(name: str) -> str:
    """Create a table of DynamoDB as confd reads it, and return its name."""
    import botocore.session

    client = botocore.session.get_session().create_client("dynamodb")
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": "key", "KeyType": "HASH"}],
        AttributeDefinitions=[{"AttributeName": "key", "AttributeType": "S"}],
        BillingMode="PAY_PER_REQUEST",
    )
    client.close()
    return name
