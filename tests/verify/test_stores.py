"""Scenarios of a spec whose keys lie in a store that is not Rancher's, imitated and with a real confd."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.backends import NAMES
from catalog_forge.cli.main import root
from catalog_forge.confd.layout import prefix_of
from catalog_forge.errors import ForgeError
from catalog_forge.repository import Repository
from catalog_forge.verify import play
from catalog_forge.verify.embedded import Embedded
from catalog_forge.verify.first_scenario import first_scenario
from catalog_forge.verify.observation import Engine
from catalog_forge.verify.real_confd import Confd
from tests.helpers import tree

SPEC = """\
forge: 1
name: web-conf
service: {name: web, image: "web:1"}
engine: {backend: BACKEND, prefix: /prod/web}
launch: {exec: [web]}
metadata:
  port: {type: int, default: "80"}
  name: {optional: true}
  nodes: {type: list, fields: [host, port]}
  more: {type: map, default: {}}
files:
- dest: /etc/web/web.conf
  format: properties
  body:
  - set: {port: "@{metadata/port}", name: "@{metadata/name}"}
  - copy: metadata/more
  - list: {of: metadata/nodes, item: "node.@{it.host}=@{it.port}"}
"""
SCENARIO = """\
services:
  web: {metadata: {nodes: [{host: a, port: 1}, {host: b, port: 2}]}}
expect: {files: {web.conf: {contains: ["port=80", "node.a=1", "node.b=2"]}}}
then:
- set: {name: "x y", port: 81, more: {k: true, n: 1.5}}
  expect: {files: {web.conf: {contains: ["port=81", "name=x y", "k=true", "n=1.5"]}}}
- unset: nodes
  expect: {error: nodes}
- {set: {nodes: [{host: c, port: 3}]}, unset: name, expect: {files: {web.conf: {contains: "node.c=3"}}}}
- fault: missing
"""


def cases(folder: Path, backend: str, scenario: str = SCENARIO, spec: str = SPEC) -> list[play.Case]:
    tree(folder, {"specs/web-conf.yml": spec.replace("BACKEND", backend), "specs/web-conf/scenarios/a.yml": scenario})
    source = Repository(folder).source("web-conf")
    return play.cases(source.spec(), source.folder)


def seen(engine: Engine, case: play.Case) -> list[object]:
    result = play.play(case, engine)
    assert not result.broken, result.broken
    return [(step.seen.files, bool(step.seen.errors), len(step.failures)) for step in result.steps]


@pytest.mark.parametrize("backend", [name for name in NAMES if name != "rancher"])
def test_every_back_end_has_what_the_scenario_says(tmp_path: Path, backend: str) -> None:
    (case,) = cases(tmp_path, backend)
    result = play.play(case, Embedded())
    assert not result.broken
    assert [step.failures for step in result.steps[:4]] == [()] * 4
    assert result.steps[-1].seen.errors


@pytest.mark.confd
@pytest.mark.parametrize("backend", [name for name in NAMES if name != "rancher"])
def test_a_real_confd_renders_the_same(tmp_path: Path, confd: Path, backend: str) -> None:
    (case,) = cases(tmp_path, backend)
    assert seen(Confd(confd), case) == seen(Embedded(), case)


@pytest.mark.confd
def test_one_image_gives_the_same_from_rancher_and_from_a_store(tmp_path: Path, confd: Path) -> None:
    (case,) = cases(tmp_path, "[redis, rancher]")
    spec = case.subject.spec
    assert spec
    rancher = replace(case, subject=replace(case.subject, backend="rancher", prefix=prefix_of(spec, "rancher")))
    assert seen(Embedded(), rancher) == seen(Embedded(), case)
    assert seen(Confd(confd), rancher) == seen(Embedded(), case)


@pytest.mark.parametrize("backend", ["ssm", "env", "consul"])
def test_the_first_scenario_of_a_spec_passes(tmp_path: Path, backend: str) -> None:
    (case,) = cases(tmp_path, backend)
    assert case.subject.spec
    text = first_scenario(case.subject.spec, case.subject, Embedded()).text
    assert "scale: 2" not in text
    (first,) = cases(tmp_path / "first", backend, text)
    assert play.play(first, Embedded()).passed


@pytest.mark.parametrize("said", ["web: {yml: {k: 2}}", "web/yml: {k: 2}"])
def test_a_key_with_a_slash_may_be_a_mapping_in_a_mapping(tmp_path: Path, said: str) -> None:
    scenario = f"services: {{web: {{metadata: {{nodes: [{{host: a, port: 1}}], {said}}}}}}}\n"
    scenario += "expect: {files: {web.conf: {contains: k=2}}}\n"
    (case,) = cases(tmp_path, "redis", scenario, SPEC.replace("more: ", "web/yml: ").replace("metadata/more", "metadata/web/yml"))
    assert play.play(case, Embedded()).passed


def test_what_no_key_of_the_spec_is_ends_the_scenario(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, "redis", "services: {web: {metadata: {mroe: {k: 2}}}}\n")
    assert "no such metadata key: 'mroe'" in str(play.play(case, Embedded()).broken)


def test_what_a_store_cannot_hold_ends_the_scenario_with_one_error(tmp_path: Path) -> None:
    (case,) = cases(tmp_path, "ssm", SCENARIO.replace("n: 1.5", "n: ''"))
    broken = play.play(case, Embedded()).broken
    assert isinstance(broken, ForgeError)
    assert "/prod/web/more/n: ssm does not allow empty values" in str(broken)


def test_each_back_end_of_a_spec_may_be_rendered(tmp_path: Path) -> None:
    cases(tmp_path, "[redis, ssm, rancher]", SCENARIO.replace("port: 2}", "port: ''}"))

    def render(*words: str) -> Result:
        return CliRunner().invoke(root, ["-C", str(tmp_path), "render", "web-conf", *words])

    assert render().exit_code == render("--backend", "rancher").exit_code == 0
    refused = render("--backend", "ssm")
    assert refused.exit_code == 1 and "ssm does not allow empty values" in refused.stderr
    unknown = render("--backend", "rediss")
    assert unknown.exit_code == 2 and "did you mean 'redis'?" in unknown.stderr
