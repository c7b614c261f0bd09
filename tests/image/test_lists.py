"""An engine is looked at by its socket, without the SDK, and by the SDK where that is no way."""

from __future__ import annotations

import json
import socket
from collections.abc import Callable, Mapping
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import docker
import pytest

from catalog_forge.errors import EngineError
from catalog_forge.image.lists import labelled, look_for
from tests.image.fake_engine import fake_engine, hang_up, reply


def test_both_lists_are_asked_for_by_label_and_the_stopped_are_there_too(tmp_path: Path) -> None:
    asked: list[bytes] = []

    def answer(head: bytes, connection: socket.socket) -> None:
        asked.append(head.split()[1])
        reply(connection, [{"Id": "c" if head.startswith(b"GET /containers") else "n"}])

    with fake_engine(tmp_path / "s", answer) as host:
        assert labelled("a=b c", {"DOCKER_HOST": host}) == ([{"Id": "c"}], [{"Id": "n"}])
    containers, networks = (urlsplit(each.decode()) for each in asked)
    assert (containers.path, networks.path) == ("/containers/json", "/networks")
    assert parse_qs(containers.query)["all"] == ["1"]
    assert json.loads(parse_qs(networks.query)["filters"][0]) == {"label": ["a=b c"]}


def test_what_refuses_the_short_way_is_asked_by_the_sdk(tmp_path: Path) -> None:
    def answer(head: bytes, connection: socket.socket) -> None:
        if head.startswith(b"GET /version"):
            reply(connection, {"ApiVersion": "1.41"})
        elif head.startswith(b"GET /v1.41/"):
            reply(connection, [])
        else:
            reply(connection, {"message": "no version, no answer"}, "400 Bad Request")

    with fake_engine(tmp_path / "s", answer) as host:
        assert labelled("a", {"DOCKER_HOST": host}) == ([], [])


@pytest.mark.parametrize("ask", [look_for, lambda environ: labelled("a", environ)])
def test_no_engine_is_said_in_the_usual_words(tmp_path: Path, ask: Callable[[Mapping[str, str]], object]) -> None:
    with pytest.raises(EngineError, match="there is no such socket"):
        ask({"DOCKER_HOST": f"unix://{tmp_path}/none"})
    with fake_engine(tmp_path / "s", hang_up) as host, pytest.raises(EngineError, match="the connection was closed"):
        ask({"DOCKER_HOST": host})
    something = fake_engine(tmp_path / "other", lambda _, connection: reply(connection, "hello"))
    with something as host, pytest.raises(EngineError, match="another server answers at this address"):
        ask({"DOCKER_HOST": host})


def test_an_engine_that_answers_is_found(tmp_path: Path) -> None:
    with fake_engine(tmp_path / "s", lambda _, connection: reply(connection, {"ApiVersion": "1.41"})) as host:
        look_for({"DOCKER_HOST": host})


@pytest.mark.engine
def test_a_real_engine_lists_what_is_there(engine: docker.DockerClient, base_image: str, test_labels: dict[str, str]) -> None:
    labels = {**test_labels, "catalog-forge.list": "a&b"}
    container, network = engine.containers.create(base_image, labels=labels), engine.networks.create("listed", labels=labels)
    try:
        containers, networks = labelled("catalog-forge.list=a&b")
    finally:
        container.remove()
        network.remove()
    assert [(each["Id"], each["State"]) for each in containers] == [(container.id, "created")]
    assert [each["Id"] for each in networks] == [network.id]
