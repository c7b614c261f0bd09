"""`catalog-forge spec`: show specs, and change single values in them."""

from __future__ import annotations

from pathlib import Path

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.make.editing import add_key, get, set_value, unset
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options


@click.group()
def spec() -> None:
    """Show and edit specs."""


for _each in (get, set_value, unset, add_key):
    spec.add_command(_each)


@spec.command()
@click.argument("name", shell_complete=complete.specs)
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Print the full form of a spec, with every default filled in."""
    from catalog_forge.repository import Repository
    from catalog_forge.spec.described.show import full

    click.echo(full(Repository.find(settings.directory).source(name).spec()), nl=False)


@spec.command()
@click.argument("name", shell_complete=complete.specs)
@options.output("FILE", "Write the picture to FILE.")
@click.pass_obj
def picture(settings: Settings, name: str, out: Path | None) -> None:
    """Draw the stack of a spec as SVG: services, containers, files, ports, volumes, and the links between them."""
    from catalog_forge.cli.shown import outfile
    from catalog_forge.preview import topology
    from catalog_forge.preview.drawing import draw
    from catalog_forge.repository import Repository

    drawn = draw(topology.of_spec(Repository.find(settings.directory).source(name).spec()))
    if out:
        outfile.write(out, drawn)
    else:
        outfile.show(drawn, f"catalog-forge spec picture {name} -o FILE.svg")
