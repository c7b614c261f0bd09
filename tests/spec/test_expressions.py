"""Texts with expressions: what is literal, what is read, and that a text written out is read as it was."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge.errors import Where
from catalog_forge.spec.expressions import Expr
from catalog_forge.spec.parser import parse


class Nowhere:
    """Places that nobody looks at."""

    def at(self, offset: int) -> Where:
        """Say the column."""
        return Where("x", 1, offset + 1)


def parts(text: str) -> list[str]:
    """The parts of a text; an expression in braces."""
    return [f"<{part.source}>" if isinstance(part, Expr) else part for part in parse(text, Nowhere()).parts]


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a@b", ["a@b"]),
        ("a@@b", ["a@@b"]),
        ("a@@", ["a@@"]),
        ("@{self.ip}", ["<self.ip>"]),
        ("@@{self.ip}", ["@{self.ip}"]),
        ("user@@@{self.ip}", ["user@", "<self.ip>"]),
        ("@@@@{self.ip}", ["@@{self.ip}"]),
        ("a@@@@@{self.ip}", ["a@@", "<self.ip>"]),
        ("@{self.ip}@@@{self.name}", ["<self.ip>", "@", "<self.name>"]),
        ("@{metadata/a@{self.index}}", ["<metadata/a@{self.index}>"]),
        ("@@{}@@{", ["@{}@{"]),
        ("{@ {", ["{@ {"]),
        ("", []),
    ],
)
def test_a_sign_before_a_brace(text: str, found: list[str]) -> None:
    assert parts(text) == found


@given(st.lists(st.sampled_from(["@", "@@", "{", "}", "a", "@{self.ip}", "@{metadata/k|d}"]), max_size=8))
def test_a_text_written_out_is_read_as_it_was(words: list[str]) -> None:
    escaped = "".join(word if word.startswith("@{") else word.replace("@", "(at)") for word in words)
    text = parse(escaped, Nowhere())
    assert parse(str(text), Nowhere()) == text


@given(st.text("@{}a", max_size=8), st.text("@{}a", max_size=8))
def test_any_literal_can_be_written_before_an_expression(before: str, after: str) -> None:
    from catalog_forge.spec.expressions import Text

    value = parse("@{self.ip}", Nowhere()).parts[0]
    text = Text(tuple(part for part in (before, value, after) if part))
    assert parse(str(text), Nowhere()) == text
