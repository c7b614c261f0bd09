"""YAML as go-yaml v2 reads and writes it. All expectations are what rancher-metadata 0.7.4 printed."""

from __future__ import annotations

import math

import pytest
from hypothesis import given, settings

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
        ("\ufeffÿĀ\uffff\U00010000", '"\\uFEFF\\xFF\\u0100\\uFFFF\\U00010000"'),
        ("\ufeff a", '"\\uFEFF\\x20\\x61"'), ('\x1b\x07\x08\x0b\x0c"\\\u2029', '"\\e\\a\\b\\v\\f\\"\\\\\\P"'),
        ("\x9f\u200b\uffff\U0010ffff", '"\\x9F\u200b\\uFFFF\\U0010FFFF"'), ("a\\b", "a\\b"), ('a"b', 'a"b'), ("\\a", "\\a"),
        ("# a\u2028b 'c'", "'# a\u2028  b ''c'''"), ("'\u2028 b'", '"\'\\L b\'"'), ("a\u2028b c", "'a\u2028  b c'"),
        ("...", "'...'"), ("... a", "'... a'"), ("-", "'-'"), ("?", "'?'"), ("-\ta", '"-\\ta"'), ("a:", "'a:'"),
        ("a\t#", '"a\\t#"'),
        (":a", ":a"), ("?a", "?a"), ("[a", "'[a'"), ("&a", "'&a'"), ("|a", "'|a'"), ("`a", "'`a'"), ("=a", "=a"), ("~a", "~a"),
        ("a,b[c]{d}", "a,b[c]{d}"), ("+1", '"+1"'), ("1_0", '"1_0"'), ("1:60", "1:60"), ("1:59.5", '"1:59.5"'),
        ("-1:30", '"-1:30"'),
        ("0b1", '"0b1"'), ("0o8", "0o8"), ("1e", "1e"), (".", "."), ("+.inf", '"+.inf"'), ("Y", '"Y"'), ("nul", "nul"),
        ("no", '"no"'),
        ("# ' '", "'# '' '''"), ("a_b.c-d/e", "a_b.c-d/e"), ("_a", "_a"), ("/a", "/a"), ("on", '"on"'), ("NULL", '"NULL"'),
        ("a \nb", '"a \\nb"'), ("a\nb ", '"a\\nb "'), ("a\tb\nc", '"a\\tb\\nc"'),
    ],
)  # fmt: skip
def test_text_is_quoted_where_the_library_quotes_it(value: str, text: str) -> None:
    assert dump(value) == text + "\n"


def test_long_text_is_folded_after_80_columns() -> None:
    assert dump({"k": LONG}) == f"k: {'word ' * 15}word\n  {'word ' * 14}end\n"
    assert dump({"k": "it: " * 30 + "x"}).splitlines()[1].startswith("  it: ")
    assert dump("a  b" * 60).count("\n") == 1  # two spaces are no place to break plain text
    assert dump({"x " * 60 + "y": 1}).startswith("x x x ")  # a simple key is not folded


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"k": "it's: " * 20 + "x"}, "k: '" + "it''s: " * 11 + "it''s:\n  " + "it''s: " * 8 + "x'\n"),
        ({"k": "a\tb " * 30}, 'k: "' + "a\\tb " * 15 + "a\\tb\n  " + "a\\tb " * 14 + '"\n'),
        ({"k": "\ta" + " b" * 50}, 'k: "\\ta' + " b" * 37 + "\n  b" + " b" * 12 + '"\n'),
        ({"k": "#" + "x " * 60}, "k: '#" + "x " * 38 + "x\n  " + "x " * 21 + "'\n"),
        (["# a  b" * 20], "- '" + "# a  b" * 13 + "#\n  a  b" + "# a  b" * 6 + "'\n"),
        ({"a": {"b": ["x " * 50]}}, "a:\n  b:\n  - '" + "x " * 38 + "x\n    " + "x " * 11 + "'\n"),
        ({"k": "# " + "x" * 76 + " y z"}, f"k: '# {'x' * 76}\n  y z'\n"),
        ({"k": "x" * 75 + " y z"}, f"k: {'x' * 75} y z\n"),
        ({"k": "x" * 76 + " y z"}, f"k: {'x' * 76} y\n  z\n"),
        ({"k": "x" * 77 + " y z"}, f"k: {'x' * 77} y\n  z\n"),
        ({"k": "x" * 78 + " y z"}, f"k: {'x' * 78}\n  y z\n"),
        ({"k": "x" * 78 + "  y  z"}, f"k: {'x' * 78}  y  z\n"),
        ({"k": "\t" + "x" * 74 + " y z"}, f'k: "\\t{"x" * 74} y\n  z"\n'),
        ({"k": "\t" + "x" * 75 + " y z"}, f'k: "\\t{"x" * 75}\n  y z"\n'),
        ({"k": "\t" + "x" * 80 + "  y z"}, f'k: "\\t{"x" * 80}\n  \\ y z"\n'),
        ({"k": "#" + "x" * 80 + " "}, f"k: '#{'x' * 80} '\n"),
        ({"k": "#" + "x" * 80 + " y"}, f"k: '#{'x' * 80}\n  y'\n"),
        ({"k": " " + "x" * 90}, f"k: ' {'x' * 90}'\n"),
        ({"k": "#" + "x" * 76 + "  y z"}, f"k: '#{'x' * 76}  y\n  z'\n"),
        ({"k": "# " + "'" * 40}, "k: '# " + "''" * 40 + "'\n"),
        ({"k": "# " + "'" * 38 + " a b"}, "k: '# " + "''" * 38 + "\n  a b'\n"),
        ({"k": "x" * 79 + " y"}, f"k: {'x' * 79}\n  y\n"),
        (["x" * 77 + " y z"], f"- {'x' * 77} y\n  z\n"),
        ([["x" * 76 + " y z"]], f"- - {'x' * 76} y\n    z\n"),
        ({"a": {"k": "# " + "y " * 39 + "z"}}, "a:\n  k: '# " + "y " * 36 + "y\n    y y z'\n"),
        ({"k": "\t " + "x" * 90 + " y "}, f'k: "\\t {"x" * 90}\n  y "\n'),
        ("'\u2028'b' c" + " d" * 50, "'''\u2028  ''b'' c" + " d" * 36 + "\n  d" + " d" * 13 + "'\n"),
    ],
)  # fmt: skip
def test_quoted_text_is_folded_after_80_columns_too(value: object, text: str) -> None:
    assert dump(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ("a\n b\n", "|\n  a\n   b\n"),
        ("a\n\n\nb", "|-\n  a\n\n\n  b\n"),
        ("\n", "|2+\n\n"),
        ("\n\n", "|2+\n\n\n"),
        ("x\n\n", "|+\n  x\n\n"),
        (" x\n", "|2\n   x\n"),
        ("\u2028a\nb", "|2-\n\u2028  a\n  b\n"),
        ("a\u2028\nb", "|-\n  a\u2028\n  b\n"),
        ("a\nb\u2028", "|\n  a\n  b\u2028"),
        ("a\nb\u2028\u2028", "|+\n  a\n  b\u2028\u2028"),
        ("a\x85b\nc", '"a\\Nb\\nc"\n'),
        ("a\nb\\c", "|-\n  a\n  b\\c\n"),
        ({"a": {"b": "c\nd"}}, "a:\n  b: |-\n    c\n    d\n"),
        ({"a": ["b\nc", "d"]}, "a:\n- |-\n  b\n  c\n- d\n"),
        ([["a\nb\n"], 1], "- - |\n    a\n    b\n- 1\n"),
    ],
)
def test_text_of_several_lines_keeps_its_lines(value: object, text: str) -> None:
    assert dump(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("value", "text"),
    [
        ({"a\nb": "c\nd"}, "? |-\n  a\n  b\n: |-\n  c\n  d\n"),
        ({"a": [[], {}, [[]], {"b": {}}]}, "a:\n- []\n- {}\n- - []\n- b: {}\n"),
        ([[["a"]]], "- - - a\n"),
        ({"a": [{"b": [{"c": ["d"]}]}]}, "a:\n- b:\n  - c:\n    - d\n"),
        ([{"a": 1, "b": 2}, {"c": [1, 2], "d": {"e": 1}}], "- a: 1\n  b: 2\n- c:\n  - 1\n  - 2\n  d:\n    e: 1\n"),
        ({"k": ("a", "b")}, "k:\n- a\n- b\n"),
        ({"a": {"b": {"c": None}}, "d": False}, "a:\n  b:\n    c: null\nd: false\n"),
        ({"x" * 128: 1}, f"{'x' * 128}: 1\n"),
        ({"ä" * 64: 1}, f"{'ä' * 64}: 1\n"),
        ({"ä" * 65: 1}, f"? {'ä' * 65}\n: 1\n"),  # bytes count
        ({"a\u2028b": 1}, "? 'a\u2028  b'\n: 1\n"),
        ({"a b": 1, "a: b": 2, "yes": 3, "1": 4, "": 5}, '"": 5\n"1": 4\na b: 1\n\'a: b\': 2\n"yes": 3\n'),
        ({"?": 1, "- a": 2}, "'- a': 2\n'?': 1\n"),
        ({"x\t y" * 30: 1}, '"' + "x\\t y" * 30 + '": 1\n'),
        ({"x: y" * 30: 1}, "'" + "x: y" * 30 + "': 1\n"),
        ({"k": [{"a\nb": [1]}]}, "k:\n- ? |-\n    a\n    b\n  : - 1\n"),
    ],
)
def test_maps_and_lists_stand_in_each_other(value: object, text: str) -> None:
    assert dump(value) == text  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "row",
    [
        "- _ 1 1a ٣ A a a-b a_b a1 a1.2 a1.10 a9 a10 a٣ ab ä",
        "2 10 a b",
        "a01 a2 a10",
        "a1 a01 a001",
        "18446744073709551616 2 9223372036854775807",  # as 64 bits hold them
        "a9223372036854775808 a1 a2",
        "B a",
        "a aa ab b",
        "1.2 1.10 1.a",
        "% 1 a",
    ],
)
def test_keys_stand_in_natural_order(row: str) -> None:
    keys = row.split()
    lines = dump(dict.fromkeys(reversed(keys), 1)).splitlines()
    assert [line.rpartition(":")[0].strip("\"'") for line in lines] == keys


@settings(max_examples=25)
@given(documents)
def test_every_document_becomes_text_that_ends_in_one_line_break(value: object) -> None:
    text = dump(value)  # type: ignore[arg-type]
    assert text.endswith("\n")
    assert dump(value) == text  # type: ignore[arg-type]
