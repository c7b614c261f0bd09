"""What the stack engine refuses before it asks the Docker engine for anything."""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.image.engine import Engine
from catalog_forge.verify import play
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
    assert "privileged: it may do anything to this machine\n  hint: read what it does; --trust runs it" in str(result.broken)
    trusting = StackEngine(engine, tmp_path, trust=True)
    case = case_of(spec=PRIVILEGED)
    with trusting.stage(case.subject, case.scenario, case.expected) as live:
        assert live.cannot(case.scenario.moments[0]) == ""
    assert not [*tmp_path.iterdir()]


def test_a_scenario_that_cannot_begin_on_a_stack_starts_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("catalog_forge.verify.on_stack.StackRunner", lambda *_: None)
    result = play.play(case_of("fault: {late: 3s}\n"), StackEngine(cast(Engine, NoEngine()), tmp_path))
    assert result.skipped == "on a stack the metadata service has no fault 'late'"
    assert result.passed and not [*tmp_path.iterdir()]
