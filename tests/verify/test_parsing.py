"""Configuration files read back by their format."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.verify.parsing import parse


@pytest.mark.parametrize(
    ("form", "text", "data"),
    [
        ("yaml", "# c\na.b: 'x'\nl: [1, two]\n", {"a.b": "x", "l": [1, "two"]}),
        ("json", '{"a": {"b": 1}}', {"a": {"b": 1}}),
        ("toml", "a = 1\n[t]\nb = 'x'\n", {"a": 1, "t": {"b": "x"}}),
        ("properties", "# c\na.b=x\\u00e9\\ny\nempty=\n", {"a.b": "xé\ny", "empty": ""}),
        ("ini", "top = 1\n; c\n[S]\nKey = a=b\nbare\n", {"top": "1", "S": {"Key": "a=b", "bare": None}}),
        ("env", "# c\nA='x y'\nexport B=\"q\"\\''\n'\nC=\n", {"A": "x y", "B": "q'\n", "C": ""}),
        ("space", '# c\nmaxmemory 1gb\nmotd "a b"\nalone\n', {"maxmemory": "1gb", "motd": "a b", "alone": ""}),
        ("lines", "# c\na\n\nb\n", ["a", "b"]),
        (
            "xml",
            "<configuration><property><name>a</name><value>x &amp; y</value></property></configuration>",
            {"a": "x & y"},
        ),
        ("xml", '<a b="c"><d>t</d></a>', ["a", {"b": "c"}, [["d", {}, "t"]]]),
    ],
)
def test_a_file_says_the_same_however_it_is_written(form: str, text: str, data: Any) -> None:
    assert parse(text, form) == data


@pytest.mark.parametrize(
    ("form", "text"),
    [
        ("yaml", "a: ["),
        ("json", "{"),
        ("toml", "a ="),
        ("ini", "[a]\n[a]"),
        ("env", "A='"),
        ("xml", "<a>"),
        ("properties", "a=\\u12"),
    ],
)
def test_what_is_not_well_formed_is_an_error(form: str, text: str) -> None:
    with pytest.raises((ValueError, ForgeError)):
        parse(text, form)
