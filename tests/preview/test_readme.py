"""A README of a stranger: what of it reaches the page."""

from __future__ import annotations

import pytest

from catalog_forge.preview.readme import html


def test_markdown_is_shown() -> None:
    made = html("# Title\n\nSome *text*, `code`.\n\n| a | b |\n|---|---|\n| 1 | 2 |\n\n- [x](https://example.org)\n")
    for piece in (
        "<h1>Title</h1>",
        "<em>text</em>",
        "<td>1</td>",
        '<a href="https://example.org" rel="noopener noreferrer">x</a>',
    ):
        assert piece in made


@pytest.mark.parametrize(
    "text",
    [
        "<script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "![words](https://example.org/a.png)",
        "<svg><script>alert(1)</script><foreignObject><b>x</b></foreignObject></svg>",
        "[x](javascript:alert(1))",
        "<a href='java&#10;script:alert(1)'>x</a>",
        "<a href='data:text/html,x' onclick='alert(1)'>x</a>",
        "<iframe src='https://example.org'></iframe>",
        "<form action='https://example.org'><input name=a></form>",
        "<p style='background:url(https://example.org)'>x</p>",
        "<style>@import 'https://example.org'</style>",
        "<link rel=stylesheet href='https://example.org'>",
        "<object data='https://example.org'></object><embed src='https://example.org'>",
        "<math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    ],
)
def test_nothing_of_it_runs_or_loads(text: str) -> None:
    made = html(text).lower()
    for word in (
        "<script",
        "onerror=",
        "onclick",
        "<img",
        "<svg",
        '<a href="j',
        '<a href="d',
        "<iframe",
        "<form",
        "style",
        "<link",
        "<object",
        "<embed",
    ):
        assert word not in made, made


@pytest.mark.parametrize("link", ["#usage", "docs/a.md", "/api/catalog", "//example.org", "?a", "http:a", "mailto:a@example.org"])
def test_a_link_leads_to_http_and_https_or_nowhere(link: str) -> None:
    assert html(f"[x]({link})") == '<p><a rel="noopener noreferrer">x</a></p>\n'
    assert 'href="HTTPS://example.org"' in html("[x](HTTPS://example.org)")


def test_what_would_turn_a_text_is_named() -> None:
    assert html("a \u202eb\u2069 &#x202d;") == "<p>a \\u202eb\\u2069 \\u202d</p>\n"
    assert html("<p>&#x202e;a</p>") == "<p>\\u202ea</p>"
    assert 'title="\\u2066b"' in html('<a href="https://example.org" title="&#x2066;b">a</a>')


def test_a_picture_is_its_words() -> None:
    assert html("![the <b>map</b>](https://example.org/a.png)") == "<p>[the &lt;b&gt;map&lt;/b&gt;]</p>\n"
