"""The examples that come with catalog-forge, as stacks of their real programs: each plays the scenario in which clients ask."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import pytest
import yaml

from catalog_forge.blueprint.find import examples
from catalog_forge.verify.asking import MAX_WITHIN
from tests.live.software import Forge, image_of

pytestmark = pytest.mark.engine
# What `make test` plays; clusters of Galera and ZooKeeper it runs under a client that writes (test_galera.py, test_zookeeper.py).
FIRST = {"nginx-conf": ("nginx", "unprivileged"), "prometheus-conf": ("prometheus", "alertmanager")}
SECOND = {
    "elasticsearch-conf": ("elasticsearch",),
    "galera-conf": ("mariadb",),
    "hadoop-conf": ("hadoop",),
    "haproxy-conf": ("haproxy", "unprivileged"),
    "kafka-conf": ("kafka", "zookeeper"),
    "zookeeper-conf": ("zookeeper",),
}
NOWHERE = {"logstash-conf"}
IMAGES = FIRST | SECOND


def test_each_example_is_played_or_known_as_one_whose_program_is_nowhere() -> None:
    assert {*IMAGES, *NOWHERE} == {*examples()}


def be_patient(scenario: Path) -> None:
    """Let a stack take as long as a busy machine takes to be as expected."""
    story = yaml.safe_load(scenario.read_text())
    for moment in (story, *story["then"]):
        moment["expect"]["within"] = f"{MAX_WITHIN:g}s"
    scenario.write_text(json.dumps(story))


@pytest.mark.parametrize(
    "name", [*FIRST, *(pytest.param(name, marks=pytest.mark.second_tier) for name in SECOND)]
)  # fmt: skip
def test_its_program_serves_clients_while_the_stack_changes(name: str, forge: Forge) -> None:
    for image in IMAGES[name]:
        image_of(image)
    spec = examples()[name]
    shutil.copytree(spec.with_suffix(""), forge.catalog / "specs" / name)
    shutil.copy(spec, forge.catalog / "specs")
    be_patient(forge.catalog / "specs" / name / "scenarios/serves.yml")
    forge("generate")
    said = forge("test", "--engine", "stack", "--confd", str(forge.confd), "--scenario", "serves")
    assert re.search(rf"passed +{name}/serves  [2-9] moments, ", said), said
