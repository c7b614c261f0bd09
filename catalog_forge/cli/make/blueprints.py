"""`catalog-forge blueprints`: list the blueprints that `new` can start from, and make a new one."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from catalog_forge.blueprint.answers import Question
    from catalog_forge.blueprint.model import Blueprint


@click.group(invoke_without_command=True)
@options.form()
@click.pass_context
def blueprints(context: click.Context, form: str) -> None:
    """List the blueprints that `new` can start from.

    Shows the questions of each blueprint and their defaults; example:NAME is a complete example spec. A blueprint can also be in
    a folder or in a git repository: new NAME --blueprint PATH, or URL@COMMIT.
    """
    if context.invoked_subcommand:
        return
    from catalog_forge.blueprint.answers import questions
    from catalog_forge.blueprint.expand import renderer
    from catalog_forge.blueprint.find import EXAMPLE, opened
    from catalog_forge.blueprint.shipped import examples, shipped

    rows = []
    for reference in (*shipped(), *(EXAMPLE + name for name in examples())):
        with opened(reference, Path()) as blueprint:
            rows.append((replace(blueprint, name=reference), questions(blueprint, renderer(blueprint))))
    if form == "json":
        click.echo(as_json([_data(*row) for row in rows]))
    else:
        click.echo("\n\n".join(_text(*row) for row in rows))


@blueprints.command()
@click.argument("name")
@click.option(
    "--from", "spec", required=True, metavar="SPEC", shell_complete=complete.specs, help="The spec: its name, or specs/NAME.yml."
)
@click.option(
    "--ask", "asked", multiple=True, metavar="[QUESTION=]PATH", help="Ask for the value of a key, such as service.scale."
)
@click.pass_obj
def new(settings: Settings, name: str, spec: str, asked: tuple[str, ...]) -> None:
    """Make a blueprint from a spec, below blueprints/.

    The chosen values become questions, with the current values as defaults. By default, image, version, registry and
    maintainer are chosen. `catalog-forge new --blueprint`, with the default answer to each question, makes the same spec
    again.
    """
    from catalog_forge import journal
    from catalog_forge.blueprint.answers import questions
    from catalog_forge.blueprint.expand import renderer
    from catalog_forge.blueprint.from_spec import blueprint_of, written
    from catalog_forge.blueprint.model import load
    from catalog_forge.errors import ForgeError, UsageError
    from catalog_forge.plan import File
    from catalog_forge.repository import Repository

    if not re.fullmatch("[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", name):
        raise UsageError(f"a blueprint cannot be named {printable(name[:100])!r}", hint="lower-case letters, digits and dashes")
    repository = Repository.find(settings.directory)
    source = repository.source(Path(spec).name.removesuffix(".yml"))
    source.spec()
    plan = blueprint_of(source.name, written(repository.root / f"specs/{source.name}.yml"), asked)
    folder = f"blueprints/{name}"
    if (repository.root / folder).exists():
        raise ForgeError(f"there is a blueprint already: {repository.root / folder}", hint="delete it, or choose another name")
    with journal.locked(repository.root):
        journal.change(repository.root, [File(f"{folder}/{file.path}", file.content, file.mode) for file in plan], [])
    made = load(repository.root / folder)
    click.echo(f"{folder}: {', '.join(each.name for each in questions(made, renderer(made)))}")
    click.echo(f"Make an image from it: catalog-forge new NAME --blueprint {folder}", err=True)


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
