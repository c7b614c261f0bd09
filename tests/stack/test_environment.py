"""What the metadata tells of a stack that runs."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Host
from catalog_forge.stack.environment import addresses, environment
from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack
from catalog_forge.stack.reconcile import Ledger, Seen

SUBNET = "10.70.0.0/16"
WEB = Service(
    Launch("web", "i", ports=("8080:80", "443")),
    (Launch("side", "i", network="shared", network_from="web"), Launch("conf", "i")),
    scale=2,
    metadata={"key": "value"},
    health_check=HealthCheck(80, "GET /"),
)
LB = Service(Launch("lb", "i"), links=(Link("backend", "s/web"),))
STACK = Stack("s", (WEB, LB))


def seen(launch: str, index: int, state: str = "running", number: int = 0) -> Seen:
    return Seen(f"{launch}{index}", launch, "web", launch, index, number or index, "", "", state)


def told(ledger: Ledger, found: list[Seen], stack: Stack = STACK) -> Environment:
    for service in stack.services:
        for index in range(1, service.scale + 1):
            ledger.number((service.name, index))
    return environment(stack, SUBNET, Host("h", "10.70.0.1"), ledger, found, {("web", 1): "healthy"})


def test_what_is_not_there_yet_is_listed_with_its_address() -> None:
    made = told(Ledger(), [seen(name, 1) for name in ("web", "side", "conf")])
    web = made.stacks[0].services[0]
    assert (web.scale, web.states, web.healths) == (2, {2: "starting"}, {1: "healthy", 2: "initializing"})
    found = addresses(Stack("s", (WEB, LB)), made)
    assert found["s-web-1"] == "10.70.0.11" and found["s-web-2"] == "10.70.0.12"
    assert "s-web-side-1" not in found and found["s-web-conf-1"] not in (found["s-web-1"], found["s-lb-1"])


def test_a_replaced_unit_has_another_address_and_the_same_name() -> None:
    ledger = Ledger({("web", 1): 5}, {"web": 5})
    made = told(ledger, [])
    assert addresses(Stack("s", (WEB, LB)), made)["s-web-1"] == "10.70.0.15"
    assert made.stacks[0].services[0].create_index(2) == 6


def test_a_replaced_unit_that_retains_its_address_has_it_again() -> None:
    service = replace(WEB, retain_ip=True)
    stack = Stack("s", (service, LB))
    ledger = Ledger({("web", 1): 5, ("web", 2): 60000}, {"web": 60000})
    made = told(ledger, [], stack)
    found = addresses(stack, made)
    assert (found["s-web-1"], found["s-web-2"]) == ("10.70.0.11", "10.70.0.12")
    assert made.stacks[0].services[0].create_index(1) == 5


def test_each_container_has_its_own_self_with_ports_links_and_metadata() -> None:
    own = answers_of(told(Ledger(), [])).entry("2016-07-29", "10.70.0.12")
    assert own and isinstance(own["self"], dict)
    container, service = own["self"]["container"], own["self"]["service"]
    assert isinstance(container, dict) and container["name"] == "s-web-2"
    assert isinstance(service, dict) and isinstance(service["metadata"], dict) and service["metadata"]["key"] == "value"
    web, lb = told(Ledger(), []).stacks[0].services
    assert (web.ports, lb.links) == (("8080:80/tcp",), {"web": "backend"})


def test_the_primary_that_uses_the_network_of_its_sidekick_is_known_by_that_address() -> None:
    service = Service(Launch("main", "i", network="shared", network_from="conf"), (Launch("conf", "i"),))
    stack = Stack("s", (service,))
    assert addresses(stack, told(Ledger(), [], stack)) == {"s-main-conf-1": "10.70.0.11"}


def test_addresses_that_are_used_up_are_an_error() -> None:
    stack = Stack("s", (replace(WEB, scale=1), LB))
    with pytest.raises(ForgeError, match="has used up its addresses"):
        addresses(stack, told(Ledger({("web", 1): 60000}, {"web": 60000}), [], stack))
