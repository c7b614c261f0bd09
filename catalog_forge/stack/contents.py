"""Reads the contents of a stack's volumes, and compares the contents before and after an upgrade."""

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

# Matches the name that an engine gives to an unnamed volume.
_UNNAMED = re.compile(r"[0-9a-f]{64}")

Contents = Mapping[str, Mapping[str, str]]
"""Maps the name of each volume to the digests of its files, by path."""


@dataclass(frozen=True, slots=True)
class Kept:
    """The comparison of a volume before and after an upgrade: the numbers of unchanged, changed, removed and new files."""

    volume: str
    same: int
    changed: int
    gone: int
    new: int

    @property
    def is_lost(self) -> bool:
        """Whether the volume had files before the upgrade, and none of them exists after the upgrade."""
        return bool(self.gone) and not self.same and not self.changed

    def __str__(self) -> str:
        words = {"unchanged": self.same, "changed": self.changed, "gone": self.gone, "new": self.new}
        return f"{self.volume}: files: {', '.join(f'{count} {word}' for word, count in words.items() if count) or 'none'}"


def compared(before: Contents, after: Contents) -> list[Kept]:
    """Compare the contents of each volume that existed before with its contents after the upgrade."""
    found = []
    for name, old in before.items():
        now = after.get(name, {})
        same = sum(now.get(path) == text for path, text in old.items())
        gone = len(old.keys() - now.keys())
        found.append(Kept(name, same, len(old) - same - gone, gone, len(now.keys() - old.keys())))
    return found


def contents(engine: Engine, stack: str) -> dict[str, dict[str, str]]:
    """Read the contents of all volumes of a stack, through the containers that mount them.

    An unnamed volume is identified by its unit and path, so that an old volume is compared with its replacement.
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
    """Return the name that the entry gives to a volume; for an unnamed volume, return its unit and path."""
    name = str(mount.get("Name", ""))
    if _UNNAMED.fullmatch(name):
        return f"{container.service}-{container.index}:{mount['Destination']}"
    return name.removeprefix(f"{stack}_")


def _files(engine: Engine, container: Seen, path: str) -> Iterator[tuple[str, str]]:
    """Yield the files below a folder of a container, each with the digest of its content."""
    with engine.asked_to(f"read {path} of container {container.name}"):
        packed, _ = engine.api.get_archive(container.id, f"{path.rstrip('/')}/.")
        with closing(engine.response):
            for member, digest in digests(packed):
                if digest:
                    yield member.name.removeprefix("./"), digest
