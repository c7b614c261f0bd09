"""What one does with a stack all day: a command in a container, stop, start, restart, logs by time."""

from __future__ import annotations

import os
import pty
import re
import select
import signal
import subprocess
import time
from pathlib import Path

import pytest

from catalog_forge.preview.running import stacks
from catalog_forge.preview.site import Site
from tests.helpers import PATIENCE, eventually, free_port, save
from tests.live.tool import LOOP, Tool, service

pytestmark = pytest.mark.usefixtures("engine")

UNIT = {"web": service(labels={"io.rancher.sidekicks": "side"}, stdin_open=True), "side": service(), "db": service()}


def exec_(tool: Tool, *words: str, given: str | None = None) -> subprocess.CompletedProcess[str]:
    command = tool.command("exec", tool.name, *words)
    return subprocess.run(command, env=tool.environ, input=given, capture_output=True, text=True, timeout=PATIENCE, check=False)


def test_a_command_runs_in_the_container_that_is_meant_with_input_output_and_status(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    tool.up()
    for unit, container in {
        "web": "web-1",
        "web-2": "web-2",
        "side": "web-side-1",
        f"{tool.name}-web-side-2": "web-side-2",
    }.items():
        said = exec_(tool, unit, "wget", "-qO-", "http://rancher-metadata/latest/self/container/name", given="")
        assert (said.returncode, said.stdout) == (0, f"{tool.name}-{container}"), said.stderr
    done = exec_(tool, "db", "sh", "-c", "cat; echo wrong >&2; exit 7", given="a\nb\n")
    assert (done.returncode, done.stdout, done.stderr) == (7, "a\nb\n", "wrong\n")
    assert exec_(tool, "db", "ls", "-d", "/", "--", given="").stdout == "/\n"
    missing = exec_(tool, "sidde", "ls", given="")
    assert missing.returncode == 1 and "did you mean 'side'?" in missing.stderr
    tool.run("stop", tool.name, "db")
    stopped = exec_(tool, "db", "ls", given="")
    assert stopped.returncode == 1 and f"{tool.name}-db-1 is not running\n  hint: catalog-forge start" in stopped.stderr


def test_on_a_terminal_the_command_has_one_and_the_terminal_is_as_before(tool: Tool) -> None:
    tool.entry({"web": service()})
    tool.up()
    ours, theirs = pty.openpty()
    before = subprocess.run(["stty", "-a"], stdin=theirs, capture_output=True, check=True).stdout
    with subprocess.Popen(tool.command("exec", tool.name, "web"), env=tool.environ, stdin=theirs, stdout=theirs) as process:
        os.write(ours, b"tty && echo 4$((1+1)); exit 3\r")
        said, deadline = b"", time.monotonic() + PATIENCE
        while process.poll() is None and time.monotonic() < deadline:
            if select.select([ours], [], [], 0.1)[0]:
                said += os.read(ours, 4096)
        while select.select([ours], [], [], 0)[0]:  # what it said last
            said += os.read(ours, 4096)
    assert (process.returncode, b"/dev/pts" in said, b"42\r\n" in said) == (3, True, True), said
    assert subprocess.run(["stty", "-a"], stdin=theirs, capture_output=True, check=True).stdout == before
    os.close(ours)
    os.close(theirs)


def test_units_stop_and_start_and_the_others_run_on(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    tool.up()
    before = tool.ids()
    tool.run("stop", tool.name, "web-2")
    assert tool.unit("web-2")["state"] == "stopped" and tool.unit("web-1")["state"] == "running"
    assert {tool.client.containers.get(before[name]).status for name in ("web-2", "web-side-2")} == {"exited"}
    assert eventually(lambda: tool.ask("web-1", f"containers/{tool.name}-web-2/state") != "running")
    tool.run("start", tool.name, "web-2")
    assert tool.unit("web-2")["state"] == "running" and tool.ids() == before
    assert "did you mean 'web-2'?" in tool.run("stop", tool.name, "web-3", status=1)
    assert f"catalog-forge start {tool.name}" in tool.run("stop", tool.name)
    assert {each["state"] for each in tool.units().values()} == {"stopped"} and tool.ids() == before
    assert f"stack {tool.name} is not running" in tool.run("stop", tool.name, "web", status=1)
    tool.run("start", tool.name)
    assert {each["state"] for each in tool.units().values()} == {"running"} and tool.ids() == before
    assert tool.ask("web-1", "self/service/scale") == "2"


def test_restart_is_one_unit_of_a_service_after_the_other_in_the_same_containers(tool: Tool) -> None:
    tool.entry(UNIT, {"web": {"scale": 2}})
    tool.up()
    before = tool.ids()
    begun = {name: tool.client.containers.get(identity).attrs["State"]["StartedAt"] for name, identity in before.items()}
    tool.run("restart", tool.name, "web")
    assert tool.ids() == before
    states = {name: tool.client.containers.get(identity).attrs["State"] for name, identity in before.items()}
    assert states["db-1"]["StartedAt"] == begun["db-1"]
    assert all(states[name]["StartedAt"] > begun[name] for name in before if name != "db-1")
    first, second = sorted(("web-1", "web-2"), key=lambda name: states[name]["StartedAt"])
    assert states[second]["FinishedAt"] > states[first]["StartedAt"]
    tool.run("stop", tool.name, "db")
    tool.run("restart", tool.name)
    assert {each["state"] for each in tool.units().values()} == {"running"}
    assert "status" not in tool.log()


def test_logs_are_in_the_order_of_time_and_begin_where_they_are_told_to(tool: Tool) -> None:
    # They take turns: on a busy machine one could say all before the other begins.
    said = "until [ -e /v/{}$n ]; do sleep 0.1; done; echo $(hostname) $n; sleep 0.1; n=$((n+1)); touch /v/{}"
    web, app = (
        f"while [ $n -lt 4 ]; do {said.format(*turn)}; done; {LOOP}" for turn in (("web", "app$((n-1))"), ("app", "web$n"))
    )
    volume = {"volumes": ["data:/v"]}
    tool.entry({"web": service(f"n=0; touch /v/web0; {web}", **volume), "app": service(f"n=0; {app}", **volume)})
    tool.up()
    assert eventually(lambda: tool.run("logs", tool.name).count(" 3\n") == 2)
    lines = tool.run("logs", tool.name, "--timestamps").splitlines()
    stamps = [line.split()[0] for line in lines]
    assert stamps == sorted(stamps) and all(re.fullmatch(r"[-0-9]{10}T[0-9:.]{18}Z", stamp) for stamp in stamps)
    assert len({line.split()[1] for line in lines[:4]}) == 2
    third = stamps[4]
    assert tool.run("logs", tool.name, "--since", third, "-t").splitlines()[0].startswith(third)
    assert tool.run("logs", tool.name, "--since", "1d").count("\n") == 8
    assert tool.run("logs", tool.name, "-n", "1").count("\n") == 2
    assert "is neither a duration, such as 90s, 10m" in tool.run("logs", tool.name, "--since", "yesterday", status=2)


def test_a_plan_says_what_changes_and_rollback_goes_back(tool: Tool) -> None:
    tool.entry({"web": service(), "db": service()})
    tool.up()
    before = tool.ids()
    assert "nothing changes" in tool.run("up", "probe", "--name", tool.name, "--plan")
    assert "nothing to roll back to" in tool.run("rollback", tool.name, status=1)
    tool.entry({"web": service(environment={"A": "1"}), "app": service()}, {"web": {"scale": 2}})
    plan = tool.run("up", "probe", "--name", tool.name, "--plan")
    for line in ("+ app (1 unit)", "- db (1 unit)", "~ web (2 units, replaced one after the other)", "    scale: 1 -> 2"):
        assert line in plan.splitlines()
    assert "    environment.A: (none) -> 1" in plan and plan.endswith("1 to add, 1 to change, 1 to remove\n")
    tool.up()
    assert set(tool.ids()) == {"web-1", "web-2", "app-1"}
    assert "- app (1 unit)" in tool.run("rollback", tool.name)
    assert set(tool.ids()) == set(before)
    tool.run("rollback", tool.name)
    assert set(tool.ids()) == {"web-1", "web-2", "app-1"}


def started(tool: Tool, name: str) -> str:
    return str(tool.client.containers.get(tool.ids()[name]).attrs["State"]["StartedAt"])


def test_rollback_does_not_restart_or_stop_once_more_what_was_restarted_or_stopped_before(tool: Tool) -> None:
    tool.entry({"web": service(), "db": service(), "app": service()})
    tool.up()
    tool.run("restart", tool.name, "db")
    tool.run("stop", tool.name, "app")
    tool.up("--scale", "web=2")
    before = started(tool, "db-1")
    tool.run("rollback", tool.name)
    assert set(tool.ids()) == {"web-1", "db-1", "app-1"}
    assert started(tool, "db-1") == before
    assert tool.unit("app-1")["state"] == "running"


def test_after_an_up_that_failed_a_plan_and_rollback_are_about_what_runs(tool: Tool) -> None:
    tool.entry({"web": service()})
    tool.up()
    before = tool.ids()
    for tag in ("none-1", "none-2"):
        tool.entry({"web": service() | {"image": f"localhost:1/catalog-forge-none:{tag}"}})
        tool.up(status=1)
        plan = tool.run("up", "probe", "--name", tool.name, "--plan")
        assert f"image: busybox:1.37.0 -> localhost:1/catalog-forge-none:{tag}" in plan
    assert "nothing changes" in tool.run("rollback", tool.name)
    assert tool.ids() == before and tool.unit("web-1")["state"] == "running"
    assert "image: busybox:1.37.0 -> localhost" in tool.run("up", "probe", "--name", tool.name, "--plan")


def test_after_a_first_up_that_failed_each_command_knows_the_stack_and_that_nothing_runs(tool: Tool) -> None:
    tool.entry({"web": service() | {"image": "localhost:1/catalog-forge-none:1"}})
    for words in ((), ("--scale", "web=2")):
        tool.up(*words, status=1)
        assert f"stack {tool.name} has no containers" in tool.run("ps", tool.name)
        assert f"no earlier state of stack {tool.name} has run" in tool.run("rollback", tool.name, status=1)
    assert f"stack {tool.name} had no containers" in tool.run("down", tool.name)
    assert f"there is no stack '{tool.name}'" in tool.run("ps", tool.name, status=1)


def test_a_service_of_another_stack_can_run_beside_the_entry(tool: Tool) -> None:
    tool.entry({"app": service(external_links=["other/web:backend"])})
    said = tool.up("--beside", f"other/web=busybox:1.37.0 sh -c 'httpd -p 80; {LOOP}'")
    assert "stacks cannot reach each other here" not in said
    tool.up("--scale", "app=2")
    assert set(tool.ids()) == {"app-1", "app-2", "other-web-1"}

    def found() -> str:
        done = exec_(tool, "app", "wget", "-qO-", "http://backend/", given="")
        return done.stdout + done.stderr

    assert eventually(lambda: "404 Not Found" in found()), found()
    assert "must be NAME=IMAGE" in tool.up("--beside", "web", status=2)


def test_a_stack_follows_what_is_saved_and_an_error_leaves_it_as_it_is(tool: Tool) -> None:
    tool.entry({"web": service(), "db": service()}, {"web": {"metadata": {"word": "first"}}})
    command = tool.command("up", "probe", "--name", tool.name, "--watch")
    with subprocess.Popen(command, env=tool.environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr and any("watching" in line for line in process.stderr)
        before = tool.ids()
        tool.entry({"web": service(), "db": service()}, {"web": {"metadata": {"word": "second"}}})
        assert any("metadata.word: first -> second" in line for line in process.stderr)
        assert eventually(lambda: tool.ask("web-1", "self/service/metadata/word") == "second")
        assert tool.ids() == before
        save(tool.folder / "templates/probe/0/docker-compose.yml", "services: [")
        assert any("stays as it is" in line for line in process.stderr)
        tool.entry({"web": service(environment={"A": "1"}), "db": service()})
        assert any("to change" in line for line in process.stderr)
        assert eventually(lambda: tool.ids().get("web-1", before["web-1"]) != before["web-1"])
        assert tool.ids()["db-1"] == before["db-1"]
        assert eventually(lambda: tool.unit("web-1")["state"] == "running")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    assert tool.unit("web-1")["state"] == "running"


SPEC = """\
forge: 1
name: page-conf
service: {{name: page, image: "busybox:1.37.0"}}
image: {{registry: {name}}}
files:
- {{dest: /srv/page/index.html, format: raw, reload: restart, body: [text: "{text} from @{{self.name}}\\n"]}}
launch: {{exec: [httpd, -f, -p, "8080", -h, /srv/page]}}
"""


def test_a_stack_follows_a_saved_spec_whose_image_is_built_anew(tool: Tool, confd: Path) -> None:
    spec = tool.folder / "specs/page-conf.yml"
    spec.parent.mkdir()
    spec.write_text(SPEC.format(name=tool.name, text="first"))

    def served() -> str:
        return exec_(tool, "page", "wget", "-qO-", "http://127.0.0.1:8080/", given="").stdout

    command = tool.command("up", "templates/page", "--name", tool.name, "--watch", "--confd", str(confd))
    with subprocess.Popen(command, env=tool.environ, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr and any("watching" in line for line in process.stderr)
        assert eventually(lambda: served() == f"first from {tool.name}-page-1\n")
        save(spec, SPEC.format(name=tool.name, text="@{metadata/none}"))
        assert any("no such metadata key: 'none'" in line for line in process.stderr)
        assert any("stays as it is" in line for line in process.stderr)
        save(spec.parent / "other-conf.yml", "forge: 1\n")
        assert any("specs/other-conf.yml:1:1" in line for line in process.stderr)
        save(spec, SPEC.format(name=tool.name, text="second"))
        assert any("generated page-conf" in line for line in process.stderr)
        assert eventually(lambda: served() == f"second from {tool.name}-page-1\n")
        process.send_signal(signal.SIGINT)
        process.communicate(timeout=PATIENCE)
    assert process.returncode == 130
    tool.run("down", tool.name, "-v")
    tool.client.images.remove(f"{tool.name}/page-conf:0.1.0", force=True)


def test_ps_tells_images_and_published_ports(tool: Tool) -> None:
    port = free_port()
    tool.entry({"web": service(ports=[f"{port}:80"], labels={"io.rancher.sidekicks": "side"}), "side": service()})
    tool.up()
    first, second = sorted(tool.unit("web-1")["containers"], key=lambda each: each["name"])
    assert (first["name"], first["image"]) == (f"{tool.name}-web-1", "busybox:1.37.0")
    assert first["ports"][0] == f"0.0.0.0:{port}:80/tcp" and set(first["ports"][1:]) <= {f"[::]:{port}:80/tcp"}
    assert second == {"name": f"{tool.name}-web-side-1", "image": "busybox:1.37.0", "ports": []}


def test_the_page_tells_of_a_running_stack_and_hides_secrets(tool: Tool, monkeypatch: pytest.MonkeyPatch) -> None:
    says = ["sh", "-c", f"echo 'web-conf: reload: signal HUP to ${{pin}}'; {LOOP}"]
    tool.entry(
        {"web": {**service(), "command": says}},
        questions=[{"variable": "pin", "type": "password", "label": "Pin"}],
    )
    tool.run("up", "templates/probe", "--name", tool.name, "-d", "--set", "pin=hunter2222")
    monkeypatch.setenv("XDG_STATE_HOME", tool.environ["XDG_STATE_HOME"])
    opened = Site(tool.folder).opened("templates/probe")
    assert eventually(lambda: stacks(opened)["stacks"][0]["reloads"])
    (found,) = stacks(opened)["stacks"]
    assert (found["name"], found["phase"]) == (tool.name, "running")
    assert [(each["name"], each["state"]) for each in found["units"]] == [("web-1", "running")]
    assert found["reloads"][0]["text"] == "web-conf: reload: signal HUP to ***"
    assert found["reloads"][0]["container"] == f"{tool.name}-web-1"
    tool.run("down", tool.name)
    assert stacks(opened) == {"stacks": []}
