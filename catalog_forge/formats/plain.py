"""Writes files of unknown syntax (raw), and of one value per line (lines). In both, a value cannot contain a line break."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.formats.base import LINE, MARK, Format, Placement


def _placements(text: str) -> Iterator[Placement]:
    yield from [Placement(LINE)] * text.count(MARK)


RAW = Format("raw", value=LINE, key=LINE, placements=_placements)
LINES = Format("lines", value=LINE, key=LINE, placements=_placements, pair="{value}\n")
