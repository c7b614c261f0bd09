"""The steps of a scenario. Each step changes the environment, and the result is a new moment.

then:
- name: a fourth node             # optional
  service: elasticsearch-masters  # the service to change, STACK/SERVICE in another stack; default: the service of `self`
  scale: 4
- replace: 2                      # or a list; a new container takes its place, with another uuid and address
- stop: 3                         # stays listed, in state stopped; `start` runs it again
- health: {2: unhealthy}
- set: {cluster.name: other}      # metadata of the service
- unset: cluster.name             # or a list
- fault: {down: 4s}               # of the metadata service, see FAULTS
- self: elasticsearch-masters-2   # from here on, another container requests the metadata
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.environment import HEALTHS, MAX_SCALE, EnvironmentReader, check_room
from catalog_forge.metadata.scenarios.model import Environment, Service
from catalog_forge.metadata.scenarios.units import Container
from catalog_forge.metadata.service.answers import DEFAULT

TroubleKind = Literal["none", "late", "down", "missing", "slow", "flapping"]
FAULTS: Mapping[TroubleKind, str] = {
    "late": "the metadata service starts this long after the container; only allowed at the start of the scenario",
    "down": "the metadata service does not answer for this long, then works again",
    "slow": "each answer takes this long during this step",
    "missing": "every request gets a 404 during this step",
    "flapping": "every second request is aborted during this step",
}
_TIMED = ("late", "down", "slow")
_NONE = "the service has no container at that moment: its scale must be at least 1"
MAX_SECONDS = 60
MAX_STEPS = 200


@dataclass(frozen=True, slots=True)
class Trouble:
    """A fault of the metadata service at one moment. `seconds` is set for faults that have a duration."""

    kind: TroubleKind = "none"
    seconds: float = 0


@dataclass(frozen=True, slots=True)
class Moment:
    """The state of a scenario at one time: the environment, the asking container, and the fault of the metadata service.

    `asking` is the container that requests the metadata, or None if no container can do so. `expect` is the node of the author's
    expectation. `changes` describes the changes since the previous moment.
    """

    name: str
    environment: Environment
    asking: Container | None
    fault: Trouble
    expect: yamlio.Node | None
    where: Where
    changes: tuple[str, ...] = ()

    @property
    def client(self) -> str:
        """The address by which the metadata service knows the asking container."""
        return (self.asking and self.asking.address) or DEFAULT

    def scaled(self, scale: int) -> Moment:
        """Return a copy of the moment in which the service of the asking container has this scale.

        Raises ForgeError if the asking container is removed.
        """
        launch = self.asking.launch if self.asking else None
        if launch is None:
            raise ForgeError(
                "no service runs confd, so there is no service to scale", self.where, "set `self` to a container of the service"
            )
        stacks = tuple(
            replace(stack, services=tuple(each.scaled(scale) if each == launch.service else each for each in stack.services))
            if stack == launch.stack
            else stack
            for stack in self.environment.stacks
        )
        environment = replace(self.environment, stacks=stacks)
        check_room(environment, self.where)
        scaled = replace(self, name=f"scale {scale}", environment=environment)
        return scaled.asked_by(self.asking.name if self.asking else "")

    def asked_by(self, word: str) -> Moment:
        """Return a copy of the moment in which another container requests the metadata.

        `word` is the address of this container, or a name that `find_container` accepts.
        """
        members = units.containers(self.environment)
        found = next((item for item in members if item.address == word), None) or find_container(self.environment, word)
        if found is None:
            hint = did_you_mean(word, [item.name for item in members][:20]) or _NONE
            raise ForgeError(f"there is no container {word!r} that could request metadata", self.where, hint)
        return replace(self, asking=found)


def moments(start: Environment, found: Mapping[str, yamlio.Node], where: Where, own: str = "") -> Iterator[Moment]:
    """Yield the moments of a scenario, given its top-level nodes. Raises ForgeError with all problems of the steps.

    Each step is applied to the result of the previous steps, so "container 4" may be a container that a previous step added.
    """
    reader = _StepReader(start)
    first = reader.asking(found.get("self"), own)
    fault = reader.fault(found.get("fault"), start=True)
    reader.check()
    made = [Moment("start", start, first, fault, found.get("expect"), where)]
    nodes = reader.items(found.get("then"), "then")
    if len(nodes) > MAX_STEPS:
        reader.wrong(f"a scenario can have at most {MAX_STEPS} steps", nodes[MAX_STEPS].where, "split the scenario into two")
    for number, node in enumerate(nodes[:MAX_STEPS], start=1):
        made.append(reader.step(node, number, made[-1]))
    reader.check()
    yield from made


def find_container(environment: Environment, word: str) -> Container | None:
    """Return the container that `word` names. `word` is a full name, SERVICE-INDEX, or SERVICE for a service's first container.

    A container that shares the network of its primary has the primary's address, so the primary is returned instead.
    """
    members = units.containers(environment)
    for item in members:
        names = {item.name}
        if item.launch:
            names |= {f"{item.launch.name}-{item.index}"} | ({item.launch.name} if item.index == 1 else set())
        if word.lower() in {name.lower() for name in names}:
            return item if item.address else _primary_of(item, members)
    return None


def _primary_of(member: Container, members: list[Container]) -> Container | None:
    launch = member.launch
    return next(
        (
            other
            for other in members
            if launch and other.launch and other.launch.sidekick is None
            if (other.launch.service, other.index) == (launch.service, member.index)
        ),
        None,
    )


_KEYS = ("name", "service", "scale", "replace", "stop", "start", "health", "set", "unset", "fault", "self", "expect")
_Change = Callable[["_StepReader", Service, yamlio.Node], tuple[Service, str]]


class _StepReader(EnvironmentReader):
    """Reads the steps in order and applies each to the moment before it."""

    def __init__(self, start: Environment) -> None:
        super().__init__()
        self.start = start
        # The number of units that the service of the current step had before the step.
        self.scale_before = 0

    def asking(self, node: yamlio.Node | None, own: str) -> Container | None:
        """Return the container that requests the metadata at the start."""
        services = [service.name for stack in self.start.stacks for service in stack.services if service.scale]
        if node is not None:
            return self._container(self.word(node, "self"), self.start, node.where)
        return find_container(self.start, own) or find_container(self.start, services[0] if services else "")

    def step(self, node: yamlio.Node, number: int, before: Moment) -> Moment:
        """Read a step, apply it to the moment `before`, and return the resulting moment."""
        found = self.known(node, "a step", _KEYS)
        environment, words = self._changed(found, node, before)
        asking = self._still_asking(found.get("self"), environment, before, node.where)
        fault = self.fault(found.get("fault"))
        if fault.kind != "none":
            words.append(f"metadata {fault.kind}" + (f" {fault.seconds:g} s" if fault.seconds else ""))
        if "self" in found and asking:
            words.append(f"seen by {asking.name}")
        name = self.word(found["name"], "name") if "name" in found else ", ".join(words) or "nothing changes"
        try:
            check_room(environment, node.where)
        except ForgeError as error:
            self.problems.extend(error.problems)
        return Moment(name or f"step {number}", environment, asking, fault, found.get("expect"), node.where, tuple(words))

    def fault(self, node: yamlio.Node | None, start: bool = False) -> Trouble:
        """Read a fault, written as a word or as a word with a time."""
        if node is None:
            return Trouble()
        pairs = node.pairs if isinstance(node, yamlio.Map) else ((node, None),)
        if len(pairs) != 1:
            self.wrong("a fault has exactly one key", node.where, "for example fault: {down: 4s}")
            return Trouble()
        (word, time), *_ = pairs
        kind = self.one_of(word, "fault", FAULTS)
        if kind == "late" and not start:
            self.wrong("the fault 'late' is allowed only at the start of the scenario", node.where, "did you mean 'down'?")
        if (kind in _TIMED) != (time is not None) and kind:
            hint = f"write fault: {{{kind}: 4s}}" if time is None else f"write fault: {kind}"
            self.wrong(f"fault {kind!r} {'needs a' if time is None else 'takes no'} time", node.where, hint)
            return Trouble()
        seconds = self.seconds(time, f"fault {kind}") if time else 0
        if seconds > MAX_SECONDS:
            self.wrong(f"a fault can last at most {MAX_SECONDS} s", node.where, "choose a shorter time")
        return next((Trouble(known, seconds) for known in FAULTS if known == kind), Trouble())

    def _changed(self, found: Mapping[str, yamlio.Node], node: yamlio.Node, before: Moment) -> tuple[Environment, list[str]]:
        """Return the environment after a step's changes to one service, and a description of each change."""
        words: list[str] = []
        launch = before.asking.launch if before.asking else None
        named = found.get("service")
        stacks = before.environment.stacks
        own = f"{launch.stack.name}/{launch.service.name}" if launch else ""
        name = self.word(named, "service") if named else own.removeprefix(f"{stacks[0].name}/")
        services = before.environment.services
        # `scale` is applied first, wherever it is written: the other keys change the units that exist after scaling.
        changes = sorted(((key, value) for key, value in found.items() if key in _CHANGES), key=lambda each: each[0] != "scale")
        if (named or changes) and name not in services:
            self.wrong(f"there is no service {name!r}", (named or node).where, did_you_mean(name, services))
            return before.environment, words
        if named and not changes:
            hint = f"add one of {', '.join(_CHANGES)}, or remove `service`"
            self.wrong(f"the step names the service {name!r}, but does not change it", named.where, hint)
        self.scale_before = services[name].scale if changes else 0
        for key, value in changes:
            services[name], said = _CHANGES[key](self, services[name], value)
            words.append(f"{name}: {said}" if named else said)
        changed = iter(services.values())
        stacks = tuple(replace(stack, services=tuple(next(changed) for _ in stack.services)) for stack in stacks)
        return replace(before.environment, stacks=stacks), words

    def _still_asking(self, node: yamlio.Node | None, environment: Environment, before: Moment, where: Where) -> Container | None:
        """Return the container that requests the metadata after a step: the container in `node`, or the same as before."""
        if node is not None:
            return self._container(self.word(node, "self"), environment, node.where)
        return self._container(before.asking.name, environment, where) if before.asking else None

    def _container(self, word: str, environment: Environment, where: Where) -> Container | None:
        found = find_container(environment, word)
        if found is None:
            names = [container.name for container in units.containers(environment)]
            self.wrong(
                f"there is no container {word!r} that could request metadata", where, did_you_mean(word, names[:20]) or _NONE
            )
        return found

    def _scale(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        scale = self.whole(node, "scale", MAX_SCALE, default=service.scale)
        return service.scaled(scale), f"scale {scale}"

    def _replace(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        indexes = self._indexes(service, node)
        for index in indexes:
            if index > self.scale_before:
                message = f"container {index} cannot be replaced in this step, because the step itself creates the container"
                self.wrong(message, node.where, "replace it in a separate step after this one")
            service = service.replaced(index)
        return service, f"container {_listed(indexes)} replaced"

    def _stop(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        indexes = self._indexes(service, node)
        states = {**service.states, **dict.fromkeys(indexes, "stopped")}
        return replace(service, states=states), f"container {_listed(indexes)} stopped"

    def _start(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        indexes = self._indexes(service, node)
        states = {index: state for index, state in service.states.items() if index not in indexes}
        return replace(service, states=states), f"container {_listed(indexes)} started"

    def _health(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        healths = self.by_container(node, service.scale, "health", HEALTHS)
        said = ", ".join(f"container {index} {health}" for index, health in healths.items())
        return replace(service, healths={**service.healths, **healths}), said

    def _set(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        data = self.data(node, "set")
        return replace(service, metadata={**service.metadata, **data}), f"{', '.join(data)} set"

    def _unset(self, service: Service, node: yamlio.Node) -> tuple[Service, str]:
        keys = [self.word(item, "a key") for item in self.some(node)]
        for item, key in zip(self.some(node), keys, strict=True):
            if key not in service.metadata:
                hint = did_you_mean(key, service.metadata)
                self.wrong(f"the metadata of {service.name!r} has no key {key!r}", item.where, hint)
        metadata = {key: value for key, value in service.metadata.items() if key not in keys}
        return replace(service, metadata=metadata), f"{', '.join(keys)} removed"

    def _indexes(self, service: Service, node: yamlio.Node) -> list[int]:
        found = [self.index(item, service.scale) for item in self.some(node)]
        return [index for index in found if index]


def _listed(indexes: list[int]) -> str:
    return ", ".join(map(str, indexes))


_CHANGES: Mapping[str, _Change] = {
    "scale": _StepReader._scale,
    "replace": _StepReader._replace,
    "stop": _StepReader._stop,
    "start": _StepReader._start,
    "health": _StepReader._health,
    "set": _StepReader._set,
    "unset": _StepReader._unset,
}
