"""`catalog-forge standards`: what holds in a catalog."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from catalog_forge.spec.standards import Team


@click.group()
def standards() -> None:
    """Look at the standards of a team."""


@standards.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
@click.pass_obj
def show(settings: Settings, form: str) -> None:
    """Print the standards that hold here, and where each line comes from.

    They stand in catalog-forge.yml at the root of the catalog, and in what that file extends.
    """
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import MARK, Repository

    repository = Repository.find(settings.directory)
    team = repository.team
    if team is None:
        raise ForgeError(f"there is no {MARK} with standards in {repository.root}", hint="docs/standards.md begins one")
    if form == "json":
        lines = [{"key": path, "value": node.value, "where": str(node.where)} for path, node in team.lines()]
        click.echo(as_json(lines))
    else:
        _draw(team)


def _draw(team: Team) -> None:
    from catalog_forge.shown import printable

    lines = [(printable(path), printable(node.value), printable(str(node.where))) for path, node in team.lines()]
    widths = [max((len(line[column]) for line in lines), default=0) for column in (0, 1)]
    for path, value, where in lines:
        click.echo(f"{path:{widths[0]}}  {value:{widths[1]}}  " + click.style(where, dim=True))
