"""The site of the pages: it is made without a warning, and every link and anchor in it leads somewhere, with no network."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

import pytest

from catalog_forge.cli.main import COMMANDS
from catalog_forge.lint.runner import registry

ROOT = Path(__file__).parents[2]
# What a page fetches by itself, by the attribute that names it.
FETCHED = {"script": "src", "img": "src", "link": "href", "iframe": "src", "source": "src", "object": "data"}


class Page(HTMLParser):
    """What one page of the site links to, fetches, and may be linked by."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.anchors: set[str] = set()
        self.links: set[str] = set()
        self.fetched: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id" and value:
                self.anchors.add(value)
            if value and tag == "a" and name == "href":
                self.links.add(value)
            if value and name == FETCHED.get(tag):
                self.fetched.add(value)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The site, made as `make docs` makes it: a warning is an error."""
    out = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "sphinx", *re.findall(r"sphinx (-.*) docs ", (ROOT / "Makefile").read_text())[0].split()]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*command, "-d", out / "cache", ROOT / "docs", out / "html"], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    return out / "html"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[Path, Page]:
    return {path: Page(path.read_text()) for path in site.rglob("*.html")}


def test_links_and_anchors_lead_somewhere(site: Path, pages: dict[Path, Page]) -> None:
    assert len(pages) > 60
    broken = []
    for path, page in pages.items():
        for link in page.links | page.fetched:
            parts = urlsplit(link)
            if parts.scheme:
                continue
            target = (path.parent / unquote(parts.path)).resolve() if parts.path else path
            known = pages[target].anchors if target in pages else set()
            if not target.is_file() or (parts.fragment and unquote(parts.fragment) not in known):
                broken.append(f"{path.relative_to(site)}: {link}")
    assert broken == []


def test_no_page_fetches_anything_from_elsewhere(pages: dict[Path, Page]) -> None:
    assert {each for page in pages.values() for each in page.fetched if urlsplit(each).scheme not in ("", "data")} == set()


def test_every_page_is_in_the_menu(site: Path, pages: dict[Path, Page]) -> None:
    links = [urlsplit(link) for link in pages[site / "index.html"].links]
    menu = {(site / unquote(link.path)).resolve() for link in links if not link.scheme}
    made = {path for path in pages if path.relative_to(site).as_posix() not in ("index.html", "search.html", "genindex.html")}
    assert made - menu == set()


def test_what_is_made_from_the_code_is_there(site: Path) -> None:
    helped = (site / "reference/help.html").read_text()
    assert [name for name in COMMANDS if f"Usage: catalog-forge {name}" not in helped] == []
    assert "Usage: catalog-forge metadata serve" in helped
    families = "".join(path.read_text() for path in (site / "rules").glob("*.html"))
    assert [rule.id for rule in registry.rules() if f'id="{rule.id.lower()}"' not in families] == []
    codes = (site / "reference/exit-codes.html").read_text()
    assert all(f"<td><p>{code}</p></td>" in codes for code in (0, 1, 2, 3, 4, 5, 130))
    assert (site / "schemas/spec.json").is_file()


def test_search_needs_no_server(site: Path) -> None:
    """The index is a script that the page of search loads; nothing is fetched, which browsers refuse to pages of a folder."""
    assert (site / "searchindex.js").read_text().startswith("Search.setIndex(")
    assert "searchindex.js" in (site / "search.html").read_text()
    assert "SHOW_SEARCH_SUMMARY: false" in (site / "_static/documentation_options.js").read_text()


def test_search_finds_the_keys_of_a_spec(site: Path) -> None:
    index = (site / "searchindex.js").read_text()
    objects = index[index.index('"objects":') : index.index('"objtypes":')]
    found = set(re.findall(r'"([\w-]+)","(\w+)"\]', objects))
    assert {("files", "uid"), ("the-keys-of-a-list", "sep"), ("engine", "confd_sha256"), ("launch-restart", "stagger")} <= found
    assert (ROOT / "docs/search.js").read_text().partition("var")[2] in (site / "_static/language_data.js").read_text()
