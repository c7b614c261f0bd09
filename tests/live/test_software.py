"""Real software: what its images do by themselves, before a stack is made of them."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator

import docker
import pytest
from docker.models.containers import Container

from tests.live.software import SRVR, eventually, image_of, run

pytestmark = pytest.mark.engine
Start = Callable[..., Container]
GET = "exec 3<>/dev/tcp/127.0.0.1/9200; printf 'GET / HTTP/1.0\\r\\n\\r\\n' >&3; cat <&3"


@pytest.fixture
def start(engine: docker.DockerClient, test_labels: dict[str, str]) -> Iterator[Start]:
    """Start a container of some software with its own configuration."""
    started: list[Container] = []

    def start(name: str, *command: str, **environment: str) -> Container:
        image = image_of(name)
        made = engine.containers.run(image, list(command), environment=environment, labels=test_labels, detach=True)
        started.append(made)
        return made

    yield start
    for container in started:
        container.remove(force=True, v=True)


@pytest.mark.second_tier
def test_elasticsearch_answers_and_runs_as_its_own_user(start: Start) -> None:
    node = start("elasticsearch", ES_HEAP_SIZE="256m")
    answer = eventually("it answers", lambda: run(node, "bash", "-c", GET))
    assert json.loads(answer[answer.index("{") :])["version"]["number"] == "2.4.6"
    assert "Uid:\t1000\t1000" in run(node, "cat", "/proc/1/status")


def test_nginx_serves_a_page(start: Start) -> None:
    server = start("nginx")
    page = eventually("it answers", lambda: run(server, "curl", "-sf", "http://127.0.0.1/"))
    assert "<title>Welcome to nginx!</title>" in page


def test_redis_answers_other_machines_than_its_own(start: Start) -> None:
    server = start("redis")
    server.reload()
    address = server.attrs["NetworkSettings"]["Networks"]["bridge"]["IPAddress"]
    other = start("redis", "sleep", "60")
    assert eventually("it answers", lambda: run(other, "redis-cli", "-h", address, "ping")) == "PONG\n"


def test_zookeeper_says_how_it_is(start: Start) -> None:
    server = start("zookeeper")

    def serving() -> str | None:
        answer = run(server, "bash", "-c", SRVR)
        return answer if answer and "Mode:" in answer else None

    answer = eventually("it serves", serving)
    assert "Zookeeper version: 3." in answer and "Mode: standalone" in answer
