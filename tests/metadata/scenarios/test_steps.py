"""Steps: what becomes of the environment of a scenario, and who asks."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.scenario import Scenario, read

V3 = "2016-07-29"
START = """\
stack: search
services:
  es:
    scale: 3
    metadata: {cluster.name: es, heap: 1g}
    sidekicks: {es-main: primary, es-conf: own}
  web: {links: {es: search}}
"""


def scenario(steps: str, head: str = "") -> Scenario:
    return read(f"{START}{head}\nthen:\n{steps}\n", "s.yml")


def told(played: Scenario, number: int = -1, version: str = V3) -> Any:
    moment = played.moments[number]
    return answers_of(moment.environment, only=version).entry(version, moment.client)


def member(played: Scenario, index: int, number: int = -1) -> Any:
    return told(played, number)["self"]["service"]["containers"][index - 1]


def test_without_steps_there_is_one_moment_seen_by_the_first_container() -> None:
    (start,) = read(START, "s.yml").moments
    assert (start.name, start.client, start.fault.kind) == ("start", "10.42.1.11", "none")


def test_a_service_grows_and_keeps_its_containers() -> None:
    played = scenario("- scale: 5")
    service = told(played)["self"]["service"]
    assert (service["scale"], service["create_index"], len(service["containers"])) == (5, 5, 5)
    assert service["containers"][:3] == told(played, 0)["self"]["service"]["containers"]
    assert played.moments[1].name == "scale 5"


def test_a_replaced_container_keeps_its_name_and_index_and_nothing_else() -> None:
    played = scenario("- replace: 2")
    before, after = member(played, 2, 0), member(played, 2)
    same = ("name", "service_index", "hostname", "stack_name", "host_uuid")
    assert [after[key] for key in same] == [before[key] for key in same]
    differs = ("uuid", "primary_ip", "primary_mac_address", "external_id", "create_index")
    assert all(after[key] != before[key] for key in differs)
    assert (after["create_index"], told(played)["self"]["service"]["create_index"]) == (4, 4)
    assert [member(played, index) for index in (1, 3)] == [member(played, index, 0) for index in (1, 3)]


def test_a_create_index_and_an_address_are_never_given_twice() -> None:
    played = scenario("- replace: [2, 2]\n- scale: 2\n- scale: 4\n- replace: 1")
    containers = told(played)["self"]["service"]["containers"]
    assert [item["create_index"] for item in containers] == [8, 5, 6, 7]
    assert [item["primary_ip"] for item in containers] == ["10.42.1.18", "10.42.1.15", "10.42.1.16", "10.42.1.17"]


@pytest.mark.parametrize("keys", ["scale: 4, replace: [2]", "replace: 2, scale: 4"])
def test_a_step_scales_first_and_replaces_units_that_were_there_before(keys: str) -> None:
    played = scenario(f"- {{{keys}}}")
    containers = told(played)["self"]["service"]["containers"]
    assert [item["create_index"] for item in containers] == [1, 5, 3, 4]
    assert member(played, 2)["uuid"] != member(played, 2, 0)["uuid"]
    assert [member(played, index) for index in (1, 3)] == [member(played, index, 0) for index in (1, 3)]
    assert played.moments[1].name == "scale 4, container 2 replaced"


def test_a_replaced_unit_brings_new_sidekicks_that_share_its_network() -> None:
    played = scenario("- replace: 1")
    everybody = {item["name"]: item for item in told(played)["containers"]}
    assert everybody["search-es-es-main-1"]["network_from_container_uuid"] == everybody["search-es-1"]["uuid"]
    before = {item["name"]: item for item in told(played, 0)["containers"]}
    assert everybody["search-es-es-conf-1"]["primary_ip"] != before["search-es-es-conf-1"]["primary_ip"]
    assert everybody["search-web-1"]["links"]["search"] == everybody["search-es-1"]["uuid"]
    assert played.moments[1].client == "10.42.1.14"  # who asks has a new address, too


def test_a_stopped_container_stays_listed_until_it_is_started() -> None:
    played = scenario("- stop: 3\n- start: 3")
    assert [member(played, 3, number)["state"] for number in range(3)] == ["running", "stopped", "running"]


def test_healths_change() -> None:
    assert member(scenario("- health: {2: unhealthy}"), 2)["health_state"] == "unhealthy"


def test_metadata_is_set_and_removed() -> None:
    played = scenario("- set: {cluster.name: other, users: [{name: a}]}\n- unset: [heap, users]")
    first = told(played, 1)["self"]["service"]["metadata"]
    assert (first["cluster.name"], first["users"], first["heap"]) == ("other", [{"name": "a"}], "1g")
    assert set(told(played)["self"]["service"]["metadata"]) == {"io.rancher.service.hash", "cluster.name"}


def test_a_step_may_be_about_another_service_and_another_container_may_ask() -> None:
    played = scenario("- {service: web, scale: 2}\n- self: es-conf-3\n- name: mine\n  self: es-main-2")
    assert [moment.name for moment in played.moments[1:]] == ["web: scale 2", "seen by search-es-es-conf-3", "mine"]
    assert told(played, 2)["self"]["container"]["name"] == "search-es-es-conf-3"
    assert told(played, 3)["self"]["container"]["name"] == "search-es-2"  # it shares the network of its primary
    assert told(played, 1)["stacks"][0]["services"][-1]["scale"] == 2


@pytest.mark.parametrize(
    ("word", "kind", "seconds"),
    [("{down: 4s}", "down", 4), ("{slow: 500ms}", "slow", 0.5), ("missing", "missing", 0), ("flapping", "flapping", 0)],
)
def test_faults_are_a_word_or_a_word_and_a_time(word: str, kind: str, seconds: float) -> None:
    fault = scenario(f"- fault: {word}").moments[1].fault
    assert (fault.kind, fault.seconds) == (kind, seconds)


def test_a_late_metadata_service_stands_at_the_start() -> None:
    assert scenario("- scale: 2", "fault: {late: 2s}").moments[0].fault.kind == "late"


@pytest.mark.parametrize(
    ("steps", "problem"),
    [
        ("- {scail: 3}", "s.yml:10:4: unknown key 'scail' in a step\n  hint: did you mean 'scale'?"),
        ("- scale: -1", "s.yml:10:10: scale must be a whole number from 0 to 10000"),
        ("- replace: 9", "s.yml:10:12: there is no container '9': the scale of the service is 3"),
        ("- {scale: 2}\n- stop: 3", "s.yml:11:9: there is no container '3': the scale of the service is 2"),
        ("- health: {9: bad}", "s.yml:10:12: there is no container '9': the scale of the service is 3"),
        (
            "- {replace: 4, scale: 4}",
            "s.yml:10:13: container 4 cannot be replaced in this step, because the step itself creates the container\n"
            "  hint: replace it in a separate step after this one",
        ),
        ("- {replace: [1, 3], scale: 2}", "s.yml:10:17: there is no container '3': the scale of the service is 2"),
        (
            "- unset: clster.name",
            "s.yml:10:10: the metadata of 'es' has no key 'clster.name'\n  hint: did you mean 'cluster.name'?",
        ),
        ("- {service: web}", "s.yml:10:13: the step names the service 'web', but does not change it"),
        ("- {service: ws, scale: 2}", "s.yml:10:13: there is no service 'ws'"),
        ("- self: es-9", "s.yml:10:9: there is no container 'es-9' that could request metadata"),
        (
            "- scale: 0",
            "s.yml:10:3: there is no container 'search-es-1' that could request metadata\n  hint: ",
        ),
        ("- fault: broken", "s.yml:10:10: fault must be one of late, down, slow, missing, flapping, not 'broken'"),
        ("- fault: {late: 2s}", "s.yml:10:10: the fault 'late' is allowed only at the start of the scenario"),
        ("- fault: down", "s.yml:10:10: fault 'down' needs a time"),
        ("- fault: {missing: 3s}", "s.yml:10:10: fault 'missing' takes no time"),
        ("- fault: {down: soon}", "s.yml:10:17: fault down must be a duration\n  hint: such as 4s, 500ms or 1m"),
        ("- fault: {down: 100m}", "s.yml:10:10: a fault can last at most 60 s"),
        ("- scale: 9999\n- scale: 1\n- scale: 9999", "s.yml:12:3: the subnet 10.42.0.0/16 has"),
        ("- scale: 3\n" * 201, "s.yml:210:3: a scenario can have at most 200 steps"),
        ("- 3", "s.yml:10:3: a step must be a mapping"),
    ],
)
def test_what_is_wrong_with_a_step_is_said_with_its_place(steps: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        scenario(steps)
    assert str(caught.value).startswith(problem), str(caught.value)


def test_all_problems_of_the_steps_are_shown_at_once() -> None:
    with pytest.raises(ForgeError) as caught:
        scenario("- replace: 9\n- unset: nope\n- scale: x")
    assert [problem.where.line for problem in caught.value.problems if problem.where] == [10, 11, 12]


def test_one_version_alone_is_the_same_as_among_all() -> None:
    environment = scenario("- replace: 2").moments[1].environment
    every = answers_of(environment)
    for version in every.versions:
        assert answers_of(environment, only=version).versions[version] == every.versions[version]
