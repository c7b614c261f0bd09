"""Defines the volumes and the services of an entry: the configured service, its groups and the companions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

from catalog_forge import yamlio
from catalog_forge.spec.model.compose_keys import COMPANION_KEYS, SERVICE_KEYS
from catalog_forge.spec.model.frame import COMPOSE_NAME, IMAGE, IMAGE_SHAPE, HealthCheck, NumberOrVariable
from catalog_forge.spec.model.record import Record, key

# The roles of the primary's sidekicks in each topology, in order. `Member` has a property for each role, which returns the name
# of the service in this role.
TOPOLOGIES = {
    "volumes": ("conf",),
    "netns": ("main", "volumes"),
    "datavol": ("conf", "volumes"),
    "scripts": ("conf",),
    "embedded": (),
}


@dataclass(frozen=True, kw_only=True)
class Composed(Record):
    """A record that may contain compose keys: `PASSED` lists these keys, and `nodes` has the author's YAML for each."""

    PASSED: ClassVar[frozenset[str]] = frozenset()
    nodes: Mapping[str, tuple[yamlio.Text, yamlio.Node]] = field(default_factory=dict, compare=False, repr=False)


@dataclass(frozen=True)
class Group(Composed):
    """One of several services that run the same software with the same conf image, such as masters and data nodes."""

    PASSED = SERVICE_KEYS
    scale: NumberOrVariable = key("number of containers, or the `${variable}` of a question that asks for this number", 1)
    name: str = key(
        "name of the group's service; default: SERVICE-GROUP",
        "",
        pattern=COMPOSE_NAME,
        shape="letters, digits and dashes",
        maximum=63,
    )
    image: str = key("image of this group only, with its tag", "", pattern=IMAGE, shape=IMAGE_SHAPE, maximum=255)
    exec: tuple[str, ...] = key("start command of the program in this group, in place of launch.exec; without expressions", tuple)
    health_check: HealthCheck | None = key("Rancher's health check of this group only", None)
    metadata: Mapping[str, Any] = key(
        "metadata keys whose value is fixed in this group, so that no question asks for it; the value may contain "
        "`@{metadata/KEY}`, which becomes the answer to KEY's question; null: the group does not have the key",
        dict,
        reads=True,
    )
    compose: Mapping[str, Any] = key("docker-compose and rancher-compose keys of this group only, such as ports", dict)


@dataclass(frozen=True)
class Service(Composed):
    """The software to configure. Most docker-compose v2 and rancher-compose keys may be added."""

    PASSED = SERVICE_KEYS
    name: str = key("name of the service in the stack", pattern=COMPOSE_NAME, shape="letters, digits and dashes", maximum=63)
    image: str = key(
        "image with its tag; without a tag, a question of the entry asks for the tag",
        "",
        pattern=IMAGE,
        shape=IMAGE_SHAPE,
        maximum=255,
    )
    topology: str = key(
        "how the service gets the configuration (main: the container of the program; conf: the container of confd): "
        "`volumes` (conf is a sidekick of main), "
        "`netns` (main is a sidekick of conf, and shares its network), "
        "`datavol` (conf is a sidekick of main, and shares its network), "
        "`scripts` (conf writes files that never change, and exits) or "
        "`embedded` (one container: the conf image is built from the image of the program, and confd runs next to the program)",
        "volumes",
        one_of=tuple(TOPOLOGIES),
    )
    network_mode: str = key("`host`: the program uses the network of the host that it runs on", "", one_of=("host",))
    shell: bool = key("true if the image has /bin/sh and sleep; otherwise, the scripts use the busybox of the conf image", True)
    scale: NumberOrVariable = key("number of containers, or the `${variable}` of a question that asks for this number", 1)
    health_check: HealthCheck | None = key("Rancher's health check", None)
    groups: Mapping[str, Group] = key("several services instead of one service, each with separate settings", dict)
    compose: Mapping[str, Any] = key(
        "the docker-compose and rancher-compose keys of the service, which the entry contains unchanged", dict
    )

    @property
    def is_self(self) -> bool:
        """Whether confd's requests for `self` return this service. The metadata service identifies each caller by its address."""
        return self.topology != "volumes"

    @property
    def floats(self) -> bool:
        """Whether the image has neither a tag nor a digest."""
        return ":" not in self.image.rpartition("/")[2] and "@" not in self.image

    @property
    def is_embedded(self) -> bool:
        """Whether confd and the program run in one container."""
        return self.topology == "embedded"


@dataclass(frozen=True)
class Companion(Composed):
    """An additional service of the entry, such as a load balancer. It has the keys that a service has in compose files."""

    PASSED = COMPANION_KEYS
    compose: Mapping[str, Any] = key("the docker-compose and rancher-compose keys of the service", dict)


@dataclass(frozen=True)
class Volume(Record):
    """A named volume: services mount it as NAME:/PATH."""

    driver: str = key("driver of the volume, such as local or rancher-nfs", "", maximum=255, line=True)
    driver_opts: Mapping[str, str] = key("options of the driver", dict)
    external: bool = key("true if the volume already exists outside of the stack", False)
    per_container: bool = key(
        "true if each container has a separate volume; a replacement reuses the volume of the container that it replaces", False
    )
