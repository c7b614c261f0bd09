"""Compose files become units: what Rancher makes of them, what one engine cannot honour, what needs trust, what is wrong."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.entries import read
from catalog_forge.rancher.judgement import launch as launch_judge
from catalog_forge.rancher.questions import answered
from catalog_forge.rancher.tree import Tree
from catalog_forge.stack.compose import compose
from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack
from tests.growth import superlinear


def stack(docker: str, rancher: str = "", file: str = "docker-compose.yml", **answers: str) -> Stack:
    files = {f"0/{file}": docker.encode(), "0/rancher-compose.yml": rancher.encode()}
    entry = read(files, "web", "0")
    return compose(entry, answered(entry.questions, {}) | answers, "web")


def service(keys: str, rancher: str = "", **answers: str) -> Service:
    """The only service `a` of a v1 file, whose keys stand in flow style."""
    return stack(f"a: {{image: busybox, {keys}}}", f"a: {{{rancher}}}" if rancher else "", **answers).services[0]


def launch(keys: str, **answers: str) -> Launch:
    return service(keys, **answers).primary


def refused(docker: str, rancher: str = "") -> str:
    with pytest.raises(ForgeError) as error:
        stack(docker, rancher)
    return str(error.value)


def keys_of(notes: object) -> list[str]:
    return [note.key for note in notes]  # type: ignore[attr-defined]


UNIT = """
version: '2'
services:
  conf:
    image: conf
    labels: {io.rancher.container.start_once: 'true', io.rancher.container.pull_image: always}
  main:
    image: main
    labels: {io.rancher.sidekicks: 'conf, side'}
    volumes_from: [conf]
  side:
    image: side
    network_mode: container:main
"""


def test_sidekicks_form_a_unit_with_their_primary() -> None:
    (main,) = stack(UNIT, "main:\n  scale: 3\n").services
    assert (main.name, main.scale, [each.name for each in main.launches]) == ("main", 3, ["main", "conf", "side"])
    assert main.primary.volumes_from == ("conf",)
    conf, side = main.sidekicks
    assert (conf.start_once, conf.pull_always) == (True, True)
    assert (side.network, side.network_from) == ("shared", "main")


def test_sidekick_of_two_primaries_is_refused_as_rancher_compose_does() -> None:
    label = "labels: {io.rancher.sidekicks: data}, volumes_from: [data]"
    found = refused(f"a: {{image: x, {label}}}\nb: {{image: x, {label}}}\ndata: {{image: x}}")
    assert "2:46: 'data' is already the sidekick of 'a'" in found


@pytest.mark.parametrize(
    "line",
    [
        "command: [sleep, 9000]",
        "ports: '80:80'",
        "links: a",
        "cap_add: NET_ADMIN",
        "environment: A=b",
        "upgrade_strategy: {start_first: '${X}'}",
        "labels: {io.rancher.sidekicks: 'a b'}",
        "ports: ['70000:80']",
        "stop_grace_period: 5 min",
        "dns: [x, x]",
        "scale: two",
        "metadata: []",
        "hostname: 5",
        "memswap_limit: 5",
    ],
)
def test_up_refuses_what_the_launch_refuses_with_the_same_words(line: str) -> None:
    text = f"a: {{image: x, {line}}}"
    file = replace(Tree.of({"docker-compose.yml": text}).files["docker-compose.yml"], shown="web/0/docker-compose.yml")
    faults = launch_judge.LaunchJudge(sources(file, None, {})).faults()
    assert faults
    assert all(str(fault) in refused(text) for fault in faults)


def test_rancher_compose_is_laid_over_docker_compose() -> None:
    found = stack("a: {image: x, labels: {k: old, l: '1'}}", "a: {image: z, labels: {k: new}, scale: 2}").services[0]
    assert (found.primary.image, dict(found.primary.labels), found.scale) == ("z", {"k": "new", "l": "1"}, 2)


def test_versions_of_both_files_may_differ() -> None:
    assert stack("a: {image: x}", "version: '2'\ncatalog: {}\nservices:\n  a: {scale: 2}\n").services[0].scale == 2


def test_what_others_need_starts_first() -> None:
    docker = "version: '2'\nservices:\n  a: {image: x, links: ['b:bee']}\n  b: {image: x, depends_on: [c]}\n  c: {image: x}\n"
    found = stack(docker)
    assert [each.name for each in found.services] == ["c", "b", "a"]
    assert found.services[2].links == (Link("bee", "b"),)


def test_external_link_keeps_its_stack() -> None:
    found = stack("a: {image: x, external_links: ['other/db:base', 'x/y']}")
    assert found.services[0].links == (Link("base", "other/db"), Link("y", "x/y"))
    assert [note.message.partition(" belongs")[0] for note in found.unhonoured] == ["other/db", "x/y"]


def test_external_link_into_the_stack_itself_is_a_link() -> None:
    found = stack("a: {image: x, external_links: ['web/b:base']}\nb: {image: x}")
    assert (found.services[0].links, found.unhonoured) == ((Link("base", "web/b"),), ())


def test_external_link_of_an_empty_answer_is_said_and_left_out() -> None:
    found = stack("a: {image: x, external_links: ['${zk}:zk']}", zk="")
    assert found.services[0].links == ()
    assert keys_of(found.unhonoured) == ["external_links"]


@pytest.mark.parametrize(
    ("keys", "environment"),
    [
        ("environment: {A: 1, B: true, C: '${X}'}", {"A": "1", "B": "true", "C": "x"}),
        ("environment: [A=1, 'B=a=b', C=]", {"A": "1", "B": "a=b", "C": ""}),
        ("environment: [X, Y]", {"X": "x"}),
    ],
)
def test_environment_is_text(keys: str, environment: dict[str, str]) -> None:
    assert dict(launch(keys, X="x").environment) == environment


def test_command_is_cut_as_a_shell_does() -> None:
    assert launch("command: \"sh -c 'echo $$HOME'\"").command == ("sh", "-c", "echo $HOME")
    assert launch("entrypoint: [a, 'b c']").entrypoint == ("a", "b c")


def test_metadata_keeps_its_types_and_answers_stay_text() -> None:
    metadata = service(
        "tty: true", "metadata: {'n': 5, big: 1000000, 'yes': on, list: [{name: a}], t: '${N}', empty: }", N="7"
    ).metadata
    assert metadata == {"n": 5, "big": 1000000, "yes": True, "list": [{"name": "a"}], "t": "7", "empty": None}


def test_health_check_takes_answers_as_numbers() -> None:
    found = service("tty: true", "health_check: {port: '${P}', interval: 5000, request_line: GET / HTTP/1.0}", P="80")
    assert found.health_check == HealthCheck(80, "GET / HTTP/1.0", 5000)


def test_lb_config_takes_answers_as_numbers() -> None:
    rules = service("tty: true", "lb_config: {port_rules: [{source_port: '${P}', hostname: h}]}", P="80").lb_config
    assert rules == {"port_rules": [{"source_port": 80, "hostname": "h"}]}


def test_scale_policy_begins_with_its_minimum() -> None:
    found = stack("a: {image: x}", "a: {scale: 5, scale_policy: {min: 2, max: 4}}")
    assert (found.services[0].scale, keys_of(found.unhonoured)) == (2, ["scale_policy"])


@pytest.mark.parametrize("word", ["true", "True", "TRUE"])
def test_global_service_runs_once_and_it_is_said(word: str) -> None:
    found = stack(f"a: {{image: x, labels: {{io.rancher.scheduler.global: '{word}'}}}}", "a: {scale: 5}")
    assert (found.services[0].scale, keys_of(found.unhonoured)) == (1, ["io.rancher.scheduler.global"])


def test_options_keep_their_types() -> None:
    keys = "tty: true, user: '0', dns: 1.1.1.1, mem_limit: 1g, ulimits: {nofile: {soft: 1, hard: 2}}, extra_hosts: ['h:10.0.0.1']"
    assert launch(keys).options == {
        "tty": True,
        "user": "0",
        "dns": ["1.1.1.1"],
        "mem_limit": 1 << 30,
        "ulimits": {"nofile": {"soft": 1, "hard": 2}},
        "extra_hosts": {"h": "10.0.0.1"},
    }


def test_restart_is_a_word_and_bare_no_is_none() -> None:
    assert launch("restart: 'no'").restart == "no"
    assert "restart of 'a': true or false found where text is expected" in refused("a: {image: x, restart: no}")
    assert launch("tty: true").restart == "always"


def test_volumes_of_the_stack_are_those_that_are_used_or_declared() -> None:
    found = stack("version: '2'\nservices:\n  a: {image: x, volumes: ['v:/v', /w]}\nvolumes:\n  u: {driver: rancher-nfs}\n")
    assert found.volumes == ("u", "v")
    assert keys_of(found.unhonoured) == ["volumes.u.driver"]


def test_volumes_have_the_scopes_that_are_declared() -> None:
    found = stack(
        "version: '2'\nservices:\n  a: {image: x, volumes: ['v:/v', 'u:/u', 'e:/e', 'r:/r', /w]}\n"
        "volumes:\n  u: {per_container: true}\n  e: {external: true}\n  r: {external: {name: real}}\n"
    )
    primary = found.services[0].primary
    assert (found.volumes, primary.per_unit, primary.external) == (("v",), ("u",), {"e": "e", "r": "real"})
    assert (keys_of(found.unhonoured), keys_of(found.dangerous)) == ([], ["volumes.e.external", "volumes.r.external"])


def test_stop_exposed_ports_log_and_retained_addresses_are_honoured() -> None:
    keys = "stop_grace_period: 1m30s, expose: [80, '90/udp'], log_opt: {max-size: 1m}"
    found = launch(keys)
    assert (found.grace, found.exposed, found.logging) == (90, ("80", "90/udp"), {"max-size": "1m"})
    assert service("tty: true", "retain_ip: true").retain_ip
    logged = stack("version: '2'\nservices: {a: {image: x, logging: {driver: json-file, options: {max-file: 3}}}}")
    assert (logged.services[0].primary.logging, logged.unhonoured) == ({"max-file": "3"}, ())


@pytest.mark.parametrize(
    ("text", "ports"),
    [
        ("8000-8001:80-81/udp", ("8000:80/udp", "8001:81/udp")),
        ("127.0.0.1:80-81:90-91", ("127.0.0.1:80:90", "127.0.0.1:81:91")),
        ("80-81", ("80", "81")),
    ],
)
def test_ports_of_a_range_are_published_one_by_one(text: str, ports: tuple[str, ...]) -> None:
    assert launch(f"ports: ['{text}']").ports == ports


def test_each_public_port_knows_its_line() -> None:
    found = stack("a:\n  image: x\n  expose: [70]\n  ports:\n  - 80-81:90-91\n  - '7'\n  - ${port}:1\n  - 80:3", port="8")
    assert {port: str(where) for port, where in found.ports.items()} == {
        "80": "web/0/docker-compose.yml:5:5",
        "81": "web/0/docker-compose.yml:5:5",
        "8": "web/0/docker-compose.yml:7:5",
    }


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("labels: {'io.rancher.scheduler.affinity:host_label': a=b}", "io.rancher.scheduler.affinity:host_label"),
        ("labels: {io.rancher.container.create_agent: 'true'}", "io.rancher.container.create_agent"),
        ("container_name: x", "container_name"),
        ("log_driver: syslog, log_opt: {tag: x}", "log_driver"),
        ("log_opt: {syslog-address: x}", "log_opt: syslog-address"),
        ("volume_driver: convoy", "volume_driver"),
        ("uts: host", "uts"),
        ("environment: {A: '${NOBODY}'}", "${NOBODY}"),
    ],
)
def test_what_one_engine_cannot_honour_is_said(keys: str, key: str) -> None:
    assert keys_of(stack(f"a: {{image: x, {keys}}}").unhonoured) == [key]


def test_of_two_equal_keys_the_last_counts_and_it_is_said() -> None:
    found = stack("a:\n  image: x\n  image: z\n  labels: {k: '1', k: '2'}\n", ".catalog: {version: '1', version: '2'}\n")
    primary = found.services[0].primary
    assert (primary.image, dict(primary.labels)) == ("z", {"k": "2"})
    assert [(each.key, str(each.where), each.message) for each in found.unhonoured][:2] == [
        (
            "image",
            "web/0/docker-compose.yml:3:3",
            "this key is defined twice: the definition here is used, not the one on line 2",
        ),
        ("k", "web/0/docker-compose.yml:4:20", "this key is defined twice: the definition here is used, not the one on line 4"),
    ]
    assert keys_of(found.unhonoured) == ["image", "k", "version"]


def test_of_two_versions_of_the_catalog_block_the_last_counts() -> None:
    files = {"0/docker-compose.yml": b"a: {image: x}", "0/rancher-compose.yml": b".catalog: {version: '1', version: '2'}"}
    assert read(files, "web").version == "2"


def test_service_beside_the_services_of_version_2_is_said_to_be_passed_over() -> None:
    found = stack("version: '2'\nservices: {a: {image: x}}\n", "version: '2'\na: {scale: 3}\n")
    assert (found.services[0].scale, keys_of(found.unhonoured)) == (1, ["a"])


def test_scale_of_a_sidekick_is_said_to_be_ignored() -> None:
    found = stack(UNIT, "side: {scale: 2}")
    assert [(note.service, note.key) for note in found.unhonoured] == [("side", "scale")]


@pytest.mark.parametrize(
    ("keys", "key"),
    [
        ("privileged: true", "privileged"),
        ("volumes: ['/var/run/docker.sock:/s:ro']", "volumes"),
        ("net: host", "network_mode"),
        ("pid: host", "pid"),
        ("ipc: host", "ipc"),
        ("devices: ['/dev/kvm:/dev/kvm']", "devices"),
        ("cap_add: [SYS_ADMIN]", "cap_add"),
        ("security_opt: ['apparmor:unconfined']", "security_opt"),
        ("sysctls: {net.core.somaxconn: '1024'}", "sysctls"),
        ("net: bridge", "network_mode"),
        ("oom_kill_disable: true", "oom_kill_disable"),
        ("oom_score_adj: -1000", "oom_score_adj"),
        ("shm_size: 100g", "shm_size"),
        ("shm_size: 1073741825", "shm_size"),
    ],
)
def test_what_reaches_out_of_the_container_needs_trust(keys: str, key: str) -> None:
    assert keys_of(stack(f"a: {{image: x, {keys}}}").dangerous) == [key]


@pytest.mark.parametrize(
    "keys", ["oom_kill_disable: false", "oom_score_adj: 500", "shm_size: 1g", "shm_size: 64m", "net: none", "log_driver: syslog"]
)
def test_what_harms_nobody_else_needs_no_trust(keys: str) -> None:
    assert stack(f"a: {{image: x, {keys}}}").dangerous == ()


def test_own_volumes_need_no_trust() -> None:
    assert stack("a: {image: x, volumes: [/data, 'v:/v'], privileged: false}").dangerous == ()


@pytest.mark.parametrize(
    ("docker", "words"),
    [
        ("a: {image: x, labels: {io.rancher.sidekicks: conf}}\nconv: {image: x}", "names a sidekick 'conf' that does not exist"),
        ("a: {image: x, links: [c]}", "links of 'a' names a service 'c' that does not exist; rancher-compose accepts this"),
        ("a: {image: x, scale: -1}", "scale must be a whole number of 0 or more, not '-1'"),
        ("a: {image: x}\na: {image: z}", "the key 'a' appears twice: first in line 1"),
        ("version: '2'\nservices: {a: {image: x}, a: {image: z}}", "the key 'a' appears twice: first in line 2"),
        ("a: {image: x, net: 'container:b'}\nb: {image: x}", "net of 'a' names 'b', which runs in another unit"),
        ("a: {image: x, volumes_from: [b]}", "volumes_from of 'a' names a service 'b' that does not exist"),
        ("a: {tty: true}", "the service 'a' has no image; rancher-compose accepts this"),
        ("a: {image: x, labels: ['io.rancher.sidekicks=conf ']}", "names a sidekick 'conf' that does not exist"),
        (
            "a: {image: x, imag: y}",
            "has a key 'imag' that rancher-compose refuses\n  hint: did you mean 'image'?",
        ),
        ("a: {image: x, healthcheck: {}}", "did you mean 'health_check'?"),
        ("a: {image: x, depends_on: [b]}\nb: {image: x}", "has a key 'depends_on' that rancher-compose refuses"),
        ("version: '3'\nservices: {a: {image: x}}", "the version of a compose file must be '2'"),
        ("'a b': {image: x}", "a service cannot be named 'a b'"),
        ("a: {image: x, ports: ['x:80']}", "'x:80' is not a port"),
        ("a: {image: x, ports: ['81-80']}", "'81-80' is not a port"),
        ("a: {image: x, ports: ['1-65000']}", "catalog-forge does not support the port '1-65000'; rancher-compose accepts this"),
        ("a: {image: x, stop_grace_period: soon}", "'soon' is not a duration"),
        ("a: {image: x, ports: ['80:80', '80:80']}", "'80:80' is listed twice"),
        (
            "a: {image: x, volumes: ['../up:/x']}",
            "catalog-forge does not support a container with the volume '../up:/x'; rancher-compose accepts this",
        ),
        ("a: {image: x, tty: '${X}'}", "text found where true or false is expected"),
        ('a: {image: x, command: "sh -c \'x"}', "a quote (') is never closed"),
        ("a: {image: x, environment: {A: $(id)}}", "'$(id)' is not a variable"),
        (
            "a: {image: x, net: elsewhere}",
            "catalog-forge does not support a container in the network 'elsewhere'; rancher-compose accepts this",
        ),
        ("a: {image: x, health_check: {interval: 1}}", "the health check of 'a' has no port; rancher-compose accepts this"),
        ("a: {image: x, labels: {io.rancher.sidekicks: a}}", "is its own sidekick"),
        ("- a", "a list is not a compose file"),
    ],
)
def test_what_is_wrong_is_refused_by_name(docker: str, words: str) -> None:
    assert words in refused(docker)


def test_containers_of_a_unit_in_a_circle_are_refused() -> None:
    docker = UNIT.replace("image: conf", "image: conf\n    volumes_from: [main]")
    assert "containers need each other: main -> conf -> main; rancher-compose accepts this" in refused(docker)


def test_all_problems_of_both_files_are_said_at_once_with_their_places() -> None:
    words = refused("a:\n  image: x\n  imag: y\n", "a:\n  scale: -1\n  scal: 2\n").splitlines()
    places = [line.split(" ")[0] for line in words if not line.startswith("  ")]
    assert places == ["web/0/docker-compose.yml:3:3:", "web/0/rancher-compose.yml:2:10:", "web/0/rancher-compose.yml:3:3:"]


def test_service_that_only_rancher_compose_knows_has_no_image() -> None:
    assert "docker-compose.yml has no such service" in refused("web: {image: x}", "wep: {scale: 1}")


def test_places_of_what_a_template_made_are_those_of_the_template() -> None:
    with pytest.raises(ForgeError, match=r"web/0/docker-compose\.yml\.tpl:2:14: "):
        stack("{{if true}}a:{{end}}\n  {image: x, imag: y}", file="docker-compose.yml.tpl")


def test_answers_decide_what_a_template_keeps() -> None:
    docker = 'a:\n  image: x\n{{- if eq .Values.LB "true"}}\nlb:\n  image: z\n{{- end}}\n'
    assert [each.name for each in stack(docker, LB="true").services] == ["a", "lb"]
    assert [each.name for each in stack(docker, LB="false").services] == ["a"]


def test_a_thousand_services_in_a_row_are_put_in_order() -> None:
    docker = "".join(f"s{number}: {{image: x, links: [s{number + 1}]}}\n" for number in range(1000)) + "s1000: {image: x}\n"
    assert stack(docker).services[0].name == "s1000"


@pytest.mark.parametrize(
    ("services", "before"),
    [
        ("a: {image: x, links: [b]}\n  b: {image: x, links: [a]}", []),
        ("a: {image: x, links: [b]}\n  b: {image: x, external_links: [a]}\n  c: {image: x, links: [a]}", ["ac", "bc"]),
        ("a: {image: x, links: [b]}\n  b: {image: x, depends_on: [a]}", ["ab"]),
        (
            "a: {image: x, depends_on: [c]}\n  b: {image: x, links: [a]}\n  c: {image: x, links: [b, d]}\n  d: {image: x}",
            ["ca", "dc"],
        ),
    ],
)
def test_services_that_link_to_each_other_run_and_what_is_needed_starts_first(services: str, before: list[str]) -> None:
    names = [service.name for service in stack(f"version: '2'\nservices:\n  {services}\n").services]
    assert all(names.index(first) < names.index(second) for first, second in before), names


def test_a_circle_of_links_is_noted() -> None:
    found = stack("version: '2'\nservices:\n  a: {image: x, links: [b]}\n  b: {image: x, links: [a]}\n")
    assert [str(note.message).partition(":")[0] for note in found.unhonoured] == ["a -> b -> a is a cycle"]


def test_only_what_must_start_first_makes_a_circle() -> None:
    docker = "version: '2'\nservices:\n  a: {image: x, depends_on: [b]}\n  b: {image: x, depends_on: [a], links: [a]}\n"
    assert "services need each other: a -> b -> a" in refused(docker)


@pytest.mark.parametrize("head", ["", "a: {{image: b, labels: {{io.rancher.sidekicks: '{}'}}}}\n"], ids=["services", "sidekicks"])
def test_an_entry_is_read_in_linear_time(head: str) -> None:
    def work(size: int) -> object:
        names = [f"s{number}" for number in range(size // 32)]
        return stack(head.format(",".join(names)) + "\n".join(f"{name}: {{image: busybox}}" for name in names))

    assert not superlinear(work, largest=400_000)
