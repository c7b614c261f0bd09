"""Java reads properties as Latin-1 from a stream: what is not ASCII is written as escapes, or refused."""

from __future__ import annotations

from pathlib import Path

import javaproperties
import pytest

from catalog_forge.errors import ForgeError
from tests.confd.harness import compiled, conf, flat, render, spec_of


def test_constants_keys_and_values_are_ascii(confd: Path, tmp_path: Path) -> None:
    pairs = {"café": 'naïve \\ "日本"', "p": "@{metadata/p}", "joined": '@{join(metadata/l, "é", "–")}'}
    spec = spec_of(conf({"set": pairs}, kind="properties"), metadata={"p": None, "l": {"type": "list"}})
    out = render(confd, tmp_path, spec, flat({"p": 'x"é\\ \u20ac', "l": ["ü", "b"]}))
    assert out.only.isascii()
    assert javaproperties.loads(out.only.encode()) == {
        "café": 'naïve \\ "日本"',
        "p": 'x"é\\ \u20ac',
        "joined": "é–é",
    }


def test_a_character_of_two_units_is_refused_as_a_value(confd: Path, tmp_path: Path) -> None:
    spec = spec_of(conf({"set": {"p": "@{metadata/p}"}}, kind="properties"), metadata={"p": None})
    out = render(confd, tmp_path, spec, flat({"p": "\U0001f600"}))
    assert not out.files
    assert "a character above U+FFFF" in out.error


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a=b\nc=é\n", "not ASCII in line 2, and Java may read it as Latin-1: write \\u00e9 for 'é'"),
        ("a=b\\\n#é\n", "not ASCII in line 2, and Java may read it as Latin-1: write \\u00e9 for 'é'"),
        ("a=\u20ac\n", "not ASCII in line 1, and Java may read it as Latin-1: write \\u20ac for '\u20ac'"),
        ("# é\\\n! é\na=b\n", ""),
    ],
)
def test_a_text_that_is_not_ascii_is_refused(text: str, said: str) -> None:
    spec = spec_of(conf({"text": text}, kind="properties"))
    if said:
        with pytest.raises(ForgeError, match="with format: raw, any text is valid") as error:
            compiled(spec)
        assert error.value.problems[0].message == f"properties: the text of this file is {said}"
    else:
        assert compiled(spec)
