"""`catalog-forge restart`: restart the units of a stack one after the other."""

from __future__ import annotations

from dataclasses import replace

import click

from catalog_forge.cli.shown import names as complete


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@click.argument("services", metavar="[SERVICE]...", nargs=-1, shell_complete=complete.services)
def restart(stack: str | None, services: tuple[str, ...]) -> None:
    """Restart the units of a stack one by one.

    The containers are kept: they are stopped and started, and the next unit of a service follows only when all other
    units run and are healthy. SERVICE is a service or a unit such as web-2; by default, all units are restarted. A stack
    that is not running is started.

    \b
    Examples:
      catalog-forge restart redis
      catalog-forge restart redis redis-2
    """
    from catalog_forge.cli.run.background import Background
    from catalog_forge.cli.run.stop import chosen, units
    from catalog_forge.cli.run.up import bring_up, supervise

    background = Background(supervise)
    wanted = chosen(stack).plan()[0]
    named = units(wanted, services)
    restarts = {**wanted.restarts, **{unit: wanted.restarts.get(unit, 0) + 1 for unit in named}}
    held = tuple(unit for unit in wanted.held if unit not in named)
    bring_up(replace(wanted, restarts=restarts, held=held), background)
