"""From a blueprint and answers to the author's files: specs/NAME.yml, and what lies in specs/NAME/."""

from __future__ import annotations

import fnmatch
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from tempfile import TemporaryDirectory
from typing import Any

from catalog_forge.blueprint.answers import Render
from catalog_forge.blueprint.model import MAX_BYTES, Blueprint, read_files
from catalog_forge.blueprint.sandbox import Sandbox, bounded, text_of
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import File, Plan


def renderer(blueprint: Blueprint, *, trusted: bool = False) -> Render:
    """Return the function that renders the defaults of a blueprint: in the sandbox, or as cookiecutter does."""
    if trusted:
        return _cookiecutter(blueprint)
    sandbox = Sandbox(blueprint)

    def render(text: str, answers: Mapping[str, Any]) -> str:
        with bounded():
            return sandbox.text(text, answers)

    return render


def expand(blueprint: Blueprint, answers: Mapping[str, Any], *, trusted: bool = False) -> Plan:
    """Return the files that a blueprint makes of answers, with paths relative to the catalog.

    A trusted blueprint is expanded by cookiecutter, with its hooks and extensions: programs that may do anything. That
    changes the working directory of the process until it ends, so: never from a thread.
    Raises ForgeError when a template fails, or a file would lie outside of the author's room.
    """
    plan = _by_cookiecutter(blueprint, answers) if trusted else _in_sandbox(blueprint, answers)
    name = answers["name"]
    spec, room = f"specs/{name}.yml", f"specs/{name}/"
    for file in plan:
        if file.path != spec and not file.path.startswith(room):
            raise ForgeError(
                f"the blueprint would write {file.path}", Where(str(blueprint.folder)), f"its room is {spec} and {room}"
            )
    if spec not in plan:
        raise ForgeError(f"the blueprint makes no {spec}", Where(str(blueprint.folder)))
    return plan


def _in_sandbox(blueprint: Blueprint, answers: Mapping[str, Any]) -> Plan:
    sandbox = Sandbox(blueprint)
    plan = Plan()
    with bounded():
        for file in blueprint.files:
            copied = _copied(file.path, answers.get("_copy_without_render", ()))
            path = sandbox.text(copied or file.path, answers, file.path) + (file.path[len(copied) :] if copied else "")
            # A condition in a name leaves the file out, or the folder with all that is in it.
            if not all(path.split("/")):
                continue
            is_text = not copied and text_of(file.content) is not None
            content = sandbox.file(file.path, answers).encode() if is_text else file.content
            if len(content) > MAX_BYTES:
                raise ForgeError(f"the template makes more than {MAX_BYTES} bytes", Where(file.path))
            plan.add(File(path, content, file.mode))
    return plan


def _copied(path: str, patterns: Any) -> str:
    """Return the part of a path that `_copy_without_render` names: a folder above it, or the file; "" when it is rendered."""
    parts = PurePosixPath(path).parts
    above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((folder for folder in above if any(fnmatch.fnmatchcase(folder, str(each)) for each in patterns)), "")


def _cookiecutter(blueprint: Blueprint) -> Render:
    from cookiecutter.exceptions import CookiecutterException  # type: ignore[import-untyped]
    from cookiecutter.utils import create_env_with_context  # type: ignore[import-untyped]

    try:
        with _importable(blueprint.folder):
            environment = create_env_with_context({"cookiecutter": dict(blueprint.context)})
    except CookiecutterException as error:
        raise ForgeError(str(error), Where(str(blueprint.folder))) from None

    def render(text: str, answers: Mapping[str, Any]) -> str:
        with _blamed_on(blueprint):
            return str(environment.from_string(text).render(cookiecutter=answers))

    return render


def _by_cookiecutter(blueprint: Blueprint, answers: Mapping[str, Any]) -> Plan:
    from cookiecutter.generate import generate_files  # type: ignore[import-untyped]

    with TemporaryDirectory(prefix="catalog-forge-") as folder, _importable(blueprint.folder), _blamed_on(blueprint):
        return read_files(Path(generate_files(blueprint.folder, {"cookiecutter": dict(answers)}, folder)))


@contextmanager
def _blamed_on(blueprint: Blueprint) -> Iterator[None]:
    from cookiecutter.exceptions import CookiecutterException
    from jinja2 import TemplateError

    try:
        yield
    except (CookiecutterException, TemplateError, OSError, ValueError, TypeError) as error:
        raise ForgeError(f"the blueprint fails: {error}", Where(str(blueprint.folder))) from None


@contextmanager
def _importable(folder: Path) -> Iterator[None]:
    """Let a blueprint's own extensions be imported, as cookiecutter does."""
    before = list(sys.path)
    sys.path.append(str(folder))
    try:
        yield
    finally:
        sys.path[:] = before
