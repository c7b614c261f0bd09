"""What the engine's lists say of stacks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from catalog_forge.stack.listing import Row, names, rows, seen, unit_state
from catalog_forge.stack.model import Launch, Service
from catalog_forge.stack.reconcile import Seen

WEB = Service(Launch("web", "i"), (Launch("side", "i", network="shared", network_from="web"), Launch("conf", "i")))


def container(launch: str, index: int, number: int, state: str = "running", status: str = "Up 2 seconds") -> dict[str, Any]:
    """A container as the engine's API lists it."""
    facts = {"stack": "s", "service": "web", "launch": launch, "index": index, "number": number, "digest": "d"}
    labels = {f"catalog-forge.{key}": str(value) for key, value in facts.items()}
    labels["catalog-forge.address"] = f"10.0.0.{number}" if launch == "web" else ""
    return {"Id": f"{launch}{number}", "Names": [f"/s-{launch}-{index}"], "State": state, "Status": status, "Labels": labels}


def one(launch: str, state: str = "running") -> Seen:
    return seen([container(launch, 1, 1, state)])[0]


def test_names_of_stacks_are_found_once_and_what_belongs_to_none_is_left_out() -> None:
    listed = [container("web", 1, 1), container("web", 2, 2), {"Labels": {"catalog-forge": "stack"}}]
    assert names([*listed, {"Labels": {"catalog-forge.stack": "a"}}]) == ["a", "s"]


def test_a_container_is_what_its_labels_say_and_has_its_status_when_it_has_ended() -> None:
    ended, runs = seen([container("web", 2, 7, "exited", "Exited (137) 1 second ago"), container("web", 1, 3)])[::-1]
    assert (ended.name, ended.key, ended.number, ended.status, ended.ended) == ("s-web-2", ("web", 2), 7, 137, True)
    assert (runs.key, runs.status, runs.address, runs.running) == (("web", 1), 0, "10.0.0.3", True)


def test_of_a_unit_that_is_replaced_the_newest_containers_count() -> None:
    there = seen([container("web", 1, 1, "exited"), container("web", 1, 4), container("web", 2, 2, "exited")])
    alone = {"web": Service(Launch("web", "i"))}
    assert rows(there, alone, {"web-1": Row("web", 1, "running", "healthy", "")}) == [
        Row("web", 1, "running", "healthy", "10.0.0.4"),
        Row("web", 2, "stopped", "", "10.0.0.2"),
    ]


def test_units_of_a_service_that_nothing_is_known_of_are_what_the_engine_says() -> None:
    assert [row.state for row in rows(seen([container("web", 1, 1, "exited")]), {}, {})] == ["exited"]


@pytest.mark.parametrize(
    ("states", "expected"),
    [
        (("running", "running", "running"), "running"),
        (("running", "created", "running"), "starting"),
        (("running", "running"), "starting"),
        (("exited", "running", "running"), "stopped"),
        ((), "starting"),
    ],
)
def test_a_unit_is_what_its_containers_are(states: tuple[str, ...], expected: str) -> None:
    found = [one(name, state) for name, state in zip(("web", "side", "conf"), states, strict=False)]
    assert unit_state(WEB, found) == expected


def test_who_runs_once_may_have_ended() -> None:
    service = replace(WEB, sidekicks=(Launch("side", "i", start_once=True),))
    assert unit_state(service, [one("web"), one("side", "exited")]) == "running"


def test_a_program_that_ends_again_and_again_is_never_said_to_run() -> None:
    alone = {"web": Service(Launch("web", "i"))}
    for state in ("running", "exited"):
        there = seen([container("web", 1, 1, state)])
        assert rows(there, alone, {"web-1": Row("web", 1, "restarting", "", "")})[0].state == "restarting"


@pytest.mark.parametrize(("watched", "state"), [({}, "starting"), (None, "stopped")])
def test_nothing_starts_for_ever_where_nobody_runs_the_stack(watched: dict[str, Row] | None, state: str) -> None:
    alone = {"web": Service(Launch("web", "i"))}
    assert rows(seen([container("web", 1, 1, "created")]), alone, watched)[0].state == state
