"""Writes JSON (RFC 8259): text is in double quotes, and numbers and booleans are unquoted.

Control characters that have no short escape are refused.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

from catalog_forge.formats.base import BEHIND_BACKSLASH, MARK, Escape, Format, Placement

_STRING = Escape(
    "json",
    opening='"',
    closing='"',
    replace=(("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")),
    controls="\n\r\t",
)


def _placements(text: str) -> Iterator[Placement]:
    quoted = escaped = False
    for char in text:
        if char == MARK:
            yield Placement(_STRING, whole=not quoted, forbidden=BEHIND_BACKSLASH if escaped else "")
        elif char == '"' and not escaped:
            quoted = not quoted
        escaped = char == "\\" and not escaped


def _fault(text: str) -> str:
    try:
        json.loads(text)
    except (ValueError, RecursionError) as error:
        return f"not well-formed: {error}"
    return ""


JSON = Format(
    "json",
    value=_STRING,
    key=_STRING,
    placements=_placements,
    pair="{key}: {value}",
    typed=True,
    head="{",
    tail="\n}\n",
    fault=_fault,
)
