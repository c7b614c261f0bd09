"""Writes a first scenario for a spec, as an example for the author. It expects the files that are rendered now."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import reduce
from itertools import chain
from typing import Any

from catalog_forge import yamlio
from catalog_forge.catalog.compose import GENERATED_LABELS, docker_compose, rancher_compose, sidekicks_of
from catalog_forge.catalog.questions import of_metadata
from catalog_forge.errors import ForgeError, Where
from catalog_forge.metadata.scenarios import scenario
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.rancher.composition import substituted
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.spec.checks import uses
from catalog_forge.spec.model import MetadataKey, Spec
from catalog_forge.verify import view
from catalog_forge.verify.observation import Engine, Seen
from catalog_forge.verify.subject import Subject

HEAD = """\
# This scenario describes a stack of {name}, its changes and the rendered files. Review it, and add the changes that matter.
# Run it: catalog-forge test {name}        Look at it: catalog-forge render {name} --diff --step 0 --step 1
"""
_SAMPLES = {"int": "1", "boolean": "true", "multiline": "first line\nsecond line\n", "password": "a password"}


@dataclass(frozen=True, slots=True)
class FirstScenario:
    """A first scenario: its YAML and, if a file cannot be rendered, the errors that the scenario expects."""

    text: str
    errors: tuple[str, ...]


def asking(spec: Spec) -> str:
    """Return the name of the service that confd reads as `self`: the first configured service, or its sidekick with confd."""
    return spec.members[0].asking


def first_scenario(spec: Spec, subject: Subject, engine: Engine, given: Mapping[str, Given] = {}) -> FirstScenario:
    """Return a scenario that starts with the stack of the entry. Its steps add a unit, replace a unit, and then, for each other
    group, choose one of the group's containers as `self`. If the image reads a store, there are no steps.

    Questions get the answers in `given`, else their defaults. At its start, the scenario expects the files that `engine` renders
    now. At later moments, it expects no errors, except those that occur now. Raises ForgeError for an answer that does not belong
    to a question of the entry, or if no scenario is valid with the given answers.
    """
    every = stack(spec, given)
    services = {name: keys for name, keys in every.items() if "/" not in name}
    stacks: dict[str, dict[str, Any]] = {}
    for other, _, name in (path.partition("/") for path in every if "/" in path):
        stacks.setdefault(other, {})[name] = {}
    scaled = next(iter(services))
    told: dict[str, Any] = {"stack": spec.entry.name, "hosts": 3, "services": services}
    told |= {"stacks": stacks} if stacks else {}
    told["self"] = f"{asking(spec)}-1"
    steps: list[dict[str, Any]] = []
    if not spec.engine.is_stored:  # a store has no data about containers, so these steps would change no file
        steps = [{"service": scaled, "scale": services[scaled]["scale"] + 1}, {"service": scaled, "replace": 1}]
        steps += [{"self": f"{member.asking}-1"} for member in spec.members[1:] if member.scale]
    moments = _moments(spec, {**told, "then": steps})
    views = [view.of_moment(moment, number, subject.version) for number, moment in enumerate(moments)]
    first, *later = engine.play(subject, views)
    told["expect"] = {"files": {dest: written.text for dest, written in first.files.items()}, **_failing(first)}
    steps = [{**step, "expect": _failing(seen)} if seen.errors else step for step, seen in zip(steps, later, strict=True)]
    text = "".join(yamlio.dump({key: value}) for key, value in told.items())
    text = HEAD.format(name=spec.name) + text + (yamlio.dump({"then": steps}) if steps else "")
    errors = chain.from_iterable(_failing(seen).get("error", ()) for seen in (first, *later))
    return FirstScenario(text, tuple(dict.fromkeys(errors)))


def _moments(spec: Spec, data: Mapping[str, Any]) -> tuple[Moment, ...]:
    """Return the moments of a scenario. The scenario is not in a file yet, so errors in it have no location."""
    try:
        return scenario.read(yamlio.dump(data), "", asking(spec)).moments
    except ForgeError as error:
        said = "the scenario of these answers is not valid: "
        raise ForgeError.of([replace(each, message=said + each.message, where=None) for each in error.problems]) from None


def made_up(spec: Spec, given: Mapping[str, Given] = {}) -> list[str]:
    """Return the keys that have an invented value in the scenario, because the keys have neither an answer nor a default."""
    groups = spec.service.groups.values()
    free = [
        name
        for name, key in spec.metadata.items()
        if key.needed and not key.options and not (groups and all(name in group.metadata for group in groups))
    ]
    return [name for name in free if spec.metadata[name].variable not in given]


def stack(spec: Spec, given: Mapping[str, Given] = {}) -> dict[str, Any]:
    """Return the services of the entry in the form of a scenario. Questions get the answers in `given`, else their defaults.

    A service that the entry uses but does not contain has no keys. If it belongs to another stack, it is called STACK/SERVICE.
    """
    compose, rancher = docker_compose(spec)["services"], rancher_compose(spec)["services"]
    answers = _answers(spec, given)
    known = {name: _answered({**keys, **rancher.get(name, {})}, answers) for name, keys in compose.items()}
    beside = {name: sidekicks_of(keys) for name, keys in known.items()}
    services = {name: _service(name, known, beside) for name in known if name not in {*chain.from_iterable(beside.values())}}
    for service in services.values():
        _fill(spec, service.get("metadata", {}))
    others = [_near(spec, answers[key.variable]) for key in spec.metadata.values() if key.type == "service"]
    if links := {_near(spec, _target(alias, known)): alias for alias in uses.links(spec)}:
        for member in spec.members:
            services[member.name]["links"] = links
        others += links
    return services | {name: {} for name in others if name and name not in known}


def _near(spec: Spec, target: str) -> str:
    """Remove the name of the entry's stack from the name of a service; keep the name of any other stack."""
    return target.removeprefix(f"{spec.entry.name}/")


def _target(alias: str, known: Mapping[str, Any]) -> str:
    """Return the service to which a link with this alias leads: its target in the compose files, else the alias itself."""
    links = [str(each) for keys in known.values() for key in ("links", "external_links") for each in keys.get(key, ())]
    targets = (target for target, _, name in (link.partition(":") for link in links) if name == alias)
    return next(targets, alias)


def _service(name: str, known: Mapping[str, Any], beside: Mapping[str, list[str]]) -> dict[str, Any]:
    """Return a service in the form of a scenario, with the compose keys that affect the metadata."""
    keys = known[name]
    service: dict[str, Any] = {"scale": _whole(keys.get("scale"), 1)}
    if sidekicks := {each: network for each in beside[name] if (network := _network(known[each]))}:
        service["sidekicks"] = sidekicks
    if "health_check" in keys:
        service["health_check"] = {"port": _whole(keys["health_check"]["port"], 80)}
    if labels := {key: str(value) for key, value in keys.get("labels", {}).items() if key not in GENERATED_LABELS}:
        service["labels"] = labels
    if "metadata" in keys:
        service["metadata"] = keys["metadata"]
    return service


def _fill(spec: Spec, metadata: dict[str, Any]) -> None:
    """Add one element to each required list and map that is empty in a service's metadata."""
    for name, key in spec.metadata.items():
        *above, last = name.split("/")
        holder = reduce(lambda data, part: data.get(part, {}), above, metadata)
        if not key.asked and key.needed and holder.get(last) in ([], {}):
            element = {field: f"some {field}" for field in key.fields} or f"some {last}"
            holder[last] = [element] if key.type == "list" else {"one": element}


def _whole(value: Any, otherwise: int) -> int:
    """Convert a value to a number; return `otherwise` if the value (such as an invented answer) is not a number."""
    return int(value) if re.fullmatch("[0-9]{1,5}", str(value)) else otherwise


def _network(sidekick: Mapping[str, Any]) -> str:
    """Return the network of a sidekick, `own` or `primary`; empty for a sidekick that only owns volumes and has no network."""
    mode = str(sidekick.get("network_mode", ""))
    return "" if mode == "none" else "primary" if mode.startswith("container:") else "own"


def _answers(spec: Spec, given: Mapping[str, Given]) -> dict[str, str]:
    """Return the answers to the questions of the entry, by variable."""
    made = {key.variable: _answer(spec, key) for key in spec.metadata.values() if key.asked}
    answered(of_metadata(spec), given, lambda question: made[question.variable])
    return made | {name: answer.text for name, answer in given.items()}


def _answer(spec: Spec, key: MetadataKey) -> str:
    if key.default is not None:
        return str(key.default).lower() if isinstance(key.default, bool) else str(key.default)
    if key.options:
        return key.options[0]
    if key.optional:
        return ""  # Rancher's value for a question without an answer
    if key.type == "service":
        # Each question gets a different service as its answer, because a scenario can give a linked service only one alias.
        is_only = sum(each.type == "service" for each in spec.metadata.values()) == 1
        return f"other-{spec.service.name if is_only else key.variable}"
    return _SAMPLES.get(key.type, f"some {key.variable}")


def _answered(data: Any, answers: Mapping[str, str]) -> Any:
    """Return compose data as Rancher reads it: with answers substituted, and each `$$` replaced with `$`."""
    match data:
        case str():
            return substituted(yamlio.Text(data, False, Where(""), "", ()), answers) if "$" in data else str(data)
        case Mapping():
            return {key: _answered(value, answers) for key, value in data.items()}
        case list():
            return [_answered(item, answers) for item in data]
        case _:
            return data


def _failing(seen: Seen) -> dict[str, Any]:
    """Return the expected errors for a moment that cannot be rendered, without prefixes that depend on the engine."""
    reasons = dict.fromkeys(_reason(error) for error in seen.errors)
    return {"error": list(reasons)} if reasons else {}


def _reason(error: str) -> str:
    _, _, reason = error.rpartition("key does not exist: ")
    return reason if reason != error else error.partition(": ")[2]
