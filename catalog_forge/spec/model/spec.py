"""A spec as a whole, and the services that run its software."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import Where
from catalog_forge.spec.model.compose_keys import named_volume
from catalog_forge.spec.model.files import ConfFile
from catalog_forge.spec.model.frame import VERSION, Engine, Entry, HealthCheck, Image, NumberOrVariable, Tool
from catalog_forge.spec.model.launch import Launch
from catalog_forge.spec.model.metadata import MetadataKey
from catalog_forge.spec.model.record import Record, key
from catalog_forge.spec.model.service import TOPOLOGIES, Companion, Group, Service, Volume

IMAGE_NAME = r"[a-z0-9]([a-z0-9-]*[a-z0-9])?-(conf|config)"
SCOPES = ("stack", "environment")


@dataclass(frozen=True)
class Spec(Record):
    """One conf image and its entry."""

    forge: int = key("version of the spec language: 1")
    name: str = key(
        "name of the conf image",
        pattern=IMAGE_NAME,
        shape="lower-case letters, digits and dashes, ending in -conf or -config",
        maximum=63,
    )
    service: Service = key("the software that is configured: a record, or NAME, NAME:TAG, NAME=IMAGE:TAG")
    files: tuple[ConfFile, ...] = key("the configuration files")
    scope: str = key(
        "how far the files look: `stack`, or `environment`, which everywhere:LABEL and the paths /services and /stacks need",
        "stack",
        one_of=SCOPES,
    )
    version: str = key("tag of the conf image", "0.1.0", pattern=VERSION, shape="a version such as 0.1.0", maximum=64)
    description: str = key("one sentence on the software", "", maximum=1000)
    maintainer: str = key(
        "two to five words and an address: Jo Doe <jo@example.org>",
        "",
        pattern=r"(\S+ ){2,5}<[^@\s]+@[^@\s]+\.[^@\s]+>",
        shape="First Last <mail@example.org>",
    )
    entry: Entry = key("the entry in the catalog", Entry)
    image: Image = key("the conf image", Image)
    engine: Engine = key("confd and the metadata it reads", Engine)
    metadata: Mapping[str, MetadataKey] = key("the keys that the user of the entry supplies, in the order of the questions", dict)
    tools: tuple[Tool, ...] = key("programs for checks, commands and scripts, in the conf image and in the share", tuple)
    vars: Mapping[str, str] = key("environment of the conf container, with defaults", dict)
    launch: Launch = key("how the program is started", Launch)
    volumes: Mapping[str, Volume] = key(
        "the named volumes of the entry; without any, those that services mount are plain ones", dict
    )
    companions: Mapping[str, Companion] = key("the services of the entry beside the configured one, by name", dict)
    deviations: Mapping[str, str] = key(
        "why the spec deviates from the standards of catalog-forge.yml: path of a key, such as image.base, to the reason", dict
    )

    @cached_property
    def members(self) -> tuple[Member, ...]:
        """The services that run the software: one, or one for each group."""
        service = self.service
        groups = service.groups.items()
        named = tuple(Member(group.name or f"{service.name}-{name}", group, self) for name, group in groups)
        return named or (Member(service.name, None, self),)

    @cached_property
    def services(self) -> frozenset[str]:
        """The names of all services of the entry."""
        return frozenset(name for each in self.members for name in (each.name, *each.sidekicks)) | self.companions.keys()

    @property
    def composed(self) -> tuple[Service | Group | Companion, ...]:
        """Whatever compose keys stand in."""
        return (self.service, *self.service.groups.values(), *self.companions.values())

    @property
    def mounted(self) -> dict[str, Where | None]:
        """The named volumes that services mount, and where each is named first."""
        found: dict[str, Where | None] = {}
        for node in (each.nodes["volumes"][1] for each in self.composed if "volumes" in each.nodes):
            for item in node.items if isinstance(node, yamlio.Seq) else ():
                if isinstance(item, yamlio.Text) and (name := named_volume(item.value)):
                    found.setdefault(name, item.where)
        return found

    @property
    def passed(self) -> list[Any]:
        """The values that variables of rancher-compose may stand in."""
        numbers = [value for _, value in self.numbers]
        volumes = ((each.driver, each.driver_opts) for each in self.volumes.values())
        return [*(each.compose for each in self.composed), *numbers, *volumes]

    @property
    def numbers(self) -> Iterator[tuple[Where | None, NumberOrVariable]]:
        """The numbers that a question may ask for, with their places."""
        configured: tuple[Service | Group, ...] = (self.service, *self.service.groups.values())
        for each in configured:
            yield each.at("scale"), each.scale
            if each.health_check:
                yield each.health_check.at("port"), each.health_check.port

    @property
    def share(self) -> str:
        """The folder, a volume, that the conf container and the main container share."""
        return f"/opt/{self.name}"

    @property
    def is_lent(self) -> bool:
        """Whether the image brings a busybox to the share, so that the scripts need nothing of main's."""
        return self.service.is_embedded or not self.service.shell

    def asks(self, file: ConfFile) -> bool:
        """Whether confd has main run the check of a file. Embedded, confd has what main has."""
        return bool(file.check) and file.check_in == "main" and not self.service.is_embedded

    @property
    def asks_main(self) -> bool:
        """Whether confd has main run a check."""
        return any(map(self.asks, self.files))

    @property
    def refresh(self) -> str:
        """When the files are rendered anew: once, where confd reads no metadata."""
        return "once" if self.service.topology == "scripts" else self.engine.refresh

    @property
    def shell(self) -> tuple[str, ...]:
        """What runs the launch script."""
        return (f"{self.share}/busybox", "sh") if self.is_lent else ("/bin/sh",)

    @property
    def tag(self) -> str:
        """The full name of the conf image: REGISTRY/NAME:VERSION."""
        name = f"{self.name}:{self.version}"
        return f"{self.image.registry}/{name}" if self.image.registry else name


@dataclass(frozen=True, slots=True)
class Member:
    """One service that runs the software: the spec's only one, or that of a group, which makes it differ from the others."""

    name: str
    group: Group | None
    spec: Spec

    @property
    def conf(self) -> str:
        """The service whose containers run confd."""
        return self._called("conf", f"{self.name}-conf" if self.group else self.spec.name, self.name)

    @property
    def main(self) -> str:
        """The service whose containers run the program."""
        return self._called("main", f"{self.name}-main", self.name)

    @property
    def volumes(self) -> str:
        """The service whose containers own the volumes of the files."""
        return self._called("volumes", f"{self.name}-volumes", self.conf)

    @property
    def asking(self) -> str:
        """The service as which confd asks: the primary whose address it has, or the sidekick that it is."""
        return self.name if self.spec.service.is_self else self.conf

    @property
    def sidekicks(self) -> list[str]:
        """The services that run beside the primary."""
        return [getattr(self, part) for part in self._parts]

    def _called(self, part: str, own: str, otherwise: str) -> str:
        return own if part in self._parts else otherwise

    @property
    def _parts(self) -> tuple[str, ...]:
        return TOPOLOGIES.get(self.spec.service.topology, ())  # a wrong one is noted, and the rest is checked all the same

    @property
    def scale(self) -> NumberOrVariable:
        """How many containers it has."""
        return self.group.scale if self.group else self.spec.service.scale

    @property
    def image(self) -> str:
        """The image of the program, as the spec says."""
        return (self.group.image if self.group else "") or self.spec.service.image

    @property
    def command(self) -> tuple[str, ...]:
        """What starts the program, as far as the entry knows it."""
        return (self.group.exec if self.group else ()) or self.spec.launch.command

    @property
    def health_check(self) -> HealthCheck | None:
        """Rancher's health check of it."""
        return (self.group.health_check if self.group else None) or self.spec.service.health_check
