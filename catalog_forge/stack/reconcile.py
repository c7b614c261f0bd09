"""Decides which actions bring a stack's containers to the state that the plan demands. Pure functions.

A unit is identified by its service and index. Rancher numbers the units that it creates; a unit that replaces another gets the
next number, and therefore another address and uuid (docs/facts/confd.md#6.3).
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from typing import Literal

from catalog_forge.rancher import order
from catalog_forge.stack.model import Launch, Service, Stack

Key = tuple[str, int]
"""A unit: its service and its index."""

Verb = Literal["raise", "start", "replace", "remove", "stop", "restart"]


@dataclass(frozen=True, slots=True)
class Seen:
    """A container of the stack on the engine, described by its labels and the engine. `status` is the exit status of a container
    that has ended; `grace` is the grace period of the container in seconds, 0 for the default."""

    id: str
    name: str
    service: str
    launch: str
    index: int
    number: int
    digest: str
    address: str
    state: str
    status: int = 0
    grace: int = 0

    @property
    def key(self) -> Key:
        """The unit to which the container belongs."""
        return self.service, self.index

    @property
    def running(self) -> bool:
        """Whether the program runs; a paused container counts as running."""
        return self.state in ("running", "paused", "restarting")

    @property
    def ended(self) -> bool:
        """Whether the container has run and has ended."""
        return self.state in ("exited", "dead")


@dataclass(slots=True)
class Ledger:
    """The numbers of units: the current number of each unit, and the last number of each service. Numbers are never reused."""

    units: dict[Key, int] = field(default_factory=dict)
    births: dict[str, int] = field(default_factory=dict)

    def adopt(self, seen: Sequence[Seen]) -> None:
        """Record the numbers of existing containers. If the containers of a unit have two numbers, the higher number counts."""
        for each in seen:
            self.units[each.key] = max(self.units.get(each.key, 0), each.number)
            self.births[each.service] = max(self.births.get(each.service, 0), each.number)

    def number(self, key: Key) -> int:
        """Return the number of a unit. If the unit has none, give it the next number of its service."""
        return self.units[key] if key in self.units else self.next(key)

    def next(self, key: Key) -> int:
        """Give a unit the next number of its service, and return this number."""
        self.births[key[0]] = self.units[key] = self.births.get(key[0], 0) + 1
        return self.units[key]

    def forget(self, key: Key) -> None:
        """Remove a unit from the ledger; its number is never reused."""
        self.units.pop(key, None)


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit that is to be created: its service and index, and the number and the digest for the labels of its containers."""

    service: Service
    index: int
    number: int = 0
    digest: str = ""

    @property
    def key(self) -> Key:
        """The service and the index of the unit."""
        return self.service.name, self.index


@dataclass(frozen=True, slots=True)
class Action:
    """An action on a unit: `raise` creates and starts the unit's missing containers; `start` only starts `containers` again."""

    verb: Verb
    key: Key
    containers: tuple[Seen, ...] = ()
    why: str = ""


@dataclass(frozen=True, slots=True)
class Known:
    """Facts that are only known to a process that watches the stack continuously.

    Some fields contain units: units in `complete` once had all their containers, units in `busy` are being changed, and units in
    `unwanted` must be replaced, those in `held` stopped, and those in `again` restarted, because this was requested. Other fields
    contain containers: those in `ended` have ended while watched, those in `resting` must wait before a restart, and `counts`
    maps each container to the number of consecutive times that it has ended.
    """

    complete: Collection[Key] = ()
    busy: Collection[Key] = ()
    ended: Collection[str] = ()
    resting: Collection[str] = ()
    unhealthy: Collection[Key] = ()
    unready: Collection[Key] = ()
    counts: Mapping[str, int] = field(default_factory=dict)
    unwanted: Collection[Key] = ()
    held: Collection[Key] = ()
    again: Collection[Key] = ()


def digest(service: Service, images: Mapping[str, str]) -> str:
    """Return a digest of a service's containers, links and image ids. A change of the digest replaces the service's units.

    Scale, metadata and the health check are not part of the digest, because a change of these replaces no unit.
    """
    import hashlib  # imported here, because it loads slowly and `ps` does not need it

    parts = [[asdict(launch), images.get(launch.image, "")] for launch in service.launches]
    links = sorted([link.alias, link.target] for link in service.links)
    return hashlib.sha256(json.dumps([parts, links], sort_keys=True, default=str).encode()).hexdigest()[:16]


def container_name(stack: str, service: Service, launch: Launch, index: int) -> str:
    """Return the name that Rancher gives to a container: STACK-SERVICE-INDEX, or STACK-SERVICE-SIDEKICK-INDEX."""
    middle = service.name if launch is service.primary else f"{service.name}-{launch.name}"
    return f"{stack}-{middle}-{index}"


def owner_of(service: Service, launch: Launch) -> Launch:
    """Return the launch whose network `launch` uses, directly or through other launches. This can be `launch` itself."""
    by_name = {each.name: each for each in service.launches}
    seen: set[str] = set()
    while launch.network == "shared" and launch.network_from in by_name and launch.name not in seen:
        seen.add(launch.name)
        launch = by_name[launch.network_from]
    return launch


def ordered(service: Service) -> list[Launch]:
    """Return the containers of a unit in their order of creation: the owners of shared networks and volumes come first."""
    by_name = {launch.name: launch for launch in service.launches}
    needs = {name: [launch.network_from, *launch.volumes_from] for name, launch in by_name.items()}
    return [by_name[name] for name in order.ordered(needs)[0]]


def named(stack: Stack, names: Collection[str]) -> frozenset[Key]:
    """Return the units of a stack whose names, of the form SERVICE-INDEX, are in `names`."""
    every = ((service.name, index) for service in stack.services for index in range(1, service.scale + 1))
    return frozenset(key for key in every if f"{key[0]}-{key[1]}" in names)


def levels(stack: Stack) -> list[list[str]]:
    """Group services by their order of start: each service comes after the services that it links to or depends on."""
    done: dict[str, int] = {}
    for service in stack.services:
        before = {*service.depends_on, *(link.target for link in service.links)}
        done[service.name] = 1 + max((done[name] for name in before if name in done), default=-1)
    return [[name for name, level in done.items() if level == number] for number in range(max(done.values(), default=-1) + 1)]


@dataclass(frozen=True, slots=True)
class Desired:
    """The wanted state: the stack, the digests of its services, and the addresses in the metadata by container name."""

    stack: Stack
    digests: Mapping[str, str]
    addresses: Mapping[str, str]

    def of(self, service: Service, index: int) -> set[str]:
        """Return the addresses that the containers of a unit should have."""
        names = (container_name(self.stack.name, service, launch, index) for launch in service.launches)
        return {self.addresses.get(name, "") for name in names}

    def fits(self, container: Seen) -> bool:
        """Whether a container matches the current definition of its service and has the address that is in the metadata."""
        same = container.digest == self.digests.get(container.service)
        return same and container.address == self.addresses.get(container.name, "")


def reconcile(target: Desired, seen: Sequence[Seen], ledger: Ledger, known: Known) -> list[Action]:
    """Return the actions to take now, removals first. Units that are being changed are left alone.

    Outdated units are replaced in batches, and requested restarts are done one unit at a time. Both wait until all other units of
    the service are ready, unless the unit itself is not ready.
    """
    stack = target.stack
    wanted = {(service.name, index): service for service in stack.services for index in range(1, service.scale + 1)}
    units: dict[Key, list[Seen]] = {}
    for each in seen:
        units.setdefault(each.key, []).append(each)
    actions = [Action("remove", key, tuple(found)) for key, found in units.items() if key not in wanted]
    leaving = {each.address for action in actions for each in action.containers if each.address}
    outdated = Counter(key[0] for key in wanted if key in known.busy)
    for key, service in wanted.items():
        if key in known.busy:
            continue
        found = units.get(key, [])
        present = [each for each in found if each.number == ledger.units.get(key)]
        for action in _unit(target, Unit(service, key[1]), found, present, known):
            if action.verb == "raise" and leaving & target.of(service, key[1]):
                continue  # a container that is being removed still occupies its address
            if action.why == "outdated" or action.verb == "restart":
                others = {other for other in wanted if other[0] == service.name and other != key}
                most = service.batch if action.why == "outdated" else 1
                if outdated[service.name] >= most or (others & set(known.unready) and key not in known.unready):
                    continue
                outdated[service.name] += 1
            actions.append(action)
    return [action for action in actions if action.key not in known.busy]


def _unit(target: Desired, unit: Unit, found: Sequence[Seen], present: Sequence[Seen], known: Known) -> Iterator[Action]:
    """Yield the action that a unit needs now, if any. `found` are all its containers; `present` are the current ones."""
    service, key = unit.service, unit.key
    names = {container_name(target.stack.name, service, launch, unit.index) for launch in service.launches}
    missing = names - {each.name for each in present}
    if key in known.held:
        if running := tuple(each for each in found if each.running):
            yield Action("stop", key, running)
    elif key in known.unhealthy:
        yield Action("replace", key, tuple(found), "unhealthy")
    elif key in known.unwanted:
        yield Action("replace", key, tuple(found), "requested")
    elif missing and key in known.complete:
        yield Action("replace", key, tuple(found), f"without {', '.join(sorted(missing))}")
    elif not all(map(target.fits, present)):
        yield Action("replace", key, tuple(found), "outdated")
    elif missing or len(found) > len(present):
        yield Action("raise", key, tuple(found))
    elif key in known.again:
        once = {launch.name for launch in service.launches if launch.start_once}
        yield Action("restart", key, tuple(each for each in present if each.launch not in once))
    elif again := _again(service, present, known):
        yield Action("start", key, again)


def _again(service: Service, present: Sequence[Seen], known: Known) -> tuple[Seen, ...]:
    """Return a unit's containers that can start now. A container waits if the owner of its network neither runs nor starts."""
    found = [each for each in present if _starts(service, each, known)]
    up = {each.launch for each in present if each.running or each in found}
    owners = {launch.name: owner_of(service, launch).name for launch in service.launches}
    return tuple(each for each in found if owners.get(each.launch, each.launch) in up)


def _starts(service: Service, seen: Seen, known: Known) -> bool:
    """Whether a stopped container should be started now."""
    launch = next((each for each in service.launches if each.name == seen.launch), service.primary)
    if seen.running or seen.id in known.resting:
        return False
    if not seen.ended:
        return seen.state == "created"
    if launch.start_once:
        return False
    return seen.id not in known.ended or restarts(launch, seen.status, known.counts.get(seen.id, 1))


def restarts(launch: Launch, status: int, count: int = 1) -> bool:
    """Whether the restart policy restarts a container that has ended `count` consecutive times, the last time with `status`."""
    policy, _, limit = launch.restart.partition(":")
    if launch.start_once or policy == "no":
        return False
    return policy != "on-failure" or (status != 0 and (not limit or count <= int(limit)))
