"""`catalog-forge help`: print the same text as COMMAND --help."""

from __future__ import annotations

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.shown import printable


@click.command()
@click.argument("words", metavar="[COMMAND]...", nargs=-1, shell_complete=complete.commands)
@click.pass_context
def help(context: click.Context, words: tuple[str, ...]) -> None:
    """Show the help of a command; the same as COMMAND --help.

    \b
    Examples:
      catalog-forge help up
      catalog-forge help metadata get
    """
    from catalog_forge.errors import UsageError, did_you_mean

    above = context.find_root()
    for word in words:
        group = above.command
        known = group.list_commands(above) if isinstance(group, click.Group) else []
        command = group.get_command(above, word) if isinstance(group, click.Group) else None
        if command is None:
            raise UsageError(f"{above.command_path} has no command {printable(word)!r}", hint=did_you_mean(word, known))
        above = click.Context(command, above, word)
    click.echo(above.get_help())
