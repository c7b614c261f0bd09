"""Each topology as a whole: the entry runs as `up` runs it, and its files, reloads and addresses are those of the scenario."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from tests.helpers import PATIENCE
from tests.live.software import ROOT, Forge, forge_in

pytestmark = pytest.mark.engine
SPEC = """\
forge: 1
name: NAME
service:
  name: page
  image: busybox:1.37.0
  topology: TOPOLOGY
  health_check: {port: 80, interval: 300, healthy_threshold: 1}
metadata: {word: {required: true}}
files:
- dest: /www/index.html
  format: raw
  reload: signal HUP
  body:
  - text: "@{metadata/word} of @{self.name} at @{self.ip}\\n"
  - list: {of: others, item: "@{it.index} @{it.ip}"}
launch:
  exec: [sh, -c, "trap 'echo reloaded' HUP; trap 'exit 0' TERM; httpd -p 80 -h /www; while :; do sleep 1 & wait $!; done"]
"""
LIFE = """\
services:
  page:
    scale: 2
    sidekicks: SIDEKICKS
    health_check: {port: 80}
    metadata: {word: first}
expect:
  files: {index.html: "first of default-page-1 at 10.42.1.11\\n2 10.42.1.12\\n"}
then:
- set: {word: second}
  expect:
    files: {index.html: "second of default-page-1 at 10.42.1.11\\n2 10.42.1.12\\n"}
    reloads: [signal HUP]
"""
# What only a stack has: a program that answers, and says that it was told.
STACK = """\
    http: {get: "http://page-2/", contains: "second of default-page-2 at 10.42.1.12"}
    log: {in: page-1, contains: [reloaded, "launch: reload: signal HUP"]}
"""
SIDEKICKS = {"datavol": "{datavol-conf: primary}"}


@pytest.fixture(scope="module")
def forge(
    tmp_path_factory: pytest.TempPathFactory,
    engine: DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[Forge]:
    with forge_in(tmp_path_factory.mktemp("topologies"), engine, confd) as forge:
        yield forge


def played(forge: Forge, name: str, engine: str, scenario: str) -> None:
    """Play a scenario of a spec in one of the engines."""
    folder = forge.catalog / f"specs/{name}/scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "life.yml").write_text(scenario)
    words = ["-C", str(forge.catalog), "test", name, "--engine", engine, "--confd", str(forge.confd)]
    environ = {**os.environ, "XDG_STATE_HOME": str(forge.catalog.parent / "state"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "catalog_forge", *words],
        env=environ, capture_output=True, text=True, check=False, timeout=2 * PATIENCE,
    )  # fmt: skip
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("topology", SIDEKICKS)
def test_one_life_is_the_same_in_every_engine(forge: Forge, topology: str) -> None:
    name = f"{topology}-conf"
    forge.spec(name, SPEC.replace("NAME", name).replace("TOPOLOGY", topology))
    life = LIFE.replace("SIDEKICKS", SIDEKICKS[topology])
    for engine in ("embedded", "confd", "image"):
        played(forge, name, engine, life)
    played(forge, name, "stack", life + STACK)
