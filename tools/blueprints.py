"""Write the README.md and topology.svg of each blueprint, from its questions and from the spec with its default answers:

python tools/blueprints.py
"""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

from catalog_forge.blueprint.answers import Given, Question, answer, questions
from catalog_forge.blueprint.expand import expand, renderer
from catalog_forge.blueprint.find import GENERIC, shipped
from catalog_forge.blueprint.model import Blueprint, load
from catalog_forge.preview import topology
from catalog_forge.preview.drawing import draw
from catalog_forge.repository import Source
from catalog_forge.spec.folder import PlannedFolder
from catalog_forge.spec.model import Spec

README = """\
# {name}

{description}.

![{title}: its services, and how {name} configures them](topology.svg)

    catalog-forge new {name}

| question | what it asks for | default | valid answers |
|---|---|---|---|
{questions}

The command creates `specs/{name}.yml`, an icon and scenarios. The conf image that is built from them writes these files:

{files}

{readme}

`python tools/blueprints.py` generates this page and the picture.
"""
# What a page says instead of the kind of a reload.
ACTION = {"none": "nothing"}


def pages(folder: Path) -> dict[str, str]:
    """Return the pages of the blueprint in a folder, by file name."""
    blueprint = load(folder)
    spec = spec_of(blueprint)
    render = renderer(blueprint)
    readme = README.format(
        name=blueprint.name,
        description=blueprint.description.rstrip("."),
        title=spec.entry.title,
        questions="\n".join(row(each) for each in questions(blueprint, render)),
        files="\n".join(f"- `{file.dest}`; after a change: {ACTION.get(file.reload.kind, file.reload)}" for file in spec.files),
        readme=spec.entry.readme.strip() or spec.description,
    )
    return {"README.md": readme, "topology.svg": draw(topology.of_spec(spec))}


def spec_of(blueprint: Blueprint) -> Spec:
    """Return the spec that a blueprint makes from its default answers."""
    answers = answer(blueprint, renderer(blueprint), {"name": Given(blueprint.name)})
    author = expand(blueprint, answers)
    name = blueprint.name
    with TemporaryDirectory() as root:
        planned = PlannedFolder(Path(root), name, author.below(f"specs/{name}"))
        return Source(name, author[f"specs/{name}.yml"].content, planned).spec()


def row(question: Question) -> str:
    """Return a question as a row of the table."""
    wanted = "yes or no" if isinstance(question.default, bool) else " or ".join(question.options)
    if question.check:
        wanted = question.check.wanted
    default = f"`{question.default}`" if question.default else ""
    return f"| `{question.name}` | {question.prompt} | {default} | {wanted} |".replace("|  |", "| |").replace("|  |", "| |")


def main() -> None:
    """Write the pages of every blueprint except the generic one."""
    for name, folder in shipped().items():
        if name != GENERIC:
            for page, text in pages(folder).items():
                (folder / page).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
