"""ini files and `key value` files: dialects disagree on quotes, comments and escapes, so what any of them reads
otherwise is refused when the file is rendered, with an error that names the value."""

from catalog_forge.formats.base import LINE_ENDS, TAB, Escape, Format

_DISPUTED = "\"'\\#;" + LINE_ENDS
_VALUE = Escape("ini", refuse=_DISPUTED, controls=TAB, edges=False)
_WORD = Escape("word", word=True, refuse=_DISPUTED + " =[]:", empty=False)

INI = Format("ini", value=_VALUE, key=_WORD, pair="{key} = {value}\n", comment="# {}\n")
SPACE = Format(
    "space",
    value=Escape("space", refuse=_DISPUTED, controls=TAB, edges=False, empty=False),
    key=_WORD,
    pair="{key} {value}\n",
    comment="# {}\n",
)
