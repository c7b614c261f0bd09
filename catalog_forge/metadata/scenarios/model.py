"""A short description of an environment: hosts and stacks of services. The answers of the metadata service are
derived from this description."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Literal

from catalog_forge.goyaml.scalars import Value

SUBNET = "10.42.1.0/24"
LARGE_SUBNET = "10.42.0.0/16"
"""Used for a scenario that names no subnet and has more containers than fit in `SUBNET`."""

Network = Literal["own", "primary"]


@dataclass(frozen=True, slots=True)
class Host:
    """A host machine. `agent_ip` is the address of the host outside the overlay network."""

    name: str
    agent_ip: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sidekick:
    """A container that runs next to each primary container of a service.

    With network `primary`, a sidekick has no address, and gets the same answers as its primary.
    """

    name: str
    network: Network = "own"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `scale` units of a primary container and its sidekicks.

    `links` maps SERVICE or STACK/SERVICE to an alias; `ports` are PUBLIC:PRIVATE/PROTOCOL; `states` has the state of each unit
    that is not running, and `healths` the health of each unit that is not healthy, by the unit's index (from 1). Rancher numbers
    units in the order in which it creates them. This number usually equals the index; if it differs, as after a replacement,
    `created` maps the index to the number. `births` is the last number that was given to a unit. With `retain_ip`, the address of
    a unit depends only on its index, so a replacement keeps the address. `facts` are fields for a service that is not active or
    has no containers: kind, state, host name, external addresses.
    """

    name: str
    scale: int = 1
    metadata: Mapping[str, Value] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    sidekicks: tuple[Sidekick, ...] = ()
    links: Mapping[str, str] = field(default_factory=dict)
    ports: tuple[str, ...] = ()
    health_check: Mapping[str, Value] | None = None
    states: Mapping[int, str] = field(default_factory=dict)
    healths: Mapping[int, str] = field(default_factory=dict)
    created: Mapping[int, int] = field(default_factory=dict)
    births: int = 0
    retain_ip: bool = False
    facts: Mapping[str, Value] = field(default_factory=dict)

    def create_index(self, index: int) -> int:
        """Return the number under which the unit with this index was created. These numbers grow and are never reused."""
        return self.created.get(index, index)

    def place(self, index: int) -> int:
        """Return the position of the unit with this index among the addresses of its service."""
        return index if self.retain_ip else self.create_index(index)

    @property
    def last_created(self) -> int:
        """The highest number that was ever given to a unit of this service."""
        return max(self.births, self.scale)

    def scaled(self, scale: int) -> Service:
        """Return a copy of the service with `scale` units: the last units are removed, or new units are created."""
        births, created = self.last_created, dict(self.created)
        for index in range(self.scale + 1, scale + 1):
            births += 1
            created[index] = births
        return replace(
            self,
            scale=scale,
            births=births,
            created={index: number for index, number in created.items() if index <= scale and index != number},
            states={index: state for index, state in self.states.items() if index <= scale},
            healths={index: health for index, health in self.healths.items() if index <= scale},
        )

    def replaced(self, index: int) -> Service:
        """Return a copy of the service with one unit replaced: the new unit has the same name and index, but other containers."""
        number = self.last_created + 1
        return replace(
            self,
            births=number,
            created={**self.created, index: number},
            states={other: state for other, state in self.states.items() if other != index},
            healths={other: health for other, health in self.healths.items() if other != index},
        )


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its name and its services in order."""

    name: str
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """Hosts and stacks on one overlay network; `containers` are the names of containers that belong to no service."""

    stacks: tuple[Stack, ...]
    hosts: tuple[Host, ...]
    subnet: str = SUBNET
    containers: tuple[str, ...] = ()
    name: str = "Default"

    @property
    def services(self) -> dict[str, Service]:
        """The services of all stacks by name. A service of the first stack is called SERVICE, any other service STACK/SERVICE."""
        own = self.stacks[0]
        return {
            each.name if stack is own else f"{stack.name}/{each.name}": each for stack in self.stacks for each in stack.services
        }


@dataclass(frozen=True, slots=True)
class Block:
    """The addresses of the containers of one primary or sidekick, or of all stand-alone containers."""

    first: int
    size: int

    def address(self, number: int) -> str:
        """Return the address of the container that was created under this number; numbers start at 1."""
        return str(ipaddress.IPv4Address(self.first + number - 1))


_RESERVED = 11  # the network's own address, and ten for gateways and for the metadata service itself


def blocks(subnet: str, count: int) -> Sequence[Block]:
    """Divide a subnet into `count` blocks of addresses.

    The first block begins at .11, so container i of the first service has the address .(10+i). Scaling a service does not change
    the addresses of other services. Raises ValueError if `subnet` is not an IPv4 network.
    """
    network = ipaddress.IPv4Network(subnet)
    room = max(0, network.num_addresses - _RESERVED - 1) // max(1, count)
    size = room // 10 * 10 or room
    start = int(network.network_address) + _RESERVED
    return [Block(start + size * number, size) for number in range(count)]
