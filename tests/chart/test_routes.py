"""What leads to the pods of a chart: names, links, published ports, the rules of load balancers; and where pods run."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_forge.chart.charting import Chart
from tests.chart import helm, made
from tests.chart.references import astray
from tests.chart.test_valid import faults

BALANCER, EXTERNAL, ALIAS = "rancher/lb-service-haproxy:v0.9.1", "rancher/external-service", "rancher/dns-service"
NAMES = ["web", "db", "db-1", "Web_2", "web-public", "lb", "lb-1", "out", "all", "a" * 45]
# Each is a name of a service here, or an alias.
ALIASES = st.sampled_from([*NAMES, "cache", "Up_Case", "9x", "x" * 70, "web.example.com", "web-2"])


def of(docker: dict[str, Any], rancher: dict[str, Any] | None = None) -> Chart:
    both = ({"version": "2", "services": each} for each in (docker, rancher or {}))
    return made.of_entry(*map(yaml.safe_dump, both))


def named(chart: Chart) -> dict[str, dict[str, Any]]:
    """The objects of a chart by kind and name."""
    objects = helm.objects(chart)
    assert faults(objects, helm.NEWEST) == astray(objects) == []
    return {f"{each['kind']} {each['metadata']['name']}": each for each in objects}


def selector(each: dict[str, Any]) -> str:
    """The service that a Service leads to."""
    return str(each["spec"]["selector"]["app.kubernetes.io/component"])


def becomes(chart: Chart, kind: str) -> dict[str, str]:
    return {gap.what: gap.becomes for gap in chart.gaps if gap.kind == kind}


@st.composite
def routes(draw: st.DrawFn) -> tuple[dict[str, Any], dict[str, Any]]:
    """Services of all kinds that are linked with each other, and load balancers."""
    names = draw(st.lists(st.sampled_from(NAMES), min_size=2, max_size=6, unique=True))
    kinds = {name: draw(st.sampled_from(["pods", "pods", "balancer", "external", "alias", "global"])) for name in names}
    images = {"balancer": BALANCER, "external": EXTERNAL, "alias": ALIAS}
    docker: dict[str, Any] = {}
    rancher: dict[str, Any] = {}
    for name, kind in kinds.items():
        links = draw(st.lists(st.tuples(st.sampled_from([*names, "other/db"]), ALIASES), max_size=3, unique=True))
        docker[name] = {"image": images.get(kind, "busybox:1.37.0"), "external_links": [f"{to}:{alias}" for to, alias in links]}
        if kind == "global":
            docker[name]["labels"] = {"io.rancher.scheduler.global": "true"}
        if kind == "pods":
            docker[name]["ports"] = draw(st.lists(st.sampled_from(["80:80", "8080:80", "81:81/udp", "443"]), unique=True))
        rules = st.lists(rule(names), max_size=5)
        rancher[name] = {"lb_config": {"port_rules": draw(rules)}} if kind == "balancer" else {}
    return docker, rancher


def rule(names: list[str]) -> st.SearchStrategy[dict[str, Any]]:
    hosts = st.sampled_from(["", "*", "a.example.com", "A.example.com", "*.example.com", "www.*", ".example.com", "a..b"])
    paths = st.sampled_from(["", "/", "/a", "/a//b", "/../x", "/%2f"])
    fields = {
        "source_port": st.sampled_from([80, 81]),
        "target_port": st.sampled_from([80, 8080]),
        "hostname": hosts,
        "path": paths,
    }
    return st.fixed_dictionaries({**fields, "service": st.sampled_from(names)})


@settings(max_examples=settings().max_examples // 10)
@given(routes())
def test_every_route_leads_to_pods_or_is_in_the_report(entry: tuple[dict[str, Any], dict[str, Any]]) -> None:
    docker, rancher = entry
    chart = of(docker, rancher)
    services = {name.removeprefix("Service ") for name in named(chart) if name.startswith("Service ")}
    said = {(gap.service, gap.what) for gap in chart.gaps}
    for name, definition in docker.items():
        for link in definition["external_links"]:
            target, _, alias = link.partition(":")
            assert alias in services or (name, f"link {alias}") in said or (name, f"external link {target}") in said
        for one in rancher[name].get("lb_config", {}).get("port_rules", ()):
            what = f"rule http {one['source_port']} {one['hostname']}{one['path']}".strip()
            assert (name, f"{what} to {one['service']}") in said


def test_a_link_is_a_name_of_what_it_leads_to_whatever_that_is() -> None:
    chart = of(
        {
            "app": {"image": "x:1", "links": ["db:store", "kick:helper", "out:away", "lb:front", "Odd_Name:odd"]},
            "db": {"image": "x:1", "labels": {"io.rancher.sidekicks": "kick"}},
            "kick": {"image": "x:1"},
            "out": {"image": EXTERNAL},
            "lb": {"image": BALANCER},
            "Odd_Name": {"image": "x:1"},
        },
        {"lb": {"lb_config": {"port_rules": [{"source_port": 80, "service": "db"}]}}, "out": {"hostname": "db.example.com"}},
    )
    found = named(chart)
    assert [selector(found[f"Service {alias}"]) for alias in ("store", "helper", "odd")] == ["db", "db", "odd-name"]
    assert found["Service out"]["spec"] == {"type": "ExternalName", "externalName": "db.example.com"}
    for alias, name in (("away", "out"), ("front", "lb")):
        assert found[f"Service {alias}"]["spec"] == {"type": "ExternalName", "externalName": f"{name}.default.svc.cluster.local"}


def test_an_alias_that_two_services_mean_differently_leads_to_one_and_is_said_of_the_other() -> None:
    chart = of(
        {
            "one": {"image": "x:1", "links": ["left:db"]},
            "two": {"image": "x:1", "links": ["right:db"]},
            "left": {"image": "x:1"},
            "right": {"image": "x:1"},
        }
    )
    assert selector(named(chart)["Service db"]) == "left"
    assert becomes(chart, "name of a link") == {"link db": "the name db leads to another service in the cluster, not to right"}


def test_rules_of_one_port_are_one_ingress_and_what_it_cannot_hold_is_said() -> None:
    rules = [
        {"source_port": 80, "target_port": 8080, "service": "web", "hostname": "a.example.com"},
        {"source_port": 80, "target_port": 8081, "service": "web", "hostname": "A.example.com", "path": "/api//v1"},
        {"source_port": 80, "service": "web"},
        {"source_port": 80, "service": "db", "hostname": "a.example.com"},
        {"source_port": 80, "service": "web", "hostname": "www.*"},
        {"source_port": 80, "service": "out", "hostname": "b.example.com"},
        {"source_port": 5432, "service": "db", "protocol": "tcp"},
        {"source_port": 5432, "service": "web", "protocol": "tcp"},
    ]
    services = {"lb": BALANCER, "web": "x:1", "db": "x:1", "out": EXTERNAL}
    chart = of({name: {"image": image} for name, image in services.items()}, {"lb": {"lb_config": {"port_rules": rules}}})
    found = named(chart)
    paths = {
        (rule.get("host"), path["path"], path["pathType"], path["backend"]["service"]["port"]["number"])
        for rule in found["Ingress lb"]["spec"]["rules"]
        for path in rule["http"]["paths"]
    }
    assert paths == {
        *(("a.example.com", "/", "Prefix", 8080), ("a.example.com", "/api//v1", "ImplementationSpecific", 8081)),
        (None, "/", "Prefix", 80),
    }
    assert selector(found["Service lb"]) == "db" and found["Service lb"]["spec"]["ports"][0]["port"] == 5432
    assert {what: text for what, text in becomes(chart, "rule of a load balancer").items() if "leaves the rule out" in text} == {
        "rule http 80 a.example.com to db": "the chart leaves the rule out, because an earlier rule has the same host and path",
        "rule http 80 www.* to web": "the chart leaves the rule out, because an Ingress does not accept this host name",
        "rule http 80 b.example.com to out": "the chart leaves the rule out, because out has no pods",
        "rule tcp 5432 to web": "the chart leaves the rule out, because an earlier rule uses its port, "
        "and a Service leads to only one service",
    }


def test_names_that_a_chart_makes_itself_take_none_away() -> None:
    """WEB-public would be the Service of the published ports of `web`, and WEB-metadata its Secret."""
    chart = of({name: {"image": "x:1", "ports": ["80:80"]} for name in ("web", "web-public", "Web")})
    found = named(chart)
    assert selector(found["Service web-public"]) == "web-public" and selector(found["Service web-public-2"]) == "web"


@pytest.mark.parametrize(
    ("ending", "kind", "when"),
    [("", "podAffinity", "required"), ("_ne", "podAntiAffinity", "required"), ("_soft", "podAffinity", "preferred"),
     ("_soft_ne", "podAntiAffinity", "preferred")],
)  # fmt: skip
def test_containers_that_run_together_or_apart_are_pods_that_do(ending: str, kind: str, when: str) -> None:
    key = f"io.rancher.scheduler.affinity:container_label{ending}"
    labels = {
        key: "io.rancher.stack_service.name=$${stack_name}/$${service_name},io.rancher.stack_service.name=$${stack_name}/db"
    }
    chart = of({"web": {"image": "x:1", "labels": labels}, "db": {"image": "x:1"}})
    pod = named(chart)["Deployment es-web"]["spec"]["template"]["spec"]
    terms = pod["affinity"][kind][f"{when}DuringSchedulingIgnoredDuringExecution"]
    terms = [each["podAffinityTerm"] for each in terms] if when == "preferred" else terms
    assert [each["labelSelector"]["matchLabels"]["app.kubernetes.io/component"] for each in terms] == ["web", "db"]
    assert {each["topologyKey"] for each in terms} == {"kubernetes.io/hostname"} and not chart.gaps


@pytest.mark.parametrize(
    "text", ["app=web", "io.rancher.stack_service.name=other/db", "io.rancher.stack_service.name=$${stack_name}/no"]
)
def test_containers_that_a_chart_does_not_know_are_in_the_report(text: str) -> None:
    key = "io.rancher.scheduler.affinity:container_label_ne"
    chart = of({"web": {"image": "x:1", "labels": {key: text}}})
    assert "affinity" not in named(chart)["Deployment es-web"]["spec"]["template"]["spec"]
    assert list(becomes(chart, f"label {key}")) == [f"labels: {key}: {text.replace('$$', '$')}"]


@pytest.mark.parametrize(("ending", "operator"), [("", "In"), ("_ne", "NotIn")])
def test_labels_of_hosts_are_labels_of_nodes(ending: str, operator: str) -> None:
    key = f"io.rancher.scheduler.affinity:host_label{ending}"
    soft = f"io.rancher.scheduler.affinity:host_label_soft{ending}"
    labels = {key: "disk=ssd, zone=a,odd label=x", soft: "role=db"}
    chart = of({"web": {"image": "x:1", "labels": labels}})
    found = named(chart)["Deployment es-web"]["spec"]["template"]["spec"]["affinity"]["nodeAffinity"]
    wanted = [{"key": name, "operator": operator, "values": [value]} for name, value in (("disk", "ssd"), ("zone", "a"))]
    assert found["requiredDuringSchedulingIgnoredDuringExecution"] == {"nodeSelectorTerms": [{"matchExpressions": wanted}]}
    term = {"matchExpressions": [{"key": "role", "operator": operator, "values": ["db"]}]}
    assert found["preferredDuringSchedulingIgnoredDuringExecution"] == [{"weight": 100, "preference": term}]
    assert becomes(chart, f"label {key}") == {
        f"labels: {key}: odd label=x": "the scheduler of the cluster chooses the nodes of the pods"
    }


@pytest.mark.parametrize(
    "name", ["io.rancher.container.dns.priority", "io.rancher.sidekicks.odd", "io.rancher.scheduler.affinity:host"]
)
def test_a_label_that_only_begins_as_one_that_carries_over_is_in_the_report(name: str) -> None:
    assert {gap.what for gap in of({"web": {"image": "x:1", "labels": {name: "x"}}}).gaps} == {f"labels: {name}"}


def test_a_label_that_two_containers_of_a_pod_have_differently_is_in_the_report() -> None:
    main = {"image": "x:1", "labels": {"io.rancher.sidekicks": "kick", "a/x": "1", "a/y": "1"}}
    chart = of({"web": main, "kick": {"image": "x:1", "labels": {"a/x": "2", "a/y": "1"}}})
    assert named(chart)["Deployment es-web"]["spec"]["template"]["metadata"]["annotations"] == {"a/x": "1", "a/y": "1"}
    assert [(gap.service, gap.what) for gap in chart.gaps] == [("kick", "labels: a/x")]
