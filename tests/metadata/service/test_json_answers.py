"""Answers files that are JSON: what the fast reader says is what the YAML reader says."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service import json_answers
from catalog_forge.metadata.service.answers import Answers, of_data, read

SCALARS = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text()
VALUES = st.recursive(SCALARS, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4))
DOCUMENTS = st.dictionaries(st.sampled_from(["latest", "1"]), st.dictionaries(st.text(), st.dictionaries(st.text(), VALUES)))


def agree(text: str) -> bool:
    """Whether the fast reader has read a text; then the slow one has read the same."""
    data = json_answers.read(text.encode())
    fast = of_data(data) if data is not None else None
    if fast is not None:
        assert repr(fast) == repr(read(text, "a.json"))
    return fast is not None


@given(DOCUMENTS, st.sampled_from([None, 1]), st.booleans())
def test_both_readers_agree(document: dict[str, object], indent: int | None, ascii_only: bool) -> None:
    text = json.dumps(document, indent=indent, ensure_ascii=ascii_only)
    try:
        agree(text)
    except ForgeError as error:
        pytest.fail(f"the fast reader takes what the other refuses: {error}")


@pytest.mark.parametrize("value", ["1e5", "1.0", "-0", "-0.0", "1E+3", "1e999", "123456789012345678901234567890", "0.1", '"yes"'])
def test_numbers_are_those_of_go_yaml(value: str) -> None:
    assert agree(f'{{"latest": {{"default": {{"a": {value}}}}}}}')


@pytest.mark.parametrize(
    "value",
    ['"\\/"', '"\\ud83d\\ude00"', '"\x85"', '"\u2028"', "NaN", "-Infinity", '{"a": 1, "a": 2}', "\t1", f'{{"{"k" * 1100}": 1}}',
     "[" * 200 + "]" * 200],
)  # fmt: skip
def test_what_yaml_may_read_otherwise_is_left_to_it(value: str) -> None:
    assert not agree(f'{{"latest": {{"default": {{"a": {value}}}}}}}')


@pytest.mark.parametrize("text", ["[]", '{"latest": []}', '{"latest": {"default": 1}}', "", "{", "latest: {}"])
def test_what_is_not_answers_is_left_to_the_reader_that_knows_places(text: str) -> None:
    assert not agree(text)


def test_a_hint_tells_of_halves_of_a_letter() -> None:
    with pytest.raises(ForgeError, match="ensure_ascii"):
        read('{"latest": {"default": {"a": "\\ud83d\\ude00"}}}', "a.json")


def test_both_are_answers() -> None:
    assert isinstance(read('{"latest": {"default": {"a": 1}}}', "a.json"), Answers)
