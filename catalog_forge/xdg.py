"""Finds the folders for a program's data as the XDG Base Directory Specification defines them."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

_USUAL = {"XDG_CACHE_HOME": ".cache", "XDG_STATE_HOME": ".local/state"}


def folder(variable: str, environ: Mapping[str, str]) -> Path:
    """Return the folder that the environment variable names, or the default folder if the value is not an absolute path."""
    named = Path(environ.get(variable, ""))
    return named if named.is_absolute() else Path.home() / _USUAL[variable]
