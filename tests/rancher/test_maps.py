"""What stands inside the mappings of a service: keys that nobody reads, and values that mean nothing. All of it is launched."""

from __future__ import annotations

import pytest

from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.judgement.launch import LaunchJudge
from catalog_forge.rancher.judgement.maps import STRUCTS
from catalog_forge.rancher.tree import Tree

HEAD = "version: '2'\nservices:\n  web:\n    image: nginx:1.27.3\n    "


def odd(lines: str, **answers: str) -> list[str]:
    """What is odd about a service with these lines, as COLUMN RULE MESSAGE; nothing of it is refused."""
    file = Tree.of({"docker-compose.yml": f"{HEAD}{lines}\n"}).files["docker-compose.yml"]
    judge = LaunchJudge(sources(file, None, answers))
    assert judge.faults() == []
    return [f"{each.where.column} {each.rule} {each.message} ({each.hint})" for each in judge.odd if each.where]


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("health_check: {port: 80, unhealthy_treshold: 3}", "nothing reads the key 'unhealthy_treshold' (did you mean"),
        ("health_check: {port: 80, request_lines: GET / HTTP/1.0}", "'request_lines' (did you mean 'request_line'?)"),
        ("health_check: {health_check: {port: 80}}", "'health_check' (it is a key of the service: write it one level higher)"),
        ("health_check: {port: 80, recreate_on_quorum_strategy_config: {quorm: 1}}", "'quorm' (did you mean 'quorum'?)"),
        ("health_check: {port: 80, quorum: 1}", "'quorum' (it is a key of recreate_on_quorum_strategy_config: move it below"),
        ("upgrade_strategy: {start_frist: true}", "'start_frist' (did you mean 'start_first'?)"),
        ("upgrade_strategy: {port: 80}", "'port' (it is a key of health_check)"),
        ("scale_policy: {minimum: 1}", "'minimum' (did you mean 'min'?)"),
        ("lb_config: {port_rule: []}", "'port_rule' (did you mean 'port_rules'?)"),
        ("lb_config: {hostname: a.example.org}", "'hostname' (it is a key of port_rules: move it below that key)"),
        ("lb_config: {health_check: {port: 80}}", "'health_check' (it is a key of the service"),
        ("lb_config: {port_rules: [{source_prot: 80}]}", "'source_prot' (did you mean 'source_port'?)"),
        ("lb_config: {port_rules: [{source_port: 80, certs: [a]}]}", "'certs' (it is a key of the service"),
        ("lb_config: {stickiness_policy: {cokie: a}}", "'cokie' (did you mean 'cookie'?)"),
        ("load_balancer_config: {lb_cookie_stickiness_policy: {mod: insert}}", "'mod' (did you mean 'mode'?)"),
        ("load_balancer_config: {haproxy: {global: a}}", "'haproxy' (did you mean 'haproxy_config'?)"),
        ("storage_driver: {nam: a}", "'nam' (did you mean 'name'?)"),
        ("network_driver: {default_netwrok: {a: b}}", "'default_netwrok' (did you mean 'default_network'?)"),
        ("disks: [{siz: 1g}]", "'siz' (did you mean 'size'?)"),
        ("secrets: [{source: a, targt: b}]", "'targt' (did you mean 'target'?)"),
        ("port_rules: [{source_port: 80}]", "nothing reads port_rules here (it is a key of lb_config: move it below that key)"),
        ("stickiness_policy: {name: a}", "nothing reads stickiness_policy here (it is a key of lb_config"),
        ("config: global", "nothing reads config here (it is a key of lb_config"),
    ],
)
def test_a_key_that_nobody_reads_is_named_with_the_one_that_was_meant(lines: str, said: str) -> None:
    (fault,) = odd(lines)
    assert " CF439 " in fault
    assert said in fault


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        ("health_check: {port: 99999}", "26 CF440 health_check of 'web': port: 99999 is not a whole number from 1 to 65535"),
        ("health_check: {port: 0}", "port: 0 is not a whole number from 1 to 65535"),
        ("health_check: {port: '-1'}", "port: -1 is not a whole number from 1"),
        ("health_check: {port: 80.5}", "port: 80.5 is not a whole number"),
        ("health_check: {port: 80, interval: -5000}", "interval: -5000 is not a whole number of 1 or more"),
        ("health_check: {port: 80, response_timeout: 0}", "response_timeout: 0 is not"),
        ("health_check: {port: 80, healthy_threshold: 0}", "healthy_threshold: 0 is not"),
        (
            "health_check: {port: 80, request_line: /health}",
            "CF412 health_check of 'web': request_line: '/health' is not",
        ),
        ("health_check: {port: 80, strategy: restart}", "CF414 health_check of 'web': strategy: Rancher does not know 'restart'"),
        ("upgrade_strategy: {batch_size: 0}", "batch_size: 0 is not a whole number of 1 or more"),
        ("upgrade_strategy: {interval_millis: -1}", "interval_millis: -1 is not a whole number of 0 or more"),
        ("scale_policy: {min: -1}", "min: -1 is not a whole number of 0 or more"),
        ("scale_policy: {min: 3, max: 2}", "scale_policy of 'web': min 3 is above max 2"),
        ("scale_policy: {increment: 0}", "increment: 0 is not"),
        ("scale: -1", "12 CF440 scale of 'web': -1 is not a whole number of 0 or more"),
        ("scale: 1.5", "scale of 'web': 1.5 is not a whole number of 0 or more"),
        ("scale: '-2'", "scale of 'web': -2 is not"),
        (
            "lb_config: {port_rules: [{source_port: 80, protocol: htp}]}",
            "protocol: Rancher does not know 'htp' (did you mean 'http'?)",
        ),
        ("lb_config: {port_rules: [{source_port: 65536}]}", "source_port: 65536 is not"),
        ("lb_config: {port_rules: [{source_port: 80, target_port: 0}]}", "target_port: 0 is not"),
        (
            "lb_config: {port_rules: [{source_port: 80, path: status}]}",
            "path: 'status' is not a path (it must look like /status)",
        ),
        ("lb_config: {port_rules: [{source_port: 80, hostname: 'http://a'}]}", "hostname: 'http://a' is not a host name"),
        ("lb_config: {stickiness_policy: {mode: insrt}}", "mode: Rancher does not know 'insrt' (did you mean 'insert'?)"),
        ("ports: [70000]", "13 CF440 ports of 'web': 70000 is not a whole number from 1 to 65535"),
        ("expose: [0]", "expose of 'web': 0 is not"),
        ("memory: -5", "memory of 'web': -5 is not a whole number of -1 or more"),
        ("vcpu: 0", "vcpu of 'web': 0 is not a whole number of 1 or more"),
        ("milli_cpu_reservation: '-1'", "milli_cpu_reservation of 'web': -1 is not"),
        ("mem_swappiness: 101", "mem_swappiness of 'web': 101 is not a whole number from -1 to 100"),
        ("drain_timeout_ms: -1", "drain_timeout_ms of 'web': -1 is not"),
        (
            "restart: sometimes",
            "restart of 'web': 'sometimes' is not a restart policy (it must look like always, no or on-failure:3)",
        ),
    ],
)
def test_a_value_that_means_nothing_is_said_at_its_place(lines: str, said: str) -> None:
    (fault,) = odd(lines)
    assert said in fault


@pytest.mark.parametrize(
    "lines",
    [
        "health_check: {port: '80', interval: 5000, strategy: recreateOnQuorum, recreate_on_quorum_strategy_config: {quorum: 1}}",
        'health_check: {port: 80, request_line: GET / "HTTP/1.0"}',
        "health_check: {port: 80, request_line: '', name: a, strategy: ''}",
        "health_check: {<<: {port: 80}, interval: 2000}",
        "lb_config: {port_rules: [{source_port: 1, protocol: sni, hostname: '*.a.org', path: /a, selector: a=b}], certs: [a]}",
        "lb_config: {config: global, default_cert: a, stickiness_policy: {mode: rewrite, indirect: true}}",
        "scale_policy: {min: 1, max: 0}",
        "scale: 0",
        "restart: 'no'",
        "restart: on-failure:10",
        "memory: 512m",
        "memswap_limit: -1\n    mem_limit: 1g",
        "metadata: {port: 99999, anything: {protocol: htp}}",
        "storage_driver: {name: a, data: {anything: 1}}",
        "ports: [65535, '80:80']",
        "labels: {port: '99999'}",
    ],
)
def test_what_means_something_is_left_alone(lines: str) -> None:
    assert odd(lines) == []


def test_an_answer_that_means_nothing_is_said_where_it_is_put_in() -> None:
    assert odd("health_check: {port: '${PORT}'}", PORT="80") == []
    (fault,) = odd("health_check: {port: '${PORT}'}", PORT="80000")
    assert fault.startswith("26 CF440 health_check of 'web': port: 80000 is not")


def test_of_a_stack_is_said_what_of_a_service_is() -> None:
    judge_of = "version: '2'\nservices: {}\nvolumes: {a: {drvier: local}}\nnetworks: {b: {ipam: {confg: []}}}\n"
    file = Tree.of({"docker-compose.yml": judge_of}).files["docker-compose.yml"]
    judge = LaunchJudge(sources(file, None, {}))
    assert judge.faults() == []
    assert [str(each) for each in judge.odd] == [
        "docker-compose.yml:3:15: nothing reads the key 'drvier'\n  hint: did you mean 'driver'?",
        "docker-compose.yml:4:23: nothing reads the key 'confg'\n  hint: did you mean 'config'?",
    ]


def test_of_thousands_of_keys_only_some_are_said() -> None:
    many = ", ".join(f"key{number}: 1" for number in range(5000))
    assert len(odd(f"health_check: {{port: 80, {many}}}")) == 100


def test_all_mappings_of_a_service_have_their_keys() -> None:
    assert all(struct.fields for struct in STRUCTS.values())
