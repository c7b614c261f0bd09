"""Java properties (java.util.Properties.load): `key=value` with backslash escapes. Text outside Latin-1 is kept as UTF-8."""

from __future__ import annotations

from catalog_forge.formats.base import Escape, Format, line_placements

_REPLACE = (("\\", "\\\\"), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t"))
_VALUE = Escape("properties", replace=_REPLACE, controls="\n\r\t", lead="\\")
_KEY = Escape(
    "properties-key",
    replace=(*_REPLACE, (" ", "\\ "), ("=", "\\="), (":", "\\:"), ("#", "\\#"), ("!", "\\!")),
    controls="\n\r\t",
    empty=False,
)

PROPERTIES = Format(
    "properties",
    value=_VALUE,
    key=_KEY,
    placements=line_placements(_VALUE, _KEY, comments="#!", key_end=r"(?<!\\)[=:\s]"),
    pair="{key}={value}\n",
    comment="# {}\n",
)
