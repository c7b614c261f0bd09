"""JSON Schemas (draft 2020-12) for config.yml, rancher-compose.yml and confd's template resources.

They allow what the three judges and confd accept and use. They refuse keys that no program reads, except for a few that many
catalogs have without effect: those are marked deprecated. Their facts: docs/facts/catalog.md#2.2 and #3.4,
docs/facts/confd.md#1.1. The schemas themselves are files/*.schema.json.
"""

from __future__ import annotations

import json
from importlib.resources import files
from typing import Any

KINDS = ("config", "catalog", "resource")


def schema(kind: str) -> dict[str, Any]:
    """Return the schema for a kind of file, one of KINDS."""
    text = files("catalog_forge.lint").joinpath(f"files/{kind}.schema.json").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text)
    return found
