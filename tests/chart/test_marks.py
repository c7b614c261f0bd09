"""Marks stand for answers only while a chart is made: none is in the files of a chart or in its report."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge.chart.marks import RELEASE
from catalog_forge.errors import ForgeError
from tests.chart import made

MARK = re.compile(rf"cfq[0-9]+x|{RELEASE}|(?<![0-9])400[0-9]{{2}}(?![0-9])")
# Each key of a service with an answer in it, by file.
DOCKER: dict[str, Any] = {
    "image": "x:${v}", "command": ["run", "${v}"], "entrypoint": "${v}", "environment": {"A": "${v}"}, "user": "${v}",
    "labels": {"a": "${v}", "io.rancher.sidekicks": "${v}", "io.rancher.scheduler.affinity:host_label": "${v}=b"},
    "ports": ["${v}:80", "80:${v}", "${v}"], "expose": ["${v}"], "volumes": ["${v}:/x", "/x:${v}", "a:/b:${v}", "${v}"],
    "volume_driver": "${v}", "volumes_from": ["${v}"], "links": ["${v}:a", "web:${v}"], "external_links": ["${v}:a", "s/a:${v}"],
    "network_mode": "${v}", "hostname": "${v}", "working_dir": "/${v}", "mem_limit": "${v}", "cpu_shares": "${v}",
    "privileged": "${v}", "cap_add": ["${v}"], "devices": ["${v}:/a"], "dns": ["${v}"], "extra_hosts": ["a:${v}"],
    "tmpfs": ["${v}"], "pid": "${v}", "restart": "${v}", "stop_signal": "${v}", "stop_grace_period": "${v}", "tty": "${v}",
    "logging": {"driver": "${v}"}, "ulimits": {"nproc": "${v}"}, "depends_on": ["${v}"], "container_name": "${v}",
}  # fmt: skip
RANCHER: dict[str, Any] = {
    "scale": "${v}", "metadata": {"a": "${v}", "${v}": "b"}, "hostname": "${v}", "external_ips": ["${v}"],
    "health_check": {"port": "${v}", "request_line": "GET /${v} HTTP/1.0"}, "start_on_create": "${v}",
    "retain_ip": "${v}", "upgrade_strategy": {"batch_size": "${v}"},
    "lb_config": {"port_rules": [{"source_port": "${v}", "target_port": 80, "service": "web"}]},
}  # fmt: skip
CASES = [
    *((key, each, "docker") for key, value in DOCKER.items() for each in (value if isinstance(value, list) else [value])),
    *((key, value, "rancher") for key, value in RANCHER.items()),
]
IMAGES = ["x:1", "rancher/lb-service-haproxy:v0.9.6", "rancher/external-service", "rancher/dns-service"]
QUESTIONS = [{}, {"required": True}, {"type": "service", "required": True}, {"type": "int", "required": True}]


def said(service: dict[str, dict[str, Any]], question: dict[str, Any], image: str = "x:1") -> str:
    """All that a chart says of an entry with one service and one question without an answer, or why there is none."""
    docker = {"version": "2", "services": {"web": {"image": "y:1"}, "own": {"image": image, **service.get("docker", {})}}}
    catalog = {"name": "x", "version": "1", "questions": [{"variable": "v", "type": "string", **question}]}
    rancher = {"version": "2", "catalog": catalog, "services": {"own": service.get("rancher", {})}}
    try:
        chart = made.of_entry(json.dumps(docker), json.dumps(rancher))
    except ForgeError as error:
        return "\n".join(f"{problem.message}\n{problem.hint}" for problem in error.problems)
    files = "\n".join(f"{file.path}\n{file.content.decode()}" for file in chart.plan)
    return f"{files}\n{chart.gaps}\n{chart.name}\n{chart.workloads}"


def service_of(*cases: tuple[str, Any, str]) -> dict[str, dict[str, Any]]:
    """The keys of a service in each file. A key whose value is a list has one element."""
    found: dict[str, dict[str, Any]] = {"docker": {}, "rancher": {}}
    for key, value, file in cases:
        found[file][key] = [value] if file == "docker" and isinstance(DOCKER[key], list) else value
    return found


@pytest.mark.parametrize("question", QUESTIONS, ids=str)
@pytest.mark.parametrize(("key", "value", "file"), CASES, ids=lambda each: json.dumps(each))
def test_no_mark_of_a_missing_answer_is_said_for_any_key(key: str, value: Any, file: str, question: dict[str, Any]) -> None:
    assert not MARK.findall(said(service_of((key, value, file)), question))


@given(st.lists(st.sampled_from(CASES), min_size=2, max_size=4), st.sampled_from(QUESTIONS), st.sampled_from(IMAGES))
def test_no_mark_is_said_for_several_keys(cases: list[tuple[str, Any, str]], question: dict[str, Any], image: str) -> None:
    assert not MARK.findall(said(service_of(*cases), question, image))


def test_a_missing_answer_that_decides_a_link_is_asked_for() -> None:
    found = said({"docker": {"external_links": ["${v}:api"]}}, {"type": "service", "required": True})
    assert found == (
        "a chart needs an answer to v, because the answer determines the structure of the stack\ngive the answer: --set v=VALUE"
    )
