"""What cannot be read is said: no command calls it missing, empty or clean, and none waits for a pipe."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from tests.helpers import PATIENCE, tree

SPEC = """\
forge: 1
name: web-conf
service: nginx:1.27.3
metadata: {port: {default: '80'}}
files:
- {dest: /etc/web/plain.txt, body: [{file: plain.txt}]}
launch: {exec: [nginx]}
"""
FILES = {
    "specs/web-conf.yml": SPEC,
    "specs/web-conf/plain.txt": "x\n",
    "specs/web-conf/scenarios/first.yml": "services: {web: {}}\n",
    "templates/odd/config.yml": "name: Odd\nversion: '1'\n",
    "templates/odd/0/docker-compose.yml": "web: {image: 'nginx:1.27.3'}\n",
    "templates/odd/0/rancher-compose.yml": ".catalog: {version: '1'}\n",
    "answers.yml": "'2016-07-29': {default: {self: {}}}\n",
}
COMMAND = (sys.executable, "-m", "catalog_forge")
WITHOUT_RIGHTS = ("setpriv", "--bounding-set=-dac_override,-dac_read_search")


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    tree(tmp_path, FILES)
    assert run(tmp_path, "generate").returncode == 0
    return tmp_path


def run(folder: Path, command: str, before: tuple[str, ...] = ()) -> subprocess.CompletedProcess[str]:
    whole = [*before, *COMMAND, "-C", str(folder), *command.replace("DIR", str(folder)).split()]
    return subprocess.run(whole, capture_output=True, text=True, timeout=PATIENCE, stdin=subprocess.DEVNULL, check=False)


IMAGE = "render --image-dir DIR/images/web-conf --metadata DIR/answers.yml"
CLOSED = [
    ("specs", ["lint DIR", "generate", "generate --check", "test", "build"]),
    (
        "specs/web-conf.yml",
        ["lint DIR", "generate", "generate --check", "spec show web-conf", "render web-conf", "build"],
    ),
    ("specs/web-conf", ["lint DIR", "generate", "generate --check", "test", "render web-conf"]),
    ("specs/web-conf/plain.txt", ["lint DIR", "generate", "test", "render web-conf"]),
    ("specs/web-conf/scenarios", ["lint DIR", "test", "render web-conf"]),
    ("specs/web-conf/scenarios/first.yml", ["lint DIR", "test", "render web-conf"]),
    ("templates", ["lint DIR", "up --plan DIR/templates/odd"]),
    ("templates/odd", ["lint DIR", "lint DIR/templates", "up --plan DIR/templates/odd"]),
    ("templates/odd/0", ["lint DIR", "lint DIR/templates/odd", "up --plan DIR/templates/odd", "up --plan odd"]),
    ("templates/odd/0/docker-compose.yml", ["lint DIR", "lint DIR/templates/odd/0", "up --plan DIR/templates/odd"]),
    ("templates/odd/config.yml", ["lint DIR", "up --plan DIR/templates/odd"]),
    ("images", ["lint DIR", "generate", "generate --check", "build"]),
    (
        "images/web-conf/conf.d",
        ["lint DIR", "generate --check", IMAGE],
    ),
    ("images/web-conf/templates", ["lint DIR", IMAGE]),
    ("catalog-forge.yml", ["lint DIR", "generate", "standards show"]),
    ("answers.yml", ["metadata get / --file DIR/answers.yml", "metadata tree --file DIR/answers.yml"]),
]


@pytest.mark.parametrize(("path", "commands"), CLOSED, ids=[path for path, _ in CLOSED])
def test_what_a_user_may_not_read_is_named(catalog: Path, path: str, commands: list[str]) -> None:
    before = WITHOUT_RIGHTS if os.geteuid() == 0 else ()
    if before and not shutil.which("setpriv"):
        pytest.skip("root may read everything, and there is no setpriv that takes that right away")
    (catalog / "catalog-forge.yml").write_text("defaults: {maintainer: Jo Doe <jo@example.org>}\n")
    mode = (catalog / path).stat().st_mode
    (catalog / path).chmod(0)
    try:
        results = {command: run(catalog, command, before) for command in commands}
    finally:
        (catalog / path).chmod(mode)
    for command, result in results.items():
        assert result.returncode in (1, 2), (command, result)
        said = (result.stdout + result.stderr).lower()
        assert "permission denied" in said or "is not readable" in said, (command, said)
        assert path.rpartition("/")[2] in said, (command, said)


def _pipe(path: Path) -> None:
    os.mkfifo(path)


def _socket(path: Path) -> None:
    with socket.socket(socket.AF_UNIX) as door:
        os.chdir(path.parent)
        door.bind(path.name)


def _loop(path: Path) -> None:
    path.symlink_to(path.name)


def _nowhere(path: Path) -> None:
    path.symlink_to("nowhere")


def _folder(path: Path) -> None:
    path.mkdir()


ODD = [
    ("specs/web-conf.yml", ["lint DIR", "generate", "generate --check", "test", "spec show web-conf"]),
    ("specs/web-conf/plain.txt", ["lint DIR", "generate", "test", "render web-conf"]),
    ("specs/web-conf/scenarios/first.yml", ["lint DIR", "test", "render web-conf"]),
    ("templates/odd/0/docker-compose.yml", ["lint DIR", "lint DIR/templates/odd/0", "up --plan DIR/templates/odd"]),
    ("templates/odd/config.yml", ["lint DIR"]),
    ("images/web-conf/Dockerfile", ["lint DIR", "generate --check"]),
    ("images/web-conf/conf.d/plain.txt.toml", ["generate", IMAGE]),
    ("catalog-forge.yml", ["lint DIR", "generate", "standards show"]),
    ("answers.yml", ["metadata get / --file DIR/answers.yml", "metadata tree --file DIR/answers.yml", "lint DIR/answers.yml"]),
]


@pytest.mark.parametrize("made", [_pipe, _socket, _loop, _nowhere, _folder])
@pytest.mark.parametrize(("path", "commands"), ODD, ids=[path for path, _ in ODD])
def test_what_is_not_a_file_is_named(
    catalog: Path, path: str, commands: list[str], made: Callable[[Path], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(catalog)
    (catalog / path).unlink(missing_ok=True)
    made(catalog / path)
    for command in commands:
        if made is _folder and (command.startswith(("lint", "render --image-dir")) or path.startswith("specs/web-conf.yml")):
            continue  # a folder is what it is: the file is missing
        code, said = _outcome(catalog, command, made)
        assert code in (1, 2), (command, said)
        assert path.rpartition("/")[2] in said, (command, said)
        assert "nothing found" not in said


def _outcome(catalog: Path, command: str, made: Callable[[Path], None]) -> tuple[int, str]:
    """Exit code and all that is said; a pipe could be waited for, so that it has a process with a bound."""
    if made is _pipe:
        result = run(catalog, command)
        return result.returncode, result.stdout + result.stderr
    inside = CliRunner().invoke(root, ["-C", str(catalog), *command.replace("DIR", str(catalog)).split()])
    return inside.exit_code, inside.output
