"""Stacks on a real engine, run by the program as a person runs it: in the foreground, in the background, over its own death."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import pytest
from docker.errors import NotFound

from tests.helpers import PATIENCE, eventually
from tests.live.tool import LOOP, PATIENTLY, Tool, service

WATCHER = """trap exit TERM
while :; do
  v=$$(wget -qO- http://rancher-metadata/latest/version) || { sleep 0.1; continue; }
  wget -qO- "http://rancher-metadata/latest/self/service/metadata/word"; echo
  wget -qO /dev/null "http://rancher-metadata/latest/version?wait=true&value=$$v&maxWait=30" & wait $$!
done"""

# Stands between the tool and the engine, so that the engine can go away without harm to others.
RELAY = """
import socket, sys, threading
door = socket.socket(socket.AF_UNIX)
door.bind(sys.argv[1])
door.listen(50)
print("ready", flush=True)
def pump(source, target):
    try:
        while data := source.recv(65536):
            target.sendall(data)
        target.shutdown(socket.SHUT_WR)
    except OSError:
        pass
while True:
    client, engine = door.accept()[0], socket.socket(socket.AF_UNIX)
    engine.connect(sys.argv[2])
    for pair in ((client, engine), (engine, client)):
        threading.Thread(target=pump, args=pair, daemon=True).start()
"""


UNIT = {
    "web": service(labels={"io.rancher.sidekicks": "side"}, stdin_open=True),
    "side": service(network_mode="container:web"),
}


def test_units_come_up_scale_and_go_and_the_metadata_follows(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2, "metadata": {"word": "a"}}})
    tool.up()
    before = tool.ids()
    assert set(before) == {"web-1", "web-2", "web-side-1", "web-side-2"}
    assert tool.ask("web-2", "self/container/name") == tool.ask("web-side-2", "self/container/name") == f"{tool.name}-web-2"
    addresses = {name: unit["address"] for name, unit in tool.units().items()}
    for name, address in addresses.items():
        assert tool.ask(name, "self/container/primary_ip") == address
    tool.up("--scale", "web=3")
    assert tool.ask("web-1", "self/service/scale") == "3"
    tool.up("--scale", "web=1")
    assert tool.ids() == {name: before[name] for name in ("web-1", "web-side-1")}


def test_a_second_up_changes_nothing_and_other_metadata_wakes_who_waits(tool: Tool) -> None:
    tool.entry({"web": service(WATCHER)}, {"web": {"metadata": {"word": "first"}}})
    tool.up()
    before = tool.ids()
    tool.up()
    assert tool.ids() == before
    assert eventually(lambda: "first" in tool.run("logs", tool.name, "web"))
    tool.entry({"web": service(WATCHER)}, {"web": {"metadata": {"word": "second"}}})
    tool.up()
    assert eventually(lambda: "second" in tool.run("logs", tool.name))
    assert tool.ids() == before


def test_what_dies_runs_again_and_what_is_gone_is_replaced_under_the_next_number(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    tool.up()
    before = tool.ids()
    parts = ("web-1", "web-side-1")
    began = {name: tool.began(name) for name in parts}
    tool.client.containers.get(before["web-1"]).kill()
    assert eventually(lambda: "web-1 ended with status 137" in tool.log())
    assert eventually(lambda: all(tool.began(name) > began[name] for name in parts))
    assert eventually(lambda: tool.unit("web-1")["state"] == "running")
    assert tool.ids() == before
    assert tool.ask("web-side-1", "self/container/name") == f"{tool.name}-web-1"  # it lives in the new network of web-1
    tool.client.containers.get(before["web-2"]).remove(force=True)
    assert eventually(lambda: tool.ask("web-1", f"containers/{tool.name}-web-2/create_index") == "3")
    assert eventually(lambda: tool.unit("web-2")["state"] == "running")
    after = tool.ids()
    assert after["web-2"] != before["web-2"] and after["web-side-2"] != before["web-side-2"]
    assert tool.ask("web-2", "self/container/primary_ip") == tool.unit("web-2")["address"]


def test_an_unhealthy_unit_is_replaced(tool: Tool) -> None:
    check = {"port": 80, "interval": 200, "healthy_threshold": 1, "unhealthy_threshold": 2, **PATIENTLY}
    tool.entry({"web": service(f"httpd -p 80; {LOOP}")}, {"web": {"health_check": check}})
    tool.up()
    assert eventually(lambda: tool.unit("web-1")["health"] == "healthy")
    before = tool.ids()["web-1"]
    tool.client.containers.get(before).exec_run(["killall", "httpd"])
    assert eventually(lambda: tool.ids().get("web-1", before) != before)
    assert eventually(lambda: tool.unit("web-1")["health"] == "healthy")


def test_another_definition_replaces_units_one_by_one(tool: Tool) -> None:
    tool.entry({"web": service(), "other": service()}, {"web": {"scale": 2}})
    tool.up()
    before = tool.ids()
    tool.entry({"web": service(environment={"NEW": "1"}), "other": service()}, {"web": {"scale": 2}})
    tool.up()
    after = tool.ids()
    assert after["other-1"] == before["other-1"]
    assert not {after["web-1"], after["web-2"]} & set(before.values())
    log = tool.log()
    assert log.index("web-1 is replaced") < log.rindex("web-1 running") < log.index("web-2 is replaced")


def test_names_and_link_aliases_lead_to_all_units(tool: Tool) -> None:
    tool.entry({"web": service(f"httpd -p 80; {LOOP}"), "app": service(links=["web:backend"])}, {"web": {"scale": 2}})
    tool.up()
    app = tool.client.containers.get(f"{tool.name}-app-1")
    expected = {unit["address"] for name, unit in tool.units().items() if name.startswith("web")}
    for word in ("backend", "web", f"web.{tool.name}"):

        def said(word: str = word) -> str:
            return str(app.exec_run(["nslookup", "-type=a", word]).output.decode())

        assert eventually(lambda look=said: all(address in look() for address in expected)), said()  # type: ignore[misc]


def test_the_foreground_says_what_happens_and_control_c_stops_in_order(tool: Tool) -> None:
    tool.entry({"web": service(f"echo hello; {LOOP}", volumes=["data:/data"])})
    command = tool.command("up", "probe", "--name", tool.name)
    with subprocess.Popen(command, env=tool.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
        assert process.stdout
        assert any("web-1 running" in line for line in process.stdout)
        before = tool.ids()
        process.send_signal(signal.SIGINT)
        rest = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 130 and "web-1 stopped" in rest
    assert tool.client.containers.get(before["web-1"]).status == "exited"
    tool.up()
    assert tool.ids() == before
    tool.run("down", tool.name)
    assert tool.client.volumes.get(f"{tool.name}_data")
    assert f"there is no stack '{tool.name}'" in tool.run("logs", tool.name, status=1)
    tool.client.volumes.get(f"{tool.name}_data").remove()


def test_after_the_death_of_the_tool_up_goes_on_and_down_removes_all_of_it_and_no_more(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    tool.up()
    before = tool.ids()
    tool.kill_supervisor()
    tool.client.containers.get(before["web-2"]).remove(force=True)
    tool.up()
    assert tool.ids()["web-1"] == before["web-1"] and "web-2" in tool.ids()
    tool.kill_supervisor()
    bystander = tool.client.containers.create("busybox:1.37.0", name=f"{tool.name}-web-9")
    try:
        tool.run("down", tool.name)
        bystander.reload()
        assert tool.ids() == {}
    finally:
        with suppress(NotFound):
            bystander.remove(force=True)


def test_an_image_that_exits_at_once_shows_its_last_lines(tool: Tool) -> None:
    tool.entry({**UNIT, "web": {**UNIT["web"], "command": ["sh", "-c", "echo no such thing; exit 3"]}})
    said = tool.up(status=1)
    assert "no such thing" in said and "ended with status 3" in said and "5 times in a row" in said


def test_images_that_cannot_be_had_are_named_together_and_nothing_starts(tool: Tool) -> None:
    tool.entry(
        {"a": {**service(), "image": "localhost:1/no/a:1"}, "b": {**service(), "image": "localhost:1/no/b:1"}, "c": service()}
    )
    said = tool.up(status=1)
    assert "localhost:1/no/a:1" in said and "localhost:1/no/b:1" in said
    assert tool.ids() == {}


def test_a_port_that_is_taken_is_said(tool: Tool) -> None:
    taken = tool.client.containers.create("busybox:1.37.0", ["sleep", "60"], ports={"80": None})
    try:
        taken.start()
        taken.reload()
        port = taken.attrs["NetworkSettings"]["Ports"]["80/tcp"][0]["HostPort"]
        tool.entry({"web": service(ports=[f"{port}:80"])})
        assert "port is already allocated" in tool.up(status=1)
    finally:
        taken.remove(force=True)


def test_what_has_power_over_the_machine_needs_trust(tool: Tool) -> None:
    tool.entry({"web": service(volumes=[f"{tool.folder}:/given:ro"])})
    assert "--trust" in tool.up(status=1)
    assert tool.ids() == {}
    tool.up("--trust")


def test_a_volume_or_container_of_somebody_else_is_left_alone(tool: Tool) -> None:
    volume = tool.client.volumes.create(f"{tool.name}_data")
    try:
        tool.entry({"web": service(volumes=["data:/data"])})
        assert "does not belong to this stack" in tool.up(status=1)
        tool.run("down", tool.name, "-v")
        assert tool.client.volumes.get(f"{tool.name}_data")
    finally:
        volume.remove()


def test_two_ups_at_the_same_time_bring_up_one_stack(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    command = tool.command("up", "probe", "--name", tool.name, "-d")
    with (
        subprocess.Popen(command, env=tool.environ, stderr=subprocess.PIPE, text=True) as first,
        subprocess.Popen(command, env=tool.environ, stderr=subprocess.PIPE, text=True) as second,
    ):
        said = [process.communicate(timeout=PATIENCE)[1] for process in (first, second)]
    assert (first.returncode, second.returncode) == (0, 0), said
    assert set(tool.ids()) == {"web-1", "web-2", "web-side-1", "web-side-2"}
    assert sum("which runs stack" in each for each in said) == 1


def test_the_process_in_the_background_keeps_nothing_of_the_one_that_started_it(tool: Tool) -> None:
    tool.entry({"web": service()})
    ours, theirs = os.pipe()
    with open(ours, "rb") as end:  # noqa: PTH123 (a descriptor)
        command = tool.command("up", "probe", "--name", tool.name, "-d")
        subprocess.run(command, env=tool.environ, pass_fds=(theirs,), capture_output=True, check=True, timeout=PATIENCE)
        os.close(theirs)
        assert end.read() == b""  # it would wait for whoever holds the other end
    runs = int((tool.state / "lock").read_text())
    assert os.getsid(runs) == runs != os.getsid(0)


def test_no_command_line_holds_an_answer_once_the_stack_runs(tool: Tool) -> None:
    question = {"variable": "PW", "label": "Password", "type": "password"}
    tool.entry({"web": service(environment={"PW": "${PW}"})}, questions=[question])
    tool.up("--set", "PW=s3cret-of-a-stack")
    runs = int((tool.state / "lock").read_text())
    assert Path(f"/proc/{runs}/cmdline").read_bytes().rstrip(b"\0") == f"catalog-forge up: {tool.name}".encode()
    assert not [line for line in _commands() if b"s3cret-of-a-stack" in line]


def _commands() -> Iterator[bytes]:
    """The command lines of all processes."""
    for each in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            yield each.read_bytes()


def test_no_process_stays_in_the_background_when_nothing_comes_up(tool: Tool) -> None:
    tool.entry({"web": service(privileged=True)})
    ours = str(tool.folder).encode()
    assert "--trust" in tool.up(status=1)
    assert eventually(lambda: not any(ours in words for words in _commands()))


def test_no_engine_is_said_with_its_own_exit_code(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.entry(UNIT)
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", "unix:///nowhere/docker.sock")
        assert "no Docker engine" in tool.up(status=4)
        assert "no Docker engine" in tool.run("ps", status=4)


def test_an_engine_that_goes_away_ends_the_tool_with_a_clear_error(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    tool.entry({"web": service()}, {"web": {"scale": 2}})
    path = tool.folder / "engine.sock"
    real = os.environ.get("DOCKER_HOST", "unix:///var/run/docker.sock")
    if not real.startswith("unix://"):
        pytest.skip("the engine is not at a Unix socket")
    relay = subprocess.Popen([sys.executable, "-c", RELAY, str(path), real.removeprefix("unix://")], stdout=subprocess.PIPE)
    assert relay.stdout and relay.stdout.readline()
    with monkeypatch.context() as patch:
        patch.setenv("DOCKER_HOST", f"unix://{path}")
        command = tool.command("up", "probe", "--name", tool.name)
        with subprocess.Popen(command, env=tool.environ, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True) as process:
            assert process.stdout and "starting" in process.stdout.readline()
            relay.kill()
            relay.communicate()
            said = process.communicate(timeout=PATIENCE)[0]
    assert process.returncode == 4 and "closed the connection" in said, said
    tool.up()
    assert all(unit["state"] == "running" for unit in tool.units().values())


def test_a_scale_that_is_none_is_refused(tool: Tool) -> None:
    tool.entry(UNIT)
    assert "there is no service 'wbe'" in tool.up("--scale", "wbe=2", status=2)
    assert "'-1' is not a number" in tool.up("--scale", "web=-1", status=2)
