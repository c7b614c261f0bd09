"""Answers in the values of compose files."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.rancher.variables import Substitution


def substituted(text: str, **variables: str) -> tuple[object, list[str], list[str]]:
    undefined: list[str] = []
    wrong: list[str] = []

    def hear(name: str, _: Where) -> None:
        undefined.append(name)

    def refuse(message: str, _: Where) -> None:
        wrong.append(message)

    node = Substitution(variables, hear, refuse).node(yamlio.parse(text, "f.yml", aliases=True))
    return yamlio.to_data(node), undefined, wrong


def test_variables_stand_in_values_with_and_without_braces() -> None:
    assert substituted("a: ${X}-$X\nb: [$X]", X="1")[0] == {"a": "1-1", "b": ["1"]}


def test_keys_are_left_alone() -> None:
    assert substituted("${X}: 1", X="a")[0] == {"${X}": 1}


def test_name_in_braces_may_begin_with_a_digit() -> None:
    assert substituted("a: <${1}>")[:2] == ({"a": "<>"}, ["1"])


def test_two_dollars_are_one() -> None:
    assert substituted("a: $${X} $$$$", X="1")[0] == {"a": "${X} $$"}


def test_answer_stays_text_whatever_it_looks_like() -> None:
    assert substituted("a: ${X}\nb: ${Y}", X="1", Y="x: {y}\nz")[0] == {"a": "1", "b": "x: {y}\nz"}


def test_undefined_variable_is_empty_and_heard_of() -> None:
    assert substituted("a: <${NO}>")[:2] == ({"a": "<>"}, ["NO"])


@pytest.mark.parametrize("text", ["$(date)", "${A:-x}", "$1", "${}", "5$"])
def test_what_is_no_variable_is_refused(text: str) -> None:
    assert substituted(f"a: '{text}'", A="1")[2]


def test_merge_keys_are_written_out() -> None:
    assert substituted("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}")[0] == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}
