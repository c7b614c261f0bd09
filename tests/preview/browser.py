"""A real Chromium that looks at the page: it does what a person does, and waits for states of the page."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from catalog_forge.preview.server import PreviewServer
from catalog_forge.preview.site import Site
from tests.helpers import PATIENCE, eventually

# Root has no sandbox in a container. Every host but this machine's is sent to a port where nobody listens: what a page would
# load from elsewhere is seen, and goes nowhere.
_OPTIONS = (
    "--headless=new --no-sandbox --disable-gpu --disable-dev-shm-usage --no-first-run --disable-background-networking "
    "--disable-component-update --disable-sync --disable-extensions --disable-default-apps --hide-scrollbars "
    "--proxy-server=127.0.0.1:1 --window-size=1300,1000"
).split()

# Chromium breaks off what it loads, also from this machine, when a network comes or goes: an engine beside the test makes some.
_NETWORK = "net::ERR_NETWORK_CHANGED"

# What a panel has when it is no longer empty.
_SHOWN = (".file", "svg", ".moment", ".findings", ".stack", ".problems", "#readme", ".empty")


@contextmanager
def started(chromium: tuple[str, str]) -> Iterator[webdriver.Chrome]:
    """A browser that says which requests it makes and what its console says."""
    options = webdriver.ChromeOptions()
    for each in _OPTIONS:
        options.add_argument(each)
    options.binary_location = chromium[0]
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    # A page that never ends to load is told by what is waited for, not by a clock of the driver.
    options.page_load_strategy = "none"
    browser = webdriver.Chrome(service=Service(chromium[1]), options=options)
    try:
        browser.set_script_timeout(PATIENCE)
        yield browser
    finally:
        browser.quit()


@contextmanager
def served(root: Path) -> Iterator[str]:
    """The address of the page of a catalog."""
    with PreviewServer(Site(root)) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.url
        finally:
            server.shutdown()
            thread.join()


class Page:
    """A page in a tab of the browser."""

    def __init__(self, browser: webdriver.Chrome, url: str) -> None:
        self.browser = browser
        self.url = url
        self._said: list[str] = []

    def open(self, place: str = "") -> None:
        """Load a place of the page anew, without what was answered there before."""

        def loads() -> bool:
            self._said += self._log()
            before = len(self._said)
            self.browser.get("about:blank")
            self.browser.get(f"{self.url}{place}")
            self.until("document.readyState === 'complete'")
            self._said += self._log()
            return not any(_NETWORK in each for each in self._said[before:])

        assert eventually(loads)
        self.run("sessionStorage.clear()")
        self.ready()

    def script(self, expression: str, *values: Any) -> Any:
        """The value of an expression in the page."""
        return self.browser.execute_script(f"return ({expression})", *values)

    def run(self, statements: str) -> None:
        """Run statements in the page."""
        self.browser.execute_script(statements)

    def until(self, condition: str) -> None:
        """Wait until a condition is true in the page."""
        assert eventually(lambda: self.script(f"Boolean({condition})")), f"never: {condition}"

    def ready(self) -> None:
        """Wait until the page shows what was asked last."""
        self.until("document.body && document.body.dataset.state === 'ready' && document.querySelector('#view').firstChild")

    def find(self, selector: str) -> WebElement:
        """The one element of a selector."""
        (found,) = self.browser.find_elements(By.CSS_SELECTOR, selector)
        return found

    def texts(self, selector: str) -> list[str]:
        """The texts of all elements of a selector, as they stand in the document."""
        every = "[...document.querySelectorAll(arguments[0])].map((each) => each.textContent)"
        found: list[str] = self.script(every, selector)
        return found

    def tab(self, name: str) -> None:
        """Choose a tab, and wait for what it shows."""
        self.find(f"#tab-{name}").click()
        shown = ", ".join(f"#panel-{name}:not([hidden]) {each}" for each in _SHOWN)
        self.until(f"[...document.querySelectorAll({shown!r})].some((each) => each.textContent !== 'Looking…')")

    def fill(self, selector: str, text: str) -> None:
        """Type a text in place of what is there, and wait for what comes of it."""
        field = self.find(selector)
        field.send_keys(Keys.CONTROL, "a")
        field.send_keys(text or Keys.DELETE)
        self.ready()

    def file(self, dest: str) -> str:
        """A file as it is shown, without the lines that were removed."""
        lines = self.texts(f"section.file[data-dest='{dest}'] .line:not(.removed)")
        return "".join(f"{line.removeprefix('added: ')}\n" for line in lines)

    def shows(self, dest: str, *lines: str) -> None:
        """Wait until a file has these lines."""
        assert eventually(lambda: {*lines} <= {*self.file(dest).splitlines()}), self.file(dest)

    def requests(self) -> set[str]:
        """The origins that were asked for something since this was asked last; what a policy has refused was not."""
        said = [json.loads(each["message"])["message"] for each in self.browser.get_log("performance")]
        failed = (each["params"] for each in said if each["method"] == "Network.loadingFailed")
        refused = {each["requestId"] for each in failed if "blockedReason" in each or "BLOCKED_BY_CSP" in each["errorText"]}
        sent = [each["params"] for each in said if each["method"] == "Network.requestWillBeSent"]
        urls = [each["request"]["url"] for each in sent if each["requestId"] not in refused]
        parts = [urlsplit(url) for url in urls if not url.startswith(("data:", "about:", "chrome:", "blob:"))]
        return {f"{each.scheme}://{each.netloc}/" for each in parts}

    def console(self) -> list[str]:
        """What the console said of the page since this was asked last."""
        said, self._said = [*self._said, *self._log()], []
        return [each for each in said if _NETWORK not in each]

    def _log(self) -> list[str]:
        return [each["message"] for each in self.browser.get_log("browser") if each["level"] in ("SEVERE", "WARNING")]
