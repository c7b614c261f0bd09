"""Collects the findings of lint for an entry, its conf image and its spec."""

from __future__ import annotations

from typing import Any

from catalog_forge.errors import ForgeError
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import settings
from catalog_forge.lint.runner.check import check
from catalog_forge.preview.site import SPECS, Opened, Site
from catalog_forge.rancher.questions import defaults
from catalog_forge.repository import Repository
from catalog_forge.spec.standards import Team


def findings(site: Site, opened: Opened) -> dict[str, Any]:
    """Return the findings, with the rules and levels of the catalog's standards. External linters are not run."""
    try:
        team: Team | ForgeError = Repository(site.root).team or Team()
    except ForgeError as error:
        team = error
    choice = settings.of(team).choice(external=False)
    behind = (f"{SPECS}/{opened.source.name}.yml", f"images/{opened.source.name}") if opened.source else _images(opened)
    trees = [opened.tree, *(disk.read(site.root / path, path) for path in behind if (site.root / path).exists())]
    found = dict.fromkeys(finding for tree in trees if tree.files for finding in check(Catalog(tree, team), choice).findings)
    return {"findings": [each.as_data() for each in found]}


def _images(opened: Opened) -> tuple[str, ...]:
    """Return the folders of the images that a hand-written entry runs."""
    if opened.images is None or opened.revision is None:
        return ()
    run = opened.images.run_by(opened.revision, defaults(opened.revision.questions)).values()
    paths = (original.image.folder.where.file.rstrip("/") for _, original in run)
    return tuple(dict.fromkeys(path for path in paths if path))
