"""A scenario as a real stack has it."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios import scenario, units
from catalog_forge.metadata.scenarios.model import Environment, Host
from catalog_forge.metadata.scenarios.scenario import Scenario
from catalog_forge.stack import environment as telling
from catalog_forge.stack.model import Stack
from catalog_forge.stack.reconcile import Ledger
from catalog_forge.verify import expectation, on_stack_scenario
from catalog_forge.verify.expectation import Expectation
from tests.verify.specs import SCENARIO, SPEC, nothing_beside, spec_of, subject_of

PORTS = SPEC.replace("topology: netns}", 'topology: netns, ports: ["9000:9000"]}')
WITH_WEB = "subnet: 10.42.7.0/24\nbeside: {web: {image: 'web:1', command: [serve], environment: {A: b}}}\n"


def played(text: str) -> Scenario:
    return scenario.read(text, "s.yml", "app")


def stack(text: str = SCENARIO, spec: str = SPEC) -> Stack:
    return on_stack_scenario.stack_of(spec_of(spec), played(text), "test-1")


def expected(of: Scenario) -> Sequence[Expectation]:
    return [expectation.read(moment.expect, subject_of(), nothing_beside) for moment in of.moments]


def told(of: Stack, ledger: Ledger | None = None) -> Environment:
    book = ledger or Ledger()
    for service in of.services:
        for index in range(1, service.scale + 1):
            book.number((service.name, index))
    return telling.environment(of, "10.99.0.0/16", Host("localhost", "10.99.0.1"), book, [], {})


def test_the_entry_runs_with_the_scale_and_the_metadata_of_the_scenario_and_publishes_nothing() -> None:
    (app,) = stack(spec=PORTS).services
    assert (app.name, app.scale, app.metadata) == ("app", 3, {"cluster.name": "es", "level": "info"})
    assert [each.name for each in app.launches] == ["app", "app-main", "app-volumes"]
    assert [each.ports for each in app.launches] == [(), (), ()]


def test_a_required_question_is_answered_by_the_metadata_of_the_scenario_or_named() -> None:
    with pytest.raises(ForgeError, match="need an answer: cluster_name"):
        stack(SCENARIO.replace("cluster.name: es, ", ""))


@pytest.mark.parametrize("said", ["cluster/name: es, ", "cluster: {name: es}, "])
def test_a_question_whose_key_has_a_slash_is_answered_by_a_mapping_in_a_mapping_too(said: str) -> None:
    stack(SCENARIO.replace("cluster.name: es, ", said), SPEC.replace("cluster.name", "cluster/name"))


def test_what_is_beside_the_entry_runs_as_the_scenario_says() -> None:
    web, _ = stack(SCENARIO + "  web: {scale: 2}\n" + WITH_WEB).services
    assert (web.primary.image, web.primary.command, web.primary.environment, web.scale) == ("web:1", ("serve",), {"A": "b"}, 2)
    with pytest.raises(ForgeError, match="s.yml:1:1: the entry already has a service 'app'"):
        stack(SCENARIO + "beside: {app: {image: x}}\n")


@pytest.mark.parametrize(
    ("beside", "problem"),
    [
        ("{wep: {image: x}}", "s.yml:8:10: there is no service 'wep'"),
        ("{app: {}}", "s.yml:8:15: `beside` names no image for 'app'"),
        ("{app: {image: x, volumes: [/:/host]}}", "s.yml:8:26: unknown key 'volumes' in beside 'app'"),
    ],
)
def test_what_is_wrong_beside_is_said_with_its_place(beside: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        played(f"{SCENARIO}\nbeside: {beside}\n")
    assert str(caught.value).startswith(problem)


SHOP = """\
  web:
stacks:
  shop: {web: {scale: 2, labels: {p: "80"}}, db: }
beside: {web: {image: "web:1"}, shop/web: {image: "web:2"}}
then: [{service: shop/web, scale: 3}, {service: shop/web, replace: 1, stop: 2}]
"""


def test_services_of_other_stacks_run_beside_the_entry_and_are_told_as_what_they_are() -> None:
    of = played(SCENARIO + SHOP.replace(", db: ", ""))
    shown = stack(SCENARIO + SHOP.replace(", db: ", ""))
    assert [(each.name, each.primary.image, each.scale) for each in shown.services][:2] == [
        ("web", "web:1", 1),
        ("shop-web", "web:2", 2),
    ]
    assert [on_stack_scenario.cannot(each, shown) for each in of.moments] == ["", "", ""]
    scenes = [each.environment for each in of.moments]
    assert on_stack_scenario.replaced(*scenes[1:]) == [("shop-web", 1)]
    assert on_stack_scenario.held(scenes[2]) == {("shop-web", 2)}
    made = on_stack_scenario.retold(told(shown), scenes[0])
    assert [(each.name, [one.name for one in each.services]) for each in made.stacks] == [
        ("test-1", ["app", "web"]), ("shop", ["web"]),
    ]  # fmt: skip
    assert made.stacks[1].services[0].labels == {"p": "80"}
    real = telling.addresses(shown, made)
    assert {"test-1-app-1", "test-1-web-1", "test-1-shop-web-1", "test-1-shop-web-2"} <= {*real}
    mirror = on_stack_scenario.mirror("test-1", scenes[0], "2016-07-29")
    mirror.learn(made, scenes[0])
    theirs = {each.name: each.address for each in units.containers(scenes[0])}
    assert mirror.text(real["test-1-shop-web-2"]) == theirs["shop-web-2"]
    assert mirror.text(real["test-1-web-1"]) == theirs["s-web-1"]


def test_a_link_to_another_stack_leads_to_what_runs_for_it_and_is_told_as_it_is() -> None:
    linked = SPEC.replace("topology: netns}", 'topology: netns, external_links: ["shop/web:front"]}')
    shown = stack(SCENARIO + SHOP, linked)
    assert [(link.alias, link.target) for link in shown.services[-1].links] == [("front", "shop-web")]
    made = on_stack_scenario.retold(told(shown), played(SCENARIO + SHOP).environment)
    assert made.stacks[0].services[0].links == {"shop/web": "front"}


def test_a_service_of_another_stack_for_which_nothing_runs_is_said() -> None:
    found = on_stack_scenario.cannot(played(SCENARIO + SHOP).moments[0], stack(SCENARIO + SHOP))
    assert found == "the entry has no service 'shop-db': define a substitute under `beside`"


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        (SCENARIO, ""),
        (SCENARIO + "fault: missing\n", "the metadata service of a stack cannot have the fault 'missing'"),
        (SCENARIO + "containers: [shell]\n", "a stack has no standalone containers"),
        (SCENARIO + "  web: {}\n", "the entry has no service 'web'"),
        (
            SCENARIO + "    healths: {1: unhealthy}\n",
            "the health of app cannot be set, because its health check determines the health",
        ),
        (SCENARIO + "    states: {1: stopped}\n", ""),
        (SCENARIO + "    states: {1: erroring}\n", "a container of app cannot be put into the state 'erroring'"),
        (SCENARIO.replace("scale: 3", "scale: 51"), "51 units, but a test starts at most 50"),
    ],
)
def test_what_no_stack_can_be_brought_to_is_said(text: str, reason: str) -> None:
    found = on_stack_scenario.cannot(played(text).moments[0], stack())
    assert reason in found if reason else not found


def test_steps_become_other_scales_units_to_replace_and_units_to_stop() -> None:
    steps = "then:\n- {scale: 4, set: {level: debug}}\n- {replace: [2, 3], stop: 1}\n- scale: 2\n- {scale: 3, unset: level}\n"
    scenes = [moment.environment for moment in played(SCENARIO + steps).moments]
    pairs = list(zip(scenes, scenes[1:], strict=False))
    assert [on_stack_scenario.replaced(*pair) for pair in pairs] == [[], [("app", 2), ("app", 3)], [], []]
    assert [set(on_stack_scenario.held(each)) for each in scenes] == [set(), set(), *[{("app", 1)}] * 3]
    assert [on_stack_scenario.at(stack(), each).services[0].scale for each in scenes] == [3, 4, 4, 2, 3]
    assert on_stack_scenario.at(stack(), scenes[-1]).services[0].metadata == {"cluster.name": "es"}


def test_addresses_and_the_name_of_the_stack_are_read_as_those_of_the_scenario() -> None:
    of = played(SCENARIO + "then:\n- replace: 2\n")
    ledger, mirror = Ledger(), on_stack_scenario.mirror("test-1", of.environment, "2016-07-29")
    mirror.learn(told(stack(), ledger), of.environment)
    real = {name: address for name, address in telling.addresses(stack(), told(stack(), ledger)).items() if "main" not in name}
    first, second = real["test-1-app-1"], real["test-1-app-2"]
    assert mirror.text(f"{first},{second}:80 x{first}1 test-1-app-1") == f"10.42.1.11,10.42.1.12:80 x{first}1 s-app-1"
    ledger.next(("app", 2))
    mirror.learn(told(stack(), ledger), of.moments[1].environment)
    new = telling.addresses(stack(), told(stack(), ledger))["test-1-app-2"]
    assert mirror.text(f"{second} {new}") == "10.42.1.12 10.42.1.14"
    assert mirror.content(b"\xff" + new.encode()) == b"\xff10.42.1.14"
    assert mirror.text("192.0.2.1") == "192.0.2.1"


def test_only_newer_versions_of_the_metadata_have_names_in_lower_case() -> None:
    environment = played(SCENARIO.replace("stack: s", "stack: Site")).environment
    assert on_stack_scenario.mirror("x", environment, "2016-07-29").shown == "site"
    assert on_stack_scenario.mirror("x", environment, "2015-12-19").shown == "Site"


def test_the_metadata_tells_of_the_hosts_and_ports_of_the_scenario() -> None:
    text = SCENARIO + "    ports: ['80:8080']\nhosts: {node-a: {role: x}, node-b: {}}\n"
    made = on_stack_scenario.retold(told(stack(text)), played(text).environment)
    assert [host.name for host in made.hosts] == ["node-a", "node-b"]
    assert made.stacks[0].name == "test-1" and made.stacks[0].services[0].ports == ("80:8080/tcp",)


def test_a_container_that_is_not_there_then_is_said_before_anything_starts() -> None:
    of = played(
        SCENARIO + "expect: {command: {in: app-4, run: x}}\nthen:\n- {scale: 4, expect: {log: {in: app-main-4, lacks: x}}}\n"
    )
    with pytest.raises(ForgeError) as caught:
        on_stack_scenario.check(stack(), of, expected(of))
    assert str(caught.value).startswith("s.yml:7:19: there is no container 'app-4' at that moment\n  hint: did you mean 'app-3'")
    assert len(caught.value.problems) == 1
    after = played(SCENARIO + "then:\n- {fault: missing, expect: {command: {in: nowhere, run: x}}}\n")
    on_stack_scenario.check(stack(), after, expected(after))


@pytest.mark.parametrize(("scale", "refused"), [(50, False), (51, True)])
def test_as_many_units_are_started_for_a_test_as_a_machine_bears(scale: int, refused: bool) -> None:
    text = SCENARIO.replace("scale: 3", f"scale: {scale}")
    said = on_stack_scenario.cannot(played(text).moments[0], stack(text))
    assert said == (f"the stack has {scale} units, but a test starts at most 50" if refused else "")
