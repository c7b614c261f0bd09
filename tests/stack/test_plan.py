"""What would run, shown without an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_forge.cli.main import Settings
from catalog_forge.cli.run.entries import chosen, show_plan
from catalog_forge.stack.model import Stack
from catalog_forge.stack.plan import published_once
from tests.helpers import tree

DOCKER = """
version: '2'
services:
  main:
    image: nginx:1
    command: run --password=${password}
    environment: {TOKEN: '${password}'}
    labels: {io.rancher.sidekicks: conf}
    volumes_from: [conf]
    volumes: ['/etc:/host:ro', 'data:/data']
    ports: ['80:80']
    links: ['db:base']
    container_name: x
  conf: {image: conf:1, labels: {io.rancher.container.start_once: 'true'}}
  db: {image: redis:5}
"""
RANCHER = """
version: '2'
catalog:
  version: '1'
  questions:
  - {variable: password, type: password, required: true}
services:
  main:
    scale: 2
    metadata: {key: value, pass: 'x ${password}'}
    health_check: {port: 80, request_line: GET / HTTP/1.0}
"""


@pytest.fixture
def stack(tmp_path: Path) -> Stack:
    tree(tmp_path, {"templates/web/0/docker-compose.yml": DOCKER, "templates/web/0/rancher-compose.yml": RANCHER})
    return chosen(Settings(tmp_path), "web", sets=("password=s3cret",))[1]


def test_text_shows_units_and_what_is_said_of_them(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    show_plan(stack, "text")
    assert (
        capsys.readouterr().out
        == """\
web: 2 services, in the order in which they start
db: 1 unit
  db: redis:5
    network: managed
main: 2 units
  main: nginx:1
    command: run --password=***
    network: managed
    volumes: /etc:/host:ro, data:/data, those of conf
    ports: 80:80
    environment: TOKEN
  conf: conf:1, runs once
    network: managed
  links: db as base
  health: 'GET / HTTP/1.0' at port 80, every 2000 ms, 2 up, 3 down
  metadata
    key: value
    pass: x ***
answers: password=***
volumes: data
not honoured:
  main: container_name: containers are named as Rancher names them
needs --trust:
  main: volumes: it mounts /etc of this machine
"""
    )


def test_json_shows_the_same_as_data(stack: Stack, capsys: pytest.CaptureFixture[str]) -> None:
    show_plan(stack, "json")
    found = json.loads(capsys.readouterr().out)
    main = found["services"][1]
    assert (main["scale"], main["primary"]["volumes_from"], main["metadata"]["pass"]) == (2, ["conf"], "x ***")
    assert found["unhonoured"][0]["where"] == "templates/web/0/docker-compose.yml:13:21"


@pytest.mark.parametrize("output", ["text", "json"])
def test_answers_to_secret_questions_are_never_shown(stack: Stack, output: str, capsys: pytest.CaptureFixture[str]) -> None:
    show_plan(stack, output)
    assert "s3cret" not in capsys.readouterr().out
    assert stack.services[1].primary.environment["TOKEN"] == "s3cret"


def test_ports_that_only_the_first_unit_has_are_said(stack: Stack) -> None:
    notes = published_once(stack).unhonoured
    assert [(note.service, note.key, note.message) for note in notes[len(stack.unhonoured) :]] == [
        ("main", "ports", "unit 1 alone publishes 80:80: there is one machine")
    ]
    assert published_once(Stack("s", stack.services[:1])).unhonoured == ()


def test_secrets_stay_out_of_what_python_prints_of_a_stack(stack: Stack) -> None:
    assert "secrets" not in repr(stack)


def test_what_an_entry_says_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docker = 'a: {image: x, command: ["\\e[2J"], volumes: ["/\\e]0;x:/y"]}\n'
    tree(tmp_path, {"templates/web/0/docker-compose.yml": docker})
    show_plan(chosen(Settings(tmp_path), "web")[1], "text")
    assert "\x1b" not in capsys.readouterr().out
