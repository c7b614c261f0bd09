"""What each place of each format cannot hold, in the words that its author reads."""

from __future__ import annotations

import pytest

from tests.formats.test_escapes import all_escapes

ENDS = "white space at the beginning, white space at the end"
SEEN = f"any of \"'\\#;, a line break, a control character, invisible characters, {ENDS}"
REFUSED = {
    "line": "a line break, a control character",
    "yaml": "",
    "yaml-key": "more than 1000 bytes",
    "yaml-single": "a line break, a control character",
    "yaml-plain": "characters other than letters, digits and -._~/:@+, any of -@: at the beginning, any of : at the end",
    "yaml-block": f"a line break, a control character, {ENDS}",
    "properties": "a control character, a character above U+FFFF",
    "properties-key": "a control character, a character above U+FFFF, an empty value",
    "ini": SEEN,
    "word": "characters other than letters, digits and -._~, an empty value",
    "space": f"{SEEN}, an empty value",
    "env": "a NUL",
    "env-double": "a NUL",
    "name": "characters other than letters, digits and _, any of 0123456789 at the beginning, an empty value",
    "xml": "a control character",
    "xml-attribute": "a control character",
    "json": "a control character",
    "toml": "a control character",
    "toml-literal": "any of ', a line break, a control character",
    "nginx": "any of $, a line break, a control character",
    "nginx-single": "any of $, a line break, a control character",
    "nginx-word": "characters other than letters, digits and -._~/:@+,=%?!*|^",
    "haproxy": "a line break, a control character, an empty value",
    "haproxy-double": "a line break, a control character",
    "haproxy-single": "any of ', a line break, a control character",
    "haproxy-word": "characters other than letters, digits and -._~/:@+,=%?!*|^",
}


@pytest.mark.parametrize(("name", "refused"), REFUSED.items())
def test_the_words_of_a_refusal(name: str, refused: str) -> None:
    wanted = f"this text cannot be written here (not allowed: {refused})" if refused else ""
    assert all_escapes()[name].refusal == wanted


def test_every_place_has_its_words() -> None:
    assert set(all_escapes()) == set(REFUSED)


@pytest.mark.parametrize(
    ("name", "written"),
    [
        ("yaml", r"""a\\b \"'$`=:#!<&>"""),
        ("properties", r"""a\\b "'$`=:#!<&>"""),
        ("properties-key", r"""a\\b\ "'$`\=\:\#\!<&>"""),
        ("env", r"""a\b "'\''$`=:#!<&>"""),
        ("env-double", r"""a\\b \"'\$\`=:#!<&>"""),
        ("xml", r"""a\b &quot;&apos;$`=:#!&lt;&amp;&gt;"""),
        ("xml-attribute", r"""a\b &quot;&apos;$`=:#!&lt;&amp;&gt;"""),
        ("json", r"""a\\b \"'$`=:#!<&>"""),
        ("yaml-single", r"""a\b "''$`=:#!<&>"""),
    ],
)
def test_the_same_text_in_each_place(name: str, written: str) -> None:
    assert all_escapes()[name].apply(r"""a\b "'$`=:#!<&>""") == written
