"""Keep pushed tags from being overwritten: find the image that a registry has under a tag, and compare it with a new build."""

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
    """The image that a registry has under a tag. `is_same` means that its label names the inputs of the new build."""

    manifest: Manifest
    is_same: bool

    @property
    def words(self) -> str:
        """A description of the image for a user whose push would overwrite it."""
        made = ", ".join(f"{name} {self.manifest.labels[name]}" for name in _TELLING if name in self.manifest.labels)
        return f"{self.manifest.digest}{f' ({made})' if made else ''}"


_TELLING = ("org.opencontainers.image.created", "org.opencontainers.image.revision", "io.catalog-forge.inputs")


def there(registries: Registries, request: BuildRequest) -> Pushed | None:
    """Return the image that was pushed under a request's tag, or None. Raises ForgeError if the look-up fails."""
    try:
        found = registries.manifest(reference.parse(request.tags[0]), labels=True)
    except Gone:
        return None
    same = replace(request, no_cache=False).built_as({"Config": {"Labels": found.labels}})
    return Pushed(found, bool(same))


def locked(registries: Registries, digests: Mapping[str, str]) -> Iterable[tuple[str, Locked | ForgeError]]:
    """Yield each pushed tag with its lock entry or an error.

    The image is looked up by its digest, because the tag may have moved since the push.
    """
    for tag, digest in digests.items():
        try:
            found = registries.manifest(reference.parse(f"{tag}@{digest}"))
        except ForgeError as error:
            yield tag, error
        else:
            yield tag, Locked(digest, found.media_type, found.platforms, today(), own=True)
