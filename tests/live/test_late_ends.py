"""A program that has ended is reported even if the engine still lists its container as running when its unit is replaced."""

from __future__ import annotations

import threading
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_forge.image.engine import connect
from catalog_forge.stack.model import HealthCheck, Launch, Service, Stack
from catalog_forge.stack.reconcile import Seen
from catalog_forge.stack.runner import StackRunner
from catalog_forge.stack.state import StateFolder
from catalog_forge.stack.supervisor import Supervisor
from tests.helpers import eventually

pytestmark = pytest.mark.engine
CHECK = HealthCheck(80, interval=200, healthy_threshold=1)
DIES = "httpd -p 80 -h /; sleep 4; echo cannot go on; exit 3"
LISTED = StackRunner.seen


def late(runner: StackRunner) -> list[Seen]:
    """The containers as an engine under load lists them: long after its end, a program still seems to run."""
    return [replace(each, state="running", status=0) if each.ended else each for each in LISTED(runner)]


@pytest.mark.usefixtures("engine", "base_image")
def test_the_end_of_a_program_is_reported_before_its_unhealthy_unit_is_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(StackRunner, "seen", late)
    folder = StateFolder(tmp_path, "late-ends")
    folder.make()
    folder.write_plan(
        Stack("late-ends", (Service(Launch("web", "busybox:1.37.0", command=("sh", "-c", DIES)), health_check=CHECK),), settle=1)
    )
    told: list[str] = []
    with connect() as engine:
        supervisor = Supervisor(engine, folder, lambda _: None, told.append)
        thread = threading.Thread(target=supervisor.run)
        thread.start()
        try:
            assert eventually(lambda: supervisor.record), told
        finally:
            supervisor.end()
            thread.join()
            StackRunner(engine, "late-ends").remove_all(volumes=True)
    ending = supervisor.record[0]
    assert (ending.container.name, ending.container.status, ending.was_steady) == ("late-ends-web-1", 3, True)
    replaced = told.index("web-1 is replaced: unhealthy")
    assert "late-ends-web-1 ended with status 3\n  | cannot go on" in told[replaced:]
