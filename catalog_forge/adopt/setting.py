"""What the lifting of a template is told, and what it gives back."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["value", "map", "list"]


@dataclass(frozen=True, slots=True)
class Setting:
    """What surrounds a template: the metadata version that it was written for, and the `prefix` and `keys` of its TOML.

    `service` is the service that the image configures, `services` are all of the entry's (none: any may be there).
    `keys` of None are all keys. `types` are those of metadata keys, as far as the entry tells.
    """

    version: str = "2015-07-25"
    prefix: str = ""
    keys: tuple[str, ...] | None = None
    service: str = ""
    services: tuple[str, ...] = ()
    types: Mapping[str, str] = field(default_factory=dict)


@dataclass(slots=True)
class KeyUse:
    """A metadata key that a template reads.

    `kind` is a map where the names below it are read or walked over (then `fields` are those of its records), a list where only
    the elements are. It is `optional` where the template does without it, and `compared` with these texts. A `*` in its name
    stands for what is only known when the file is rendered: such keys are several.
    """

    kind: Kind = "value"
    optional: bool = True
    default: str | None = None
    fields: tuple[str, ...] = ()
    secret: bool = False
    pasted: bool = False
    compared: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Departure:
    """Something that the blocks do otherwise than the template, or a branch of it that nothing can reach; with its line."""

    kind: Literal["own stack", "order", "dead", "host"]
    line: int
    words: str


@dataclass(frozen=True, slots=True)
class Lifted:
    """What a template became: `body` are blocks as an author writes them, None where it cannot be lifted: `why`, at `line`.

    `format` is that of the file. `variables` are read by getenv, `services` are named beside the own one.
    """

    body: list[dict[str, Any]] | None
    why: str = ""
    line: int = 0
    format: str = "raw"
    keys: Mapping[str, KeyUse] = field(default_factory=dict)
    variables: tuple[str, ...] = ()
    services: tuple[str, ...] = ()
    wide: bool = False
    said: tuple[Departure, ...] = ()
