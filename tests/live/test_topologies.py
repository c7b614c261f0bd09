"""Each topology as a whole: the entry runs as `up` runs it, and its files, reloads and addresses are those of the scenario."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from docker import DockerClient

from catalog_forge.plan import File, Plan
from tests.helpers import LONGEST, free_port
from tests.live.harness import Images, probe
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
    within: 300s
"""
SIDEKICKS = {"datavol": "{datavol-conf: primary}", "embedded": "{}"}


@pytest.fixture(scope="module")
def forge(
    tmp_path_factory: pytest.TempPathFactory,
    engine: DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[Forge]:
    with forge_in(tmp_path_factory.mktemp("topologies"), engine, confd) as forge:
        yield forge


def played(forge: Forge, name: str, engine: str, scenario: str, *more: str) -> None:
    """Play a scenario of a spec in one of the engines."""
    folder = forge.catalog / f"specs/{name}/scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "life.yml").write_text(scenario)
    words = ["-C", str(forge.catalog), "test", name, "--engine", engine, "--confd", str(forge.confd), *more]
    environ = {**os.environ, "XDG_STATE_HOME": str(forge.catalog.parent / "state"), "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-m", "catalog_forge", *words],
        env=environ, capture_output=True, text=True, check=False, timeout=LONGEST,
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


# A program in an image that has nothing else: no shell, no tool, no folder.
BARE = """\
forge: 1
name: NAME
service: {name: page, image: IMAGE, shell: false, topology: TOPOLOGY}
metadata: {word: {required: true}}
files:
- {dest: /etc/page/page.conf, format: raw, reload: signal USR1, body: [{text: "@{metadata/word}\\n"}]}
- {dest: /etc/page/told.conf, format: raw, reload: exec cat /etc/page/told.conf, body: [{text: "told @{metadata/word}\\n"}]}
launch: {before: [echo before $(wc -c </etc/page/page.conf)], exec: [/probe, -show, /etc/page/page.conf]}
"""
BARE_LIFE = """\
services: {page: {sidekicks: SIDEKICKS, metadata: {word: first}}}
ASKING
expect:
  files: {page.conf: "first\\n"}
  log: {in: page-1, contains: [before 6, "probe: start", "probe: file Zmlyc3QK"]}
  within: 300s
then:
- set: {word: second}
  expect:
    files: {page.conf: "second\\n"}
    reloads: [signal USR1, exec cat /etc/page/told.conf]
    log: {in: page-1, contains: [told second, "probe: signal user defined signal 1"]}
    within: 300s
"""


@pytest.mark.parametrize(("topology", "sidekicks"), [("volumes", "[volumes-bare-conf]"), ("embedded", "{}")])
def test_a_program_in_an_image_without_a_shell_is_started_and_reloaded(
    forge: Forge, images: Images, topology: str, sidekicks: str
) -> None:
    plan = Plan([File("probe", probe(), 0o755)])
    plan.add_text("Dockerfile", "FROM scratch\nCOPY probe /probe\n")
    name = f"{topology}-bare-conf"
    forge.spec(name, BARE.replace("NAME", name).replace("IMAGE", images.build(plan, {})).replace("TOPOLOGY", topology))
    asking = "self: page-1" if topology == "embedded" else f"self: {name}-1"
    life = BARE_LIFE.replace("SIDEKICKS", sidekicks).replace("ASKING", asking)
    played(forge, name, "stack", life)


CARRIED = """\
forge: 1
name: carried-conf
service: {name: page, image: "busybox:1.37.0", topology: scripts}
files:
- {dest: /scripts/serve.sh, mode: "0755", format: raw, check: "sh -n {{.src}}", body: [{file: serve.sh}]}
- {dest: /scripts/word.txt, format: raw, uid: 7, body: [{text: "a word\\n"}]}
launch: {exec: [/scripts/serve.sh]}
"""
BEFORE = """, before: ["echo 'of a tool' >/tools/name"], folders: [/tools]"""
SERVE = "#!/bin/sh\necho serves $(cat /scripts/word.txt /tools/name)\ntrap 'exit 0' TERM\nwhile :; do sleep 1 & wait $!; done\n"
CARRIED_LIFE = """\
services: {page: {scale: 2}}
self: page-1
expect:
  files: {word.txt: "a word\\n", serve.sh: {mode: "0755", contains: serves}}
then:
- scale: 3
"""
CARRIED_STACK = """\
  expect:
    log: {in: page-3, contains: serves a word of a tool}
    files: {/scripts/word.txt: {in: page-3, contains: a word}}
    within: 300s
"""


def test_files_that_are_always_the_same_are_carried_by_a_container_that_ends(forge: Forge) -> None:
    folder = forge.catalog / "specs/carried-conf"
    folder.mkdir(parents=True)
    (folder / "serve.sh").write_text(SERVE)
    forge.spec("carried-conf", CARRIED, BEFORE)
    for engine in ("embedded", "confd", "image"):
        played(forge, "carried-conf", engine, CARRIED_LIFE)
    played(forge, "carried-conf", "stack", CARRIED_LIFE + CARRIED_STACK)


HOST = """\
forge: 1
name: host-conf
service: {name: page, image: "busybox:1.37.0", network_mode: host}
metadata: {word: {required: true}}
files:
- dest: /www/index.html
  format: raw
  reload: signal HUP
  body: [{text: "@{metadata/word} of @{self.name} on @{self.host.name}\\n"}]
launch:
  exec: [sh, -c, "trap 'echo reloaded' HUP; trap 'exit 0' TERM; httpd -p 127.0.0.1:PORT -h /www; while :; do sleep 1; done"]
"""
HOST_LIFE = """\
services: {page: {sidekicks: [host-conf], metadata: {word: first}}}
self: host-conf-1
expect:
  files: {index.html: "first of default-page-1 on node-1\\n"}
  command: {in: page-1, run: [wget, -qO-, "http://127.0.0.1:PORT/"], output: "first of default-page-1 on node-1\\n"}
  within: 300s
then:
- set: {word: second}
  expect:
    files: {index.html: {contains: second}}
    reloads: [signal HUP]
    command: {in: page-1, run: [wget, -qO-, "http://127.0.0.1:PORT/"], contains: second}
    log: {in: page-1, contains: [reloaded, "launch: reload: signal HUP"]}
    within: 300s
"""


def test_a_program_in_the_network_of_its_host_is_configured_and_reloaded_as_any(forge: Forge) -> None:
    port = str(free_port())
    forge.spec("host-conf", HOST.replace("PORT", port))
    life = HOST_LIFE.replace("PORT", port)
    for engine in ("embedded", "confd", "image"):
        played(forge, "host-conf", engine, life)
    with pytest.raises(AssertionError, match="the container uses the network of this machine"):
        played(forge, "host-conf", "stack", life)
    played(forge, "host-conf", "stack", life, "--trust")


# A cluster that starts by itself: who leads says so, the others join, and each restarts in its turn.
LED = """\
forge: 1
name: NAME
service: {name: page, image: "busybox:1.37.0", topology: TOPOLOGY, scale: 3, health_check: {port: 80, interval: 300}}
metadata: {word: {required: true}}
files: [{dest: /www/index.html, format: raw, reload: restart, body: [{text: "@{metadata/word}\\n"}]}]
launch:
  exec: [sh, -c, 'echo "started $*"; trap "exit 0" TERM; httpd -p 80 -h /www; while :; do sleep 1 & wait $!; done', page]
  leader: {args: [--found]}
  others: {args: ["--join=@{first(peers).ip}"]}
  restart: {stagger: 4s}
"""
LED_LIFE = """\
services: {page: {scale: 3, sidekicks: SIDEKICKS, health_check: {port: 80}, metadata: {word: first}}}
expect:
  log:
  - {in: page-1, contains: [starts as leader, started --found]}
  - {in: page-2, contains: [starts as others, started --join=10.42.1.11]}
  - {in: page-3, contains: [starts as others, started --join=10.42.1.11]}
  within: 300s
then:
- set: {word: second}
  expect:
    log:
    - {in: page-1, contains: ["launch: reload: restart", started --join=10.42.1.11], lacks: waits for the containers before}
    - {in: page-3, contains: ["rank 2, 4 s for each", "launch: reload: restart", started --join=10.42.1.11]}
    within: 300s
"""


@pytest.mark.parametrize(
    "topology", ["netns", *(pytest.param(name, marks=pytest.mark.second_tier) for name in ("datavol", "embedded"))]
)
def test_a_cluster_starts_and_restarts_by_itself_in_other_topologies(forge: Forge, topology: str) -> None:
    name = f"led-{topology}-conf"
    forge.spec(name, LED.replace("NAME", name).replace("TOPOLOGY", topology))
    life = LED_LIFE.replace("SIDEKICKS", SIDEKICKS.get(topology, "[page-main]"))
    played(forge, name, "stack", re.sub(r"in: page-(\d)", r"in: page-main-\1", life) if topology == "netns" else life)
