"""`catalog-forge ps`: the units of stacks."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from catalog_forge.image.engine import Engine
    from catalog_forge.stack.supervisor import Row


@click.command()
@click.argument("stack", required=False)
@click.option("--format", "output", type=click.Choice(["text", "json"]), default="text", help="Form of the result.")
def ps(stack: str | None, output: str) -> None:
    """List the units of stacks.

    Of one, or of all: state, health, address. States are those of the engine. Health is known while a process runs the
    stack.
    """
    from catalog_forge.cli.down import the_one
    from catalog_forge.cli.up import cells, table
    from catalog_forge.image.engine import connect
    from catalog_forge.stack.runner import stacks

    with connect() as engine:
        names = [the_one(engine, stack)] if stack else stacks(engine)
        found = [(name, row) for name in names for row in _rows(engine, name)]
    if output == "json":
        keys = ("service", "index", "state", "health", "address")
        click.echo(json.dumps([{"stack": name, **{key: getattr(row, key) for key in keys}} for name, row in found], indent=2))
        return
    for line in table([("STACK", "UNIT", "STATE", "HEALTH", "ADDRESS"), *((name, *cells(row)) for name, row in found)]):
        click.echo(line)


def _rows(engine: Engine, name: str) -> list[Row]:
    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.environment import unit_state
    from catalog_forge.stack.runner import StackRunner
    from catalog_forge.stack.state import StateFolder, home
    from catalog_forge.stack.supervisor import Row

    folder = StateFolder(home(), name)
    status = folder.status() if folder.holder() else {}
    healths = {unit["name"]: unit["health"] for unit in status.get("units", [])}
    try:
        services = {each.name: each for each in folder.plan()[0].services}
    except ForgeError:
        services = {}
    seen = StackRunner(engine, name).seen()
    rows = []
    for key in sorted({each.key for each in seen}):
        found = [each for each in seen if each.key == key]
        newest = [each for each in found if each.number == max(other.number for other in found)]
        state = unit_state(services[key[0]], newest) if key[0] in services else newest[0].state
        address = next((each.address for each in newest if each.address), "")
        rows.append(Row(*key, state, healths.get(f"{key[0]}-{key[1]}", ""), address))
    return rows
