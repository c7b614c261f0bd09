"""`up --upgrade-from`: an upgrade with data, on a real engine."""

from __future__ import annotations

import json
from typing import Any

from tests.helpers import tree, web_spec
from tests.live.tool import LOOP, PATIENTLY, Tool, service

# It is healthy when it has written: an upgrade does not begin before.
WRITES = "[ -e /data/first ] || echo $$HOSTNAME >/data/first; [ -e /data/words ] || echo one >/data/words; httpd -p 80; " + LOOP
CHECK = {"health_check": {"port": 80, "interval": 200, "healthy_threshold": 1, **PATIENTLY}}


def revisions(tool: Tool, *found: tuple[dict[str, Any], dict[str, Any], list[dict[str, Any]]]) -> None:
    """Write revisions from 0 on: services, those of rancher-compose, questions."""
    (tool.folder / "templates/probe").mkdir(parents=True)
    (tool.folder / "templates/probe/config.yml").write_text(f"name: probe\nversion: 1.0.{len(found) - 1}\n")
    for number, (docker, rancher, questions) in enumerate(found):
        folder = tool.folder / f"templates/probe/{number}"
        folder.mkdir()
        (folder / "docker-compose.yml").write_text(json.dumps({"version": "2", "services": docker}))
        catalog = {"name": "probe", "version": f"1.0.{number}", "questions": questions}
        (folder / "rancher-compose.yml").write_text(json.dumps({"version": "2", "catalog": catalog, "services": rancher}))


def expecting(tool: Tool, output: str) -> None:
    """Write a spec of the entry, and a scenario of it that expects this of the first container."""
    tree(tool.folder, {"specs/probe-conf.yml": web_spec("probe-conf", "entry: {name: probe}\n")})
    words = "stack: probe\nservices: {web: {sidekicks: [probe-conf], metadata: {colour: red}}}\nself: probe-conf-1\n"
    asked = {"in": "web-1", "run": ["cat", "/data/words"], "output": output}
    tree(
        tool.folder, {"specs/probe-conf/scenarios/kept.yml": f"{words}expect: {json.dumps({'command': asked, 'within': '1s'})}\n"}
    )


def question(variable: str, **more: Any) -> dict[str, Any]:
    return {"variable": variable, "label": variable, "type": "string", "required": True, **more}


def held(tool: Tool, unit: str, path: str) -> str:
    found: Any = tool.client.containers.get(f"{tool.name}-{unit}").exec_run(["cat", path])
    return str(found.output.decode())


def environment(tool: Tool) -> set[str]:
    return set(tool.client.containers.get(f"{tool.name}-web-2").attrs["Config"]["Env"])


def test_an_upgrade_keeps_what_the_named_volume_holds_and_rollback_goes_back(tool: Tool) -> None:
    one = {"web": service(WRITES, volumes=["data:/data"], environment={"WORD": "${word}"})}
    two = {"web": service(WRITES, volumes=["data:/data"], environment={"WORD": "${word}", "MORE": "${more}"})}
    strategy = {"web": {**CHECK, "scale": 3, "upgrade_strategy": {"batch_size": 2, "start_first": True}}}
    asked = [question("word"), question("old", default="x")], [question("word"), question("more")]
    revisions(tool, (one, strategy, asked[0]), (two, strategy, asked[1]))
    words = ("up", "probe", "--name", tool.name, "--upgrade-from", "0")
    assert "nope" in tool.run(*words, "--set", "word=a", "--set", "nope=b", status=1)
    expecting(tool, "one\n")
    said = tool.run(*words, "--set", "word=a", "--set", "more=b", "--expect", "kept")
    assert "upgrade of probe: 0 (1.0.0) -> 1 (1.0.1)\n" in said
    assert "the question 'old' no longer exists, so its answer is lost" in said
    assert "the question 'more' must be answered, and has no default" in said
    assert "'web' keeps data, but start_first starts the new container while the old one runs" in said
    assert "  volume data: files: 2 unchanged\n" in said
    assert held(tool, "web-1", "/data/words") == "one\n"
    assert {"WORD=a", "MORE=b"} <= environment(tool)
    tool.run("rollback", tool.name)
    assert "MORE=b" not in environment(tool)
    assert held(tool, "web-2", "/data/words") == "one\n"
    assert "already exists: an upgrade test needs a new stack" in tool.run(*words, "--set", "word=a", status=1)


def test_what_an_upgrade_loses_is_said_and_is_an_error(tool: Tool) -> None:
    one = {"web": service(WRITES, volumes=["data:/data"])}
    revisions(tool, (one, {"web": CHECK}, []), ({"web": service(WRITES, volumes=["other:/data"])}, {"web": CHECK}, []))
    words = ("--upgrade-from", "0", "--format", "json", "--settle", "0.3")
    expecting(tool, "two\n")
    said = tool.run("up", "probe", "--name", tool.name, *words, "--expect", "kept", status=1)
    assert "the upgrade loses everything in data" in said
    assert (
        "specs/probe-conf/scenarios/kept.yml:4:" in said
        and "after the upgrade: the output of `cat /data/words` in web-1 is not as expected" in said
    )
    told = json.loads(said[said.index("{") : said.rindex("}") + 1])
    assert [each["kind"] for each in told["breaks"]] == ["volume"]
    lost = {"volume": "data", "same": 0, "changed": 0, "gone": 2, "new": 0, "lost": True}
    assert told["offered"] and told["volumes"] == [lost]


def test_an_upgrade_that_fails_is_taken_back(tool: Tool) -> None:
    web = service(WRITES, volumes=["data:/data"])
    other = {"web": {**web, "image": "localhost:1/no/such:1"}}
    revisions(tool, ({"web": web}, {"web": CHECK}, []), (other, {"web": CHECK}, []))
    said = tool.run("up", "probe", "--name", tool.name, "--upgrade-from", "0", "--settle", "0.3", status=1)
    assert "the upgrade failed, and revision 0 runs again" in said
    assert held(tool, "web-1", "/data/words") == "one\n"
