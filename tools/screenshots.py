#!/usr/bin/env python3
"""Take new screenshots of each view of the page for docs/preview.md, in a real Chromium: tools/screenshots.py [VIEW...]

The entry is Elasticsearch from examples/. The view `running` needs a Docker engine with the base image:
tools/with_real_programs.sh tools/screenshots.py
"""

from __future__ import annotations

import shutil
import struct
import subprocess
import sys
import zlib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from selenium import webdriver  # noqa: E402
from selenium.webdriver.support.select import Select  # noqa: E402

from tests.helpers import tree  # noqa: E402
from tests.preview.browser import Page, served, started  # noqa: E402

PICTURES = ROOT / "docs/pictures"
MAX_BYTES = 80_000
ENTRY = "#/templates/elasticsearch"

ECHO = {
    "templates/echo/config.yml": "name: Echo\ndescription: Two web servers that say hello\nversion: '1'\n",
    "templates/echo/0/docker-compose.yml": "version: '2'\nservices:\n  echo:\n    image: busybox:1.37.0\n"
    "    command: sh -c 'echo hello > /tmp/index.html; exec httpd -f -p 8080 -h /tmp'\n    stop_grace_period: 1s\n",
    "templates/echo/0/rancher-compose.yml": "version: '2'\ncatalog: {name: Echo, version: '1'}\nservices:\n"
    "  echo: {scale: 2, health_check: {port: 8080, interval: 500, healthy_threshold: 1, unhealthy_threshold: 3}}\n",
}


def main() -> None:
    """Write the pictures to docs/pictures/."""
    PICTURES.mkdir(exist_ok=True)
    paths = [shutil.which(name) for name in ("chromium", "chromedriver")]
    if None in paths:
        sys.exit("tools/chromium.sh installs what is missing")
    with TemporaryDirectory() as folder, started((str(paths[0]), str(paths[1]))) as browser:
        catalog = Path(folder) / "catalog"
        shutil.copytree(ROOT / "examples", catalog)
        forge(catalog, "generate")
        browser.set_window_size(1280, 860)
        with served(catalog) as url:
            of_entry(Page(browser, url))
            browser.get("about:blank")
        forge(catalog, "preview", "elasticsearch", "--export", str(catalog / "es.html"))
        of_export(Page(browser, (catalog / "es.html").as_uri()))
        of_echo(browser, tree(Path(folder) / "echo", ECHO))


def of_entry(page: Page) -> None:
    """Take pictures of the tiles and of each view of an entry."""
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
    """Take a picture of the file that --export writes, with one option chosen."""
    page.browser.get(page.url)
    page.ready()
    Select(page.find("#q-log_level")).select_by_value("DEBUG")
    shoot(page, "export")


def of_echo(browser: webdriver.Chrome, catalog: Path) -> None:
    """Take pictures of lint's findings and of a running stack."""
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
    """Whether this view was requested on the command line, or no view was."""
    return name in sys.argv[1:] or not sys.argv[1:]


def shoot(page: Page, name: str) -> None:
    """Take a picture after all animations have ended."""
    page.run("document.getAnimations().forEach((each) => each.finish()); document.activeElement.blur(); scrollTo(0, 0)")
    page.run("document.querySelectorAll('.side').forEach((each) => each.scrollTo(0, 0))")
    file = PICTURES / f"preview-{name}.png"
    if not wanted(name):
        return
    file.write_bytes(in_few_colours(page.browser.get_screenshot_as_png()))
    size = file.stat().st_size
    print(f"{file.relative_to(ROOT)}: {size} bytes")
    if size > MAX_BYTES:
        sys.exit(f"{file.name} is larger than {MAX_BYTES} bytes")


def in_few_colours(png: bytes) -> bytes:
    """Reduce a PNG of 8-bit RGB(A) to the 256 colours that cover most of it. It then has a third of the bytes, without a visible
    difference."""
    chunks = dict.fromkeys(("IHDR", "IDAT"), b"")
    at = 8
    while at < len(png):
        (size,) = struct.unpack_from(">I", png, at)
        kind = png[at + 4 : at + 8].decode()
        chunks[kind] = chunks.get(kind, b"") + png[at + 8 : at + 8 + size]
        at += size + 12
    width, height, _, kind_of, *_ = struct.unpack(">IIBBBBB", chunks["IHDR"])
    rows = list(unfiltered(zlib.decompress(chunks["IDAT"]), width, height, 4 if kind_of == 6 else 3))
    seen = Counter(colour for row in rows for colour in row)
    # The next colour is the one that the colours so far fit worst, weighted by its pixels, so that rare, bright colours are kept.
    palette: list[tuple[int, ...]] = []
    wrong, nearest = dict.fromkeys(seen, 1 << 20), dict.fromkeys(seen, 0)
    while len(palette) < min(256, len(seen)):
        palette.append(max(seen, key=lambda each: seen[each] * wrong[each]))
        for each in seen:
            far = sum((one - other) ** 2 for one, other in zip(palette[-1], each, strict=True))
            if far < wrong[each]:
                wrong[each], nearest[each] = far, len(palette) - 1
    data = b"".join(b"\0" + bytes(nearest[colour] for colour in row) for row in rows)
    parts = {
        b"IHDR": struct.pack(">IIBBBBB", width, height, 8, 3, 0, 0, 0),
        b"PLTE": b"".join(map(bytes, palette)),
        b"IDAT": zlib.compress(data, 9),
        b"IEND": b"",
    }
    return png[:8] + b"".join(
        struct.pack(">I", len(text)) + name + text + struct.pack(">I", zlib.crc32(name + text)) for name, text in parts.items()
    )


def unfiltered(data: bytes, width: int, height: int, size: int) -> Iterator[list[tuple[int, ...]]]:
    """Return the colours of each row. A PNG contains each byte as a difference to its neighbours (PNG specification, 9.2)."""
    before = bytearray(width * size)
    for top in range(0, height * (width * size + 1), width * size + 1):
        row = bytearray(data[top + 1 : top + 1 + width * size])
        for at in range(len(row)):
            left, corner = (row[at - size], before[at - size]) if at >= size else (0, 0)
            row[at] = (row[at] + _guess(data[top], left, before[at], corner)) & 255
        yield [tuple(row[at : at + 3]) for at in range(0, len(row), size)]
        before = row


def _guess(kind: int, left: int, above: int, corner: int) -> int:
    if kind < 4:
        return (0, left, above, (left + above) // 2)[kind]
    return min((left, above, corner), key=lambda each: abs(left + above - corner - each))


def forge(root: Path, *words: str) -> None:
    """Run the command."""
    subprocess.run([sys.executable, "-m", "catalog_forge", "-C", str(root), *words], check=True, stdout=subprocess.DEVNULL)


if __name__ == "__main__":
    main()
