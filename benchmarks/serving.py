"""Measures how many requests per second `metadata serve` answers, and how soon a thousand clients receive a change.

CATALOG_FORGE_RANCHER_METADATA names a real rancher-metadata 0.7 to compare with. Without it, there is no comparison.
"""

from __future__ import annotations

import http.client
import json
import math
import os
import re
import resource
import shutil
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median

from measure import Row, program

from catalog_forge import yamlio
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.service import printing
from catalog_forge.metadata.service.answers import DEFAULT

SIZES = (10, 1000)
WAITING = 1000
HUGE = 15_000_000
ROUNDS = 3
SECONDS = 3
VERSION = "2016-07-29"
PATHS = {"self/service": f"/{VERSION}/self/service", "a whole version": f"/{VERSION}"}
TOOLS = Path(__file__).parent.parent / "tools"


def serve(folder: Path) -> list[Row]:
    """Measure our service and the real service in turn, using wrk with 32 connections; then let a thousand clients wait."""
    if not shutil.which("wrk") and subprocess.run([TOOLS / "debian.sh", "wrk=wrk"], check=False).returncode:
        raise RuntimeError("wrk is missing")
    rows = [row for size in SIZES for row in _requests(_answers(folder, size), size)]
    return [*rows, _change(_answers(folder, SIZES[0]))]


def huge(folder: Path) -> list[Row]:
    """Measure how soon 15 MB of answers are served, the memory that they take, and how long another client waits while they are
    printed."""
    values = {f"key-{number}": "x" * 40 for number in range(50)}
    services = [{"name": f"service-{number}", "metadata": values} for number in range(HUGE // len(json.dumps(values)))]
    answers = {VERSION: {DEFAULT: {"services": services}}}
    return [
        row
        for form, text in (("JSON", json.dumps(answers)), ("YAML", yamlio.dump(answers)))
        for row in _huge(folder / f"huge.{form.lower()}", text, f"`metadata serve`, {len(text) / 1e6:.0f} MB of {form}")
    ]


def _huge(path: Path, text: str, what: str) -> list[Row]:
    path.write_text(text)
    began = time.perf_counter()
    with _ours(path) as (port, _, pid):
        listens = time.perf_counter() - began
        status = Path(f"/proc/{pid}/status").read_text()
        peak = int(re.findall(r"VmHWM:\s*(\d+) kB", status)[0]) / 1024
        whole = threading.Thread(target=_get, args=(port, f"/{VERSION}"), kwargs={"accept": "application/yaml"})
        whole.start()
        waits = 0.0
        while whole.is_alive():
            began = time.perf_counter()
            _get(port, f"/{VERSION}/services/7/name")
            waits = max(waits, time.perf_counter() - began)
    return [
        Row(f"{what}, listens", f"{listens:.2f} s", "", listens, 5, "s"),
        Row(f"{what}, memory", f"{peak:.0f} MiB", "", peak, 300, "MiB"),
        Row(f"{what}, another client waits", f"{waits:.2f} s", "while all is printed", waits, 1, "s"),
    ]


def _answers(folder: Path, size: int) -> Path:
    """Write the answers for a service of `size` containers; this machine gets the answers for the first container."""
    text = f"stack: search\nsubnet: 10.42.0.0/16\nhosts: 3\nservices: {{es: {{scale: {size}, metadata: {{cluster: es}}}}}}\n"
    source = folder / f"{size}.yml"
    source.write_text(text)
    clients = scenario.load(source).versions[VERSION]
    path = folder / f"{size}.json"
    path.write_text(printing.to_json({VERSION: {DEFAULT: clients[DEFAULT], "127.0.0.1": clients["10.42.0.11"]}}))
    return path


def _requests(answers: Path, size: int) -> Iterator[Row]:
    real = os.environ.get("CATALOG_FORGE_RANCHER_METADATA")
    with ExitStack() as running:
        urls = [f"http://127.0.0.1:{running.enter_context(_ours(answers))[0]}"]
        if real:
            urls.append(f"http://127.0.0.1:{running.enter_context(_theirs(real, answers))}")
        for name, path in PATHS.items():
            rounds = [[_rate(url + path) for url in urls] for _ in range(ROUNDS)]
            ours, *others = (median(rates) for rates in zip(*rounds, strict=True))
            what = f"`metadata serve`, {size} containers, JSON of {name}"
            if others:
                yield Row(what, f"{ours:.0f}/s", f"rancher-metadata: {others[0]:.0f}/s", others[0] / ours, 1, "x the time")
            else:
                yield Row(what, f"{ours:.0f}/s", "", 1000 / ours, math.inf, "ms a request")


def _rate(url: str) -> float:
    command = ["wrk", "-t1", "-c32", f"-d{SECONDS}s", "-H", "Accept: application/json", url]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    rate = re.search(r"Requests/sec:\s*([0-9.]+)", said)
    if rate is None or "Non-2xx" in said or float(rate[1]) == 0:
        raise RuntimeError(f"wrk says: {said}")
    return float(rate[1])


def _change(answers: Path) -> Row:
    """Let clients wait for another version, reload the answers, and measure the time until the last client has received them."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, min(hard, 2 * WAITING)), hard))
    with _ours(answers) as (port, reload_port, _), ExitStack() as clients:
        version = _get(port, f"/{VERSION}/version")
        request = f"GET /{VERSION}/version?wait=true&value={version}&maxWait=60 HTTP/1.1\r\nHost: x\r\n\r\n".encode()
        waiting = [clients.enter_context(socket.create_connection(("127.0.0.1", port))) for _ in range(WAITING)]
        for client in waiting:
            client.sendall(request)
        time.sleep(1)
        began = time.perf_counter()
        _get(reload_port, "/v1/reload", "POST")
        if not all(client.recv(4096).startswith(b"HTTP/1.1 200 OK") for client in waiting):
            raise RuntimeError("a waiting client was not answered")
        seconds = time.perf_counter() - began
    return Row(f"{WAITING} waiting clients hear of a change", f"{seconds:.2f} s", "", seconds, 1, "s")


def _get(port: int, path: str, method: str = "GET", accept: str = "*/*") -> str:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=60)
    connection.request(method, path, headers={"Accept": accept})
    body = connection.getresponse().read().decode()
    connection.close()
    return body


@contextmanager
def _ours(answers: Path) -> Iterator[tuple[int, int, int]]:
    """Serve the answers. Yield the port of the service, the port for reloads, and the process id."""
    free = "127.0.0.1:0"
    command = [program("catalog-forge"), "metadata", "serve", answers, "--listen", free, "--reload-listen", free]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        try:
            assert process.stderr
            ports = [re.search(r"http://127\.0\.0\.1:([0-9]+)", process.stderr.readline()) for _ in range(2)]
            if not all(ports):
                raise RuntimeError("metadata serve does not start")
            yield (*(int(port[1]) for port in ports if port), process.pid)  # type: ignore[misc]
        finally:
            process.kill()


@contextmanager
def _theirs(real: str, answers: Path) -> Iterator[int]:
    """Start the real service and yield its port. It cannot choose a free port itself (port 0 is refused)."""
    port, reload_port = _free_port(), _free_port()
    command = [real, "--listen", f"127.0.0.1:{port}", "--listenReload", f"127.0.0.1:{reload_port}", "--answers", answers]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        try:
            deadline = time.monotonic() + 60
            while not _listens(port):
                if process.poll() is not None or time.monotonic() > deadline:
                    raise RuntimeError(f"{real} does not start")
                time.sleep(0.1)
            yield port
        finally:
            process.kill()


def _listens(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port: int = server.getsockname()[1]
        return port
