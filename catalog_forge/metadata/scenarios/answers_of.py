"""The full answers of the metadata service for an environment, in all versions of its API.

The fields are those of rancher-metadata 0.10 (Rancher 1.6); an unset field is null, not absent. In v1 (2015-07-25), a stack
contains only the names of its services, and a service only the names of its containers. In v2 (2015-12-19), both contain the
whole objects. v3 (2016-07-29, also latest) differs from v2 in two points: names are in lower case, and the set of empty fields
that are null is different.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.model import Environment, Host, Service, Stack
from catalog_forge.metadata.scenarios.units import Container, Launch, identity
from catalog_forge.metadata.service.answers import DEFAULT, LATEST, Answers, Entry


@dataclass(frozen=True, slots=True)
class _Version:
    name: str
    objects: bool  # whether a stack contains whole services (and a service whole containers) or only their names
    lowered: bool  # whether names are in lower case; this also decides which empty fields are null

    def named(self, name: str) -> str:
        return name.lower() if self.lowered else name


_VERSIONS = (
    _Version("2015-07-25", objects=False, lowered=False),
    _Version("2015-12-19", objects=True, lowered=False),
    _Version("2016-07-29", objects=True, lowered=True),
)


def answers_of(environment: Environment, revision: str = "1", only: str = "") -> Answers:
    """Return the answers of the metadata service for an environment; `revision` becomes the value of the key `version`.

    Each container with an address gets an entry with its own `self`; all other clients get the entry `default`, whose `self` is
    only a host. If `only` names a version, only this version is created. Creating one version takes a quarter of the time. The
    environment must have a host, and a subnet with enough addresses.
    """
    if only:
        shape = next((version for version in _VERSIONS if version.name == only), _VERSIONS[-1])
        return Answers.of({only: _clients(environment, shape, revision)})
    versions = {version.name: _clients(environment, version, revision) for version in _VERSIONS}
    return Answers.of(versions | {LATEST: versions[_VERSIONS[-1].name]})


def _clients(environment: Environment, version: _Version, revision: str) -> dict[str, Entry]:
    view = _View(environment, version)
    clients = {item.address: {"self": view.own(item)} for item in view.members if item.address is not None}
    return {**clients, DEFAULT: view.common(revision)}


class _View:
    """The objects of an environment in the form of one metadata version. Each object is created once; all clients share it."""

    def __init__(self, environment: Environment, version: _Version) -> None:
        self.environment = environment
        self.version = version
        self.uuid = identity("environment", environment.name)
        self.members = units.containers(environment)
        self.hosts = {host.name: self.host(number, host) for number, host in enumerate(environment.hosts, start=1)}
        self.containers = {item.name: self.container(item) for item in self.members}
        self.launches = units.launches(environment)
        self.of_launch: dict[tuple[str, str, str], list[Container]] = defaultdict(list)
        for item in self.members:
            if item.launch:
                self.of_launch[_called(item.launch)].append(item)
        self.metadata = {id(launch.service): units.metadata(launch.service) for launch in self.launches if not launch.sidekick}
        self.services = {_called(launch): self.service(launch) for launch in self.launches}
        self.stacks = {stack.name: self.stack(stack) for stack in environment.stacks}

    def own(self, member: Container) -> Entry:
        """Return the `self` entry of a container."""
        entry: dict[str, Value] = {
            "container": self.containers[member.name],
            "host": self.hosts[member.host.name],
        }
        if member.launch:
            launch = member.launch
            entry["service"] = {**self.services[_called(launch)], "token": units.digest(units.service_uuid(launch))[:40]}
            entry["stack"] = self.stacks[launch.stack.name]
        return entry

    def common(self, revision: str) -> Entry:
        """Return the answers that all clients get. In these answers, `self` is only the host of the metadata service."""
        first = dict(self.hosts[self.environment.hosts[0].name])
        first.pop("hostId", None)
        named = sorted(self.containers.values(), key=lambda container: str(container["name"]))
        entry: dict[str, Value] = {
            "containers": named,
            "hosts": list(self.hosts.values()),
            "name": self.environment.name.lower(),
            "networks": [self.network()],
            "region_name": None,
            "self": {"host": first},
            "services": list(self.services.values()),
            "stacks": list(self.stacks.values()),
            "uuid": self.uuid,
            "version": revision,
        }
        return {**entry, "environments": None} if self.version.lowered else entry

    def container(self, member: Container) -> Entry:
        """Return the entry of a container: its identity, its host and network, its service and its state."""
        labels = units.labels(member)
        return {
            **self._network_of(member),
            **self._membership(member.launch),
            **self._condition(member),
            "create_index": member.create_index if member.launch else None,
            "environment_uuid": self.uuid,
            "external_id": units.digest("/".join(units.container_id(member.name, member.index, member.create_index))),
            "host_uuid": self._host_uuid(member.host),
            "hostname": member.name if units.names_host(labels) else None,
            "labels": labels,
            "links": self._container_links(member),
            "memory_reservation": None,
            "metadata_kind": "container",
            "milli_cpu_reservation": None,
            "name": self.version.named(member.name),
            "service_index": str(member.index) if member.launch else None,
            "start_count": 1,
            "system": False,
            "uuid": identity("container", *units.container_id(member.name, member.index, member.create_index)),
        }

    def service(self, launch: Launch) -> Entry:
        """Return the entry of a service. A sidekick has its primary's uuid and metadata, but its own containers."""
        version, service, primary = self.version, launch.service, launch.sidekick is None
        members = [self.containers[item.name] for item in self.of_launch[_called(launch)]]
        containers: list[Value] = [item if version.objects else item["name"] for item in members]
        sidekicks: list[Value] = [version.named(sidekick.name) for sidekick in service.sidekicks]
        return {
            "containers": containers,
            "create_index": service.last_created,
            "environment_uuid": self.uuid,
            "expose": [],
            "external_ips": [],
            "fqdn": None,
            "health_check": service.health_check if primary else None,
            "hostname": None,
            "kind": "service",
            "labels": launch.labels,
            "lb_config": None,
            "links": self._service_links(launch),
            "metadata": self.metadata[id(service)],
            "metadata_kind": "service",
            "name": version.named(launch.name),
            "ports": list(service.ports) if primary else [],
            "primary_service_name": version.named(service.name),
            "scale": service.scale,
            "sidekicks": sidekicks or (None if version.lowered else []),
            "stack_name": version.named(launch.stack.name),
            "stack_uuid": identity("stack", launch.stack.name),
            "state": "active",
            "system": False,
            "token": None,
            "uuid": units.service_uuid(launch),
            "vip": None,
            **(service.facts if primary else {}),
        }

    def stack(self, stack: Stack) -> Entry:
        """Return the metadata of a stack, including its services."""
        members = [service for (home, *_), service in self.services.items() if home == stack.name]
        services: list[Value] = [service if self.version.objects else service["name"] for service in members]
        return {
            "environment_name": self.environment.name,
            "environment_uuid": self.uuid,
            "metadata_kind": "stack",
            "name": self.version.named(stack.name),
            "services": services,
            "system": False,
            "uuid": identity("stack", stack.name),
        }

    def host(self, number: int, host: Host) -> Entry:
        """Return the entry of a host. Only the entries of v1 and v2 contain `number`."""
        entry: dict[str, Value] = {
            "agent_ip": host.agent_ip,
            "agent_state": "active",
            "environment_uuid": self.uuid,
            "hostname": f"{host.name}.example.test",
            "labels": dict(host.labels),
            "local_storage_mb": 61440,
            "memory": 8 << 30,
            "metadata_kind": "host",
            "milli_cpu": 4000,
            "name": host.name,
            "state": "active",
            "uuid": self._host_uuid(host),
        }
        return entry if self.version.lowered else {**entry, "hostId": number}

    def network(self) -> Entry:
        """Return the entry of the overlay network."""
        return {
            "default_policy_action": None,
            "environment_uuid": self.uuid,
            "host_ports": True,
            "is_default": True,
            "metadata": {},
            "metadata_kind": "network",
            "name": "ipsec",
            "policy": None,
            "uuid": identity("network", self.environment.name),
        }

    def _host_uuid(self, host: Host) -> str:
        return identity("host", host.name)

    def _network_of(self, member: Container) -> Entry:
        address = member.address
        search = ["rancher.internal"]
        if member.launch:
            stack = member.launch.stack.name.lower()
            search = [f"{member.launch.service.name.lower()}.{stack}.{search[0]}", f"{stack}.{search[0]}", *search]
        return {
            "dns": ["169.254.169.250"],
            "dns_search": search,
            "ips": [address] if address else [],
            "network_from_container_uuid": units.primary_uuid(member),
            "network_uuid": identity("network", self.environment.name) if address else None,
            "ports": self._published(member) or (None if self.version.lowered else []),
            "primary_ip": address,
            "primary_mac_address": _mac(address) if address else None,
        }

    def _published(self, member: Container) -> list[Value]:
        if member.launch is None or member.launch.sidekick:
            return []
        outside = "0.0.0.0" if self.version.lowered else member.host.agent_ip
        return [f"{outside}:{port}" for port in member.launch.service.ports]

    def _membership(self, launch: Launch | None) -> Entry:
        if launch is None:
            return {"service_name": None, "stack_name": None, "stack_uuid": None}
        return {
            "service_name": self.version.named(launch.name),
            "service_uuid": units.service_uuid(launch),
            "stack_name": self.version.named(launch.stack.name),
            "stack_uuid": identity("stack", launch.stack.name),
        }

    def _condition(self, member: Container) -> Entry:
        service = member.launch.service if member.launch and not member.launch.sidekick else None
        checked = service.health_check if service else None
        healthy = "healthy" if checked else None
        states = member.launch.service.states if member.launch else {}
        return {
            "health_check": checked,
            "health_check_hosts": [self._host_uuid(member.checking_host)] if checked else [],
            "health_state": service.healths.get(member.index, healthy) if service else None,
            "state": states.get(member.index, "running"),
        }

    def _service_links(self, launch: Launch) -> Mapping[str, Value] | None:
        named = self.version.named
        links: dict[str, Value] = {}
        if launch.sidekick is None:
            links = {named(_qualified(target, launch)): alias for target, alias in launch.service.links.items()}
        return links or ({} if self.version.lowered else None)

    def _container_links(self, member: Container) -> Mapping[str, Value] | None:
        """Return a container's links. Each alias maps to the uuid of one container of the linked service, chosen by index."""
        launch = member.launch
        if launch is None or launch.sidekick or not launch.service.links:
            return None
        links: dict[str, Value] = {}
        for target, alias in launch.service.links.items():
            qualified = _qualified(target, launch)
            other = self._services().get(qualified)
            index = (member.index - 1) % other.scale + 1 if other and other.scale else 0
            name = f"{qualified.replace('/', '-')}-{index}"
            links[alias] = units.container_uuid(other, name, index) if other and index else None
        return links

    def _services(self) -> dict[str, Service]:
        stacks = self.environment.stacks
        return {f"{stack.name}/{service.name}": service for stack in stacks for service in stack.services}


def _called(launch: Launch) -> tuple[str, str, str]:
    """Return the key that identifies a launch: stack, service and name."""
    return launch.stack.name, launch.service.name, launch.name


def _qualified(target: str, launch: Launch) -> str:
    return target if "/" in target else f"{launch.stack.name}/{target}"


def _mac(address: str) -> str:
    return "02:42:" + ":".join(f"{int(part):02x}" for part in address.split("."))
