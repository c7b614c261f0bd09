"""A check whose program only the main image has: confd asks the launch script, which runs it before the file is taken."""

from __future__ import annotations

from collections.abc import Iterator

import docker
import pytest

from catalog_forge.image.engine import connect
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.verify import view
from catalog_forge.verify.container import ImageEngine
from catalog_forge.verify.subject import of_spec
from tests.helpers import eventually
from tests.live.harness import TOPOLOGIES, Images, Unit, World, service, spec_of, start

DEST = "/etc/probe/checked.txt"
# The shell of the main image and its probe, which the conf image lacks, judge the file.
CHECK = "/bin/probe -now 0 && read -r word <{{.src}} && case $word in good*) ;; *) echo judged $word; exit 3 ;; esac"
SPEC = f"""\
metadata: {{key: {{}}}}
files:
- dest: {DEST}
  format: raw
  check: {CHECK}
  check_in: main
  reload: signal HUP
  body: [{{text: "@{{metadata/key}}\\n"}}]
"""


@pytest.fixture(scope="module")
def units(engine: docker.DockerClient, images: Images, main_image: str, test_labels: dict[str, str]) -> Iterator[dict[str, Unit]]:
    services = [service(f"judged-{topology}", topology, metadata={"key": "bad 0"}) for topology in TOPOLOGIES]
    with World(engine, test_labels, services) as world:
        units = {
            topology: Unit(
                world, f"judged-{topology}", topology, images.conf(spec_of(SPEC, topology)), main_image, ("/bin/probe", "it")
            )
            for topology in TOPOLOGIES
        }
        start(units.values())
        yield units


def content(unit: Unit) -> bytes:
    found = unit.file(DEST)
    return found[0] if found else b""


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_file_is_taken_when_main_has_accepted_it_and_the_last_good_one_stays(units: dict[str, Unit], topology: str) -> None:
    unit = units[topology]
    unit.wait_for("judged bad 0", who="conf")
    unit.wait_for("Config check failed")  # the main container tells what it waits for
    assert content(unit) == b"" and not unit.count('probe: start ["it"]')
    unit.world.change(unit.name, metadata={"key": "good 1"})
    unit.wait_for("every file is written", who="conf")
    unit.wait_for('probe: start ["it"]')
    assert content(unit) == b"good 1\n"
    unit.world.change(unit.name, metadata={"key": "bad 2"})
    unit.wait_for("judged bad 2", who="conf")
    assert content(unit) == b"good 1\n" and not unit.count("probe: signal")
    unit.world.change(unit.name, metadata={"key": "good 3"})
    unit.wait_for("probe: signal hangup")
    assert content(unit) == b"good 3\n"
    assert eventually(lambda: unit.run("ls /opt/probe-conf/check") == "")


def test_a_main_container_that_does_not_answer_keeps_the_old_file(units: dict[str, Unit]) -> None:
    unit = units["volumes"]
    unit.main.pause()
    try:
        before = content(unit)
        unit.world.change(unit.name, metadata={"key": "good 4"})
        unit.wait_for("has not run this check within 20 s", who="conf")
        assert content(unit) == before
    finally:
        unit.main.unpause()
    assert eventually(lambda: content(unit) == b"good 4\n")


def test_the_stand_in_of_the_image_engine_accepts_every_file(images: Images) -> None:
    spec = spec_of(SPEC)
    tag = images.conf(spec)
    text = "services: {probe: {sidekicks: [probe-conf], metadata: {key: bad 1}}}\nthen:\n- set: {key: bad 2}\n"
    played = scenario.read(text, "s.yml", "probe-conf")
    subject = of_spec(spec, lambda name, _: name)
    views = [view.of_moment(moment, number, subject.version) for number, moment in enumerate(played.moments)]
    with connect() as engine:
        first, second = ImageEngine(engine, tag).play(subject, views)
    assert first.files[DEST].content == b"bad 1\n" and not first.errors
    assert second.files[DEST].content == b"bad 2\n" and second.reloads == ("signal HUP",)
    assert "left out, this is not the service: a check" in second.log
