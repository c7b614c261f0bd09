"""Files of unknown syntax (raw) and of one value a line (lines): a value never brings a line of its own."""

from __future__ import annotations

from collections.abc import Iterator

from catalog_forge.formats.base import LINE, MARK, Format, Spot


def _spots(text: str) -> Iterator[Spot]:
    yield from [Spot(LINE)] * text.count(MARK)


RAW = Format("raw", value=LINE, key=LINE, spots=_spots)
LINES = Format("lines", value=LINE, key=LINE, spots=_spots, pair="{value}\n")
