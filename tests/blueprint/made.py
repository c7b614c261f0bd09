"""Catalogs that `new` makes of the blueprints that are shipped, for tests."""

from __future__ import annotations

from pathlib import Path

from click.testing import CliRunner

from catalog_forge.blueprint.find import GENERIC
from catalog_forge.cli.main import root
from catalog_forge.repository import MARK, Repository

# The generic one begins from any service, and has no name of its own that could be one.
_WORDS = {GENERIC: ("redis-conf", "--set", "service=redis:3.2.11", "--set", "metadata=maxmemory")}


def make(blueprint: str, folder: Path, *words: str) -> Path:
    """Let `new` make the files of a blueprint in a folder, with its defaults and without an image, and return the folder.

    Who maintains any service at all, and its licence, is for the catalog to say.
    """
    if blueprint == GENERIC:
        (folder / MARK).write_text("defaults: {maintainer: Jo Doe <jo@example.org>, entry: {license: Apache-2.0}}\n")
    name, *more = _WORDS.get(blueprint, (blueprint,))
    arguments = ["-C", str(folder), "new", name, "--blueprint", blueprint, "--no-input", "--no-build", *more, *words]
    result = CliRunner().invoke(root, arguments)
    assert result.exit_code == 0, result.output
    return folder


def names(made: Path) -> list[str]:
    """The names of the specs in a folder."""
    return Repository(made).names()
