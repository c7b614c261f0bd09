"""The conf image itself: its size, its checks at build time, its labels and variables, whom its files belong to."""

from __future__ import annotations

import io
import tarfile
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from catalog_forge.errors import BuildError
from catalog_forge.image.files import image_plan
from tests.helpers import PATIENCE
from tests.image.specs import HOSTILE, HOSTILE_SPEC
from tests.live.harness import SHARE, Images, Unit, World, service, spec_of, start

THREE_FILES = """\
metadata: {key: {}, word: {type: password}}
USER
files:
- dest: /etc/probe/plain.conf
  format: raw
  mode: "0640"
  uid: 1000
  gid: 50
  reload: signal HUP
  body: [{text: "@{metadata/key}"}]
- {dest: /etc/probe/deep/er/plain.yml, reload: "http PUT http://127.0.0.1/", body: [{set: {key: "@{metadata/key}"}}]}
- {dest: /srv/probe/secret.txt, reload: restart, body: [{text: "@{metadata/word}"}]}
"""
AS_ROOT, AS_USER = THREE_FILES.replace("USER\n", ""), THREE_FILES.replace("USER", 'image: {user: "1000:1001"}')
Units = dict[str, Unit]


@pytest.fixture(scope="module")
def units(engine: docker.DockerClient, images: Images, main_image: str, test_labels: dict[str, str]) -> Iterator[Units]:
    values = {"key": "value", "word": "secret"}
    specs = {"root": AS_ROOT, "user": AS_USER}
    with World(engine, test_labels, [service(name, "volumes", metadata=values) for name in specs]) as world:
        units = {name: Unit(world, name, "volumes", images.conf(spec_of(text)), main_image) for name, text in specs.items()}
        units["root"].put(f"{SHARE}/run.sh", b"echo from an older image\n")
        start(units.values())
        yield units


def owner_and_mode(unit: Unit, path: str) -> tuple[int, int, str]:
    found = unit.file(path)
    assert found, unit.story()
    return found[1].uid, found[1].gid, f"{found[1].mode & 0o7777:04o}"


def test_files_have_the_mode_and_owner_of_the_spec(units: Units) -> None:
    unit = units["root"]
    unit.wait_for("probe: start")
    assert owner_and_mode(unit, "/etc/probe/plain.conf") == (1000, 50, "0640")
    assert owner_and_mode(unit, "/etc/probe/deep/er/plain.yml") == (0, 0, "0644")
    assert owner_and_mode(unit, "/srv/probe/secret.txt") == (0, 0, "0600")


def test_an_image_that_runs_as_another_user_writes_files_of_that_user(units: Units) -> None:
    unit = units["user"]
    unit.wait_for("probe: start")
    assert unit.run("id -u; id -g").split() == ["1000", "1001"]
    assert owner_and_mode(unit, "/etc/probe/plain.conf") == (1000, 1001, "0640")
    assert owner_and_mode(unit, "/etc/probe/deep/er/plain.yml") == (1000, 1001, "0644")
    assert owner_and_mode(unit, "/srv/probe/secret.txt") == (1000, 1001, "0600")


@pytest.mark.parametrize("name", ["root", "user"])
def test_a_change_is_written_and_acted_on_whoever_runs_the_image(units: Units, name: str) -> None:
    unit = units[name]
    unit.wait_for("probe: start")
    unit.world.change(name, metadata={"key": "other"})
    unit.wait_for("probe: signal hangup")
    found = unit.file("/etc/probe/plain.conf")
    assert found and found[0] == b"other"


def test_a_main_image_needs_a_shell_and_sleep_and_nothing_else(units: Units) -> None:
    unit = units["root"]
    unit.wait_for("probe: start")
    packed, _ = unit.main.get_archive("/bin")
    with tarfile.open(fileobj=io.BytesIO(b"".join(packed))) as archive:
        assert set(archive.getnames()) == {"bin", "bin/sh", "bin/sleep", "bin/probe"}


def test_a_volume_of_an_older_image_gets_the_launch_script_of_this_one(units: Units) -> None:
    unit = units["root"]
    unit.wait_for("every file is written", who="conf")
    found = unit.file(f"{SHARE}/run.sh")
    plan = image_plan(spec_of(AS_ROOT), lambda name, _: name)
    assert found and found[0] == plan["run.sh"].content
    assert f"{found[1].mode & 0o777:o}" == "755"


@pytest.mark.parametrize("spec", [AS_ROOT, AS_USER])
def test_the_image_is_its_base_and_confd_and_little_more(
    engine: docker.DockerClient, images: Images, base_image: str, confd: Path, spec: str
) -> None:
    image = engine.images.get(images.conf(spec_of(spec)))
    base = engine.images.get(base_image)
    added = sum(layer["Size"] for layer in image.history()) - sum(layer["Size"] for layer in base.history())
    assert confd.stat().st_size < added <= confd.stat().st_size + 32 * 1024


def test_an_unexpected_confd_fails_the_build(images: Images) -> None:
    with pytest.raises(BuildError, match="sha256sum -c"):
        images.conf(spec_of(AS_ROOT), args={"CONFD_SHA256": "0" * 64})


def test_a_check_whose_program_the_image_lacks_fails_the_build(images: Images) -> None:
    text = 'files: [{dest: /etc/probe/a.conf, format: raw, check: "no-such-lint {{.src}}", body: [{text: x}]}]\n'
    with pytest.raises(BuildError, match="the image lacks no-such-lint, which a check of the spec runs"):
        images.conf(spec_of(text))


def test_hostile_texts_reach_labels_and_environment_as_they_are(engine: docker.DockerClient, images: Images) -> None:
    config = engine.images.get(images.conf(spec_of(HOSTILE_SPEC))).attrs["Config"]
    environment = dict(variable.split("=", 1) for variable in config["Env"])
    assert environment["HOSTILE"] == HOSTILE
    assert config["Labels"]["hostile"] == HOSTILE
    assert config["Labels"]["org.opencontainers.image.description"] == HOSTILE.replace("\n", " ")
    assert config["Entrypoint"] == ["/entrypoint.sh"]


def test_once_renders_and_ends_and_tells_by_its_status_whether_it_could(units: Units) -> None:
    unit = units["root"]
    world = unit.world
    unit.conf.stop(timeout=PATIENCE)
    statuses, logs = {}, {}
    for known in (True, False):
        world.change("root", scale=1 if known else 0)
        once = unit.another_conf("once")
        once.start()
        statuses[known] = once.wait(timeout=PATIENCE)["StatusCode"]
        logs[known] = once.logs().decode()
        once.remove(v=True)
    assert statuses == {True: 0, False: 1}, logs
    assert "does not know this container yet" in logs[False]
