"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click


def output(metavar: str, what: str, dest: str = "out") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --output: the file for the result, or the folder if `metavar` is DIR."""
    into = click.Path(path_type=Path, dir_okay=metavar == "DIR", file_okay=metavar != "DIR")
    return click.option("-o", "--output", dest, type=into, metavar=metavar, help=what)


def jobs(default: int, what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --jobs: the number of tasks to run in parallel."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 64), metavar="N", default=default, show_default=True, help=what)


def form(*choices: str, what: str = "Output format.") -> Callable[[Any], Any]:
    """Return a decorator that adds the option --format: one of `choices` (the first is the default), or text or json."""
    known = choices or ("text", "json")
    return click.option("--format", "form", type=click.Choice(known), default=known[0], show_default=True, help=what)
