"""What would run, shown without an engine."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import Settings, root
from catalog_forge.cli.run.entries import chosen, show_plan
from catalog_forge.stack.model import Stack
from catalog_forge.stack.plan import data, published_once
from catalog_forge.stack.state import StateFolder, home
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
  health: 'GET / HTTP/1.0' at port 80, every 2000 ms; healthy after 2, unhealthy after 3
  metadata
    key: value
    pass: x ***
answers: password=***
volumes: data
not honoured:
  main: container_name: containers get the names that Rancher would give them
needs --trust:
  main: volumes: the container mounts /etc of this machine
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


@pytest.mark.parametrize(("answer", "said"), [("s3cret", "nothing changes"), ("0ther", "environment.TOKEN: *** -> ***")])
def test_a_secret_changes_where_its_answer_does(
    stack: Stack, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answer: str, said: str
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    folder = StateFolder(home(), "web")
    folder.make()
    folder.write_plan(published_once(stack))
    done = CliRunner().invoke(root, ["-C", str(tmp_path), "up", "web", "--plan", "--set", f"password={answer}"])
    assert (done.exit_code, said in done.output, "s3cret" in done.output, "0ther" in done.output) == (0, True, False, False)


def test_ports_that_only_the_first_unit_has_are_said(stack: Stack) -> None:
    notes = published_once(stack).unhonoured
    assert [(note.service, note.key, note.message) for note in notes[len(stack.unhonoured) :]] == [
        ("main", "ports", "only unit 1 publishes 80:80, because there is only one machine")
    ]
    assert published_once(Stack("s", stack.services[:1])).unhonoured == ()


def test_secrets_stay_out_of_what_python_prints_of_a_stack(stack: Stack) -> None:
    assert "secrets" not in repr(stack)


def test_what_an_entry_says_cannot_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    docker = 'a: {image: x, command: ["\\e[2J"], volumes: ["/\\e]0;x:/y"]}\n'
    tree(tmp_path, {"templates/web/0/docker-compose.yml": docker})
    show_plan(chosen(Settings(tmp_path), "web")[1], "text")
    assert "\x1b" not in capsys.readouterr().out


QUESTION = ".catalog: {questions: [{variable: PW, type: password, default: demo}]}\n"
APP = """\
app:
  image: acme/demo-web:1.2
  command: [demo, "-p", "${PW}"]
  volumes: ["/srv/demo/data:/data"]
  environment: {PW: "${PW}", BOTH: "x-${PW}-demo-web", HOME: /demo}
  labels: {"app": "${PW}"}
"""


def planned(folder: Path, docker: str, *sets: str, name: str = "docker-compose.yml") -> dict[str, Any]:
    """The plan as data, read back from JSON as a program would."""
    tree(folder, {f"templates/web/0/{name}": docker, "templates/web/0/rancher-compose.yml": QUESTION})
    found = data(chosen(Settings(folder), "web", sets=sets)[1])
    read: dict[str, Any] = json.loads(json.dumps(found))
    return read


@pytest.mark.parametrize(("sets", "shown"), [((), "demo"), (("PW=demo",), "demo"), (("PW=web",), "***"), (("PW=e",), "***")])
def test_stars_stand_where_the_answer_stands_and_a_default_is_public(sets: tuple[str, ...], shown: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, APP, *sets)
    app = plan["services"][0]["primary"]
    assert (app["image"], app["volumes"]) == ("acme/demo-web:1.2", ["/srv/demo/data:/data"])
    assert app["command"] == ["demo", "-p", shown]
    assert app["environment"] == {"PW": shown, "BOTH": f"x-{shown}-demo-web", "HOME": "/demo"}
    assert plan["dangerous"][0]["message"] == "the container mounts /srv/demo/data of this machine"
    assert plan["answers"] == ({} if not sets else {"PW": shown})


@pytest.mark.parametrize("answer", ["s3cret word", "'s3cret' \"word\"", "s3cret"])
def test_no_part_of_an_answer_shows_in_a_command_that_is_cut_into_words(answer: str, tmp_path: Path) -> None:
    plan = planned(tmp_path, 'app: {image: x, command: "run --pw ${PW} --last"}\n', f"PW={answer}")
    assert plan["services"][0]["primary"]["command"] == ["run", "--pw", "***", "--last"]


@pytest.mark.parametrize(
    "docker",
    [
        '{{if eq .Values.PW "s3cret"}}app: {image: x}\nother: {image: w, labels: {A: "${PW}"}}{{else}}app: {image: z}{{end}}\n',
        'app: {image: x, environment: {A: "{{.Values.PW | upper}}", B: "{{.Values.PW}}"}}\n',
        'app: {image: x, ports: ["{{if eq .Values.PW "s3cret"}}80:80{{else}}nonsense{{end}}"], environment: {A: "${PW}"}}\n',
        'app: {image: x, environment: ["${PW}=1"]}\n',
    ],
)
def test_an_answer_that_decides_on_the_entry_is_hidden_too(docker: str, tmp_path: Path) -> None:
    name = "docker-compose.yml.tpl" if "{{" in docker else "docker-compose.yml"
    plan = planned(tmp_path, docker, "PW=s3cret", name=name)
    assert "s3cret" not in str(plan).lower() and "***" in str(plan)
    assert plan["services"][0]["primary"]["name"] == "app"


def test_what_is_said_of_a_stack_that_is_to_run_hides_answers_too(tmp_path: Path) -> None:
    tree(tmp_path, {"templates/web/0/docker-compose.yml": 'app: {image: x, volumes: ["/srv/${PW}:/data"]}\n'})
    tree(tmp_path, {"templates/web/0/rancher-compose.yml": QUESTION})
    stack = chosen(Settings(tmp_path), "web", sets=["PW=s3cret"])[1]
    assert stack.services[0].primary.volumes == ("/srv/s3cret:/data",)
    assert [note.message for note in stack.dangerous] == ["the container mounts /srv/*** of this machine"]
