"""docs/spec.md is what the model gives now, and each key of each section stands in an example that the reader takes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_forge import yamlio
from catalog_forge.spec import model
from catalog_forge.spec.described.examples import TEAM, example_of, examples, meaning
from catalog_forge.spec.described.reference import markdown, sections
from catalog_forge.spec.model import Composed, WhenBlock
from catalog_forge.spec.model.record import Record, keys_of
from catalog_forge.spec.reader import read, read_standards
from catalog_forge.spec.standards import Allowed, Defaults, Levels, Required, Standards
from tests.spec.test_schema import errors
from tests.spec.test_whole import records

ROOT = Path(__file__).parents[2]
METADATA = {
    "name": {}, "port": {"type": "int", "default": 6379}, "opt": {"optional": True}, "hosts": {"default": "a,b"},
    "map": {"type": "map", "optional": True}, "certs": {"type": "map", "optional": True},
}  # fmt: skip
AROUND = {"forge": 1, "name": "redis-conf", "service": "redis:3.2.11", "metadata": METADATA, "vars": {"LEVEL": ""}}


def specs_of(title: str) -> list[str]:
    """The specs that an example is of: keys of a spec as they are, blocks as the body of a file."""
    return [_spec(title, example) for example in yaml.safe_load_all(examples()[title])]


def _spec(title: str, example: Any) -> str:
    files = [{"dest": "/etc/redis/redis.yml", "body": [{"text": "a: 1\n"}]}]
    if isinstance(example, list):
        kind = {"format": "raw"} if title in ("file", "template") else {}
        example = {"files": [{"dest": "/etc/redis/redis.yml", "body": example, **kind}]}
    return json.dumps({**AROUND, "files": files, **example})


def test_the_reference_is_current() -> None:
    page = ROOT / "docs/spec.md"
    assert page.read_text() == markdown(examples()), "python tools/reference.py > docs/spec.md"


def test_no_example_is_left_over() -> None:
    assert set(examples()) == {TEAM, *(title for _, title, _ in sections())}


@pytest.mark.parametrize(("title", "kind"), [(title, kind) for _, title, kind in sections()], ids=str)
def test_every_key_stands_in_an_example_that_is_read(title: str, kind: type[Record]) -> None:
    places = set()
    for text in specs_of(title):
        assert not errors(text)
        found = (record for record in _within(read(text, "x.yml")) if isinstance(record, kind))
        places |= {name for record in found for name in record.places}
    assert {key.attribute for key in keys_of(kind)} - {"compose"} <= places
    if issubclass(kind, Composed):
        assert places & kind.PASSED


def _within(value: Record) -> list[Record]:
    found = records(value)
    return [*found, *(part for record in found if isinstance(record, WhenBlock) for part in records(record.when))]


def test_every_record_that_has_keys_is_shown() -> None:
    kinds = {kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, Record) and keys_of(kind)}
    # A list as a value is shown by its elements.
    assert kinds - {kind for _, _, kind in sections()} == {model.ListValue}


def test_every_key_of_the_standards_stands_in_the_example() -> None:
    found = read_standards(yamlio.parse(examples()[TEAM], TEAM))
    for kind in (Standards, Defaults, Allowed, Required, Levels):
        record = found if kind is Standards else getattr(found, kind.__name__.lower())
        assert {key.attribute for key in keys_of(kind)} <= set(record.places), kind


KINDS = [*(kind for _, _, kind in sections()), Standards, Defaults, Allowed, Required, Levels]


@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.__name__)
def test_a_hint_about_a_key_says_on_one_line_what_to_write(kind: type[Record]) -> None:
    for key in (key for key in keys_of(kind) if key.attribute != "compose"):
        example = example_of(kind, key.name)
        assert example.startswith(f"{key.name}: ") and yamlio.load(example, "") and len(example.splitlines()) == 1
        assert meaning(key.limits) == f"such as {example}; meaning: {key.limits.doc}"
