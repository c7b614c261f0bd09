"""The stack engine: scenarios played on the whole entry, with a real program that serves what confd writes."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from xml.etree import ElementTree

import pytest
from docker import DockerClient

from tests.helpers import LONGEST, PATIENCE
from tests.live.software import ROOT, Forge, eventually, forge_in

pytestmark = pytest.mark.engine
OURS = {"label": "catalog-forge=stack"}
SPEC = """\
forge: 1
name: page-conf
service:
  name: page
  image: busybox:1.37.0
  health_check: {port: 80, interval: 300, healthy_threshold: 1}
metadata: {title: {default: hello}, word: {required: true}}
files:
- dest: /www/index.html
  format: raw
  reload: signal HUP
  mode: "0644"
  body:
  - text: "@{metadata/title} @{metadata/word} of @{self.name}\\n"
  - list: {of: peers, item: "@{it.index} @{it.ip}"}
launch:
  exec: [sh, -c, "trap 'echo reloaded' HUP; trap 'exit 0' TERM; httpd -p 80 -h /www; while :; do sleep 1 & wait $!; done"]
"""
SERVICES = """\
stack: Site
hosts: 2
services:
  page:
    scale: 2
    sidekicks: [page-conf]
    health_check: {port: 80}
    metadata: {title: first, word: w}
  other: {scale: 1}
beside: {other: {image: "busybox:1.37.0", command: [sh, -c, "trap exit TERM; while :; do sleep 1 & wait $!; done"]}}
self: page-conf-1
"""
# What every engine compares, and what only a stack does, in one scenario.
LIFE = (
    SERVICES
    + """\
expect:
  files:
    index.html: {text: "first w of site-page-1\\n1 10.42.1.11\\n2 10.42.1.12\\n", mode: "0644"}
    /www/index.html: [{in: page-2, contains: "first w of site-page-2"}, {in: page-conf-2, mode: "0644"}]
    /www/none: {in: page-1, absent: true}
  http: {get: "http://page-2/", contains: "1 10.42.1.11"}
  command:
  - {in: page, run: "pidof httpd >/dev/null && echo serves", output: "serves\\n"}
  - {in: other-1, run: [wget, -qO-, "http://page.Site/none"], exit: 1}
  within: 300s
then:
- scale: 3
  expect:
    files: {index.html: {contains: "3 10.42.1.13"}}
    reloads: [signal HUP]
    log: {in: page-1, contains: [reloaded, "launch: reload: signal HUP"]}
    within: 300s
- replace: 2
  stop: 3
  expect:
    files: {index.html: {contains: "2 10.42.1.14", lacks: 10.42.1.12}}
    command:
      in: page-1
      run: [wget, -qO-, "http://rancher-metadata/latest/services/page/containers/2/state"]
      output: stopped
    within: 300s
- start: 3
  set: {title: second}
  expect: {reloads: 1, http: {get: "http://page-3:80/index.html", contains: second w of site-page-3}, within: 300s}
- {unset: word, expect: {error: word, files: {index.html: {unchanged: true}}, reloads: 0}}
- {name: no answer at all, fault: missing, expect: {reloads: 0}}
"""
)
WRONG = (
    SERVICES
    + """\
expect:
  command: {in: page-1, run: [cat, /www/index.html], output: "first w of site-page-1\\n1 10.42.1.11\\n2 10.42.1.99\\n"}
  http: {get: "http://page-1/none", contains: hello}
  within: 1s
"""
)
CANNOT = "".join(line for line in SERVICES.splitlines(keepends=True) if not line.startswith("beside:"))
MISSPELT = SERVICES + "expect: {command: {in: page-conf-3, run: x}}\n"


# Programs that die: at once, after they have answered, and of the signal that should have them read their file anew.
DEATHS = {
    "at-once": "echo no such program; exit 127",
    "later": "httpd -p 80 -h /www; sleep 5; echo cannot go on; exit 3",
    "of-reload": "httpd -p 80 -h /www; while :; do sleep 1; done",
}
CHANGED = (
    "stack: Site\nservices: {page: {sidekicks: [page-conf], health_check: {port: 80}, metadata: {word: w}}}\nself: page-conf-1\n"
)
CHANGED += "expect: {files: {index.html: {contains: w}}, within: 20s}\nthen:\n- {set: {word: x}, expect: {reloads: 1}}\n"


@pytest.fixture(scope="module")
def forge(
    tmp_path_factory: pytest.TempPathFactory,
    engine: DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> Iterator[Forge]:
    """A catalog with one entry that serves what is written for it; in the end nothing of its stacks may be left."""
    with forge_in(tmp_path_factory.mktemp("stack"), engine, confd) as forge:
        forge.spec("page-conf", SPEC)
        before = left(engine)
        yield forge
        assert left(engine) <= before
        assert not [*(forge.catalog.parent / "state").rglob("plan.json")]


def left(client: DockerClient) -> set[str]:
    """Everything that the stacks of these tests leave on the engine, which others play on at the same time."""
    found = [each["Name"] for each in client.api.networks(filters=OURS)]
    found += [each["Name"] for each in client.api.volumes(filters=OURS)["Volumes"] or []]
    return containers(client, all=True) | {name for name in found if "test-page-conf-" in name}


def containers(client: DockerClient, **which: bool) -> set[str]:
    """The containers of these stacks, those that run if nothing else is said."""
    # By this call: the other one looks at each container, which may be gone by then.
    found = [each["Names"][0].lstrip("/") for each in client.api.containers(filters=OURS, **which)]
    return {name for name in found if "test-page-conf-" in name}


def scenarios(forge: Forge, **texts: str) -> None:
    folder = forge.catalog / "specs/page-conf/scenarios"
    folder.mkdir(parents=True, exist_ok=True)
    for old in folder.iterdir():
        old.unlink()
    for name, text in texts.items():
        (folder / f"{name}.yml").write_text(text)


def command(forge: Forge, *words: str) -> list[str]:
    arguments = ["-C", str(forge.catalog), "test", "--engine", "stack", "--confd", str(forge.confd), *words]
    return [sys.executable, "-m", "catalog_forge", *arguments]


def environ(forge: Forge) -> dict[str, str]:
    return {**os.environ, "XDG_STATE_HOME": str(forge.catalog.parent / "state"), "PYTHONPATH": str(ROOT)}


def played(forge: Forge, *words: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        command(forge, *words), env=environ(forge), capture_output=True, text=True, check=False, timeout=LONGEST
    )


def test_a_life_is_played_on_the_real_stack(forge: Forge) -> None:
    scenarios(forge, life=LIFE)
    done = played(forge)
    assert done.returncode == 0, done.stdout + done.stderr
    first, left_out, last = done.stdout.splitlines()
    assert first.startswith("passed   page-conf/life  5 moments, 17 checks, ")
    assert left_out.endswith("no answer at all: not played: the metadata service of a stack cannot have the fault 'missing'")
    assert last == "1 scenario: 1 passed"


def test_what_is_not_as_expected_is_shown_with_the_logs_and_what_cannot_be_played_with_the_reason(forge: Forge) -> None:
    scenarios(forge, wrong=WRONG, cannot=CANNOT, misspelt=MISSPELT)
    done = played(forge, "-j", "3", "--junit", str(forge.catalog / "junit.xml"))
    assert done.returncode == 1
    lines = {
        "skipped  page-conf/cannot  the entry has no service 'other': define a substitute under `beside`",
        "    -2 10.42.1.99",
        "    +2 10.42.1.12",
        "  the end of the log:",
        "    page-conf: every file is written",
        "3 scenarios: 1 skipped, 1 failed, 1 error",
    }
    assert lines <= set(done.stdout.splitlines()), done.stdout
    place = "specs/page-conf/scenarios/wrong.yml"
    for words in (
        "error    page-conf/misspelt  0 moments, 0 checks, ",
        "there is no container 'page-conf-3' at that moment\n    hint: did you mean 'page-conf-",
        f"{place}:13:12: start: the output of `cat /www/index.html` in page-1 is not as expected",
        f"{place}:14:9: start: GET http://page-1:80/none was answered with 404, not 200",
    ):
        assert words in done.stdout
    (suite,) = ElementTree.parse(forge.catalog / "junit.xml").getroot()
    assert [suite.get(name) for name in ("tests", "failures", "errors", "skipped")] == ["3", "1", "1", "1"]


@pytest.mark.parametrize(
    ("death", "checked"),
    [
        ("at-once", True),
        ("of-reload", True),
        pytest.param("at-once", False, marks=pytest.mark.second_tier),
        pytest.param("later", False, marks=pytest.mark.second_tier),
    ],
)
def test_a_program_that_dies_passes_no_test(
    death: str,
    checked: bool,
    tmp_path: Path,
    engine: DockerClient,
    base_image: str,  # noqa: ARG001
    confd: Path,
) -> None:
    with forge_in(tmp_path, engine, confd) as forge:
        lines = [line for line in SPEC.splitlines(keepends=True) if checked or "health_check" not in line]
        lines[-1] = f"  exec: [sh, -c, '{DEATHS[death]}']\n"
        forge.spec("page-conf", "".join(lines))
        text = CHANGED if checked else CHANGED.replace(", health_check: {port: 80}", "")
        scenarios(forge, dies=text)
        done = played(forge)
        assert done.returncode == 1 and "error    page-conf/dies" in done.stdout, done.stdout + done.stderr
        last = {"at-once": "no such program", "later": "cannot go on", "of-reload": "launch: reload: signal HUP"}[death]
        assert last in done.stdout and "ended" in done.stdout


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_leaves_nothing_behind(number: signal.Signals, forge: Forge, engine: DockerClient) -> None:
    scenarios(forge, life=LIFE)
    before = left(engine)
    with subprocess.Popen(
        command(forge), env=environ(forge), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        eventually("something has begun", lambda: left(engine) - before)
        process.send_signal(number)
        said = process.communicate(timeout=PATIENCE)[1]
    assert process.returncode == 130 and "interrupted" in said
    assert left(engine) <= before


def test_what_kill_leaves_is_removed_by_down(forge: Forge, engine: DockerClient) -> None:
    scenarios(forge, life=LIFE)
    before = left(engine)
    with subprocess.Popen(command(forge), env=environ(forge), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
        # All that runs at first: what the engine has been asked for, and not made yet, could come after the rest was removed.
        eventually("five containers", lambda: containers(engine) - before, lambda found: len(found) == 5)
        process.kill()
    (name,) = {each.removeprefix("catalog-forge-") for each in left(engine) - before if each.startswith("catalog-forge-")}
    forge("down", name, "-v")
    assert left(engine) <= before
