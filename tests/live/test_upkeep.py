"""The conf container in the long run: peers that come and go, a metadata service that restarts, files that a check refuses."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import docker
import pytest

from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.metadata.service.wire import Request
from tests.helpers import eventually
from tests.live.harness import TOPOLOGIES, Images, Unit, World, service, spec_of, start

PEERS = "/etc/probe/peers.txt"
CHECKED = "/etc/probe/checked.txt"
SPEC = """\
metadata: {key: {}}
launch: {wait: {scale: LIMIT}}
files:
- {dest: /etc/probe/peers.txt, body: [{text: "@{join(peers.ip, \\",\\")}\\n"}]}
- {dest: /etc/probe/checked.txt, check: "grep -q good {{.src}}", body: [{text: "@{metadata/key}\\n"}]}
"""
RESTARTED = 8081
Units = dict[str, Unit]


@pytest.fixture(scope="module")
def units(engine: docker.DockerClient, images: Images, main_image: str, test_labels: dict[str, str]) -> Iterator[Units]:
    known = {"key": "good 1"}
    services = [service(f"peers-{topology}", topology, metadata=known, scale=2) for topology in TOPOLOGIES]
    services += [service("impatient", "volumes", metadata=known, scale=2), service("restarted", "volumes", metadata=known)]
    conf = {topology: images.conf(spec_of(SPEC.replace("LIMIT", "300s"), topology)) for topology in TOPOLOGIES}
    impatient = images.conf(spec_of(SPEC.replace("LIMIT", "4s")))
    with World(engine, test_labels, services) as world:
        world.server.replace(lacking_one(world.answers()))
        units = {f"peers-{name}": Unit(world, f"peers-{name}", name, conf[name], main_image) for name in TOPOLOGIES}
        units["impatient"] = Unit(world, "impatient", "volumes", impatient, main_image)
        node, often = f"{world.gateway}:{RESTARTED}", {"RESYNC": "2"}
        units["restarted"] = Unit(world, "restarted", "volumes", conf["volumes"], main_image, node=node, environment=often)
        start(units.values())
        yield units


def rewritten(answers: Answers, change: Callable[[Any], None]) -> Answers:
    """Copy answers, with each mapping in them changed."""

    def visit(value: Any) -> None:
        for item in value.values() if isinstance(value, dict) else value if isinstance(value, list) else ():
            visit(item)
        if isinstance(value, dict):
            change(value)

    versions = json.loads(json.dumps(answers.versions))
    visit(versions)
    return Answers(versions)


def lacking_one(answers: Answers) -> Answers:
    """The answers while the second container of each service does not exist yet."""

    def drop(entry: dict[str, Any]) -> None:
        for key in ("containers", "services"):
            if isinstance(entry.get(key), list):
                entry[key] = [item for item in entry[key] if isinstance(item, str) or not str(item.get("name")).endswith("-2")]

    return rewritten(answers, drop)


def content(unit: Unit, path: str) -> str:
    found = unit.file(path)
    return found[0].decode() if found else ""


def addresses(unit: Unit, count: int = 2) -> list[str]:
    return [unit.world.addresses[f"live-{unit.name}-{index}"] for index in range(1, count + 1)]


def becomes(unit: Unit, path: str, wanted: str) -> None:
    if not eventually(lambda: content(unit, path) == wanted):
        pytest.fail(f"{path} is {content(unit, path)!r}, not {wanted!r}\n{unit.story()}", pytrace=False)


def test_after_its_limit_the_program_starts_without_the_peers_that_do_not_exist(units: Units) -> None:
    unit = units["impatient"]
    unit.wait_for("probe: start")
    assert unit.count("not all peers exist after 4 s; going on without them", "conf") == 1, unit.story()
    assert content(unit, PEERS) == f"{addresses(unit)[0]}\n"


def test_the_program_starts_when_all_peers_exist(units: Units) -> None:
    waiting = [units[f"peers-{topology}"] for topology in TOPOLOGIES]
    for unit in waiting:
        unit.wait_for("waiting for all peers to exist")
        assert not unit.count("probe: start"), unit.story()
    waiting[0].world.server.replace(waiting[0].world.answers())
    for unit in waiting:
        unit.wait_for("probe: start")
        becomes(unit, PEERS, ",".join(addresses(unit)) + "\n")


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_replaced_container_is_followed(units: Units, topology: str) -> None:
    unit = units[f"peers-{topology}"]
    unit.world.server.replace(unit.world.answers())
    unit.wait_for("probe: start")
    first, second = addresses(unit)
    fresh = f"{second}9"

    def move(entry: dict[str, Any]) -> None:
        if entry.get("primary_ip") == second:
            entry |= {"primary_ip": fresh, "ips": [fresh], "uuid": "fresh", "create_index": 3}

    unit.world.server.replace(rewritten(unit.world.answers(), move))
    becomes(unit, PEERS, f"{first},{fresh}\n")


def test_a_failing_check_keeps_the_old_file_and_is_logged(units: Units) -> None:
    unit = units["peers-volumes"]
    unit.world.server.replace(unit.world.answers())
    unit.wait_for("probe: start")
    unit.world.change(unit.name, metadata={"key": "bad"})
    unit.wait_for("Config check failed", who="conf")
    assert content(unit, CHECKED) == "good 1\n", unit.story()
    unit.world.change(unit.name, metadata={"key": "good 2"})
    becomes(unit, CHECKED, "good 2\n")


def test_other_data_after_a_restart_of_the_metadata_service_is_found(units: Units) -> None:
    unit = units["restarted"]
    world = unit.world
    asked: list[Request] = []
    with MetadataServer(world.answers(), world.gateway, RESTARTED, on_request=asked.append):
        unit.wait_for("probe: start")
        assert eventually(lambda: any("wait=true" in each.query for each in asked)), unit.story()
    before = world.services["restarted"]
    world.services["restarted"] = replace(before, metadata={"key": "good 2"})
    other = world.answers()
    world.services["restarted"] = before
    with MetadataServer(other, world.gateway, RESTARTED):
        becomes(unit, CHECKED, "good 2\n")
