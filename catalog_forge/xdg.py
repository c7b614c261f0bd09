"""The folders for what a program keeps, as the XDG base directory rules name them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_USUAL = {"XDG_CACHE_HOME": ".cache", "XDG_STATE_HOME": ".local/state"}


def folder(variable: str, environ: Mapping[str, str]) -> Path:
    """Return the folder that XDG_CACHE_HOME or XDG_STATE_HOME names, else the usual one; a relative one does not count."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / _USUAL[variable]
