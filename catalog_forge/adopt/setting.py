"""What the lifting of a template is told, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DepartureKind = Literal["own stack", "order", "dead", "host", "parts"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a template: the metadata version that it was written for, and the `prefix` and `keys` of its TOML.

    `service` is the service that the image configures. `keys` of None are all keys. `types` are those of metadata keys, as far
    as the entry tells. `shared` tells that the conf container has the network of the program's: `self` is then the program's
    container. `target` is the version of the blocks. `blank` are metadata keys that may be empty: the file is written all the
    same.
    """

    version: str = "2015-07-25"
    prefix: str = ""
    keys: tuple[str, ...] | None = None
    service: str = ""
    types: Mapping[str, str] = field(default_factory=dict)
    shared: bool = True
    target: str = "2016-07-29"
    blank: frozenset[str] = frozenset()


@dataclass(slots=True)
class KeyUse:
    """A metadata key that a template reads.

    `kind` is a map where it is walked over; where the names in it are not `named` it may be a list as well, whose elements come
    in their order then. `fields` are those of its records, `branches` tells that only those were walked over. It is `optional`
    where the template does without it, `pasted` where it may have several lines, and `compared` with these texts. A `*` in its
    name stands for what is only known when the file is rendered: such keys are several.
    """

    kind: Literal["value", "map"] = "value"
    named: bool = False
    optional: bool = True
    default: str | None = None
    fields: tuple[str, ...] = ()
    secret: bool = False
    pasted: bool = False
    compared: tuple[str, ...] = ()
    branches: bool = False

    def field(self, name: str) -> None:
        """Note that a field of its records is read; nothing for an element as a whole."""
        if name and name not in self.fields:
            self.fields += (name,)


@dataclass(frozen=True, slots=True)
class Departure:
    """Something that the blocks do otherwise than the template, or a branch of it that nothing can reach; with its line."""

    kind: DepartureKind
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """What a template became: `body` are blocks as an author writes them, None where it cannot be lifted: `why`, at `line`.

    `variables` are read by getenv, `services` are named beside the own one. `format` is that in which the blocks are.
    """

    body: list[dict[str, Any]] | None
    why: str = ""
    line: int = 0
    keys: Mapping[str, KeyUse] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    said: tuple[Departure, ...] = ()
    format: str = "raw"
