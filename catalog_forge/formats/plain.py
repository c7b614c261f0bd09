"""Files of unknown syntax (raw) and of one value a line (lines): a value never brings a line of its own."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.formats.base import LINE, MARK, Format, Placement


def _placements(text: str) -> Iterator[Placement]:
    yield from [Placement(LINE)] * text.count(MARK)


RAW = Format("raw", value=LINE, key=LINE, placements=_placements)
LINES = Format("lines", value=LINE, key=LINE, placements=_placements, pair="{value}\n")
