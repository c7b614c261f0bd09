"""Each kind of reload, in both topologies: once for a change, not at all for none."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import docker
import pytest

from tests.live.harness import TOPOLOGIES, Images, Unit, World, change_at_once, service, spec_of, start

SPEC = """\
metadata: {signal: {}, exec: {}, post: {}, put: {}, restart: {}, unused: {}}
files:
- {dest: /etc/probe/signal, format: raw, reload: signal HUP, body: [{text: "@{metadata/signal}"}]}
- {dest: /etc/probe/exec, format: raw, reload: exec echo "ran $((40 + 2))", body: [{text: "@{metadata/exec}"}]}
- {dest: /etc/probe/post.json, reload: "http POST http://127.0.0.1:8080/post?a=b&c=%20", body: [{set: {k: "@{metadata/post}"}}]}
- {dest: /etc/probe/put.txt, reload: http PUT http://127.0.0.1:8080/put, body: [{text: "\\n@{metadata/put}\\r\\n\\n"}]}
- {dest: /etc/probe/restart, format: raw, reload: restart, body: [{text: "@{metadata/restart}"}]}
"""
KINDS = {
    "signal": "probe: signal hangup",
    "exec": "ran 42",
    "post": "probe: request POST /post?a=b&c=%20 application/json ",
    "put": "probe: request PUT /put text/plain ",
    "restart": "probe: start [",
}
CALM = 3.0  # a change is acted on within 2.5 s: a stamp is looked at each second, and its neighbours have one more


@dataclass
class Story:
    """What a unit was seen to do: how often each reload fired, from phase to phase."""

    unit: Unit
    counts: dict[str, dict[str, int]] = field(default_factory=dict)

    def note(self, phase: str) -> None:
        self.counts[phase] = {kind: self.unit.count(text) for kind, text in KINDS.items()}

    def fired(self, phase: str, after: str) -> dict[str, int]:
        return {kind: self.counts[phase][kind] - self.counts[after][kind] for kind in KINDS}


@pytest.fixture(scope="module")
def stories(
    engine: docker.DockerClient, images: Images, main_image: str, test_labels: dict[str, str]
) -> Iterator[dict[str, Story]]:
    values = dict.fromkeys((*KINDS, "unused"), "1")
    names = {topology: f"kinds-{topology}" for topology in TOPOLOGIES}
    services = [service(name, topology, metadata=values) for topology, name in names.items()]
    program = ("probe", "-listen", "127.0.0.1:8080", "-show", "/etc/probe/restart")
    with World(engine, test_labels, services) as world:
        stories = {}
        for topology, name in names.items():
            conf_image = images.conf(spec_of(SPEC, topology))
            stories[topology] = Story(Unit(world, name, topology, conf_image, main_image, program, environment={}))
        start(story.unit for story in stories.values())
        for story in stories.values():
            story.unit.wait_for("probe: file")
        _phases(stories)
        yield stories


def _phases(stories: dict[str, Story]) -> None:
    units = [story.unit for story in stories.values()]

    def phase(name: str, keys: list[str], value: str, expected: list[str]) -> None:
        before = {topology: story.unit.logs() for topology, story in stories.items()}
        change_at_once(units, len(set(keys) & {*KINDS}), **dict.fromkeys(keys, value))
        for topology, story in stories.items():
            for kind in expected:
                story.unit.wait_for(KINDS[kind], before[topology].count(KINDS[kind]) + 1)
        time.sleep(CALM)
        for story in stories.values():
            story.note(name)

    phase("start", [], "", [])
    phase("nothing", ["unused"], "2", [])
    for kind in KINDS:
        phase(kind, [kind], f"{kind} é %s \\", [kind])
    phase("two", ["signal", "exec"], "3", ["signal", "exec"])
    phase("all", list(KINDS), "4", ["restart"])


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_nothing_is_reloaded_before_the_first_change(stories: dict[str, Story], topology: str) -> None:
    assert stories[topology].counts["start"] == {**dict.fromkeys(KINDS, 0), "restart": 1}, stories[topology].unit.story()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_metadata_that_no_file_shows_reloads_nothing(stories: dict[str, Story], topology: str) -> None:
    assert stories[topology].fired("nothing", "start") == dict.fromkeys(KINDS, 0), stories[topology].unit.story()


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_one_change_is_one_reload_of_its_kind(stories: dict[str, Story], topology: str, kind: str) -> None:
    before = ["nothing", *KINDS][list(KINDS).index(kind)]
    assert stories[topology].fired(kind, before) == {**dict.fromkeys(KINDS, 0), kind: 1}, stories[topology].unit.story()


@pytest.mark.parametrize("kind", ["post", "put"])
@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_http_sends_the_rendered_file_byte_for_byte(stories: dict[str, Story], topology: str, kind: str) -> None:
    unit = stories[topology].unit
    sent = unit.logs().split(KINDS[kind])[1].split("\n")[0]
    value = f"{kind} é %s \\"
    wanted = json.dumps({"k": value}, indent=2, ensure_ascii=False) + "\n" if kind == "post" else f"\n{value}\r\n\n"
    assert base64.b64decode(sent).decode() == wanted, unit.story()
    assert "200 OK" in unit.logs()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_two_files_that_change_together_cause_each_reload_once(stories: dict[str, Story], topology: str) -> None:
    wanted = {**dict.fromkeys(KINDS, 0), "signal": 1, "exec": 1}
    assert stories[topology].fired("two", "restart") == wanted, stories[topology].unit.story()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_restart_makes_the_other_reloads_needless(stories: dict[str, Story], topology: str) -> None:
    wanted = {**dict.fromkeys(KINDS, 0), "restart": 1}
    assert stories[topology].fired("all", "two") == wanted, stories[topology].unit.story()


@pytest.mark.parametrize("topology", TOPOLOGIES)
def test_a_restart_ends_the_program_in_order_and_it_reads_the_new_file(stories: dict[str, Story], topology: str) -> None:
    log = stories[topology].unit.logs()
    assert log.index("probe: signal terminated") < log.index("probe: file", log.index("probe: file") + 1)
    read = [line.split()[2] for line in log.splitlines() if line.startswith("probe: file")]
    assert [base64.b64decode(content).decode() for content in read] == ["1", "restart é %s \\", "4"]
