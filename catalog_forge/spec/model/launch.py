"""How the program is started and restarted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge.spec.expressions import Text
from catalog_forge.spec.model.frame import DURATION
from catalog_forge.spec.model.record import Record, key


@dataclass(frozen=True)
class Wait(Record):
    """What the start of the program waits for, and how long at most."""

    files: str = key("all files must have been written", "all", one_of=("all",))
    scale: str = key(
        "wait until as many peers exist as the service's scale says, at most this long; then go on",
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
    """How containers of one service restart their programs: one after the other, in the order of their index."""

    stagger: str = key(
        "time that each container has for its restart before the next one; that one also waits until those before it are healthy",
        pattern=DURATION,
        shape="a time such as 30s",
    )


@dataclass(frozen=True)
class Leader(Record):
    """The one container that founds the cluster, while none of its peers answers yet: the others start once it does."""

    by: str = key(
        "who it is: the lowest index, or the highest number that the command `number` prints (of equal ones the lowest index)",
        "lowest-index",
        one_of=("lowest-index", "highest-number"),
    )
    number: str = key(
        "command in the service's container that prints how much data is there, as a whole number; -1 for none", "", maximum=2000
    )
    exchange: int = key("port at which the peers ask each other for their numbers before the start", 4404, least=1, most=65535)
    port: int = key("port at which a program that runs answers; default: that of the health check", 0, most=65535)
    once: str = key(
        "file in the data volume, made when the leader answers: while it exists, the leader starts as the others do",
        "",
        pattern=r"/[A-Za-z0-9._/+@-]+",
        shape="an absolute path",
    )
    before: tuple[Text, ...] = key("shell commands that run before the program of the leader", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the leader gets, after those of `exec`", tuple)


@dataclass(frozen=True)
class Others(Record):
    """The containers that join the cluster, once the leader or another one answers."""

    before: tuple[Text, ...] = key("shell commands that run before the program of the others", tuple)
    args: tuple[Text, ...] = key("arguments that the program of the others gets, after those of `exec`", tuple)
    jitter: str = key(
        "time over which the others spread their first start, by their index", "", pattern=DURATION, shape="a time such as 15s"
    )


@dataclass(frozen=True)
class Launch(Record):
    """How the program is started in the service's container. Expressions may stand in arguments, commands and variables.

    What reads an optional key without a value is left out. A change counts from the next start on.
    """

    wait: Wait = key("what is waited for", Wait)
    before: tuple[Text, ...] = key("shell commands that run before the first start, in the service's container", tuple)
    exec: tuple[Text, ...] = key(
        "the program and its arguments; default: what starts the official image of a well-known software", tuple
    )
    environment: Mapping[str, Text] = key("variables of the program and of the commands before it", dict)
    leader: Leader | None = key("what is different in the container that founds a cluster", None)
    others: Others | None = key("what is different in the containers that join it", None)
    restart: Restart | None = key("how `restart` goes on in several containers; default: in all of them at once", None)
    reload: str = key(
        "what follows a change of what `exec` and `environment` read: a restart, or nothing before the next start",
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
