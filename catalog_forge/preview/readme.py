"""Converts a README to HTML. The author of the README is not trusted, so the HTML contains only what is safe to show."""

from __future__ import annotations

from html import escape
from typing import Any

_TAGS = frozenset(
    "a abbr b blockquote br code dd del details dl dt em h1 h2 h3 h4 h5 h6 hr i kbd li ol p pre s strong sub summary sup "
    "table tbody td th thead tr ul".split()
)
_LONGEST = 1 << 18


def html(text: str) -> str:
    """Return Markdown as HTML without scripts, styles, forms or images; links may lead only to http and https.

    Each image is replaced with its alternative text, because the browser would fetch the image from a foreign server.
    """
    import nh3
    from markdown_it import MarkdownIt

    made = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    made.add_render_rule("image", _in_words)
    rendered: str = made.render(text[:_LONGEST])
    schemes = {"http", "https"}
    return nh3.clean(
        rendered, tags=set(_TAGS), attributes={"a": {"href", "title"}}, url_schemes=schemes, link_rel="noopener noreferrer"
    )


def _in_words(renderer: Any, tokens: Any, index: int, *_: Any) -> str:
    text = renderer.renderInlineAsText(tokens[index].children, {}, {})
    return f"[{escape(text)}]" if text else ""
