"""JSON Schemas (draft 2020-12) of the files that others' tools read: config.yml, rancher-compose.yml, confd's template resources.

They take what the three judges and confd take and mean something by. A key that nobody reads is refused, a few that many catalogs
carry without effect are known as deprecated. Where they come from: docs/facts/catalog.md#2.2 and #3.4, docs/facts/confd.md#1.1.
The schemas themselves are files/*.schema.json.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

KINDS = ("config", "catalog", "resource")


def schema(kind: str) -> dict[str, Any]:
    """The schema of a kind of files."""
    text = files("catalog_forge.lint").joinpath(f"files/{kind}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
