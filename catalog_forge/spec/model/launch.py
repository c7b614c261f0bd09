"""How the program is started and restarted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge.spec.expressions import Text
from catalog_forge.spec.model.frame import DURATION
from catalog_forge.spec.model.record import Record, key


@dataclass(frozen=True)
class Wait(Record):
    """What the program waits for before it starts, and how long at most."""

    files: str = key("all files must have been written", "all", one_of=("all",))
    scale: str = key(
        "wait until there are as many peers as the service's scale, at most this long; then start anyway",
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
    """How the containers of a service restart their programs one after the other, in the order of their index."""

    stagger: str = key(
        "time from one container's restart to the next; a container also waits until those before it are healthy",
        pattern=DURATION,
        shape="a time such as 30s",
    )


@dataclass(frozen=True)
class Leader(Record):
    """The container that founds the cluster if no peer answers yet. The other containers start once the leader answers."""

    by: str = key(
        "how it is chosen: lowest index, or highest number printed by the command `number` (on a tie, the lowest index)",
        "lowest-index",
        one_of=("lowest-index", "highest-number"),
    )
    number: str = key(
        "command in the service's container that prints how much data is there, as a whole number; -1 for none", "", maximum=2000
    )
    exchange: int = key("port on which the peers ask each other for their numbers before the start", 4404, least=1, most=65535)
    port: int = key("port on which the running program answers; default: that of the health check", 0, most=65535)
    once: str = key(
        "file in the data volume, created when the leader answers; while it exists, the leader starts like the others",
        "",
        pattern=r"/[A-Za-z0-9._/+@-]+",
        shape="an absolute path",
    )
    before: tuple[Text, ...] = key("shell commands that run before the program of the leader", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the leader gets, after those of `exec`", tuple)


@dataclass(frozen=True)
class Others(Record):
    """The containers that join the cluster once the leader or another container answers."""

    before: tuple[Text, ...] = key("shell commands that run before the program of the others", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the others gets, after those of `exec`", tuple)
    jitter: str = key(
        "time over which the first starts of the others are spread, by their index",
        "",
        pattern=DURATION,
        shape="a time such as 15s",
    )


@dataclass(frozen=True)
class Launch(Record):
    """How the program is started in the service's container. Arguments, commands and variables may contain expressions.

    An argument, command or variable is left out if it reads an optional key that has no value. A changed value takes effect at
    the next start.
    """

    wait: Wait = key("what to wait for before the start", Wait)
    before: tuple[Text, ...] = key("shell commands that run before the first start, in the service's container", tuple)
    exec: tuple[Text, ...] = key(
        "the program and its arguments; default: the start command of the official image, if the software is well known", tuple
    )
    environment: Mapping[str, Text] = key("variables of the program and of the commands before it", dict)
    leader: Leader | None = key("settings of the container that founds a cluster", None)
    others: Others | None = key("settings of the containers that join the cluster", None)
    restart: Restart | None = key("how `restart` works in several containers; default: in all of them at once", None)
    reload: str = key(
        "what happens when a value that `exec` or `environment` reads changes: a restart, or nothing until the next start",
        "none",
        one_of=("restart", "none"),
    )

    @property
    def is_rendered(self) -> bool:
        """Whether confd writes the start of the program, because it depends on the metadata or on the leader."""
        texts = (*self.before, *self.exec)
        return bool(self.environment or self.leader) or any(text.literal is None for text in texts)

    @property
    def command(self) -> tuple[str, ...]:
        """The arguments of the launch script: the whole command, or only the program if confd writes its arguments."""
        words = [text.literal for text in self.exec]
        return tuple("" if word is None else word for word in (words[:1] if None in words else words))
