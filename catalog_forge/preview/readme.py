"""Converts a README to HTML. The author of the README is not trusted, so the HTML contains only what is safe to show."""

from __future__ import annotations

import re
from html import escape
from typing import Any

from catalog_forge.shown import printable

_TAGS = frozenset(
    "a abbr b blockquote br code dd del details dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s strong sub summary sup "
    "table tbody td th thead tr ul".split()
)
# The time that Markdown takes grows with the square of some texts.
_LONGEST = 1 << 16
_LINK = re.compile(r"https?://", re.IGNORECASE)
# The characters that change the direction of the text around them.
_TURNS = {code: printable(chr(code)) for code in (*range(0x202A, 0x202F), *range(0x2066, 0x206A))}


def html(text: str) -> str:
    """Return Markdown as HTML without scripts, styles, forms or images; links may lead only to http and https.

    Each image is replaced with its alternative text, because the browser would fetch the image from a foreign server. A relative
    link would lead to a page of the server, or to a file next to an exported one, so it becomes text.
    """
    import nh3
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    made.add_render_rule("image", _in_words)
    rendered: str = made.render(text[:_LONGEST])
    cleaned = nh3.clean(rendered, tags=set(_TAGS), attributes={"a": {"href", "title"}}, attribute_filter=_of_web)
    return cleaned.translate(_TURNS)  # here, because the cleaning turns entities into characters


def _of_web(_tag: str, name: str, value: str) -> str | None:
    """Return the value of an attribute; None if the attribute is a link that does not lead to http or https."""
    return value if name != "href" or _LINK.match(value) else None


def _in_words(renderer: Any, tokens: Any, index: int, *_: Any) -> str:
    text = renderer.renderInlineAsText(tokens[index].children, {}, {})
    return f"[{escape(text)}]" if text else ""
