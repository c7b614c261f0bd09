"""Clusters of the shipped blueprints, under a client that writes: what was acknowledged is there, and one leads at most."""

from __future__ import annotations

import re
import socket
import struct
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from itertools import combinations, count
from pathlib import Path

import docker
import pytest
from docker.errors import APIError

from tests.helpers import PATIENCE
from tests.live.software import Forge, RunningStack, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine
STARTED = re.compile(r"launch: starts as (leader|others), its number is (-?\d+)")
STATUS = "wsrep_cluster_state_uuid wsrep_cluster_status wsrep_cluster_size wsrep_incoming_addresses wsrep_ready".split()


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


@dataclass
class Writer:
    """A client that writes one number after another, and knows which were acknowledged."""

    write: Callable[[int], None]
    acknowledged: list[int] = field(default_factory=list)
    refused: int = 0
    over: threading.Event = field(default_factory=threading.Event)

    def work(self) -> None:
        for number in count(1):
            if self.over.wait(0.1):
                return
            try:
                self.write(number)
                self.acknowledged.append(number)
            except (AssertionError, APIError, OSError):
                self.refused += 1

    @contextmanager
    def writing(self) -> Iterator[Writer]:
        with ThreadPoolExecutor(1) as pool:
            done = pool.submit(self.work)
            try:
                yield self
            finally:
                self.over.set()
            done.result()

    def wait_for_more(self, many: int = 10) -> None:
        """Wait until so many more were acknowledged."""
        wanted = len(self.acknowledged) + many
        eventually(f"{many} more writes", lambda: len(self.acknowledged), lambda now: now >= wanted)


@contextmanager
def watching(look: Callable[[], str]) -> Iterator[list[str]]:
    """Look again and again; yields what was wrong."""
    wrong: list[str] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(0.2):
            with suppress(APIError):
                if found := look():
                    wrong.append(found)

    with ThreadPoolExecutor(1) as pool:
        done = pool.submit(watch)
        try:
            yield wrong
        finally:
            over.set()
        done.result()


def sql(stack: RunningStack, index: int, words: str) -> str:
    return run(stack.container("galera", index), "mariadb", "--connect-timeout=5", "--skip-column-names", "--execute", words)


def status(stack: RunningStack, index: int) -> dict[str, str]:
    words = ", ".join(f"'{name}'" for name in STATUS)
    said = sql(stack, index, f"show status where variable_name in ({words})")
    return dict(line.split("\t") for line in said.splitlines())


def primaries(stack: RunningStack, many: int) -> dict[str, dict[str, str]]:
    """The nodes that say that they are of the primary component, by their address."""
    found = {}
    for index in range(1, many + 1):
        with suppress(AssertionError, APIError, KeyError, ValueError):  # a node that starts does not say all yet
            said = status(stack, index)
            networks = stack.container("galera", index).attrs["NetworkSettings"]["Networks"].values()
            if said["wsrep_cluster_status"] == "Primary":
                found[next(each["IPAddress"] for each in networks)] = said
    return found


def two_primaries(stack: RunningStack, many: int) -> str:
    """Two nodes that are apart, and are so again when all are asked once more: one may die between two questions."""
    return apart(stack, many) and apart(stack, many)


def apart(stack: RunningStack, many: int) -> str:
    """What two nodes say of which neither is in the component of the other, or whose clusters differ."""
    for (one, said), (other, answered) in combinations(primaries(stack, many).items(), 2):
        strangers = other not in said["wsrep_incoming_addresses"] and one not in answered["wsrep_incoming_addresses"]
        if strangers or said["wsrep_cluster_state_uuid"] != answered["wsrep_cluster_state_uuid"]:
            return f"{one}: {said}; {other}: {answered}"
    return ""


def wait_for_cluster(stack: RunningStack, many: int) -> str:
    """Wait until all nodes are of one component; return the id of the cluster."""

    def whole(said: dict[str, dict[str, str]]) -> bool:
        return len(said) == many and all((s["wsrep_cluster_size"], s["wsrep_ready"]) == (str(many), "ON") for s in said.values())

    said = eventually(f"{many} nodes are one cluster", lambda: primaries(stack, many), whole)
    (uuid,) = {each["wsrep_cluster_state_uuid"] for each in said.values()}
    return uuid


def starts(stack: RunningStack, many: int) -> list[list[tuple[str, int]]]:
    """How each container started, each time: as what, with which number."""
    logs = [stack.container("galera", index).logs().decode(errors="replace") for index in range(1, many + 1)]
    return [[(role, int(number)) for role, number in STARTED.findall(log)] for log in logs]


def kill_all(stack: RunningStack, many: int) -> None:
    """SIGKILL to all at once."""
    containers = [stack.container("galera", index) for index in range(1, many + 1)]
    with ThreadPoolExecutor(many) as pool:
        list(pool.map(lambda each: each.kill("SIGKILL"), containers))


def test_galera_founds_itself_once_survives_the_death_of_all_and_grows(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("mariadb")
    forge.new("galera-conf", "--set", "buffer_pool=32M")
    with running(engine, forge, "galera") as stack, watching(lambda: two_primaries(stack, 3)) as wrong:
        uuid = wait_for_cluster(stack, 3)
        assert sorted(role for each in starts(stack, 3) for role, _ in each) == ["leader", "others", "others"]
        sql(stack, 1, "create database d; create table d.t (n int primary key)")
        with Writer(lambda n: assert_nothing(sql(stack, n % 3 + 1, f"insert into d.t values ({n})"))).writing() as writer:
            writer.wait_for_more()
            kill_all(stack, 3)
            assert wait_for_cluster(stack, 3) == uuid
            second = [each[1:] for each in starts(stack, 3)]
            assert sorted(role for each in second for role, _ in each).count("leader") == 1, second
            (led,) = [number for each in second for role, number in each if role == "leader"]
            assert led == max(number for each in second for _, number in each) > 0, second
            writer.wait_for_more()
            stack.up("--scale", "galera=5")
            assert wait_for_cluster(stack, 5) == uuid
            writer.wait_for_more()
        for index in range(1, 6):
            kept = {int(line) for line in sql(stack, index, "set session wsrep_sync_wait = 1; select n from d.t").split()}
            assert set(writer.acknowledged) <= kept, f"node {index} lacks {set(writer.acknowledged) - kept}"
        print(f"{len(writer.acknowledged)} rows acknowledged, {writer.refused} refused; {starts(stack, 5)}")
        assert not wrong


def assert_nothing(said: str) -> None:
    assert said == ""


class ZooKeeper:
    """A session with one server, in ZooKeeper's own protocol: the client jute records of its documentation and source."""

    def __init__(self, address: str, seconds: float) -> None:
        self.socket = socket.create_connection((address, 2181), timeout=seconds)
        self.xid = 0

    def open(self) -> None:
        self.send(struct.pack(">iqiqi16x", 0, 0, 10000, 0, 16))
        self.receive()

    def send(self, message: bytes) -> None:
        self.socket.sendall(struct.pack(">i", len(message)) + message)

    def receive(self) -> bytes:
        (size,) = struct.unpack(">i", self.exactly(4))
        return self.exactly(size)

    def exactly(self, size: int) -> bytes:
        got = b""
        while len(got) < size:
            more = self.socket.recv(size - len(got))
            assert more, "the server has closed the session"
            got += more
        return got

    def ask(self, kind: int, message: bytes) -> bytes:
        """Send a request, and return what is behind the header of its answer. Raises AssertionError when it was refused."""
        self.xid += 1
        self.send(struct.pack(">ii", self.xid, kind) + message)
        answer = self.receive()
        xid, _, error = struct.unpack_from(">iqi", answer)
        assert (xid, error) == (self.xid, 0), f"request {self.xid}: answer to {xid}, error {error}"
        return answer[16:]

    def create(self, path: str) -> None:
        everybody = struct.pack(">ii", 1, 31) + text("world") + text("anyone")
        self.ask(1, text(path) + text("") + everybody + struct.pack(">i", 0))

    def children(self, path: str) -> list[str]:
        """The names below a path, as the leader has them by now."""
        self.ask(9, text(path))
        answer = self.ask(8, text(path) + b"\0")
        (many,), place, found = struct.unpack_from(">i", answer), 4, []
        for _ in range(many):
            (size,) = struct.unpack_from(">i", answer, place)
            found.append(answer[place + 4 : place + 4 + size].decode())
            place += 4 + size
        return found

    def close(self) -> None:
        self.socket.close()


def text(value: str) -> bytes:
    return struct.pack(">i", len(value)) + value.encode()


@contextmanager
def session(address: str, seconds: float = PATIENCE) -> Iterator[ZooKeeper]:
    found = ZooKeeper(address, seconds)
    try:
        found.open()
        yield found
    finally:
        found.close()


def address_of(stack: RunningStack, index: int) -> str:
    networks = stack.container("zookeeper", index).attrs["NetworkSettings"]["Networks"].values()
    return str(next(each["IPAddress"] for each in networks))


def peers_of(stack: RunningStack) -> str:
    return run(stack.container("zookeeper", 1), "cat", "/opt/zookeeper-conf/peers")


def mode(address: str) -> str:
    """What a server says that it is: leader, follower, or nothing while it serves nobody."""
    with suppress(OSError), socket.create_connection((address, 2181), timeout=5) as asked:
        asked.sendall(b"srvr")
        said = b""
        while more := asked.recv(4096):
            said += more
        if found := re.search(r"Mode: (\w+)", said.decode()):
            return found[1]
    return ""


def two_leaders(addresses: list[str]) -> str:
    """Who say that they are the leader, and say so again when all of them have said it."""
    leaders = [each for each in addresses if mode(each) == "leader"]
    return " ".join(leaders) if len(leaders) > 1 and all(mode(each) == "leader" for each in leaders) else ""


def modes(addresses: list[str]) -> list[str]:
    return sorted(mode(each) for each in addresses)


def test_zookeeper_grows_from_three_to_five_with_one_leader_and_every_write(engine: docker.DockerClient, forge: Forge) -> None:
    image_of("zookeeper")
    forge.new("zookeeper-conf", "--set", "heap=128m")
    with running(engine, forge, "zookeeper") as stack:
        addresses = [address_of(stack, index) for index in (1, 2, 3)]
        eventually("three are an ensemble", lambda: modes(addresses), lambda found: found == ["follower", "follower", "leader"])
        # New containers wait for those that run, also while no health check has seen those yet.
        early = peers_of(stack).count(" initializing ")
        with session(addresses[0]) as first:
            first.create("/proof")

        def write(number: int) -> None:
            with session(addresses[number % 3], 5) as server:
                server.create(f"/proof/{number}")

        known = list(addresses)
        with watching(lambda: two_leaders(known)) as wrong, Writer(write).writing() as writer:
            writer.wait_for_more()
            stack.up("--scale", "zookeeper=5")
            known += [address_of(stack, index) for index in (4, 5)]

            def configured() -> list[int]:
                every = (stack.container("zookeeper", index) for index in range(1, 6))
                return [run(each, "cat", "/etc/zookeeper/zoo.cfg").count("server.") for each in every]

            def restarts() -> list[int]:
                return [stack.container("zookeeper", index).logs().count(b"reload: restart") for index in (1, 2, 3)]

            eventually("all know of five", configured, lambda found: found == [5] * 5)
            restarted = eventually("those that were there restart", restarts, lambda found: min(found) >= 1)
            five = ["follower"] * 4 + ["leader"]
            eventually("five are an ensemble", lambda: modes(known), lambda found: found == five)
            writer.wait_for_more()

        def lost(each: str) -> list[str]:
            with suppress(OSError), session(each) as server:
                return sorted({str(number) for number in writer.acknowledged} - set(server.children("/proof")))
            return ["it does not answer"]

        for each in known:
            eventually(f"{each} has all", lambda each=each: lost(each), lambda found: found == [])
        assert not wrong
        print(f"{early} of 3 were not yet healthy; restarts {restarted}")
        print(f"{len(writer.acknowledged)} writes acknowledged, {writer.refused} refused")
