"""Completes names in a shell. Only the file system is searched, because the shell waits for the names."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable

import click

TOPOLOGIES = ("volumes", "netns", "datavol", "embedded", "scripts")
_RULE = re.compile(r'"(CF\d{3})"')
_PACKAGE = os.path.dirname(os.path.dirname(os.path.dirname(__file__)))


def specs(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the specs of the catalog."""
    return _begun(begun, _stems(f"{_catalog(ctx)}/specs"))


def entries(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the entries of the catalog or, if none matches, the folders that match the path typed so far."""
    root = _catalog(ctx)
    tops = [top for top in _listed(root) if top == "templates" or top.endswith("-templates")]
    return _begun(begun, (name for top in tops for name in _listed(f"{root}/{top}"))) or _folders(ctx, begun)


def stacks(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the known stacks."""
    return _begun(begun, (name for name in _listed(_stacks()) if os.path.exists(f"{_stacks()}/{name}/plan.json")))


def services(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the services and units of the given stack, or of the only stack."""
    import json

    known = stacks(ctx, _, "")
    stack = ctx.params.get("stack") or (known[0] if len(known) == 1 else "")
    try:
        with open(f"{_stacks()}/{stack}/status.json", encoding="utf-8") as file:
            units = json.load(file)["units"]
            return _begun(begun, dict.fromkeys(name for unit in units for name in (unit["service"], unit["name"])))
    except (OSError, ValueError, KeyError, TypeError):
        return []


def scenarios(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the scenarios of the given specs, or of all specs."""
    root = f"{_catalog(ctx)}/specs"
    named = ctx.params.get("name")
    chosen = ctx.params.get("names") or ([named] if named else _stems(root))
    return _begun(begun, dict.fromkeys(name for spec in chosen for name in _stems(f"{root}/{spec}/scenarios")))


def blueprints(_: click.Context, __: click.Parameter, begun: str) -> list[str]:
    """Return the blueprints and examples that come with catalog-forge."""
    from catalog_forge.blueprint.shipped import examples, shipped

    return _begun(begun, [*shipped(), *(f"example:{name}" for name in examples())])


def topologies(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """Return the topologies."""
    return _begun(begun, TOPOLOGIES)


def backends(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """Return the back ends of confd."""
    from catalog_forge.backends import TABLE

    return _begun(begun, TABLE)


def commands(ctx: click.Context, _: click.Parameter, begun: str) -> list[str]:
    """Return the subcommands of the command that the words typed so far select."""
    at = ctx.find_root()
    for word in ctx.params.get("words") or ():
        below = at.command.get_command(at, word) if isinstance(at.command, click.Group) else None
        if below is None:
            return []
        at = click.Context(below, at, word)
    return _begun(begun, at.command.list_commands(at)) if isinstance(at.command, click.Group) else []


def rules(_ctx: click.Context, _param: click.Parameter, begun: str) -> list[str]:
    """Find the ids of lint's rules in the source text, because importing the rules would take ten times as long."""
    from glob import iglob

    found: set[str] = set()
    for path in iglob(f"{_PACKAGE}/lint/rules/**/*.py", recursive=True):
        with open(path, encoding="utf-8") as file:
            found.update(_RULE.findall(file.read()))
    return _begun(begun, sorted(found))


def _begun(begun: str, names: Iterable[str]) -> list[str]:
    return [name for name in names if name.startswith(begun)]


def _listed(folder: str) -> list[str]:
    try:
        return sorted(name for name in os.listdir(folder) if not name.startswith("."))
    except OSError:
        return []


def _stems(folder: str) -> list[str]:
    return [name.removesuffix(".yml") for name in _listed(folder) if name.endswith(".yml")]


def _folders(ctx: click.Context, begun: str) -> list[str]:
    above, _, last = begun.rpartition("/")
    root = f"{_directory(ctx)}/{above}"
    return [f"{above}/{name}".lstrip("/") for name in _begun(last, _listed(root)) if os.path.isdir(f"{root}/{name}")]


def _directory(ctx: click.Context) -> str:
    return os.path.abspath(ctx.find_root().params.get("directory") or ".")


def _catalog(ctx: click.Context) -> str:
    """Return the nearest catalog at or above the working folder, like `Repository.find`."""
    from pathlib import Path

    start = Path(_directory(ctx))
    marked = (each for each in (start, *start.parents) if (each / "catalog-forge.yml").is_file() or (each / "specs").is_dir())
    return str(next(marked, start))


def _stacks() -> str:
    from catalog_forge.xdg import folder

    return f"{folder('XDG_STATE_HOME', os.environ)}/catalog-forge/stacks"
