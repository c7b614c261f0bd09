"""Reads and writes `catalog-forge.lock`, which contains the digest of each image of a catalog.

The file is untrusted input, because anyone who contributes to the catalog's repository can change it.
"""

from __future__ import annotations

import datetime
import os
import re
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from catalog_forge import journal, yamlio
from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import File
from catalog_forge.registry import LOCK
from catalog_forge.registry.reference import DIGEST
from catalog_forge.spec.folder import check_merged

_HEAD = "# Made by `catalog-forge lock`: the digests of the images in this catalog. Commit it.\n"
_DAY = re.compile(r"\d{4}-\d\d-\d\d")


@dataclass(frozen=True, slots=True)
class Locked:
    """The result of looking up an image; `found` is the day on which the image was first seen with this digest."""

    digest: str
    media_type: str
    platforms: tuple[str, ...]
    found: str
    own: bool = False

    @property
    def warning(self) -> str:
        """The reason why a current Docker engine or an engine of the Rancher 1.x era may fail to pull the image, or ""."""
        if self.media_type.startswith("application/vnd.docker.distribution.manifest.v1"):
            return "its manifest has schema 1, which current Docker engines refuse"
        if self.media_type.startswith("application/vnd.oci."):
            return f"Docker engines from the time of Rancher 1.x may not know its media type, {self.media_type}"
        if self.platforms and not any(each.startswith("linux/amd64") for each in self.platforms):
            return f"it is not available for linux/amd64, only for {', '.join(self.platforms)}"
        return ""


@dataclass(frozen=True)
class LockFile:
    """The images of a lock file, keyed by reference."""

    images: Mapping[str, Locked] = field(default_factory=dict)
    pinned: bool = False

    @property
    def pins(self) -> dict[str, str]:
        """The digests to which images in generated files are pinned. There are none unless `pinned` is set.

        The catalog's own images are never pinned, because they are pushed later.
        """
        return {name: each.digest for name, each in self.images.items() if not each.own} if self.pinned else {}

    @property
    def text(self) -> str:
        """The content of the lock file; the same images always give the same text."""
        rows = {
            name: {
                "digest": each.digest,
                "media_type": each.media_type,
                "platforms": [*each.platforms],
                "found": each.found,
                **({"own": True} if each.own else {}),
            }
            for name, each in sorted(self.images.items())
        }
        return _HEAD + yamlio.dump({**({"pinned": True} if self.pinned else {}), "images": rows})

    def with_images(self, found: Mapping[str, Locked]) -> LockFile:
        """Return a copy of the lock file in which these images are added or replaced.

        An image whose digest did not change keeps the date on which it was first seen.
        """
        kept = {
            name: replace(each, found=old.found) if (old := self.images.get(name)) and old.digest == each.digest else each
            for name, each in found.items()
        }
        return replace(self, images={**self.images, **kept})

    def of(self, names: Mapping[str, object]) -> LockFile:
        """Return a copy of the lock file that contains only the images with these names."""
        return replace(self, images={name: each for name, each in self.images.items() if name in names})


def read(root: Path) -> LockFile:
    """Return the lock file of a catalog, or an empty one if there is no file. Raises ForgeError if the file is damaged."""
    file = journal.read(root, LOCK)
    if file is None:
        return LockFile()
    check_merged(LOCK, file.content)
    data = yamlio.load(file.content, LOCK)
    try:
        assert isinstance(data, dict) and data.keys() <= {"images", "pinned"} and isinstance(data.get("pinned", False), bool)
        images = {name: _locked(**row) for name, row in data["images"].items()}
    except (AssertionError, KeyError, TypeError, AttributeError, ValueError):
        raise ForgeError(
            "the lock is damaged", Where(LOCK), "restore it from git, or delete it: `catalog-forge lock` creates a new one"
        ) from None
    return LockFile(images, data.get("pinned") is True)


def update(root: Path, change: Callable[[LockFile], LockFile]) -> tuple[LockFile, LockFile]:
    """Change catalog-forge.lock while no other process can change it, and return its old and its new content.

    Writes nothing if the new content equals the old.
    """
    with journal.locked(root):
        there, old = journal.read(root, LOCK), read(root)
        new = change(old)
        file = File(LOCK, new.text.encode())
        if file != there and (there or new != old):
            journal.change(root, [file], [])
    return old, new


def today() -> str:
    """Return the date in SOURCE_DATE_EPOCH or, if it is not set, today's date."""
    return epoch(time.time()).date().isoformat()


def epoch(otherwise: float) -> datetime.datetime:
    """Return the time in SOURCE_DATE_EPOCH or, if it is not set, the time `otherwise` (in Unix seconds). The result is in UTC.

    The variable is specified at reproducible-builds.org/specs/source-date-epoch.
    """
    text = os.environ.get("SOURCE_DATE_EPOCH", "")
    seconds = int(text) if text.isascii() and text.isdigit() and len(text) < 12 else otherwise
    return datetime.datetime.fromtimestamp(seconds, datetime.UTC)


def _locked(digest: str, media_type: str, platforms: list[str], found: str, own: bool = False) -> Locked:
    texts = (digest, media_type, found, *platforms)
    if not isinstance(platforms, list) or not all(isinstance(each, str) for each in texts) or not DIGEST.fullmatch(digest):
        raise ValueError
    if not _DAY.fullmatch(found) or not datetime.date.fromisoformat(found):
        raise ValueError
    return Locked(digest, media_type, tuple(platforms), found, own is True)
