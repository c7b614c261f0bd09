"""An original template and the blocks that it was lifted to, rendered side by side by the real confd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog_forge.adopt.setting import Lifted, Setting
from catalog_forge.confd.resource import Resource
from catalog_forge.metadata.scenarios.answers_of import answers_of
from catalog_forge.metadata.scenarios.model import Environment, Service, Sidekick, Stack
from catalog_forge.metadata.service.answers import Answers
from catalog_forge.spec.model import Spec
from tests.confd.environments import HOSTS, view
from tests.confd.harness import compiled, conf, run, seen_by, spec_of

ROOTS = ("/self", "/services", "/containers", "/hosts", "/stacks")
_VERSIONS = ("2015-07-25", "2016-07-29")


@dataclass(frozen=True)
class World:
    """What the metadata say when the files are rendered."""

    metadata: Mapping[str, Any]
    scale: int = 3
    index: int = 2
    variables: Mapping[str, str] = field(default_factory=dict)
    name: str = "app"


def environment(world: World) -> Environment:
    """One stack: `app` in the network of its conf container, and `db` with two containers."""
    ours = Service(
        world.name, world.scale, world.metadata, labels={"team": "blue"}, sidekicks=(Sidekick(f"{world.name}-main", "primary"),)
    )
    return Environment((Stack("one", (ours, Service("db", 2, {"word": "of db"}))),), HOSTS, "10.42.0.0/16")


def declared(lifted: Lifted) -> dict[str, dict[str, Any]]:
    """The metadata keys of a spec, from what is known of their use."""
    found: dict[str, dict[str, Any]] = {}
    for name, use in lifted.keys.items():
        key: dict[str, Any] = {"type": "string" if use.kind == "value" else use.kind, "optional": use.optional}
        if use.fields:
            key["fields"] = list(use.fields)
        for number in "123" if "*" in name else "1":
            found[name.replace("*", number)] = key
    return found


def spec_from(lifted: Lifted, version: str, kind: str = "") -> Spec:
    """A spec with the lifted file."""
    assert lifted.body is not None, lifted.why
    service = {"name": "app", "topology": "netns", "groups": {"one": {"name": "app"}, "two": {"name": "other"}}}
    file = conf(*lifted.body, kind=kind or lifted.format, dest="/etc/app/lifted")
    variables = dict.fromkeys(lifted.variables, "")
    return spec_of(file, service=service, metadata=declared(lifted), vars=variables, engine={"metadata": version})


def lines(content: bytes) -> list[str]:
    """The lines of a file, blanks aside."""
    return [" ".join(line.split()) for line in content.decode().splitlines() if line.strip()]


class Renderer:
    """Renders an original and what it was lifted to, in one run of confd for each world."""

    def __init__(self, confd: Path, folder: Path) -> None:
        self.confd = confd
        self.folder = folder
        self.runs = 0

    def __call__(self, text: str, lifted: Lifted, setting: Setting, world: World) -> tuple[list[str] | None, list[str] | None]:
        """Return the lines of the original and of the lifted file; None of one that fails."""
        self.runs += 1
        spec = spec_from(lifted, setting.target)
        found = []
        for number, (version, resources) in enumerate(((setting.version, [original(text)]), (setting.target, compiled(spec)))):
            answers, client = view(environment(world), "netns", world.index) if world.name == "app" else self.other(world)
            here = self.folder / f"{self.runs}-{number}"
            shown = spec_with(spec, version, world)
            done = run(self.confd, here, shown, resources, seen_by(answers, client))
            found.append(lines(done.files["/etc/app/lifted"]) if done.files else None)
        return found[0], found[1]

    def other(self, world: World) -> tuple[Answers, str]:
        shown = environment(world)
        answers = answers_of(shown)
        return answers, next(iter(sorted(answers.clients("2016-07-29"))))


def spec_with(spec: Spec, version: str, world: World) -> Spec:
    """The spec with another version of the metadata and other variables, which the run takes from it."""
    return replace(spec, engine=replace(spec.engine, metadata=version), vars=dict(world.variables))  # type: ignore[arg-type]


def original(text: str, keys: Sequence[str] = ROOTS) -> Resource:
    """The template resource that an author would write."""
    listed = ", ".join(f'"{key}"' for key in keys)
    toml = f'[template]\nsrc = "original.tmpl"\ndest = "/etc/app/lifted"\nkeys = [{listed}]\n'
    return Resource("original", toml, text)
