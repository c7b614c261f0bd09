"""The screenshots in the docs: each is shown, and none is large."""

from __future__ import annotations

import re
from pathlib import Path

DOCS = Path(__file__).parents[2] / "docs"
MAX_BYTES = 80_000


def test_each_screenshot_is_shown_and_small() -> None:
    shown = re.findall(r"\(pictures/(preview-[a-z]+\.png)\)", (DOCS / "preview.md").read_text())
    assert sorted(shown) == sorted(each.name for each in (DOCS / "pictures").glob("preview-*"))
    for name in shown:
        picture = (DOCS / "pictures" / name).read_bytes()
        assert picture.startswith(b"\x89PNG") and len(picture) <= MAX_BYTES, name
