"""Answers in the values of compose files."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.rancher.variables import Substitution, dollars, sole


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


def found(text: str) -> list[tuple[str, int, str]]:
    return [(dollar.name, dollar.start, dollar.text) for dollar in dollars(text)]


@pytest.mark.parametrize(
    ("text", "names"),
    [
        ("a", []),
        ("", []),
        ("$A", [("A", 0, "$A")]),
        ("x${A}y$B_1-", [("A", 1, "${A}"), ("B_1", 6, "$B_1")]),
        ("$_a", [("_a", 0, "$_a")]),
        ("${1}", [("1", 0, "${1}")]),
        ("$$ $$$A", [("A", 5, "$A")]),
        ("a $1", [("", 2, "$1")]),
        ("${A-b} c\nd", [("", 0, "${A-b} c")]),
        ("${}" + "x" * 30, [("", 0, "${}" + "x" * 17)]),
        ("$" + " " * 30, [("", 0, "$")]),
        ("5$", [("", 1, "$")]),
        ("$ $A", [("", 0, "$ $A"), ("A", 2, "$A")]),
    ],
)
def test_the_dollars_of_a_text(text: str, names: list[tuple[str, int, str]]) -> None:
    assert found(text) == names


@pytest.mark.parametrize(
    ("text", "name"), [("$A", "A"), ("${A}", "A"), ("${A} ", ""), ("x$A", ""), ("$A$B", ""), ("$$", ""), ("a", ""), ("$", "")]
)
def test_the_one_variable_that_a_text_is(text: str, name: str) -> None:
    assert sole(text) == name


@pytest.mark.parametrize(
    ("text", "words", "left"),
    [
        ("<$(date)>", "'$(date)>' is not a variable", "<(date)>"),
        ("a ${A:-x} b", "'${A:-x} b' is not a variable", "a {A:-x} b"),
        ("$" + "(" * 30, f"'${'(' * 19}' is not a variable", "(" * 30),
        ("a$", "'$' is not a variable", "a"),
    ],
)
def test_what_is_no_variable_is_shown_as_it_begins_and_loses_its_dollar(text: str, words: str, left: str) -> None:
    assert substituted(f"a: '{text}'", A="1") == ({"a": left}, [], [words])


def test_what_is_heard_has_the_place_of_its_value() -> None:
    heard: list[tuple[str, str]] = []

    def hear(words: str, where: Where) -> None:
        heard.append((words, str(where)))

    node = yamlio.parse("a: b\nc: [$NO, '$(']", "f.yml")
    made = Substitution({}, hear, hear).node(node)
    assert heard == [("NO", "f.yml:2:5"), ("'$(' is not a variable", "f.yml:2:10")]
    assert isinstance(made, yamlio.Map)
    assert str(made.where) == "f.yml:1:1"
    (_, kept), (_, items) = made.pairs
    assert isinstance(kept, yamlio.Text)
    assert kept.bare
    assert isinstance(items, yamlio.Seq)
    assert str(items.where) == "f.yml:2:4"
    first, second = items.items
    assert isinstance(first, yamlio.Text)
    assert isinstance(second, yamlio.Text)
    assert (first.value, first.bare, first.style, str(first.where)) == ("", False, '"', "f.yml:2:5")
    assert (second.value, second.style) == ("(", "'")
