"""The first scenario of a spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.questions import Given
from catalog_forge.repository import Repository
from catalog_forge.verify import first_scenario, play
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.subject import of_spec
from tests.verify.specs import SPEC, spec_of, subject_of

COMPANIONS = """\
companions:
  web: {image: "web:1"}
  db:
    image: "db:1"
    scale: "2"
    health_check: {port: "5432"}
    labels: {io.rancher.sidekicks: "backup, data,logs", role: "of ${level}$$", io.rancher.scheduler.global: false}
    metadata: {a: {b: ["${level}", $$x]}}
  backup: {image: "backup:1", network_mode: "container:db", volumes_from: [data]}
  data: {image: "data:1", network_mode: none}
  logs: {image: "logs:1"}
"""
WRITTEN = Repository(Path(__file__).parents[1] / "written")


def test_it_is_the_stack_of_the_entry_with_every_question_answered() -> None:
    data = yamlio.load(first_scenario.first_scenario(spec_of(), subject_of(), Embedded()).text, "s.yml")
    assert data["services"]["app"] == {
        "scale": 1,
        "sidekicks": {"app-main": "primary"},
        "metadata": {"cluster.name": "some cluster_name", "level": "info"},
    }
    assert (data["self"], [set(step) for step in data["then"]]) == ("app-1", [{"service", "scale"}, {"service", "replace"}])
    assert data["expect"]["files"]["/etc/app/peers"] == "10.42.1.11\n"
    assert first_scenario.made_up(spec_of()) == ["cluster.name"]


def test_a_required_list_or_map_has_one_element() -> None:
    keys = "users: {type: list, fields: [name]}, a/m: {type: map}, l: {type: list}, o: {type: list, optional: true}, "
    spec = spec_of(SPEC.replace("metadata: {", f"metadata: {{{keys}", 1))
    metadata = first_scenario.stack(spec)["app"]["metadata"]
    assert metadata["users"] == [{"name": "some name"}]
    assert (metadata["a"]["m"], metadata["l"], metadata.get("o")) == ({"one": "some m"}, ["some l"], None)
    assert {"users", "a/m", "l"} <= {*first_scenario.made_up(spec)}


def test_a_question_has_the_answer_that_is_given() -> None:
    given = {"cluster_name": Given("blue")}
    data = yamlio.load(first_scenario.first_scenario(spec_of(), subject_of(), Embedded(), given).text, "s.yml")
    assert data["services"]["app"]["metadata"] == {"cluster.name": "blue", "level": "info"}
    assert first_scenario.made_up(spec_of(), given) == []
    for name, text, words in (("cluster", "blue", "no question 'cluster'"), ("nodes", "three", "whole number")):
        spec = spec_of(SPEC.replace("metadata: {", "metadata: {nodes: {type: int, default: 3}, ", 1))
        with pytest.raises(ForgeError, match=words):
            first_scenario.stack(spec, {name: Given(text)})


def test_the_sidekick_asks_where_the_conf_container_is_one() -> None:
    spec = spec_of(SPEC.replace("netns", "volumes"))
    assert first_scenario.asking(spec) == "app-conf"
    assert first_scenario.stack(spec)["app"]["sidekicks"] == {"app-conf": "own"}


def test_it_has_the_companions_of_the_entry() -> None:
    web = '- list: {of: "service:web", item: "@{it.ip}", tail: "\\n"}\n'
    text = SPEC.replace(
        "- list: {of: peers,", f'{web}  - text: "@{{count(service:app-main)}} @{{count(service:db)}}"\n  - list: {{of: peers,'
    )
    text += COMPANIONS
    data = yamlio.load(first_scenario.first_scenario(spec_of(text), subject_of(text), Embedded()).text, "s.yml")
    assert set(data["services"]) == {"app", "web", "db"}
    assert data["services"]["web"] == {"scale": 1}
    assert data["services"]["db"] == {
        "scale": 2,
        "sidekicks": {"backup": "primary", "logs": "own"},
        "health_check": {"port": 5432},
        "labels": {"role": "of info$", "io.rancher.scheduler.global": "false"},
        "metadata": {"a": {"b": ["info", "$x"]}},
    }
    assert data["expect"]["files"]["/etc/app/peers"].startswith("10.42.1.") and "1 2" in data["expect"]["files"]["/etc/app/peers"]


def test_numbers_that_are_asked_for_are_answered() -> None:
    text = SPEC.replace("topology: netns", "topology: netns, scale: '${n}', health_check: {port: '${level}'}")
    text = text.replace("metadata: {", "metadata: {n: {type: int, default: 3}, ")
    service = first_scenario.stack(spec_of(text))["app"]
    assert (service["scale"], service["health_check"]) == (3, {"port": 80})


@pytest.mark.parametrize("name", WRITTEN.names())
def test_what_it_expects_is_what_is_rendered(name: str) -> None:
    source = WRITTEN.source(name)
    spec = source.spec()
    subject = of_spec(spec, source.folder.static)
    text = first_scenario.first_scenario(spec, subject, Embedded()).text
    played = play.case(
        name, "first", "s.yml", subject, play.scenario.read(text, "s.yml", first_scenario.asking(spec)), source.folder.beside
    )
    result = play.play(played, Embedded())
    assert result.passed, [failure for step in result.steps for failure in step.failures]
    assert len(result.steps) == 3
    assert result.steps[0].checked >= len(spec.files)


PROXY = """\
forge: 1
name: lb-conf
service: {name: lb, image: "haproxy:2.8", external_links: ["${web}:back"]}
metadata: {web: {type: service}, nodes: {type: list, default: []}}
files:
- {dest: /etc/lb/a.cfg, format: raw, body: [{list: {of: "link:back[required]", item: "server @{it.ip}:80\\n"}}]}
- {dest: /etc/lb/b.cfg, format: raw, body: [{list: {of: "metadata/nodes[required]", item: "@{it}\\n"}}]}
"""


def test_a_link_leads_to_a_service_and_a_reason_is_recorded_as_each_engine_tells_it() -> None:
    spec, subject = spec_of(PROXY), subject_of(PROXY)
    text = first_scenario.first_scenario(spec, subject, Embedded()).text
    data = yamlio.load(text, "s.yml")
    assert data["services"]["lb"]["links"] == {"other-lb": "back"}
    assert data["expect"]["files"] == {"/etc/lb/a.cfg": "server 10.42.1.171:80\n"}
    reason = ["required: metadata/nodes has no element yet"]
    assert [moment["expect"]["error"] for moment in (data, *data["then"])] == [reason] * 3


TWO = PROXY.replace('"${web}:back"]', '"${web}:back", "${api}:api"]').replace("{web: ", "{api: {type: service}, web: ")
TWO = TWO.replace('item: "server', 'item: "@{count(link:api)} server')


def test_each_question_for_a_service_leads_to_a_service_of_its_own() -> None:
    data = yamlio.load(first_scenario.first_scenario(spec_of(TWO), subject_of(TWO), Embedded()).text, "s.yml")
    assert data["services"]["lb"]["links"] == {"other-web": "back", "other-api": "api"}
    assert {"other-web", "other-api"} <= set(data["services"]) and data["expect"]["files"]["/etc/lb/a.cfg"].startswith("1 server")


def test_a_service_of_another_stack_is_in_that_stack() -> None:
    given = {"web": Given("shop/web"), "api": Given("lb/near")}
    found = first_scenario.first_scenario(spec_of(TWO), subject_of(TWO), Embedded(), given)
    data = yamlio.load(found.text, "s.yml")
    assert data["services"]["lb"]["links"] == {"shop/web": "back", "near": "api"}
    assert data["stacks"] == {"shop": {"web": {}}} and set(data["services"]) == {"lb", "near"}
    assert data["expect"]["files"]["/etc/lb/a.cfg"].startswith("1 server")
    assert found.errors == ("required: metadata/nodes has no element yet",)


@pytest.mark.parametrize("answer", ["a b", "a/b/c"])
def test_an_answer_that_names_no_service_has_no_place_in_a_file_that_is_not_there(answer: str) -> None:
    with pytest.raises(ForgeError, match="the scenario of these answers is not valid: .*cannot be a name") as caught:
        first_scenario.first_scenario(spec_of(TWO), subject_of(TWO), Embedded(), {"web": Given(answer)})
    assert {each.where for each in caught.value.problems} == {None}


def test_what_every_group_says_itself_is_not_made_up() -> None:
    groups = SPEC.replace("service: {", "service: {groups: {a: {metadata: {cluster.name: x}}, b: {GROUP}}, ", 1)
    assert first_scenario.made_up(spec_of(groups.replace("GROUP", "metadata: {cluster.name: y}"))) == []
    assert first_scenario.made_up(spec_of(groups.replace("GROUP", "scale: 2"))) == ["cluster.name"]
