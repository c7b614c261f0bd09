"""Charts whose pods run: clusters form from the metadata that a chart holds, and follow its scale. Programs say so themselves."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import docker
import pytest

from tests.chart import podman
from tests.live.software import Forge, eventually, forge_in, image_of
from tests.stores.conftest import needing

pytestmark = [pytest.mark.engine, pytest.mark.second_tier]


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


@pytest.fixture
def pods() -> Iterator[podman.Podman]:
    with needing("podman"), podman.running() as found:
        yield found


def chart_of(forge: Forge, pods: podman.Podman, blueprint: str, software: str) -> Path:
    """The chart of a blueprint; podman has its images."""
    image = image_of(software)
    forge.new(blueprint)
    forge("chart", blueprint)
    pods.load(image)
    for each in docker.from_env().api.images():
        for tag in each["RepoTags"] or ():
            if tag.startswith(f"{forge.registry}/"):
                pods.load(tag)
    return next((forge.catalog / "charts").iterdir())


def test_nodes_of_elasticsearch_form_a_cluster_and_their_quorum_follows_the_scale_without_a_restart(
    forge: Forge, pods: podman.Podman, helm_program: Path
) -> None:
    chart = chart_of(forge, pods, "elasticsearch-conf", "elasticsearch")
    masters, main = "elasticsearch-masters", "elasticsearch-masters-main"
    sets = ["services.elasticsearch-datanodes.scale=0", "services.elasticsearch-clients.scale=0", "answers.heap_size=512m"]

    def ask(index: int, path: str) -> Any:
        return json.loads(pods.run(f"es-{masters}-{index}", masters, "wget", "-qO-", f"http://127.0.0.1:9200/{path}"))

    def told(count: int) -> list[tuple[int, str, str]]:
        """What each node says of how many there are, how they are, and how many must agree on a master."""
        found = []
        for index in range(1, count + 1):
            health, told_since = ask(index, "_cluster/health"), ask(index, "_cluster/settings?flat_settings")["transient"]
            (node,) = ask(index, "_nodes/_local/settings?flat_settings")["nodes"].values()
            quorum = {**node["settings"], **told_since}["discovery.zen.minimum_master_nodes"]
            found.append((health["number_of_nodes"], health["status"], quorum))
        return found

    pods.apply(podman.rendered(helm_program, chart, "es", *sets))
    eventually("three nodes are one cluster", lambda: told(3), lambda found: found == [(3, "green", "2")] * 3)
    assert {each["name"] for each in ask(1, "_nodes")["nodes"].values()} == {f"es-{masters}-{index}" for index in (1, 2, 3)}
    before = [pods.started(f"es-{masters}-{index}", main) for index in (1, 2, 3)]
    pods.apply(podman.rendered(helm_program, chart, "es", *sets, f"services.{masters}.scale=5"))
    eventually("five nodes are one cluster", lambda: told(5), lambda found: found == [(5, "green", "3")] * 5)
    assert [pods.started(f"es-{masters}-{index}", main) for index in (1, 2, 3)] == before
    names = {f"es-{masters}-{index}.{masters}.{podman.DOMAIN}" for index in range(1, 6)}
    for index in range(1, 6):
        written = pods.run(f"es-{masters}-{index}", main, "cat", "/usr/share/elasticsearch/config/elasticsearch.yml")
        assert all(name in written for name in names)


def test_servers_of_zookeeper_are_an_ensemble_that_follows_the_scale(
    forge: Forge, pods: podman.Podman, helm_program: Path
) -> None:
    chart = chart_of(forge, pods, "zookeeper-conf", "zookeeper")

    def modes(count: int) -> list[str]:
        """What each server says that it is."""
        asked = "exec 3<>/dev/tcp/127.0.0.1/2181; echo srvr >&3; timeout 20 cat <&3"
        said = [pods.run(f"zk-zookeeper-{index}", "zookeeper", "bash", "-c", asked) for index in range(1, count + 1)]
        return sorted(line for text in said for line in text.splitlines() if line.startswith("Mode: "))

    def ensemble(count: int) -> list[str]:
        return ["Mode: follower"] * (count - 1) + ["Mode: leader"]

    pods.apply(podman.rendered(helm_program, chart, "zk", "answers.heap_size=128m"))
    eventually("three are an ensemble", lambda: modes(3), lambda found: found == ensemble(3))
    pods.apply(podman.rendered(helm_program, chart, "zk", "answers.heap_size=128m", "services.zookeeper.scale=5"))
    eventually("five are an ensemble", lambda: modes(5), lambda found: found == ensemble(5))
    for index in range(1, 6):
        written = pods.run(f"zk-zookeeper-{index}", "zookeeper", "cat", "/etc/zookeeper/zoo.cfg")
        assert [line.partition("=")[0] for line in written.splitlines() if line.startswith("server.")] == [
            f"server.{number}" for number in range(1, 6)
        ]
