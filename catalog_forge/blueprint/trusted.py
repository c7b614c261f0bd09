"""Expands a trusted blueprint with cookiecutter itself, including hooks and extensions.

Cookiecutter changes the working directory of the process while it runs, so the functions of this module must not be called from a
thread.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from cookiecutter.generate import generate_files  # type: ignore[import-untyped]
from cookiecutter.utils import create_env_with_context  # type: ignore[import-untyped]

from catalog_forge.blueprint.answers import Render
from catalog_forge.blueprint.model import Blueprint, read_files
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import Plan


def renderer(blueprint: Blueprint) -> Render:
    """Return the function that renders the defaults of a blueprint. Raises ForgeError if an extension cannot be loaded."""
    with _importable(blueprint.folder), _blamed_on(blueprint):
        environment = create_env_with_context({"cookiecutter": dict(blueprint.context)})

    def render(text: str, answers: Mapping[str, Any]) -> str:
        with _blamed_on(blueprint):
            return str(environment.from_string(text).render(cookiecutter=answers))

    return render


def expand(blueprint: Blueprint, answers: Mapping[str, Any]) -> Plan:
    """Expand a blueprint with cookiecutter in a temporary folder. Return the files. Raises ForgeError if cookiecutter fails."""
    with TemporaryDirectory(prefix="catalog-forge-") as folder, _importable(blueprint.folder), _blamed_on(blueprint):
        return read_files(Path(generate_files(blueprint.folder, {"cookiecutter": dict(answers)}, folder)))


@contextmanager
def _blamed_on(blueprint: Blueprint) -> Iterator[None]:
    """Turn any exception that templates and extensions raise into a ForgeError that names the blueprint."""
    try:
        yield
    except ForgeError:
        raise
    except Exception as error:
        raise ForgeError(f"the blueprint fails: {error}", Where(str(blueprint.folder))) from None


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Allow the import of a blueprint's own extensions, as cookiecutter does."""
    before = list(sys.path)
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path[:] = before
