"""`catalog-forge metadata`."""

from __future__ import annotations

import os
import re
import select
import shlex
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.cli.prove.metadata import metadata
from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.scenario import load
from catalog_forge.metadata.service.server import MetadataServer
from tests.helpers import PATIENCE, tree

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
        ("/2015-07-25/self/container/name", [], "search-es-1\n"),
        ("/2015-07-25/self/container/name", ["--self", "es-3"], "search-es-3\n"),
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
        ("/latest/self/service/metadata/x/y/z", "/latest/self/service/metadata/x/y/z: Not found"),
        ("/latest/services/es/name/below/text", "/latest/services/es/name/below/text: Not found"),
        ("/latest/a/" + "b/" * 3000, "/latest/a/b/b/"),
        ("/2014-01-01/self", "/2014-01-01/self: Invalid version"),
        ("/2014-01-01", "/2014-01-01: Invalid version"),
    ],
)
@pytest.mark.parametrize("client", [[], ["--self", "default"], ["--self", "10.1.2.3"], ["--self", "es-2"]])
def test_get_fails_where_nothing_is_with_a_hint_that_finds_something(
    scenario: Path, path: str, message: str, client: list[str]
) -> None:
    if (path, client) in (("/latest/self/container", []), ("/latest/self/container", ["--self", "es-2"])):
        path, message = "/latest/self/nope", "/latest/self/nope: Not found"
    spaced = scenario.rename(scenario.with_name("a b's.yml"))
    result = run("get", path, "--file", spaced, *client)
    assert isinstance(result.exception, ForgeError)
    assert str(result.exception).startswith(message)
    assert result.stdout == ""
    command, _, _ = str(result.exception).partition("hint: catalog-forge metadata ")[2].partition(" lists what exists there")
    assert run(*shlex.split(command)).exit_code == 0


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
    assert result.exit_code == 2
    assert "there is no file" in result.stderr and "nope.yml" in result.stderr


class Serving:
    """`metadata serve` as a process."""

    def __init__(self, file: Path) -> None:
        code = "from catalog_forge.cli.prove.metadata import metadata; metadata()"
        free = "127.0.0.1:0"
        self.process = subprocess.Popen(
            [sys.executable, "-c", code, "serve", str(file), "--listen", free, "--reload-listen", free],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
        )
        ready = re.fullmatch(r"metadata service at (http://127\.0\.0\.1:[0-9]+)", self.says())
        assert ready
        self.url = ready[1]
        reload = re.fullmatch(r"reload with POST (http://127\.0\.0\.1:[0-9]+/v1/reload)", self.says())
        assert reload
        self.reload_url = reload[1]

    def says(self, seconds: float = PATIENCE) -> str:
        """The next line on stderr."""
        assert self.process.stderr
        assert select.select([self.process.stderr], [], [], seconds)[0], "it says nothing"
        line = b""
        while not line.endswith(b"\n"):
            line += os.read(self.process.stderr.fileno(), 1)
        return line.decode().rstrip()

    def get(self, path: str) -> str:
        """The body of the answer."""
        with urlopen(self.url + path, timeout=PATIENCE) as response:
            body: bytes = response.read()
        return body.decode()

    def reload(self) -> tuple[int, str]:
        """The answer of the reload port."""
        try:
            with urlopen(Request(self.reload_url, method="POST"), timeout=PATIENCE) as response:
                return response.status, response.read().decode()
        except HTTPError as error:
            with error:
                return error.code, error.read().decode()


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
    assert serving.says().startswith(f"{scenario}:1:11: not well-formed YAML: this '[' is never closed")
    assert serving.says() == "  hint: close it; quote text that contains '['"
    assert serving.says() == "not reloaded: the old answers stay in use"
    assert serving.get("/latest/services/es/scale") == "3"
    scenario.unlink()
    assert serving.says() == f"{scenario}: cannot read the file: No such file or directory"
    assert serving.says() == "  hint: check the path, and that its folder exists"
    assert serving.says() == "not reloaded: the old answers stay in use"
    put(scenario, SCENARIO.replace("scale: 3", "scale: 4"))
    assert serving.says() == f"reloaded {scenario}"
    assert serving.get("/latest/services/es/scale") == "4"


def test_serve_reloads_on_sighup(serving: Serving, scenario: Path) -> None:
    version = serving.get("/latest/version")
    serving.process.send_signal(signal.SIGHUP)
    assert serving.says() == f"reloaded {scenario}"
    assert serving.get("/latest/version") != version


def test_serve_ends_at_once_on_interrupt(serving: Serving) -> None:
    serving.process.send_signal(signal.SIGINT)
    assert serving.process.wait(timeout=PATIENCE) != 0


def test_serve_reloads_on_post_and_says_what_is_wrong(serving: Serving, scenario: Path) -> None:
    version = serving.get("/latest/version")
    assert serving.reload() == (200, "OK")
    assert serving.get("/latest/version") != version
    put(scenario, "services: [")
    status, text = serving.reload()
    assert status == 500
    assert "not well-formed YAML" in text
    assert serving.get("/latest/services/es/scale") == "3"


def test_serve_says_nothing_more_of_a_deleted_file_when_a_reload_is_asked_for(serving: Serving, scenario: Path) -> None:
    scenario.unlink()
    assert serving.reload() == (200, "OK")
    assert serving.get("/") == "latest\n"
    put(scenario, SCENARIO)
    assert serving.reload() == (200, "OK")
    assert serving.get("/latest/services/es/scale") == "3"


def test_a_reload_port_in_use_is_a_clear_error(scenario: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        result = run("serve", scenario, "--listen", "127.0.0.1:0", "--reload-listen", address)
    assert isinstance(result.exception, ForgeError)
    assert f"cannot listen on {address}: the port is in use" in str(result.exception)


UNSOUND = """
latest:
  default:
    containers: &all [{name: a}, {name: ~}, {uuid: u}, {name: 7}]
    self: {service: {containers: *all, more: [{name: [x]}]}}
  10.0.0.1: {}
"""


def test_names_that_confd_panics_on_are_served_with_a_warning(tmp_path: Path) -> None:
    file = tree(tmp_path, {"a.yml": UNSOUND}) / "a.yml"
    result = run("get", "/latest/containers", "--file", file)
    assert result.stdout == "0=a\n1/\n2=u\n3/\n"
    assert result.stderr.splitlines() == [
        f"warning: {file}: /latest/containers/1: the name is null, not text: the real confd panics on this name",
        f"warning: {file}: /latest/containers/3: the name is 7, not text: the real confd panics on this name",
        f'warning: {file}: /latest/self/service/more/0: the name is ["x"], not text: the real confd panics on this name',
    ]


def test_many_such_names_give_few_warnings(tmp_path: Path) -> None:
    items = ", ".join(["{name: 1}"] * 1000)
    file = tree(tmp_path, {"a.yml": f"latest: {{default: {{l: [{items}]}}}}"}) / "a.yml"
    warnings = run("get", "/latest", "--file", file).stderr.splitlines()
    assert len(warnings) == 11
    assert warnings[-1] == f"warning: {file}: further warnings are not shown"


ENDLESS = ".nan .NaN .NAN .inf .Inf .INF +.inf +.Inf +.INF -.inf -.Inf -.INF".split()


@pytest.mark.parametrize("number", ENDLESS)
@pytest.mark.parametrize("shape", ["{a: {b: %s}}", "{a: [%s]}", "{a: [{name: %s}]}", "{a: %s}", "{a: {b: [{name: {c: %s}}]}}"])
def test_a_number_that_json_cannot_hold_is_said_in_every_form_and_warned_of(tmp_path: Path, number: str, shape: str) -> None:
    file = tree(tmp_path, {"a.yml": f"latest: {{default: {shape % number}}}"}) / "a.yml"
    yaml = run("get", "/latest", "--file", file, "--format", "yaml")
    assert (yaml.exit_code, number.lower().lstrip("+") in yaml.stdout) == (0, True)
    assert run("get", "/latest", "--file", file).stdout.startswith("a")
    assert "NaN" in (drawn := run("tree", "/latest", "--file", file)).stdout or "Inf" in drawn.stdout
    assert "error 500" in drawn.stderr
    for command in ("get", "tree"):
        result = run(command, "/latest", "--file", file, "--format", "json")
        assert isinstance(result.exception, ForgeError)
        assert "json: unsupported value: " in str(result.exception)
        assert "--format text" in str(result.exception)


@pytest.mark.parametrize("body", [b'{"a": NaN}', b'{"a": -Infinity}', b'{"a": 1e999}', b"[" * 100_000, b"nope", b"\xff"])
def test_a_live_service_that_does_not_speak_json_is_an_error(body: bytes, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.metadata.service.client.ask", lambda *_: (200, body))
    result = run("tree", "/latest", "--url", "http://x", "--format", "json")
    assert isinstance(result.exception, ForgeError)
    assert "JSON" in str(result.exception) or "json" in str(result.exception)


@pytest.mark.parametrize("number", ["1e999", "-1e400", "1.5E+309"])
def test_a_number_beyond_doubles_is_text_in_a_scenario_as_for_rancher(tmp_path: Path, number: str) -> None:
    file = tree(tmp_path, {"s.yml": f"services: {{es: {{metadata: {{a: {number}}}}}}}"}) / "s.yml"
    assert run("get", "/latest/self/service/metadata/a", "--file", file, "--format", "json").stdout == f'"{number}"\n'


SEEN_BY = "services: {a: {}, b: {scale: 2, sidekicks: {c: primary, d: own}}}\nself: %s\n"


@pytest.mark.parametrize(("word", "name"), [("b-2", "b-2"), ("b", "b-1"), ("d", "b-d-1"), ("a", "a-1")])
def test_the_self_of_a_scenario_asks_as_it_does_in_render(tmp_path: Path, word: str, name: str) -> None:
    file = tree(tmp_path, {"s.yml": SEEN_BY % word}) / "s.yml"
    asked = run("get", "/2015-07-25/self/container/name", "--file", file).stdout
    assert asked.lower() == f"default-{name}\n"
    assert "self" in run("tree", "--file", file).stdout
    resource = '[template]\nsrc = "x"\ndest = "/x"\nkeys = ["/self"]\n'
    image = tree(tmp_path, {"conf.d/x.toml": resource, "templates/x": '{{getv "/self/container/name"}}'})
    rendered = CliRunner().invoke(root, ["render", "--image-dir", str(image), "--metadata", str(file), "--prefix", "/2015-07-25"])
    assert asked.strip() in rendered.stdout


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("- a", "1:1: a scenario must be a mapping"),
        ("latest: [1]", "1:9: the clients of 'latest' (addresses or `default`) must be a mapping"),
        ("latest: {default: {1: x}}", "1:20: the key '1' is a number"),
        ("latest: {default: " + "{a: " * 1000 + "1" + "}" * 1000 + "}", "1:412: the document is nested too deeply"),
        ("latest: {default: {a: 1}", "1:9: not well-formed YAML: this '{' is never closed"),
    ],
)
def test_a_bad_file_is_an_error_with_its_place(tmp_path: Path, content: str, problem: str) -> None:
    file = tree(tmp_path, {"a.yml": f"{content}\n"}) / "a.yml"
    result = run("get", "/", "--file", file)
    assert isinstance(result.exception, ForgeError)
    assert str(result.exception).startswith(f"{file}:{problem}")


def test_a_huge_file_is_refused_with_the_limit(tmp_path: Path) -> None:
    file = tmp_path / "a.yml"
    with file.open("wb") as huge:
        huge.truncate(100 << 20)
    result = run("get", "/", "--file", file)
    assert isinstance(result.exception, ForgeError)
    assert "larger than 16777216 bytes" in str(result.exception)


def test_get_and_tree_ask_a_file_or_a_live_service(scenario: Path) -> None:
    with MetadataServer(load(scenario), xff=True) as server:
        for command, *options in (
            ("get", "/2015-12-19/self/service/name"),
            ("get", "self/service/metadata", "--version", "2016-07-29", "--format", "yaml"),
            ("get", "", "--version", "latest", "--format", "json"),
            ("tree", "/2015-12-19/self"),
            ("tree", "--depth", "2"),
            ("tree", "self", "--version", "2015-07-25", "--format", "json"),
        ):
            live = run(command, *options, "--url", server.url, "--self", "10.42.1.12")
            file = run(command, *options, "--file", scenario, "--self", "10.42.1.12")
            assert (live.exit_code, live.stdout) == (0, file.stdout)
            assert live.stdout


def test_get_says_of_a_live_service_what_is_not_there(scenario: Path) -> None:
    with MetadataServer(load(scenario)) as server:
        for form in ("text", "json", "yaml"):
            result = run("get", "/latest/nope", "--url", server.url, "--format", form)
            assert isinstance(result.exception, ForgeError)
            hint = f"catalog-forge metadata get /latest --url {server.url} lists what exists there"
            assert str(result.exception) == f"/latest/nope: Not found\n  hint: {hint}"


def test_tree_draws_the_latest_version_and_hides_secrets(tmp_path: Path) -> None:
    text = "services: {es: {metadata: {db_password: s3cret, port: 1}}}\n"
    file = tree(tmp_path, {"s.yml": text}) / "s.yml"
    drawn = run("tree", "--file", file).stdout
    assert drawn.startswith("/latest\n├─ ")
    assert "db_password: (hidden)" in drawn
    assert "port: 1" in drawn
    for options in (["--format", "json"], []):
        assert "s3cret" not in run("tree", "--file", file, *options).output
        assert "s3cret" in run("tree", "--file", file, "--show-secrets", *options).output


def test_tree_of_the_root_lists_the_versions(scenario: Path) -> None:
    assert run("tree", "/", "--file", scenario).stdout.splitlines()[1] == "├─ 2015-07-25: /2015-07-25"


@pytest.mark.parametrize("options", [[], ["--file", __file__, "--url", "http://x"]])
def test_either_a_file_or_a_url_is_asked(options: list[str]) -> None:
    result = run("get", "/", *options)
    assert result.exit_code == 2
    assert "either --file FILE or --url URL" in result.stderr
