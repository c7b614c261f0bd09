"""The JSON Schema takes what the reader takes, and refuses shapes that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from catalog_forge.repository import Repository
from catalog_forge.spec.described.schema import schema
from catalog_forge.spec.described.show import full
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.record import keys_of
from catalog_forge.spec.reader import read
from tests.helpers import started

WRITTEN = Repository(Path(__file__).parents[1] / "written")
SHORT = "forge: 1\nname: x-conf\nservice: x:1\nconfig: /etc/x/x.yml\n"


def errors(text: str | bytes) -> list[Any]:
    return list(jsonschema.Draft202012Validator(schema()).iter_errors(yaml.safe_load(text)))


def test_it_is_a_schema_of_2020_12() -> None:
    assert schema()["$schema"].endswith("2020-12/schema")
    jsonschema.Draft202012Validator.check_schema(schema())


def test_it_is_this_schema() -> None:
    """What the language gains or loses is seen in tests/golden/spec-schema.json, which is json.dumps(schema(), indent=1)."""
    golden = Path(__file__).parents[1] / "golden/spec-schema.json"
    assert schema() == json.loads(golden.read_text(encoding="utf-8"))


def test_it_knows_every_key_of_the_model() -> None:
    assert {key.name for key in keys_of(Spec)} <= set(schema()["properties"])


@pytest.mark.parametrize("name", WRITTEN.names())
def test_it_takes_every_example_and_its_full_form(name: str) -> None:
    source = WRITTEN.source(name)
    assert not errors(source.content)
    assert not errors(full(source.spec()))


@pytest.mark.parametrize(
    "more",
    [
        "discription: x\n", "version: [1]\n", "image: text\n", "entry: {revision: one}\n", "metadata: {a: {type: strng}}\n",
        "metadata: {a/../b: {}}\n" "engine: {confd: 0.12.0}\n", "engine: {metadata: 2016-01-01}\n", "maintainer: jo\n",
        "files: [{dest: /a/b, body: []}]\n", "metadata: [a, [b]]\n",
    ],
)  # fmt: skip
def test_it_refuses_wrong_shapes(more: str) -> None:
    assert errors(SHORT + more)


# Ten slips of the pen that an editor should mark: those of a person who tried, and of the same kinds.
TYPOS = (
    "reload: HUP\n", "reload: signal HUPP\n", "relaod: restart\n", "metadata: {a: {typ: int}}\n", "format: ymal\n",
    "service: {name: x, ports: 6379}\n", "service: {name: x, health_check: {port: http}}\n", "version: [1, 2]\n",
    "launch: {wait: {scale: 5 minutes}}\n", "engine: {refresh: always}\n", "launch: {exec: app --run}\n",
    "service: {name: x, topology: volume}\n", "service: {name: x, image: 'Redis 3'}\n",
)  # fmt: skip
FILE_TYPOS = (
    "dest: etc/x\n  body: []\n", "body: []\n", "dest: /a/b\n  body: [{txt: a}]\n", "dest: /a/b\n  body: [{copy: metadata.x}]\n",
    "dest: /a/b\n  body: [{text: '@{metadata.prot}'}]\n", "dest: /a/b\n  body: [{set: {a: {b: ['@{peers}']}}}]\n",
    "dest: /a/b\n  body: [{list: {of: pears, item: a}}]\n", "dest: /a/b\n  body: [{text: a, set: {}}]\n",
    "dest: /a/b\n  body: [{when: {hass: metadata/x}}]\n", "dest: /a/b\n  body: [{text: '@{ self.ip }'}]\n",
)  # fmt: skip


@pytest.mark.parametrize("typo", TYPOS)
def test_it_finds_a_slip_of_the_pen(typo: str) -> None:
    whole = SHORT.replace("service: x:1\n", "") if typo.startswith("service") else SHORT
    assert errors(whole + typo)


@pytest.mark.parametrize("typo", FILE_TYPOS)
def test_it_finds_a_slip_of_the_pen_in_a_file(typo: str) -> None:
    assert errors(SHORT.replace("config: /etc/x/x.yml\n", f"files:\n- {typo}"))


@pytest.mark.parametrize("name", ["least", "lines", "most"])
def test_it_takes_the_golden_specs(name: str) -> None:
    folder = Path(__file__).parents[1] / "golden/specs"
    for file in (f"{name}.yml", f"{name}.full.yml"):
        # YAML 1.1 takes this version for a date, unlike the reader and editors.
        text = (folder / file).read_text(encoding="utf-8").replace("metadata: 2015-12-19", "metadata: '2015-12-19'")
        assert not errors(text), file


@pytest.mark.parametrize(
    "text",
    [
        "@{self.ip}",
        "@@{literal} @ {x}",
        "a@@@{self.ip}b",
        "@{metadata/a@{self.index}|x}\n@{it}",
        "${x} {{y}}",
        "@{name.host}",
        "@@{metadata.x}",
        "@{lower(self.name)} @{position(it)} @{metadata/n / 2} @{replace(it.name, '-', '_')|x}",
        "@{join(peers[required].ip, ',')|y}",
        "@{self.label.@{metadata/x}} @{it.label.a.@{env.B}|c}",
    ],
)
def test_it_takes_expressions(text: str) -> None:
    each = {"each": {"of": "everywhere:x", "as": "svc", "body": [{"list": {"of": "svc.containers[running]", "item": text}}]}}
    whole = {**yaml.safe_load(SHORT), "files": [{"dest": "/a/b", "body": [{"text": text}, {"set": {"a": [text]}}, each]}]}
    del whole["config"]
    assert not errors(json.dumps(whole))


@pytest.mark.parametrize(
    "more", ["", "reload: restart\nmetadata: [a, b.c]\n", "metadata: {a: , b: {default: 1}}\nformat: yaml\n"]
)
def test_it_takes_the_shorthand(more: str) -> None:
    read(started(SHORT + more), "x.yml")
    assert not errors(SHORT + more)
