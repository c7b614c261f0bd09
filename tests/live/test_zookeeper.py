"""The blueprint of ZooKeeper, under a client that writes: what was acknowledged is there, and one leads at most."""

from __future__ import annotations

import re
import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress

import docker
import pytest

from tests.helpers import PATIENCE
from tests.live.software import Forge, RunningStack, eventually, image_of, run, running
from tests.live.writers import Writer, watching

pytestmark = pytest.mark.engine


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
