"""Measures how fast `seed` writes 5,000 keys to real stores, compared with the stores' own clients writing the same keys."""

from __future__ import annotations

import json
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from measure import Row, Run, by_turns, program, run

from catalog_forge.seed.change import change
from catalog_forge.seed.clients import connected
from catalog_forge.seed.store import Destination

KEYS = 5000
SPEC = """\
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
launch: {exec: [web]}
engine: {backend: [etcdv3, redis], prefix: /app}
metadata: {routes: {type: map}}
files: [{dest: /etc/web/web.yml, body: [{copy: metadata/routes}]}]
"""
TOOLS = Path(__file__).parent.parent / "tools"


def seed(folder: Path) -> list[Row]:
    """Measure in turn, with an empty store each time: `seed`, only the reading and writing by `seed`, and the store's client."""
    for name, package in (("etcd", "etcd-server"), ("etcdctl", "etcd-client"), ("redis-server", "redis-server")):
        if not shutil.which(name) and subprocess.run([TOOLS / "debian.sh", f"{name}={package}"], check=False).returncode:
            raise RuntimeError(f"{name} is missing")
    (folder / "specs").mkdir()
    (folder / "specs/web-conf.yml").write_text(SPEC)
    values = {f"route-{number:04}": f"10.0.{number // 250}.{number % 250}:8080" for number in range(KEYS)}
    (folder / "answers.yml").write_text(json.dumps({"routes": values}))
    leaves = {f"/app/routes/{name}": value for name, value in values.items()}
    return [row for backend in ("redis", "etcdv3") for row in _rows(folder, backend, leaves)]


def _rows(folder: Path, backend: str, leaves: dict[str, str]) -> Iterator[Row]:
    with _server(folder, backend) as port:
        node = f"127.0.0.1:{port}"
        words = ("seed", "web-conf", "--backend", backend, "--node", node, "--answers", folder / "answers.yml")

        def whole(_: int) -> Run:
            _empty(backend, port)
            return run(program("catalog-forge"), "-C", folder, *words)

        def alone(_: int) -> Run:
            _empty(backend, port)
            began = time.perf_counter()
            with connected(backend, Destination(node, "/app")) as client:
                for puts, deletes in change(leaves, client.read(), {"/app/routes"}, "/app").batches(client.most):
                    client.write(puts, deletes)
            return Run(time.perf_counter() - began, 0)

        def theirs(_: int) -> Run:
            _empty(backend, port)
            return _redis_cli(folder, port, leaves) if backend == "redis" else _etcdctl(port, leaves)

        times = [median(each.seconds for each in runs) for runs in by_turns(whole, alone, theirs)]
    client = "redis-cli --pipe" if backend == "redis" else f"etcdctl txn, {-(-KEYS // 128)} times"
    for what, ours in (("`seed`", times[0]), ("`seed` without the start of Python and the spec", times[1])):
        cells = (f"{1000 * ours:.0f} ms", f"{client}: {1000 * times[2]:.0f} ms", ours / times[2])
        yield Row(f"{what} of {KEYS} keys, {backend}", *cells, 2, "x")


def _redis_cli(folder: Path, port: int, leaves: dict[str, str]) -> Run:
    words = (("SET", key, value) for key, value in leaves.items())
    lines = ("*3\r\n" + "".join(f"${len(word)}\r\n{word}\r\n" for word in each) for each in words)
    (folder / "pipe").write_text("".join(lines), newline="")
    return run("sh", "-c", f"redis-cli -p {port} --pipe <{folder / 'pipe'}")


def _etcdctl(port: int, leaves: dict[str, str]) -> Run:
    seconds = 0.0
    items = list(leaves.items())
    for start in range(0, len(items), 128):
        puts = "".join(f'put {key} "{value}"\n' for key, value in items[start : start + 128])
        command = ["etcdctl", "--endpoints", f"127.0.0.1:{port}", "txn"]
        began = time.perf_counter()
        subprocess.run(command, input=f"\n{puts}\n\n", text=True, check=True, capture_output=True, env={"ETCDCTL_API": "3"})
        seconds += time.perf_counter() - began
    return Run(seconds, 0)


def _empty(backend: str, port: int) -> None:
    command = ["redis-cli", "-p", f"{port}", "flushall"]
    if backend == "etcdv3":
        command = ["etcdctl", "--endpoints", f"127.0.0.1:{port}", "del", "--prefix", "/"]
    subprocess.run(command, check=True, capture_output=True, env={"ETCDCTL_API": "3", "PATH": "/usr/bin:/bin"})


@contextmanager
def _server(folder: Path, backend: str) -> Iterator[int]:
    with socket.socket() as free, socket.socket() as other:
        free.bind(("127.0.0.1", 0))
        other.bind(("127.0.0.1", 0))
        port, peers = free.getsockname()[1], other.getsockname()[1]
    own = f"http://127.0.0.1:{port}"
    command = ["redis-server", "--port", f"{port}", "--save", "", "--dir", folder]
    if backend == "etcdv3":
        command = ["etcd", "--data-dir", folder / "etcd", "--listen-client-urls", own, "--advertise-client-urls", own]
        command += ["--listen-peer-urls", f"http://127.0.0.1:{peers}", "--log-level", "error"]
        command += ["--initial-advertise-peer-urls", f"http://127.0.0.1:{peers}"]
        command += ["--initial-cluster", f"default=http://127.0.0.1:{peers}"]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            for _ in range(200):
                with socket.socket() as client:
                    if client.connect_ex(("127.0.0.1", port)) == 0:
                        break
                time.sleep(0.05)
            yield port
        finally:
            process.kill()
