"""Reads the icon of an entry.

The page shows the icon in an <img> element, so that browsers neither run the scripts in an SVG nor load files that it refers
to.
"""

from __future__ import annotations

from typing import NamedTuple

from catalog_forge.preview.site import Site

# The Content-Security-Policy that is sent with an icon, because a user may open its URL directly.
POLICY = "default-src 'none'; style-src 'unsafe-inline'; sandbox"

_KINDS = {
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"\xff\xd8\xff": "image/jpeg",
    b"GIF8": "image/gif",
    b"RIFF": "image/webp",
    b"\0\0\1\0": "image/x-icon",
}


class Icon(NamedTuple):
    """An image that browsers can show."""

    content: bytes
    type: str


def icon(site: Site, entry: str) -> Icon | None:
    """Return the icon of an entry, or None if the entry has no icon or the file is not an image."""
    found = site.entry(entry)
    content = found.icon.content if found and found.icon else b""
    kind = next((kind for begin, kind in _KINDS.items() if content.startswith(begin)), "")
    if not kind and b"<svg" in content:
        kind = "image/svg+xml"
    return Icon(content, kind) if kind else None
