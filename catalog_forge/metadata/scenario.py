"""Scenarios: an environment in few words of YAML.

stack: search
subnet: 10.42.7.0/24              # optional, and so is every key but `services`
hosts: 2                          # or names, or a mapping of names to labels
services:
  elasticsearch-masters:
    scale: 3
    metadata: {cluster.name: es}
    sidekicks: {elasticsearch-masters-main: primary}   # or a list: each with a network of its own
    health_check: {port: 9200}
    states: {2: stopped}          # by container, counted from 1
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Mapping
from pathlib import Path
from typing import get_args

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.metadata import answers as answers_file
from catalog_forge.metadata import stack as shapes
from catalog_forge.metadata import units
from catalog_forge.metadata.answers import Answers, Value
from catalog_forge.metadata.model import SUBNET, Environment, Host, Network, Service, Sidekick, Stack

MAX_SCALE = 10_000

_KEYS = ("stack", "subnet", "hosts", "services", "containers")
_SERVICE_KEYS = (
    *("scale", "metadata", "labels", "sidekicks", "links"),
    *("ports", "health_check", "states", "healths"),
)
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,62}")
_PORT = re.compile(r"([0-9]{1,5})(?::([0-9]{1,5}))?(?:/(tcp|udp))?")
_VERSION = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}|latest")
_HEALTH_CHECK: Mapping[str, Value] = {
    "healthy_threshold": 2,
    "interval": 2000,
    "port": 80,
    "request_line": "",
    "response_timeout": 2000,
    "unhealthy_threshold": 3,
}


def load(path: Path) -> Answers:
    """Read a file that is either an answers file (its keys are versions) or a scenario, into answers.

    Raises ForgeError if it cannot be read, or is neither, with the places of all problems.
    """
    try:
        with path.open("rb") as file:
            content = file.read(answers_file.MAX_BYTES + 1)
    except OSError as error:
        raise ForgeError(f"cannot read the file: {error.strerror}", Where(str(path))) from None
    root = yamlio.parse(content, str(path), aliases=True, max_bytes=answers_file.MAX_BYTES)
    if isinstance(root, yamlio.Map) and any(_VERSION.fullmatch(key.value) for key, _ in root.pairs):
        return answers_file.of_node(root)
    return shapes.answers(of_node(root))


def read(text: bytes | str, file: str) -> Environment:
    """Read a scenario. Raises ForgeError with all problems of the file and their places."""
    return of_node(yamlio.parse(text, file))


def of_node(root: yamlio.Node) -> Environment:
    """Make an environment of a parsed scenario. Errors as `read`."""
    reader = _Reader()
    environment = reader.environment(root)
    if reader.problems:
        raise ForgeError.of(reader.problems)
    _check_room(environment, root.where)
    return environment


class _Reader:
    """Reads nodes, notes what is wrong, and goes on with what can be used."""

    def __init__(self) -> None:
        self.problems: list[Problem] = []

    def wrong(self, message: str, where: Where, hint: str = "") -> None:
        self.problems.append(Problem(message, where, hint))

    def environment(self, root: yamlio.Node) -> Environment:
        found = self.known(root, "a scenario", _KEYS)
        if "services" not in found and not self.problems:
            self.wrong("a scenario needs the key 'services'", root.where, "an answers file has versions as its keys")
        services = self.services(found.get("services"))
        return Environment(
            (Stack(self.name(found.get("stack"), "Default"), services),),
            self.hosts(found.get("hosts")),
            self.subnet(found.get("subnet")),
            tuple(self.name(item) for item in self.items(found.get("containers"), "containers")),
        )

    def services(self, node: yamlio.Node | None) -> tuple[Service, ...]:
        """All services; a sidekick is one more in the metadata, so all their names differ, in lower case too."""
        pairs = self.pairs(node, "services")
        targets = {key.value for key, _ in pairs}
        services = tuple(self.service(self.name(key), value, targets) for key, value in pairs)
        seen: set[str] = set()
        for name in [name for service in services for name in (service.name, *(kick.name for kick in service.sidekicks))]:
            if node is not None and name.lower() in seen:
                self.wrong(f"two services or sidekicks have the name {name!r}", node.where)
            seen.add(name.lower())
        return services

    def service(self, name: str, node: yamlio.Node, targets: set[str]) -> Service:
        found = {} if _is_null(node) else self.known(node, f"the service {name!r}", _SERVICE_KEYS)
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
            states=self.by_container(found.get("states"), scale),
            healths=self.by_container(found.get("healths"), scale),
        )

    def known(self, node: yamlio.Node, what: str, keys: tuple[str, ...]) -> dict[str, yamlio.Node]:
        """The values of a mapping by key; an unknown key is a problem."""
        found = {}
        for key, value in self.pairs(node, what):
            if key.value in keys:
                found[key.value] = value
            else:
                self.wrong(f"unknown key {key.value!r} in {what}", key.where, did_you_mean(key.value, keys))
        return found

    def pairs(self, node: yamlio.Node | None, what: str) -> tuple[tuple[yamlio.Text, yamlio.Node], ...]:
        if isinstance(node, yamlio.Map):
            return node.pairs
        if node is not None:
            self.wrong(f"{what} must be a mapping", node.where)
        return ()

    def items(self, node: yamlio.Node | None, what: str) -> tuple[yamlio.Node, ...]:
        if isinstance(node, yamlio.Seq):
            return node.items
        if node is not None:
            self.wrong(f"{what} must be a list", node.where)
        return ()

    def word(self, node: yamlio.Node, what: str) -> str:
        """A scalar as text, as it was written: labels, states and aliases are always text."""
        if isinstance(node, yamlio.Text):
            return node.value
        self.wrong(f"{what} must be text", node.where)
        return ""

    def words(self, node: yamlio.Node | None, what: str) -> dict[str, str]:
        return {key.value: self.word(value, what) for key, value in self.pairs(node, what)}

    def name(self, node: yamlio.Node | None, default: str = "") -> str:
        if node is None:
            return default
        name = self.word(node, "a name")
        if name and not _NAME.fullmatch(name):
            self.wrong(f"{name!r} cannot be a name", node.where, "letters, digits, '.', '_' and '-', 63 at most")
        return name

    def whole(self, node: yamlio.Node | None, what: str, most: int) -> int:
        value = node.data() if isinstance(node, yamlio.Text) else 1 if node is None else None
        if isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= most:
            return value
        if node is not None:
            self.wrong(f"{what} must be a whole number from 0 to {most}", node.where)
        return 1

    def data(self, node: yamlio.Node | None, what: str) -> dict[str, Value]:
        return {key.value: yamlio.to_data(value) for key, value in self.pairs(node, what)}

    def sidekicks(self, node: yamlio.Node | None) -> tuple[Sidekick, ...]:
        """A list of names, or a mapping of names to `own` or `primary`, or to `network` and `labels`."""
        if isinstance(node, yamlio.Seq):
            return tuple(Sidekick(self.name(item)) for item in node.items)
        return tuple(self.sidekick(self.name(key), value) for key, value in self.pairs(node, "sidekicks"))

    def sidekick(self, name: str, node: yamlio.Node) -> Sidekick:
        if not isinstance(node, yamlio.Map):
            return Sidekick(name, self.network(node))
        found = self.known(node, f"the sidekick {name!r}", ("network", "labels"))
        return Sidekick(name, self.network(found.get("network")), self.words(found.get("labels"), "labels"))

    def network(self, node: yamlio.Node | None) -> Network:
        word = "own" if node is None or _is_null(node) else self.word(node, "network")
        if node is not None and word not in get_args(Network):
            self.wrong(f"network is 'own' or 'primary', not {word!r}", node.where, did_you_mean(word, get_args(Network)))
        return "primary" if word == "primary" else "own"

    def links(self, node: yamlio.Node | None, targets: set[str]) -> dict[str, str]:
        """A mapping of services of this stack to aliases."""
        for key, _ in self.pairs(node, "links"):
            if key.value not in targets:
                self.wrong(f"there is no service {key.value!r} to link to", key.where, did_you_mean(key.value, targets))
        return self.words(node, "links")

    def port(self, node: yamlio.Node) -> str:
        port = _PORT.fullmatch(self.word(node, "a port"))
        if port is None:
            self.wrong("a port is PUBLIC, PUBLIC:PRIVATE or PUBLIC:PRIVATE/tcp", node.where)
            return ""
        return f"{port[1]}:{port[2] or port[1]}/{port[3] or 'tcp'}"

    def health_check(self, node: yamlio.Node | None) -> Mapping[str, Value] | None:
        if node is None:
            return None
        found = self.known(node, "health_check", tuple(_HEALTH_CHECK))
        return {**_HEALTH_CHECK, **{key: yamlio.to_data(value) for key, value in found.items()}}

    def by_container(self, node: yamlio.Node | None, scale: int) -> dict[int, str]:
        found = {}
        for key, value in self.pairs(node, "states and healths"):
            index = key.data()
            if isinstance(index, int) and not isinstance(index, bool) and 1 <= index <= scale:
                found[index] = self.word(value, "a state")
            else:
                self.wrong(f"there is no container {key.value!r}: the service has {scale}", key.where)
        return found

    def hosts(self, node: yamlio.Node | None) -> tuple[Host, ...]:
        """A number, names, or a mapping of names to labels. Their own addresses are 192.0.2.11 and on."""
        labels: list[tuple[str, Mapping[str, str]]]
        match node:
            case yamlio.Seq(items):
                labels = [(self.name(item), {}) for item in items]
            case yamlio.Map(pairs):
                labels = [(self.name(key), self.words(value, "labels")) for key, value in pairs]
            case _:
                labels = [(f"node-{number}", {}) for number in range(1, self.whole(node, "hosts", 200) + 1)]
        if node is not None and not 1 <= len(labels) <= 200:
            self.wrong("there must be 1 to 200 hosts", node.where)
        return tuple(Host(name, f"192.0.2.{10 + number}", own) for number, (name, own) in enumerate(labels, start=1))

    def subnet(self, node: yamlio.Node | None) -> str:
        if node is not None:
            try:
                return str(ipaddress.IPv4Network(self.word(node, "subnet")))
            except ValueError as error:
                self.wrong(f"subnet must be an IPv4 network: {error}", node.where, f"for example {SUBNET}")
        return SUBNET


def _is_null(node: yamlio.Node) -> bool:
    return isinstance(node, yamlio.Text) and node.data() is None


def _check_room(environment: Environment, where: Where) -> None:
    for launch in units.launches(environment):
        if launch.has_address and launch.service.scale > launch.block.size:
            raise ForgeError(
                f"the subnet {environment.subnet} has {launch.block.size} addresses for {launch.name!r}, which needs "
                f"{launch.service.scale}",
                where,
                "give the scenario a larger one, for example subnet: 10.42.0.0/16",
            )
