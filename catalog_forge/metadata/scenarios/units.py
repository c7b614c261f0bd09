"""Derives the containers of an environment. The identity of a container is derived from names, so it is the same in each run."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.scenarios.model import Block, Environment, Host, Service, Sidekick, Stack, blocks
from catalog_forge.rancher.keys import HOSTNAME_OVERRIDE

_NAMESPACE = uuid.uuid5(uuid.NAMESPACE_DNS, "rancher.internal")
_PRIMARY = "io.rancher.service.primary.launch.config"


@dataclass(frozen=True, slots=True)
class Launch:
    """A primary or a sidekick of a service. Rancher runs `scale` containers of it, and the metadata lists it as a service."""

    stack: Stack
    service: Service
    sidekick: Sidekick | None
    block: Block

    @property
    def name(self) -> str:
        """The name under which the metadata lists the launch."""
        return self.sidekick.name if self.sidekick else self.service.name

    @property
    def has_address(self) -> bool:
        """Whether the containers have their own network."""
        return self.sidekick is None or self.sidekick.network == "own"

    @property
    def labels(self) -> dict[str, str]:
        """The author's labels, and the label that names the sidekicks."""
        if self.sidekick:
            return dict(self.sidekick.labels)
        names = ",".join(sidekick.name for sidekick in self.service.sidekicks)
        return {**self.service.labels, **({"io.rancher.sidekicks": names} if names else {})}


@dataclass(frozen=True, slots=True)
class Container:
    """A container with its number in its launch (`index`) and its number in the order of creation (`create_index`).

    A stand-alone container has no `launch`.
    """

    name: str
    index: int
    create_index: int
    launch: Launch | None
    host: Host
    checking_host: Host
    address: str | None


@lru_cache(maxsize=1 << 14)
def identity(*parts: str) -> str:
    """Return the uuid that is derived from a path of names. Results are cached, because the same uuids are needed often."""
    return str(uuid.uuid5(_NAMESPACE, "/".join(parts)))


def container_id(name: str, index: int, create_index: int) -> tuple[str, ...]:
    """Return the names from which the identity of a container is derived. A replacement container has a different identity."""
    return (name,) if create_index == index else (name, str(create_index))


def container_uuid(service: Service, name: str, index: int) -> str:
    """Return the uuid of the container with this name and index, which belongs to the service or to one of its sidekicks."""
    return identity("container", *container_id(name, index, service.create_index(index)))


def digest(text: str) -> str:
    """Return 64 hexadecimal digits derived from a text."""
    return hashlib.sha256(text.encode()).hexdigest()


def service_uuid(launch: Launch) -> str:
    """Return the uuid of a service. The sidekicks of the service have the same uuid."""
    return identity("service", launch.stack.name, launch.service.name)


def unit_uuid(container: Container) -> str | None:
    """Return the id of the deployment unit, the same for a primary and its sidekicks; None for a stand-alone container."""
    return identity("unit", service_uuid(container.launch), str(container.index)) if container.launch else None


def primary_uuid(container: Container) -> str | None:
    """Return the uuid of the primary whose network a container shares; None if the container has its own network."""
    launch = container.launch
    if launch is None or launch.has_address:
        return None
    return container_uuid(launch.service, f"{launch.stack.name}-{launch.service.name}-{container.index}", container.index)


def launches(environment: Environment) -> list[Launch]:
    """Return all launches of the stacks, each with its block of addresses. A primary is followed by its sidekicks."""
    found = [
        (stack, service, sidekick)
        for stack in environment.stacks
        for service in stack.services
        for sidekick in (None, *service.sidekicks)
    ]
    rooms = blocks(environment.subnet, len(found) + bool(environment.containers))
    return [Launch(*parts, block) for parts, block in zip(found, rooms, strict=False)]


def containers(environment: Environment) -> list[Container]:
    """Return all containers. Units are distributed over the hosts in turn; all containers of a unit are on one host."""
    found: list[Container] = []
    position = -1
    for launch in launches(environment):
        position += launch.sidekick is None
        found += _scaled(launch, environment, position)
    return found + list(_stand_alone(environment))


def labels(container: Container) -> dict[str, str]:
    """Return the labels of a container: the labels that the author wrote, and the labels that Rancher adds."""
    launch = container.launch
    if launch is None:
        return {}
    stack, service = launch.stack.name, launch.service.name
    path = f"{stack}/{service}/{launch.sidekick.name}" if launch.sidekick else f"{stack}/{service}"
    return launch.labels | {
        "io.rancher.container.name": container.name,
        "io.rancher.project.name": stack,
        "io.rancher.project_service.name": path,
        "io.rancher.service.deployment.unit": unit_uuid(container) or "",
        "io.rancher.service.launch.config": launch.sidekick.name if launch.sidekick else _PRIMARY,
        "io.rancher.stack.name": stack,
        "io.rancher.stack_service.name": path,
    }


def names_host(labels: Mapping[str, str]) -> bool:
    """Whether the labels of a container set its host name to the container's name."""
    return labels.get(HOSTNAME_OVERRIDE) == "container_name"


def metadata(service: Service) -> Mapping[str, Value]:
    """Return the metadata of a service with the hash that rancher-compose adds to it."""
    if not service.metadata:
        return {}
    content = json.dumps(service.metadata, sort_keys=True)
    return {"io.rancher.service.hash": digest(content)[:40], **service.metadata}


def _scaled(launch: Launch, environment: Environment, position: int) -> Iterator[Container]:
    middle = f"{launch.service.name}-{launch.sidekick.name}" if launch.sidekick else launch.service.name
    hosts = environment.hosts
    for index in range(1, launch.service.scale + 1):
        turn = position + index - 1
        yield Container(
            name=f"{launch.stack.name}-{middle}-{index}",
            index=index,
            create_index=launch.service.create_index(index),
            launch=launch,
            host=hosts[turn % len(hosts)],
            checking_host=hosts[(turn + 1) % len(hosts)],
            address=launch.block.address(launch.service.place(index)) if launch.has_address else None,
        )


def _stand_alone(environment: Environment) -> Iterator[Container]:
    block = blocks(environment.subnet, len(launches(environment)) + 1)[-1]
    for index, name in enumerate(environment.containers, start=1):
        yield Container(name, index, index, None, environment.hosts[0], environment.hosts[0], block.address(index))
