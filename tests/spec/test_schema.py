"""The JSON Schema takes what the reader takes, and refuses shapes that it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from catalog_forge.repository import Repository
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read
from catalog_forge.spec.record import keys_of
from catalog_forge.spec.schema import schema
from catalog_forge.spec.show import full
from tests.helpers import started

EXAMPLES = Repository(Path(__file__).parents[2] / "examples")
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


@pytest.mark.parametrize("name", EXAMPLES.names())
def test_it_takes_every_example_and_its_full_form(name: str) -> None:
    source = EXAMPLES.source(name)
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


@pytest.mark.parametrize(
    "more", ["", "reload: restart\nmetadata: [a, b.c]\n", "metadata: {a: , b: {default: 1}}\nformat: yaml\n"]
)
def test_it_takes_the_shorthand(more: str) -> None:
    read(started(SHORT + more), "x.yml")
    assert not errors(SHORT + more)
