"""What the start of the program waits for, what is said meanwhile, and how the waiting ends."""

from __future__ import annotations

import socket
import time
from collections.abc import Iterator

import docker
import pytest

from catalog_forge.metadata.service.server import MetadataServer
from tests.helpers import PATIENCE, eventually
from tests.live.harness import TOPOLOGIES, Images, Unit, World, service, spec_of, start

DEST = "/etc/probe/probe.conf"
SPEC = """\
metadata: {key: {}}
launch: {wait: {metadata: LIMIT}}
files: [{dest: /etc/probe/probe.conf, format: raw, body: [{text: "@{metadata/key}\\n"}]}]
"""
UNKNOWN = "the metadata service does not know this container yet"
LATE, NEVER, SILENT, STOPPED = 8081, 8082, 8083, 8084
Units = dict[str, Unit]


@pytest.fixture(scope="module")
def conf_images(images: Images) -> dict[str, str]:
    """The image under test, its limit of the launch script brought down by a variable where a test says so."""
    edit = {"run.sh": lambda text: text.replace("limit=600\n", "limit=${LIMIT:-600}\n")}
    found = {topology: images.conf(spec_of(SPEC.replace("LIMIT", "300s"), topology), edit) for topology in TOPOLOGIES}
    return {**found, "hasty": images.conf(spec_of(SPEC.replace("LIMIT", "10s")), edit)}


@pytest.fixture(scope="module")
def units(
    engine: docker.DockerClient, conf_images: dict[str, str], main_image: str, test_labels: dict[str, str]
) -> Iterator[Units]:
    known = {"key": "value"}
    names = ("prefilled", "limited", "late", "never", "silent", "stopped", "watching")
    services = [service(name, "volumes", metadata=known) for name in names]
    services += [service(f"missing-{topology}", topology) for topology in TOPOLOGIES]
    services += [service(f"unknown-{topology}", topology, metadata=known) for topology in TOPOLOGIES]
    with World(engine, test_labels, services) as world, socket.create_server((world.gateway, SILENT)):
        ports = {"late": LATE, "never": NEVER, "silent": SILENT, "stopped": STOPPED}
        units = {}
        for each in services:
            topology = each.name.rpartition("-")[2]
            topology = topology if topology in TOPOLOGIES else "volumes"
            node = f"{world.gateway}:{ports[each.name]}" if each.name in ports else ""
            environment = {"LIMIT": "3"} if each.name == "limited" else {}
            image = conf_images["hasty" if each.name in ("never", "silent") else topology]
            units[each.name] = Unit(world, each.name, topology, image, main_image, node=node, environment=environment)
        world.change(*(f"unknown-{topology}" for topology in TOPOLOGIES), scale=0)
        units["prefilled"].put(DEST, b"stock\n")
        start(unit for name, unit in units.items() if name not in ("prefilled", "limited", "late", "stopped"))
        units["prefilled"].main.start()
        units["limited"].main.start()
        yield units


def test_a_late_metadata_service_is_waited_for(units: Units) -> None:
    unit = units["late"].start()
    unit.wait_for("waiting for the metadata service", who="conf")
    with MetadataServer(unit.world.answers(), unit.world.gateway, LATE):
        unit.wait_for("probe: start")


def test_a_file_in_the_volume_starts_nothing_until_the_conf_container_has_written_all(units: Units) -> None:
    unit = units["prefilled"]
    unit.wait_for("waiting for probe-conf to write the configuration (0 s of 600 s)")
    found = unit.file(DEST)
    assert found and found[0] == b"stock\n"
    time.sleep(2)
    assert not unit.count("probe: start"), unit.story()
    unit.conf.start()
    unit.wait_for("probe: start")
    found = unit.file(DEST)
    assert found and found[0] == b"value\n", unit.story()


def test_the_launch_script_gives_up_after_its_limit(units: Units) -> None:
    unit = units["limited"]
    assert unit.wait_for_end() == 1
    assert "gave up: probe-conf wrote no configuration within 3 s" in unit.logs()
    assert not unit.count("probe: start"), unit.story()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_missing_key_is_named_by_both_containers_and_awaited(units: Units, topology: str) -> None:
    unit = units[f"missing-{topology}"]
    for who in ("conf", "main"):
        unit.wait_for("required metadata key key has no value", who=who)
    assert unit.file(DEST) is None
    time.sleep(3)
    assert unit.count("required metadata key", "conf") == 1, unit.story()
    unit.world.change(unit.name, metadata={"key": "came"})
    unit.wait_for("probe: start")
    found = unit.file(DEST)
    assert found and found[0] == b"came\n", unit.story()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_container_that_the_metadata_does_not_know_yet_waits(units: Units, topology: str) -> None:
    unit = units[f"unknown-{topology}"]
    unit.wait_for(UNKNOWN)
    assert unit.file(DEST) is None
    unit.world.change(unit.name, scale=1)
    unit.wait_for("probe: start")


@pytest.mark.parametrize("name", ["never", "silent"])
def test_without_a_metadata_service_the_conf_container_ends_with_one_clear_line(units: Units, name: str) -> None:
    unit = units[name]
    assert unit.wait_for_end("conf") == 1
    first, last = unit.logs("conf").splitlines()
    assert first.startswith("probe-conf: waiting for the metadata service http://")
    assert last.startswith("probe-conf: gave up after 10 s: the metadata service http://"), unit.story()
    unit.wait_for("gave up after 10 s")


def start_again_unknown(unit: Unit) -> None:
    """Start the conf container again, in a volume where all was written, while the metadata does not know it."""
    unit.wait_for("probe: start")
    unit.world.change(unit.name, scale=0)
    unit.conf.restart(timeout=PATIENCE)
    unit.wait_for(UNKNOWN, 2, who="conf")


def test_a_stamp_of_an_earlier_run_starts_nothing(units: Units) -> None:
    unit = units["unknown-netns"]
    start_again_unknown(unit)
    assert unit.file("/opt/probe-conf/ready") is None, unit.story()


@pytest.mark.parametrize(
    ("name", "phase"),
    [("stopped", "waiting for the"), ("unknown-volumes", UNKNOWN), ("watching", "every file")],
)
def test_the_conf_container_stops_at_once_in_every_phase(units: Units, name: str, phase: str) -> None:
    unit = units[name]
    if name == "stopped":
        unit.start()
    if name == "unknown-volumes":
        start_again_unknown(unit)
    unit.wait_for(phase, who="conf")
    unit.conf.stop(timeout=PATIENCE)  # then the engine kills it
    assert unit.wait_for_end("conf") in (0, 143), unit.story()


def test_a_waiting_main_container_stops_at_once(units: Units) -> None:
    unit = units["stopped"]
    unit.wait_for("waiting for probe-conf")
    unit.main.stop(timeout=PATIENCE)
    assert unit.wait_for_end() == 143


def test_a_conf_container_that_starts_again_keeps_a_running_program_as_it_is(units: Units) -> None:
    unit = units["prefilled"]
    unit.wait_for("probe: start")
    unit.conf.restart(timeout=PATIENCE)
    unit.wait_for("every file is written", 2, who="conf")
    time.sleep(2)
    assert unit.count("probe:") == 1, unit.story()
    assert eventually(lambda: unit.file("/opt/probe-conf/ready") is not None)
