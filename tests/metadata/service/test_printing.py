"""Values as text, as JSON and for comparison: what Go's encoders write."""

from __future__ import annotations

import json
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge.metadata.service.printing import NoJsonError, to_comparable, to_json, to_text


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"b": 1, "a": [True, None, "x"]}, '{"a":[true,null,"x"],"b":1}'),
        ("<a&b>\u2028", '"\\u003ca\\u0026b\\u003e\\u2028"'),
        ('\b\f\n\t\x01\\b"ü', '"\\u0008\\u000c\\n\\t\\u0001\\\\b\\"ü"'),
        (9007199254740993, "9007199254740993"),
        (0.25, "0.25"),
        (1.0, "1"),
        (1e16, "10000000000000000"),
        (1e21, "1e+21"),
        (1e-6, "0.000001"),
        (1e-7, "1e-7"),
        (1.5e-10, "1.5e-10"),
        (0.0, "0"),
        ({}, "{}"),
        ([], "[]"),
        ({"<": [0.5, "&"]}, '{"\\u003c":[0.5,"\\u0026"]}'),
    ],
)
def test_json_is_what_go_writes(value: object, text: str) -> None:
    assert to_json(value) == text  # type: ignore[arg-type]


_floats = st.floats(-(2.0**53), 2.0**53)  # above, Go's digits are short of the integer that they look like
documents = st.recursive(
    st.none() | st.booleans() | st.integers() | _floats | st.text(),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@given(documents)
def test_json_reads_back_as_what_it_was(value: object) -> None:
    assert json.loads(to_json(value)) == value  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("bare", "bare"),
        (None, ""),
        (True, "true"),
        (3, "3"),
        (0.25, "0.25"),
        (1e-7, "0"),
        (100.0, "100"),
        (1e21, "1000000000000000000000"),
        (math.inf, "+Inf"),
        (-math.inf, "-Inf"),
        (math.nan, "NaN"),
        ({}, ""),
        ([], ""),
        ({"motd": "x", "empty_map": {}, "empty_list": [], "nothing": None}, "empty_list/\nempty_map/\nmotd\nnothing\n"),
        ({"search/elastic": "es", "a b": 1}, "a+b\nsearch%2Felastic\n"),
        (["s1", "s2"], "0\n1\n"),
        ([{"x": 1}, [], None], "0/\n1/\n2\n"),
        ([{"name": "a b"}, {"uuid": "u"}, {"name": None, "uuid": "v"}], "0=a+b\n1=u\n2=v\n"),
        ([{"name": None}], "0/\n"),
    ],
)
def test_text_lists_what_is_below(value: object, text: str) -> None:
    assert to_text(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("7", "7"),
        (7, "7"),
        (True, "true"),
        (None, "<nil>"),
        ({"a": 1}, None),
        ([], None),
        (0.25, "0.25"),
        (1e6, "1e+06"),
        (123456.0, "123456"),
        (1e-5, "1e-05"),
        (math.nan, "NaN"),
    ],
)
def test_maps_and_lists_equal_no_value_that_a_client_knows(value: object, text: str | None) -> None:
    assert to_comparable(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(("value", "said"), [(math.inf, "+Inf"), (-math.inf, "-Inf"), (math.nan, "NaN")])
def test_json_refuses_what_it_cannot_say_in_the_words_of_go(value: float, said: str) -> None:
    with pytest.raises(NoJsonError, match=f"^json: unsupported value: {said.replace('+', '.')}$"):
        to_json({"a": [value]})
