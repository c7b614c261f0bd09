"""`catalog-forge schema`: what an editor needs to help with specs."""

from __future__ import annotations

import json

import click


@click.command()
def schema() -> None:
    """Print the JSON Schema of the spec language.

    Editors that know yaml-language-server use it for completion and checks; specs name it in their first line.
    """
    from catalog_forge.spec.schema import schema as make

    click.echo(json.dumps(make(), indent=2))
