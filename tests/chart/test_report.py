"""The report of gaps: no key that rancher-compose knows is lost without a word, and each point has its place."""

from __future__ import annotations

import json
from functools import cache
from typing import Any

import pytest
import yaml

from catalog_forge.chart.charting import Chart
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.keys import KEYS, V2
from tests.chart import helm, made
from tests.chart.references import pod_of
from tests.chart.test_routes import ALIAS, BALANCER, EXTERNAL

RULES = [{"source_port": 80, "target_port": 80, "service": "web"}]
# A value of each type of key; what the value must be where the type does not tell it.
OF_TYPE: dict[str, Any] = {
    **{"text": "x", "text-or-nothing": "x", "text-or-set": "x", "size": "64m", "reservation": "64m", "duration": "5s"},
    **{"truth": True, "number": 3, "whole": 3, "score": 3, "numbers": ["3"], "set": ["x"], "command": "x y", "list": ["x"]},
    **{"labels": {"a": "b"}, "environment": {"A": "b"}, "list-of-pairs": ["a:192.0.2.1"], "limits": {"nproc": 3}},
    **{"rates": ["/dev/x:1mb"], "map": {"a": "b"}, "networks": ["x"], "secrets": ["x"], "build": ".", "ports": ["81"]},
    **{"disks": [{"name": "x"}]},
}
OF_KEY: dict[str, Any] = {
    "logging": {"driver": "syslog"},
    **{"health_check": {"port": 80}, "scale_policy": {"min": 2}, "upgrade_strategy": {"start_first": True}, "pid": "host"},
    **{"lb_config": {"certs": ["x"]}, "load_balancer_config": {"haproxy_config": {"global": "x"}}},
    **{"restart": "no", "start_on_create": False, "devices": ["/dev/x:/dev/x"], "volumes": ["/x"], "cpuset": "0", "ipc": "host"},
    **{"links": ["web:y"], "external_links": ["a/b"], "volumes_from": ["beside"], "depends_on": ["web"], "network_mode": "host"},
    **{"net": "host", "user": "1", "dns": "192.0.2.1", "security_opt": ["label:disable"], "blkio_weight_device": ["/dev/x:1"]},
    **{"log_opt": {"max-size": "1m"}, "external_ips": ["192.0.2.1"], "expose": ["81"], "stickiness_policy": {"name": "x"}},
}
# What must stand somewhere else to mean anything: an entry, a build, a file that the entry does not have; the service itself.
ELSEWHERE = {"extends", "env_file", "image", "dockerfile", "port_rules"}
ROLES = ["primary", "sidekick", "balancer", "external"]


@cache
def entry(role: str, key: str) -> Chart:
    """The chart of an entry in which the container `it` of a role has a key. Its pod has a container besides."""
    image = {"balancer": BALANCER, "external": EXTERNAL}.get(role, "x:1")
    docker: dict[str, Any] = {name: {"image": "x:1"} for name in ("main", "beside", "web")} | {"it": {"image": image}}
    primary, kicks = ("main", "it, beside") if role == "sidekick" else ("it", "beside")
    docker[primary]["labels"] = {"io.rancher.sidekicks": kicks}
    rancher: dict[str, Any] = {"it": {"lb_config": {"port_rules": RULES}}} if role == "balancer" else {}
    if key == "labels":
        docker["it"].setdefault(key, {})["a"] = "b"
    elif key:
        needed = {"mem_limit": "32m"} if key == "memswap_limit" else {}
        docker["it"] |= {**needed, key: OF_KEY.get(key, OF_TYPE.get(KEYS[key].type))}
    return charted(docker, rancher, v1=bool(key) and key not in V2)


def charted(docker: dict[str, Any], rancher: dict[str, Any], *, v1: bool = False) -> Chart:
    """The chart of services in both files, in a form of compose."""
    texts = [yaml.safe_dump(each if v1 else {"version": "2", "services": each}, sort_keys=False) for each in (docker, rancher)]
    return made.of_entry(texts[0], texts[1] if rancher else "")


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("key", sorted(KEYS.keys() - ELSEWHERE))
def test_no_key_is_lost_without_a_word(key: str, role: str) -> None:
    without, chart = entry(role, ""), entry(role, key)
    assert files(chart) != files(without) or said(chart) - said(without)


def files(chart: Chart) -> dict[str, bytes]:
    return {file.path: file.content for file in chart.plan if file.path not in ("GAPS.md", "app-readme.md")}


def said(chart: Chart) -> set[tuple[str, str, str]]:
    return {(gap.service, gap.what, gap.todo) for gap in chart.gaps}


PLACES = """\
version: '2'
services:
  web:
    image: x:1
    environment:
    - A=1
    - NOBODY
    - URL=http://rancher-metadata/latest
    - 'odd name=1'
    ports:
    - 81
    - 10.0.0.1:8080:80
    volumes:
    - one:/one
    - /two:/two:ro,z
    - /two/three:/three
    labels:
      io.rancher.sidekicks: kick
      io.rancher.scheduler.affinity:host_label_ne: x
      io.rancher.scheduler.affinity:host_label: z
    command: [ping, db.stack.rancher.internal]
  kick:
    image: x:1
    tmpfs:
    - /a
    - /b:size=1m
    external_links:
    - other/db
    extra_hosts:
    - a:192.0.2.1
    network_mode: host
  lb:
    image: rancher/lb-service-haproxy
    ports:
    - 80
    - 82
    scale: 3
    environment: {A: b}
    lb_config:
      stickiness_policy: {name: x}
      port_rules:
      - {source_port: 80, service: web, hostname: a.org, priority: 1}
      - {source_port: 80, service: web, hostname: b.org}
      - {source_port: 80, service: web, protocol: https}
      - {source_port: 80, selector: a=b}
      - {source_port: 80, service: other/web}
volumes:
  one: {driver: nfs}
odd: {}
"""


def test_each_point_has_its_place() -> None:
    found = {(gap.where.line if gap.where else 0, gap.service, gap.what) for gap in made.of_entry(PLACES).gaps}
    assert found == {
        *((7, "web", "environment: NOBODY"), (8, "web", "environment: URL"), (9, "web", "environment: odd name")),
        *((11, "web", "ports: 81, 10.0.0.1:8080:80"), (12, "web", "ports: 10.0.0.1:8080:80")),
        *((15, "web", "volumes: /two"), (15, "web", "volumes: /two: z"), (16, "web", "volumes: /two/three")),
        (19, "web", "labels: io.rancher.scheduler.affinity:host_label_ne: x"),
        (20, "web", "labels: io.rancher.scheduler.affinity:host_label: z"),
        *((21, "web", "command"), (26, "kick", "tmpfs: /b:size=1m"), (28, "kick", "external link other/db")),
        *((30, "kick", "extra_hosts"), (31, "kick", "network_mode: host")),
        *((36, "lb", "ports: 82"), (37, "lb", "scale"), (38, "lb", "environment")),
        *((40, "lb", "lb_config.stickiness_policy"), (42, "lb", "rule http 80 a.org to web")),
        *((43, "lb", "rule http 80 b.org to web"), (44, "lb", "port_rules.protocol: https"), (45, "lb", "port_rules")),
        *((45, "lb", "port_rules.selector"), (46, "lb", "port_rules.service: other/web")),
        *((48, "", "volumes.one.driver"), (49, "", "odd")),
    }


def test_what_is_read_only_stays_so_and_headers_of_a_health_check_are_sent() -> None:
    line = r"GET /x HTTP/1.1\r\nHost:\ a.example.com\r\nAuthorization: Basic eA=="
    check = {"port": 80, "request_line": line}
    chart = charted(
        {"web": {"image": "x:1", "volumes": ["/a:/b:ro,z", "/c:/d:rw", "/e:/f:z,ro"]}}, {"web": {"health_check": check}}
    )
    (container,) = (pod_of(each)["containers"][0] for each in helm.objects(chart) if pod_of(each))
    assert [(each["mountPath"], each.get("readOnly", False)) for each in container["volumeMounts"]] == [
        *(("/b", True), ("/d", False), ("/f", True))
    ]
    assert container["readinessProbe"]["httpGet"] == {
        **{"path": "/x", "port": 80},
        "httpHeaders": [{"name": "Host", "value": "a.example.com"}, {"name": "Authorization", "value": "Basic eA=="}],
    }


def test_a_secret_is_in_no_probe() -> None:
    question = {"variable": "token", "type": "password", "required": True}
    check = {"port": 80, "request_line": "GET /?t=${token} HTTP/1.0"}
    rancher = {"version": "2", "catalog": {"name": "x", "version": "1", "questions": [question]}}
    chart = made.of_entry(
        yaml.safe_dump({"version": "2", "services": {"web": {"image": "x:1"}}}),
        yaml.safe_dump({**rancher, "services": {"web": {"health_check": check}}}),
    )
    assert "token" not in "".join(file.content.decode() for file in chart.plan.below("templates"))
    assert "request_line: GET" in {gap.what for gap in chart.gaps}


@pytest.mark.parametrize(
    ("key", "value", "is_held"),
    [("image", "x:${pw}", False), ("working_dir", "/${pw}", False), ("volumes", ["/x/${pw}:/y"], False), ("user", "${pw}", True),
     ("command", "run ${pw}", True), ("environment", {"A": "${pw}"}, True), ("labels", {"a": "${pw}"}, True)],
)  # fmt: skip
def test_a_secret_that_is_outside_a_secret_is_said(key: str, value: object, is_held: bool) -> None:
    catalog = {"name": "x", "version": "1", "questions": [{"variable": "pw", "type": "password", "required": True}]}
    docker = {"version": "2", "services": {"web": {"image": "x:1", key: value}}}
    chart = made.of_entry(json.dumps(docker), json.dumps({"version": "2", "catalog": catalog}))
    objects = helm.objects(chart, {"answers/pw": "hunter22"})
    assert all(each["kind"] == "Secret" for each in objects if "hunter22" in json.dumps(each)) is is_held
    assert ("secret outside a Secret" in {gap.kind for gap in chart.gaps}) is not is_held
    assert all("cfq" not in str(gap) for gap in chart.gaps)


def test_a_port_of_the_host_alone_is_published_by_no_service() -> None:
    ports = ["127.0.0.1:99:99/udp", "10.0.0.1:88:88", "81:81"]
    chart = charted({"web": {"image": "x:1", "ports": ports}, "own": {"image": "x:1", "ports": ["127.0.0.9:1:1"]}}, {})
    found = {each["metadata"]["name"]: each["spec"] for each in helm.objects(chart) if each["kind"] == "Service"}
    assert sorted(found) == ["own", "web", "web-public"] and [each["port"] for each in found["web-public"]["ports"]] == [88, 81]
    assert [each["port"] for each in found["web"]["ports"]] == [99, 88, 81]
    assert [(gap.kind, gap.what) for gap in chart.gaps] == [
        ("published port", "ports: 10.0.0.1:88:88, 81:81"),
        ("port on a single address of the host", "ports: 127.0.0.1:99:99/udp"),
        ("address of a published port", "ports: 10.0.0.1:88:88"),
        ("port on a single address of the host", "ports: 127.0.0.9:1:1"),
    ]


@pytest.mark.parametrize(("default", "given", "port"), [("080", None, 80), ("8080", 81, 81), ("080", "0090", 90), ("", 7, 7)])
def test_a_port_that_is_an_answer_is_a_number(default: str, given: object, port: int) -> None:
    question = {"variable": "port", "type": "int", "default": default, "required": True}
    both = [
        {"version": "2", "services": {"web": {"image": "x:1", "ports": ["${port}:8080"]}}},
        {"version": "2", "catalog": {"name": "x", "version": "1", "questions": [question]}},
    ]
    chart = made.of_entry(json.dumps(both[0]), json.dumps(both[1]))
    objects = helm.objects(chart, {} if given is None else {"answers/port": given})
    (public,) = (each["spec"]["ports"] for each in objects if each["metadata"]["name"] == "web-public")
    assert public[0]["port"] == port


@pytest.mark.parametrize(("answer", "limit"), [("TOOLONG", "maxLength"), ("AB", "pattern"), ("ab", "")])
def test_an_answer_that_breaks_a_limit_is_refused(answer: str, limit: str) -> None:
    question = {"variable": "len", "type": "string", "default": "abc", "max_length": 3, "valid_chars": "a-z"}
    both = [
        {"version": "2", "services": {"web": {"image": "x:${len}"}}},
        {"version": "2", "catalog": {"name": "x", "version": "1", "questions": [question]}},
    ]
    texts = [yaml.safe_dump(each) for each in both]
    if limit:
        with pytest.raises(ForgeError, match=f"the answer '{answer}' to len breaks a limit of its question: {limit}"):
            made.of_entry(texts[0], texts[1], {"len": answer})
    else:
        assert not made.of_entry(texts[0], texts[1], {"len": answer}).gaps


def test_a_name_leads_to_what_it_led_to_and_to_how_many_is_said() -> None:
    question = {"variable": "host", "type": "string", "default": "db.example.com"}
    services = {"out": {"image": EXTERNAL}, "all": {"image": ALIAS, "links": ["web", "db"]}}
    services |= {name: {"image": "x:1"} for name in ("web", "db")}
    catalog = {"name": "x", "version": "1", "questions": [question]}
    rancher = {"version": "2", "catalog": catalog, "services": {"out": {"hostname": "${host}"}}}
    chart = made.of_entry(yaml.safe_dump({"version": "2", "services": services}), yaml.safe_dump(rancher))
    objects = helm.objects(chart, {"answers/host": "other.example.com"})
    names = {each["metadata"]["name"]: each["spec"].get("externalName") for each in objects if each["kind"] == "Service"}
    assert (names["out"], names["all"]) == ("other.example.com", "web.default.svc.cluster.local")
    assert [(gap.service, gap.becomes, gap.todo) for gap in chart.gaps] == [
        ("all", "in the cluster the name leads only to web", "create a Service and an EndpointSlice for db")
    ]


def test_what_to_do_names_the_value_of_the_chart_also_for_a_service_with_another_name_there() -> None:
    keys = {"health_check": {"port": 80}, "start_on_create": False}
    chart = charted({"Web_1": {"image": "x:1", "volumes": ["/x"]}}, {"Web_1": keys})
    values = yaml.safe_load(next(file.content for file in chart.plan if file.path == "values.yaml"))["services"]
    assert values.keys() == {"web-1"}
    assert {gap.todo for gap in chart.gaps if "services." in gap.todo} == {
        "set services.web-1.liveness to true if such a pod must be restarted",
        "set services.web-1.scale to 0",
    }
