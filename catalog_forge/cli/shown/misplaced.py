"""Tells users what to type in place of a command line that click refuses."""

from __future__ import annotations

import re
from collections.abc import Sequence
from shlex import quote

import click

from catalog_forge.shown import printable

# The maximum number of known names in an error.
_MOST = 8


def explained(error: click.UsageError, words: Sequence[str]) -> click.UsageError:
    """Return the error to show in place of `error`. `words` are all words of the command line after `catalog-forge`.

    Returns `error` itself if there is nothing to add.
    """
    context = error.ctx
    if isinstance(error, click.NoSuchOption):
        return _unknown(error, words)
    if context is None:
        return error
    if isinstance(error, click.MissingParameter) and error.param and not error.message:
        return click.MissingParameter(_missing(error.param, context), context, error.param)
    if found := re.match(r"Got unexpected extra arguments? \((.+)\)$", error.message):
        return click.UsageError(_extra(found[1], words, context), context)
    if (found := re.match("No such command '(.*)'\\.", error.message)) and isinstance(context.command, click.Group):
        from catalog_forge.errors import did_you_mean

        hint = did_you_mean(found[1], context.command.list_commands(context))
        return click.UsageError(f"no such command {found[1]!r}: {hint}", context) if context.parent else error
    return error


def _unknown(error: click.NoSuchOption, words: Sequence[str]) -> click.UsageError:
    """Say whether a misplaced option belongs before or after the name of its command."""
    option, context = error.option_name, error.ctx
    if context is None:
        return error
    start = context.find_root()
    if start is not context and _option(start.command, option):
        value = "" if _flag(start.command, option) else " DIR"
        rest = context.command_path.removeprefix(f"{start.command_path} ")
        return click.UsageError(f"{option} belongs before the command: {start.command_path} {option}{value} {rest} ...", context)
    path, command = context.command_path, context.command
    for before, word in zip(("", *words), words, strict=False):
        below = command.get_command(context, word) if isinstance(command, click.Group) and before != "-C" else None
        if below is None:
            continue
        path, command = f"{path} {word}", below
        if _option(command, option):
            return click.UsageError(f"{option} belongs after the command: {path} {option}", context)
    if command is context.command:
        return error
    return click.UsageError(f"no such option: {option}; {path} has no such option either: see {path} --help", context)


def _missing(param: click.Parameter, context: click.Context) -> str:
    """Return what the user can give for a missing parameter: the known names, or an example of the command."""
    from catalog_forge.cli.shown.examples import EXAMPLES
    from catalog_forge.errors import first_of

    known = [each.value for each in param.shell_complete(context, "") if each.type == "plain" and each.value]
    if known:
        return f"Known here: {printable(first_of(known, _MOST))}"
    examples = EXAMPLES.get(context.command_path.partition(" ")[2])
    return f"Example: catalog-forge {examples[0]}" if examples else ""


def _extra(text: str, words: Sequence[str], context: click.Context) -> str:
    """Return the error for arguments that a command does not take: most are parts of a value that must be quoted.

    The value of a KEY=VALUE may be a secret, so none of it is repeated.
    """
    first = text.partition(" ")[0]
    at = len(words) - 1 - [*reversed(words)].index(first) if first in words else 0
    option = words[at - 2] if at > 1 else ""
    if not _flag(context.command, option) and _option(context.command, option):
        name, is_pair, _ = words[at - 1].partition("=")
        if is_pair:
            return f"the value of {option} has spaces: put quotes around it: {option} '{name}=...'"
        return f"unexpected argument {first!r}: did you mean {option} {quote(f'{words[at - 1]} {text}')}?"
    taken = " ".join(each.make_metavar(context) for each in context.command.params if isinstance(each, click.Argument))
    what = f"takes only {taken}; put quotes around text with spaces" if taken else "takes no arguments"
    return f"unexpected argument {first!r}: {context.command_path} {what}"


def check_values(command: click.Command, words: Sequence[str], context: click.Context) -> None:
    """Refuse an option whose value is forgotten, because click would take the next option as its value."""
    for word, after in zip(words, [*words[1:], None], strict=False):
        if isinstance(command, click.Group) and (below := command.get_command(context, word)):
            command, context = below, click.Context(below, context, word)
        elif word == "--" or (not command.allow_interspersed_args and not word.startswith("-")):
            return
        elif (found := _option(command, word)) and not _flag(command, word):
            value = f"{word} {found.make_metavar(context)}"
            if after is None:
                raise click.UsageError(f"{word} needs a value: write {value}", context)
            if after.startswith("--") and _option(command, after):
                raise click.UsageError(f"{word} needs a value, but {after} follows: write {value} {after}", context)


def _option(command: click.Command, option: str) -> click.Option | None:
    own = (each for each in command.params if isinstance(each, click.Option))
    return next((each for each in own if option in (*each.opts, *each.secondary_opts)), None)


def _flag(command: click.Command, option: str) -> bool:
    found = _option(command, option)
    return bool(found and (found.is_flag or found.count))
