"""What Rancher does with the keys of an entry, seen on a real engine."""

from __future__ import annotations

import json
import os
import signal
import time
from collections.abc import Mapping
from typing import Any

import pytest

from catalog_forge.stack.balancer import config
from catalog_forge.stack.model import Rule
from tests.helpers import eventually
from tests.live.software import image_of
from tests.live.tool import LOOP, PATIENTLY, Tool, service

pytestmark = pytest.mark.engine
SERVES = f"mkdir /w; hostname > /w/index.html; httpd -p 8080 -h /w; {LOOP}"
LB = {"image": "rancher/lb-service-haproxy:v0.7.9"}
NAMED = {"io.rancher.container.hostname_override": "container_name"}


def inspected(tool: Tool, container: str) -> Mapping[str, Any]:
    found: Mapping[str, Any] = tool.client.api.inspect_container(f"{tool.name}-{container}")
    return found


def ask(tool: Tool, container: str, url: str, *options: str) -> str:
    """What an address answers a container of the stack; empty when it does not."""
    found = tool.client.containers.get(f"{tool.name}-{container}").exec_run(["wget", "-qO-", *options, url])
    return str(found.output.decode()).strip() if found.exit_code == 0 else ""


def test_a_load_balancer_spreads_requests_and_follows_the_scale(tool: Tool) -> None:
    haproxy = image_of("haproxy")
    rules = [
        {"source_port": 80, "target_port": 8080, "service": "web"},
        {"source_port": 80, "target_port": 8080, "service": "other", "hostname": "other.example.org"},
        {"source_port": 81, "target_port": 8080, "service": "other", "protocol": "tcp"},
    ]
    web = service(SERVES, labels=NAMED)
    check = {"port": 42, "interval": 500, "healthy_threshold": 1, "unhealthy_threshold": 5, **PATIENTLY}
    tool.entry(
        {"web": web, "other": web, "lb": LB},
        {"web": {"scale": 2}, "lb": {"lb_config": {"port_rules": rules}, "health_check": check}},
    )
    tool.up("--lb-image", haproxy)

    def answered(url: str = "http://lb/", *options: str) -> set[str]:
        return {ask(tool, "other-1", url, *options) for _ in range(6)}

    other = {f"{tool.name}-other-1"}
    assert eventually(lambda: answered() == {f"{tool.name}-web-1", f"{tool.name}-web-2"}), answered()
    assert eventually(lambda: answered("http://lb/", "--header", "Host: other.example.org:80") == other)
    assert eventually(lambda: answered("http://lb:81/") == other)
    tool.up("--scale", "web=3")  # with the haproxy that is on the engine
    assert eventually(lambda: f"{tool.name}-web-3" in answered()), answered()
    assert eventually(lambda: tool.unit("lb-1")["health"] == "healthy")
    lb = tool.client.containers.get(f"{tool.name}-lb-1")
    for protocol in ("http", "tcp"):
        odd = [Rule(80, 1, "w.e-b_", protocol, host, "/a%20b") for host in ("", "*", "a.org", "*.a.org", "www.*")]
        checked = lb.exec_run(["sh", "-c", 'printf %s "$1" >/tmp/c && haproxy -c -f /tmp/c', "sh", config(odd, 42)])
        assert checked.exit_code == 0, checked.output.decode()


def test_a_load_balancer_without_rules_is_said_and_the_rest_runs(tool: Tool) -> None:
    tool.entry({"web": service(), "lb": LB}, {"lb": {"lb_config": {"port_rules": []}}})
    said = tool.up()
    assert "lb: load balancer: not started, because it has no rules" in said
    assert set(tool.ids()) == {"web-1"}


def test_a_replaced_container_keeps_its_address_its_name_and_the_volume_of_its_unit(tool: Tool) -> None:
    compose = {
        "web": service(volumes=["mine:/mine", "ours:/ours"], labels={"io.rancher.sidekicks": "side", **NAMED}),
        "side": service(volumes_from=["web"]),
    }
    tool.entry(compose, {"web": {"scale": 2, "retain_ip": True}}, volumes={"mine": {"per_container": True}})
    tool.up()
    before, addresses = tool.ids(), {name: unit["address"] for name, unit in tool.units().items()}
    for index in (1, 2):
        found = tool.client.containers.get(before[f"web-side-{index}"])
        assert found.exec_run(["sh", "-c", f"echo {index} > /mine/n; echo {index} >> /ours/n"]).exit_code == 0
    tool.client.containers.get(before["web-1"]).remove(force=True)
    assert eventually(lambda: tool.ids().get("web-1", before["web-1"]) != before["web-1"])
    assert eventually(lambda: tool.unit("web-1")["state"] == "running")
    assert {name: unit["address"] for name, unit in tool.units().items()} == addresses
    assert tool.ask("web-1", "self/container/create_index") == "3"
    web = tool.client.containers.get(tool.ids()["web-1"])
    assert web.exec_run(["cat", "/mine/n", "/ours/n"]).output == b"1\n1\n2\n"
    assert inspected(tool, "web-1")["Config"]["Hostname"] == f"{tool.name}-web-1"
    tool.run("down", tool.name, "-v")
    assert not [each for each in tool.client.volumes.list() if str(each.name).startswith(f"{tool.name}_")]


def test_a_volume_of_somebody_else_is_used_when_it_is_declared_trusted_and_there(tool: Tool) -> None:
    name = f"{tool.name}-others"
    tool.entry({"web": service(volumes=["given:/given"])}, volumes={"given": {"external": {"name": name}}})
    assert f"the stack uses the volume {name} of this machine" in tool.up(status=1)
    assert f"there is no volume {name}" in tool.up("--trust", status=1)
    volume = tool.client.volumes.create(name)
    try:
        tool.up("--trust")
        assert inspected(tool, "web-1")["Mounts"][0]["Name"] == name
        tool.run("down", tool.name, "-v")
        volume.reload()
    finally:
        tool.run("down", tool.name, status=1)
        volume.remove()


def test_labels_of_an_entry_cannot_imitate_ours_nor_those_of_rancher(tool: Tool) -> None:
    labels = {
        "catalog-forge": "image",
        "catalog-forge.stack": "other",
        "catalog-forge.index": "7",
        "io.rancher.stack.name": "other",
        "own": "1",
    }
    tool.entry({"web": service(labels=labels, expose=["81"], stop_grace_period="3s", logging={"options": {"max-file": "2"}})})
    tool.up()
    found = inspected(tool, "web-1")
    expected = {"catalog-forge": "stack", "catalog-forge.stack": tool.name, "catalog-forge.index": "1", "own": "1"}
    assert found["Config"]["Labels"].items() >= {**expected, "io.rancher.stack.name": tool.name}.items()
    assert (found["Config"]["StopTimeout"], list(found["Config"]["ExposedPorts"])) == (3, ["81/tcp"])
    assert found["HostConfig"]["LogConfig"] == {"Type": "json-file", "Config": {"max-size": "64m", "max-file": "2"}}


def test_answers_and_scales_hold_until_they_are_given_anew(tool: Tool) -> None:
    questions = [{"variable": "word", "default": "default"}, {"variable": "other", "type": "password"}]
    tool.entry({"web": service()}, {"web": {"metadata": {"word": "${word}"}}}, questions=questions)
    tool.up("--set", "word=chosen", "--set", "other=s3cret", "--scale", "web=2")
    tool.up()
    assert set(tool.ids()) == {"web-1", "web-2"}
    assert tool.ask("web-1", "self/service/metadata/word") == "chosen"
    plan = json.loads(tool.run("up", "probe", "--name", tool.name, "--plan", "--format", "json"))
    assert (plan["answers"], plan["scales"]) == ({"word": "chosen", "other": "***"}, {"web": 2})
    tool.up("--set", "word=", "--scale", "web=1")
    assert tool.ask("web-1", "self/service/metadata/word") == ""
    assert set(tool.ids()) == {"web-1"}
    tool.run("down", tool.name)
    assert "answers" not in tool.run("up", "probe", "--name", tool.name, "--plan")


def test_an_image_that_is_always_to_be_pulled_and_cannot_be_is_the_one_that_is_here(tool: Tool) -> None:
    image = f"localhost:1/{tool.name}:1"
    tool.client.images.get("busybox:1.37.0").tag(image)
    try:
        tool.entry({"web": {**service(labels={"io.rancher.container.pull_image": "always"}), "image": image}})
        tool.up()
        assert f"pulling {image} failed: the local image is used" in tool.log()
        assert set(tool.ids()) == {"web-1"}
        tool.run("down", tool.name)
    finally:
        tool.client.images.remove(image, force=True)


def test_a_service_is_found_by_its_stack_and_a_container_by_its_name(tool: Tool) -> None:
    tool.entry({"web": service(SERVES, external_links=[f"{tool.name}/other:beyond"]), "other": service(SERVES, labels=NAMED)})
    tool.up()
    names = ("beyond", "other", f"other.{tool.name}", f"other.{tool.name}.rancher.internal", f"{tool.name}-other-1")
    for name in names:
        assert eventually(lambda name=name: ask(tool, "web-1", f"http://{name}:8080/") == f"{tool.name}-other-1"), name
    assert tool.ask("web-1", f"containers/{tool.name}-other-1/hostname") == f"{tool.name}-other-1"


def test_who_needs_others_starts_last_and_stops_first(tool: Tool) -> None:
    tool.entry({"app": service(links=["web"]), "web": service(depends_on=["base"]), "base": service()})
    tool.up()
    os.kill(int((tool.state / "lock").read_text()), signal.SIGTERM)
    assert eventually(lambda: inspected(tool, "base-1")["State"]["Status"] == "exited")
    states = [inspected(tool, f"{name}-1")["State"] for name in ("base", "web", "app")]
    assert sorted(states, key=lambda state: str(state["StartedAt"])) == states
    assert sorted(states, key=lambda state: str(state["FinishedAt"]), reverse=True) == states


def test_answers_to_secret_questions_are_hidden_in_logs(tool: Tool) -> None:
    questions = [{"variable": "word", "type": "password"}, {"variable": "short", "type": "password"}]
    tool.entry({"web": {"image": "busybox:1.37.0", "command": f"sh -c 'echo ${{word}} ${{short}}; {LOOP}'"}}, questions=questions)
    tool.up("--set", "word=s3cret", "--set", "short=abc")
    assert eventually(lambda: "web-1 | *** abc" in tool.run("logs", tool.name))
    assert "web-1 | s3cret abc" in tool.run("logs", tool.name, "--show-secrets")


def test_who_ends_by_itself_is_started_again(tool: Tool) -> None:
    tool.entry({"web": service("trap exit TERM; until rm /end 2>/dev/null; do sleep 0.1; done; exit 3")})
    tool.up()
    tool.touch("web-1", "/end")
    assert eventually(lambda: "ended with status 3" in tool.log() and inspected(tool, "web-1")["State"]["Running"])


def test_who_fails_too_often_is_left_alone_and_says_so(tool: Tool) -> None:
    tool.entry({"web": service("trap exit TERM; until [ -e /end ]; do sleep 0.1; done; exit 3", restart="on-failure:1")})
    tool.up()
    tool.touch("web-1", "/end")
    assert eventually(lambda: tool.log().count("web-1 ended with status 3") >= 2)
    time.sleep(1)  # its pause would be 0.4 s
    assert eventually(lambda: tool.unit("web-1")["state"] == "stopped")
    assert tool.log().count("web-1 ended with status 3") == 2


def test_who_failed_and_is_not_to_start_again_ends_a_stack_that_comes_up_and_who_is_done_does_not(tool: Tool) -> None:
    tool.entry({"web": service("exit 3", restart="no"), "app": service(links=["web"]), "end": service(links=["app"])})
    said = tool.up(status=1)
    assert "web-1 ended with status 3" in said and "is not restarted" in said
    tool.entry({"job": service("exit 0", restart="no"), "app": service(links=["job"]), "end": service(links=["app"])})
    tool.up()
    assert tool.unit("job-1")["state"] == "stopped"


def test_services_that_link_to_each_other_find_each_other(tool: Tool) -> None:
    tool.entry({"a": service(SERVES, links=["b:other"]), "b": service(SERVES, links=["a:other"])})
    tool.up()
    for name in ("a", "b"):
        assert eventually(lambda name=name: ask(tool, f"{name}-1", "http://other:8080/") != ""), name
