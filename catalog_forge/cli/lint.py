"""`lint`: what is wrong with a catalog, an entry, an image or a spec."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings

if TYPE_CHECKING:
    from catalog_forge.lint.model import Finding


@click.command()
@click.argument("paths", nargs=-1, type=click.Path(path_type=Path))
@click.pass_obj
def lint(settings: Settings, paths: tuple[Path, ...]) -> None:
    """Judge catalogs, entries, conf images and specs, written by anybody.

    PATHS are folders or files of any Rancher 1.x catalog; the default is the folder in which you work.
    """
    found = [finding for path in paths or (Path(),) for finding in _findings(settings.directory / path, path)]
    for each in found:
        click.echo(f"{each.where}: {each.level} {each.rule}: {each.message}")
    if any(each.level == "error" for each in found):
        raise SystemExit(1)


def _findings(path: Path, shown: Path) -> list[Finding]:
    from catalog_forge.lint import disk, registry
    from catalog_forge.lint.catalog import Catalog
    from catalog_forge.lint.run import Choice, run

    catalog = Catalog(disk.read(path, "" if shown == Path() else str(shown)))
    return run(catalog, Choice(registry.expand(("all",))))
