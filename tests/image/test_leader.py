"""Who starts first, and who waits: the launch script on this machine, with peers at addresses of its own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.helpers import PATIENCE, busybox, eventually, free_port
from tests.image.specs import FILE, plan

LAUNCH = """\
launch:
  exec: [probe]
  leader: {LEADER, port: PORT}
files: [{FILE}]
"""
# What confd would have written: both kinds of container say what they are.
RENDERED = 'case $role in leader) set -- "$@" lead ;; *) set -- "$@" join ;; esac\n'
# A program that answers at its port: it says how it was started, and ends when it is told to.
PROGRAM = 'echo "$*" >>SAID; exec busybox httpd -f -p ADDRESS:PORT'
NC = '"$share/busybox" nc -ll -p'
# What nc does there, at one address: PORT -e busybox echo NUMBER.
TELLS = """
import socket, sys
server = socket.create_server((sys.argv[1], int(sys.argv[2])))
while True:
    with server.accept()[0] as asked:
        asked.sendall((sys.argv[-1] + "\\n").encode())
"""
Started = subprocess.Popen[bytes]


class Peers:
    """The containers of one service: each with an address, a folder for its share, and a launch script."""

    def __init__(self, folder: Path, leader: str, scale: int = 3) -> None:
        self.port, self.exchange = free_port(), free_port()
        self.folder, self.scale = folder, scale
        self.running: list[Started] = []
        text = (
            LAUNCH.replace("LEADER", leader.replace("EXCHANGE", str(self.exchange)))
            .replace("PORT", str(self.port))
            .replace("FILE", f"{{{FILE}}}")
        )
        self.script = plan(text.replace("{{", "{").replace("}}", "}")).text("run.sh")

    def start(self, index: int) -> Started:
        share = self.folder / str(index)
        share.mkdir(exist_ok=True)
        address = f"127.0.0.{index + 10}"
        listed = "".join(f"{number} null 127.0.0.{number + 10}\n" for number in range(1, self.scale + 1))
        (share / "peers").write_text(f"{index} {self.scale}\n{listed}")
        (share / "launch").write_text(RENDERED)
        (share / "ready").touch()
        if not (share / "busybox").exists():
            (share / "busybox").symlink_to(busybox())
        # On one machine the ports of all would be one: each tells its number at its own address.
        own = self.script.replace("/opt/probe-conf", str(share)).replace("/data/", f"{share}/")
        own = own.replace(NC, f"{sys.executable} -c '{TELLS}' {address}")
        (share / "run.sh").write_text(own)
        program = PROGRAM.replace("SAID", str(share / "said")).replace("ADDRESS", address).replace("PORT", str(self.port))
        with (share / "log").open("ab") as log:
            started = subprocess.Popen(["/bin/sh", share / "run.sh", "/bin/sh", "-c", program, "x"], stderr=log, stdout=log)
        self.running.append(started)
        return started

    def said(self, index: int) -> list[str]:
        """How the program of a container was started, each time."""
        path = self.folder / str(index) / "said"
        return path.read_text().split() if path.exists() else []

    def log(self, index: int) -> str:
        return (self.folder / str(index) / "log").read_text()

    def wait_for(self, index: int, said: list[str]) -> None:
        assert eventually(lambda: self.said(index) == said), self.log(index)

    def stop(self) -> None:
        for each in self.running:
            each.terminate()
        for each in self.running:
            each.wait(PATIENCE)
        self.running.clear()


@pytest.fixture
def of() -> Iterator[list[Peers]]:
    made: list[Peers] = []
    yield made
    for each in made:
        each.stop()


def test_the_lowest_index_leads_and_the_others_wait_until_it_answers(tmp_path: Path, of: list[Peers]) -> None:
    peers = Peers(tmp_path, "once: /data/founded")
    of.append(peers)
    for index in (3, 2):
        peers.start(index)
    assert eventually(lambda: "waiting to start: the leader does not answer yet" in peers.log(2)), peers.log(2)
    assert peers.said(2) == peers.said(3) == []
    peers.start(1)
    peers.wait_for(1, ["lead"])
    peers.wait_for(2, ["join"])
    peers.wait_for(3, ["join"])
    assert eventually(lambda: (tmp_path / "1/founded").exists()), peers.log(1)


def test_with_its_mark_the_leader_founds_nothing_a_second_time(tmp_path: Path, of: list[Peers]) -> None:
    peers = Peers(tmp_path, "once: /data/founded", scale=1)
    of.append(peers)
    peers.start(1)
    peers.wait_for(1, ["lead"])
    assert eventually(lambda: (tmp_path / "1/founded").exists()), peers.log(1)
    peers.stop()
    peers.start(1)
    peers.wait_for(1, ["lead", "join"])


def test_the_highest_number_leads_wherever_it_is_and_all_are_waited_for(tmp_path: Path, of: list[Peers]) -> None:
    peers = Peers(tmp_path, "by: highest-number, number: cat /data/number, exchange: EXCHANGE")
    of.append(peers)
    for index, number in ((1, "-1"), (2, "41"), (3, "7")):
        (tmp_path / str(index)).mkdir()
        (tmp_path / str(index) / "number").write_text(number)
    peers.start(1)
    peers.start(2)
    assert eventually(lambda: "peer 3 has not reported its number yet" in peers.log(2)), peers.log(2)
    assert peers.said(1) == peers.said(2) == []
    peers.start(3)
    peers.wait_for(2, ["lead"])
    peers.wait_for(1, ["join"])
    peers.wait_for(3, ["join"])
    assert "starts as leader, its number is 41" in peers.log(2)


def test_a_number_that_is_none_ends_the_container(tmp_path: Path, of: list[Peers]) -> None:
    peers = Peers(tmp_path, "by: highest-number, number: echo many, exchange: EXCHANGE", scale=1)
    of.append(peers)
    assert peers.start(1).wait(PATIENCE) == 1
    assert "printed no whole number" in peers.log(1)
