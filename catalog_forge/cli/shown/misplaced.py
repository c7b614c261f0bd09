"""Tells users whether a misplaced option belongs before or after the name of its command."""

from __future__ import annotations

from collections.abc import Sequence

import click


def explained(error: click.NoSuchOption, words: Sequence[str]) -> click.UsageError:
    """Return the error to show in place of `error`. `words` are all words of the command line after `catalog-forge`.

    Returns `error` itself if no command on the line has the option.
    """
    option, context = error.option_name, error.ctx
    if context is None:
        return error
    start = context.find_root()
    if start is not context and _has(start.command, option):
        value = "" if _flag(start.command, option) else " DIR"
        rest = context.command_path.removeprefix(f"{start.command_path} ")
        return click.UsageError(f"{option} belongs before the command: {start.command_path} {option}{value} {rest} ...", context)
    path, command = context.command_path, context.command
    for before, word in zip(("", *words), words, strict=False):
        below = command.get_command(context, word) if isinstance(command, click.Group) and before != "-C" else None
        if below is None:
            continue
        path, command = f"{path} {word}", below
        if _has(command, option):
            return click.UsageError(f"{option} belongs after the command: {path} {option}", context)
    if command is context.command:
        return error
    return click.UsageError(f"no such option: {option}; {path} has no such option either: see {path} --help", context)


def _has(command: click.Command, option: str) -> bool:
    return any(option in (*each.opts, *each.secondary_opts) for each in command.params if isinstance(each, click.Option))


def _flag(command: click.Command, option: str) -> bool:
    return any(each.is_flag for each in command.params if isinstance(each, click.Option) and option in each.opts)
