"""Writes YAML. Text is in double quotes, which can represent any text; numbers and booleans have no quotes."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, LINE_ENDS, MARK, TAB, Escape, Format, Placement, odd_backslash

_DOUBLE = Escape("yaml", opening='"', closing='"', quoted=True, any_control=True)
# A key on one line has at most 1024 characters (YAML 1.2, 7.4).
_KEY = Escape("yaml-key", opening='"', closing='"', quoted=True, any_control=True, longest=1000)
_SINGLE = Escape("yaml-single", replace=(("'", "''"),), refuse=LINE_ENDS, controls=TAB)
# A part of an unquoted scalar: the allowed characters have no special meaning in YAML, whatever text is around them.
_PLAIN = Escape("yaml-plain", word=True, extra="/:@+", not_first="-@:", not_last=":")
_BLOCK = Escape("yaml-block", refuse=LINE_ENDS, controls=TAB, not_first=" \t", not_last=" \t")


def _placements(text: str) -> Iterator[Placement]:
    """Yield the placement of each MARK, which depends on the scalar around it. Raises ForgeError on text that is not YAML."""
    tokens = [token for token in yamlio.tokens(text) if MARK in text[token.start : token.end]]
    for found in re.finditer(MARK, text):
        token = next((token for token in tokens if token.start <= found.start() < token.end), None)
        if token is None:
            yield Placement(LINE)
        else:
            yield _placement(token, text[token.start : token.end], text[token.start : found.start()])


def _placement(token: yamlio.Token, source: str, before: str) -> Placement:
    if token.style == '"':
        return Placement(_KEY if token.is_key else _DOUBLE, forbidden=BEHIND_BACKSLASH if odd_backslash(before) else "")
    if source == MARK:
        return Placement(_KEY if token.is_key else _DOUBLE, whole=True)
    if token.is_key:
        return Placement(_KEY, forbidden="in part of a key (put the key in double quotes)")
    return Placement({"": _PLAIN, "'": _SINGLE}.get(token.style or "", _BLOCK))


def _fault(text: str) -> str:
    try:
        yamlio.well_formed(text)
    except ForgeError as error:
        return error.problems[0].message
    return ""


YAML = Format(
    "yaml",
    value=_DOUBLE,
    key=_KEY,
    placements=_placements,
    pair="{key}: {value}\n",
    comment="# {}\n",
    typed=True,
    fault=_fault,
)
