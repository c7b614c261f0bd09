"""An environment in few words: hosts and stacks of services. All that the metadata service says follows from it."""

from __future__ import annotations

import ipaddress
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Literal

from catalog_forge.metadata.answers import Value

SUBNET = "10.42.1.0/24"

Network = Literal["own", "primary"]


@dataclass(frozen=True, slots=True)
class Host:
    """A machine. `agent_ip` is its address outside the overlay network."""

    name: str
    agent_ip: str
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Sidekick:
    """A container beside each primary container of a service.

    With network `primary` it has no address and no answers of its own: it sees those of its primary.
    """

    name: str
    network: Network = "own"
    labels: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `scale` units of a primary container and its sidekicks.

    `links` maps SERVICE or STACK/SERVICE to an alias; `ports` are PUBLIC:PRIVATE/PROTOCOL; `states` and `healths` map
    the index of a unit (from 1) to what differs from running and healthy.
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


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its name and its services in order."""

    name: str
    services: tuple[Service, ...]


@dataclass(frozen=True, slots=True)
class Environment:
    """Hosts and stacks on one overlay network; `containers` names containers that belong to no service."""

    stacks: tuple[Stack, ...]
    hosts: tuple[Host, ...]
    subnet: str = SUBNET
    containers: tuple[str, ...] = ()
    name: str = "Default"


@dataclass(frozen=True, slots=True)
class Block:
    """The addresses of the containers of one primary or sidekick, or of the stand-alone ones."""

    first: int
    size: int

    def address(self, index: int) -> str:
        """Return the address of the container with this index, counted from 1."""
        return str(ipaddress.IPv4Address(self.first + index - 1))


_RESERVED = 11  # the network's own address, and ten for gateways and for the metadata service itself


def blocks(subnet: str, count: int) -> Sequence[Block]:
    """Divide a subnet into `count` blocks of addresses.

    The first begins at .11, so that container i of the first service has the address .(10+i); scaling a service moves
    no other one. Raises ValueError if `subnet` is not an IPv4 network.
    """
    network = ipaddress.IPv4Network(subnet)
    room = max(0, network.num_addresses - _RESERVED - 1) // max(1, count)
    size = room // 10 * 10 or room
    start = int(network.network_address) + _RESERVED
    return [Block(start + size * number, size) for number in range(count)]
