"""Scenarios: an environment in few words."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Host, Service, Sidekick
from catalog_forge.metadata.scenarios.scenario import load, read
from tests.growth import superlinear
from tests.helpers import tree

FULL = """
stack: search
subnet: 10.42.7.0/24
hosts: {node-a: {role: data}, node-b: {}}
containers: [shell]
services:
  es:
    scale: 3
    metadata: {cluster.name: es, big: 9007199254740993, nested: {a: [1, null]}}
    labels: {tier: 1}
    sidekicks: {es-main: primary, es-data: {labels: {x: y}}}
    ports: [9200, "9300:9301/udp"]
    health_check: {port: 9200}
    states: {2: stopped}
    healths: {3: unhealthy}
  dashboard:
    sidekicks: [helper]
    links: {es: search}
  tiny:
"""


def test_every_key_finds_its_place() -> None:
    environment = read(FULL, "s.yml").environment
    (stack,) = environment.stacks
    es, dashboard, tiny = stack.services
    assert (stack.name, environment.subnet, environment.containers) == ("search", "10.42.7.0/24", ("shell",))
    assert environment.hosts == (Host("node-a", "192.0.2.11", {"role": "data"}), Host("node-b", "192.0.2.12"))
    assert es.metadata == {"cluster.name": "es", "big": 9007199254740993, "nested": {"a": [1, None]}}
    assert es.labels == {"tier": "1"}  # labels are text
    assert es.sidekicks == (Sidekick("es-main", "primary"), Sidekick("es-data", "own", {"x": "y"}))
    assert es.ports == ("9200:9200/tcp", "9300:9301/udp")
    assert es.health_check is not None
    assert (es.health_check["port"], es.health_check["healthy_threshold"]) == (9200, 2)
    assert (es.scale, es.states, es.healths) == (3, {2: "stopped"}, {3: "unhealthy"})
    assert dashboard == Service("dashboard", sidekicks=(Sidekick("helper"),), links={"es": "search"})
    assert tiny == Service("tiny")


STACKS = """
stack: shop
services: {web: {links: {db/Maria: sql, cache: c}}, cache: }
stacks:
  db: {Maria: {scale: 2, labels: {backup: daily}}, site: {kind: externalService, state: inactive, external_ips: [192.0.2.80]}}
  empty: {}
then:
- {service: db/Maria, scale: 3}
- {scale: 2}
- {service: db/site, set: {a: b}}
- {self: db-Maria-3}
- {scale: 4}
"""


def test_other_stacks_have_services_that_links_lead_to_and_steps_change() -> None:
    moments = read(STACKS, "s.yml").moments
    shop, db, empty = moments[0].environment.stacks
    assert (shop.name, db.name, empty.name, empty.services) == ("shop", "db", "empty", ())
    assert shop.services[0].links == {"db/Maria": "sql", "cache": "c"}
    assert db.services[1].facts == {"kind": "externalService", "state": "inactive", "external_ips": ["192.0.2.80"]}
    scales = [[service.scale for stack in moment.environment.stacks for service in stack.services] for moment in moments]
    assert scales == [[1, 1, 2, 1], [1, 1, 3, 1], [2, 1, 3, 1], [2, 1, 3, 1], [2, 1, 3, 1], [2, 1, 4, 1]]
    assert moments[3].environment.stacks[1].services[1].metadata == {"a": "b"}
    assert [moment.name for moment in moments[1:3]] == ["db/Maria: scale 3", "scale 2"]
    assert moments[2].scaled(5).environment.stacks[1] == moments[2].environment.stacks[1]


@pytest.mark.parametrize("version", ["2015-12-19", "2016-07-29"])
def test_the_metadata_tells_of_other_stacks(version: str) -> None:
    entry = answers_of(read(STACKS, "s.yml").environment).entry(version, "default")
    assert entry is not None
    maria = "Maria" if version == "2015-12-19" else "maria"
    found = {(each["stack_name"], each["name"]): each for each in cast(list[Any], entry["services"])}
    assert set(found) == {("shop", "web"), ("shop", "cache"), ("db", maria), ("db", "site")}
    assert found["shop", "web"]["links"] == {f"db/{maria}": "sql", "shop/cache": "c"}
    assert [found["db", "site"][key] for key in ("kind", "state", "external_ips")] == [
        "externalService", "inactive", ["192.0.2.80"],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{stack: a, services: {w: }, stacks: {A: {}}}", "two stacks are called 'A'"),
        ("{services: {w: {links: {b/x: y}}}, stacks: {b: {z: }}}", "there is no service 'b/x' to link to"),
        ("{services: {w: }, stacks: {b: {z: }}, then: [{service: b/y, scale: 2}]}", "there is no service 'b/y'"),
    ],
)
def test_what_is_wrong_with_other_stacks_is_said(text: str, message: str) -> None:
    with pytest.raises(ForgeError, match=message):
        read(text, "s.yml")


def test_services_are_enough() -> None:
    environment = read("services: {web: }", "s.yml").environment
    assert (environment.stacks[0].name, len(environment.hosts)) == ("Default", 1)


@pytest.mark.parametrize(("hosts", "names"), [("2", ["node-1", "node-2"]), ("[a, b]", ["a", "b"]), ("{a: {}}", ["a"])])
def test_hosts_are_a_number_names_or_a_mapping(hosts: str, names: list[str]) -> None:
    assert [host.name for host in read(f"hosts: {hosts}\nservices: {{}}", "s.yml").environment.hosts] == names


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("services: {web: {scail: 3}}", "s.yml:1:18: unknown key 'scail' in the service 'web'\n  hint: did you mean 'scale'?"),
        ("servces: {}", "s.yml:1:1: unknown key 'servces' in a scenario\n  hint: did you mean 'services'?"),
        ("stack: s", "s.yml:1:1: a scenario needs the key 'services'"),
        ("- services", "s.yml:1:1: a scenario must be a mapping"),
        ("services: [web]", "s.yml:1:11: services must be a mapping"),
        ("services: {web: {scale: -1}}", "s.yml:1:25: scale must be a whole number from 0 to 10000"),
        ("services: {web: {scale: yes}}", "s.yml:1:25: scale must be a whole number"),
        ("services: {web: {scale: true}}", "s.yml:1:25: scale must be a whole number"),
        ("services: {../x: {}}", "s.yml:1:12: '../x' cannot be a name"),
        (
            "services: {web: {scale: 3, states: {9: stopped}}}",
            "s.yml:1:37: there is no container '9': the scale of the service is 3",
        ),
        ("services: {web: {links: {wob: x}}, b: {}}", "s.yml:1:26: there is no service 'wob' to link to"),
        ("services: {web: {sidekicks: {c: primry}}}", "s.yml:1:33: network must be one of own, primary, not 'primry'"),
        ("services: {web: {sidekicks: [WEB]}}", "s.yml:1:11: two services or sidekicks are called 'WEB'"),
        ("services: {web: {ports: [x]}}", "s.yml:1:26: a port must be PUBLIC, PUBLIC:PRIVATE"),
        ("services: {web: {metadata: [a]}}", "s.yml:1:28: metadata must be a mapping"),
        ("services: {web: {labels: {a: [b]}}}", "s.yml:1:30: labels must be text"),
        ("services: {}\nhosts: 0", "s.yml:2:8: hosts must be a whole number from 1 to 200"),
        ("services: {}\nhosts: many", "s.yml:2:8: hosts must be a whole number from 1 to 200"),
        ("services: {}\nhosts: []", "s.yml:2:8: there must be 1 to 200 hosts"),
        ("services: {}\nsubnet: 10.42.7.0/99", "s.yml:2:9: subnet must be an IPv4 network"),
        ("services: {web: {scale: 300}}\nsubnet: 10.42.1.0/24", "s.yml:2:9: the subnet 10.42.1.0/24 has 240 addresses for 'web'"),
        ("services: {web: {}}\nsubnet: 10.42.7.0/30", "s.yml:2:9: the subnet 10.42.7.0/30 has 0 addresses"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        read(text, "s.yml")
    assert str(caught.value).startswith(problem)


def test_all_problems_are_shown_at_once() -> None:
    with pytest.raises(ForgeError) as caught:
        read("services: {a: {scale: x}, b: {port: 1}}\nhost: 3", "s.yml")
    assert [problem.where.line for problem in caught.value.problems if problem.where] == [1, 1, 2]


def test_a_file_is_an_answers_file_when_its_keys_are_versions_else_a_scenario(tmp_path: Path) -> None:
    files = {"a.yml": "'2015-12-19': {default: {version: '7'}}", "s.yml": "services: {web: {}}"}
    tree(tmp_path, files)
    assert list(load(tmp_path / "a.yml").versions) == ["2015-12-19"]
    assert list(load(tmp_path / "s.yml").versions) == ["2015-07-25", "2015-12-19", "2016-07-29", "latest"]


def test_a_file_that_cannot_be_read_is_an_error_with_its_name(tmp_path: Path) -> None:
    for path, reason in [(tmp_path / "nope.yml", "No such file"), (tmp_path, "Is a directory")]:
        with pytest.raises(ForgeError, match=f"{path}: cannot read the file: {reason}"):
            load(path)


def test_a_huge_file_is_refused_without_reading_it_all(tmp_path: Path) -> None:
    path = tmp_path / "huge.yml"
    with path.open("wb") as file:
        file.truncate(100 << 20)
    with pytest.raises(ForgeError, match="larger than"):
        load(path)


def test_a_scenario_of_many_containers_has_a_larger_subnet_unless_it_names_one() -> None:
    few, many = (read(f"services: {{web: {{scale: {scale}}}}}", "s.yml").environment.subnet for scale in (200, 900))
    assert (few, many) == ("10.42.1.0/24", "10.42.0.0/16")
    grown = read("services: {web: {scale: 2}}\nthen: [{scale: 900}]", "s.yml")
    assert {moment.environment.subnet for moment in grown.moments} == {"10.42.0.0/16"}


def test_many_mistakes_are_reported_in_linear_time() -> None:
    def work(size: int) -> object:
        with pytest.raises(ForgeError):
            read("services:\n  es:\n" + "".join(f"    key{number}: 1\n" for number in range(size // 32)), "s.yml")
        return None

    assert not superlinear(work, largest=400_000)


@pytest.mark.parametrize("word", ["activating", "recreating", "created", "reconnecting"])
def test_a_state_that_is_not_listed_is_taken_as_it_is(word: str) -> None:
    (stack,) = read(f"services: {{es: {{states: {{1: {word}}}}}}}", "s.yml").environment.stacks
    assert stack.services[0].states == {1: word}
