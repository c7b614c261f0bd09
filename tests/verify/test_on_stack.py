"""What the stack engine refuses before it asks the Docker engine for anything."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any, cast

import pytest

from catalog_forge.errors import EngineError, ForgeError
from catalog_forge.image.engine import Engine
from catalog_forge.stack.state import StateFolder
from catalog_forge.verify import on_stack, play
from catalog_forge.verify.on_stack import StackEngine
from tests.verify.specs import SPEC, case_of

PRIVILEGED = SPEC.replace("topology: netns}", "topology: netns, privileged: true}")


class NoEngine:
    """Nobody may ask it."""

    def __getattr__(self, name: str) -> Any:
        if name in ("api", "asked_to"):
            raise AssertionError(f"the engine was asked: {name}")
        raise AttributeError(name)


def test_what_has_power_over_the_machine_is_not_run_without_trust(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.verify.on_stack.StackRunner", lambda *_: None)
    engine = cast(Engine, NoEngine())
    result = play.play(case_of(spec=PRIVILEGED), StackEngine(engine, tmp_path))
    assert isinstance(result.broken, ForgeError) and not result.steps
    assert (
        "privileged: the container has full access to this machine\n"
        "  hint: review the settings above, then allow them with --trust" in str(result.broken)
    )
    trusting = StackEngine(engine, tmp_path, trust=True)
    case = case_of(spec=PRIVILEGED)
    with trusting.stage(case.subject, case.scenario, case.expected) as live:
        assert live.cannot(case.scenario.moments[0]) == ""
    assert not [*tmp_path.iterdir()]


def test_a_scenario_that_cannot_begin_on_a_stack_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.verify.on_stack.StackRunner", lambda *_: None)
    result = play.play(case_of("fault: {late: 3s}\n"), StackEngine(cast(Engine, NoEngine()), tmp_path))
    assert result.skipped == "the metadata service of a stack cannot have the fault 'late'"
    assert result.passed and not [*tmp_path.iterdir()]


class Late:
    """A runner, or a supervisor, on an engine that breaks off so many times."""

    def __init__(self, times: int) -> None:
        self.times, self.asked = times, 0

    def end(self) -> None:
        pass

    def remove_all(self, *, volumes: bool) -> None:
        assert volumes
        self.asked += 1
        if self.asked <= self.times:
            raise EngineError("cannot list what belongs to the stack: the Docker engine closed the connection")


def running(home: Path, runner: Late, monkeypatch: pytest.MonkeyPatch) -> on_stack._Running:
    monkeypatch.setattr(on_stack, "StackRunner", lambda *_: runner)
    monkeypatch.setattr(on_stack, "_LATE", 0)
    folder = StateFolder(home, "test-1")
    folder.make()
    made = on_stack._Running(cast(Engine, NoEngine()), folder, cast(Any, None), lambda _: None)
    made.supervisor = cast(Any, runner)
    made._thread = threading.Thread(target=lambda: None)
    made._thread.start()
    return made


def test_an_engine_that_answers_late_is_asked_again_to_remove_a_stack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    runner = Late(2)
    made = running(tmp_path, runner, monkeypatch)
    made.remove()
    assert runner.asked == 3
    assert not made.folder.path.exists()


def test_what_an_engine_that_is_gone_has_left_is_said_and_stays_known_to_down(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = running(tmp_path, Late(99), monkeypatch)
    with pytest.raises(EngineError) as caught:
        made.remove()
    assert str(caught.value).startswith("the stack test-1 is not completely removed: cannot list what belongs to the stack")
    assert "catalog-forge down test-1 --volumes" in str(caught.value)
    assert made.folder.path.is_dir()
