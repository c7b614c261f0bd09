"""Files of unknown syntax (raw) and of one value a line (lines): a value never brings a line of its own."""

from catalog_forge.formats.base import LINE, Format

RAW = Format("raw", value=LINE, key=LINE)
LINES = Format("lines", value=LINE, key=LINE, pair="{value}\n")
