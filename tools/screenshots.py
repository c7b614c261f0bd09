#!/usr/bin/env python3
"""Take the screenshots of docs/preview.md anew, each view of the page in a real Chromium: tools/screenshots.py [VIEW...]

The entry is Elasticsearch of examples/. `running` needs a Docker engine with the base image, which
tools/with_real_programs.sh tools/screenshots.py brings.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from selenium import webdriver  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

from tests.helpers import tree  # noqa: E402
from tests.preview.browser import Page, served, started  # noqa: E402

PICTURES = ROOT / "docs/pictures"
MAX_BYTES = 150_000
ENTRY = "#/templates/elasticsearch"

ECHO = {
    "templates/echo/config.yml": "name: Echo\ndescription: Two web servers that say hello\nversion: '1'\n",
    "templates/echo/0/docker-compose.yml": "version: '2'\nservices:\n  echo:\n    image: busybox:1.37.0\n"
    "    command: sh -c 'echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'\n    stop_grace_period: 1s\n",
    "templates/echo/0/rancher-compose.yml": "version: '2'\ncatalog: {name: Echo, version: '1'}\nservices:\n"
    "  echo: {scale: 2, health_check: {port: 8080, interval: 500, healthy_threshold: 1, unhealthy_threshold: 3}}\n",
}


def main() -> None:
    """Write the pictures into docs/pictures/."""
    PICTURES.mkdir(exist_ok=True)
    paths = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in paths:
        sys.exit("tools/chromium.sh installs what is missing")
    with TemporaryDirectory() as folder, started((str(paths[0]), str(paths[1]))) as browser:
        catalog = Path(folder) / "catalog"
        shutil.copytree(ROOT / "examples", catalog)
        forge(catalog, "generate")
        browser.set_window_size(1180, 760)
        with served(catalog) as url:
            of_entry(Page(browser, url))
            browser.get("about:blank")
        forge(catalog, "preview", "elasticsearch", "--export", str(catalog / "es.html"))
        of_export(Page(browser, (catalog / "es.html").as_uri()))
        of_echo(browser, tree(Path(folder) / "echo", ECHO))


def of_entry(page: Page) -> None:
    """The tiles, and each view of an entry."""
    page.open()
    page.until("[...document.images].every((each) => each.complete)")
    shoot(page, "tiles")
    page.open(f"{ENTRY}?tab=files")
    page.fill("#q-cluster_name", "search")
    page.fill("#scale-elasticsearch-masters", "5")
    shoot(page, "files")
    for tab in ("readme", "compose", "topology", "scenarios"):
        page.tab(tab)
        shoot(page, tab)
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": [{"name": "prefers-color-scheme", "value": "dark"}]})
    shoot(page, "dark")
    page.browser.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": []})


def of_export(page: Page) -> None:
    """The file of --export, with an option that was chosen."""
    page.browser.get(page.url)
    page.ready()
    Select(page.find("#q-log_level")).select_by_value("DEBUG")
    shoot(page, "export")


def of_echo(browser: webdriver.Chrome, catalog: Path) -> None:
    """What lint finds, and a stack that runs."""
    with served(catalog) as url:
        page = Page(browser, url)
        page.open("#/templates/echo")
        page.tab("findings")
        shoot(page, "findings")
        if wanted("running"):
            forge(catalog, "up", "echo", "-d", "--name", "echo-of-the-docs")
            try:
                page.tab("stack")
                page.until("document.querySelectorAll('.dot.good').length === 4")
                shoot(page, "running")
            finally:
                forge(catalog, "down", "echo-of-the-docs")
        browser.get("about:blank")


def wanted(name: str) -> bool:
    """Whether a view was asked for, or none by its name."""
    return name in sys.argv[1:] or not sys.argv[1:]


def shoot(page: Page, name: str) -> None:
    """Take a picture when nothing moves any more."""
    page.run("document.getAnimations().forEach((each) => each.finish()); document.activeElement.blur(); scrollTo(0, 0)")
    page.run("document.querySelectorAll('.side').forEach((each) => each.scrollTo(0, 0))")
    file = PICTURES / f"preview-{name}.png"
    if not wanted(name):
        return
    page.browser.save_screenshot(str(file))
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}: {size} bytes")
    if size > MAX_BYTES:
        sys.exit(f"{file.name} is larger than {MAX_BYTES} bytes")


def forge(root: Path, *words: str) -> None:
    """Run the command."""
    subprocess.run([sys.executable, "-m", "catalog_forge", "-C", str(root), *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
