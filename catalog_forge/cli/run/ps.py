"""`catalog-forge ps`: list the units of stacks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from catalog_forge.cli.shown import names as complete
from catalog_forge.cli.shown import options
from catalog_forge.shown import as_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from catalog_forge.stack.listing import Row


@click.command()
@click.argument("stack", required=False, shell_complete=complete.stacks)
@options.form()
def ps(stack: str | None, form: str) -> None:
    """List the units of stacks.

    Shows the state, health and address of the units of one stack or of all stacks. The state comes from the engine. The
    health is known only while a process runs the stack. A stack without containers, such as one whose first `up` failed, is
    named on stderr.
    """
    from catalog_forge.cli.run.down import the_one
    from catalog_forge.cli.run.status import cells, table
    from catalog_forge.image.lists import PURPOSE_LABEL, labelled
    from catalog_forge.stack.listing import PURPOSE, names
    from catalog_forge.stack.state import home, known

    containers, networks = labelled(f"{PURPOSE_LABEL}={PURPOSE}")
    there = names([*containers, *networks])
    chosen = [the_one(there, stack)] if stack else sorted({*there, *known(home())})
    found = [(name, row) for name in chosen for row in _rows(name, containers)]
    if form == "json":
        keys = ("service", "index", "state", "health", "address")
        rows = [{"stack": name, **{key: getattr(row, key) for key in keys}} for name, row in found]
        click.echo(as_json([{**row, "containers": _containers(row, containers)} for row in rows]))
        return
    for name in sorted({*chosen} - {name for name, _ in found}):
        click.echo(f"stack {name} has no containers; catalog-forge down {name} removes its record", err=True)
    for line in table([("STACK", "UNIT", "STATE", "HEALTH", "ADDRESS"), *((name, *cells(row)) for name, row in found)]):
        click.echo(line)


def _containers(unit: Mapping[str, Any], listed: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return the containers of a unit, with their images and published ports."""
    from catalog_forge.stack.listing import STACK_LABEL, seen

    own = [each for each in listed if each["Labels"].get(STACK_LABEL) == unit["stack"]]
    ids = {each.id: each.name for each in seen(own) if each.key == (unit["service"], unit["index"])}
    return [{"name": ids[each["Id"]], "image": each["Image"], "ports": sorted(_ports(each))} for each in own if each["Id"] in ids]


def _ports(listed: Mapping[str, Any]) -> Iterator[str]:
    """Yield the published ports of a container in the notation of compose."""
    for port in listed.get("Ports") or ():
        if port.get("PublicPort"):
            address = port.get("IP", "")
            shown = f"[{address}]" if ":" in address else address
            yield f"{shown}:{port['PublicPort']}:{port['PrivatePort']}/{port['Type']}"


def _rows(name: str, containers: Iterable[Mapping[str, Any]]) -> list[Row]:
    """Return the units of one stack. `containers`: the containers of all stacks."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.stack.listing import STACK_LABEL, Row, rows, seen
    from catalog_forge.stack.state import StateFolder, home

    folder = StateFolder(home(), name)
    units = folder.status().get("units", []) if folder.holder() else None
    watched = None if units is None else {unit["name"]: Row(**{key: unit[key] for key in Row.__slots__}) for unit in units}
    try:
        services = {each.name: each for each in folder.plan()[0].services}
    except ForgeError:
        services = {}
    return rows(seen(each for each in containers if each["Labels"].get(STACK_LABEL) == name), services, watched)
