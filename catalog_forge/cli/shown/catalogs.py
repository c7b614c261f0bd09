"""Checks that the folder of a command is a catalog, so that a command in a wrong folder fails instead of doing nothing."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog_forge.lint.catalog import Catalog


def check_there(catalog: Catalog, path: Path) -> None:
    """Raise ForgeError if `path`, read as `catalog`, is neither a catalog nor a part of a catalog.

    A folder is a catalog if it contains an entry, a conf image, a spec or standards.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.lint.catalog import STANDARDS
    from catalog_forge.repository import BEGIN

    if catalog.entries or catalog.images or catalog.specs or catalog.misnamed:
        return
    if path.is_dir() and STANDARDS not in catalog.tree.folders[""].files:
        raise ForgeError(f"there is no catalog in {path.resolve()}: no entry, no conf image, no spec", hint=BEGIN)
    if path.is_file() and "/" not in catalog.tree.inside and catalog.tree.inside != STANDARDS:
        raise ForgeError(f"{path} belongs to no entry, conf image or spec, so nothing checks it", hint="a spec is specs/NAME.yml")
