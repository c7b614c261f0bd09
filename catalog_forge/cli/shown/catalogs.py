"""Checks that the folder of a command is a catalog, so that a command in a wrong folder does not succeed with nothing done."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from catalog_forge.lint.catalog import Catalog


def check_there(catalog: Catalog, folder: Path) -> None:
    """Raise ForgeError if the folder `folder`, read as `catalog`, has no entry, no conf image, no spec and no standards."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import BEGIN, MARK

    if folder.is_dir() and not (catalog.entries or catalog.images or catalog.specs or (folder / MARK).exists()):
        raise ForgeError(f"there is no catalog in {folder.resolve()}: no entry, no conf image, no spec", hint=BEGIN)
