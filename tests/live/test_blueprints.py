"""The scenarios of every blueprint that is shipped, in containers of the image that it makes: reloads, checks, start and end."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import docker
import pytest

from catalog_forge.blueprint.find import GENERIC, shipped
from catalog_forge.image.engine import connect
from catalog_forge.repository import Repository
from catalog_forge.verify.container import ImageEngine
from catalog_forge.verify.play import Result, cases, play
from tests.blueprint.made import make, names
from tests.live.harness import Images

NAMES = [name for name in shipped() if name != GENERIC]
# `make test` plays in containers what differs in kind: sidekicks and groups, leaders, checks, each kind of reload.
# The scenarios of all blueprints it plays embedded and with the real confd (tests/blueprint/test_shipped.py).
FIRST = ("elasticsearch-conf", "galera-conf", "haproxy-conf", "nginx-conf", "prometheus-conf", "redis-conf", "zookeeper-conf")


@pytest.fixture(scope="module")
def results(
    request: pytest.FixtureRequest, engine: docker.DockerClient, images: Images, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[dict[str, Future[list[Result]]]]:
    """What comes of the scenarios of each blueprint that is asked for: four at a time, since containers mostly wait."""
    del engine
    asked = [name for name in NAMES if any(item.name.endswith(f"[{name}]") for item in request.session.items)]
    made = {name: make(name, tmp_path_factory.mktemp(name)) for name in asked}
    with ThreadPoolExecutor(4) as pool:
        yield {name: pool.submit(played, folder, images) for name, folder in made.items()}


def played(made: Path, images: Images) -> list[Result]:
    """Build the images of a catalog, and play its scenarios."""
    repository = Repository(made)
    found: list[Result] = []
    with connect() as engine:
        for source in map(repository.source, names(made)):
            tag = images.conf(source.spec(), static=source.folder.static)
            found += [play(case, ImageEngine(engine, tag)) for case in cases(source.spec(), source.folder)]
    return found


@pytest.mark.parametrize("name", [pytest.param(name, marks=() if name in FIRST else pytest.mark.second_tier) for name in NAMES])
def test_its_scenarios_pass_in_containers(results: dict[str, Future[list[Result]]], name: str) -> None:
    found = results[name].result()
    assert found
    for result in found:
        steps = [f"=== {step.name}: {step.failures}\n{step.seen.errors}\n{step.seen.log}" for step in result.steps]
        assert result.passed, "\n".join([*steps, str(result.broken or "")])
