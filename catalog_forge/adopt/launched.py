"""Compares what an entry launches before and after it is adopted, and decides which differences are losses."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, replace
from typing import Any

from catalog_forge.adopt.entries import ConfUnit, EntryUse, is_secret
from catalog_forge.catalog.compose import GENERATED_LABELS
from catalog_forge.goyaml import printing
from catalog_forge.plan import Plan
from catalog_forge.rancher.entries import Revision, read
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.spec.shorthand import variable_of
from catalog_forge.stack.compose import compose
from catalog_forge.stack.model import Launch, Service, Stack

# The properties that a service must keep, regardless of which of its containers becomes the primary.
_OF_SERVICE = ("scale", "metadata", "health_check", "links", "depends_on", "retain_ip", "lb_config")
# The properties that a program must keep. Its command line is compared separately, because the launch script changes it.
_OF_PROGRAM = ("image", "environment", "options", "logging", "grace", "external", "per_unit")
# The properties that all other sidekicks must keep. Unlike the program, these sidekicks must also start in the same way.
_OF_SIDEKICK = (*_OF_PROGRAM, "entrypoint", "command")
_SHOWN = 200
NOT_COMPARED = "not compared"


@dataclass(frozen=True, slots=True)
class Altered:
    """A difference in what is launched: the service, the property, its old and new value, and whether something is lost.

    If the property is `NOT_COMPARED`, `old` is the reason.
    """

    service: str
    what: str
    old: str
    new: str
    lost: bool

    def __str__(self) -> str:
        if self.what == NOT_COMPARED:
            why = f"because one of the two revisions cannot be launched: {self.old}"
            return f"what {self.service} launches is not proven to stay the same, {why}"
        return f"{self.service}: {self.what}: {self.old or 'nothing'} -> {self.new or 'nothing'}"


def changes(use: EntryUse, plan: Plan, revision: int, service: str) -> list[Altered]:
    """Compare what both revisions launch with default answers. Raises ForgeError if one of the two cannot be launched.

    If the image of the configured `service` has no fixed tag, the new entry asks for the tag. The answer is then `latest`, like
    the tag of the original.
    """
    entry = use.revision.entry.name
    files = {file.path: file.content for file in plan.below(f"templates/{entry}")}
    tag = {f"{variable_of(service)}_tag": Given("latest")}
    old, new = _stack(use.revision, {}), _stack(read(files, entry, str(revision)), tag)
    return [*_compared(use, old, new)]


def _stack(revision: Revision, told: Mapping[str, Given]) -> Stack:
    """Return the stack of a revision. Secret questions, and required questions without a default, get sample answers."""
    given = {
        name: Given(
            each.options[0] if each.options else "1" if each.type == "int" else "true" if each.type == "boolean" else name
        )
        for name, each in revision.asked.items()
        if (each.required and not each.default) or is_secret(each)
    }
    given |= {name: value for name, value in told.items() if name in given}
    return compose(revision, answered(revision.questions, given), "app")


def _compared(use: EntryUse, old: Stack, new: Stack) -> Iterator[Altered]:
    units = {unit.primary: unit for unit in use.units}
    after = {service.name: service for service in new.services}
    for service in old.services:
        other = after.pop(service.name, None)
        unit = units.get(service.name)
        if other is None:
            yield Altered(service.name, "the service", "present", "", True)
        elif unit is None:
            yield from _fields(service.name, _whole(service), _whole(other), lost=True)
        else:
            yield from _member(service, other, unit)
    for name in after:
        yield Altered(name, "the service", "", "present", False)


def _whole(service: Service) -> dict[str, Any]:
    """Return all data of a service: its own properties, and its containers by name."""
    return {**_only(service, _OF_SERVICE), **{launch.name: asdict(launch) for launch in service.launches}}


def _member(old: Service, new: Service, unit: ConfUnit) -> Iterator[Altered]:
    """Compare a configured service: its properties, its program, and its sidekicks, including those added or removed."""
    yield from _fields(old.name, _only(old, _OF_SERVICE), _only(new, _OF_SERVICE), lost=True)
    yield from _fields(old.name, _network(old.primary), _network(new.primary), lost=True)
    before = {launch.name: launch for launch in old.launches}
    made = {launch.name: launch for launch in new.launches}
    main, beside = unit.main, unit.beside
    program = made.get(main) or made.get(f"{old.name}-main") or new.primary
    # A per-unit volume of the old conf container is not lost: the new conf container also has one for each unit.
    gone = {name for name in before[unit.conf].per_unit if name not in program.per_unit}
    kept = replace(before[main], per_unit=tuple(name for name in before[main].per_unit if name not in gone))
    yield from _fields(f"{old.name}: {main}", _only(kept, _OF_PROGRAM), _only(program, _OF_PROGRAM), lost=True)
    yield from _fields(f"{old.name}: {main}", _only(before[main], ("entrypoint", "command", "volumes", "volumes_from")),
                       _only(program, ("entrypoint", "command", "volumes", "volumes_from")), lost=False)  # fmt: skip
    for name in beside:
        if name not in made:
            yield Altered(f"{old.name}: {name}", "the sidekick", "present", "", True)
        else:
            one, other = _only(before[name], _OF_SIDEKICK), _only(made[name], _OF_SIDEKICK)
            yield from _fields(f"{old.name}: {name}", one, other, lost=True)
    for name in before:
        if name not in {*made, main, *beside}:
            yield Altered(f"{old.name}: {name}", "the sidekick", "present", "", False)
    for name in made:
        if name not in before:
            yield Altered(f"{old.name}: {name}", "the sidekick", "", "present", False)


def _only(record: Service | Launch, names: tuple[str, ...]) -> dict[str, Any]:
    whole = asdict(record)
    return {name: whole[name] for name in names}


def _network(launch: Launch) -> dict[str, Any]:
    """Return those properties of a primary that are visible to other services: ports and labels."""
    labels = {name: text for name, text in launch.labels.items() if name not in GENERATED_LABELS}
    return _only(replace(launch, labels=labels), ("ports", "exposed", "labels"))


def _fields(name: str, old: Mapping[str, Any], new: Mapping[str, Any], *, lost: bool) -> Iterator[Altered]:
    """Yield each value that differs, with its path. A value that did not exist before is not a loss."""
    before, after = dict(_leaves(old)), dict(_leaves(new))
    for path in sorted(before.keys() | after.keys()):
        one, other = before.get(path, ""), after.get(path, "")
        if one != other:
            yield Altered(name, path, one[:_SHOWN], other[:_SHOWN], lost and bool(one) and not _means_the_same(path, one, other))


def _means_the_same(path: str, one: str, other: str) -> bool:
    """Whether two different values of the property at `path` have the same effect."""
    if path.endswith("image"):
        return f"{one}:latest" == other
    if path.endswith("request_line"):
        one = unquoted(one)
        return other in (one, f"{one} HTTP/1.0")
    return one.strip() == other.strip()


def unquoted(line: str) -> str:
    """Return a request line without the quotes around its words. Rancher writes such quotes, and HAProxy removes them."""
    return re.sub(r'(?<!\S)"([^"\s\\]+)"(?!\S)', r"\1", line.strip())


def _leaves(value: Any, path: str = "") -> Iterator[tuple[str, str]]:
    if isinstance(value, Mapping):
        for key, each in value.items():
            yield from _leaves(each, f"{path}.{key}" if path else str(key))
    elif isinstance(value, float):
        yield path, printing.dump(value).rstrip("\n")  # Rancher's metadata and the engine get numbers as YAML prints them
    elif value not in (None, "", [], ()):
        yield path, value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str, sort_keys=True)
