"""A small sound catalog, and others that differ from it by some files."""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from catalog_forge.lint.runner.sound import SOUND
from catalog_forge.rancher.tree import MAX_BYTES, File, Kind, Tree


def tree(changes: Mapping[str, str | None] | None = None, odd: Mapping[str, str] | None = None) -> Tree:
    """The sound catalog with some files changed, added, or (None) left out; `odd` ones as `Example.odd` has them."""
    files = {**SOUND, **(changes or {})}
    found = Tree.of({path: text for path, text in files.items() if text is not None})
    return Tree([*found.files.values(), *(_odd(path, word, files.get(path) or "") for path, word in (odd or {}).items())])


def _odd(path: str, word: str, text: str) -> File:
    if word == "large":
        return File(path, MAX_BYTES * 2, lambda: b"")
    written = {"bom": f"\ufeff{text}", "crlf": text.replace("\n", "\r\n"), "tabs": text.replace("»", "\t")}
    content = written.get(word, text).encode()
    return File(path, len(content), lambda: content, "file" if word in written else cast(Kind, word))
