"""The YAML door: what text means, where it stands, what is refused, what it may cost, and how values are written."""

from __future__ import annotations

import pytest
import yaml

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.yamlio import (
    MAX_BYTES,
    Lenient,
    Map,
    Quoted,
    Seq,
    Text,
    Token,
    dump,
    dump_json_like,
    edit,
    load,
    parse,
    parse_lenient,
    to_data,
    tokens,
)


def refused(text: bytes | str, **options: object) -> list[str]:
    """The problems of a text, each with its place."""
    with pytest.raises(ForgeError) as caught:
        parse(text, "f.yml", **options)  # type: ignore[arg-type]
    return [str(problem).replace("\n  hint: ", " | ") for problem in caught.value.problems]


def only(text: str) -> Text:
    """The one scalar below `a`."""
    node = parse(text, "f.yml")
    assert isinstance(node, Map)
    value = node.pairs[0][1]
    assert isinstance(value, Text)
    return value


@pytest.mark.parametrize(
    ("written", "value"),
    [
        ("1", 1),
        ("-12", -12),
        ("+3", 3),
        ("0", 0),
        ("0777", 777.0),  # no int of YAML 1.2's core, but digits are one of its floats
        ("9" * 999, int("9" * 999)),
        ("9" * 1000, "9" * 1000),
        ("1.5", 1.5),
        ("1.", 1.0),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("-1.5E-2", -0.015),
        ("1e999", "1e999"),
        ("1e", "1e"),
        ("e3", "e3"),
        ("true", True),
        ("false", False),
        ("True", "True"),
        ("yes", "yes"),
        ("off", "off"),
        ("y", "y"),
        ("null", None),
        ("~", None),
        ("", None),
        ("Null", "Null"),
        ("2017-01-01", "2017-01-01"),
        ("12:30:45", "12:30:45"),
        ("0x1F", "0x1F"),
        (".inf", ".inf"),
        (".nan", ".nan"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("a b", "a b"),
    ],
)
def test_a_scalar_has_the_type_of_yaml_1_2(written: str, value: object) -> None:
    data = only(f"a: {written}\n").data()
    assert data == value
    assert type(data) is type(value)


def test_data_keeps_order_and_shape() -> None:
    assert load(b"b: [1, {c: d}]\na: {}\n", "f") == {"b": [1, {"c": "d"}], "a": {}}
    assert list(load("b: 1\na: 2\n", "f")) == ["b", "a"]


@pytest.mark.parametrize(
    ("text", "offset", "line", "column"),
    [
        ("a: word", 0, 1, 4),
        ("a: word", 2, 1, 6),
        ("a: 'it''s so'", 2, 1, 7),
        ("a: 'it''s so'", 3, 1, 9),
        ('a: "x\\ty"', 1, 1, 6),
        ('a: "x\\ty"', 2, 1, 8),
        ('a: "\\x41\\u0042\\U00000043d"', 1, 1, 9),
        ('a: "\\x41\\u0042\\U00000043d"', 2, 1, 15),
        ('a: "\\x41\\u0042\\U00000043d"', 3, 1, 25),
        ("a: |\n  one\n  two\n", 0, 2, 3),
        ("a: |\n  one\n  two\n", 1, 2, 4),
        ("a: |\n  one\n  two\n", 4, 3, 3),
        ("a: |\n  one\n  two\n", 6, 3, 5),
        ("a: |\n  one\n\n  two\n", 4, 3, 1),
    ],
)
def test_a_character_of_a_scalar_knows_its_place(text: str, offset: int, line: int, column: int) -> None:
    where = only(text).at(offset)
    assert (where.file, where.line, where.column) == ("f.yml", line, column)


def test_nodes_know_their_places() -> None:
    node = parse("a:\n- x\n- {b: c}\n", "f.yml")
    assert isinstance(node, Map)
    (key, items) = node.pairs[0]
    assert isinstance(items, Seq)
    assert str(key.where) == "f.yml:1:1"
    assert [str(item.where) for item in items.items] == ["f.yml:2:3", "f.yml:3:3"]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        (b"", "f.yml:1:1: the file is empty | write its keys, or delete the file"),
        (b"# nothing\n", "f.yml:1:1: the file is empty | write its keys, or delete the file"),
        (b"a: \xff\n", "f.yml:1:4: the file is not UTF-8 text | save it as UTF-8"),
        (b"a: 1\nbc: \xe4\n", "f.yml:2:5: the file is not UTF-8 text | save it as UTF-8"),
        (b"a: 1\nb: \x07\n", "f.yml:2:4: a control character ('\\x07') is not allowed | remove this character"),
        ("ä: é\né: 'ü\x07'\n".encode(), "f.yml:2:6: a control character ('\\x07') is not allowed | remove this character"),
        (b"a: 1\na: 2\n", "f.yml:2:1: the key 'a' appears twice: first in line 1 | remove or rename one of the two"),
        (
            b"a: 1\n---\nb: 2\n",
            "f.yml:2:1: not well-formed YAML: a second document begins here"
            " | delete this line, or move the lines below it to another file",
        ),
        (
            b"[a]: 1\n",
            "f.yml:1:1: a key must be text, not a list or a mapping | write KEY: VALUE; quote text that begins with [ or {",
        ),
        (b"a: &x 1\n", "f.yml:1:4: anchors and aliases are not allowed here | write the value out in each place"),
        (b"a: *x\n", "f.yml:1:4: anchors and aliases are not allowed here | write the value out in each place"),
        (
            b"a: 'x\n",
            "f.yml:1:4: not well-formed YAML: this quote is never closed | write the same quote at the end of the value",
        ),
    ],
)
def test_what_is_not_one_sound_document_is_refused_at_its_place(text: bytes, problem: str) -> None:
    assert refused(text) == [problem]


def test_a_tab_gets_a_hint_and_nothing_else_does() -> None:
    assert refused("a:\n\tb: 1\n")[0].endswith(" | YAML is indented with spaces, never with tabs")
    assert "spaces" not in refused("a: [1\n")[0]


def test_all_doubled_keys_are_said_at_once() -> None:
    assert refused("a: 1\nb: {c: 1, c: 2}\na: 2\n") == [
        "f.yml:2:11: the key 'c' appears twice: first in line 2 | remove or rename one of the two",
        "f.yml:3:1: the key 'a' appears twice: first in line 1 | remove or rename one of the two",
    ]


def test_a_byte_order_mark_is_no_part_of_the_text() -> None:
    assert load(b"\xef\xbb\xbfa: 1\n", "f") == {"a": 1}


def test_the_size_of_a_file_is_bounded() -> None:
    assert refused("a: 12345\n", max_bytes=8) == [
        "f.yml: the file is larger than 8 bytes | split it, or move its large texts into separate files"
    ]
    assert load("a: 12345", "f.yml", max_bytes=8) == {"a": 12345}
    assert yamlio.MAX_BYTES == 1 << 20


@pytest.mark.parametrize(("opening", "closing"), [("[", "]"), ("{a: ", "}")])
def test_depth_is_bounded(opening: str, closing: str) -> None:
    depth = yamlio.MAX_DEPTH
    assert parse(opening * depth + "1" + closing * depth, "f.yml")
    assert "nested too deeply" in refused(opening * (depth + 2) + closing * (depth + 2))[0]


def bomb(levels: int) -> str:
    """Lists of ten aliases each: 10 ** levels scalars, were they written out."""
    rows = ["a0: &a0 x"] + [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, levels + 1)]
    return "\n".join(rows) + "\n"


def test_what_a_document_grows_to_is_bounded() -> None:
    """The bounds are part of the promise: a shared document may have 20 million nodes, one of Rancher's a million."""
    assert (yamlio.MAX_NODES, yamlio.MAX_SHARED_NODES, yamlio.MAX_LENIENT_NODES) == (200_000, 20_000_000, 1_000_000)
    assert parse(bomb(6), "f.yml", aliases=True)
    assert "grows too large" in refused(bomb(8), aliases=True)[0]
    assert parse_lenient(bomb(5), "f.yml").node
    with pytest.raises(ForgeError, match="grows too large"):
        parse_lenient(bomb(6), "f.yml")
    assert "grows too large" in refused("[" + "1," * 200_001 + "]")[0]


def test_aliases_stand_for_what_was_anchored_and_share_it() -> None:
    data = load("a: &x {b: [1]}\nc: *x\n", "f", aliases=True)
    assert data == {"a": {"b": [1]}, "c": {"b": [1]}}
    assert data["a"] is data["c"]
    assert refused("a: *x\n", aliases=True) == [
        "f.yml:1:4: not well-formed YAML: no anchor 'x' before this alias"
        " | write &x before the value to repeat, or quote the text '*x'"
    ]
    assert refused("a: &x [*x]\n", aliases=True) == [
        "f.yml:1:8: not well-formed YAML: no anchor 'x' before this alias"
        " | write &x before the value to repeat, or quote the text '*x'"
    ]


def test_the_last_of_equal_keys_counts_where_that_is_wanted() -> None:
    heard: list[str] = []
    node = parse(
        "a: 1\nb: 2\na: 3\n", "f.yml", last_wins=lambda double: heard.append(f"{double.key.where} {double.first} {double}")
    )
    assert to_data(node) == {"a": 3, "b": 2}
    assert heard == ["f.yml:3:1 f.yml:1:1 the key 'a' appears twice: first in line 1"]


def lenient(text: bytes) -> Lenient:
    return parse_lenient(text, "f.yml")


def test_lenient_reading_takes_the_first_document_and_the_last_key() -> None:
    read = lenient(b"a: 1\na: 2\n---\nb: [\n")
    assert read.node is not None
    assert to_data(read.node) == {"a": 2}
    assert [str(double) for double in read.duplicates] == ["the key 'a' appears twice: first in line 1"]
    assert str(read.second) == "f.yml:3:1"


@pytest.mark.parametrize("text", [b"", b" \n\n", b"# only words\n"])
def test_lenient_reading_of_nothing_is_nothing(text: bytes) -> None:
    assert lenient(text) == Lenient(None, (), None)


@pytest.mark.parametrize(
    ("written", "value", "bare"),
    [
        ("!!str 1", "1", False),
        ("!!int '1'", "1", True),
        ("!!float 1", "1", True),
        ("!!bool 'true'", "true", True),
        ("!!null ''", "", True),
        ("!mine 1", "1", False),
        ("!!binary aGVsbG8=", "hello", False),
        ("1", "1", True),
        ("'1'", "1", False),
    ],
)
def test_lenient_reading_heeds_tags_as_rancher_does(written: str, value: str, bare: bool) -> None:
    node = lenient(f"a: {written}\n".encode()).node
    assert isinstance(node, Map)
    text = node.pairs[0][1]
    assert isinstance(text, Text)
    assert (text.value, text.bare) == (value, bare)


def test_broken_base64_is_a_problem_with_a_place() -> None:
    with pytest.raises(ForgeError, match="f.yml:1:4: the value marked as !!binary is not valid base64"):
        lenient(b"a: !!binary '*'\n")


TEXTS = (
    "y n Y N yes no on off true false null ~ Yes NO oN TRUE nan inf .inf .nan Null 1 01 0x1f 1e3 1_000 1.5 .5 +1 -1"
    " 2017-01-01 12:30:45 word a/b a.b a-b _x /x - ? : , [ ] { } # & * ! | > ' \" % @ ` =x <<"
).split() + [
    "",
    " ",
    " a",
    "a ",
    "a b",
    "a: b",
    "a #b",
    "é",
    "\t",
    "\x7f",
    "\x85",
    "\u2028",
    "\ufeff",
    "a\nb",
    "a\n",
    "\na",
    "a \nb",
    "a\n\n",
    "a\r\nb",
]


@pytest.mark.parametrize("text", TEXTS)
@pytest.mark.parametrize("loader", [yaml.SafeLoader, yaml.CSafeLoader])
def test_text_is_text_for_every_reader(text: str, loader: type) -> None:
    """For a reader of YAML 1.1, as Rancher's, too: there `y` alone is a truth, which PyYAML does not know."""
    written = dump({"k": text, "l": [text]})
    assert yaml.load(written, Loader=loader) == {"k": text, "l": [text]}
    assert yaml.load(f"[{dump_json_like(text)}, 1]" if "\n" not in text else "[]", Loader=loader)[:1] in ([text], [])


@pytest.mark.parametrize("word", "y n Y N yes No ON off true False null NULL nan NaN inf .inf .NaN".split())
def test_words_with_a_meaning_are_quoted(word: str) -> None:
    assert dump({"k": word}) == f"k: '{word}'\n"


@pytest.mark.parametrize(
    ("value", "written"),
    [
        ("word", "word"),
        ("a/b.c-d_e", "a/b.c-d_e"),
        ("no1", "no1"),
        ("1", "'1'"),
        ("a b", "'a b'"),
        ("it's", "'it''s'"),
        ("a\tb", '"a\\tb"'),
        ("a\nb", "|-\n  a\n  b"),
        ("a\nb\n", "|\n  a\n  b"),
        ("a \nb", '"a \\nb"'),
        (Quoted("word"), "'word'"),
        (True, "true"),
        (1, "1"),
        (1.5, "1.5"),
        (None, "null"),
    ],
)
def test_values_are_written_as(value: object, written: str) -> None:
    assert dump({"k": value}) == f"k: {written}\n"


def test_nothing_is_shared_in_what_is_written() -> None:
    shared = ["a"]
    assert dump({"x": shared, "y": shared}) == "x:\n- a\n'y':\n- a\n"


def test_keys_stay_in_their_order_and_long_lines_whole() -> None:
    assert dump({"b": "x " * 500 + "x", "a": "é"}) == f"b: '{'x ' * 500}x'\na: 'é'\n"


def test_tokens_know_where_they_stand_and_what_is_a_key() -> None:
    text = "a: 'b'\nc: |\n  d\n"
    scalars = [token for token in tokens(text) if token.style is not None]
    assert scalars == [Token(0, 1, "", True), Token(3, 6, "'", False), Token(7, 8, "", True), Token(10, 16, "|", False)]


@pytest.mark.parametrize(
    ("text", "message"), [("a: 'b", "line 1: "), ("a: b\n\tc: d\n", "line 2: "), ("a: \x07", "not well-formed YAML")]
)
def test_tokens_of_what_is_not_well_formed_are_refused(text: str, message: str) -> None:
    with pytest.raises(ForgeError, match=message):
        tokens(text)


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("name: Web\n", "name: Web\nversion: '1.0.0'\n"),
        (
            "# who\nname: Web # what\n\n# why\ncategory: \"x\"\n",
            "# who\nname: Web # what\n\n# why\nversion: '1.0.0'\ncategory: \"x\"\n",
        ),
        ("name: Web\r\ncategory: x\r\n", "name: Web\r\nversion: '1.0.0'\r\ncategory: x\r\n"),
        ("---\nname: 'Web'\nlabels:\n  - a\n  - b\n", "---\nname: 'Web'\nversion: '1.0.0'\nlabels:\n  - a\n  - b\n"),
        ("name: Web\nlabels:\n- a\n", "name: Web\nversion: '1.0.0'\nlabels:\n- a\n"),
        ("name:   Web\n", None),
        ("{name: Web,  x: y}\n", None),
    ],
)  # fmt: skip
def test_edit_keeps_every_byte_that_it_does_not_change_or_refuses(text: str, wanted: str | None) -> None:
    assert edit(text, lambda root: root.insert(1, "version", Quoted("1.0.0"))) == wanted


@pytest.mark.parametrize("text", ["a: [", "a: *b\n", "[" * 200, "x" * (MAX_BYTES + 1)])
def test_edit_has_the_bounds_of_reading(text: str) -> None:
    with pytest.raises(ForgeError):
        edit(text, lambda root: root)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("5", 5), ("-3", -3), ("1.5", 1.5), ("true", True), ("", None), ("'5'", "5"),
        ("0777", "0777"), ("007", "007"), ("1.10", "1.10"), ("1e3", "1e3"), ("+3", "+3"), ("-0", "-0"),
    ],
)  # fmt: skip
def test_a_number_that_would_be_written_back_as_another_stays_a_text(text: str, value: object) -> None:
    found = yamlio.to_data(yamlio.parse(f"a: [{text or '~'}]", "x.yml"), yamlio.as_written)
    assert found == {"a": [value]} and type(found["a"][0]) is type(value)


def test_a_decimal_of_a_file_with_types_stays_a_number_and_prints_as_it_was_written() -> None:
    texts = ("1.10", "1e3", "-0.50", "1.5", "5", "0777", ".5", "'1.10'", "1e999")
    found = yamlio.to_data(yamlio.parse(f"[{', '.join(texts)}]", "x.yml"), yamlio.constant)
    assert [str(each) for each in found] == ["1.10", "1e3", "-0.50", "1.5", "5", "0777", ".5", "1.10", "1e999"]
    assert [type(each) is str for each in found] == [False, False, False, False, False, True, True, True, True]
    assert yamlio.dump({"a": found[0], "b": found[7], "c": 1.5}) == "a: 1.10\nb: '1.10'\nc: 1.5\n"
