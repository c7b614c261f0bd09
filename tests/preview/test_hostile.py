"""What a stranger may have put into an entry: nothing of it runs in a real Chromium, and nothing is asked of anybody else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from selenium import webdriver

from tests.helpers import tree
from tests.preview.browser import Page, served

FOLDER = Path(__file__).parent
OUTSIDE = "http://outside.example/"
IMAGE = f"<img src=x onerror='window.owned=1'><img src='{OUTSIDE}i.png'>"
SCRIPT = f"<script>window.owned=1</script><script src='{OUTSIDE}s.js'></script>"
HARMLESS = (FOLDER / "harmless.js").read_text()


def hostile(root: Path) -> Path:
    """A catalog of a stranger; IMAGE, SCRIPT and BOTH in its files stand for what a browser would run."""
    files = {}
    for path in (path for path in (FOLDER / "hostile").rglob("*") if path.is_file()):
        text = path.read_text()
        for mark, put in {"IMAGE": IMAGE, "SCRIPT": SCRIPT, "BOTH": IMAGE + SCRIPT}.items():
            text = text.replace(mark, json.dumps(put))
        files[str(path.relative_to(FOLDER / "hostile"))] = text
    return tree(root, files)


def is_harmless(page: Page) -> bool:
    """Whether nothing of a stranger has become more than text."""
    assert page.browser.execute_script(HARMLESS) == []
    return True


@pytest.mark.parametrize("entry", ["templates/evil", "templates/sly"])
def test_nothing_of_an_entry_runs_or_loads(browser: webdriver.Chrome, tmp_path: Path, entry: str) -> None:
    with served(hostile(tmp_path)) as url:
        page = Page(browser, url)
        page.requests(), page.console()
        page.open()
        assert is_harmless(page)
        page.open(f"#/{entry}")
        for tab in ("readme", "files", "compose", "topology", "scenarios", "findings", "stack"):
            page.tab(tab)
            page.ready()
            assert is_harmless(page)
        browser.get("about:blank")
        assert page.requests() == {url}
        assert page.console() == []


def test_an_icon_that_is_opened_itself_runs_nothing(browser: webdriver.Chrome, tmp_path: Path) -> None:
    with served(hostile(tmp_path)) as url:
        page = Page(browser, url)
        page.requests()
        browser.get(f"{url}icon?id=templates/evil")
        page.until("document.readyState === 'complete' && document.documentElement.tagName === 'svg'")
        assert page.script("window.owned") is None
        browser.get("about:blank")
        assert page.requests() == {url}
        page.console()  # its policy has refused something


def test_what_runs_or_loads_is_seen(browser: webdriver.Chrome) -> None:
    """Else the tests here would pass whatever happens."""
    page = Page(browser, "")
    page.requests()
    browser.get(f"data:text/html,<img src='{OUTSIDE}i.png' onerror='window.owned=1'><a href='javascript:0'>x</a>")
    page.until("window.owned === 1")
    assert page.browser.execute_script(HARMLESS) == ["a script of a stranger has run", "onerror", "javascript:0"]
    assert page.requests() == {OUTSIDE}
    page.console()
