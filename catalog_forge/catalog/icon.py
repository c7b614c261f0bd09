"""Draws an icon for an entry whose spec has no icon: the first letters of the title on a colour that depends on the name."""

from __future__ import annotations

import hashlib
from html import escape


def draw(title: str, name: str) -> str:
    """Return an SVG of 128 by 128 units. The colour depends only on the name."""
    words = title.replace("-", " ").split() or [name]
    letters = "".join(word[0] for word in words[:2]).upper() if len(words) > 1 else words[0][:2].capitalize()
    hue = int(hashlib.sha256(name.encode()).hexdigest()[:4], 16) % 360
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 128 128" role="img" aria-label="{escape(title)}">\n'
        f'  <rect width="128" height="128" rx="20" fill="hsl({hue}, 55%, 38%)"/>\n'
        f'  <path d="M0 96h128v12a20 20 0 0 1-20 20H20a20 20 0 0 1-20-20z" fill="hsl({hue}, 55%, 30%)"/>\n'
        f'  <text x="64" y="76" font-family="sans-serif" font-size="56" font-weight="700" text-anchor="middle" fill="#fff">'
        f"{escape(letters)}</text>\n"
        "</svg>\n"
    )
