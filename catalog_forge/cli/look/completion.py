"""`catalog-forge completion`: print a script that makes a shell complete commands, options and names."""

from __future__ import annotations

import click


@click.command()
@click.argument("shell", type=click.Choice(["bash", "zsh", "fish"]))
@click.pass_context
def completion(context: click.Context, shell: str) -> None:
    """Print the script that sets up completion in a shell.

    The script completes commands and options, and the names of specs, entries, stacks, services, scenarios, blueprints
    and rules. Add the line for your shell to its startup file.

    \b
    Examples:
      eval "$(catalog-forge completion bash)"                # ~/.bashrc
      eval "$(catalog-forge completion zsh)"                 # ~/.zshrc, below compinit
      catalog-forge completion fish | source                 # ~/.config/fish/config.fish
    """
    from click.shell_completion import get_completion_class

    made = get_completion_class(shell)
    assert made is not None
    script = made(context.find_root().command, {}, "catalog-forge", "_CATALOG_FORGE_COMPLETE")
    click.echo(script.source_template % script.source_vars())
