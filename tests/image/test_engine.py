"""Finding an engine as the docker command line does, and saying clearly why there is none."""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from catalog_forge.errors import EngineError
from catalog_forge.image.address import DEFAULT_HOST, locate
from catalog_forge.image.engine import answers, connect
from tests.helpers import tree
from tests.image.fake_engine import fake_engine, hang_up, reply

REAL_HOST = os.environ.get("DOCKER_HOST", DEFAULT_HOST)


def _context(config: Path, name: str, host: str, **endpoint: object) -> Path:
    """Write a context as `docker context create` does, and return the folder of its TLS files."""
    key = hashlib.sha256(name.encode()).hexdigest()
    meta = {"Name": name, "Metadata": {}, "Endpoints": {"docker": {"Host": host, "SkipTLSVerify": False, **endpoint}}}
    tree(config, {f"contexts/meta/{key}/meta.json": json.dumps(meta)})
    return config / "contexts/tls" / key / "docker"


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """An empty folder for DOCKER_CONFIG."""
    return tmp_path / "config"


def test_docker_host_wins_over_the_context(config: Path) -> None:
    _context(config, "other", "unix:///other.sock")
    environ = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_CONTEXT": "other", "DOCKER_CONFIG": str(config)}
    assert str(locate(environ)) == "tcp://127.0.0.1:1 (DOCKER_HOST)"


def test_docker_context_wins_over_the_current_context(config: Path) -> None:
    _context(config, "one", "unix:///one.sock")
    _context(config, "two", "unix:///two.sock")
    tree(config, {"config.json": '{"currentContext": "one"}'})
    assert locate({"DOCKER_CONFIG": str(config)}).host == "unix:///one.sock"
    assert locate({"DOCKER_CONFIG": str(config), "DOCKER_CONTEXT": "two"}).host == "unix:///two.sock"


def test_the_default_context_is_the_default_socket(config: Path) -> None:
    tree(config, {"config.json": '{"currentContext": "default"}'})
    assert locate({"DOCKER_CONFIG": str(config)}).host == DEFAULT_HOST


@pytest.mark.engine
def test_the_context_leads_to_a_real_engine(config: Path, engine: docker.DockerClient) -> None:
    _context(config, "mine", REAL_HOST)
    with connect({"DOCKER_CONTEXT": "mine", "DOCKER_CONFIG": str(config)}) as found:
        assert found.api.info()["ID"] == engine.info()["ID"]


@pytest.mark.engine
def test_a_context_that_the_docker_command_made_and_chose_leads_to_a_real_engine(config: Path) -> None:
    command = shutil.which("docker")
    if command is None:
        pytest.skip("no docker command here")
    environ = {"DOCKER_CONFIG": str(config), "PATH": os.environ["PATH"]}
    for words in (["create", "mine", f"--docker=host={REAL_HOST}"], ["use", "mine"]):
        subprocess.run([command, "context", *words], env=environ, check=True, capture_output=True)
    with connect(environ) as found:
        assert str(found.address) == f"{REAL_HOST} (docker context 'mine')"


def test_an_unknown_context_is_an_error_that_suggests_the_nearest(config: Path) -> None:
    _context(config, "colima", "unix:///colima.sock")
    with pytest.raises(EngineError, match=r"no docker context 'colma', which DOCKER_CONTEXT names\n.*mean 'colima'"):
        connect({"DOCKER_CONTEXT": "colma", "DOCKER_CONFIG": str(config)})


def test_an_unknown_current_context_is_an_error_and_never_the_default_socket(config: Path) -> None:
    tree(config, {"config.json": '{"currentContext": "gone"}'})
    with pytest.raises(EngineError, match="no docker context 'gone', which the current docker context names"):
        connect({"DOCKER_CONFIG": str(config)})


@pytest.mark.parametrize("content", ["{", '{"Name": "x", "Endpoints": {}}', "[]"])
def test_a_damaged_context_is_an_error_that_names_its_file(config: Path, content: str) -> None:
    _context(config, "bad", "unix:///bad.sock")
    (file,) = config.glob("contexts/meta/*/meta.json")
    file.write_text(content)
    with pytest.raises(EngineError, match=str(file)):
        connect({"DOCKER_CONTEXT": "bad", "DOCKER_CONFIG": str(config)})


def test_the_tls_files_of_a_context_are_used(config: Path) -> None:
    folder = _context(config, "far", "tcp://127.0.0.1:2376")
    tree(folder, {"ca.pem": "ca", "cert.pem": "cert", "key.pem": "key"})
    tls = locate({"DOCKER_CONTEXT": "far", "DOCKER_CONFIG": str(config)}).tls
    assert tls is not None
    assert (tls.cert, tls.ca_cert, tls.verify) == (
        (str(folder / "cert.pem"), str(folder / "key.pem")),
        str(folder / "ca.pem"),
        True,
    )


def test_a_context_may_skip_the_verification_of_the_server(config: Path) -> None:
    _context(config, "far", "tcp://127.0.0.1:2376", SkipTLSVerify=True)
    tls = locate({"DOCKER_CONTEXT": "far", "DOCKER_CONFIG": str(config)}).tls
    assert tls is not None and tls.verify is False


def test_docker_cert_path_is_used_and_must_hold_certificates(tmp_path: Path) -> None:
    environ = {"DOCKER_HOST": "tcp://127.0.0.1:1", "DOCKER_TLS_VERIFY": "1", "DOCKER_CERT_PATH": str(tmp_path)}
    with pytest.raises(EngineError, match="no TLS certificates for tcp://127.0.0.1:1"):
        connect(environ)
    tree(tmp_path, {"ca.pem": "", "cert.pem": "", "key.pem": ""})
    tls = locate(environ).tls
    assert tls is not None and (tls.verify, tls.ca_cert) == (True, str(tmp_path / "ca.pem"))


@pytest.fixture
def dead_socket(tmp_path: Path) -> Iterator[str]:
    """A socket file that nobody listens on."""
    path = tmp_path / "dead.sock"
    with socket.socket(socket.AF_UNIX) as server:
        server.bind(str(path))
    yield f"unix://{path}"
    path.unlink()


def test_a_dead_socket_is_told_from_a_missing_one(dead_socket: str, tmp_path: Path) -> None:
    with pytest.raises(EngineError, match=rf"no Docker engine at {dead_socket} \(DOCKER_HOST\): nothing listens there"):
        connect({"DOCKER_HOST": dead_socket})
    with pytest.raises(EngineError, match="there is no such socket\n  hint: start Docker"):
        connect({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"})


@pytest.mark.parametrize(
    ("host", "why", "hint"),
    [
        ("http://127.0.0.1:99999", "the port must be a number up to 65535", "write the address as unix:///PATH or"),
        ("tcp://127.0.0.1:port", "the port must be a number up to 65535", "write the address as unix:///PATH or"),
        ("nonsense", "port is required: nonsense", "write the address as unix:///PATH or"),
    ],
)
def test_a_wrong_address_is_told_with_its_shape(host: str, why: str, hint: str) -> None:
    with pytest.raises(EngineError, match=rf"no Docker engine at {host} \(DOCKER_HOST\): .*{why}\n  hint: {hint}"):
        connect({"DOCKER_HOST": host})


@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become somebody without a right")
def test_a_socket_without_permission_says_how_to_get_it(tmp_path: Path) -> None:
    with fake_engine(tmp_path / "s", hang_up) as host:
        (tmp_path / "s").chmod(0o600)
        tmp_path.chmod(0o755)
        os.seteuid(65534)
        try:
            with pytest.raises(EngineError, match=r"permission denied\n  hint: join the group"):
                connect({"DOCKER_HOST": host})
        finally:
            os.seteuid(0)


def test_an_engine_that_hangs_up_at_once_is_an_error_of_one_line(tmp_path: Path) -> None:
    with fake_engine(tmp_path / "s", hang_up) as host, pytest.raises(EngineError) as caught:
        connect({"DOCKER_HOST": host})
    assert "the connection was closed" in caught.value.problems[0].message
    assert "\n" not in caught.value.problems[0].message
    assert caught.value.exit_code == 4


def test_a_server_that_is_no_engine_is_an_error(tmp_path: Path) -> None:
    not_found = pytest.raises(EngineError, match="no Docker engine at .*: another server answers at this address")
    with fake_engine(tmp_path / "s", lambda _, c: reply(c, {"hello": "world"})) as host, not_found:
        connect({"DOCKER_HOST": host})


@pytest.mark.parametrize("host", ["tcp://127.0.0.1:1", "nonsense://x", "tcp://127.0.0.1", "tcp://no.such.host.invalid:1"])
def test_a_docker_host_that_leads_nowhere_is_an_error_that_names_it(host: str) -> None:
    with pytest.raises(EngineError, match=f"no Docker engine at {host} "):
        connect({"DOCKER_HOST": host})


def test_the_probe_finds_no_engine_where_none_answers(tmp_path: Path) -> None:
    assert answers({"DOCKER_HOST": f"unix://{tmp_path}/none.sock"}) is None


@pytest.mark.engine
def test_the_probe_finds_the_engine_that_answers(engine: docker.DockerClient) -> None:
    found = answers()
    assert found is not None
    with found:
        assert found.api.info()["ID"] == engine.info()["ID"]
