"""Measures how soon the page of `preview` shows an entry, the files after a key press, and 500 entries, by Chromium's clock.

Other work on the machine delays the page, so the fastest round counts, and the processor times of the server and of the page are
also shown. With CATALOG_FORGE_BASE, an earlier release is measured in turn.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from measure import ROUNDS, Row, base, program
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

Cost = tuple[float, float, float]
EXAMPLES = Path(__file__).parent.parent / "examples"
ENTRIES = 500
ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-sync",
)
# Types a letter into the first text field, and returns the milliseconds until the resulting files are shown.
TYPE = """const done = arguments[0];
const field = document.querySelector('#questions input[type=text], #questions input[type=number]');
const before = document.body.dataset.turn, begun = performance.now();
new MutationObserver((_, watch) => {
  if (document.body.dataset.turn === before) return;
  watch.disconnect();
  requestAnimationFrame(() => done(performance.now() - begun));
}).observe(document.body, {attributes: true});
field.value = field.type === 'number' ? String(Number(field.value) + 1) : field.value + 'x';
field.dispatchEvent(new Event('input', {bubbles: true}));"""
SHOWN = "return performance.getEntriesByName(arguments[0])[0].startTime"
# On the page of an entry, the last request is the one for the findings of lint.
LINTED = """return document.querySelector('#tiles') !== null ||
    performance.getEntriesByType('resource').some((each) => each.name.includes('/api/findings'))"""
READY = "return document.body && document.body.dataset.state === 'ready' && performance.getEntriesByName(arguments[0]).length > 0"


def preview(folder: Path) -> list[Row]:
    """Measure with the entry of the example that renders the most files, and with a catalog of 500 entries."""
    chromium, driver = shutil.which("chromium"), shutil.which("chromedriver")
    if not chromium or not driver:
        raise RuntimeError("chromium is missing: apt-get install chromium chromium-driver")
    catalog = folder / "catalog"
    shutil.copytree(EXAMPLES, catalog)
    subprocess.run([program("catalog-forge"), "-C", catalog, "generate"], check=True, stderr=subprocess.DEVNULL)
    largest = max((catalog / "images").iterdir(), key=lambda each: sum(file.stat().st_size for file in each.rglob("*.tmpl"))).name
    many = folder / "many/templates"
    entries = sorted((catalog / "templates").iterdir())
    for number in range(ENTRIES):
        shutil.copytree(entries[number % len(entries)], many / f"{entries[number % len(entries)].name}-{number}")
    options = webdriver.ChromeOptions()
    options.binary_location = chromium
    for each in ARGUMENTS:
        options.add_argument(each)
    with webdriver.Chrome(service=Service(driver), options=options) as browser:
        browser.execute_cdp_cmd("Performance.enable", {})
        entry, key = _by_turns(catalog, (largest,), lambda url, process: _entry(browser, url, process))
        (tiles,) = _by_turns(many.parent, (), lambda url, process: (_shown(browser, url, "tiles", process),))
        return [
            entry.row(f"`preview`, {largest} is shown", 150),
            key.row(f"`preview`, a key press in {largest}", 50),
            tiles.row(f"`preview`, {ENTRIES} entries as tiles", 1000),
        ]


@dataclass
class Costs:
    """The costs of the rounds in milliseconds: wall time in the page, processor time of the server and of the page."""

    ours: list[Cost] = field(default_factory=list)
    base: list[Cost] = field(default_factory=list)

    def row(self, what: str, goal: float) -> Row:
        """Return a row with the lowest of each cost, compared with those of the earlier release if there is one."""
        wall, server, page = map(min, zip(*self.ours, strict=True))
        other = f"processor: server {server:.0f} ms, page {page:.0f} ms"
        if self.base:
            before = [min(each) for each in zip(*self.base, strict=True)]
            ratio = (server + page) / (before[1] + before[2])
            other += f"; before {before[0]:.0f} ms, {before[1]:.0f} ms, {before[2]:.0f} ms: {ratio:.2f} x the processor time"
        return Row(what, f"{wall:.0f} ms", other, wall, goal, "ms")


def _by_turns(catalog: Path, entry: tuple[str, ...], measure: Callable[[str, int], tuple[Cost, ...]]) -> list[Costs]:
    """Measure our release and, if it is given, the earlier release in turn, each in a server that has shown the page once."""
    programs = [program("catalog-forge"), *([found] if (found := base()) else [])]
    costs: list[Costs] = []
    with ExitStack() as stack:
        served = [stack.enter_context(_served(each, catalog, *entry)) for each in programs]
        for number in range(ROUNDS + 1):
            for url, process in served:
                found_now = measure(url, process)
                costs = costs or [Costs() for _ in found_now]
                for cost, each in zip(costs, found_now, strict=True):
                    if number:
                        (cost.ours if url == served[0][0] else cost.base).append(each)
    return costs


def _entry(browser: webdriver.Chrome, url: str, process: int) -> tuple[Cost, Cost]:
    """Measure the first view of an entry, and a key press in its form."""
    first = _shown(browser, url, "entry", process)
    before = _spent(browser, process)
    wall = browser.execute_async_script(TYPE)
    after = _spent(browser, process)
    return first, (wall, after[0] - before[0], after[1] - before[1])


def _shown(browser: webdriver.Chrome, url: str, mark: str, process: int) -> Cost:
    """Load a page from scratch. Return the time from the navigation to the performance mark `mark`, and the processor times until
    the last request of the page."""
    browser.get("about:blank")
    server, _ = _spent(browser, process)
    browser.get(url)
    WebDriverWait(browser, 600, 0.05).until(lambda _: browser.execute_script(READY, mark))
    WebDriverWait(browser, 600, 0.05).until(lambda _: browser.execute_script(LINTED))
    time.sleep(1)
    after, page = _spent(browser, process)
    return browser.execute_script(SHOWN, mark), after - server, page


def _spent(browser: webdriver.Chrome, process: int) -> tuple[float, float]:
    """Return the processor time of the server so far, and that of the page since its navigation, in milliseconds."""
    fields = Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    metrics = {each["name"]: each["value"] for each in browser.execute_cdp_cmd("Performance.getMetrics", {})["metrics"]}
    return sum(map(int, fields[11:13])) * 1000 / os.sysconf("SC_CLK_TCK"), metrics["TaskDuration"] * 1000


@contextmanager
def _served(command: str, catalog: Path, *entry: str) -> Iterator[tuple[str, int]]:
    with subprocess.Popen([command, "-C", catalog, "preview", *entry, "--no-open"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        try:
            yield found[0], process.pid
        finally:
            process.terminate()
