"""Tags that are never pushed again: what a registry has under the tag of an image, and whether it is the same."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

from catalog_forge.errors import ForgeError
from catalog_forge.image.request import BuildRequest
from catalog_forge.registry import reference
from catalog_forge.registry.client import Gone, Manifest, Registries
from catalog_forge.registry.lockfile import Locked, today


@dataclass(frozen=True)
class Pushed:
    """What a registry has under a tag; `is_same` where it was made of the same inputs, by the label that says so."""

    manifest: Manifest
    is_same: bool

    @property
    def words(self) -> str:
        """What it is, for whoever wants to overwrite it."""
        made = ", ".join(f"{name} {self.manifest.labels[name]}" for name in _TELLING if name in self.manifest.labels)
        return f"{self.manifest.digest}{f' ({made})' if made else ''}"


_TELLING = ("org.opencontainers.image.created", "org.opencontainers.image.revision", "io.catalog-forge.inputs")


def there(registries: Registries, request: BuildRequest) -> Pushed | None:
    """Return what is pushed under the tag of a request; None where nothing is. Raises ForgeError when it cannot be known."""
    try:
        found = registries.manifest(reference.parse(request.tags[0]), labels=True)
    except Gone:
        return None
    same = replace(request, no_cache=False).built_as({"Config": {"Labels": found.labels}})
    return Pushed(found, bool(same))


def locked(registries: Registries, digests: Mapping[str, str]) -> Iterable[tuple[str, Locked | ForgeError]]:
    """Return what the lock says of tags that were pushed with these digests: of the digest, for the tag may have moved since."""
    for tag, digest in digests.items():
        try:
            found = registries.manifest(reference.parse(f"{tag}@{digest}"))
        except ForgeError as error:
            yield tag, error
        else:
            yield tag, Locked(digest, found.media_type, found.platforms, today(), own=True)
