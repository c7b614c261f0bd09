"""Findings: what of a long line is shown around its place."""

from __future__ import annotations

import pytest

from catalog_forge.errors import Where
from catalog_forge.lint.findings import EXCERPT, Finding


@pytest.mark.parametrize(
    ("length", "column", "start"),
    [
        (EXCERPT, EXCERPT, 0),
        (EXCERPT + 1, 1, 0),
        (EXCERPT + 1, 0, 0),
        (1000, 201, 0),
        (1000, 202, 1),
        (1000, 500, 299),
        (1000, 1000, 799),
        (1000, 5000, 799),
        (0, 0, 0),
    ],
)
def test_an_excerpt_of_a_long_line_holds_its_place(length: int, column: int, start: int) -> None:
    line = "".join(chr(0x100 + number) for number in range(length))
    finding = Finding("CF101", "error", Where("a", 1, column), "m", line=line)
    assert finding.excerpt_start == start
    assert finding.excerpt == line[start : start + EXCERPT]
    assert not 0 < column <= length or line[column - 1] in finding.excerpt
