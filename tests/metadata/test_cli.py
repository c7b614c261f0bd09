"""`catalog-forge metadata`."""

from __future__ import annotations

import os
import re
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.request import urlopen

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.metadata import metadata
from catalog_forge.errors import ForgeError
from tests.helpers import tree

SCENARIO = "stack: search\nservices: {es: {scale: 3, metadata: {a b: <x>, ü: 1}}}\n"


@pytest.fixture
def scenario(tmp_path: Path) -> Path:
    return tree(tmp_path, {"s.yml": SCENARIO}) / "s.yml"


def put(path: Path, text: str) -> None:
    """Write as an editor does, so that nobody sees half a file."""
    new = path.with_suffix(".new")
    new.write_text(text)
    new.replace(path)


def run(*arguments: str | Path) -> Result:
    return CliRunner().invoke(metadata, [str(argument) for argument in arguments])


@pytest.mark.parametrize(
    ("path", "options", "output"),
    [
        ("/", [], "2015-07-25\n2015-12-19\n2016-07-29\nlatest\n"),
        ("/2016-07-29/services/es/scale", [], "3\n"),
        ("latest/services/es/metadata/a%20b", ["--format", "json"], '"\\u003cx\\u003e"\n'),
        ("/latest/services/es/metadata/ü", [], "1\n"),
        ("/2015-07-25/self/container/name", ["--self", "10.42.1.12"], "search-es-2\n"),
        ("/2015-12-19/self/service/containers", ["--self", "10.42.1.12"], "0=search-es-1\n1=search-es-2\n2=search-es-3\n"),
    ],
)
def test_get_prints_what_the_service_answers(scenario: Path, path: str, options: list[str], output: str) -> None:
    result = run("get", path, "--file", scenario, *options)
    assert (result.exit_code, result.stdout) == (0, output)


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("/latest/self/container", "/latest/self/container: Not found"),
        ("/2014-01-01/self", "/2014-01-01/self: Invalid version"),
    ],
)
def test_get_fails_with_a_hint_where_nothing_is(scenario: Path, path: str, message: str) -> None:
    result = run("get", path, "--file", scenario)
    assert isinstance(result.exception, ForgeError)
    assert str(result.exception).startswith(f"{message}\n  hint: catalog-forge metadata get /")
    assert result.stdout == ""


@pytest.mark.parametrize("address", ["8080", "localhost:", "localhost:99999", "localhost:x"])
def test_a_bad_address_is_a_usage_error(scenario: Path, address: str) -> None:
    result = run("serve", scenario, "--listen", address)
    assert result.exit_code == 2
    assert "is not HOST:PORT" in result.stderr


def test_a_port_in_use_is_a_clear_error(scenario: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        result = run("serve", scenario, "--listen", f"127.0.0.1:{taken.getsockname()[1]}")
    assert isinstance(result.exception, ForgeError)
    assert "the port is in use" in str(result.exception)


def test_a_bad_file_at_the_start_is_an_error(tmp_path: Path) -> None:
    result = run("serve", tmp_path / "nope.yml", "--listen", "127.0.0.1:0")
    assert isinstance(result.exception, ForgeError)
    assert "nope.yml: cannot read the file" in str(result.exception)


class Serving:
    """`metadata serve` as a process."""

    def __init__(self, file: Path) -> None:
        code = "from catalog_forge.cli.metadata import metadata; metadata()"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", str(file), "--listen", "127.0.0.1:0"],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ready = re.fullmatch(r"metadata service at (http://127\.0\.0\.1:[0-9]+)", self.says())
        assert ready
        self.url = ready[1]

    def says(self, seconds: float = 10) -> str:
        """The next line on stderr."""
        assert self.process.stderr
        assert select.select([self.process.stderr], [], [], seconds)[0], "it says nothing"
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.process.stderr.fileno(), 1)
        return line.decode().rstrip()

    def get(self, path: str) -> str:
        """The body of the answer."""
        with urlopen(self.url + path, timeout=5) as response:
            body: bytes = response.read()
        return body.decode()


@pytest.fixture
def serving(scenario: Path) -> Iterator[Serving]:
    serving = Serving(scenario)
    with serving.process:
        yield serving
        serving.process.kill()


def test_serve_reloads_a_changed_file_with_a_new_version(serving: Serving, scenario: Path) -> None:
    version = serving.get("/latest/version")
    put(scenario, SCENARIO.replace("scale: 3", "scale: 5"))
    assert serving.says() == f"reloaded {scenario}"
    assert serving.get("/latest/services/es/scale") == "5"
    assert serving.get("/latest/version") != version


def test_serve_keeps_the_old_answers_while_the_file_is_bad(serving: Serving, scenario: Path) -> None:
    put(scenario, "services: [")
    assert serving.says().startswith(f"{scenario}:2:1: not well-formed YAML")
    assert serving.says() == "not reloaded: the old answers stay"
    assert serving.get("/latest/services/es/scale") == "3"
    scenario.unlink()
    assert serving.says().startswith(f"{scenario}: cannot read the file")
    assert serving.says() == "not reloaded: the old answers stay"
    put(scenario, SCENARIO.replace("scale: 3", "scale: 4"))
    assert serving.says() == f"reloaded {scenario}"
    assert serving.get("/latest/services/es/scale") == "4"


def test_serve_reloads_on_sighup(serving: Serving, scenario: Path) -> None:
    version = serving.get("/latest/version")
    serving.process.send_signal(signal.SIGHUP)
    assert serving.says(2) == f"reloaded {scenario}"
    assert serving.get("/latest/version") != version


def test_serve_ends_at_once_on_interrupt(serving: Serving) -> None:
    started = time.monotonic()
    serving.process.send_signal(signal.SIGINT)
    assert serving.process.wait(timeout=5) != 0
    assert time.monotonic() - started < 3
