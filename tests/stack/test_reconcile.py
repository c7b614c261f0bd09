"""What is to be done, from what is wanted and what is there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack
from catalog_forge.stack.reconcile import (
    Action,
    Desired,
    Known,
    Ledger,
    Seen,
    digest,
    levels,
    ordered,
    owner_of,
    reconcile,
    restarts,
)

WEB = Service(Launch("web", "i"), (Launch("side", "i", network="shared", network_from="web"),), scale=2)
STACK = Stack("s", (WEB,))
NOTHING = Known()


def seen(launch: str, index: int, number: int = 0, state: str = "running", digest: str = "d", status: int = 0) -> Seen:
    middle = "web" if launch == "web" else f"web-{launch}"
    number, address = number or index, f"10.0.0.{number or index}" if launch == "web" else ""
    name = f"s-{middle}-{index}"
    return Seen(f"{name}/{number}", name, "web", launch, index, number, digest, address, state, status)


def unit(index: int, **fields: object) -> list[Seen]:
    return [seen(launch, index, **fields) for launch in ("web", "side")]  # type: ignore[arg-type]


def actions(found: list[Seen], known: Known = NOTHING, stack: Stack = STACK, ledger: Ledger | None = None) -> list[Action]:
    book = ledger or Ledger()
    book.adopt(found)
    for service in stack.services:
        for index in range(1, service.scale + 1):
            book.number((service.name, index))
    addresses = {f"s-web-{key[1]}": f"10.0.0.{number}" for key, number in book.units.items()}
    return reconcile(Desired(stack, {"web": "d"}, addresses), found, book, known)


def verbs(found: list[Action]) -> list[tuple[str, int]]:
    return [(each.verb, each.key[1]) for each in found]


def test_units_that_are_not_there_are_raised_in_the_order_of_their_numbers() -> None:
    ledger = Ledger()
    assert verbs(actions([], ledger=ledger)) == [("raise", 1), ("raise", 2)]
    assert ledger.units == {("web", 1): 1, ("web", 2): 2}


def test_a_stack_that_is_as_wanted_needs_nothing() -> None:
    assert actions([*unit(1), *unit(2)]) == []


def test_another_scale_adds_and_removes_units() -> None:
    three, one = (Stack("s", (replace(WEB, scale=scale),)) for scale in (3, 1))
    assert verbs(actions([*unit(1), *unit(2)], stack=three)) == [("raise", 3)]
    assert verbs(actions([*unit(1), *unit(2)], stack=one)) == [("remove", 2)]


def test_a_service_that_is_wanted_no_more_is_removed() -> None:
    assert verbs(actions(unit(1), stack=Stack("s", ()))) == [("remove", 1)]


def test_a_unit_that_was_left_half_made_is_completed_under_its_number() -> None:
    ledger = Ledger()
    assert verbs(actions([seen("web", 1), *unit(2)], ledger=ledger)) == [("raise", 1)]
    assert ledger.units["web", 1] == 1


def test_a_unit_that_lost_a_container_is_replaced_as_a_whole() -> None:
    [action] = actions([seen("web", 1), *unit(2)], Known(complete={("web", 1)}))
    assert (action.verb, action.why) == ("replace", "without s-web-side-1")


def test_units_that_differ_are_replaced_one_at_a_time() -> None:
    old = [*unit(1, digest="old"), *unit(2, digest="old")]
    assert verbs(actions(old)) == [("replace", 1)]
    assert actions(old, Known(busy={("web", 2)})) == []


def test_a_batch_is_replaced_at_a_time_where_the_service_says_so() -> None:
    stack = Stack("s", (replace(WEB, scale=5, batch=2),))
    old = [each for index in range(1, 6) for each in unit(index, digest="old")]
    assert verbs(actions(old, stack=stack)) == [("replace", 1), ("replace", 2)]
    assert verbs(actions(old, Known(busy={("web", 1)}), stack)) == [("replace", 2)]
    assert actions(old, Known(busy={("web", 1), ("web", 2)}), stack) == []
    assert actions([*unit(1), *old[2:]], Known(unready={("web", 1)}), stack) == []


def test_the_next_unit_waits_until_the_others_are_ready_but_a_broken_one_goes_first() -> None:
    found = [*unit(1, number=3), *unit(2, digest="old")]
    assert actions(found, Known(unready={("web", 1)})) == []
    assert verbs(actions(found, Known(unready={("web", 2)}))) == [("replace", 2)]


def test_an_unhealthy_unit_is_replaced() -> None:
    assert verbs(actions([*unit(1), *unit(2)], Known(unhealthy={("web", 2)}))) == [("replace", 2)]


def test_a_container_of_an_older_number_makes_room() -> None:
    ledger = Ledger({("web", 1): 3}, {"web": 3})
    [action] = actions([*unit(1), *unit(2)], ledger=ledger)
    assert (action.verb, {each.number for each in action.containers}) == ("raise", {1})


def test_no_number_is_given_twice() -> None:
    ledger = Ledger()
    assert [ledger.number(("web", 1)), ledger.next(("web", 1)), ledger.number(("web", 2))] == [1, 2, 3]
    ledger.forget(("web", 2))
    ledger.adopt(unit(1))
    assert (ledger.number(("web", 2)), ledger.units["web", 1]) == (4, 2)


@pytest.mark.parametrize(
    ("policy", "status", "again"), [("always", 0, 1), ("no", 1, 0), ("on-failure", 0, 0), ("on-failure:3", 1, 1)]
)
def test_who_ends_while_it_is_watched_runs_again_by_its_policy(policy: str, status: int, again: int) -> None:
    stack = Stack("s", (Service(Launch("web", "i", restart=policy)),))
    found = [seen("web", 1, state="exited", status=status)]
    assert len(actions(found, Known(ended={found[0].id}), stack=stack)) == again
    assert restarts(stack.services[0].primary, status) == bool(again)


def test_who_failed_too_often_is_left_alone() -> None:
    stack = Stack("s", (Service(Launch("web", "i", restart="on-failure:2")),))
    found = [seen("web", 1, state="exited", status=1)]
    again = [len(actions(found, Known(ended={found[0].id}, counts={found[0].id: count}), stack=stack)) for count in (1, 2, 3)]
    assert again == [1, 1, 0]


def test_who_was_stopped_with_the_stack_runs_again_with_it() -> None:
    stack = Stack("s", (Service(Launch("web", "i", restart="no")),))
    assert verbs(actions([seen("web", 1, state="exited")], stack=stack)) == [("start", 1)]


def test_who_rests_is_left_alone() -> None:
    found = [seen("web", 1, state="exited"), seen("side", 1), *unit(2)]
    assert actions(found, Known(resting={found[0].id})) == []


def test_start_once_runs_once() -> None:
    service = replace(WEB, scale=1, sidekicks=(Launch("side", "i", start_once=True),))
    ended = [seen("web", 1), replace(seen("side", 1, state="exited"), address="")]
    assert actions(ended, stack=Stack("s", (service,))) == []
    assert verbs(actions([ended[0], replace(ended[1], state="created")], stack=Stack("s", (service,)))) == [("start", 1)]


def test_the_digest_knows_what_makes_a_container_and_nothing_else() -> None:
    same = replace(WEB, scale=9, metadata={"k": 1}, health_check=HealthCheck(80))
    assert digest(WEB, {"i": "1"}) == digest(same, {"i": "1"})
    others = [replace(WEB, primary=Launch("web", "i", command=("x",))), replace(WEB, links=(Link("a", "b"),))]
    assert len({digest(WEB, {"i": "1"}), digest(WEB, {"i": "2"}), *(digest(each, {"i": "1"}) for each in others)}) == 4


def test_who_lends_comes_first() -> None:
    data = Launch("data", "i", network="none")
    service = Service(
        Launch("main", "i", network="shared", network_from="conf", volumes_from=("data",)), (Launch("conf", "i"), data)
    )
    assert [each.name for each in ordered(service)] == ["conf", "data", "main"]
    assert owner_of(service, service.primary).name == "conf"


def test_services_start_after_those_they_need() -> None:
    stack = Stack("s", (WEB, Service(Launch("lb", "i"), links=(Link("x", "web"),)), Service(Launch("db", "i"))))
    assert levels(stack) == [["web", "db"], ["lb"]]


def test_a_unit_that_somebody_wants_to_have_replaced_is_replaced_though_it_is_well() -> None:
    (action,) = actions([*unit(1), *unit(2)], Known(unwanted={("web", 2)}))
    assert (action.verb, action.key, action.why, len(action.containers)) == ("replace", ("web", 2), "requested", 2)
    assert actions([*unit(1), *unit(2)], Known(unwanted={("web", 2)}, busy={("web", 2)})) == []


def test_a_unit_that_somebody_has_stopped_is_stopped_once_and_left_alone() -> None:
    held = Known(held={("web", 1)}, unhealthy={("web", 1)}, complete={("web", 1)})
    (action,) = actions([*unit(1), *unit(2)], held)
    assert (action.verb, action.key, len(action.containers)) == ("stop", ("web", 1), 2)
    assert actions([*unit(1, state="exited"), *unit(2)], held) == []
    assert actions([*unit(2)], held) == []
    assert verbs(actions([*unit(1, state="exited"), *unit(2)])) == [("start", 1)]


def test_units_start_anew_one_at_a_time_and_what_differs_is_replaced_instead() -> None:
    both = {("web", 1), ("web", 2)}
    found = [*unit(1), *unit(2)]
    assert verbs(actions(found, Known(again=both))) == [("restart", 1)]
    assert actions(found, Known(again=both, busy={("web", 1)})) == []
    assert actions(found, Known(again={("web", 2)}, unready={("web", 1)})) == []
    assert verbs(actions([*unit(1), *unit(2, digest="other")], Known(again={("web", 2)}))) == [("replace", 2)]
    once = Stack("s", (replace(WEB, sidekicks=(replace(WEB.sidekicks[0], start_once=True),)),))
    (action,) = actions(found, Known(again={("web", 1)}), once)
    assert [each.launch for each in action.containers] == ["web"]


def test_a_unit_waits_for_the_address_that_a_service_which_goes_still_has() -> None:
    other = Service(Launch("app", "i"))
    target = Desired(Stack("s", (other,)), {"app": "d"}, {"s-app-1": "10.0.0.1"})
    ledger = Ledger({("app", 1): 1})
    assert verbs(reconcile(target, unit(1), ledger, NOTHING)) == [("remove", 1)]
    assert reconcile(target, unit(1), ledger, Known(busy={("web", 1)})) == []
    assert verbs(reconcile(target, unit(2), ledger, NOTHING)) == [("remove", 2), ("raise", 1)]
