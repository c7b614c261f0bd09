"""Measures `up` and `ps` compared with docker's own commands, and a stack of a hundred units.

Needs a Docker engine with busybox on this machine. Everything that is started is removed at the end, also after Ctrl-C.
"""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path
from statistics import median

from measure import Row, Run, by_turns, program, ratio, run
from starting import smallest

IMAGE = "busybox:1.37.0"
COMMAND = ("sh", "-c", "trap exit TERM; sleep 3600 & wait")
FEW, MANY = 3, 100
KEY = "http://rancher-metadata/latest/self/service/metadata/word"
# A client that waits as `confd -watch` does, and logs in its container when it has received the change.
WAITER = f"""v=$(wget -qO- http://rancher-metadata/latest/version)
echo waiting >/proc/1/fd/1
wget -qO /dev/null "http://rancher-metadata/latest/version?wait=true&value=$v&maxWait=300"
echo "$(wget -qO- {KEY})" >/proc/1/fd/1"""


class Stack:
    """A stack of one service, which catalog-forge runs with a separate state folder."""

    def __init__(self, folder: Path, scale: int) -> None:
        self.name = f"bench-{uuid.uuid4().hex[:8]}"
        self.environ = {"XDG_STATE_HOME": str(folder / "state")}
        self._state = folder / "state/catalog-forge/stacks" / self.name
        self._program = (program("catalog-forge"), "-C", folder)
        revision = folder / "templates/bench/0"
        revision.mkdir(parents=True)
        (folder / "templates/bench/config.yml").write_text("name: bench\nversion: '1'\n")
        questions = {".catalog": {"name": "bench", "version": "1", "questions": [{"variable": "word", "type": "string"}]}}
        services = {"web": {"image": IMAGE, "command": COMMAND}}
        scaled = {"web": {"scale": scale, "metadata": {"word": "${word}"}}}
        (revision / "docker-compose.yml").write_text(json.dumps({"version": "2", "services": services}))
        (revision / "rancher-compose.yml").write_text(json.dumps({"version": "2", **questions, "services": scaled}))

    def run(self, *command: str | Path) -> Run:
        """Run a command of catalog-forge, such as `ps`, on this stack."""
        return run(*self._program, *command, env=self.environ)

    def up(self, word: str = "one") -> Run:
        """Start the stack in the background."""
        return self.run("up", "bench", "--name", self.name, "-d", "--settle", "0", "--set", f"word={word}")

    def down(self) -> None:
        """Remove the stack."""
        self.run("down", "-v", self.name)

    def containers(self) -> list[str]:
        """Return the ids of the containers."""
        return docker("ps", "-aq", "--filter", f"label=catalog-forge.stack={self.name}").split()

    def peak(self) -> float:
        """Return the peak memory, in MiB, of the process that runs the stack."""
        status = Path(f"/proc/{int((self._state / 'lock').read_text())}/status").read_text()
        return int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1024


def up(folder: Path) -> list[Row]:
    """Measure `up -d` of three units, compared with three consecutive `docker run -d` in an existing network."""
    with _stack(folder, FEW) as stack, _network(stack.name) as network:

        def ours(_: int) -> Run:
            began = stack.up()
            stack.down()
            return began

        def theirs(number: int) -> Run:
            names = [f"{network}-{number}-{unit}" for unit in range(FEW)]
            runs = [run("docker", "run", "-d", "--network", network, "--name", name, IMAGE, *COMMAND) for name in names]
            docker("rm", "-f", *names)
            return Run(sum(each.seconds for each in runs), 0)

        return [ratio(f"`up -d`, {FEW} units", f"{FEW} `docker run -d`", 1.3, by_turns(ours, theirs))]


def ps(folder: Path) -> list[Row]:
    """Measure `ps` while a stack of three units runs, compared with a minimal program that uses click."""
    with _stack(folder, FEW) as stack:
        stack.up()
        minimal = smallest(folder)
        runs = by_turns(lambda _: stack.run("ps"), lambda _: run(minimal, "--help"))
        return [ratio(f"`ps`, {FEW} units", "a minimal click program", 1.7, runs)]


def many(folder: Path) -> list[Row]:
    """Run a hundred units. Measure the time for each additional unit, the memory, and the time until all units have received a
    change of the metadata."""
    with _stack(folder, MANY) as stack:
        whole = stack.up().seconds
        containers = stack.containers()
        began = sorted(_time(each) for each in docker("inspect", "-f", "{{.State.StartedAt}}", *containers).split())
        quarter = MANY // 4
        first, last = (period / (quarter - 1) for period in (began[quarter - 1] - began[0], began[-1] - began[-quarter]))
        delays = _delays(stack, containers)
        peak = stack.peak()
    what = f"{MANY} units of busybox"
    told = f"first quarter: {first * 1000:.0f} ms each"
    return [
        Row(f"{what}, each of the last quarter", f"{last * 1000:.0f} ms", told, last / first, 1.2, "x"),
        Row(f"{what}, all", f"{whole:.1f} s", "", whole / MANY, 1, "s a unit"),
        Row(f"{what}, memory", f"{peak:.0f} MiB", "", peak, 200, "MiB"),
        Row(f"{what}, all hear of a change", f"{max(delays):.2f} s", f"median: {median(delays):.2f} s", max(delays), 2, "s"),
    ]


def _delays(stack: Stack, containers: list[str]) -> list[float]:
    """Let a client wait in each container, and change the metadata with `up`. Return how long after `up` each client has it."""
    for each in containers:
        docker("exec", "-d", each, "sh", "-c", WAITER)
    deadline = time.monotonic() + 60
    while any(b"waiting" not in _said(each) for each in containers):
        if time.monotonic() > deadline:
            raise RuntimeError("not all clients wait")
        time.sleep(0.5)
    time.sleep(0.5)  # a client logs `waiting` shortly before it sends its request
    began = time.time()
    stack.up("two")
    time.sleep(3)
    said = [re.search(rb"^(\S+) two", _said(each, "-t"), re.MULTILINE) for each in containers]
    if not all(said):
        raise RuntimeError(f"{said.count(None)} of {len(said)} clients have not heard of the change")
    return [_time(each[1].decode()) - began for each in said if each]


def _said(container: str, *options: str) -> bytes:
    return subprocess.run(["docker", "logs", *options, container], capture_output=True, check=True).stdout


def _time(text: str) -> float:
    """Parse a time in docker's notation, whose nanoseconds Python cannot parse."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d*", r"\1", text)).timestamp()


def docker(*words: str) -> str:
    """Run docker and return its output. Raises RuntimeError if docker fails."""
    done = subprocess.run(["docker", *words], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"docker {words[0]} failed: {done.stderr[-500:]}")
    return done.stdout


@contextmanager
def _stack(folder: Path, scale: int) -> Iterator[Stack]:
    docker("image", "inspect", IMAGE)
    stack = Stack(folder, scale)
    try:
        yield stack
    finally:
        if stack.containers() or docker("network", "ls", "-q", "--filter", f"label=catalog-forge.stack={stack.name}"):
            try:
                stack.down()
            except RuntimeError as error:  # Docker 20.10 sometimes still lists a removed endpoint of a network
                print(f"!! {stack.name} is left: {error}", file=sys.stderr)


@contextmanager
def _network(name: str) -> Iterator[str]:
    """Create a network with this name. At the end, remove it and the containers in it."""
    docker("network", "create", name)
    try:
        yield name
    finally:
        left = docker("ps", "-aq", "--filter", f"network={name}").split()
        if left:
            docker("rm", "-f", *left)
        docker("network", "rm", name)
