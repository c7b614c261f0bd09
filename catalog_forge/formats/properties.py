"""Writes Java properties (java.util.Properties.load): lines of the form `key=value`, with backslash escapes.

Java reads these files as Latin-1 from a stream, and in any encoding from a reader. All programs read ASCII in the same way, so
other characters are written as escapes.
"""

from __future__ import annotations

from catalog_forge.formats.base import Escape, Format, java_escaped, line_placements, odd_backslash

_COMMENTS = "#!"
_VALUE = Escape("properties", ascii=True, controls="\n\r\t", lead="\\")
_KEY = Escape(
    "properties-key",
    ascii=True,
    replace=((" ", "\\ "), ("=", "\\="), (":", "\\:"), ("#", "\\#"), ("!", "\\!")),
    controls="\n\r\t",
    empty=False,
)


def _fault(text: str) -> str:
    """Return an error for the first non-ASCII character outside of comments, or "" if there is none."""
    continued = False
    for number, line in enumerate(text.split("\n"), 1):
        is_comment = not continued and line.lstrip()[:1] in tuple(_COMMENTS)
        odd = None if is_comment else next((char for char in line if not char.isascii()), None)
        if odd:
            return f"not ASCII in line {number}, and Java may read it as Latin-1: write {java_escaped(odd)} for {odd!r}"
        continued = not is_comment and odd_backslash(line)
    return ""


PROPERTIES = Format(
    "properties",
    value=_VALUE,
    key=_KEY,
    placements=line_placements(_VALUE, _KEY, comments=_COMMENTS, key_end=r"(?<!\\)[=:\s]"),
    pair="{key}={value}\n",
    comment="# {}\n",
    fault=_fault,
)
