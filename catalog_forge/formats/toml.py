"""Writes TOML 1.0: text is in double quotes, numbers and booleans are unquoted, and maps are inline tables.

The escapes in text are those that exist in every version of TOML.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, MARK, TAB, Escape, Format, Placement, odd_backslash

_STRING = Escape(
    "toml",
    opening='"',
    closing='"',
    replace=(("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")),
    controls="\n\r\t",
)
_LITERAL = Escape("toml-literal", refuse="'", controls=TAB)
# The alternatives, in order. A string that is never closed extends to the end of the text.
_PARTS = re.compile(
    r'(?P<basic>"""(?:\\.|(?!""")[^\\])*(?:"{3,5}|\Z|\\\Z)|"(?:\\.|[^"\\\n])*(?:"|\n|\Z|\\\Z))'
    r"|(?P<literal>'''(?:(?!''').)*(?:'{3,5}|\Z)|'[^'\n]*(?:'|\n|\Z))|(?P<comment>\#[^\n]*)|(?P<bare>[^\"'#])",
    re.DOTALL,
)
_APART = re.compile(r"[\s=\[\]{},.]?")


def _placements(text: str) -> Iterator[Placement]:
    before = "\n"
    for part in _PARTS.finditer(text):
        kind, found = part.lastgroup, part.group()
        after = text[part.end() : part.end() + 1]
        if kind == "bare" and found == MARK:
            apart = _APART.fullmatch(before) and _APART.fullmatch(after)
            yield Placement(
                _STRING, whole=True, forbidden="" if apart else "within a bare word (put the whole word in double quotes)"
            )
        elif kind != "bare":
            place = Placement({"basic": _STRING, "literal": _LITERAL}.get(kind or "", LINE))
            for ahead in found.split(MARK)[:-1]:
                behind = kind == "basic" and odd_backslash(ahead)
                yield Placement(place.escape, forbidden=BEHIND_BACKSLASH if behind else "")
        before = found[-1]


def _fault(text: str) -> str:
    import tomllib  # imported here, because few specs write text into a TOML file

    try:
        tomllib.loads(text)
    except (ValueError, RecursionError) as error:
        return f"not well-formed: {error}"
    return ""


TOML = Format(
    "toml",
    value=_STRING,
    key=_STRING,
    placements=_placements,
    pair="{key} = {value}\n",
    comment="# {}\n",
    typed=True,
    inner="{key} = {value}",
    fault=_fault,
)
