"""`catalog-forge spec`: look at specs."""

from __future__ import annotations

import click

from catalog_forge.cli.main import Settings


@click.group()
def spec() -> None:
    """Look at specs."""


@spec.command()
@click.argument("name")
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Print the full form of a spec, with every default filled in."""
    from catalog_forge.repository import Repository
    from catalog_forge.spec.show import full

    click.echo(full(Repository.find(settings.directory).source(name).spec()), nl=False)
