"""`catalog-forge start`: start what `stop` has stopped."""

from __future__ import annotations

from dataclasses import replace

import click

from catalog_forge.cli.shown import names as complete


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.argument("services", metavar="[SERVICE]...", nargs=-1, shell_complete=complete.services)
def start(stack: str | None, services: tuple[str, ...]) -> None:
    """Start a stack that was stopped, or some of its units.

    The stack runs in the background with its last definition; SERVICE is a service or a unit such as web-2. To change the
    definition, use `up`.

    \b
    Examples:
      catalog-forge start redis
      catalog-forge start redis redis-2
    """
    from catalog_forge.cli.run.background import Background
    from catalog_forge.cli.run.stop import chosen, units
    from catalog_forge.cli.run.up import bring_up, supervise

    background = Background(supervise)
    wanted = chosen(stack).plan()[0]
    held = set(wanted.held) - set(units(wanted, services))
    bring_up(replace(wanted, held=tuple(sorted(held))), background)
