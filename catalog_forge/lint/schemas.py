"""JSON Schemas (draft 2020-12) for config.yml, rancher-compose.yml and confd's template resources.

The schemas allow the keys and values that the three judges and confd use. The schemas refuse keys that no program reads,
except a few keys that many catalogs contain: these keys are allowed, but marked deprecated. Facts: docs/facts/catalog.md#2.2
and #3.4, docs/facts/confd.md#1.1. The schemas themselves are files/*.schema.json.
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
