"""docs/spec.md is made from the model, and is what the model gives now."""

from __future__ import annotations

from pathlib import Path

from catalog_forge.spec.reference import markdown


def test_the_reference_is_current() -> None:
    page = Path(__file__).parents[2] / "docs/spec.md"
    assert page.read_text() == markdown(), "python tools/reference.py > docs/spec.md"
