"""A program that dies never counts as running, however it dies: `up -d` and `ps` of stacks on a real engine."""

from __future__ import annotations

from typing import Any

import pytest

from tests.helpers import eventually
from tests.live.tool import LOOP, Tool, service

pytestmark = pytest.mark.engine
CHECK = {"port": 80, "interval": 200, "initializing_timeout": 800, "healthy_threshold": 1, "unhealthy_threshold": 1}
ONCE = {"io.rancher.container.start_once": "true"}


@pytest.fixture
def patient(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> Tool:
    """The tool, which looks for long enough to see these programs die."""
    monkeypatch.setattr(Tool, "settle", "5")
    return tool


@pytest.mark.parametrize(
    ("command", "status", "check"),
    [
        ("echo no such thing; exit 127", 127, None),
        pytest.param("echo no such thing; sleep 1; exit 3", 3, None, marks=pytest.mark.second_tier),
        pytest.param("echo no such thing; exit 0", 0, None, marks=pytest.mark.second_tier),
        ("echo no such thing; sleep 0.5; exit 1", 1, CHECK),
    ],
)
def test_a_program_that_dies_fails_up_with_its_last_lines(
    command: str, status: int, check: dict[str, Any] | None, patient: Tool
) -> None:
    patient.entry({"web": service(command), "other": service()}, {"web": {"health_check": check}} if check else {})
    said = patient.up(status=1)
    assert f"{patient.name}-web-1 ended with status {status}\n  | no such thing" in said
    assert f"web-1 ended 5 times in a row: the stack is stopped; `catalog-forge logs {patient.name}`" in said
    assert "  | no such thing\n  | no such thing" not in said, "what earlier starts said is not said again"
    assert not any(line.startswith("web-1 running") for line in said.splitlines())
    assert {name: unit["state"] for name, unit in patient.units().items()} == {"web-1": "stopped", "other-1": "stopped"}


def test_one_that_dies_at_first_and_runs_then_comes_up(patient: Tool) -> None:
    patient.entry({"web": service(f"test -e /v/n && {{ {LOOP}; }}; touch /v/n; exit 1", volumes=["data:/v"])})
    said = patient.up()
    assert "web-1 ended with status 1" in said and f"stack {patient.name}: 1 unit runs" in said


def test_who_runs_once_must_end_well(tool: Tool) -> None:
    unit = {"web": service(labels={"io.rancher.sidekicks": "once"}), "once": service("echo done; exit 0", labels=ONCE)}
    tool.entry(unit)
    tool.up()
    tool.run("down", tool.name)
    tool.entry({**unit, "once": service("echo broken; exit 4", labels=ONCE)})
    said = tool.up(status=1)
    assert "once-1 ended with status 4\n  | broken" in said and "is not restarted" in said


def test_another_plan_of_a_stack_whose_program_dies_is_refused_and_the_stack_stays(tool: Tool) -> None:
    tool.entry({"web": service()})
    tool.up()
    holder = (tool.state / "lock").read_text()
    tool.entry({"web": service("echo broken; exit 5")})
    said = tool.up(status=1)
    assert "web-1 ended with status 5\n  | broken" in said and "5 times in a row" in said
    assert (tool.state / "lock").read_text() == holder
    assert tool.unit("web-1")["state"] != "running"
    assert "5 times in a row" in tool.up(status=1)  # the same again: nothing has become better
    tool.entry({"web": service()})
    tool.up()
    assert tool.unit("web-1")["state"] == "running"


def test_a_container_that_is_left_alone_after_it_has_failed_is_started_by_another_up(tool: Tool) -> None:
    tool.entry({"web": service(restart="no")})
    tool.up()
    tool.client.containers.get(tool.ids()["web-1"]).kill()
    assert eventually(lambda: tool.unit("web-1")["state"] == "stopped")
    tool.up()
    assert tool.unit("web-1")["state"] == "running"


def test_what_waits_for_its_configuration_does_not_run_yet_and_what_gives_up_fails(patient: Tool) -> None:
    patient.entry({"web": service("echo launch: waiting for x-conf; sleep 10; echo launch: gave up; exit 1")})
    said = patient.up("--settle", "8", status=1)  # less than it waits, and long enough to say so on a busy machine
    assert "web-1: launch: waiting for x-conf\n" in said and "web-1 did not start its program" in said
