"""What strangers wrote, as it may be shown: nothing in it steers a terminal, or reads otherwise than it is."""

from __future__ import annotations

import json
import re
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


def printable(text: object, kept: str = "") -> str:
    """Return a text with an escape for each character that steers a terminal, turns the direction of writing, or is not seen.

    Line breaks are such characters, too, unless they are `kept`.
    """
    text = str(text)
    return (
        text if text.isprintable() else "".join(each if each.isprintable() or each in kept else _escaped(each) for each in text)
    )


def said(text: str) -> str:
    """Return a line that a program printed, on a terminal of its own perhaps: without colours, and printable."""
    return printable(_COLOUR.sub("", text).rstrip("\r").expandtabs())


def counted(number: int, what: str, many: str = "") -> str:
    """Return a number of things in words: 1 file, 2 files; `many` is the plural that is more than an s behind it."""
    return f"{number} {what if number == 1 else many or f'{what}s'}"


def as_json(data: Any, indent: int | None = 2) -> str:
    """Return data as JSON in printable ASCII."""
    return json.dumps(data, indent=indent).replace("\x7f", "\\u007f")


def _escaped(char: str) -> str:
    code = ord(char)
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
