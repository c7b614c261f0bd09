"""The examples that come with catalog-forge, as stacks of their real programs: each plays the scenario in which clients ask."""

from __future__ import annotations

import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from catalog_forge.blueprint.find import examples
from tests.live.software import Forge, forge_in, image_of

pytestmark = pytest.mark.engine
# What Debian has; the rest is of Maven Central and takes longer to be had and to start.
DEBIAN = {
    "galera-conf": ("mariadb",),
    "haproxy-conf": ("haproxy", "unprivileged"),
    "nginx-conf": ("nginx", "unprivileged"),
    "prometheus-conf": ("prometheus", "alertmanager"),
    "zookeeper-conf": ("zookeeper",),
}
MAVEN = {"elasticsearch-conf": ("elasticsearch",), "hadoop-conf": ("hadoop",), "kafka-conf": ("kafka", "zookeeper")}
NOWHERE = {"logstash-conf"}
IMAGES = DEBIAN | MAVEN


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


def test_each_example_is_played_or_known_as_one_whose_program_is_nowhere() -> None:
    assert {*IMAGES, *NOWHERE} == {*examples()}


@pytest.mark.parametrize(
    "name", [*DEBIAN, *(pytest.param(name, marks=pytest.mark.second_tier) for name in MAVEN)]
)  # fmt: skip
def test_its_program_serves_clients_while_the_stack_changes(name: str, forge: Forge) -> None:
    for image in IMAGES[name]:
        image_of(image)
    spec = examples()[name]
    shutil.copytree(spec.with_suffix(""), forge.catalog / "specs" / name)
    shutil.copy(spec, forge.catalog / "specs")
    forge("generate")
    said = forge("test", "--engine", "stack", "--confd", str(forge.confd), "--scenario", "serves")
    assert re.search(rf"passed +{name}/serves  [2-9] moments, ", said), said
