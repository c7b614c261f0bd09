"""Translates a scenario for a real stack: computes the stack and its changes, and finds the moments that no stack can reach.

All functions are pure.

Values that a scenario invents are kept where possible: the metadata has the hosts and published ports of the scenario, although
the stack runs on one machine and publishes no ports. In files, logs and answers, addresses and the name of the stack are replaced
with those in the scenario (`Mirror`). Under `beside`, a scenario may list OTHER/NAME, the service NAME of another stack OTHER.
This service runs in the entry's stack under the name OTHER-NAME, but the metadata presents it as a service of OTHER.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace

from catalog_forge.confd.layout import by_key
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.scenarios import model, units
from catalog_forge.metadata.scenarios.model import Environment
from catalog_forge.metadata.scenarios.scenario import Scenario
from catalog_forge.metadata.scenarios.steps import Moment
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.questions import Given, answered
from catalog_forge.spec.model import Spec
from catalog_forge.stack.compose import compose, flat, with_beside
from catalog_forge.stack.model import Launch, Service, Stack
from catalog_forge.stack.reconcile import Key
from catalog_forge.stack.stored import entry_of, stored
from catalog_forge.verify.expectation import Expectation

MAX_UNITS = 50
"""The maximum number of units that a play may start; each has at least one container."""

_ADDRESS = re.compile(r"(?<![0-9.])(?:[0-9]{1,3}\.){3}[0-9]{1,3}(?!\.?[0-9])")


def stack_of(spec: Spec, played: Scenario, name: str) -> Stack:
    """Return the stack with which a scenario starts; `name` is the name of the stack.

    It has the services of the entry, as generated from the current spec, and the services that the scenario lists under `beside`.
    The answer to a question is the value of its key in the metadata of the scenario, else its default. No ports are published on
    this machine, because parallel plays would conflict. Raises ForgeError if a question has no answer.
    """
    entry = entry_of(spec)
    stack = compose(entry, answered(entry.questions, _given(spec, played, entry)), name)
    labels = {each: service.labels for each, service in _services(played.environment).items()}
    beside = [
        Service(Launch(each, what.image, command=what.command, environment=what.environment, labels=labels[each]))
        for each, what in ((flat(path), what) for path, what in played.beside.items())
    ]
    stack = with_beside(stack, played.beside, beside, played.moments[0].where, "remove this service from `beside`")
    services = tuple(map(_unpublished, stack.services))
    return stored(at(replace(stack, services=services), played.environment), spec)


def _services(scene: Environment) -> dict[str, model.Service]:
    """Return the services of a scenario by their names in the running stack."""
    own, *others = scene.stacks
    found = {f"{stack.name}-{each.name}": each for stack in others for each in stack.services}
    return found | {each.name: each for each in own.services}


def _given(spec: Spec, played: Scenario, entry: Revision) -> dict[str, Given]:
    """Return the values in the metadata of the scenario that are valid answers to the entry's questions."""
    questions = entry.asked
    told = [dict(by_key(spec, each.metadata)) for each in played.environment.stacks[0].services]
    found: dict[str, Given] = {}
    for name, key in spec.metadata.items():
        values = [each[name] for each in told if name in each]
        question = questions.get(key.variable)
        text = _text(values[0]) if values else ""
        if question and text and not question.problem(text):
            found[key.variable] = Given(text)
    return found


def _text(value: Value) -> str:
    match value:
        case bool():
            return str(value).lower()
        case str() | int() | float():
            return str(value)
        case _:
            return ""


def _unpublished(service: Service) -> Service:
    sidekicks = tuple(replace(each, ports=()) for each in service.sidekicks)
    return replace(service, primary=replace(service.primary, ports=()), sidekicks=sidekicks)


def at(stack: Stack, scene: Environment) -> Stack:
    """Return a copy of the stack with the scales and the metadata that the scenario has at one moment."""
    told = _services(scene)
    services = (
        replace(each, scale=told[each.name].scale, metadata=told[each.name].metadata) if each.name in told else each
        for each in stack.services
    )
    return replace(stack, services=tuple(services))


def cannot(moment: Moment, stack: Stack) -> str:
    """Return the reason why no stack can reach a moment; return "" if a stack can."""
    scene = moment.environment
    if moment.fault.kind != "none" and not (stack.store and moment.fault.kind == "down"):
        return f"the metadata service of a stack cannot have the fault {moment.fault.kind!r}"
    if scene.containers:
        return "a stack has no standalone containers"
    own = {each.name for each in stack.services}
    for name, service in _services(scene).items():
        if name not in own:
            return f"the entry has no service {name!r}: define a substitute under `beside`"
        if service.healths:
            return f"the health of {name} cannot be set, because its health check determines the health"
        if odd := set(service.states.values()) - {"stopped"}:
            return f"a container of {name} cannot be put into the state {min(odd)!r}"
    count = sum(each.scale for each in at(stack, scene).services)
    return f"the stack has {count} units, but a test starts at most {MAX_UNITS}" if count > MAX_UNITS else ""


def held(scene: Environment) -> frozenset[Key]:
    """Return the units that are stopped at a moment."""
    services = _services(scene).items()
    return frozenset((name, index) for name, each in services for index, state in each.states.items() if state == "stopped")


def replaced(before: Environment, scene: Environment) -> list[Key]:
    """Return the units that were replaced between two moments."""
    old = _services(before)
    return [
        (name, index)
        for name, each in _services(scene).items()
        for index in range(1, min(each.scale, old[name].scale) + 1)
        if each.create_index(index) != old[name].create_index(index)
    ]


def retold(made: Environment, scene: Environment) -> Environment:
    """Return the environment that the metadata presents: the running stack with the hosts and published ports of the scenario.

    The services of the scenario come first, in the order of the scenario, so that each unit has the same host as in the scenario.
    A service that substitutes for a service of another stack is listed under that other stack.
    """
    own, *others = scene.stacks
    names = {f"{stack.name}-{each.name}": f"{stack.name}/{each.name}" for stack in others for each in stack.services}
    told = {each.name: each for each in own.services}
    places = {name: number for number, name in enumerate(told)}
    found = {
        each.name: replace(
            each,
            ports=told[each.name].ports if each.name in told else each.ports,
            links={names.get(target, target): alias for target, alias in each.links.items()},
        )
        for each in sorted(made.stacks[0].services, key=lambda each: places.get(each.name, len(places)))
    }
    mine = replace(made.stacks[0], services=tuple(each for name, each in found.items() if name not in names))
    foreign = (
        replace(
            stack,
            services=tuple(
                replace(found[name], name=each.name) for each in stack.services if (name := f"{stack.name}-{each.name}") in found
            ),
        )
        for stack in others
    )
    return replace(made, hosts=scene.hosts, name=scene.name, stacks=(mine, *foreign))


@dataclass(frozen=True, slots=True)
class Place:
    """The container that a word of a scenario names: its service, its launch and its index."""

    service: Service
    launch: Launch
    index: int


def places(stack: Stack) -> dict[str, Place]:
    """Return the containers of a stack by their names in scenarios: NAME-INDEX, and also NAME for the first container."""
    found: dict[str, Place] = {}
    for service in stack.services:
        for launch in service.launches:
            for index in range(1, service.scale + 1):
                found[f"{launch.name}-{index}"] = Place(service, launch, index)
            if service.scale:
                found[launch.name] = Place(service, launch, 1)
    return found


def check(stack: Stack, played: Scenario, expected: Sequence[Expectation]) -> None:
    """Raise ForgeError if the scenario asks a container at a moment at which the container does not exist. The error names every
    such container.
    """
    problems: list[Problem] = []
    for moment, each in zip(played.moments, expected, strict=True):
        if cannot(moment, stack):
            break
        known = places(at(stack, moment.environment))
        problems += [
            Problem(f"there is no container {word!r} at that moment", where, did_you_mean(word, known))
            for word, where in _words(each)
            if word not in known
        ]
    if problems:
        raise ForgeError.of(problems)


def _words(expected: Expectation) -> Iterator[tuple[str, Where]]:
    asking = expected.asking
    for group in (expected.placed, asking.commands, asking.requests, asking.logs):
        yield from ((each.container, each.where) for each in group)


@dataclass
class Mirror:
    """Translates the output of a stack: replaces each address of a container with the container's address in the scenario.

    Addresses of removed containers are also translated, so that a file with an outdated address does not match the expectation.
    """

    name: str
    shown: str
    addresses: dict[str, str] = field(default_factory=dict)

    def learn(self, told: Environment, scene: Environment) -> None:
        """Record the addresses of the containers at a moment."""
        theirs = _addresses(scene)
        self.addresses |= {address: theirs[who] for who, address in _addresses(told).items() if who in theirs}

    def text(self, text: str) -> str:
        """Translate a string: insert the addresses and the stack name of the scenario."""
        return _ADDRESS.sub(lambda found: self.addresses.get(found[0], found[0]), text).replace(self.name, self.shown)

    def content(self, content: bytes) -> bytes:
        """Translate the content of a file in the same way as a string. All other bytes of a binary file are preserved."""
        return self.text(content.decode("latin-1")).encode("latin-1")


def mirror(name: str, scene: Environment, version: str) -> Mirror:
    """Return a mirror for a stack of this name. Since version 2016-07-29, the metadata has names in lower case."""
    shown = scene.stacks[0].name
    return Mirror(name, shown if version.startswith("2015") else shown.lower())


def _addresses(scene: Environment) -> Mapping[tuple[int, str, str, int], str]:
    """Map each container to its address. The key consists of the stack's number (not its name, which differs from the name in the
    scenario), the service, the launch and the index.
    """
    places = {stack.name: number for number, stack in enumerate(scene.stacks)}
    return {
        (places[each.launch.stack.name], each.launch.service.name, each.launch.name, each.index): each.address
        for each in units.containers(scene)
        if each.launch and each.address
    }
