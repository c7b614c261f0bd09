"""Whole specs, from the least to one with every key of the language: each value and each place comes out as it was written."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from catalog_forge.errors import Where
from catalog_forge.spec import model
from catalog_forge.spec.described.show import full
from catalog_forge.spec.model.record import Record, keys_of
from catalog_forge.spec.reader import read

SPECS = Path(__file__).parents[1] / "golden/specs"
NAMES = ["least", "lines", "most", "start", "elect", "stored"]


def text_of(name: str) -> str:
    return (SPECS / f"{name}.yml").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", NAMES)
def test_the_full_form_is_this(name: str) -> None:
    shown = full(read(text_of(name), "x.yml"))
    assert shown == text_of(f"{name}.full")
    assert full(read(shown, "y.yml")) == shown


def records(value: Any) -> list[Record]:
    """Every record in a value, itself included."""
    if isinstance(value, Record):
        return [value, *(found for key in keys_of(type(value)) for found in records(getattr(value, key.attribute)))]
    parts = value.values() if isinstance(value, Mapping) else value if isinstance(value, tuple) else ()
    return [found for part in parts for found in records(part)]


def test_every_kind_of_record_and_every_key_is_written_once() -> None:
    written: dict[type[Record], set[str]] = {}
    for name in NAMES:  # some keys cannot stand beside each other
        for record in records(read(text_of(name), "x.yml")):
            written.setdefault(type(record), set()).update(record.places)
    kinds = {kind for kind in vars(model).values() if isinstance(kind, type) and issubclass(kind, Record)}
    kinds -= {Record, model.Composed}
    assert set(written) == kinds
    for kind, names in written.items():
        assert {key.attribute for key in keys_of(kind)} - {"compose"} <= names, kind


def marks(node: yaml.Node) -> dict[str, Where]:
    """The places of the values of a mapping, and of the mapping itself, as the parser of YAML tells them."""
    found = {"": _mark(node)}
    if isinstance(node, yaml.MappingNode):
        found |= {key.value: _mark(value) for key, value in node.value}
    return found


def _mark(node: yaml.Node) -> Where:
    return Where("x.yml", node.start_mark.line + 1, node.start_mark.column + 1)


def assert_places(value: Any, node: yaml.Node) -> None:
    """Every key of every record stands where the parser says; a key that is passed through is known by its name."""
    if isinstance(value, Record) and not isinstance(value, model.Reload):
        places = marks(node)
        known = {key.attribute: key.name for key in keys_of(type(value))}
        nodes = {key.value: item for key, item in node.value}
        keys = {key.value: _mark(key) for key, _ in node.value}
        for attribute, where in value.places.items():
            name = known.get(attribute, attribute)
            assert where == (places[name] if attribute in known or not attribute else keys[name]), (type(value), attribute)
            assert value.at(attribute) == where
            assert_places(getattr(value, attribute, None), nodes[name]) if attribute in known else None
        assert value.at("nothing") == places[""]
    elif isinstance(value, model.Reload):
        assert value.at() == value.at("kind") == _mark(node)
    elif isinstance(value, Mapping) and isinstance(node, yaml.MappingNode):
        for key, item in node.value:
            assert_places(value[key.value], item)
    elif isinstance(value, tuple) and isinstance(node, yaml.SequenceNode):
        for part, item in zip(value, node.value, strict=True):
            assert_places(part, item)


def test_every_value_of_every_record_has_its_place() -> None:
    assert_places(read(text_of("most"), "x.yml"), yaml.compose(text_of("most")))


def test_what_the_shorthand_stands_for_has_the_places_of_its_words() -> None:
    spec = read(text_of("lines"), "x.yml")
    (file,) = spec.files
    assert {name: (where.line, where.column) for name, where in file.places.items()} == {
        "": (4, 1), "dest": (4, 9), "body": (4, 1), "format": (5, 9), "reload": (6, 9),
    }  # fmt: skip
    assert [(block.at(), block.at("text")) for block in file.body] == [(Where("x.yml", line, 3),) * 2 for line in (8, 9)]
    assert {name: (where.line, where.column) for name, where in spec.service.places.items()} == {
        "": (3, 10), "name": (3, 10), "image": (3, 10),
    }  # fmt: skip
    assert (spec.metadata["first/line"].at(), spec.metadata["second"].at()) == (Where("x.yml", 8, 3), Where("x.yml", 9, 11))
    assert (spec.at("files"), spec.at("config")) == (Where("x.yml", 4, 1), Where("x.yml", 1, 1))
    (block,) = read(text_of("least"), "x.yml").files[0].body
    assert (block.at(), block.at("set")) == (Where("x.yml", 4, 1),) * 2
