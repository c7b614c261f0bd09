"""Writes ini files and `key value` files. Their dialects disagree about quotes, comments and escapes.

A value that any dialect might read differently is refused when the file is rendered, with an error that names the key.
"""

from __future__ import annotations

from catalog_forge.formats.base import TAB, Escape, Format, line_placements

_DISPUTED = "\"'\\#;"
_BLANKS = " \t"
_VALUE = Escape("ini", refuse=_DISPUTED, controls=TAB, seen=True, not_first=_BLANKS, not_last=_BLANKS)
_WORD = Escape("word", word=True, empty=False)
_SPACE = Escape("space", refuse=_DISPUTED, controls=TAB, seen=True, not_first=_BLANKS, not_last=_BLANKS, empty=False)

INI = Format(
    "ini",
    value=_VALUE,
    key=_WORD,
    placements=line_placements(_VALUE, _WORD, comments="#;", key_end="[=:]"),
    pair="{key} = {value}\n",
    comment="# {}\n",
)
SPACE = Format(
    "space",
    value=_SPACE,
    key=_WORD,
    placements=line_placements(_SPACE, _WORD, comments="#", key_end=r"\s"),
    pair="{key} {value}\n",
    comment="# {}\n",
)
