"""Expands a blueprint with its answers into the author's files: specs/NAME.yml and the files in specs/NAME/."""

from __future__ import annotations

import fnmatch
from collections.abc import Mapping
from pathlib import PurePosixPath
from typing import Any

from catalog_forge.blueprint.answers import Render
from catalog_forge.blueprint.limits import Budget
from catalog_forge.blueprint.model import MAX_BYTES, Blueprint
from catalog_forge.blueprint.sandbox import Sandbox, text_of
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import File, Plan
from catalog_forge.spec.folder import MEMORY


def renderer(blueprint: Blueprint, *, trusted: bool = False, budget: Budget | None = None) -> Render:
    """Return the function that renders a blueprint's defaults: in the sandbox, or with cookiecutter for a trusted blueprint."""
    if trusted:
        from catalog_forge.blueprint import trusted as cookiecutter

        return cookiecutter.renderer(blueprint)
    sandbox, spending = Sandbox(blueprint), budget or Budget()

    def render(text: str, answers: Mapping[str, Any]) -> str:
        with spending.spent():
            return spending.made(sandbox.text(text, answers))

    return render


def expand(blueprint: Blueprint, answers: Mapping[str, Any], *, trusted: bool = False, budget: Budget | None = None) -> Plan:
    """Return the files that a blueprint generates from answers, with paths relative to the catalog.

    Cookiecutter expands a trusted blueprint, and runs the blueprint's hooks and extensions, which are programs without
    restrictions. Cookiecutter changes the working directory of the process while it runs, so a thread must not expand a trusted
    blueprint.

    Raises ForgeError if a template fails, or if a file would be outside the author's folder.
    """
    if trusted:
        from catalog_forge.blueprint import trusted as cookiecutter

        plan = cookiecutter.expand(blueprint, answers)
    else:
        plan = _in_sandbox(blueprint, answers, budget or Budget())
    _check_room(blueprint, answers["name"], plan)
    return plan


def _check_room(blueprint: Blueprint, name: str, plan: Plan) -> None:
    spec, room = f"specs/{name}.yml", f"specs/{name}/"
    if f"{room}{MEMORY}" in plan:
        raise ForgeError(
            f"the blueprint would write {room}{MEMORY}",
            Where(str(blueprint.folder)),
            "only catalog-forge itself writes this file",
        )
    for file in plan:
        if file.path != spec and not file.path.startswith(room):
            raise ForgeError(
                f"the blueprint would write {file.path}",
                Where(str(blueprint.folder)),
                f"a blueprint may write only to {spec} and {room}",
            )
    if spec not in plan:
        raise ForgeError(f"the blueprint does not generate {spec}", Where(str(blueprint.folder)))


def _in_sandbox(blueprint: Blueprint, answers: Mapping[str, Any], budget: Budget) -> Plan:
    sandbox = Sandbox(blueprint)
    plan = Plan()
    with budget.spent():
        for file in blueprint.files:
            copied = _copied(file.path, answers.get("_copy_without_render", ()))
            path = sandbox.text(copied or file.path, answers, file.path) + (file.path[len(copied) :] if copied else "")
            # If a condition in the path makes the name of a file or folder empty, that file or folder is left out.
            if not all(path.split("/")):
                continue
            is_text = not copied and text_of(file.content) is not None
            content = budget.made(sandbox.file(file.path, answers)).encode() if is_text else file.content
            if len(content) > MAX_BYTES:
                raise ForgeError(f"the rendered file is larger than {MAX_BYTES} bytes", Where(file.path))
            plan.add(File(path, content, file.mode))
    return plan


def _copied(path: str, patterns: Any) -> str:
    """Return the file at a path, or a folder above it, that `_copy_without_render` matches; "" if the file is to be rendered."""
    parts = PurePosixPath(path).parts
    above = ("/".join(parts[:count]) for count in range(1, len(parts) + 1))
    return next((folder for folder in above if any(fnmatch.fnmatchcase(folder, str(each)) for each in patterns)), "")
