"""Reads the `volumes` block of compose files: a named volume belongs to the stack, belongs to each unit, or is external.

Rules: docs/facts/catalog.md#4.5. An external volume does not belong to the stack, so it needs trust.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace

from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.metadata.reading import Reader
from catalog_forge.stack.launches import NAMED
from catalog_forge.stack.model import Launch, Note
from catalog_forge.yamlio import Map, Node


@dataclass(slots=True)
class Volumes:
    """The named volumes by scope (stack, unit or external), and notes on volumes."""

    own: set[str] = field(default_factory=set)
    per_unit: set[str] = field(default_factory=set)
    external: dict[str, str] = field(default_factory=dict)
    unhonoured: list[Note] = field(default_factory=list)
    dangerous: list[Note] = field(default_factory=list)

    def of(self, launch: Launch) -> Launch:
        """Return a copy of a launch that states the scope of each volume. Volumes that are not declared belong to the stack."""
        names = list(named(launch))
        self.own |= {name for name in names if name not in self.per_unit and name not in self.external}
        external = {name: self.external[name] for name in names if name in self.external}
        return replace(launch, per_unit=tuple(name for name in names if name in self.per_unit), external=external)


def named(launch: Launch) -> Iterator[str]:
    """Yield the names of the named volumes that a launch mounts."""
    for each in launch.volumes:
        name, colon, _ = each.partition(":")
        if colon and not name.startswith("/"):
            yield name


def read(declared: Mapping[str, Node], reader: Reader) -> Volumes:
    """Read the volumes that compose files declare; errors are recorded in `reader`."""
    found = Volumes()
    for name, node in declared.items():
        keys = {key.value: value for key, value in (() if is_null(node) else reader.pairs(node, f"the volume {name!r}"))}
        if "external" in keys and (real := _external(name, keys["external"], reader)):
            found.external[name] = real
            message = f"the stack uses the volume {real} of this machine"
            found.dangerous.append(Note("", f"volumes.{name}.external", message, keys["external"].where))
        elif text_of(keys.get("per_container")) == "true":
            found.per_unit.add(name)
        else:
            found.own.add(name)
        found.unhonoured += _notes(name, keys)
    return found


def _external(name: str, node: Node, reader: Reader) -> str:
    """Return the engine's name for a volume whose `external` is true or a mapping; return "" for any other volume."""
    if isinstance(node, Map):
        real = next((text_of(value) for key, value in node.pairs if key.value == "name"), name)
    else:
        real = name if text_of(node) == "true" else ""
    if real and not NAMED.fullmatch(real):
        reader.wrong(f"{real!r} cannot be the name of a volume", node.where, "letters, digits, '.', '_' and '-'")
        return ""
    return real


def _notes(name: str, keys: Mapping[str, Node]) -> Iterator[Note]:
    for key, value in keys.items():
        text = text_of(value)
        if key == "driver" and text not in ("", "local"):
            yield Note(
                "",
                f"volumes.{name}.driver",
                f"the driver {text} is not used: the volume is a local volume of the engine",
                value.where,
            )
        elif key not in ("driver", "external", "per_container") and text != "false":
            yield Note("", f"volumes.{name}.{key}", "the engine ignores this key", value.where)
