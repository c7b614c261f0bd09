"""Makes untrusted text safe to display, so that the text can neither control a terminal nor look like a different text."""

from __future__ import annotations

import json
import re
from typing import Any

_COLOUR = re.compile(r"\x1b\[[0-9;:]*m")


def printable(text: object, kept: str = "") -> str:
    """Escape each character that controls a terminal, changes the writing direction, or is invisible.

    Line breaks are also escaped, unless they are in `kept`.
    """
    text = str(text)
    return (
        text if text.isprintable() else "".join(each if each.isprintable() or each in kept else _escaped(each) for each in text)
    )


def said(text: str) -> str:
    """Return a line of a program's output without colour codes, and with its other control characters escaped."""
    return printable(_COLOUR.sub("", text).rstrip("\r").expandtabs())


def counted(number: int, what: str, many: str = "") -> str:
    """Format a count with its noun: 1 file, 2 files. `many` is the plural of `what`, by default `what` with an s."""
    return f"{number} {what if number == 1 else many or f'{what}s'}"


def as_json(data: Any, indent: int | None = 2) -> str:
    """Return data as JSON in printable ASCII."""
    return json.dumps(data, indent=indent).replace("\x7f", "\\u007f")


def _escaped(char: str) -> str:
    code = ord(char) - 0xDC00 if "\udc80" <= char <= "\udcff" else ord(char)  # a byte that is not UTF-8
    return f"\\x{code:02x}" if code < 0x100 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"
