"""Where each value of a text stands, to the letter: its escape, whether it brings its quotes, and why it may not stand there."""

from __future__ import annotations

import pytest

from catalog_forge.formats import BY_NAME
from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, MARK, Escape, go_quote, line_placements, odd_backslash

DOLLAR = "after a $, because the value would become the name of a variable"
CODE = "after a command substitution, a here-document or a backtick"
ENTITY = "after an &, because the value would become part of an entity"
BARE = "in a tag, outside of quotes"
COMMENT = "in an XML comment, because not every value can be written there"
CDATA = "in a CDATA section (write the expression outside, where values are escaped)"
OTHER = "in a declaration or processing instruction"
PART = "in part of a key (put the key in double quotes)"


def places(kind: str, text: str) -> list[str]:
    """Each `@` of a text: the name of its escape, `+` when it brings its quotes, and what forbids it."""
    found = BY_NAME[kind].placements(text.replace("@", MARK))
    return [f"{each.escape.name}{'+' * each.whole}{': ' * bool(each.forbidden)}{each.forbidden}" for each in found]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("A=@", ["env+"]),
        ("A=x@y@", ["env+", "env+"]),
        ("A='@'@'x'", ["env", "env+"]),
        ('A="@"@', ["env-double", "env+"]),
        ("A='\"@'", ["env"]),
        ("A=\"'@'\"@", ["env-double", "env+"]),
        ("A='x\\'@", ["env+"]),
        ("A='$@ `@ $(@ <<@'", ["env", "env", "env", "env"]),
        ('A="x\\"@"@', ["env-double", "env+"]),
        ("A=\\'@", ["env+"]),
        ("A=\\\\@", ["env+"]),
        ('A="\\\\@"', ["env-double"]),
        ("A=\\$@ B=\\`@", ["env+", "env+"]),
        ("A=x\\ #@", ["env+"]),
        ("A=x \\\n#@", ["line"]),
        ("A=x\\\n#@", ["env+"]),
        ("#\\\n#@", ["line"]),
        ("A=\\@", [f"env+: {BEHIND_BACKSLASH}"]),
        ('A="\\@"', [f"env-double: {BEHIND_BACKSLASH}"]),
        ("A='\\@'", ["env"]),
        ("A=$@", [f"env+: {DOLLAR}"]),
        ('A="$@"', [f"env-double: {DOLLAR}"]),
        ("A='$@'", ["env"]),
        ("A=$x@", ["env+"]),
        ("A=${x}@", ["env+"]),
        ("A=${x:-y}@", [f"env+: {CODE}"]),
        ("A=$(x)@", [f"env+: {CODE}"]),
        ("A=`x`@", [f"env+: {CODE}"]),
        ("A=\"`x`\"@ B='@'", [f"env+: {CODE}", "env"]),
        ('A="$(@"', [f"env-double: {CODE}"]),
        ('A="<<"@', [f"env+: {CODE}"]),
        ("cat <<@", [f"env+: {CODE}"]),
        ("A=<@", ["env+"]),
        ("A=x # '@ \" $( `\nB=@", ["line", "env+"]),
        ("# a\n#@\n@", ["line", "env+"]),
        ("A=x#@", ["env+"]),
        ("A='a # @'", ["env"]),
        ('A="a # @"', ["env-double"]),
        ("A=@#@ #@", ["env+", "env+", "line"]),
        ("A=@@", ["env+", "env+"]),
        ("A=1;#@", ["line"]),
        ("A=1\t#@\\\n@", ["line", "env+"]),
    ],
)
def test_in_a_shell_file(text: str, wanted: list[str]) -> None:
    assert places("env", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@", ["json+"]),
        ('"@" @', ["json", "json+"]),
        ('"\\"@" @', ["json", "json+"]),
        ('"\\\\@"@', ["json", "json+"]),
        ('"\\@"', [f"json: {BEHIND_BACKSLASH}"]),
        ('"\\\\"@', ["json+"]),
        ('"\\\\\\@"', [f"json: {BEHIND_BACKSLASH}"]),
        ('"a@b@"', ["json", "json"]),
    ],
)
def test_in_json(text: str, wanted: list[str]) -> None:
    assert places("json", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("@", ["xml"]),
        ("<a>@ b @</a>", ["xml", "xml"]),
        ("<a b='@ @' c=\"x@\"/>", ["xml-attribute", "xml-attribute", "xml-attribute"]),
        ("<a b='x@", ["xml-attribute"]),
        ('<a b="x@', ["xml-attribute"]),
        ("<a b=@>@</a>", [f"xml-attribute: {BARE}", "xml"]),
        ("<@ @ x='@'>", [f"xml-attribute: {BARE}", f"xml-attribute: {BARE}", "xml-attribute"]),
        ("<a b='>@'>@", ["xml-attribute", "xml"]),
        ("<a>&@</a>", [f"xml: {ENTITY}"]),
        ("<a>&x@</a>", [f"xml: {ENTITY}"]),
        ("<a>&amp;@ &amp; @</a>", ["xml", "xml"]),
        ("<a>& @</a>", ["xml"]),
        ("<a b='&@'/>", [f"xml-attribute: {ENTITY}"]),
        ("<a b='&lt;@'/>", ["xml-attribute"]),
        ("<!--@ @-->@", [f"xml: {COMMENT}", f"xml: {COMMENT}", "xml"]),
        ("<!--@", [f"xml: {COMMENT}"]),
        ("<![CDATA[@]]>@", [f"xml: {CDATA}", "xml"]),
        ("<![CDATA[@", [f"xml: {CDATA}"]),
        ("<?xml @?>@", [f"xml: {OTHER}", "xml"]),
        ("<!DOCTYPE @>@", [f"xml: {OTHER}", "xml"]),
        ("<!DOCTYPE @", [f"xml: {OTHER}"]),
    ],
)
def test_in_xml(text: str, wanted: list[str]) -> None:
    assert places("xml", text) == wanted


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("a: @\n", ["yaml+"]),
        ("a: x@\n", ["yaml-plain"]),
        ("a: '@'\n", ["yaml-single"]),
        ('a: "@"\n', ["yaml"]),
        ('a: "x\\\\@"\n', ["yaml"]),
        ('"@": "@"\n', ["yaml-key", "yaml"]),
        ("'@': x\n", [f"yaml-key: {PART}"]),
        ("x@: x\n", [f"yaml-key: {PART}"]),
        ("@: x\n", ["yaml-key+"]),
        ("- @\n- [@, 'x@']\n- {a: @}\n", ["yaml+", "yaml+", "yaml-single", "yaml+"]),
        ("a: |\n  @\n  x @\nb: >-\n  @\n", ["yaml-block", "yaml-block", "yaml-block"]),
        ("# @\na: b # @\n", ["line", "line"]),
        ("a: x @ y @\n", ["yaml-plain", "yaml-plain"]),
    ],
)
def test_in_yaml(text: str, wanted: list[str]) -> None:
    assert places("yaml", text) == wanted


@pytest.mark.parametrize(
    ("kind", "text", "wanted"),
    [
        ("ini", "[a]\nb = @\n@ = b\nc:@\n;@\n#@\n  # @\n", ["ini", "word", "ini", "line", "line", "line"]),
        ("ini", "b = x\\\\@\nb = \\@", ["ini", f"ini: {BEHIND_BACKSLASH}"]),
        ("ini", "[@]\n!@\n", ["word", "word"]),
        ("space", "a @ @\n@ b\n  a @\n#@\n;@\na=@\n", ["space", "space", "word", "space", "line", "word", "word"]),
        (
            "properties",
            "a=@\na:@\na @\n@\n!@\n#@\n",
            ["properties", "properties", "properties", "properties-key", "line", "line"],
        ),
        ("properties", "a\\ b@\na\\=b=@\na=\\\n  @\n", ["properties-key", "properties", "properties"]),
        ("properties", "a=\\\n  #@\n# x\\\n@\n", ["properties", "line"]),
        ("properties", "a=\\\\@ \\@", ["properties", f"properties: {BEHIND_BACKSLASH}"]),
        ("raw", "@ '@' # @\n", ["line", "line", "line"]),
        ("lines", "@\n@\n", ["line", "line"]),
        ("raw", "", []),
    ],
)
def test_in_formats_of_lines(kind: str, text: str, wanted: list[str]) -> None:
    assert places(kind, text) == wanted


def test_a_format_of_lines_is_made_of_its_comments_and_separator() -> None:
    value, key = Escape("value"), Escape("key")
    find = line_placements(value, key, comments="%", key_end="=+")
    text = "@ @=@==@\n  %@\n%x=@\n=\\@\n=\\\\@\n\\@\na=\\\n   %@\n@"
    found = [(place.escape.name, place.whole, place.forbidden) for place in find(text.replace("@", MARK))]
    assert found == [
        ("key", False, ""), ("key", False, ""), ("value", False, ""), ("value", False, ""), ("line", False, ""),
        ("line", False, ""), ("value", False, BEHIND_BACKSLASH), ("value", False, ""),
        ("value", False, BEHIND_BACKSLASH), ("value", False, ""),
        ("key", False, ""),
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("char", "quoted"),
    [
        ("a", "a"), ("é", "é"), ("\U00010000", "\U00010000"), ("\a", "\\a"), ("\b", "\\b"), ("\f", "\\f"), ("\n", "\\n"),
        ("\r", "\\r"), ("\t", "\\t"), ("\v", "\\v"), ("\\", "\\\\"), ('"', '\\"'), ("\0", "\\x00"), ("\x1f", "\\x1f"),
        ("\x7f", "\\x7f"), ("\x80", "\\u0080"), ("\u2028", "\\u2028"), ("\uffff", "\\uffff"), ("\U000e0001", "\\U000e0001"),
    ],
)  # fmt: skip
def test_a_character_as_go_quotes_it(char: str, quoted: str) -> None:
    assert go_quote(f"x{char}y") == f'"x{quoted}y"'


@pytest.mark.parametrize(
    ("text", "odd"), [("", False), ("a", False), ("\\", True), ("a\\\\", False), ("\\\\\\", True), ("\\a", False)]
)
def test_a_backslash_that_escapes_the_next_character(text: str, odd: bool) -> None:
    assert odd_backslash(text) is odd


@pytest.mark.parametrize(
    ("escape", "taken", "refused"),
    [
        (Escape("x"), ["", " a ", "é\u2028"], ["\n", "\t", "\x7f", "\x80", "\x9f", "\ufffe", "\uffff", "\0"]),
        (Escape("x", controls="\t"), ["\t"], ["\n", "a\nb\t"]),
        (Escape("x", any_control=True), ["\n\0\x9f"], []),
        (Escape("x", refuse="#;"), ["a"], ["#", "a;b"]),
        (Escape("x", seen=True), ["a b"], ["\u2028", "a\u00a0b", "\u200b"]),
        (Escape("x", seen=True, controls="\t"), ["\t"], ["\u00a0"]),
        (Escape("x", word=True), ["", "aZ0-._~"], ["a b", "a/b", "é", "a\n"]),
        (Escape("x", word=True, extra="/:"), ["a/b:c"], ["a@b"]),
        (Escape("x", not_first=" "), ["a ", ""], [" a", " "]),
        (Escape("x", not_last=":"), [":a", ""], ["a:", ":"]),
        (Escape("x", empty=False), ["a"], [""]),
        (Escape("x", longest=5), ["", "abc", "é"], ["abcd", "éé", '""']),
        (LINE, ["a\tb", ""], ["a\nb", "\u0085", "\u2028", "\u2029"]),
    ],
)
def test_what_a_place_refuses(escape: Escape, taken: list[str], refused: list[str]) -> None:
    assert [text for text in taken if escape.refuses(text)] == []
    assert [text for text in refused if not escape.refuses(text)] == []
    for text in refused:
        with pytest.raises(ValueError) as caught:
            escape.apply(text)
        assert str(caught.value) == escape.refusal


def test_what_is_put_before_a_leading_blank_and_in_which_order_is_replaced() -> None:
    assert Escape("x", lead="\\").apply("  a") == "\\  a"
    assert Escape("x", lead="\\").apply("a ") == "a "
    assert Escape("x").apply(" a") == " a"
    assert Escape("x", replace=(("a", "bb"), ("b", "c"))).apply("ab") == "ccc"
    assert Escape("x", quoted=True, any_control=True).apply('"\n') == '\\"\\n'


@pytest.mark.parametrize(
    ("kind", "key", "value"),
    [
        ("yaml", '"a b"', '"c \\"d\\""'), ("json", '"a b"', '"c \\"d\\""'), ("properties", "a\\ b", 'c "d"'),
        ("raw", "a b", 'c "d"'),
        ("xml", "a b", "c &quot;d&quot;"), ("lines", "a b", 'c "d"'),
    ],
)  # fmt: skip
def test_a_constant_and_a_key_of_the_author(kind: str, key: str, value: str) -> None:
    assert (BY_NAME[kind].constant_key("a b"), BY_NAME[kind].constant('c "d"')) == (key, value)
    assert BY_NAME["env"].constant("a'b") == "'a'\\''b'"
