"""Generates the files of an entry from a spec. Nothing is written to disk."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from catalog_forge import yamlio
from catalog_forge.catalog.compose import description, docker_compose, main_image, rancher_compose
from catalog_forge.catalog.icon import draw
from catalog_forge.catalog.questions import questions
from catalog_forge.plan import File, Plan
from catalog_forge.spec.model import Spec
from catalog_forge.texts import fill
from catalog_forge.yamlio import Quoted

# A function that returns the bytes of a file in the spec's folder.
ReadIcon = Callable[[str], bytes]


def entry_plan(spec: Spec, read_icon: ReadIcon, docker: Callable[[Spec], dict[str, Any]] = docker_compose) -> Plan:
    """Return config.yml, the icon and the files of one revision, with paths relative to the folder of the entry.

    `read_icon` returns the bytes of the author's icon, and is called only if the spec names an icon. `docker` returns
    docker-compose.yml as data.
    """
    entry = spec.entry
    plan = Plan()
    plan.add_text("config.yml", _yaml(spec, config(spec)))
    ending = entry.icon.rpartition(".")[2] or "svg"
    icon = read_icon(entry.icon) if entry.icon else draw(entry.title, entry.name).encode()
    plan.add(File(f"catalogIcon-{entry.name}.{ending}", icon))
    for name, data in (("docker-compose", docker(spec)), ("rancher-compose", rancher_compose(spec))):
        # rancher-compose treats every compose file that does not begin with this line as a template.
        plan.add_text(f"{entry.revision}/{name}.yml", "# notemplating\n" + _yaml(spec, data))
    plan.add_text(f"{entry.revision}/README.md", readme(spec))
    return plan


def config(spec: Spec) -> dict[str, Any]:
    """Return config.yml as data: what the catalog shows about the entry as a whole (docs/facts/catalog.md#2.2)."""
    entry = spec.entry
    wanted = {
        "name": entry.title,
        "description": description(spec),
        "version": Quoted(entry.version),
        "category": entry.category,
        "maintainer": spec.maintainer,
        "license": entry.license,
        "projectURL": entry.project_url,
    }
    return {key: value for key, value in wanted.items() if value}


def readme(spec: Spec) -> str:
    """Return the README of the revision, which lists the questions and files and explains how the program is configured."""
    return fill(
        __package__,
        "README.md",
        spec=spec,
        title=_escaped(spec.entry.title),
        description=_escaped(description(spec)),
        questions=[_row(question) for question in questions(spec)],
        unasked=[(name, key) for name, key in spec.metadata.items() if not key.asked],
        members=[(member, main_image(spec, member)) for member in spec.members],
        companions=[(name, each.compose.get("scale", 1), _cell(each.compose["image"])) for name, each in spec.companions.items()],
        main=spec.members[0].main,
        image=spec.tag,
        share=spec.share,
        cell=_escaped,
    )


_MARKS = str.maketrans({mark: f"\\{mark}" for mark in "\\`*_[]<>&#|~!"})


def _escaped(text: object) -> str:
    """Return a value as one line with all Markdown escaped, so that the value is shown literally."""
    return " ".join(str(text).split()).translate(_MARKS)


def _row(question: dict[str, Any]) -> dict[str, str]:
    """Return a question as the cells of its table row."""
    label = f"**{_escaped(question['label'])}**"
    options = f": {_cell(question['options'])}" if "options" in question else ""
    return {
        "label": f"{label}<br>{_escaped(question['description'])}" if "description" in question else label,
        "variable": f"`{question['variable']}`",
        "type": question["type"] + options,
        "default": f"`{_cell(question['default'])}`" if question.get("default") else "",
        "due": "required" if question["required"] else "optional",
    }


def _cell(value: Any) -> str:
    """Return a value as a cell of a Markdown table."""
    if isinstance(value, list):
        return ", ".join(f"`{_cell(item)}`" for item in value)
    text = str(value).lower() if isinstance(value, bool) else str(value)
    return " ".join(text.replace("\\", "\\\\").replace("|", "\\|").replace("`", "'").replace("<", "&lt;").split())


def _yaml(spec: Spec, data: Any) -> str:
    return f"# {spec.note}\n{yamlio.dump(data)}"
