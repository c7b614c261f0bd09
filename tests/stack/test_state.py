"""What is remembered of a stack, and who may change it."""

from __future__ import annotations

import subprocess
import sys
import threading
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from catalog_forge.errors import ForgeError, Where
from catalog_forge.stack import state
from catalog_forge.stack.model import HealthCheck, Launch, Link, Service, Stack
from catalog_forge.stack.reconcile import Ledger
from catalog_forge.stack.state import StateFolder, home, known
from tests.helpers import PATIENCE

STACK = Stack(
    "s",
    (
        Service(
            Launch("web", "i", ("a",), ("b", "c"), {"K": "V"}, {"l": "1"}, ("v:/d",), ports=("80",), options={"cap_add": ["X"]}),
            (Launch("side", "i", volumes_from=("web",)),),
            3,
            {"list": [1, {"a": None}]},
            HealthCheck(80, "GET /"),
            (Link("a", "b"),),
        ),
    ),
    ("v",),
    entry="web",
    answers={"a": "1"},
    scales={"web": 3},
    secrets=("s3cret",),
)
HOLDER = """
import sys, pathlib
from catalog_forge.stack.state import StateFolder
with StateFolder(pathlib.Path(sys.argv[1]), "s").held():
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path, "s")


def test_a_plan_comes_back_as_it_was_and_each_has_a_number(folder: StateFolder) -> None:
    assert [folder.write_plan(STACK), folder.write_plan(STACK)] == [1, 2]
    assert folder.plan() == (STACK, 2)
    assert folder.path.stat().st_mode & 0o777 == 0o700
    assert (folder.path / "plan.json").stat().st_mode & 0o777 == 0o600


def test_the_places_of_images_and_ports_come_back_with_a_plan(folder: StateFolder) -> None:
    image, port = Where("docker-compose.yml", 3, 10), Where("docker-compose.yml", 5, 5)
    folder.write_plan(replace(STACK, images={"x:1": image}, ports={"80": port}))
    assert (folder.plan()[0].images, folder.plan()[0].ports) == ({"x:1": image}, {"80": port})


def test_numbers_come_back_and_none_when_they_are_lost(folder: StateFolder) -> None:
    ledger = Ledger({("web", 2): 7}, {"web": 9})
    folder.write_ledger(ledger)
    assert folder.ledger() == ledger
    (folder.path / "ledger.json").write_text("{")
    assert folder.ledger() == Ledger()


@pytest.mark.parametrize("name", ["", "../x", "a/b", "-a", "a b", "."])
def test_a_name_that_leads_elsewhere_is_refused(tmp_path: Path, name: str) -> None:
    with pytest.raises(ForgeError, match="cannot be the name of a stack"):
        StateFolder(tmp_path, name)


@pytest.mark.parametrize("text", ["{", "[]", "{}", '{"stack": {}, "generation": 1}'])
def test_a_damaged_plan_is_an_error_with_a_way_out(folder: StateFolder, text: str) -> None:
    folder.make()
    (folder.path / "plan.json").write_text(text)
    with pytest.raises(ForgeError, match=r"(?s)plan\.json.*catalog-forge down s"):
        folder.plan()
    assert folder.kept() is None


def test_one_process_holds_a_stack_until_it_ends_however_it_does(folder: StateFolder) -> None:
    folder.make()
    command = [sys.executable, "-c", HOLDER, str(folder.path.parents[2])]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout and process.stdout.readline() == "held\n"
        assert folder.holder() == process.pid
        with pytest.raises(ForgeError, match="another process runs stack"), folder.held():
            pass
        process.kill()
        process.wait()
    assert folder.holder() is None
    with folder.held():
        pass


def test_one_command_at_a_time_changes_a_stack(folder: StateFolder) -> None:
    with folder.turn(0), pytest.raises(ForgeError, match="another command is working on stack 's'"), folder.turn(0.1):
        pass


def test_a_stack_that_was_removed_is_not_known(folder: StateFolder, tmp_path: Path) -> None:
    folder.write_plan(STACK)
    assert known(tmp_path) == ["s"]
    folder.remove()
    assert known(tmp_path) == []
    with pytest.raises(ForgeError, match="there is no record of a stack 's'"):
        folder.plan()


def test_state_is_kept_where_xdg_says(tmp_path: Path) -> None:
    assert home({"XDG_STATE_HOME": str(tmp_path)}) == tmp_path
    assert home({}) == home({"XDG_STATE_HOME": "relative"}) == Path.home() / ".local" / "state"


def test_nothing_stays_of_a_stack_that_was_removed_and_who_waited_for_a_turn_has_one_of_the_next(
    folder: StateFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    took: list[bool] = []
    waits, goes_on = threading.Event(), threading.Event()

    def pause(_: float) -> None:
        waits.set()
        assert goes_on.wait(PATIENCE)

    monkeypatch.setattr(state.time, "sleep", pause)

    def another() -> None:
        with StateFolder(tmp_path, "s").turn(PATIENCE):
            took.append((folder.path / "turn").exists())

    with folder.turn(0):
        folder.write_plan(STACK)
        waiting = threading.Thread(target=another)
        waiting.start()
        assert waits.wait(PATIENCE)
        folder.remove()
        assert not folder.path.exists() and not took
    goes_on.set()
    waiting.join()
    assert took == [True]
    folder.remove()
    assert not folder.path.exists()


def test_a_folder_that_another_command_removes_between_two_calls_is_made_again(
    folder: StateFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    made, gone = Path.mkdir, [True, True]

    def mkdir(path: Path, *args: Any, **how: Any) -> None:
        if path == folder.path and gone:
            gone.pop()
            raise FileExistsError(path)
        made(path, *args, **how)

    monkeypatch.setattr(Path, "mkdir", mkdir)
    with folder.turn(0), folder.held():
        assert folder.path.is_dir() and not gone


def test_a_file_that_stands_where_the_folder_belongs_is_said(folder: StateFolder) -> None:
    folder.path.parent.mkdir(parents=True)
    folder.path.write_text("")
    with pytest.raises(FileExistsError):
        folder.make()
