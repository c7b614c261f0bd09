"""Generates the services of an entry that keeps its metadata in a store other than Rancher's. Also generates a store for trials.

`with_store` adds the store and confd's settings to docker-compose.yml, for the commands `up` and `test`. `compose_plan`
writes the same services in the format of https://github.com/compose-spec/compose-spec, for users without Rancher.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from catalog_forge import yamlio
from catalog_forge.backends import TABLE
from catalog_forge.catalog.compose import docker_compose
from catalog_forge.catalog.questions import literal, questions
from catalog_forge.confd.layout import as_variables, layout
from catalog_forge.plan import Plan
from catalog_forge.rancher.keys import BALANCER, START_ONCE
from catalog_forge.rancher.variables import dollars
from catalog_forge.spec.model import Spec

STORE = "store"
FILE = "/opt/values/values.json"


@dataclass(frozen=True, slots=True)
class Server:
    """A throwaway store for trials: a server without a password that keeps no data after it stops."""

    image: str
    command: tuple[str, ...] = ()
    environment: Mapping[str, str] = field(default_factory=dict)
    token: str = ""


_ETCD = ("/usr/local/bin/etcd", "--listen-client-urls=http://0.0.0.0:2379", f"--advertise-client-urls=http://{STORE}:2379")
SERVERS: Mapping[str, Server] = {
    "etcdv3": Server("quay.io/coreos/etcd:v3.4.23", _ETCD),
    "etcd": Server("quay.io/coreos/etcd:v3.4.23", (*_ETCD, "--enable-v2")),
    "consul": Server("hashicorp/consul:1.9.17", ("agent", "-dev", "-client=0.0.0.0")),
    # confd notices changes in Redis only through these keyspace events.
    "redis": Server("redis:3.2.11", ("redis-server", "--notify-keyspace-events", "K$gh")),
    "zookeeper": Server("zookeeper:3.4.14"),
    "vault": Server(
        "vault:1.2.4",
        ("server", "-dev", "-dev-kv-v1", "-dev-listen-address=0.0.0.0:8200", "-dev-root-token-id=root"),
        {"SKIP_SETCAP": "true"},
        "root",
    ),
}
# A default in a compose file can contain neither `}`, which ends it, nor `$`, which docker-compose 1.29 would leave doubled.
_UNHELD = re.compile(r"[$}]")
# The prefix of labels that only Rancher reads.
_RANCHER_LABEL = "io.rancher."
_LOGIN = ("CONF_USERNAME", "CONF_PASSWORD", "CONF_TOKEN")
_AWS = ("AWS_REGION", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY")


def node_of(backend: str) -> str:
    """Return the address at which confd finds the trial store, or "" if this back end has no trial store."""
    found = TABLE[backend]
    return f"{found.scheme}{STORE}:{found.port}" if backend in SERVERS else FILE if backend == "file" else ""


def with_store(spec: Spec) -> dict[str, Any]:
    """Return docker-compose.yml as data, with a store and with conf containers that read from that store."""
    data = docker_compose(spec)
    backend = spec.engine.store
    for name in confs(spec, data["services"]):
        data["services"][name] |= {"environment": {**data["services"][name].get("environment", {}), **_told(spec, backend)}}
    if server := SERVERS.get(backend):
        data["services"][STORE] = _service(server)
    return data


def confs(spec: Spec, services: Mapping[str, Any]) -> list[str]:
    """Return the services whose containers run confd."""
    return [
        name
        for name, each in services.items()
        if each["image"] == spec.tag and "entrypoint" not in each and each.get("network_mode") != "none"
    ]


def _service(server: Server) -> dict[str, Any]:
    found = {"image": server.image, "command": literal(server.command), "environment": dict(server.environment)}
    return {key: value for key, value in found.items() if value}


def _told(spec: Spec, backend: str) -> dict[str, Any]:
    """Return the environment variables that tell confd where the keys are."""
    told: dict[str, Any] = {"CONF_BACKEND": backend}
    if node := node_of(backend):
        told["CONF_NODES"] = node
    if (server := SERVERS.get(backend)) and server.token:
        told |= {"CONF_AUTH_TYPE": "token", "CONF_TOKEN": server.token}
    if backend == "env":
        told |= _variables(spec)
    return told


def _variables(spec: Spec) -> dict[str, str]:
    """Return all answers and defaults as the environment variables that confd's `env` back end reads."""
    said = {name: key for name, key in spec.metadata.items() if key.asked or key.default}
    values = {name: f"${{{key.variable}}}" if key.asked else literal(key.default) for name, key in said.items()}
    return as_variables(layout(spec, "env", values))


def compose_plan(spec: Spec) -> Plan:
    """Return compose.yaml: the services, and the trial store in the profile `store`."""
    plan = Plan()
    note = f"# {spec.note}\n# --profile {STORE} adds a store for trials; CONF_NODES selects another store.\n"
    plan.add_text("compose.yaml", note + yamlio.dump(compose_file(spec)))
    return plan


def compose_file(spec: Spec) -> dict[str, Any]:
    """Return compose.yaml as data."""
    data, backend = with_store(spec), spec.engine.store
    defaults = {question["variable"]: str(question.get("default", "")) for question in questions(spec)}
    needed = {question["variable"] for question in questions(spec) if question["required"] and not question.get("default")}
    alone = {name for name, each in data["services"].items() if BALANCER.fullmatch(each["image"])}
    unheld = {name for name, default in defaults.items() if _UNHELD.search(default)}
    told = {**defaults, **dict.fromkeys(unheld, "")} if backend == "env" else defaults
    own = confs(spec, data["services"])
    services = {
        # The templates in a conf container also contain the defaults. For any other service, the user must answer each question
        # whose default cannot be represented in a compose file.
        name: _answered(_standard(each), told, needed) if name in own else _answered(_standard(each), defaults, needed | unheld)
        for name, each in data["services"].items()
        if name not in alone
    }
    for name, each in services.items():
        if name in own:
            each["environment"] |= _outside(spec, backend)
            if backend == "file":
                each["volumes"] = [*each.get("volumes", ()), "./values:/opt/values:ro"]
        elif name == STORE:
            # The port is published for the command `seed`, and only to this machine.
            each |= {"profiles": [STORE], "ports": [f"127.0.0.1:{TABLE[backend].port}:{TABLE[backend].port}"]}
    for member in spec.members:
        if spec.service.topology in ("volumes", "scripts", "embedded") and member.scale != 1:
            services[member.name]["scale"] = member.scale if isinstance(member.scale, int) else 1
    return {"services": services, **({"volumes": data["volumes"]} if data.get("volumes") else {})}


def _outside(spec: Spec, backend: str) -> dict[str, Any]:
    """Return the environment variables with which a user selects another back end of the spec, or another store."""
    told: dict[str, Any] = {
        "CONF_BACKEND": f"${{CONF_BACKEND:-{backend}}}",
        "CONF_PREFIX": f"${{CONF_PREFIX:-{spec.engine.prefix}}}",
    }
    if (node := node_of(backend)) and backend != "file":
        told["CONF_NODES"] = f"${{CONF_NODES:-{node}}}"
    if backend == "dynamodb":
        told["CONF_NODES"] = "${CONF_NODES:?the name of the table}"
    found = TABLE[backend]
    words = [word for word in _LOGIN if word in found.credentials or word in found.exported]
    if (server := SERVERS.get(backend)) and server.token:
        told["CONF_TOKEN"] = f"${{CONF_TOKEN:-{server.token}}}"
        words.remove("CONF_TOKEN")
    # If a variable has no value in the file, compose takes the value from its own environment.
    return told | dict.fromkeys([*words, *(_AWS if backend in ("dynamodb", "ssm") else ())], None)


def _standard(service: Mapping[str, Any]) -> dict[str, Any]:
    """Return a service in the form of the compose specification, with the restart policy that the service has in Rancher."""
    labels = service.get("labels", {})
    found = {key: value for key, value in service.items() if key not in ("labels", "restart")}
    if kept := {key: value for key, value in labels.items() if not key.startswith(_RANCHER_LABEL)}:
        found["labels"] = kept
    mode = str(found.get("network_mode", ""))
    if mode.startswith("container:"):
        found["network_mode"] = f"service:{mode.removeprefix('container:')}"
    found["restart"] = service.get("restart", "no" if labels.get(START_ONCE) == "true" else "unless-stopped")
    return found


def _answered(value: Any, defaults: Mapping[str, str], needed: set[str]) -> Any:
    """Return a copy of data in which compose variables with the questions' defaults replace the variables of the questions."""
    match value:
        case str():
            text = _varied(value, defaults, needed)
            return type(value)(text) if isinstance(value, yamlio.Quoted) else text
        case Mapping():
            return {key: _answered(each, defaults, needed) for key, each in value.items()}
        case list() | tuple():
            return [_answered(each, defaults, needed) for each in value]
    return value


def _varied(text: str, defaults: Mapping[str, str], needed: set[str]) -> str:
    parts, at = [], 0
    for each in dollars(text):
        if each.name in defaults:
            otherwise = ":?" if each.name in needed else f":-{literal(defaults[each.name])}"
            parts += [text[at : each.start], f"${{{each.name}{otherwise}}}"]
            at = each.start + len(each.text)
    return "".join([*parts, text[at:]])
