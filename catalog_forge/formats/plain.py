"""Writes files of unknown syntax (raw) and files with one value per line (lines). A value cannot contain a line break."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.formats.base import LINE, MARK, Format, Placement


def _placements(text: str) -> Iterator[Placement]:
    yield from [Placement(LINE)] * text.count(MARK)


RAW = Format("raw", value=LINE, key=LINE, placements=_placements)
LINES = Format("lines", value=LINE, key=LINE, placements=_placements, pair="{value}\n")
