"""`catalog-forge scenario`: write the first scenario of a spec."""

from __future__ import annotations

import re

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import outfile
from catalog_forge.shown import printable

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,60}")


@click.group()
def scenario() -> None:
    """Create scenarios: short descriptions of a stack and of what happens to it."""


@scenario.command()
@click.argument("name", shell_complete=complete.specs)
@click.argument("title", default="first")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Answer a question.")
@click.option("--force", is_flag=True, help="Overwrite an existing scenario.")
@click.pass_obj
def new(settings: Settings, name: str, title: str, sets: tuple[str, ...], force: bool) -> None:
    """Write specs/NAME/scenarios/TITLE.yml from what is rendered now, for you to review.

    The scenario contains the stack of the entry, in which every question has its --set answer or its default. Then a
    container is added, and a container is replaced.
    """
    from catalog_forge.cli.run.entries import given
    from catalog_forge.errors import ForgeError
    from catalog_forge.repository import Repository
    from catalog_forge.spec.folder import check_inside
    from catalog_forge.verify import first_scenario, subject
    from catalog_forge.verify.embedded import Embedded

    if not _NAME.fullmatch(title):
        raise click.BadParameter(
            f"{title!r} cannot be the name of a scenario: only letters, digits, '.', '_' and '-'", param_hint="TITLE"
        )
    repository = Repository.find(settings.directory)
    source = repository.source(name)
    spec, name = source.spec(), source.name
    path = f"specs/{name}/scenarios/{title}.yml"
    check_inside(repository.root, path)
    file = repository.root / path
    if file.exists() and not force:
        raise ForgeError(f"{path} already exists", hint="give another TITLE, or --force")
    answers = given(sets, None)
    first = first_scenario.first_scenario(spec, subject.of_spec(spec, source.folder.static), Embedded(), answers)
    file.parent.mkdir(parents=True, exist_ok=True)
    outfile.write(file, first.text)
    click.echo(f"specs/{name}/scenarios/{title}.yml")
    for key in first_scenario.made_up(spec, answers):
        click.echo(f"{key} has no default, so a placeholder was used: change it", err=True)
    for error in first.errors:
        click.echo(printable(f"warning: an error was recorded as the expectation: {error}"), err=True)
    click.echo("the scenario was recorded from the current output: review it", err=True)
