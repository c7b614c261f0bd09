"""Options that several commands have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import click


def jobs(default: int, what: str) -> Callable[[Any], Any]:
    """Return what gives a command the option --jobs: how many of something are done in parallel."""
    return click.option("-j", "--jobs", type=click.IntRange(1, 64), metavar="N", default=default, show_default=True, help=what)
