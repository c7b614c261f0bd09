"""`catalog-forge blueprints`: what `new` may begin from."""

from __future__ import annotations

from typing import TYPE_CHECKING

import click

from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from catalog_forge.blueprint.answers import Question
    from catalog_forge.blueprint.model import Blueprint


@click.command()
@click.option("--format", "form", type=click.Choice(["text", "json"]), default="text", show_default=True)
def blueprints(form: str) -> None:
    """List the blueprints that `new` begins from.

    Each with what it asks, and the defaults. A blueprint may also lie in a folder, or in a git repository:
    new NAME --blueprint PATH, or URL@COMMIT.
    """
    from catalog_forge.blueprint.answers import questions
    from catalog_forge.blueprint.expand import renderer
    from catalog_forge.blueprint.find import shipped
    from catalog_forge.blueprint.model import load

    found = [load(folder) for folder in shipped().values()]
    rows = [(blueprint, questions(blueprint, renderer(blueprint))) for blueprint in found]
    if form == "json":
        click.echo(as_json([_data(*row) for row in rows]))
    else:
        click.echo("\n\n".join(_text(*row) for row in rows))


def _data(blueprint: Blueprint, questions: list[Question]) -> dict[str, object]:
    return {
        "name": blueprint.name,
        "description": blueprint.description,
        "questions": [
            {name: getattr(question, name) for name in ("name", "prompt", "default", "options")}
            | {"wanted": question.check.wanted if question.check else ""}
            for question in questions
        ],
    }


def _text(blueprint: Blueprint, questions: list[Question]) -> str:
    width = max((len(question.name) for question in questions), default=0)
    lines = [f"  {question.name:{width}}  {question.prompt} [{_default(question)}]" for question in questions]
    return "\n".join([click.style(blueprint.name, bold=True) + f": {blueprint.description}", *lines])


def _default(question: Question) -> str:
    if isinstance(question.default, bool):
        return "yes" if question.default else "no"
    return " | ".join(question.options) or question.default
