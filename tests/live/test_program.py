"""The launch script as the parent of the program: signals, exit statuses, restarts, and reloads that meet trouble."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator

import docker
import pytest

from tests.live.harness import Images, Unit, World, change_at_once, service, spec_of, start

SPEC = """\
metadata: {key: {}, put: {}, cmd: {}, hup: {}}
launch: {before: ["echo before 1", "cd /etc && echo before '2' \\"$PWD\\""]}
files:
- {dest: /etc/probe/probe.conf, format: raw, reload: restart, body: [{text: "@{metadata/key}"}]}
- {dest: /etc/probe/put.txt, reload: http PUT http://127.0.0.1:8080/put, body: [{text: "@{metadata/put}"}]}
- {dest: /etc/probe/cmd.txt, reload: exec echo "it's $((1 + 1)) `echo \\\\` \\"q\\""; exit 3, body: [{text: "@{metadata/cmd}"}]}
- {dest: /etc/probe/one.txt, reload: signal HUP, body: [{text: "@{metadata/hup}"}]}
- {dest: /etc/probe/two.txt, reload: signal HUP, body: [{text: "@{metadata/hup}"}]}
"""
HOSTILE = ["", " ", "a b", "it's", '"', "$HOME", "`id`", "\\", "*", "-n", "new\nline"]
PROGRAMS = {
    "plain": ("probe",),
    "ending": ("probe", "-exit", "9"),
    "words": ("probe", "--", *HOSTILE),
    "ends": ("probe", "-now", "7"),
    "nothing": ("no-such-program",),
    "unhearing": ("sleep", "1000"),
    "stubborn": ("probe", "-deaf"),
    "slow": ("probe", "-listen", "127.0.0.1:8080", "-late", "8s"),
    "refusing": ("probe", "-listen", "127.0.0.1:8080", "-answer", "404 Not Found"),
}
Units = dict[str, Unit]


@pytest.fixture(scope="module")
def units(engine: docker.DockerClient, images: Images, main_image: str, test_labels: dict[str, str]) -> Iterator[Units]:
    conf_image = images.conf(spec_of(SPEC), {"run.sh": lambda text: text.replace("grace=30\n", "grace=2\n")})
    values = dict.fromkeys(("key", "put", "cmd", "hup"), "1")
    services = [service(name, "volumes", metadata=values) for name in PROGRAMS]
    with World(engine, test_labels, services) as world:
        units = {name: Unit(world, name, "volumes", conf_image, main_image, words) for name, words in PROGRAMS.items()}
        start(units.values())
        yield units


def change(unit: Unit, **metadata: str) -> None:
    unit.world.change(unit.name, metadata=metadata)


def test_a_server_that_comes_up_late_gets_its_file_once(units: Units) -> None:
    units["slow"].wait_for("probe: start")
    change(units["slow"], put="2")
    units["slow"].wait_for("probe: request PUT /put")
    time.sleep(2)
    assert units["slow"].count("probe: request PUT /put") == 1, units["slow"].story()


def test_a_refusal_is_logged_and_not_repeated(units: Units) -> None:
    unit = units["refusing"]
    unit.wait_for("probe: start")
    change(unit, put="2")
    unit.wait_for("was refused: HTTP/1.0 404 Not Found")
    time.sleep(2)
    assert unit.count("probe: request PUT /put") == 1, unit.story()


def test_the_exit_status_is_that_of_the_program(units: Units) -> None:
    assert units["ends"].wait_for_end() == 7
    assert units["nothing"].wait_for_end() == 127


def test_commands_before_the_start_run_in_their_order(units: Units) -> None:
    unit = units["plain"]
    unit.wait_for("probe: start")
    lines = [line for line in unit.logs().splitlines() if not line.startswith("launch: waiting")]
    assert lines[:3] == ["before 1", "before 2 /etc", "probe: start []"], unit.story()


def test_the_program_gets_its_arguments_as_they_are(units: Units) -> None:
    units["words"].wait_for("probe: start")
    line = next(line for line in units["words"].logs().splitlines() if line.startswith("probe: start "))
    assert json.loads(line.removeprefix("probe: start ")) == HOSTILE


@pytest.mark.parametrize(
    ("signal", "heard"),
    [("INT", "interrupt"), ("QUIT", "quit"), ("HUP", "hangup"), ("USR1", "user defined signal 1")],
)
def test_signals_are_forwarded(units: Units, signal: str, heard: str) -> None:
    unit = units["words"]
    unit.wait_for("probe: start")
    unit.main.kill(signal)
    unit.wait_for(f"probe: signal {heard}")
    unit.main.reload()
    assert unit.main.status == "running"


def test_two_files_with_one_reload_that_change_together_cause_it_once(units: Units) -> None:
    unit = units["plain"]
    unit.wait_for("probe: start")
    change_at_once([unit], 2, hup="2")
    unit.wait_for("probe: signal hangup")
    time.sleep(3)
    assert unit.count("probe: signal hangup") == 1, unit.story()


def test_a_reload_command_that_fails_is_logged_and_the_program_goes_on(units: Units) -> None:
    unit = units["plain"]
    unit.wait_for("probe: start")
    change(unit, cmd="2")
    unit.wait_for("launch: reload failed: exit status 3")
    assert '\nit\'s 2 \\ "q"\n' in unit.logs(), unit.story()
    assert unit.logs().count("probe: start") == 1


def test_term_reaches_the_program_whose_status_ends_the_container(units: Units) -> None:
    unit = units["ending"]
    unit.wait_for("probe: start")
    unit.main.kill("TERM")
    assert unit.wait_for_end() == 9
    assert unit.count("probe: signal terminated") == 1, unit.story()


def test_a_program_that_hears_no_interrupt_is_ended_by_one_all_the_same(units: Units) -> None:
    unit = units["unhearing"]
    unit.wait_for("before 2")
    unit.wait_for_program("sleep1000")
    unit.main.kill("INT")
    assert unit.wait_for_end() == 143, unit.story()


def test_a_program_that_ignores_term_is_killed_on_restart_after_its_grace(units: Units) -> None:
    unit = units["stubborn"]
    unit.wait_for("probe: start")
    change(unit, key="2")
    unit.wait_for("probe: start", 2)
    assert unit.logs().count("probe: signal terminated") == 1, unit.story()
