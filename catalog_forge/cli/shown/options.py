"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click

from catalog_forge.cli.shown import places

_ANSWERS = "File with answers, as YAML or as KEY=VALUE lines (.env)."


def output(metavar: str, what: str, dest: str = "out") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --output: the file for the result, or the folder if `metavar` is DIR."""
    into = places.NEW_FOLDER if metavar == "DIR" else places.NEW_FILE
    return click.option("-o", "--output", dest, type=into, metavar=metavar, help=what)


def html(what: str = "Write an HTML page.") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --html: the file for a page."""
    return click.option("--html", type=places.NEW_FILE, metavar="FILE", help=what)


def answers(what: str = _ANSWERS, dest: str = "answers") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --answers: the file with the answers to questions."""
    return click.option("--answers", dest, type=places.FILE, metavar="FILE", help=what)


def confd(what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --confd: a confd binary."""
    return click.option("--confd", type=places.FILE, envvar="CATALOG_FORGE_CONFD", show_envvar=True, help=what)


def jobs(default: int, what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --jobs: the number of tasks to run in parallel."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 64), metavar="N", default=default, show_default=True, help=what)


def form(*choices: str, what: str = "Output format.") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --format: one of `choices` (the first is the default), or text or json."""
    known = choices or ("text", "json")
    return click.option("--format", "form", type=click.Choice(known), default=known[0], show_default=True, help=what)
