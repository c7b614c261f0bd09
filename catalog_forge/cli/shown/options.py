"""Options that several commands share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def jobs(default: int, what: str) -> Callable[[Any], Any]:
    """Return a decorator that adds the option --jobs: the number of tasks to run in parallel."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 64), metavar="N", default=default, show_default=True, help=what)
