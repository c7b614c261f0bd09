"""The input and the result of lifting a template."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

DepartureKind = Literal["own stack", "order", "dead", "host", "parts"]


@dataclass(frozen=True, slots=True)
class Setting:
    """The context of a template: the metadata version that it was written for, and the `prefix` and `keys` of its TOML.

    `service` is the service that the image configures. If `keys` is None, all keys are served. `types` are the types of metadata
    keys that the entry declares. `shared` is True if the conf container shares the network of the program, so that `self` is the
    program's container. `target` is the metadata version of the blocks. `blank` are metadata keys that may be empty: the file is
    written even if they are empty.
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

    `kind` is "map" if the template iterates over the key. `named` is True if the template uses the names in the map; otherwise
    the key may also be a list. `fields` are the fields that the template reads in each element; `branches` is True if elements
    without fields are skipped. The key is `optional` if the template works without it, and `pasted` if its value may have
    several lines. `compared` are the strings that the value is compared with; `asked` is True if the template tests whether the
    key has a value. A `*` in the key's name stands for a part that is unknown until the file is rendered.
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
    asked: bool = field(default=False, compare=False)

    def field(self, name: str) -> None:
        """Record that a field of each element is read. An empty name is ignored, because it means the whole element."""
        if name and name not in self.fields:
            self.fields += (name,)


@dataclass(frozen=True, slots=True)
class Departure:
    """A difference between the blocks and the template, or a branch that can never be reached, with its line."""

    kind: DepartureKind
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """The result of lifting a template. `body` contains the blocks; if it is None, `why` and `line` say what cannot be lifted.

    `variables` are the variables that the template reads with getenv. `services` are other services that the blocks name.
    `format` is the format of the blocks.
    """

    body: list[dict[str, Any]] | None
    why: str = ""
    line: int = 0
    keys: Mapping[str, KeyUse] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    said: tuple[Departure, ...] = ()
    format: str = "raw"
    wide: bool = False
