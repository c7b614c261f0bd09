"""Defines how the program is started and restarted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge.spec.expressions import Text
from catalog_forge.spec.model.frame import DURATION
from catalog_forge.spec.model.record import Record, key


@dataclass(frozen=True)
class Wait(Record):
    """What the program waits for before it starts, and for how long at most."""

    files: str = key("`all`: the program starts after all files are written", "all", one_of=("all",))
    scale: str = key(
        "maximum time to wait until the service has as many containers as its scale; after this time, the program starts anyway",
        "",
        pattern=DURATION,
        shape="a time such as 300s",
    )
    metadata: str = key(
        "how long the metadata service may be unreachable before the conf container gives up",
        "60s",
        pattern=DURATION,
        shape="a time such as 60s",
    )


@dataclass(frozen=True)
class Restart(Record):
    """How the containers of a service restart their programs one after the other, in the order of the containers' indexes."""

    stagger: str = key(
        "time between the restarts of two containers; each container also waits until the containers before it are healthy",
        pattern=DURATION,
        shape="a time such as 30s",
    )


@dataclass(frozen=True)
class Leader(Record):
    """The container that founds the cluster if no peer answers yet. The other containers start once the leader answers."""

    by: str = key(
        "which container becomes the leader: the one with the lowest index, or the one whose command `number` prints the highest "
        "number (of several such containers, the one with the lowest index)",
        "lowest-index",
        one_of=("lowest-index", "highest-number"),
    )
    number: str = key(
        "command that runs in the service's container and prints a whole number, which shows how much data the container has; -1 "
        "means no data",
        "",
        maximum=2000,
    )
    exchange: int = key("port on which the peers ask each other for their numbers before the start", 4404, least=1, most=65535)
    port: int = key("port on which the running program answers; default: the port of the health check", 0, most=65535)
    once: str = key(
        "file in the data volume that is created when the leader answers; while it exists, the leader starts like the "
        "other containers",
        "",
        pattern=r"/[A-Za-z0-9._/+@-]+",
        shape="an absolute path",
    )
    before: tuple[Text, ...] = key("shell commands that the leader runs before the program", tuple)
    args: tuple[Text, ...] = key("arguments that the leader passes to the program, after the arguments in `exec`", tuple)


@dataclass(frozen=True)
class Others(Record):
    """The containers that join the cluster once the leader or another container answers."""

    before: tuple[Text, ...] = key("shell commands that the other containers run before the program", tuple)
    args: tuple[Text, ...] = key("arguments that the other containers pass to the program, after the arguments in `exec`", tuple)
    jitter: str = key(
        "time over which the first starts of the other containers are spread, in the order of the containers' indexes",
        "",
        pattern=DURATION,
        shape="a time such as 15s",
    )


@dataclass(frozen=True)
class Launch(Record):
    """How the program is started in the service's container. Arguments, commands and variables may contain expressions.

    An argument, command or variable is left out if it uses an optional key that has no value. A changed value takes effect at
    the next start.
    """

    wait: Wait = key("what the program waits for before it starts", Wait)
    before: tuple[Text, ...] = key("shell commands that run before the first start, in the service's container", tuple)
    exec: tuple[Text, ...] = key(
        "the program and its arguments; default: the start command of the official image, if catalog-forge knows the software",
        tuple,
    )
    environment: Mapping[str, Text] = key("environment variables of the program and of the commands in `before`", dict)
    leader: Leader | None = key("settings of the container that founds a cluster", None)
    others: Others | None = key("settings of the containers that join the cluster", None)
    restart: Restart | None = key("how several containers restart; default: all containers restart at once", None)
    reload: str = key(
        "what happens when a value that `exec` or `environment` uses changes: `restart`, or `none` (nothing until the next "
        "start)",
        "none",
        one_of=("restart", "none"),
    )

    @property
    def is_rendered(self) -> bool:
        """Whether confd writes the start command of the program, because the command depends on the metadata or the leader."""
        texts = (*self.before, *self.exec)
        return bool(self.environment or self.leader) or any(text.literal is None for text in texts)

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of the launch script: the whole command, or only the program if confd writes the program's arguments."""
        words = [text.literal for text in self.exec]
        return tuple("" if word is None else word for word in (words[:1] if None in words else words))
