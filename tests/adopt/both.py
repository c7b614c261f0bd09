"""An original template and the blocks that it was lifted to, rendered side by side by the real confd."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from catalog_forge.adopt.setting import Lifted, Setting
from catalog_forge.confd.resource import Resource, compile_file
from catalog_forge.metadata.scenarios.model import Environment, Service, Sidekick, Stack
from catalog_forge.spec.model import Spec
from tests.confd.environments import HOSTS, view
from tests.confd.harness import compiled, conf, no_statics, run, seen_by, spec_of

ROOTS = ("/self", "/services", "/containers", "/hosts", "/stacks")
DEST = "/srv/app/lifted"


@dataclass(frozen=True)
class World:
    """What the metadata say when the files are rendered."""

    metadata: Mapping[str, Any]
    scale: int = 3
    index: int = 2
    variables: Mapping[str, str] = field(default_factory=dict)


def environment(world: World) -> Environment:
    """One stack: `app` in the network of its conf container, and `db` with two containers."""
    ours = Service("app", world.scale, world.metadata, labels={"team": "blue"}, sidekicks=(Sidekick("app-main", "primary"),))
    others = Service("far", 2, labels={"team": "red", "port": "81"}), Service("far-off", 1, labels={"team": "purple"})
    stacks = (Stack("one", (ours, Service("db", 2, {"word": "of db"}))), Stack("one-more", others))
    return Environment(stacks, HOSTS, "10.42.0.0/16")


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


def spec_from(lifted: Lifted, version: str, dest: str = DEST) -> Spec:
    """A spec with the lifted file."""
    assert lifted.body is not None, lifted.why
    service = {"name": "app", "topology": "netns", "groups": {"one": {"name": "app"}, "two": {"name": "other"}}}
    file = conf(*lifted.body, kind="raw", dest=dest)
    variables = {name.replace("*", number): "" for name in lifted.variables for number in "123"}
    scope = "environment" if lifted.wide else "stack"
    return spec_of(file, service=service, metadata=declared(lifted), vars=variables, engine={"metadata": version}, scope=scope)


def lines(content: bytes) -> list[str]:
    """The lines of a file, spaces aside."""
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
            answers, client = view(environment(world), "netns", world.index)
            here = self.folder / f"{self.runs}-{number}"
            shown = spec_with(spec, version, world)
            done = run(self.confd, here, shown, resources, seen_by(answers, client))
            found.append(lines(done.files[DEST]) if done.files else None)
        return found[0], found[1]


def spec_with(spec: Spec, version: str, world: World) -> Spec:
    """The spec with another version of the metadata and other variables, which the run takes from it."""
    return replace(spec, engine=replace(spec.engine, metadata=version), vars=dict(world.variables))  # type: ignore[arg-type]


def original(text: str, keys: Sequence[str] = ROOTS, name: str = "original", dest: str = DEST) -> Resource:
    """The template resource that an author would write."""
    listed = ", ".join(f'"{key}"' for key in keys)
    toml = f'[template]\nsrc = "{name}.tmpl"\ndest = "{dest}"\nkeys = [{listed}]\n'
    return Resource(name, toml, text)


@dataclass(frozen=True)
class Batch:
    """Many originals, and what they were lifted to, each in a resource of its own: two runs of confd for all."""

    confd: Path
    folder: Path
    setting: Setting
    world: World

    def __call__(self, lifted: Sequence[tuple[str, Lifted]]) -> list[tuple[list[str] | None, list[str] | None]]:
        """Return the lines of each original and of each lifted file; None of one that fails."""
        dests = [f"/srv/app/f{number}" for number in range(len(lifted))]
        before = [original(text, name=f"f{number}", dest=dests[number]) for number, (text, _) in enumerate(lifted)]
        after = [self.compiled(found, dest) for (_, found), dest in zip(lifted, dests, strict=True)]
        found = [self.rendered(before, dests, self.setting.version), self.rendered(after, dests, self.setting.target)]
        return list(zip(*found, strict=True))

    def compiled(self, lifted: Lifted, dest: str) -> Resource:
        spec = spec_from(lifted, self.setting.target, dest=dest)
        return compile_file(spec, spec.files[0], dest.rpartition("/")[2], no_statics)

    def rendered(self, resources: Sequence[Resource], dests: Sequence[str], version: str) -> list[list[str] | None]:
        answers, client = view(environment(self.world), "netns", self.world.index)
        files = [conf({"text": "x"}, dest=dest) for dest in dests]
        spec = spec_with(spec_of(*files), version, self.world)
        done = run(
            self.confd, self.folder / version / resources[0].name / str(id(resources)), spec, resources, seen_by(answers, client)
        )
        return [lines(done.files[dest]) if dest in done.files else None for dest in dests]
