"""What is to run for an entry: services, each a number of units of a primary container and its sidekicks."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from catalog_forge.errors import Where
    from catalog_forge.goyaml.scalars import Value

SETTLE = 3.0
"""Seconds that a container must have run without exiting before it counts as running: most programs that fail do so by then."""

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9-]+")

Network = Literal["managed", "none", "host", "bridge", "shared"]


@dataclass(frozen=True, slots=True)
class Note:
    """Something that an entry asks for and that is worth saying: which service, which key, what becomes of it."""

    service: str
    key: str
    message: str
    where: Where | None = None


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Rancher's health check of a service's primary: TCP, or HTTP when there is a request line. Times in milliseconds."""

    port: int
    request_line: str = ""
    interval: int = 2000
    response_timeout: int = 2000
    healthy_threshold: int = 2
    unhealthy_threshold: int = 3
    initializing_timeout: int = 60000
    strategy: str = "recreate"


@dataclass(frozen=True, slots=True)
class Launch:
    """One container of a unit, as compose defines it.

    `network` is `shared` when it uses that of the container `network_from`, another launch of the same unit;
    `volumes_from` names launches of the same unit. `volumes` are NAME:PATH[:ro], /HOST:PATH[:ro] or PATH alone.
    Of named volumes those in `per_unit` are one for each unit, and `external` ones are there before the stack, under the
    name that they map to. `grace` are the seconds between SIGTERM and the end by force, when they are not those of the
    engine; `logging` are options of the engine's own log, `files` texts that are put into it by their paths. `options` are the
    other keys of compose that the engine honours, by their names in compose v2.
    """

    name: str
    image: str
    entrypoint: tuple[str, ...] | None = None
    command: tuple[str, ...] | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    volumes: tuple[str, ...] = ()
    volumes_from: tuple[str, ...] = ()
    network: Network = "managed"
    network_from: str = ""
    ports: tuple[str, ...] = ()
    restart: str = "always"
    start_once: bool = False
    pull_always: bool = False
    options: Mapping[str, Value] = field(default_factory=dict)
    per_unit: tuple[str, ...] = ()
    external: Mapping[str, str] = field(default_factory=dict)
    exposed: tuple[str, ...] = ()
    grace: int = 0
    logging: Mapping[str, str] = field(default_factory=dict)
    files: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a service: the alias under which another service, NAME or STACK/NAME, is found."""

    alias: str
    target: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a load balancer: which requests at its port `source` go to which port of which service."""

    source: int
    target: int
    service: str
    protocol: str = "http"
    hostname: str = ""
    path: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `scale` units of the primary and its sidekicks, that are started, replaced and removed together.

    An upgrade replaces `batch` units at a time.
    """

    primary: Launch
    sidekicks: tuple[Launch, ...] = ()
    scale: int = 1
    metadata: Mapping[str, Value] = field(default_factory=dict)
    health_check: HealthCheck | None = None
    links: tuple[Link, ...] = ()
    depends_on: tuple[str, ...] = ()
    retain_ip: bool = False
    lb_config: Mapping[str, Value] = field(default_factory=dict)
    batch: int = 1

    @property
    def name(self) -> str:
        """The name of the service: that of its primary."""
        return self.primary.name

    @property
    def launches(self) -> tuple[Launch, ...]:
        """The containers of one unit, the primary first."""
        return (self.primary, *self.sidekicks)


@dataclass(frozen=True, slots=True)
class StoreBeside:
    """The store that conf containers read in place of Rancher's metadata: which service it is, and what it is to hold.

    `own` are the keys at and below which nothing else lies; `token` is what its server lets in.
    """

    backend: str
    prefix: str
    service: str
    leaves: Mapping[str, str] = field(repr=False)
    own: tuple[str, ...]
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its services in an order in which they can be started; volumes by name.

    `unhonoured` lists what the entry asks for and one engine cannot do; `dangerous` what runs only when it is trusted:
    privileged containers, mounts of the host, its network, its devices. `balancers` are the services that are load
    balancers, with their rules. `entry`, `answers` and `scales` are what its user has chosen, without defaults. `secrets` are
    answers that nobody may see. `settle` are the seconds that its containers must run without an end to count as running.
    `store` is the one among its services that its conf containers read. `shown` is the stack as anybody may see it; None when
    it has no secrets. `beside` says what runs beside the entry, `held` names the units that are stopped, `restarts` how often
    each was to be started anew. `images` are the places where the entry names them.
    """

    name: str
    services: tuple[Service, ...]
    volumes: tuple[str, ...] = ()
    unhonoured: tuple[Note, ...] = ()
    dangerous: tuple[Note, ...] = ()
    balancers: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    entry: str = ""
    answers: Mapping[str, str] = field(default_factory=dict, repr=False)
    scales: Mapping[str, int] = field(default_factory=dict)
    secrets: tuple[str, ...] = field(default=(), repr=False)
    settle: float = SETTLE
    store: StoreBeside | None = field(default=None, repr=False)
    shown: Stack | None = field(default=None, repr=False)
    held: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    restarts: Mapping[str, int] = field(default_factory=dict)
    images: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)


def port_of(text: str) -> tuple[str, str, str, str]:
    """Return the address, the public port, the private port and the protocol of [[IP:][PUBLIC]:]PRIVATE[/PROTOCOL].

    The address and the public port are empty where there is none.
    """
    ports, _, protocol = text.partition("/")
    ip, public, private = ["", "", *ports.rsplit(":", 2)][-3:]
    return ip, public, private, protocol or "tcp"


def stack_name(name: str) -> str:
    """Return a name as a stack may have it: letters, digits and dashes."""
    return _NOT_IN_NAMES.sub("-", name).strip("-").lower() or "stack"
