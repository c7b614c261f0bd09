"""Finds the services of a hand-written entry that run a conf image, and determines what to render for each service.

An image is found through the folder that it is built from, in the catalog or in a folder that the user names. The code of `adopt`
matches folders to images and reads the images.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from shlex import quote

from catalog_forge.adopt.entries import called_conf, conf_images, written_at
from catalog_forge.adopt.originals import Original, image_of, originals
from catalog_forge.errors import ForgeError, first_of
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.preview.caching import Cache, fresh
from catalog_forge.rancher import composition
from catalog_forge.rancher.composition import Composition
from catalog_forge.rancher.entries import Revision
from catalog_forge.repository import Repository, Stamps, stamps
from catalog_forge.verify.observation import Written
from catalog_forge.verify.subject import Subject, of_spec

# The maximum number of images that a message names if an entry runs no known image.
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Images:
    """The images whose folders are in the catalog or in `given`. Each folder is read when it is first needed.

    If the user names an `entry` and a single image, the image belongs to the entry, even if their names do not match.
    """

    root: Path
    given: Sequence[Path] = ()
    entry: str = ""
    _specs: Cache[tuple[str, str], Subject] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _known(self) -> tuple[tuple[Catalog, tuple[Original, ...]], ...]:
        """The images in the catalog, then those in each given folder."""
        places = ((self.root, ""), *((each, str(each)) for each in self.given))
        catalogs = (Catalog(disk.read(path, shown)) for path, shown in places)
        return tuple((each, tuple(originals(each))) for each in catalogs)

    @property
    def rooms(self) -> frozenset[str]:
        """The top-level folders of the catalog that contain images. The set is empty until the images are read."""
        images = self._known[0][0].images if "_known" in self.__dict__ else ()
        return frozenset(image.folder.path.partition("/")[0] for image in images) - {""}

    def stamps(self) -> Stamps:
        """Return the stamps of the files in the given folders."""
        found: Stamps = {}
        for each in self.given:
            found |= {f"{each.parent}/{path}": stamp for path, stamp in stamps(each.parent, (each.name,)).items()}
        return found

    def run_by(self, revision: Revision, variables: Mapping[str, str]) -> dict[str, tuple[str, Original]]:
        """Return the services that run a known image with these answers.

        The result maps the name of each such service to a pair: the name of its primary service, and the image.
        """
        files = answered(revision, variables)
        images = [image for catalog, _ in self._known for image in catalog.images]
        found = dict(conf_images(files, [each for _, known in self._known for each in known], images))
        only = [each for _, known in self._known[1:] for each in known]
        if not found and len(only) == 1 and revision.entry.folder.path == self.entry:
            found = dict(conf_images(files, only, (), called_conf(files)))
        return {name: (files.primaries_of.get(name, [name])[0], original) for name, original in found.items()}

    def unknown(self, revision: Revision, variables: Mapping[str, str]) -> str:
        """Return advice for a revision that runs no known image."""
        run = dict.fromkeys(written_at(service, "image") for service in answered(revision, variables).services.values())
        run.pop("", None)
        names = first_of([*run], _MOST_NAMED)
        where = " or ".join((self.root.name, *map(str, self.given)))
        return (
            f"Files are rendered by a conf image, but there is no folder in {where} for any image that this entry runs "
            f"({names or 'none'}). Run `catalog-forge preview {quote(revision.entry.name)} --images DIR`, where DIR is the "
            "folder with the Dockerfile of the conf image."
        )

    def subject(self, original: Original, version: str, variables: Mapping[str, str]) -> Subject:
        """Return the subject to render for an image, with the entry's environment. Raises ForgeError for an unreadable image."""
        if original.problems:
            raise ForgeError.of(original.problems)
        if original.generated:
            key = (original.image.folder.where.file, version)
            return fresh(self._specs, key, None, lambda _: self._of_spec(original, version))
        return Subject(image_of(original.of_version(version)), variables={**original.variables, **variables})

    def _of_spec(self, original: Original, version: str) -> Subject:
        source = Repository.find(self.root / original.image.folder.where.file).source(original.image.name)
        return of_spec(source.spec(), source.folder.static, version=version)


def carried(original: Original) -> dict[str, Written]:
    """Return the static files of an image."""
    return {path: Written(each.content, each.mode) for path, each in original.carried.items()}


def answered(revision: Revision, variables: Mapping[str, str]) -> Composition:
    """Return the services of a revision with these answers, even if Rancher would refuse the revision."""
    return composition.read(revision.answered_sources(variables)).answered(variables, lambda _name: lambda *_: None)
