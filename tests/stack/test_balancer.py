"""Load balancers: which rules there are, in which order, and what haproxy is told."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.rancher.entries import read
from catalog_forge.stack.balancer import CONFIG, balanced, config
from catalog_forge.stack.compose import compose
from catalog_forge.stack.model import Rule, Stack

WEB = "web: {image: x}\napi: {image: x, labels: {io.rancher.sidekicks: side}}\nside: {image: x}\n"
LB = "lb: {image: 'rancher/lb-service-haproxy:v0.7.9', ports: ['80:80']}\n"


def stack(rules: str, docker: str = LB, more: str = "") -> Stack:
    rancher = f"lb: {{lb_config: {{port_rules: {rules}{more}}}}}" if rules else ""
    files = {"0/docker-compose.yml": (WEB + docker).encode(), "0/rancher-compose.yml": rancher.encode()}
    return compose(read(files, "s", "0"), {}, "s")


def rules(text: str) -> tuple[Rule, ...]:
    return stack(text).balancers["lb"]


def keys_of(found: Stack) -> list[str]:
    return [note.key for note in found.unhonoured]


def test_a_rule_leads_from_a_port_to_that_of_a_service() -> None:
    assert rules("[{source_port: 80, target_port: 8080, service: web}]") == (Rule(80, 8080, "web"),)
    assert rules("[{source_port: 6379, service: web, protocol: tcp}]") == (Rule(6379, 6379, "web", "tcp"),)


def test_priority_counts_first_then_who_demands_more() -> None:
    found = rules(
        "[{source_port: 80, service: web}, {source_port: 80, service: web, path: /a},"
        " {source_port: 80, service: web, hostname: '*.x.org'}, {source_port: 80, service: web, hostname: a.x.org},"
        " {source_port: 80, service: api, path: /z, priority: 1}]"
    )
    assert [(rule.hostname, rule.path) for rule in found] == [("", "/z"), ("a.x.org", ""), ("*.x.org", ""), ("", "/a"), ("", "")]


@pytest.mark.parametrize(
    ("rule", "key"),
    [
        ("{source_port: 443, service: web, protocol: https}", "port_rules.protocol: https"),
        ("{source_port: 80, selector: a=b}", "port_rules.selector"),
        ("{source_port: 80, service: other/web}", "port_rules.service: other/web"),
        ("{source_port: 80, service: web, weight: 3}", "port_rules.weight"),
    ],
)
def test_what_haproxy_does_without_is_said(rule: str, key: str) -> None:
    assert key in keys_of(stack(f"[{rule}]"))


def test_lines_of_its_own_for_haproxy_are_left_out_and_it_is_said() -> None:
    found = stack("[{source_port: 80, service: web}]", more=", config: 'global\n  daemon', certs: [a]")
    assert keys_of(found) == ["lb_config.config", "lb_config.certs"]
    assert "daemon" not in balanced(found, "haproxy:2").services[-1].primary.files[CONFIG]


@pytest.mark.parametrize(
    ("rule", "words"),
    [
        ("{source_port: 80, service: wep}", "the load balancer 'lb' has a target 'wep' that does not exist"),
        ("{source_port: 80, service: side}", "the load balancer 'lb' has the sidekick 'side' as its target"),
        ("{source_port: 0, service: web}", "source_port of 'lb' must be a port, not '0'"),
        ("{source_port: 80, target_port: 65536, service: web}", "target_port of 'lb' must be a port, not '65536'"),
        ('{source_port: 80, service: web, hostname: "a }\\n  daemon"}', "hostname of a rule cannot be"),
        ('{source_port: 80, service: web, path: "/a b"}', "path of a rule cannot be '/a b'"),
        ('{source_port: 80, service: web, path: "/a\\n"}', "path of a rule cannot be"),
        (
            "{source_port: 80, service: web}, {source_port: 80, service: web, protocol: tcp}",
            "cannot have rules for both http and tcp",
        ),
    ],
)
def test_a_rule_that_is_wrong_is_refused(rule: str, words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        stack(f"[{rule}]")


@pytest.mark.parametrize(
    ("port", "label", "expected"),
    [
        ("80:8080", "", Rule(80, 8080, "web")),
        ("80:8080/tcp", "", Rule(80, 8080, "web", "tcp")),
        ("443:8080/tcp", "443=443", Rule(443, 443, "web", "tcp")),
        ("80:8080", "a.org:80/x=81", Rule(80, 81, "web", "http", "a.org", "/x")),
        ("80:8080", "a.org/x", Rule(80, 8080, "web", "http", "a.org", "/x")),
    ],
)
def test_load_balancers_of_rancher_1_1_have_their_rules_in_ports_and_labels(port: str, label: str, expected: Rule) -> None:
    labels = f", labels: {{io.rancher.loadbalancer.target.web: '{label}'}}" if label else ""
    found = stack("", f"lb: {{image: rancher/load-balancer-service, ports: ['{port}'], links: [web]{labels}}}\n")
    assert found.balancers["lb"] == (expected,)
    assert keys_of(found) == []
    source = port.partition(":")[0]
    assert balanced(found, "haproxy:2").services[-1].primary.ports == (f"{source}:{source}",)


def test_ports_that_a_load_balancer_of_rancher_1_1_only_exposes_have_rules_and_are_not_published() -> None:
    found = stack("", "lb: {image: rancher/load-balancer-service, expose: ['3306:3307/tcp'], links: [web]}\n")
    assert found.balancers["lb"] == (Rule(3306, 3307, "web", "tcp"),)
    assert balanced(found, "haproxy:2").services[-1].primary.ports == ()


def test_a_load_balancer_is_an_haproxy_of_the_image_that_is_there() -> None:
    found = balanced(stack("[{source_port: 80, target_port: 8080, service: web}]"), "haproxy:2.6")
    lb = found.services[-1]
    assert (lb.name, lb.scale, lb.primary.image, lb.primary.ports) == ("lb", 1, "haproxy:2.6", ("80:80",))
    assert "server-template web-8080- 1-100 web:8080 " in lb.primary.files[CONFIG]


def test_without_an_image_the_load_balancer_is_not_started_and_it_is_said() -> None:
    found = balanced(stack("[{source_port: 80, service: web}]"), "")
    assert {each.name: each.scale for each in found.services} == {"web": 1, "api": 1, "lb": 0}
    assert found.unhonoured[-1].message == "not started, because the engine has no haproxy image"


def test_rules_that_ask_for_the_same_share_a_backend() -> None:
    text = config([Rule(80, 1, "web", path="/a"), Rule(80, 2, "api", path="/a"), Rule(80, 1, "web")])
    assert text.count("\nbackend ") == 2
    assert "use_backend port-80-0 if { path_beg /a }\n    default_backend port-80-1" in text
