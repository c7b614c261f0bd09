"""Finds the blueprints and examples that are shipped with the package. Shell completion runs this code, so it imports little."""

from __future__ import annotations

from pathlib import Path

import catalog_forge

CONTEXT = "cookiecutter.json"


def shipped() -> dict[str, Path]:
    """Map the name of each shipped blueprint to its folder, in the order of the names."""
    return {path.parent.name: path.parent for path in sorted(_shipped("blueprints").glob(f"*/{CONTEXT}"))}


def examples() -> dict[str, Path]:
    """Map the name of each example spec that is shipped with catalog-forge to its file, in the order of the names."""
    return {path.stem: path for path in sorted(_shipped("examples").glob("specs/*.yml"))}


def _shipped(name: str) -> Path:
    package = Path(catalog_forge.__file__).parent
    inside = package / f"_{name}"  # the place in a wheel; in a checkout, the examples are next to the package
    return inside if inside.is_dir() else package.parent / name
