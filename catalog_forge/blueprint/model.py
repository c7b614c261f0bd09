"""Reads a blueprint completely from its folder, within limits, so that expanding the blueprint does not access the disk."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any

from catalog_forge.blueprint.checks import Check, read
from catalog_forge.blueprint.shipped import CONTEXT
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import EXECUTABLE, REGULAR, File, Plan
from catalog_forge.spec.folder import walked

MAX_FILES = 200
MAX_DEPTH = 100
MAX_BYTES = 1 << 20


@dataclass(frozen=True)
class Blueprint:
    """A cookiecutter folder. `files` are in its templated folder, `partials` are in templates/; neither is rendered yet."""

    name: str
    folder: Path
    context: Mapping[str, Any]
    files: Plan
    partials: Plan
    hooks: tuple[str, ...]
    checks: Mapping[str, Check]
    source: Mapping[str, str] = field(default_factory=dict)
    """The source, as .blueprint.json records it: {package: version}, {example: version}, {url, commit} or {folder}."""

    @cached_property
    def digest(self) -> str:
        """The SHA-256 of everything that determines the blueprint's output."""
        parts = (json.dumps(self.context, sort_keys=True), self.files.digest, self.partials.digest)
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()

    @property
    def description(self) -> str:
        """One line that says what the blueprint is for."""
        return str(self.context.get("_description", ""))

    @property
    def runs_code(self) -> bool:
        """Whether the blueprint lists Jinja extensions for its templates. Extensions are Python code."""
        return bool(self.context.get("_extensions"))


def load(folder: Path) -> Blueprint:
    """Read a blueprint.

    Raises ForgeError if the folder is not a blueprint, contains a symbolic link, has more than 200 files, or has a file larger
    than 1 MiB.
    """
    context = _context(folder)
    partials = folder / "templates"
    hooks = sorted(path.stem for path in (folder / "hooks").glob("*") if path.is_file())
    return Blueprint(
        folder.name,
        folder,
        context,
        read_files(_templated(folder, context)),
        read_files(partials) if partials.is_dir() else Plan(),
        tuple(hooks),
        read(context, str(folder / CONTEXT)),
    )


def read_files(folder: Path) -> Plan:
    """Return the files below a folder.

    Raises ForgeError for symbolic links and special files, and for too many or too large files.
    """
    plan = Plan()
    if folder.is_symlink():
        raise ForgeError("a blueprint cannot contain symbolic links", Where(str(folder)), "replace the link by its target")
    for path in walked(folder):
        if path.is_symlink() or not (path.is_file() or path.is_dir()):
            raise ForgeError(
                "a blueprint may contain only files, not symbolic links", Where(str(path)), "replace the link by its target"
            )
        if path.is_file():
            mode = EXECUTABLE if path.stat().st_mode & 0o100 else REGULAR
            plan.add(File(path.relative_to(folder).as_posix(), _bytes(path), mode))
        if len(plan) > MAX_FILES:
            raise ForgeError(
                f"the blueprint has more than {MAX_FILES} files", Where(str(folder)), "remove files that it does not need"
            )
    return plan


def _bytes(path: Path) -> bytes:
    try:
        if path.stat().st_size > MAX_BYTES:
            raise ForgeError(f"the file is larger than {MAX_BYTES} bytes", Where(str(path)), "shorten it")
        return path.read_bytes()
    except OSError as error:
        raise ForgeError(f"the file cannot be read: {error.strerror}", Where(str(path))) from None


_JSON = (
    "write names and texts in double quotes, no comma before } or ], and no comments; a blueprint begins with { and ends with }"
)


def _context(folder: Path) -> Mapping[str, Any]:
    path = folder / CONTEXT
    if not folder.is_dir():
        what = f"there is no folder {folder} with a blueprint"
        if folder.is_file():
            what = f"{folder} is a file, not the folder of a blueprint"
        raise ForgeError(what, hint="`catalog-forge blueprints` lists the blueprints that have a name")
    if path.is_symlink() or not path.is_file():
        raise ForgeError(f"{folder} is not a blueprint: it has no {CONTEXT}", hint="name the folder that contains this file")
    try:
        context = json.loads(_bytes(path))
    except json.JSONDecodeError as error:
        raise ForgeError(
            f"the file is not well-formed JSON: {error.msg}", Where(str(path), error.lineno, error.colno), _JSON
        ) from None
    except (ValueError, RecursionError) as error:
        raise ForgeError(f"the file is not well-formed JSON: {error}", Where(str(path))) from None
    if not isinstance(context, dict):
        hint = 'such as {"name": "web-conf", "port": "80"}'
        raise ForgeError("the file must be a mapping from questions to their defaults", Where(str(path)), hint)
    _check_depth(context, path)
    if not isinstance(context.get("_copy_without_render", []), list):
        raise ForgeError("_copy_without_render must be a list", Where(str(path)), "such as [static/*]")
    if not isinstance(context.get("name"), str):
        raise ForgeError("the question 'name' is missing", Where(str(path)), "add it: its answer is the NAME of `new NAME`")
    return context


def _check_depth(context: object, path: Path) -> None:
    """Refuse data nested so deeply that walking it later would exhaust the stack. The JSON parser accepts deeper data."""
    level = [context]
    for _ in range(MAX_DEPTH):
        level = [child for node in level for child in _children(node)]
        if not level:
            return
    raise ForgeError(f"the file is nested more than {MAX_DEPTH} levels deep", Where(str(path)))


def _children(node: object) -> Iterable[object]:
    return node.values() if isinstance(node, dict) else node if isinstance(node, list) else ()


def _templated(folder: Path, context: Mapping[str, Any]) -> Path:
    """Return the only folder whose name is a template.

    Raises ForgeError if there are several such folders, because cookiecutter would pick one of them arbitrarily.
    """
    options = context.get("_jinja2_env_vars")
    options = options if isinstance(options, dict) else {}
    marks = "cookiecutter", options.get("variable_start_string", "{{"), options.get("variable_end_string", "}}")
    found = [path for path in sorted(folder.iterdir()) if all(str(mark) in path.name for mark in marks)]
    if len(found) != 1:
        raise ForgeError(
            f"a blueprint must have one folder with a templated name, but this blueprint has {len(found)}",
            Where(str(folder)),
            f"name the folder {marks[1]}cookiecutter.name{marks[2]}",
        )
    return found[0]
