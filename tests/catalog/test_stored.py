"""The compose file of specs whose metadata lies in another store than Rancher's."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path
from typing import Any

import pytest

from catalog_forge import yamlio
from catalog_forge.backends import TABLE
from catalog_forge.catalog.stored import SERVERS, compose_file, compose_plan
from catalog_forge.forge import forge
from catalog_forge.spec.folder import SpecFolder
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.service import TOPOLOGIES
from catalog_forge.spec.reader import read

SPEC = """\
forge: 1
name: web-conf
service:
  {name: web, image: "web:1", topology: TOPOLOGY, scale: 2,
   ports: ["${port}:80", "81:81"], labels: {team: a}, volumes: ["data:/data"]}
launch: {exec: [web]}
engine: {backend: BACKEND}
metadata:
  port: {type: int, default: 80}
  name: {}
  banner: {optional: true}
  servers: {type: list, default: [a, $b]}
companions:
  beside: {image: "other:1", environment: {WHO: "${name}"}}
  lb:
    {image: "rancher/lb-service-haproxy:v0.9.1", lb_config: {port_rules: [{source_port: 80, target_port: 80, service: web}]}}
volumes: {data: {}}
files: [{dest: /etc/web/web.yml, body: [{text: "BODY"}]}]
"""
STORES = [name for name in TABLE if name != "rancher"]


def spec_of(backend: str, topology: str = "volumes") -> Spec:
    body = "x" if topology == "scripts" else "@{metadata/port}"
    return read(SPEC.replace("BACKEND", backend).replace("TOPOLOGY", topology).replace("BODY", body), "web-conf.yml")


def services(backend: str, topology: str = "volumes") -> dict[str, Any]:
    found: dict[str, Any] = compose_file(spec_of(backend, topology))["services"]
    return found


@pytest.mark.parametrize(
    ("backend", "topology"), [*((name, "volumes") for name in STORES), *(("redis", name) for name in TOPOLOGIES)]
)
def test_docker_compose_takes_the_file(backend: str, topology: str, docker_compose: Path, tmp_path: Path) -> None:
    (tmp_path / "compose.yaml").write_text(compose_plan(spec_of(backend, topology)).text("compose.yaml"))
    command = [docker_compose, "-f", tmp_path / "compose.yaml", "--profile", "store", "config"]
    answers = {"name": "n", "CONF_NODES": "t"}
    done = subprocess.run(command, env={**os.environ, **answers}, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found = yamlio.load(done.stdout, "config")
    assert "not set" not in done.stderr
    assert ("store" in found["services"]) == (backend in SERVERS)
    assert "io.rancher" not in done.stdout and "lb" not in found["services"]


def test_conf_is_told_where_the_keys_are_and_may_be_told_otherwise() -> None:
    conf = services("etcdv3")["web-conf"]["environment"]
    assert conf == {
        "CONF_BACKEND": "${CONF_BACKEND:-etcdv3}",
        "CONF_NODES": "${CONF_NODES:-store:2379}",
        "CONF_PREFIX": "${CONF_PREFIX:-/web}",
        "CONF_USERNAME": None,
        "CONF_PASSWORD": None,
    }
    store = services("etcdv3")["store"]
    assert (store["profiles"], store["ports"]) == (["store"], ["127.0.0.1:2379:2379"])


def test_answers_are_variables_with_the_defaults_of_the_questions() -> None:
    found = services("consul")
    assert found["web"]["ports"] == ["${port:-80}:80", "81:81"]
    assert found["beside"]["environment"] == {"WHO": "${name:?}"}
    assert found["web"]["scale"] == 2 and found["web"]["labels"] == {"team": "a"}


def test_variables_are_the_values_where_the_back_end_is_the_environment() -> None:
    told = services("env")["web-conf"]["environment"]
    assert {key: text for key, text in told.items() if key.startswith("WEB_")} == {
        "WEB_PORT": "${port:-80}",
        "WEB_NAME": "${name:?}",
        "WEB_BANNER": "${banner:-}",
        "WEB_SERVERS_0": "a",
        "WEB_SERVERS_1": "$$b",
    }


def test_containers_share_the_network_of_a_service() -> None:
    found = services("redis", "netns")
    assert found["web-main"]["network_mode"] == "service:web"
    assert found["web-volumes"]["restart"] == "no" and found["web"]["restart"] == "unless-stopped"
    assert "scale" not in found["web"]


@pytest.mark.parametrize(
    ("backend", "rooms"),
    [
        ("rancher", {"images", "templates"}),
        ("[rancher, etcdv3]", {"images", "templates", "compose"}),
        ("etcdv3", {"images", "compose"}),
    ],
)
def test_the_entry_is_there_for_rancher_alone(backend: str, rooms: set[str], tmp_path: Path) -> None:
    plan = forge(spec_of(backend), SpecFolder(tmp_path, "web-conf"))
    assert {file.path.partition("/")[0] for file in plan} == rooms


@pytest.mark.parametrize("default", ["a}b", "{{ x }}", "a$b", "${HOME}", "$$"])
def test_a_default_that_compose_cannot_hold_never_comes_out_as_another(
    default: str, docker_compose: Path, tmp_path: Path
) -> None:
    text = SPEC.replace("BACKEND", "env").replace("TOPOLOGY", "volumes").replace("BODY", "@{metadata/name}")
    spec = read(text.replace("name: {}", f"name: {{default: {json.dumps(default)}}}"), "web-conf.yml")
    (tmp_path / "compose.yaml").write_text(compose_plan(spec).text("compose.yaml"))
    command = [docker_compose, "-f", tmp_path / "compose.yaml", "config"]
    refused = subprocess.run(command, capture_output=True, text=True, check=False)
    assert refused.returncode and "beside" in refused.stderr and "name" in refused.stderr
    done = subprocess.run(command, capture_output=True, check=True, env={**os.environ, "name": "told"})
    services = yamlio.to_data(yamlio.parse(done.stdout, "config"))["services"]
    assert services["beside"]["environment"]["WHO"] == services["web-conf"]["environment"]["WEB_NAME"] == "told"
    own = compose_file(spec)["services"]["web-conf"]["environment"]["WEB_NAME"]
    assert own == "${name:-}"  # then the templates take the default
