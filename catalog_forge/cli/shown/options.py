"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from catalog_forge.cli.shown import places

_ANSWERS = "File with answers, as YAML or as KEY=VALUE lines (.env)."


class WholeNumber(click.IntRange):
    """The type of an option that takes a whole number between two bounds."""

    name = "whole number"


def pair(option: str, text: str, shape: str = "NAME=VALUE") -> tuple[str, str]:
    """Split the value of an option such as --set into name and value. Raises BadParameter if it is not of this shape."""
    name, equals, value = text.partition("=")
    if not (equals and name.strip()):
        right = f"{option} {name.strip() or shape.partition('=')[0]}=VALUE"
        raise click.BadParameter(f"{text!r} is not {shape}: write {right}", param_hint=option)
    return name, value


def refuse_without(needed: str, *options: str) -> None:
    """Refuse options that the user gave without the option that they need, because they would have no effect."""
    context = click.get_current_context()
    command_line = click.core.ParameterSource.COMMANDLINE
    params = (each for each in context.command.params if context.get_parameter_source(each.name or "") is command_line)
    given = {name for each in params for name in each.opts}
    for option in options:
        if option in given and needed not in given:
            raise click.UsageError(f"{option} has no effect without {needed}: add {needed}, or leave out {option}", context)


def output(metavar: str, what: str, dest: str = "out") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --output: the file for the result, or the folder if `metavar` is DIR."""
    into = places.NEW_FOLDER if metavar == "DIR" else places.NEW_FILE
    return click.option("-o", "--output", dest, type=into, metavar=metavar, help=what)


def html() -> Callable[[Any], Any]:
    """Return a decorator that adds the option --html: the file for a page."""
    return click.option("--html", type=places.NEW_FILE, metavar="FILE", help="Write an HTML page.")


def answers(what: str = _ANSWERS, dest: str = "answers") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --answers: the file with the answers to questions."""
    return click.option("--answers", dest, type=places.FILE, metavar="FILE", help=what)


def confd(what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --confd: a confd binary."""
    return click.option("--confd", type=places.FILE, envvar="CATALOG_FORGE_CONFD", show_envvar=True, help=what)


def jobs(default: int, what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --jobs: the number of tasks to run in parallel."""
    return click.option("-j", "--jobs", type=WholeNumber(1, 64), metavar="N", default=default, show_default=True, help=what)


def form(*choices: str, what: str = "Output format.") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --format: one of `choices` (the first is the default), or text or json."""
    known = choices or ("text", "json")
    return click.option("--format", "form", type=click.Choice(known), default=known[0], show_default=True, help=what)
