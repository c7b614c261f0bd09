"""The image engine: scenarios played in real containers, and what is there of them in the meantime and afterwards."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from typing import Any

import docker
import pytest

from catalog_forge.confd.imitated.image_dir import ImageDir
from catalog_forge.errors import EngineError, ForgeError
from catalog_forge.image import containers
from catalog_forge.image.engine import Engine, connect
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.metadata.service.server import MetadataServer
from catalog_forge.verify import container, play, subject, view
from catalog_forge.verify.container import ImageEngine
from catalog_forge.verify.observation import Seen
from catalog_forge.verify.play import Result
from catalog_forge.verify.subject import Subject
from catalog_forge.verify.view import View
from tests.helpers import PATIENCE, eventually
from tests.live.harness import Edit, Images, spec_of

FULL = """\
metadata: {key: {}, word: {}, unused: {optional: true}}
vars: {RESYNC: "4"}
files:
- {dest: /etc/probe/peers.txt, mode: "0640", reload: signal HUP, body: [{text: "@{join(peers.ip, \\",\\")}\\n"}]}
- {dest: /etc/probe/checked.txt, check: "grep -q good {{.src}}", reload: restart, body: [{text: "@{metadata/key}\\n"}]}
- {dest: /etc/probe/word.txt, reload: exec echo "ran $((40 + 2))", body: [{text: "@{metadata/word}\\n"}]}
"""
# Each moment is expected to hold what a reader of docs/conf-image.md expects.
LIFE = """\
services:
  probe: {scale: 2, metadata: {key: good 1, word: a}, SIDEKICK}
fault: {late: 3s}
expect:
  files: {peers.txt: {text: "10.42.1.11,10.42.1.12\\n", mode: "0640"}, checked.txt: "good 1\\n", word.txt: "a\\n"}
  reloads: 0
then:
- name: a node more
  scale: 3
  expect:
    files: {peers.txt: "10.42.1.11,10.42.1.12,10.42.1.13\\n", checked.txt: {unchanged: true}, word.txt: {unchanged: true}}
    reloads: [signal HUP]
- name: nothing that a file shows
  set: {unused: x}
  expect: {files: {peers.txt: {unchanged: true}}, reloads: 0}
- name: two files
  scale: 4
  set: {word: b}
  expect: {files: {word.txt: "b\\n"}, reloads: [signal HUP, 'exec echo "ran $((40 + 2))"']}
- name: refused
  set: {key: bad}
  expect: {files: {checked.txt: "good 1\\n"}, error: "Config check failed: exit status 1", reloads: 0}
- name: refused still
  set: {word: c}
  expect: {files: {checked.txt: {unchanged: true}, word.txt: "c\\n"}, error: Config check failed, reloads: 1}
- name: good again
  set: {key: good 2, word: d}
  expect: {files: {checked.txt: "good 2\\n", word.txt: "d\\n"}, reloads: [restart]}
"""
OUTAGE = """\
services:
  probe: {scale: 2, metadata: {key: good, word: a}, sidekicks: {probe-main: primary}}
then:
- name: an outage
  fault: {down: 2s}
  set: {word: b}
  expect: {files: {word.txt: "b\\n"}, reloads: 1}
- name: everything missing
  fault: missing
  set: {word: c}
  expect: {files: {word.txt: "b\\n", peers.txt: {unchanged: true}}, error: key does not exist, reloads: 0}
- name: well again
  set: {word: d}
  expect: {files: {word.txt: "d\\n"}, reloads: 1}
"""
PEERS = """\
services:
  probe: {scale: 3, metadata: {key: good, word: a}, sidekicks: [probe-conf]}
self: probe-conf-1
expect: {files: {peers.txt: "10.42.1.11,10.42.1.12,10.42.1.13\\n"}}
then:
- replace: 2
  expect: {files: {peers.txt: "NEW"}, reloads: [signal HUP]}
- self: probe-conf-3
  expect: {files: {peers.txt: "NEW"}, reloads: 0}
- self: probe-conf-2
  expect: {files: {peers.txt: "NEW"}, reloads: 0}
"""
REQUIRED = """\
metadata: {key: {}}
engine: {refresh: 2s}
launch: {before: [no-such-program --prepare]}
files: [{dest: /etc/probe/key.txt, reload: signal USR1, body: [{text: "@{metadata/key}\\n"}]}]
"""
COMES_LATER = """\
services: {probe: {sidekicks: [probe-conf]}}
expect: {files: {key.txt: {absent: true}}, error: "probe-conf: required metadata key key has no value", reloads: 0}
then:
- set: {other: x}
  expect: {files: {key.txt: {absent: true}}, error: required metadata key key has no value}
- set: {key: came}
  expect: {files: {key.txt: "came\\n"}, reloads: 0}
- set: {key: other}
  expect: {files: {key.txt: "other\\n"}, reloads: [signal USR1]}
- unset: key
  expect: {files: {key.txt: "other\\n"}, error: required metadata key key has no value, reloads: 0}
"""
TROUBLED = """\
services: {probe: {metadata: {key: a}, sidekicks: [probe-conf]}}
fault: flapping
expect: {files: {key.txt: "a\\n"}}
then:
- fault: flapping
  set: {key: b}
  expect: {files: {key.txt: "b\\n"}, reloads: 1}
- fault: {slow: 1s}
  set: {key: c}
  expect: {files: {key.txt: "c\\n"}, reloads: 1}
"""
ONCE = """\
metadata: {key: {}}
engine: {refresh: once}
files:
- {dest: /etc/probe/a.json, reload: "http PUT http://127.0.0.1/x", body: [{set: {k: "@{metadata/key}"}}]}
- {dest: /etc/probe/b.json, reload: "http PUT http://127.0.0.1/x", body: [{set: {k: "@{metadata/key}"}}]}
"""
NEVER_AGAIN = """\
services: {probe: {metadata: {key: a}, sidekicks: [probe-conf]}}
expect: {files: {a.json: {equals: {k: a}}}}
then: [{set: {key: b}, expect: {files: {a.json: {unchanged: true}}, reloads: 0}}]
"""
GIVES_UP = """\
services: {probe: {metadata: {key: a}, sidekicks: [probe-conf]}}
fault: {late: 8s}
expect: {files: {a.json: {equals: {k: a}}}, error: gave up after 2 s}
"""
HTTP = ONCE.replace("refresh: once", "refresh: watch").replace('"@{metadata/key}"', "fixed", 1)
ONE_OF_TWO = NEVER_AGAIN.replace("equals: {k: a}", "contains: fixed").replace(
    "reloads: 0", "reloads: [http PUT http://127.0.0.1:80/x with /etc/probe/b.json]"
)


def static(name: str, _: object) -> str:
    return f"{name}\n"


@dataclass
class Stage:
    """Plays scenarios in containers, and knows every run that this has made."""

    client: docker.DockerClient
    engine: Engine
    images: Images
    runs: list[containers.Run] = field(default_factory=list)
    tags: dict[str, str] = field(default_factory=dict)

    def subject(self, text: str, topology: str = "volumes") -> Subject:
        return subject.of_spec(spec_of(text, topology), static)

    def image(self, shown: Subject, edit: Mapping[str, Edit] | None = None, **options: Any) -> ImageEngine:
        assert shown.spec and shown.context
        digest = shown.context.digest
        tag = self.tags.get(digest) if edit is None else None
        if tag is None:
            tag = self.images.conf(shown.spec, edit)
        if edit is None:
            self.tags[digest] = tag
        return ImageEngine(self.engine, tag, **options)

    def left(self, runs: Iterable[containers.Run]) -> list[str]:
        """What there still is of runs: containers and networks."""
        found: list[dict[str, Any]] = []
        for run in runs:
            wanted = {"label": f"{containers.RUN_LABEL}={run.id}"}
            found += self.client.api.containers(all=True, filters=wanted) + self.client.api.networks(filters=wanted)
        return [each["Id"] for each in found]

    def volumes(self, run: containers.Run) -> set[str]:
        """The volumes of a run while it lasts."""
        found = self.client.api.containers(all=True, filters={"label": f"{containers.RUN_LABEL}={run.id}"})
        return {mount["Name"] for each in found for mount in each["Mounts"]}


@pytest.fixture(scope="module")
def stage(engine: docker.DockerClient, images: Images) -> Iterator[Stage]:
    with connect() as ours, pytest.MonkeyPatch.context() as patch:
        stage = Stage(engine, ours, images)

        class Noted(containers.Run):
            def __init__(self, *arguments: Any) -> None:
                super().__init__(*arguments)
                stage.runs.append(self)

        patch.setattr(container, "Run", Noted)
        yield stage


PLAYS = {
    "life-volumes": (FULL, LIFE.replace("SIDEKICK", "sidekicks: [probe-conf]")),
    "life-netns": (FULL, LIFE.replace("SIDEKICK", "sidekicks: {probe-main: primary}"), "netns"),
    "outage": (FULL.replace('RESYNC: "4"', 'RESYNC: "9"'), OUTAGE, "netns"),
    "peers": (FULL, PEERS.replace("NEW", "10.42.1.11,10.42.1.14,10.42.1.13\\n")),
    "required": (REQUIRED, COMES_LATER),
    "troubled": (REQUIRED.replace("engine: {refresh: 2s}", 'vars: {RESYNC: "3"}'), TROUBLED),
    "gives up": (f"launch: {{wait: {{metadata: 2s}}}}\n{ONCE}", GIVES_UP),
    "once": (ONCE, NEVER_AGAIN),
    "http": (HTTP, ONE_OF_TWO),
}


def views_of(shown: Subject, story: str) -> list[View]:
    moments = scenario.read(story, "x.yml", "probe").moments
    return [view.of_moment(moment, number, shown.version) for number, moment in enumerate(moments)]


@dataclass
class Attempt:
    """What a play came to: the moments until it ended, and the error that ended it."""

    seen: list[Seen] = field(default_factory=list)
    error: ForgeError | None = None
    seconds: float = 0

    @classmethod
    def of(cls, engine: ImageEngine, shown: Subject, views: Iterable[View]) -> Attempt:
        attempt, begin = cls(), time.monotonic()
        try:
            attempt.seen.extend(engine.play(shown, views))
        except ForgeError as error:
            attempt.error = error
        attempt.seconds = time.monotonic() - begin
        return attempt


def nameless(shown: View) -> View:
    """The view while a peer has no name: every confd panics then."""
    answers, count = re.subn('(?i)"name": "default-probe-2"', '"name": null', json.dumps(shown.answers.versions))
    assert count
    return replace(shown, answers=Answers(json.loads(answers)))


@pytest.fixture(scope="module")
def pool(stage: Stage) -> Iterator[ThreadPoolExecutor]:  # noqa: ARG001
    with ThreadPoolExecutor(12) as pool:
        yield pool


@pytest.fixture(scope="module")
def plays(stage: Stage, pool: ThreadPoolExecutor) -> dict[str, Future[Result]]:
    """All scenarios, side by side."""
    found = {}
    for name, (text, story, *topology) in PLAYS.items():
        shown = stage.subject(text, *topology)
        case = play.case("probe-conf", name, "x.yml", shown, scenario.read(story, "x.yml", "probe"), static)
        found[name] = pool.submit(play.play, case, stage.image(shown))
    return found


@pytest.fixture(scope="module")
def attempts(stage: Stage, pool: ThreadPoolExecutor) -> dict[str, Future[Attempt]]:
    """Plays that go wrong, side by side with the scenarios."""
    once, full = stage.subject(ONCE), stage.subject(FULL)
    lost = stage.subject(f"vars: {{METADATA_NODE: rancher-metadata:9}}\n{ONCE}")
    panics = views_of(full, "services: {probe: {scale: 2, metadata: {key: good, word: a}}}\nthen: [{}, {set: {word: b}}]\n")
    panics[1] = nameless(panics[1])
    late = views_of(once, f"{NEVER_AGAIN}fault: {{late: 2s}}\n")
    deaf = stage.image(once, {"entrypoint.sh": lambda text: text.replace("trap stop TERM", "trap '' TERM")})
    hasty = stage.image(once, {"run.sh": lambda text: text.replace("    wait_for_files\n", "    :\n")})
    dead = stage.image(once, {"run.sh": lambda text: text.replace("    wait_for_files\n", "    exit 3\n")})
    wanted = {
        "deaf": (deaf, once, views_of(once, NEVER_AGAIN)),
        "hasty": (hasty, once, late),
        "dead": (dead, once, late),
        "lost": (stage.image(lost, settle=4), lost, views_of(lost, NEVER_AGAIN)),
        "panics": (stage.image(full), full, panics),
    }
    return {name: pool.submit(Attempt.of, *arguments) for name, arguments in wanted.items()}


def story(result: Result) -> str:
    steps = [f"=== {step.name}: {step.failures}\n{step.seen.errors}\n{step.seen.log}" for step in result.steps]
    return "\n".join([*steps, str(result.broken or "")])


@pytest.mark.usefixtures("attempts")
@pytest.mark.parametrize("name", PLAYS)
def test_a_scenario_is_played_as_it_is_expected(plays: dict[str, Future[Result]], name: str) -> None:
    result = plays[name].result()
    assert result.passed, story(result)


def test_the_launch_script_waits_for_a_late_service_and_says_so(plays: dict[str, Future[Result]]) -> None:
    log = plays["life-volumes"].result().steps[0].seen.log
    assert log.index("launch: waiting for probe-conf to write the configuration") < log.index("stand-in: started"), log


def test_a_reload_reaches_the_program(plays: dict[str, Future[Result]]) -> None:
    logs = [step.seen.log for step in plays["life-netns"].result().steps]
    assert "stand-in: HUP" in logs[1]
    assert "\nran 42\n" in logs[3]
    assert logs[6].count("stand-in: TERM") == logs[6].count("stand-in: started") == 1


def test_a_moment_has_the_logs_of_both_containers_and_no_lines_of_another(plays: dict[str, Future[Result]]) -> None:
    first, second, *_ = [step.seen.log for step in plays["life-volumes"].result().steps]
    assert "--- conf\n" in first and "--- main, a stand-in\n" in first
    assert "probe-conf: every file is written" in first and "probe-conf: every file is written" not in second
    assert "launch: reload: signal HUP" in second and "launch: reload: signal HUP" not in first


def test_an_outage_that_is_over_is_no_error_but_stands_in_the_log(plays: dict[str, Future[Result]]) -> None:
    outage = plays["outage"].result().steps[1].seen
    assert not outage.errors
    assert "connection refused" in outage.log


def test_commands_before_the_start_are_left_out_where_the_service_is_not(plays: dict[str, Future[Result]]) -> None:
    log = plays["required"].result().steps[2].seen.log
    assert "launch: left out, this is not the service: no-such-program --prepare" in log


def test_a_container_that_is_deaf_to_sigterm_is_an_error_with_both_logs(attempts: dict[str, Future[Attempt]]) -> None:
    attempt = attempts["deaf"].result()
    assert len(attempt.seen) == 2
    message = str(attempt.error)
    assert message.startswith("SIGTERM did not end the conf container within 3 s\n--- conf\n"), message
    assert "every file is written" in message and "stand-in: started" in message


def test_a_program_that_starts_before_the_stamp_is_an_error(attempts: dict[str, Future[Attempt]]) -> None:
    assert str(attempts["hasty"].result().error).startswith("the launch script started the program before every file")


def test_a_launch_script_that_ends_is_an_error(attempts: dict[str, Future[Attempt]]) -> None:
    assert str(attempts["dead"].result().error).startswith("the launch script ended with status 3\n")


def test_a_conf_container_that_asks_elsewhere_is_an_error_with_a_hint(attempts: dict[str, Future[Attempt]]) -> None:
    error = attempts["lost"].result().error
    assert error and "no container has reached the metadata service http://" in str(error)
    assert "firewall" in error.problems[0].hint


def test_a_conf_container_that_dies_is_started_again_and_the_program_runs_on(attempts: dict[str, Future[Attempt]]) -> None:
    attempt = attempts["panics"].result()
    first, dead, well = attempt.seen
    assert not attempt.error and not first.errors and not well.errors, attempt
    assert any(error.startswith("panic: ") for error in dead.errors), dead
    assert dead.files == first.files
    assert well.files["/etc/probe/word.txt"].text == "b\n"
    assert "stand-in: started" not in dead.log + well.log


@pytest.mark.parametrize("end", [GeneratorExit, KeyboardInterrupt, ValueError])
def test_nothing_is_left_of_a_play_that_is_broken_off(stage: Stage, end: type[BaseException]) -> None:
    shown = stage.subject(ONCE)
    known = len(stage.runs)
    played = stage.image(shown).play(shown, views_of(shown, NEVER_AGAIN))
    assert next(iter(played)).files
    run = stage.runs[known]
    volumes = stage.volumes(run)
    assert len(stage.left([run])) == 3 and volumes
    with pytest.raises(end):
        played.throw(end)  # type: ignore[attr-defined]
    assert not stage.left([run])
    assert not volumes & {volume.name for volume in stage.client.volumes.list()}


def test_a_play_in_another_thread_can_be_interrupted(stage: Stage, pool: ThreadPoolExecutor) -> None:
    shown = stage.subject(ONCE)
    known = len(stage.runs)
    engine = stage.image(shown)
    played = pool.submit(Attempt.of, engine, shown, views_of(shown, f"{NEVER_AGAIN}fault: {{late: 50s}}\n"))
    assert eventually(lambda: len(stage.runs) > known and bool(stage.volumes(stage.runs[known])))
    engine.interrupt()
    attempt = played.result(timeout=PATIENCE)
    assert str(attempt.error) == "interrupted"
    assert not stage.left(stage.runs[known:])


def test_another_port_serves_where_80_cannot_be_had(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    def refusing(answers: Answers, host: str, port: int, **options: Any) -> MetadataServer:
        if port == 80:
            raise ForgeError("the port is in use")
        return MetadataServer(answers, host, port, **options)

    monkeypatch.setattr(container, "MetadataServer", refusing)
    shown = stage.subject(ONCE)
    attempt = Attempt.of(stage.image(shown), shown, views_of(shown, NEVER_AGAIN)[:1])
    assert not attempt.error and attempt.seen[0].files, attempt


def test_an_engine_whose_network_is_elsewhere_is_refused(stage: Stage, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = containers.Network("x", "x", "203.0.113.0/24", "203.0.113.1")
    monkeypatch.setattr(containers.Run, "network", lambda _: elsewhere)
    shown = stage.subject(ONCE)
    error = Attempt.of(stage.image(shown), shown, views_of(shown, NEVER_AGAIN)).error
    assert isinstance(error, EngineError)
    assert "is not on this machine" in str(error) and "on this machine" in error.problems[0].hint


def test_an_image_that_is_not_there_is_to_be_built(stage: Stage) -> None:
    shown = stage.subject(ONCE)
    with pytest.raises(ForgeError, match=r"no image probe-conf:0\.1\.0 on the Docker engine\n.*catalog-forge build probe-conf"):
        ImageEngine(stage.engine).play(shown, [])


def test_a_folder_without_a_spec_is_refused(stage: Stage) -> None:
    with pytest.raises(ForgeError, match="only works for specs"):
        ImageEngine(stage.engine).play(Subject(ImageDir((), {})), [])


def test_nothing_is_left_of_any_play(
    stage: Stage, plays: dict[str, Future[Result]], attempts: dict[str, Future[Attempt]]
) -> None:
    for future in (*plays.values(), *attempts.values()):
        future.result()
    assert len(stage.runs) >= len(PLAYS) + len(attempts)
    assert not stage.left(stage.runs)
