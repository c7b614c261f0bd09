"""The page that a team looks at: what it shows, and that a hostile catalog cannot change its structure."""

from __future__ import annotations

from html.parser import HTMLParser

from markdown_it import MarkdownIt

from catalog_forge.errors import Where
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.images.facts import Facts, facts
from catalog_forge.lint.output.page import page
from tests.lint.trees import tree

HOSTILE = "<script>alert(1)</script>|`x`\n# head\x1b[31m"


class Tags(HTMLParser):
    """Collects the names of elements and the text of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.text = ""
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: object) -> None:  # noqa: ARG002
        """Note an element."""
        self.tags.append(tag)
        self.text += " "

    def handle_data(self, data: str) -> None:
        """Note a text."""
        self.text += data


def finding(path: str, words: str = "no icon", rule: str = "CF110") -> Finding:
    return Finding(rule, "warning", Where(path, 2, 3), words, "a hint", path=path)


def test_the_page_shows_images_with_what_they_are_made_of() -> None:
    found = Tags(page([Catalog(tree())], [finding("images/web-conf/Dockerfile")], "html", "A catalog"))
    words = " ".join(found.text.split())
    assert "1 warning ·" in words
    assert "images/web-conf busybox:1.37.0 – 2016-07-29 watch 0 1 0" in words.replace("  ", " ")
    assert "1 more entry without findings" in words
    assert "images/web-conf/Dockerfile:2:3 CF110 no icon a hint" in words


def test_the_page_as_markdown_has_the_same_tables() -> None:
    text = page([Catalog(tree())], [finding("templates/web/config.yml")], "md", "A catalog")
    html = MarkdownIt("commonmark").enable("table").render(text)
    assert html.count("<table>") == 3
    assert "<td>images/web-conf</td>\n<td>busybox:1.37.0</td>" in html
    assert "<td>templates/web</td>" in html


def test_nothing_that_a_catalog_says_is_taken_for_markup() -> None:
    catalog = Catalog(tree({f"images/{HOSTILE}/Dockerfile": f"FROM {HOSTILE}\n"}))
    found = [finding(f"images/{HOSTILE}/Dockerfile", HOSTILE)]
    html = Tags(page([catalog], found, "html", HOSTILE))
    assert "script" not in html.tags and html.tags.count("h2") == 3
    rendered = MarkdownIt("commonmark").enable("table").render(page([catalog], found, "md", HOSTILE))
    assert "<script" not in rendered and rendered.count("<h1") == 1 and rendered.count("<h2") == 3
    assert "\x1b" not in rendered


def test_facts_are_read_from_dockerfile_and_scripts() -> None:
    catalog = Catalog(
        tree(
            {
                "images/web-conf/Dockerfile": "ARG V=3.20\nFROM golang:1 AS a\nFROM alpine:${V}\nENV CONFD_VERSION=0.11.0\n",
                "images/web-conf/run.sh": "#!/bin/sh\nexec confd --backend rancher --prefix=/2015-07-25 --interval 30\n",
            }
        )
    )
    assert facts(catalog.images[0]) == Facts("alpine:3.20", "0.11.0", "2015-07-25", "every 30 s")
