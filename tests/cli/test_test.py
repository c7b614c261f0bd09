"""`catalog-forge test` and `scenario new`, from outside."""

from __future__ import annotations

import json
import re
import uuid
from pathlib import Path
from xml.etree import ElementTree

import docker
import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from tests.helpers import tree
from tests.verify.specs import SCENARIO, SPEC, catalog

GOOD = SCENARIO + "expect: {files: {peers: {contains: 10.42.1.13}}}\nthen:\n- scale: 4\n  expect: {reloads: 1}\n"
BAD = SCENARIO + "expect:\n  files:\n    level.properties: |\n      level=debug\n"


def run(folder: Path, *arguments: str, color: bool = False) -> Result:
    return CliRunner().invoke(root, ["-C", str(folder), *arguments], color=color)


def test_scenarios_that_pass_are_one_line_each(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD})
    result = run(tmp_path, "test")
    assert result.exit_code == 0, result.output
    first, last = result.stdout.splitlines()
    assert first.startswith("passed   app-conf/good  2 moments, 2 checks, ")
    assert last == "1 scenario: 1 passed"


def test_a_scenario_that_fails_shows_place_and_difference_and_ends_with_1(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD, "bad": BAD})
    result = run(tmp_path, "test", "app-conf")
    assert result.exit_code == 1
    lines = result.stdout.splitlines()
    assert "  specs/app-conf/scenarios/bad.yml:9:5: start: /etc/app/level.properties is not as expected" in lines
    assert {"    -level=debug", "    +level=info"} <= set(lines)
    assert lines[-1] == "2 scenarios: 1 passed, 1 failed"
    assert result.stderr.startswith("1 of 2 scenarios failed\n  hint: if the change is intended, ")
    assert result.stderr.endswith(": catalog-forge scenario new app-conf bad --force\n")


def test_a_difference_is_coloured_on_a_terminal(tmp_path: Path) -> None:
    catalog(tmp_path, {"bad": BAD})
    assert "\x1b[32m+level=info" in run(tmp_path, "test", color=True).stdout
    assert "\x1b[" not in run(tmp_path, "test").stdout


def test_scenarios_may_be_chosen(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD, "bad": BAD})
    assert run(tmp_path, "test", "--scenario", "good").exit_code == 0
    result = run(tmp_path, "test", "--scenario", "goode")
    assert (result.exit_code, result.stderr) == (1, "there is no scenario 'goode'\n  hint: did you mean 'good'?\n")


def test_a_wrong_scenario_is_an_error_with_its_place_before_anything_is_played(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD, "wrong": SCENARIO + "then:\n- replace: 9\n"})
    result = run(tmp_path, "test")
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.startswith(
        "specs/app-conf/scenarios/wrong.yml:8:12: there is no container '9': the scale of the service is 3"
    )


def test_a_metadata_key_that_the_spec_does_not_declare_is_doubted(tmp_path: Path) -> None:
    other = SCENARIO + "  other:\n    metadata: {levle: debug}\n"
    steps = "then:\n- set: {levle: debug}\n- {service: other, set: {levle: debug}}\n- set: {extra: {a: b}, level: debug}\n"
    catalog(tmp_path, {"good": other + steps})
    result = run(tmp_path, "test")
    assert result.exit_code == 0
    assert result.stderr == (
        "warning: specs/app-conf/scenarios/good.yml:10:9: app-conf declares no metadata key 'levle'\n"
        "  hint: did you mean 'level'?\n"
    )


def test_a_catalog_without_scenarios_says_how_to_begin(tmp_path: Path) -> None:
    catalog(tmp_path, {})
    result = run(tmp_path, "test")
    assert (result.exit_code, result.stderr) == (
        1,
        "there are no scenarios\n  hint: create one with: catalog-forge scenario new NAME\n",
    )


def test_results_come_as_json_and_junit(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD, "bad": BAD})
    result = run(tmp_path, "test", "--format", "json", "--junit", str(tmp_path / "junit.xml"))
    data = json.loads(result.stdout)
    assert (data["engine"], [each["outcome"] for each in data["scenarios"]]) == ("embedded", ["failed", "passed"])
    assert ElementTree.parse(tmp_path / "junit.xml").getroot()[0].get("failures") == "1"


def test_the_real_confd_plays_them_too(tmp_path: Path, confd: Path) -> None:
    catalog(tmp_path, {"good": GOOD})
    result = run(tmp_path, "test", "--engine", "confd", "--confd", str(confd))
    assert result.exit_code == 0, result.output


def test_no_confd_is_an_error_with_a_hint(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    catalog(tmp_path, {"good": GOOD})
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("CATALOG_FORGE_CONFD", raising=False)
    result = run(tmp_path, "test", "--engine", "confd")
    assert (result.exit_code, "there is no confd on PATH" in result.stderr) == (1, True)


def test_a_new_scenario_passes_and_is_never_overwritten(tmp_path: Path) -> None:
    catalog(tmp_path, {})
    result = run(tmp_path, "scenario", "new", "app-conf")
    assert (result.exit_code, result.stdout) == (0, "specs/app-conf/scenarios/first.yml\n")
    assert "cluster.name has no default, so a placeholder was used: change it" in result.stderr
    assert run(tmp_path, "test").exit_code == 0
    text = (tmp_path / "specs/app-conf/scenarios/first.yml").read_text()
    again = run(tmp_path, "scenario", "new", "app-conf")
    assert (again.exit_code, "already exists" in again.stderr) == (1, True)
    assert (tmp_path / "specs/app-conf/scenarios/first.yml").read_text() == text
    assert run(tmp_path, "scenario", "new", "app-conf", "first", "--force").exit_code == 0


def test_a_new_scenario_warns_of_an_error_that_it_expects(tmp_path: Path) -> None:
    catalog(tmp_path, {})
    text = SPEC.replace("metadata: {", "metadata: {nodes: {type: list, default: []}, ", 1)
    text += '- {dest: /etc/app/b.cfg, format: raw, body: [{list: {of: "metadata/nodes[required]", item: "@{it}"}}]}\n'
    (tmp_path / "specs/app-conf.yml").write_text(text)
    result = run(tmp_path, "scenario", "new", "app-conf")
    said = "warning: an error was recorded as the expectation: required: metadata/nodes has no element yet"
    assert (result.exit_code, said in result.stderr.splitlines()) == (0, True), result.stderr


def test_an_answer_that_makes_no_valid_scenario_writes_nothing(tmp_path: Path) -> None:
    catalog(tmp_path, {})
    (tmp_path / "specs/app-conf.yml").write_text(SPEC.replace("metadata: {", "metadata: {back: {type: service}, ", 1))
    result = run(tmp_path, "scenario", "new", "app-conf", "--set", "back=a b")
    assert result.stderr.startswith("the scenario of these answers is not valid: 'a b' cannot be a name\n"), result.stderr
    assert result.exit_code == 1 and not (tmp_path / "specs/app-conf/scenarios").exists()


@pytest.mark.parametrize("title", ["../x", "a/b", ".hidden", ""])
def test_a_title_that_is_no_file_name_is_a_usage_error(tmp_path: Path, title: str) -> None:
    catalog(tmp_path, {})
    assert run(tmp_path, "scenario", "new", "app-conf", title).exit_code == 2


def test_a_change_of_the_spec_shows_in_the_scenario(tmp_path: Path) -> None:
    catalog(tmp_path, {})
    run(tmp_path, "scenario", "new", "app-conf")
    (tmp_path / "specs/app-conf.yml").write_text(SPEC.replace("ip:", "address:"))
    result = run(tmp_path, "test")
    assert result.exit_code == 1
    assert '    -ip: "10.42.1.11"' in result.stdout.splitlines()


@pytest.mark.parametrize("masters", ["1", "3", "5"])
def test_the_scenario_of_the_elasticsearch_blueprint_passes_in_both_engines(masters: str, tmp_path: Path, confd: Path) -> None:
    words = ["new", "elasticsearch-conf", "--no-input", "--no-build", "--set", f"masters={masters}"]
    assert CliRunner().invoke(root, ["-C", str(tmp_path), *words]).exit_code == 0
    for engine in (["embedded"], ["confd", "--confd", str(confd)]):
        result = run(tmp_path, "test", "--engine", *engine)
        assert result.exit_code == 0, result.output
        assert "7 moments, 21 checks" in result.stdout


@pytest.mark.parametrize("release", ["5.6.16", "6.8.23"])
def test_so_does_that_of_another_release_whose_files_are_others(release: str, tmp_path: Path) -> None:
    words = ["new", "elasticsearch-conf", "--no-input", "--no-build", "--set", f"elasticsearch_version={release}"]
    assert CliRunner().invoke(root, ["-C", str(tmp_path), *words]).exit_code == 0
    assert (tmp_path / "specs/elasticsearch-conf/log4j2.properties").is_file()
    assert not (tmp_path / "specs/elasticsearch-conf/logging.yml").exists()
    result = run(tmp_path, "test")
    assert result.exit_code == 0, result.output
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "lint", "--fail-on", "note"])
    assert result.exit_code == 0, result.output


def test_the_example_of_the_docs_is_a_scenario_that_passes(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs/scenarios.md").read_text()
    example = page.partition("```yaml\n")[2].partition("```")[0]
    words = ["new", "elasticsearch-conf", "--no-input", "--no-build"]
    assert CliRunner().invoke(root, ["-C", str(tmp_path), *words]).exit_code == 0
    (tmp_path / "specs/elasticsearch-conf/scenarios/docs.yml").write_text(example)
    result = run(tmp_path, "test", "--scenario", "docs")
    assert result.exit_code == 0, result.output


def test_the_built_image_plays_them_too_and_is_built_first(
    tmp_path: Path, engine: docker.DockerClient, base_image: str, confd: Path
) -> None:
    spec = SPEC.replace("forge: 1", f"forge: 1\nimage: {{registry: {uuid.uuid4().hex[:12]}.test, base: {base_image}}}")
    catalog(tmp_path, {"good": GOOD}, spec)
    assert CliRunner().invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    (tag,) = re.findall(
        r"image: '?([\w.]+\.test/app-conf:[\w.]+)", (tmp_path / "templates/app/0/docker-compose.yml").read_text()
    )[:1]
    try:
        result = run(tmp_path, "test", "--engine", "image", "--confd", str(confd))
        assert result.exit_code == 0, result.output
        assert "passed   app-conf/good  2 moments, 2 checks" in result.stdout
        shown = CliRunner().invoke(
            root, ["-C", str(tmp_path), "render", "app-conf", "--engine", "image", "--confd", str(confd), "--step", "1"]
        )
        assert "10.42.1.14\n" in shown.stdout
    finally:
        engine.images.remove(tag, force=True)


def test_checks_that_need_a_stack_are_said_not_to_be_made(tmp_path: Path) -> None:
    asks = GOOD.replace("expect: {reloads: 1}", "expect: {reloads: 1, command: {in: app-1, run: x}, log: {in: app, lacks: y}}")
    catalog(tmp_path, {"asks": asks})
    assert run(tmp_path, "test").stdout.splitlines()[1] == "  2 checks need --engine stack"
    result = run(tmp_path, "test", "--format", "json", "--junit", str(tmp_path / "junit.xml"))
    assert [moment["unasked"] for moment in json.loads(result.stdout)["scenarios"][0]["moments"]] == [0, 2]
    (suite,) = ElementTree.parse(tmp_path / "junit.xml").getroot()
    assert [(case.get("name"), len(case)) for case in suite.iter("testcase")] == [
        ("asks: start", 0),
        ("asks: scale 4", 0),
        ("asks: scale 4: checks that need a stack", 1),
    ]
    assert suite.get("skipped") == "1"


def test_what_renders_has_no_stack(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD})
    assert "'stack' is not one of 'embedded', 'confd', 'image'" in run(tmp_path, "render", "app-conf", "--engine", "stack").stderr


STORED = """\
forge: 1
name: app-conf
launch: {exec: [app]}
service: {name: app, image: "app:1"}
engine: {backend: [etcdv3, redis, file, rancher]}
metadata: {level: {default: info}, nodes: {type: list, optional: true}}
files:
- {dest: /etc/app/app.conf, format: lines, body: [{text: "@{metadata/level}\\n"}, {list: {of: metadata/nodes, item: "@{it}"}}]}
"""
NODES = """\
stack: s
services: {app: {metadata: {level: info, nodes: [a, b]}}}
expect: {files: {app.conf: "info\\na\\nb\\n"}}
then: [{set: {level: debug}, expect: {files: {app.conf: {contains: debug}}}}]
"""


@pytest.mark.parametrize("backend", ["etcdv3", "redis", "file", "rancher"])
def test_each_back_end_of_a_spec_can_be_played(backend: str, tmp_path: Path, confd: Path) -> None:
    tree(tmp_path, {"specs/app-conf.yml": STORED, "specs/app-conf/scenarios/nodes.yml": NODES})
    for words in ((), ("--engine", "confd", "--confd", str(confd))):
        result = run(tmp_path, "test", "--backend", backend, *words)
        assert result.exit_code == 0, result.output
        assert "2 checks" in result.output


def test_files_of_rancher_s_shape_can_be_played_but_not_by_a_stack(tmp_path: Path, confd: Path) -> None:
    catalog(tmp_path, {"good": GOOD})
    assert run(tmp_path, "test", "--backend", "file", "--engine", "confd", "--confd", str(confd)).exit_code == 0
    refused = run(tmp_path, "test", "--backend", "file", "--engine", "stack")
    assert (
        refused.exit_code == 2 and "--engine stack runs Rancher's metadata service instead; leave out --backend" in refused.output
    )


def test_a_back_end_that_the_spec_does_not_read_is_an_error(tmp_path: Path) -> None:
    catalog(tmp_path, {"good": GOOD})
    refused = run(tmp_path, "test", "--backend", "redis")
    assert refused.exit_code == 1
    assert "--backend redis: app-conf does not read this back end" in refused.output
