"""Writes files that set shell variables. Values are in single quotes, in which the shell expands nothing (POSIX, 2.2.2)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, MARK, Escape, Format, Placement

_SINGLE = Escape("env", opening="'", closing="'", replace=(("'", "'\\''"),), refuse="\0", any_control=True)
_DOUBLE = Escape(
    "env-double",
    replace=(("\\", "\\\\"), ('"', '\\"'), ("$", "\\$"), ("`", "\\`")),
    refuse="\0",
    any_control=True,
)
_NAME = Escape("name", word=True, refuse="-.~", not_first="0123456789", empty=False)
# The alternatives, in order: an escaped character, a variable, the beginning of shell code, a single character.
_TOKEN = re.compile(r"\\.|\$\{\w+\}|\$[({]|`|<<|.", re.DOTALL)
_WORD_ENDS = " \t\n;&|()<>"


def _placements(text: str) -> Iterator[Placement]:
    quote, before, comment, code = "", "\n", False, False
    for token in _TOKEN.findall(text):
        if token == "\\\n" and not comment:
            continue  # the shell removes an escaped line break before it splits the text into words
        if token[-1] == MARK:
            yield _placement(quote, before if token == MARK else token[0], comment, code)
        elif comment:
            comment = token[-1] != "\n"
        elif quote == "'":
            quote = "" if token[-1] == "'" else quote
        elif token == '"' or (token == "'" and not quote):
            quote = "" if quote else token
        elif token == "#" and not quote and before in _WORD_ENDS:
            comment = True
        code = code or (token in ("$(", "${", "`", "<<") and quote != "'" and not comment)
        before = "x" if token[0] in ("\\", MARK) and token[-1] != "\n" else token[-1]


def _placement(quote: str, before: str, comment: bool, code: bool) -> Placement:
    if comment:
        return Placement(LINE)
    forbidden = ""
    if quote != "'":
        forbidden = {"$": "after a $, because the value would become the name of a variable", "\\": BEHIND_BACKSLASH}.get(
            before, ""
        )
        forbidden = forbidden or ("after a command substitution, a here-document or a backtick" if code else "")
    return Placement(_DOUBLE if quote == '"' else _SINGLE, whole=not quote, forbidden=forbidden)


ENV = Format("env", value=_SINGLE, key=_NAME, placements=_placements, pair="{key}={value}\n", comment="# {}\n")
