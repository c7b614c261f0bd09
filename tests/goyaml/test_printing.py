"""YAML as go-yaml v2 reads and writes it. All expectations are what rancher-metadata 0.7.4 printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given

from catalog_forge.goyaml.printing import dump
from catalog_forge.goyaml.scalars import resolve
from tests.metadata.service.test_printing import documents

LONG = "word " * 30 + "end"


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("", None), ("~", None), ("Null", None), ("nULL", "nULL"),
        ("y", True), ("Yes", True), ("yEs", "yEs"), ("on", True), ("N", False), ("OFF", False), ("t", "t"),
        ("0", 0), ("-0", 0), ("+7", 7), ("0777", 511), ("0o17", 15), ("089", 89.0), ("0x1F", 31), ("-0b101", -5), ("0x", "0x"),
        ("1_000", 1000), ("_1", "_1"), ("1:30", "1:30"), ("2001-12-14", "2001-12-14"),
        ("9223372036854775808", 1 << 63), ("-9223372036854775809", -9223372036854775808.0),
        ("18446744073709551615", (1 << 64) - 1), ("18446744073709551616", 18446744073709551616.0),
        ("1.", 1.0), (".5", 0.5), ("-.5e3", -500.0), ("1e3", 1000.0), ("1e", "1e"), ("1e999", "1e999"), (".5_0", 0.5),
        ("._5", "._5"), ("0x1p4", 16.0), (".inf", math.inf), ("-.Inf", -math.inf), ("+inf", math.inf), ("inf", "inf"),
        (".e5", ".e5"), ("<<", "<<"), ("=", "="), ("1٢", "1٢"), ("12ab", "12ab"),
    ],
)  # fmt: skip
def test_bare_scalars_are_read_with_the_words_and_numbers_of_yaml_1_1(text: str, value: object) -> None:
    found = resolve(text)
    assert (type(found), found) == (type(value), value)


def test_not_a_number_is_a_number() -> None:
    found = resolve(".NaN")
    assert isinstance(found, float) and math.isnan(found)


@pytest.mark.parametrize("text", ["9{}", "0x{}", "9{}x", "0x{}.{}", "1:{}", "1.{}e{}", "-{}_", "+.{}e"])
def test_numbers_of_any_length_are_read_in_no_time(text: str) -> None:
    long = text.replace("{}", "9" * 300_000)
    assert resolve(long) == long  # beyond the range of doubles, or no number at all
    assert dump(long) == f"{long}\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (None, "null\n"), (True, "true\n"), (7, "7\n"), ("es", "es\n"), ({}, "{}\n"), ([], "[]\n"),
        ({"b": 1, "a": {"c": []}}, "a:\n  c: []\nb: 1\n"),
        ({"l": [1, "x"]}, "l:\n- 1\n- x\n"),  # a list in a map is not indented
        ([[1, [2]], {"a": [3], "b": 4}], "- - 1\n  - - 2\n- a:\n  - 3\n  b: 4\n"),
        ({"x" * 129: [[1]]}, f"? {'x' * 129}\n: - - 1\n"),  # too long for a simple key
        ({"a\nb": {"c": 1}}, "? |-\n  a\n  b\n: c: 1\n"),
        ({"b10": 1, "b9": 1, "B": 1, "_": 1, "10": 1, "2": 1}, '_: 1\n"2": 1\n"10": 1\nB: 1\nb9: 1\nb10: 1\n'),
    ],
)  # fmt: skip
def test_structure_is_block_style_in_natural_order(value: object, text: str) -> None:
    assert dump(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.25, "0.25"), (1.0, "1"), (100000.0, "100000"), (1e6, "1e+06"), (123456.7, "123456.7"), (1e-4, "0.0001"),
        (1e-5, "1e-05"), (1 / 3, "0.33333334"), (16777217.0, "1.6777216e+07"),  # single precision only
        (-0.0, "-0"), (1e39, ".inf"), (-1e300, "-.inf"), (5e-324, "0"), (math.nan, ".nan"), (1e-45, "1e-45"),
    ],
)  # fmt: skip
def test_floats_are_written_in_single_precision(value: float, text: str) -> None:
    assert dump(value) == text + "\n"


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("", '""'), ("yes", '"yes"'), ("0777", '"0777"'), ("1.5", '"1.5"'), ("1:30", '"1:30"'), ("~", '"~"'), (".inf", '".inf"'),
        ("2001-12-14", "2001-12-14"), ("<<", "<<"), ("a:b", "a:b"), ("a#b", "a#b"), ("-a", "-a"), ("it's", "it's"),
        ("a, b", "a, b"), ("a: b", "'a: b'"), ("a #b", "'a #b'"), ("- a", "'- a'"), ("? a", "'? a'"), (":", "':'"),
        ("#a", "'#a'"),
        ("---", "'---'"), ("'a", "'''a'"), ('"a', "'\"a'"), ("{a}", "'{a}'"), ("%a", "'%a'"), ("@a", "'@a'"),
        (" a", "' a'"), ("a ", "'a '"),
        ("a\tb", '"a\\tb"'), ("a\rb", '"a\\rb"'), ("\x00\x7f\x85\xa0", '"\\0\\x7F\\N\xa0"'), ("a 😀", '"a \\U0001F600"'),
        ("ü", "ü"), ("\ufeffab", '"\\uFEFF\\x61\\x62"'), ("a\u2028b", "'a\u2028  b'"), ("a \u2028b", '"a \\Lb"'),
        ("a\nb", "|-\n  a\n  b"), ("a\n", "|\n  a"), ("a\n\n", "|+\n  a\n"), ("\na", "|2-\n\n  a"), (" a\nb", "|2-\n   a\n  b"),
        ("a \nb", '"a \\nb"'), ("a\nb ", '"a\\nb "'), ("a\tb\nc", '"a\\tb\\nc"'),
    ],
)  # fmt: skip
def test_text_is_quoted_where_the_library_quotes_it(value: str, text: str) -> None:
    assert dump(value) == text + "\n"


def test_long_text_is_folded_after_80_columns() -> None:
    assert dump({"k": LONG}) == f"k: {'word ' * 15}word\n  {'word ' * 14}end\n"
    assert dump({"k": "it: " * 30 + "x"}).splitlines()[1].startswith("  it: ")
    assert dump("a  b" * 60).count("\n") == 1  # two blanks are no place to break plain text
    assert dump({"x " * 60 + "y": 1}).startswith("x x x ")  # a simple key is not folded


@given(documents)
def test_every_document_becomes_text_that_ends_in_one_line_break(value: object) -> None:
    text = dump(value)  # type: ignore[arg-type]
    assert text.endswith("\n")
    assert dump(value) == text  # type: ignore[arg-type]
