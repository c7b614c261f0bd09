"""An entry of rancher/community-catalog, as it stands there, with the conf image that it was written for.

Nothing of that catalog is part of this project, so this runs where checkouts of it and of rancher/catalog-dockerfiles are
given, and is not collected elsewhere (conftest.py):

    CATALOG_FORGE_COMMUNITY_CATALOG=PATH CATALOG_FORGE_CATALOG_DOCKERFILES=PATH make test ARGS=tests/live/test_community_entry.py
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from docker import DockerClient
from docker.errors import ImageNotFound

from catalog_forge.image.builder import BuildRequest, build
from catalog_forge.image.engine import connect
from catalog_forge.plan import File, Plan
from tests.live.software import eventually, image_of, run
from tests.live.tool import Tool

pytestmark = pytest.mark.engine
CONF, PROGRAM, PAGE = "rancher/elasticsearch-conf:v0.5.0", "elasticsearch:2.4.3-alpine", "rancher/kopf:v0.4.0"


@pytest.fixture
def images(engine: DockerClient, base_image: str, confd: Path) -> Iterator[None]:  # noqa: ARG001
    """The images of the entry: its conf image with another confd, real software of a near version, a page for a page."""
    there = {tag for image in engine.api.images() for tag in image["RepoTags"] or []}
    assert not there & {CONF, PROGRAM, PAGE}, "an image of the entry is there: its stand-in would take the tag"
    folder = Path(os.environ["CATALOG_FORGE_CATALOG_DOCKERFILES"]) / "elasticsearch/containers/0.5.0/elasticsearch-conf"
    try:
        engine.images.get(image_of("elasticsearch")).tag(PROGRAM)
        engine.images.get(image_of("nginx")).tag(PAGE)
        with connect() as door:
            build(door, BuildRequest(context(folder, confd), (CONF,), {}), lambda _: None)
        yield
    finally:
        for tag in (CONF, PROGRAM, PAGE):
            with suppress(ImageNotFound):
                engine.images.remove(tag)


def context(folder: Path, confd: Path) -> Plan:
    """The build context as it stands there, but for the confd and the base image, which come from this machine."""
    plan = Plan([File("confd", confd.read_bytes(), 0o755)])
    for path in sorted(each for each in folder.rglob("*") if each.is_file()):
        content, mode = path.read_bytes(), path.stat().st_mode & 0o777
        if path.name == "Dockerfile":
            text = re.sub("^FROM busybox$", "FROM busybox:1.37.0", content.decode(), flags=re.M)
            content = re.sub(r"^ADD https:\S+ /confd$", "ADD ./confd /confd", text, flags=re.M).encode()
        plan.add(File(str(path.relative_to(folder)), content, mode))
    return plan


def test_elasticsearch_2_forms_its_cluster_of_masters_data_nodes_and_clients(images: None, tool: Tool) -> None:  # noqa: ARG001
    entry = Path(os.environ["CATALOG_FORGE_COMMUNITY_CATALOG"]) / "templates/elasticsearch-2"
    words = ("up", str(entry), "--revision", "1", "--name", tool.name, "-d", "--set", "cluster_name=community")
    said = tool.run(*words, "--set", "kopf_port=18099")
    assert said.count("not honoured") == 1 and "scheduler.affinity:container_label_ne" in said

    def ask(path: str) -> Any:
        return json.loads(run(tool.client.containers.get(f"{tool.name}-kopf-1"), "curl", "-sf", f"http://es-clients:9200/{path}"))

    def roles() -> dict[str, tuple[str, str]]:
        nodes = ask("_nodes/_all/none")["nodes"].values()
        return {each["name"]: (each["attributes"].get("master"), each["attributes"].get("data")) for each in nodes}

    expected = {
        f"{tool.name}-elasticsearch-masters-1": ("true", "false"),
        f"{tool.name}-elasticsearch-datanodes-1": ("false", None),
        f"{tool.name}-elasticsearch-clients-1": ("false", "false"),
    }
    eventually("three nodes with their roles", roles, lambda found: found == expected)
    health = ask("_cluster/health")
    assert (health["cluster_name"], health["status"], health["number_of_data_nodes"]) == ("community", "green", 1)
    tool.run(*words, "--scale", "elasticsearch-datanodes=2")
    eventually("one more data node", lambda: ask("_cluster/health"), lambda found: found["number_of_data_nodes"] == 2)
