"""Reads the environment at the start of a scenario: the hosts, the scenario's own stack, and other stacks."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from typing import get_args

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean, misspelt
from catalog_forge.goyaml.decoding import is_null
from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.reading import Reader
from catalog_forge.metadata.scenarios import units
from catalog_forge.metadata.scenarios.model import LARGE_SUBNET, SUBNET, Environment, Host, Network, Service, Sidekick, Stack

MAX_SCALE = 10_000

KEYS = ("stack", "subnet", "hosts", "services", "stacks", "containers")
_SERVICE_KEYS = (
    *("scale", "metadata", "labels", "sidekicks", "links"),
    *("ports", "health_check", "states", "healths", "kind", "state", "hostname", "external_ips"),
)
# How much of a word must be that of a listed word if it is taken for a misspelt one. Rancher also has words that are not listed,
# such as `recreating`, which is not a misspelt `creating`.
_ALMOST = 0.9
_STATES = tuple(
    "running stopped starting stopping restarting creating requested registering removing removed purging purged erroring error "
    "migrating restoring updating-running updating-stopped".split()
)
HEALTHS = tuple(
    "healthy unhealthy initializing reinitializing updating-healthy updating-unhealthy updating-reinitializing".split()
)
MOST_PORT = 65535
_PORT = re.compile(r"([0-9]{1,5})(?::([0-9]{1,5}))?(?:/(tcp|udp))?")
_HEALTH_CHECK: Mapping[str, Value] = {
    "healthy_threshold": 2,
    "interval": 2000,
    "port": 80,
    "request_line": "",
    "response_timeout": 2000,
    "unhealthy_threshold": 3,
}


class EnvironmentReader(Reader):
    """Reads the environment at the start of a scenario."""

    def environment(self, found: Mapping[str, yamlio.Node]) -> Environment:
        """Return the environment of a scenario. `found` maps its keys to their nodes; only those in `KEYS` are read."""
        own = self.name(found.get("stack"), "Default")
        others = [(self.name(key), key, value) for key, value in self.pairs(found.get("stacks"), "stacks")]
        seen = {own.lower()}
        for name, key, _ in others:
            if name.lower() in seen:
                self.wrong(f"two stacks are called {name!r}", key.where, "rename one of them")
            seen.add(name.lower())
        far = {f"{name}/{key.value}" for name, _, node in others for key, _ in self.pairs(node, f"the stack {name!r}")}
        services = self.services(found.get("services"), far)
        near = {f"{own}/{service.name}" for service in services}
        stacks = (Stack(name, self.services(node, far | near)) for name, _, node in others)
        return Environment(
            (Stack(own, services), *stacks),
            self.hosts(found.get("hosts")),
            self.subnet(found.get("subnet")),
            tuple(self.name(item) for item in self.items(found.get("containers"), "containers")),
        )

    def services(self, node: yamlio.Node | None, far: set[str]) -> tuple[Service, ...]:
        """Return all services of a stack. The names of all services and sidekicks must differ by more than case.

        `far` contains the services of other stacks to which links may lead, written as STACK/SERVICE.
        """
        pairs = self.pairs(node, "services")
        targets = {key.value for key, _ in pairs} | far
        services = tuple(self.service(self.name(key), value, targets) for key, value in pairs)
        seen: set[str] = set()
        for name in [name for service in services for name in (service.name, *(kick.name for kick in service.sidekicks))]:
            if node is not None and name.lower() in seen:
                self.wrong(f"two services or sidekicks are called {name!r}", node.where, "rename one of them")
            seen.add(name.lower())
        return services

    def service(self, name: str, node: yamlio.Node, targets: set[str]) -> Service:
        """Return a service. All keys of a service are optional."""
        found = {} if is_null(node) else self.known(node, f"the service {name!r}", _SERVICE_KEYS)
        scale = self.whole(found.get("scale"), "scale", MAX_SCALE)
        return Service(
            name,
            scale,
            metadata=self.data(found.get("metadata"), "metadata"),
            labels=self.words(found.get("labels"), "labels"),
            sidekicks=self.sidekicks(found.get("sidekicks")),
            links=self.links(found.get("links"), targets),
            ports=tuple(self.port(item) for item in self.items(found.get("ports"), "ports")),
            health_check=self.health_check(found.get("health_check")),
            states=self.by_container(found.get("states"), scale, "states", _STATES),
            healths=self.by_container(found.get("healths"), scale, "healths", HEALTHS),
            facts=self.facts(found),
        )

    def facts(self, found: Mapping[str, yamlio.Node]) -> dict[str, Value]:
        """Return the fields for a service that is not active or has no containers: kind, state, host name, external addresses."""
        words: dict[str, Value] = {key: self.word(found[key], key) for key in ("kind", "state", "hostname") if key in found}
        addresses = [self.word(item, "an address") for item in self.items(found.get("external_ips"), "external_ips")]
        return {**words, **({"external_ips": addresses} if addresses else {})}

    def sidekicks(self, node: yamlio.Node | None) -> tuple[Sidekick, ...]:
        """Return the sidekicks. `node` is a list of names or a mapping.

        In the mapping, the value of each name is a network, or a mapping with the keys `network` and `labels`.
        """
        if isinstance(node, yamlio.Seq):
            return tuple(Sidekick(self.name(item)) for item in node.items)
        if isinstance(node, yamlio.Text):
            self.wrong("sidekicks must be a list of names", node.where, f"write sidekicks: [{node.value}]")
            return ()
        return tuple(self.sidekick(self.name(key), value) for key, value in self.pairs(node, "sidekicks"))

    def sidekick(self, name: str, node: yamlio.Node) -> Sidekick:
        """Return a sidekick."""
        if not isinstance(node, yamlio.Map):
            return Sidekick(name, self.network(node))
        found = self.known(node, f"the sidekick {name!r}", ("network", "labels"))
        return Sidekick(name, self.network(found.get("network")), self.words(found.get("labels"), "labels"))

    def network(self, node: yamlio.Node | None) -> Network:
        """Return `own` if a sidekick has a separate network, and `primary` if it shares the network of its primary."""
        if node is None or is_null(node):
            return "own"
        return "primary" if self.one_of(node, "network", get_args(Network)) == "primary" else "own"

    def links(self, node: yamlio.Node | None, targets: set[str]) -> dict[str, str]:
        """Return the alias of each linked service. A service of another stack is written as STACK/SERVICE."""
        for key, _ in self.pairs(node, "links"):
            if key.value not in targets:
                self.wrong(f"there is no service {key.value!r} to link to", key.where, did_you_mean(key.value, targets))
        return self.words(node, "links")

    def port(self, node: yamlio.Node) -> str:
        """Return a published port in the form that the metadata uses."""
        port = _PORT.fullmatch(self.word(node, "a port"))
        if port is None or not all(1 <= int(number) <= MOST_PORT for number in port.group(1, 2) if number):
            message = f"a port must be PUBLIC, PUBLIC:PRIVATE or PUBLIC:PRIVATE/tcp, each from 1 to {MOST_PORT}"
            self.wrong(message, node.where, "such as '8080:80'")
            return ""
        return f"{port[1]}:{port[2] or port[1]}/{port[3] or 'tcp'}"

    def health_check(self, node: yamlio.Node | None) -> Mapping[str, Value] | None:
        """Return a health check, completed with Rancher's defaults."""
        if node is None:
            return None
        found = self.known(node, "health_check", tuple(_HEALTH_CHECK), "health_check: {port: 6379}")
        self.whole(found.get("port"), "port", MOST_PORT, 1)
        return {**_HEALTH_CHECK, **{key: yamlio.to_data(value) for key, value in found.items()}}

    def by_container(self, node: yamlio.Node | None, scale: int, what: str, known: tuple[str, ...]) -> dict[int, str]:
        """Return the state (or health) of each container by the container's index. A misspelt word of `known` is a problem."""
        found: dict[int, str] = {}
        for key, value in self.pairs(node, what, f"write the number of each container, such as {what}: {{1: {known[1]}}}"):
            word = self.word(value, f"a value of {what}")
            if word not in known and (near := misspelt(word, known, _ALMOST)):
                self.wrong(f"{what}: {word!r} is misspelt", value.where, f"did you mean {near[0]!r}?")
            if index := self.index(key, scale):
                found[index] = word
        return found

    def index(self, node: yamlio.Node, scale: int) -> int:
        """Return the index of a container in a service of this scale; 0 if there is no such container."""
        index = node.data() if isinstance(node, yamlio.Text) else None
        if isinstance(index, int) and not isinstance(index, bool) and 1 <= index <= scale:
            return index
        word = node.value if isinstance(node, yamlio.Text) else "?"
        hint = f"write the number of a container, from 1 to {scale}" if scale else "raise the scale first"
        self.wrong(f"there is no container {word!r}: the scale of the service is {scale}", node.where, hint)
        return 0

    def hosts(self, node: yamlio.Node | None) -> tuple[Host, ...]:
        """Return the hosts, given as a number, a list of names, or a mapping of names to labels.

        Agent addresses start at 192.0.2.11.
        """
        labels: list[tuple[str, Mapping[str, str]]]
        match node:
            case yamlio.Seq(items):
                labels = [(self.name(item), {}) for item in items]
            case yamlio.Map(pairs):
                labels = [(self.name(key), self.words(value, "labels")) for key, value in pairs]
            case _:
                labels = [(f"node-{number}", {}) for number in range(1, self.whole(node, "hosts", 200, least=1) + 1)]
        if node is not None and not 1 <= len(labels) <= 200:
            self.wrong("there must be 1 to 200 hosts", node.where, "write a number, such as hosts: 2, or a list of names")
        return tuple(Host(name, f"192.0.2.{10 + number}", own) for number, (name, own) in enumerate(labels, start=1))

    def subnet(self, node: yamlio.Node | None) -> str:
        """Return the subnet of all containers."""
        if node is not None:
            try:
                return str(ipaddress.IPv4Network(self.word(node, "subnet")))
            except ValueError as error:
                self.wrong(f"subnet must be an IPv4 network: {error}", node.where, f"for example {SUBNET}")
        return SUBNET


def check_room(environment: Environment, where: Where) -> None:
    """Raise ForgeError if the subnet has too few addresses for all containers that were ever created."""
    for launch in units.launches(environment):
        if launch.has_address and launch.service.last_created > launch.block.size:
            raise ForgeError(
                f"the subnet {environment.subnet} has {launch.block.size} addresses for {launch.name!r}, which needs "
                f"{launch.service.last_created}",
                where,
                f"give the scenario a larger subnet, for example subnet: {LARGE_SUBNET}",
            )
