"""`catalog-forge rollback`: return a stack to its state before the last change."""

from __future__ import annotations

import click

from catalog_forge.cli.shown import names as complete


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
def rollback(stack: str | None) -> None:
    """Return a stack to its state before the last change.

    Restores the services, answers, scales and images of the `up` before the last `up`; units that differ are replaced
    one by one. A second `rollback` undoes the first.

    \b
    Examples:
      catalog-forge rollback redis
    """
    from catalog_forge.cli.run.background import Background
    from catalog_forge.cli.run.stop import chosen
    from catalog_forge.cli.run.up import bring_up, supervise
    from catalog_forge.stack import changes

    background = Background(supervise)
    folder = chosen(stack)
    before = folder.before()
    for line in changes.lines(changes.changes(folder.there(), before)):
        click.echo(line)
    bring_up(before, background)
