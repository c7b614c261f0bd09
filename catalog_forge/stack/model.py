"""The data model of a stack: its services, which consist of units, and the containers of each unit."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from catalog_forge.errors import Where
    from catalog_forge.goyaml.scalars import Value

SETTLE = 3.0
"""The number of seconds that a container must have run before it counts as running: most programs that fail exit earlier."""

_NOT_IN_NAMES = re.compile(r"[^a-zA-Z0-9-]+")

Network = Literal["managed", "none", "host", "bridge", "shared"]


@dataclass(frozen=True, slots=True)
class Note:
    """A note about a key that is ignored or needs `--trust`: the service, the key, a message and the location."""

    service: str
    key: str
    message: str
    where: Where | None = None

    def __str__(self) -> str:
        return ": ".join(filter(None, (self.service, self.key, self.message)))


@dataclass(frozen=True, slots=True)
class HealthCheck:
    """Rancher's health check of a service's primary: TCP, or HTTP if there is a request line. Times are in milliseconds."""

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

    `network` is `shared` if the container uses the network of `network_from`, another launch of the same unit. `volumes_from`
    names launches of the same unit. `volumes` are NAME:PATH[:ro], /HOST:PATH[:ro] or only PATH. The named volumes in
    `per_unit` exist once for each unit. Those in `external` existed before the stack; `external` maps them to their names on
    the engine.

    `grace` is the number of seconds between SIGTERM and SIGKILL if it differs from the engine's default. `logging` are
    options of the engine's own log; `files` maps paths in the container to their text. `options` are the other keys of
    compose that the engine honours, by their names in compose v2.
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
    """A link of a service: an alias, and the service that is reached under this alias, as NAME or STACK/NAME."""

    alias: str
    target: str


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule of a load balancer, which forwards matching requests on port `source` to the port `target` of a service."""

    source: int
    target: int
    service: str
    protocol: str = "http"
    hostname: str = ""
    path: str = ""
    priority: int = 0


@dataclass(frozen=True, slots=True)
class Service:
    """A service: `scale` units of the primary and its sidekicks, which are started, replaced and removed together.

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
        """The name of the service, which is that of its primary."""
        return self.primary.name

    @property
    def launches(self) -> tuple[Launch, ...]:
        """The containers of one unit, the primary first."""
        return (self.primary, *self.sidekicks)


@dataclass(frozen=True, slots=True)
class StoreBeside:
    """The store that conf containers read instead of Rancher's metadata: the service that runs the store, and its content.

    `own` are the keys that only this program writes, including all keys below them. `token` gives access to the store.
    """

    backend: str
    prefix: str
    service: str
    leaves: Mapping[str, str] = field(repr=False)
    own: tuple[str, ...]
    token: str = field(default="", repr=False)


@dataclass(frozen=True, slots=True)
class Stack:
    """A stack: its services in an order in which they can be started, and its volumes by name.

    `unhonoured` lists settings of the entry that cannot be honoured on a single engine. `dangerous` lists settings that need
    trust: privileged containers, and access to folders, the network or devices of the host. `balancers` are the rules of each
    load balancer. `entry`, `answers` and `scales` are the user's choices, without defaults. `secrets` are the secret answers.
    `settle` is the number of seconds that containers must run without exiting to count as running. `store` is the store from
    which the conf containers read, if any. `shown` is the stack with its secrets masked, or None if the stack has no secrets.
    `beside` names the services that run in addition to the entry, `held` names the stopped units, and `restarts` counts the
    requested restarts of each unit. `images` and `ports` map each image and each public port to the location at which the entry
    names it.
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
    ports: Mapping[str, Where] = field(default_factory=dict, compare=False, repr=False)

    def scaled(self, scales: Mapping[str, int]) -> Stack:
        """Return the stack with the given scales; a service that `scales` does not name keeps its scale."""
        return replace(self, services=tuple(replace(each, scale=scales.get(each.name, each.scale)) for each in self.services))


def port_of(text: str) -> tuple[str, str, str, str]:
    """Return the address, the public port, the private port and the protocol of [[IP:][PUBLIC]:]PRIVATE[/PROTOCOL].

    The address and the public port are empty if they are missing.
    """
    ports, _, protocol = text.partition("/")
    ip, public, private = ["", "", *ports.rsplit(":", 2)][-3:]
    return ip, public, private, protocol or "tcp"


def stack_name(name: str) -> str:
    """Convert a name to a valid name of a stack: letters, digits and dashes."""
    return _NOT_IN_NAMES.sub("-", name).strip("-").lower() or "stack"
