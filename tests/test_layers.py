"""The house: which part may import which. Imports point down, or sideways inside one package."""

from __future__ import annotations

import ast
from collections.abc import Iterator, Mapping
from pathlib import Path

import pytest

HOUSE = "catalog_forge"

# One row per floor, the roof on top. A room is a module or a package; of `image` and `image.builder` the longer one counts.
FLOORS = (
    ("__main__", "cli"),
    ("adopt", "chart", "preview", "releasing"),
    ("verify", "stack", "lint", "repository"),
    (
        "forge",
        "team",
        "writer",
        "registry",
        "seed",
        "image.builder",
        "image.containers",
        "image.engine",
        "image.twice",
        "image.address",
        "image.lists",
        "metadata.service.server",
    ),
    ("blueprint", "image", "catalog"),
    ("confd", "metadata.scenarios", "journal"),
    ("metadata",),
    ("formats", "plan", "spec"),
    ("rancher",),
    ("backends", "gotext", "goyaml", "yamltext", "rancher.keys", "git", "junit", "diffs"),
    ("yamlio", "malformed", "errors", "texts", "shown", "tls", "xdg", "__init__"),
)

# Between rooms of one floor only these imports are allowed.
SIDEWAYS = {
    ("__main__", "cli"),
    ("verify", "stack"),
    ("lint", "stack"),
    ("preview", "adopt"),
    ("spec", "formats"),
    ("spec", "plan"),
    ("formats", "plan"),
    ("errors", "shown"),
    ("yamlio", "errors"),
    ("yamlio", "malformed"),
    ("malformed", "errors"),
}

# Each of these comes in by these doors only.
DOORS = {
    "click": ("__main__", "cli"),
    "docker": (
        *("image.address", "image.builder", "image.containers", "image.engine", "stack.runner", "stack.session"),
        "registry.credentials",
    ),
    "dxf": ("registry.client",),
    "yaml": ("yamlio",),
    "ruamel": ("yamlio",),
    "cookiecutter": ("blueprint",),
    "spdx_tools": (),  # by errors.extra
    "setproctitle": ("cli.run.background",),
    "jinja2": ("blueprint", "texts"),
    "gotpl": ("rancher.sprig",),
    "markdown_it": ("preview.readme",),
    "nh3": ("preview.readme",),
}

# Only here may anything be printed.
PRINTERS = ("__main__", "cli")

FLOOR_OF = {room: number for number, floor in enumerate(FLOORS) for room in floor}


def breaches(sources: Mapping[str, str]) -> list[str]:
    """Check sources by their module name (below the house, such as `image.builder`); one line per breach."""
    found = (
        f"{module}:{line}: {what}" for module, source in sources.items() for line, what in _breaches(module, ast.parse(source))
    )
    return list(dict.fromkeys(found))


def _breaches(module: str, tree: ast.Module) -> Iterator[tuple[int, str]]:
    room = room_of(module)
    if room is None:
        yield 1, "stands on no floor: add it to FLOORS"
        return
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id == "print" and room not in PRINTERS:
            yield node.lineno, "print is for cli only"
        if isinstance(node, ast.ImportFrom) and node.level:
            yield node.lineno, "write imports in full"
        for target in imports(node):
            top, _, rest = target.partition(".")
            if top == HOUSE and not allowed(room, room_of(rest)):
                yield node.lineno, f"{room} may not import {rest}"
            if top in DOORS and not within(module, DOORS[top]):
                yield node.lineno, f"{top} comes in by {' and '.join(DOORS[top])} only"


def allowed(room: str, target: str | None) -> bool:
    """Tell whether code in `room` may import from the room `target`; None is no room at all."""
    if target is None:
        return False
    if FLOOR_OF[room] == FLOOR_OF[target]:
        return room.split(".")[0] == target.split(".")[0] or (room, target) in SIDEWAYS
    return FLOOR_OF[room] < FLOOR_OF[target]


def room_of(module: str) -> str | None:
    """The room that a module (or a name in one) belongs to; what the house itself defines is in `__init__`."""
    if not module or module.startswith("__version"):
        return "__init__"
    return max((room for room in FLOOR_OF if within(module, (room,))), key=len, default=None)


def within(module: str, rooms: tuple[str, ...]) -> bool:
    """Tell whether a module is one of `rooms` or lies in one of them."""
    return any(f"{module}.".startswith(f"{room}.") for room in rooms)


def imports(node: ast.AST) -> list[str]:
    """The full names that an import statement names."""
    if isinstance(node, ast.Import):
        return [alias.name for alias in node.names]
    if isinstance(node, ast.ImportFrom) and node.module and not node.level:
        return [f"{node.module}.{alias.name}" for alias in node.names]
    return []


def sources_of(house: Path) -> dict[str, str]:
    """Read all modules of the house; a package goes by its own name."""
    found = {}
    for path in sorted(house.rglob("*.py")):
        parts = path.relative_to(house).with_suffix("").parts
        name = parts[:-1] if len(parts) > 1 and parts[-1] == "__init__" else parts
        found[".".join(name)] = path.read_text(encoding="utf-8")
    return found


def test_imports_of_the_house_point_down() -> None:
    sources = sources_of(Path(__file__).parent.parent / HOUSE)
    assert {"__init__", "errors", "plan", "writer"} <= sources.keys()
    assert breaches(sources) == []


@pytest.mark.parametrize(
    ("module", "source", "words"),
    [
        ("plan", "import catalog_forge.cli.main", "plan may not import cli.main"),
        ("plan", "from catalog_forge import writer", "plan may not import writer"),
        ("spec.reader", "def later():\n    from catalog_forge.confd import compiler", "2: spec may not import confd"),
        ("errors", "from catalog_forge.yamlio import load", "errors may not import yamlio"),
        ("catalog.entry", "from catalog_forge.image import dockerfile", "catalog may not import image"),
        ("image.context", "from catalog_forge.image import builder", "image may not import image.builder"),
        ("plan", "from catalog_forge.unheard_of import x", "plan may not import unheard_of"),
        ("plan", "from .errors import ForgeError", "write imports in full"),
        ("metadata.service.routes", "from catalog_forge.metadata.scenarios import units", "may not import metadata.scenarios"),
        ("attic", "", "stands on no floor"),
        ("imagery", "", "stands on no floor"),
        (
            "stack.plan",
            "import docker.errors",
            "docker comes in by image.address and image.builder",
        ),
        ("image.context", "from docker import from_env", "docker comes in by"),
        ("spec.reader", "import ruamel.yaml", "ruamel comes in by yamlio only"),
        ("confd.toml", "import jinja2", "jinja2 comes in by blueprint and texts only"),
        ("lint.rules", "print('x')", "print is for cli only"),
        ("lint.rules", "show = print", "print is for cli only"),
    ],
)
def test_breach_is_caught(module: str, source: str, words: str) -> None:
    assert words in "\n".join(breaches({module: source}))


@pytest.mark.parametrize(
    ("module", "source"),
    [
        ("cli.make.build", "from catalog_forge.image.builder import build\nprint('x')"),
        ("__main__", "from catalog_forge.cli import main"),
        ("image.builder", "import docker\nfrom catalog_forge.image import engine, context"),
        ("spec.model", "from catalog_forge.formats import base\nfrom catalog_forge.plan import File"),
        ("yamlio", "import yaml\nfrom catalog_forge.errors import ForgeError"),
        ("blueprint", "import jinja2\nfrom catalog_forge import __version__"),
        ("writer", "import json\nfrom catalog_forge import journal"),
    ],
)
def test_import_that_points_down_is_no_breach(module: str, source: str) -> None:
    assert breaches({module: source}) == []
