"""What Go decodes: merge keys count where they stand, null is null, a scalar as text is its value."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.goyaml import decoding
from catalog_forge.yamlio import Map, Node


def parsed(text: str) -> Map:
    node = yamlio.parse_lenient(text, "a.yml").node
    assert isinstance(node, Map)
    return node


def values(text: str, key: str) -> dict[str, str]:
    return {name: decoding.text_of(node) for name, node in decoding.pairs(decoding.pairs(parsed(text))[key]).items()}


BASE = "a: &a {x: of a, y: of a}\nb: &b {x: of b, z: of b}\n"


@pytest.mark.parametrize(
    ("service", "wanted"),
    [
        ("{x: own, <<: *a}", {"x": "of a", "y": "of a"}),
        ("{<<: *a, x: own}", {"x": "own", "y": "of a"}),
        ("{<<: [*a, *b]}", {"x": "of a", "y": "of a", "z": "of b"}),
        ("{<<: [*b, *a, *b]}", {"x": "of b", "y": "of a", "z": "of b"}),
        ("{'<<': plain, x: own}", {"<<": "plain", "x": "own"}),
        ("{x: one, x: two}", {"x": "two"}),
    ],
)
def test_a_merge_key_counts_where_it_stands(service: str, wanted: dict[str, str]) -> None:
    assert values(f"{BASE}web: {service}\n", "web") == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [("1.10", "1.1"), ("010", "8"), ("yes", "true"), ("'yes'", "yes"), ("1e3", "1000"), ("~", ""), ("a", "a"), ("0x1f", "31")],
)
def test_a_scalar_as_text_is_its_value(text: str, wanted: str) -> None:
    assert decoding.text_of(parsed(f"a: {text}").pairs[0][1]) == wanted


@pytest.mark.parametrize("text", ["", "~", "null", "Null", "NULL"])
def test_null_is_what_was_written_bare(text: str) -> None:
    node: Node = parsed(f"a: {text}").pairs[0][1]
    assert decoding.is_null(node)
    assert decoding.is_null(None)
    assert not decoding.is_null(parsed(f"a: '{text}'").pairs[0][1])
