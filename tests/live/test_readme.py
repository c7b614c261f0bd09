"""What a newcomer copies from the README, the docs and the examples serves a client, with the real program."""

from __future__ import annotations

import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path

import docker
import pytest

from tests.live.software import ROOT, SRVR, Forge, eventually, forge_in, image_of, run, running

pytestmark = pytest.mark.engine
EXAMPLES = ROOT / "examples/specs"


@pytest.fixture
def forge(tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path) -> Iterator[Forge]:  # noqa: ARG001
    with forge_in(tmp_path, engine, confd) as forge:
        yield forge


def redis(client: docker.DockerClient, forge: Forge) -> None:
    """Ask the program what it was told, at first and after a change."""
    image_of("redis")
    with running(client, forge, "redis", maxmemory="64mb", maxmemory_policy="allkeys-lru") as stack:
        for memory, told in (("64mb", "67108864"), ("32mb", "33554432")):
            stack.up(maxmemory=memory)
            eventually(
                f"redis obeys maxmemory {memory}",
                lambda: run(stack.container("redis", 1), "redis-cli", "config", "get", "maxmemory").split(),
                lambda said, told=told: said == ["maxmemory", told],
            )


def proxy(_: docker.DockerClient, forge: Forge) -> None:
    """Play the scenario of the example in which clients ask."""
    (name,) = (path.stem for path in forge.catalog.glob("specs/*.yml"))
    image_of("nginx")
    image_of("haproxy")  # the load balancer of the one example, the program of the other
    said = forge("test", "--engine", "stack", "--confd", str(forge.confd), "--scenario", "serves")
    assert re.search(rf"passed +{name}/serves  3 moments, ", said), said


def zookeeper(client: docker.DockerClient, forge: Forge) -> None:
    """See an ensemble whose ids are the indexes of its servers."""
    image_of("zookeeper")
    with running(client, forge, "zookeeper") as stack:

        def modes() -> list[str]:
            said = [run(stack.container("zookeeper", index), "bash", "-c", SRVR) for index in (1, 2, 3)]
            return sorted(re.findall(r"Mode: (\w+)", "\n".join(said)))

        eventually("one leads", modes, lambda modes: modes == ["follower", "follower", "leader"])
        ids = [run(stack.container("zookeeper", index), "cat", "/data/myid") for index in (1, 2, 3)]
        assert ids == ["1\n", "2\n", "3\n"]


def prometheus(client: docker.DockerClient, forge: Forge) -> None:
    """See that it scrapes, by the file that confd has written."""
    image_of("prometheus")
    with running(client, forge, "prometheus") as stack:
        ask = ("promtool", "query", "instant", "http://127.0.0.1:9090", "up")
        eventually("it scrapes itself", lambda: run(stack.container("prometheus", 1), *ask), lambda said: "=> 1 @" in said)


CLIENTS = {
    "redis-conf": redis, "nginx-conf": proxy, "haproxy-conf": proxy, "zookeeper-conf": zookeeper, "prometheus-conf": prometheus,
}  # fmt: skip
NOT_IN_DEBIAN = {"hadoop-conf"}


def shown() -> dict[str, str]:
    """Every whole spec that a page or an example shows, by where it stands; but for what fetches something from nowhere."""
    specs = {}
    for page in (ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))):
        for number, block in enumerate(re.findall(r"^```yaml\n(.*?)^```", page.read_text(), re.DOTALL | re.MULTILINE)):
            if re.search("^forge: 1$", block, re.MULTILINE) and "https://example.org" not in block:
                specs[f"{page.relative_to(ROOT)}#{number}"] = block
    return specs | {f"examples/{path.stem}": path.read_text() for path in sorted(EXAMPLES.glob("*.yml"))}


def name_of(spec: str) -> str:
    return re.findall("^name: (.*)$", spec, re.MULTILINE)[0]


def test_what_the_pages_show_is_played() -> None:
    assert {name_of(spec) for spec in shown().values()} == {*CLIENTS, *NOT_IN_DEBIAN}
    assert {where.partition("#")[0] for where in shown()} >= {"README.md", "docs/tutorial.md", "docs/spec.md"}


@pytest.mark.parametrize("where", [where for where, spec in shown().items() if name_of(spec) not in NOT_IN_DEBIAN])
def test_a_spec_that_is_copied_serves_a_client(where: str, engine: docker.DockerClient, forge: Forge) -> None:
    spec = shown()[where]
    name = name_of(spec)
    if where.startswith("examples/"):
        shutil.copytree(EXAMPLES / name, forge.catalog / "specs" / name)
    forge.spec(name, spec)
    CLIENTS[name](engine, forge)


def test_the_command_of_the_readme_makes_an_entry_that_serves_a_client(engine: docker.DockerClient, forge: Forge) -> None:
    (command,) = re.findall(r"`(catalog-forge new redis-conf --service [^`]*)`", (ROOT / "README.md").read_text())
    forge(*shlex.split(command)[1:], "--no-build")
    forge.spec("redis-conf", (forge.catalog / "specs/redis-conf.yml").read_text())
    redis(engine, forge)
