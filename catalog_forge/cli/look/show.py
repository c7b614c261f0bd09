"""`catalog-forge show`: the questions, services and revisions of an entry."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.main import Settings
from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json, printable

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from catalog_forge.rancher.entries import Revision


@click.command()
@click.argument("entry", shell_complete=complete.entries)
@click.option("--revision", metavar="N", help="Revision of the entry; default: the one that Rancher would offer.")
@click.option("--compose", "composed", is_flag=True, help="Print the compose files with the answers filled in.")
@click.option("--set", "sets", multiple=True, metavar="KEY=VALUE", help="Answer a question for --compose; may be repeated.")
@options.answers("For --compose: file with answers, as YAML or as KEY=VALUE lines (.env).")
@options.form()
@click.pass_obj
def show(
    settings: Settings, entry: str, revision: str | None, composed: bool, sets: tuple[str, ...], answers: Path | None, form: str
) -> None:
    """Show an entry's questions, services and revisions.

    ENTRY is a folder in templates/ or one of its revisions. No engine is needed. Answers to secret questions are hidden.

    \b
    Examples:
      catalog-forge show redis
      catalog-forge show redis --compose --set maxmemory=64mb
    """
    from catalog_forge.cli.run.entries import given, opened

    options.refuse_without("--compose", "--set", "--answers")
    found = opened(settings.directory, entry, revision)
    if composed:
        click.echo("---\n".join(_composed(found, given(sets, answers))), nl=False)
    elif form == "json":
        click.echo(as_json(_data(found)))
    else:
        for line in _lines(_data(found)):
            click.echo(printable(line))


def _data(found: Revision) -> dict[str, Any]:
    from catalog_forge import yamlio

    facts = found.entry.facts
    services = {
        name: {key: yamlio.to_data(node) for key in ("image", "ports", "links") if (node := service.get(key))}
        for name, service in found.composition.services.items()
    }
    return {
        "name": facts.get("name", found.entry.name),
        "description": facts.get("description", ""),
        "revision": found.name,
        "version": found.version,
        "revisions": [{"revision": each.name, "version": each.version} for each in found.entry.revisions],
        "services": services,
        "questions": [each.as_data() for each in found.questions],
    }


def _lines(data: Mapping[str, Any]) -> Iterator[str]:
    yield f"{data['name']} {data['version']}: {data['description']}".rstrip(": ")
    yield "revisions: " + ", ".join(
        f"{each['revision']} ({each['version'] or 'no version'}{', shown here' if each['revision'] == data['revision'] else ''})"
        for each in data["revisions"]
    )
    for name, keys in data["services"].items():
        more = (f"{key} {' '.join(map(str, keys[key]))}" for key in ("ports", "links") if keys.get(key))
        yield "; ".join([f"service {name}: {keys.get('image', '')}", *more])
    for each in data["questions"]:
        default = f" [{each['default']}]" if each["default"] else ""
        options = f" ({', '.join(each['options'])})" if each["options"] else ""
        must = "" if each["required"] else ", may be empty"
        yield f"question {each['variable']}: {each['type']}{options}{default}{must}: {each['label'] or each['description']}"


def _composed(found: Revision, answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield both compose files with all answers substituted, and with stars in place of answers to secret questions."""
    from catalog_forge import yamlio
    from catalog_forge.rancher.questions import answered
    from catalog_forge.rancher.variables import Substitution
    from catalog_forge.stack.compose import masks_of

    variables = answered(found.questions, answers)
    variables |= masks_of(found, variables)
    for source in found.answered_sources(variables):
        if source.yaml.node:
            node = Substitution(variables, lambda *_: None, lambda *_: None).node(source.yaml.node)
            yield f"# {source.file.shown}\n{yamlio.dump(yamlio.to_data(node))}"
