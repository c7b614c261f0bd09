"""What the volumes of a stack hold, and what of it is still there after an upgrade."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from typing import Any

from catalog_forge.image.archives import digests
from catalog_forge.image.engine import Engine
from catalog_forge.stack.reconcile import Seen
from catalog_forge.stack.runner import StackRunner

# The name that an engine makes for a volume which has none.
_UNNAMED = re.compile(r"[0-9a-f]{64}")

Contents = Mapping[str, Mapping[str, str]]
"""Volumes by name, each with its files by path, each with a digest."""


@dataclass(frozen=True, slots=True)
class Kept:
    """What became of a volume: how many of its files are as they were, differ, are gone, are new."""

    volume: str
    same: int
    changed: int
    gone: int
    new: int

    @property
    def is_lost(self) -> bool:
        """Whether nothing is left of what it held."""
        return bool(self.gone) and not self.same and not self.changed

    def __str__(self) -> str:
        words = {"as they were": self.same, "changed": self.changed, "gone": self.gone, "new": self.new}
        return f"{self.volume}: files: {', '.join(f'{count} {word}' for word, count in words.items() if count) or 'none'}"


def compared(before: Contents, after: Contents) -> list[Kept]:
    """What became of each volume that was there."""
    found = []
    for name, old in before.items():
        now = after.get(name, {})
        same = sum(now.get(path) == text for path, text in old.items())
        gone = len(old.keys() - now.keys())
        found.append(Kept(name, same, len(old) - same - gone, gone, len(now.keys() - old.keys())))
    return found


def contents(engine: Engine, stack: str) -> dict[str, dict[str, str]]:
    """Read what all volumes of a stack hold, through the containers that have them.

    A volume without a name goes by the one of its unit and its path, so that another one in its place is compared with it.
    """
    found: dict[str, dict[str, str]] = {}
    for container in sorted(StackRunner(engine, stack).seen(), key=lambda each: (each.service, each.index, each.launch)):
        with engine.asked_to(f"look at container {container.name}"):
            mounts = engine.api.inspect_container(container.id)["Mounts"]
        for mount in mounts:
            name = _name(stack, container, mount) if mount.get("Type") == "volume" else ""
            if name and name not in found:
                found[name] = dict(_files(engine, container, mount["Destination"]))
    return dict(sorted(found.items()))


def _name(stack: str, container: Seen, mount: Mapping[str, Any]) -> str:
    """What a volume is called: as the entry calls it; one that the engine named, by where it is."""
    name = str(mount.get("Name", ""))
    if _UNNAMED.fullmatch(name):
        return f"{container.service}-{container.index}:{mount['Destination']}"
    return name.removeprefix(f"{stack}_")


def _files(engine: Engine, container: Seen, path: str) -> Iterator[tuple[str, str]]:
    """The files below a folder of a container, each with the digest of what it holds."""
    with engine.asked_to(f"read {path} of container {container.name}"):
        packed, _ = engine.api.get_archive(container.id, f"{path.rstrip('/')}/.")
        with closing(engine.response):
            for member, digest in digests(packed):
                if digest:
                    yield member.name.removeprefix("./"), digest
