"""The JSON Schemas for editors: they take real shapes, and refuse what nobody reads."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from click.testing import CliRunner

from catalog_forge import yamlio
from catalog_forge.cli.main import root
from catalog_forge.forge import forge
from catalog_forge.lint.rules import questions
from catalog_forge.lint.schemas import KINDS, schema
from catalog_forge.repository import Repository
from tests.lint.trees import SOUND

WRITTEN = Repository(Path(__file__).parents[1] / "written")
SCHEMAS = {kind: schema(kind) for kind in KINDS}
BLOCK = "catalog: {version: '1', questions: [{variable: a, type: enum, options: ['1', 2, true], default: 1}]}"
TOML = '[template]\nsrc = "a"\ndest = "/b"\n'


def errors(kind: str, text: str) -> list[Any]:
    data = tomllib.loads(text) if kind == "resource" else yamlio.load(text, "x")
    return list(jsonschema.Draft202012Validator(SCHEMAS[kind]).iter_errors(data))


@pytest.mark.parametrize("kind", SCHEMAS)
def test_each_is_a_schema_of_2020_12_whose_keys_are_described(kind: str) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMAS[kind])
    properties = [SCHEMAS[kind]["properties"], *(each["properties"] for each in SCHEMAS[kind].get("$defs", {}).values())]
    assert all("description" in key or "$ref" in key or "properties" in key for some in properties for key in some.values())


def test_the_types_of_questions_are_those_that_the_rules_know() -> None:
    known = SCHEMAS["catalog"]["$defs"]["question"]["properties"]["type"]["enum"]
    assert sorted(known) == sorted(questions.TYPES)


@pytest.mark.parametrize(
    ("kind", "path"),
    [
        ("config", "templates/web/config.yml"),
        ("catalog", "templates/web/0/rancher-compose.yml"),
        ("resource", "images/web-conf/conf.d/web.toml"),
    ],
)
def test_they_take_a_sound_catalog(kind: str, path: str) -> None:
    assert not errors(kind, SOUND[path])


@pytest.mark.parametrize("name", WRITTEN.names())
def test_they_take_what_is_generated(name: str) -> None:
    source = WRITTEN.source(name)
    kinds = {"config.yml": "config", "rancher-compose.yml": "catalog"}
    for file in forge(source.spec(), source.folder):
        kind = kinds.get(file.path.rpartition("/")[2]) or ("resource" if file.path.endswith(".toml") else "")
        assert not (kind and errors(kind, file.content.decode())), file.path


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("config", "name: Web\nversion: v1\nlicense:\nprojectURL: ''\nlabels: {a: true}\nminimum_rancher_version: v1.2.0\n"),
        ("catalog", f"version: '2'\n{BLOCK}\nservices: {{web: {{scale: 1}}}}\n"),
        ("catalog", f"version: 2\n{BLOCK}\n"),
        ("catalog", f".{BLOCK}\nweb: {{scale: 2}}\n"),
        ("catalog", f"version: '2'\n.{BLOCK}\n"),
        ("catalog", ".catalog: {name: Web, version: '1', uuid: web-1, questions: }\n"),
        ("resource", TOML + 'keys = ["/a"]\nmode = "0o640"\nuid = 0\ngid = 5\ncheck_cmd = "x {{.src}}"\nreload_cmd = "y"\n'),
    ],
)
def test_they_take_real_shapes(kind: str, text: str) -> None:
    assert not errors(kind, text)


@pytest.mark.parametrize(
    ("kind", "text"),
    [
        ("config", "name: Web\nversion: 1.10\n"),
        ("config", "name: Web\n"),
        ("config", "name: Web\nversion: '1'\ndecription: x\n"),
        ("config", "name: Web\nversion: '1'\nmaintainer: Jo <jo@example.org>\n"),
        ("config", "name: Web\nversion: '1'\ncategories: x\n"),
        ("catalog", f"{BLOCK}\nweb: {{scale: 2}}\n"),
        ("catalog", f"version: '2.1'\n{BLOCK}\n"),
        ("catalog", "version: '2'\ncatalog: {name: Web}\n"),
        ("catalog", "version: '2'\ncatalog: {version: 1.0}\n"),
        ("catalog", "version: '2'\ncatalog: {version: '1', minimun_rancher_version: v1}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a b, type: string}]}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a, type: strng}]}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a, type: enum}]}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a, type: string, required: 'true'}]}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a, type: string, default: [x]}]}\n"),
        ("catalog", ".catalog: {version: '1', questions: [{variable: a, type: int, min: '1'}]}\n"),
        ("resource", TOML + 'owner = "root"\n'),
        ("resource", TOML + 'mode = "644"\n'),
        ("resource", TOML + 'keys = "/a"\n'),
        ("resource", TOML + 'uid = "root"\n'),
        ("resource", '[template]\nsrc = "a"\n'),
        ("resource", TOML + "[more]\n"),
    ],
)
def test_they_refuse_what_a_judge_refuses_or_nobody_reads(kind: str, text: str) -> None:
    assert errors(kind, text)


@pytest.mark.parametrize("kind", ["spec", *SCHEMAS])
def test_each_is_printed(kind: str) -> None:
    shown = json.loads(CliRunner().invoke(root, ["schema", kind]).stdout)
    assert shown["$id"] == f"catalog-forge-{kind}-1.json"
    assert kind != "spec" or shown == json.loads(CliRunner().invoke(root, ["schema"]).stdout)
