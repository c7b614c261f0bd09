"""What fits the types of Go that Rancher decodes into, and what is said of everything else: the words, the place, what helps."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import Problem
from catalog_forge.goyaml import types
from catalog_forge.yamlio import Node

PORT = types.Struct("a port", {"name": types.TEXT, "port": types.INT, "open": types.TRUTH})


def _no_a(node: Node) -> str:
    return "a stands here" if isinstance(node, yamlio.Text) and node.value == "a" else ""


TYPES: dict[str, types.Type] = {
    "any": types.ANY,
    "text": types.TEXT,
    "int": types.INT,
    "truth": types.TRUTH,
    "texts": types.TEXTS,
    "anys": types.ListOf("a list", types.ANY),
    "text by text": types.TEXT_BY_TEXT,
    "any by text": types.ANY_BY_TEXT,
    "services": types.SERVICES,
    "port": PORT,
    "own": types.Own("own", _no_a),
}


def told(wanted: str, text: str, *, digits: bool = False) -> list[str]:
    """The faults of a document, without the name of its file."""
    found = types.faults(yamlio.parse_lenient(text, "a.yml").node, TYPES[wanted], digits=digits)
    return [_shown(problem) for problem in found]


def _shown(problem: Problem) -> str:
    place = str(problem.where).removeprefix("a.yml:")
    return f"{place} {problem.message}" + (f" ({problem.hint})" if problem.hint else "")


@pytest.mark.parametrize(
    ("wanted", "texts"),
    [
        ("any", "a|5|true|~|''|[a, [b]]|{a: {b: c}}|"),
        ("text", "a|5|1.5|true|~|''|'5'|"),
        ("int", "5|-5|010|0x1f|1e3|5.5|-.inf|9223372036854775807|-9223372036854775809|~|"),
        ("truth", "true|FALSE|yes|off|y|N|~|"),
        ("texts", "[]|[a, 5, true, ~]|~|"),
        ("anys", "[]|[a, [b], {c: d}]|~|"),
        ("text by text", "{}|{a: b, c: 5, d: ~}|~|"),
        ("any by text", "{a: [b], c: {d: e}}|~|"),
        ("services", "{}|{a: {b: [c]}, d: ~}|~|"),
        ("port", "{}|{name: a, port: 80, open: no, other: [z]}|{name: ~, port: ~, open: ~}|~|"),
        ("own", "b|[a]|{a: a}|"),
    ],
)
def test_what_fits_is_taken_and_null_fits_everything(wanted: str, texts: str) -> None:
    assert {text: told(wanted, text) for text in texts.split("|")} == {text: [] for text in texts.split("|")}


@pytest.mark.parametrize(
    ("wanted", "text", "faults"),
    [
        ("text", "[]", ["1:1 a list is not text"]),
        ("text", "{}", ["1:1 a mapping is not text"]),
        ("int", "a", ["1:1 'a' is not a whole number"]),
        ("int", "''", ["1:1 '' is not a whole number"]),
        ("int", "true", ["1:1 'true' is not a whole number"]),
        ("int", ".nan", ["1:1 '.nan' is not a whole number"]),
        ("int", ".inf", ["1:1 '.inf' is not a whole number"]),
        ("int", "9223372036854775808", ["1:1 '9223372036854775808' is not a whole number"]),
        ("int", "'9223372036854775808'", ["1:1 '9223372036854775808' is not a whole number"]),
        ("int", "'5'", ["1:1 '5' is not a whole number (write 5 without quotes)"]),
        ("int", "'-9223372036854775807'", ["1:1 '-9223372036854775807' is not a whole number"
                                           " (write -9223372036854775807 without quotes)"]),
        ("int", "'9223372036854775807'", ["1:1 '9223372036854775807' is not a whole number"
                                          " (write 9223372036854775807 without quotes)"]),
        ("int", "'1.5'", ["1:1 '1.5' is not a whole number"]),
        ("int", "[]", ["1:1 a list is not a whole number"]),
        ("int", "{}", ["1:1 a mapping is not a whole number"]),
        ("int", "twentyletterslongfit", ["1:1 'twentyletterslongfit' is not a whole number"]),
        ("int", "twentyoneletterslong!", ["1:1 'twentyoneletterslong...' is not a whole number"]),
        ("truth", "a", ["1:1 'a' is not true or false"]),
        ("truth", "1", ["1:1 '1' is not true or false"]),
        ("truth", "'TRUE'", ["1:1 'TRUE' is not true or false (write true without quotes)"]),
        ("truth", "'False'", ["1:1 'False' is not true or false (write false without quotes)"]),
        ("truth", "'Yes'", ["1:1 'Yes' is not true or false (write yes without quotes)"]),
        ("truth", "'no'", ["1:1 'no' is not true or false (write no without quotes)"]),
        ("texts", "a", ["1:1 'a' is not a list of texts"]),
        ("texts", "{a: b}", ["1:1 a mapping is not a list of texts"]),
        ("texts", "[a, [b], {c: d}, ~]", ["1:5 a list is not text", "1:10 a mapping is not text"]),
        ("anys", "{}", ["1:1 a mapping is not a list"]),
        ("text by text", "a", ["1:1 'a' is not a mapping of texts"]),
        ("text by text", "[a]", ["1:1 a list is not a mapping of texts"]),
        ("text by text", "{a: [b], c: d, e: {f: g}}", ["1:5 a list is not text", "1:19 a mapping is not text"]),
        ("any by text", "[]", ["1:1 a list is not a mapping"]),
        ("services", "[]", ["1:1 a list is not a mapping of services"]),
        ("services", "{a: [b], c: d}", ["1:5 a list is not the mapping of a service",
                                        "1:13 'd' is not the mapping of a service"]),
        ("port", "a", ["1:1 'a' is not a port"]),
        ("port", "[a]", ["1:1 a list is not a port"]),
        ("port", "{name: [x], port: x, open: y es}", ["1:8 a list is not text", "1:19 'x' is not a whole number",
                                                      "1:28 'y es' is not true or false"]),
        ("port", "{<<: {port: x}, name: a}", ["1:13 'x' is not a whole number"]),
        ("text by text", "{a: [b], a: c}", []),
        ("own", "\n\n  a", ["3:3 a stands here"]),
    ],
)  # fmt: skip
def test_what_does_not_fit_is_said_with_its_place(wanted: str, text: str, faults: list[str]) -> None:
    assert told(wanted, text) == faults


@pytest.mark.parametrize("text", ["'5'", "'+5'", "'-5'", "'0099'"])
def test_text_of_digits_is_a_number_where_that_is_asked(text: str) -> None:
    assert told("int", text, digits=True) == []
    assert told("port", f"{{port: {text}}}", digits=True) == []
    (fault,) = told("port", f"{{port: {text}}}")
    assert fault.startswith(f"1:8 {text} is not a whole number (write ")


@pytest.mark.parametrize("text", ["'5 '", "'5.5'", "''", "five", "'55555555555555555555'"])
def test_other_text_is_not_a_number_then_either(text: str) -> None:
    assert len(told("int", text, digits=True)) == 1


def test_digits_are_asked_of_every_value_below() -> None:
    numbers = types.MapOf("a mapping of lists", types.ListOf("a list of numbers", types.INT))
    node = yamlio.parse_lenient("{a: ['5', 6]}", "a.yml").node
    assert not [*types.faults(node, numbers, digits=True)]
    assert len([*types.faults(node, numbers)]) == 1


def test_nothing_has_no_faults() -> None:
    assert not [*types.faults(None, types.INT)]
    assert not [*types.faults(None, TYPES["own"])]


def test_a_structure_is_told_by_the_names_of_its_fields() -> None:
    found = types.struct("a thing", "a b", "c d", "e", f=types.TEXTS)
    assert found.word == "a thing"
    assert dict(found.fields) == {
        "a": types.INT, "b": types.INT, "c": types.TEXT, "d": types.TEXT, "e": types.TRUTH, "f": types.TEXTS,
    }  # fmt: skip
    assert dict(types.struct("nothing").fields) == {}
