"""How soon the page of `preview` shows an entry, the files for a key press, and 500 entries: in Chromium, by its own clock."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

from measure import ROUNDS, Row, program
from selenium import webdriver
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.support.wait import WebDriverWait

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
# Types a letter into the first text field, and gives the milliseconds until the files for it are shown.
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
READY = "return document.body && document.body.dataset.state === 'ready' && performance.getEntriesByName(arguments[0]).length > 0"


def preview(folder: Path) -> list[Row]:
    """Measure with the entry of the example that renders most, and with a catalog of 500 entries."""
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
        return [*_entry(browser, catalog, largest), _tiles(browser, many.parent)]


def _entry(browser: webdriver.Chrome, catalog: Path, spec: str) -> Iterator[Row]:
    firsts, files, keys = [], [], []
    with _served(catalog, spec) as url:
        for _ in range(ROUNDS):
            files.append(_shown(browser, url, "files"))
            firsts.append(browser.execute_script(SHOWN, "entry"))
            keys += [browser.execute_async_script(TYPE) for _ in range(ROUNDS)][1:]
    first, key = median(firsts), median(keys)
    yield Row(f"`preview`, {spec} is shown", f"{first:.0f} ms", f"its files after {median(files):.0f} ms", first, 150, "ms")
    yield Row(f"`preview`, a key press in {spec}", f"{key:.0f} ms", f"the slowest {max(keys):.0f} ms", key, 50, "ms")


def _tiles(browser: webdriver.Chrome, catalog: Path) -> Row:
    with _served(catalog) as url:
        found = median(_shown(browser, url, "tiles") for _ in range(ROUNDS)) / 1000
    return Row(f"`preview`, {ENTRIES} entries as tiles", f"{found:.2f} s", "from the navigation", found, 1, "s")


def _shown(browser: webdriver.Chrome, url: str, mark: str) -> float:
    """Load a page anew; return the milliseconds from the navigation to what bears the mark."""
    browser.get("about:blank")
    browser.get(url)
    WebDriverWait(browser, 60, 0.05).until(lambda _: browser.execute_script(READY, mark))
    found: float = browser.execute_script(SHOWN, mark)
    return found


@contextmanager
def _served(catalog: Path, *entry: str) -> Iterator[str]:
    command = [program("catalog-forge"), "-C", catalog, "preview", *entry, "--no-open"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        found = re.search(r"http://\S+", process.stderr.readline())
        assert found
        try:
            yield found[0]
        finally:
            process.terminate()
