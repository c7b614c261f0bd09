"""The conf images of an entry that was written by hand: which of its services run one, and what its confd renders there.

An image is known by the folder that it is built of, in the catalog or where a person says that it is. `adopt` tells which
folder is which image, and reads it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from catalog_forge.adopt.entries import called_conf, conf_images, written_at
from catalog_forge.adopt.originals import Original, image_of, originals
from catalog_forge.errors import ForgeError, first_of
from catalog_forge.gotext.literals import is_text
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.rancher import composition
from catalog_forge.rancher.composition import Composition
from catalog_forge.rancher.entries import Revision
from catalog_forge.repository import Repository, Stamps, stamps
from catalog_forge.verify.observation import Written
from catalog_forge.verify.subject import Subject, of_spec

# So many images are named where none of them is known.
_MOST_NAMED = 3


@dataclass(frozen=True, eq=False)
class Images:
    """The images whose folders are in a catalog, or in those that are `given`; nothing is read before it is asked for.

    Of an `entry` that a person named together with one image it is known that both belong together, however they are called.
    """

    root: Path
    given: Sequence[Path] = ()
    entry: str = ""
    _specs: dict[tuple[str, str], Subject] = field(default_factory=dict, init=False, repr=False)

    @cached_property
    def _known(self) -> tuple[tuple[Catalog, tuple[Original, ...]], ...]:
        """What there is to render in the catalog, then in each folder that is given."""
        places = ((self.root, ""), *((each, str(each)) for each in self.given))
        catalogs = (Catalog(disk.read(path, shown)) for path, shown in places)
        return tuple((each, tuple(originals(each))) for each in catalogs)

    @property
    def rooms(self) -> frozenset[str]:
        """The folders at the top of the catalog that have images, as far as it was read."""
        images = self._known[0][0].images if "_known" in self.__dict__ else ()
        return frozenset(image.folder.path.partition("/")[0] for image in images) - {""}

    def stamps(self) -> Stamps:
        """The stamps of the folders that are given."""
        found: Stamps = {}
        for each in self.given:
            found |= {f"{each.parent}/{path}": stamp for path, stamp in stamps(each.parent, (each.name,)).items()}
        return found

    def run_by(self, revision: Revision, variables: Mapping[str, str]) -> dict[str, tuple[str, Original]]:
        """Return the services of a revision that run one of these images with these answers: its primary, and the image."""
        files = answered(revision, variables)
        images = [image for catalog, _ in self._known for image in catalog.images]
        found = dict(conf_images(files, [each for _, known in self._known for each in known], images))
        only = [each for _, known in self._known[1:] for each in known]
        if not found and len(only) == 1 and revision.entry.folder.path == self.entry:
            found = dict(conf_images(files, only, (), called_conf(files)))
        return {name: (files.primaries_of.get(name, [name])[0], original) for name, original in found.items()}

    def unknown(self, revision: Revision, variables: Mapping[str, str]) -> str:
        """Say of a revision that runs none of these images what to do."""
        run = dict.fromkeys(written_at(service, "image") for service in answered(revision, variables).services.values())
        run.pop("", None)
        names = first_of([*run], _MOST_NAMED)
        where = " or ".join((self.root.name, *map(str, self.given)))
        return (
            f"A conf image renders the files, and none of the images that this entry runs ({names or 'none'}) has its folder in "
            f"{where}: `catalog-forge preview {revision.entry.name} --images DIR` shows them, where DIR is the folder of the "
            "Dockerfile of that image."
        )

    def subject(self, original: Original, version: str, variables: Mapping[str, str]) -> Subject:
        """Return what is rendered of an image, with what the entry tells its environment. Errors where it cannot be read."""
        if original.problems:
            raise ForgeError.of(original.problems)
        if original.generated:
            return self._of_spec(original, version)
        return Subject(image_of(original.of_version(version)), variables={**original.variables, **variables})

    def _of_spec(self, original: Original, version: str) -> Subject:
        key = (original.image.folder.where.file, version)
        if key not in self._specs:
            source = Repository.find(self.root / key[0]).source(original.image.name)
            self._specs[key] = of_spec(source.spec(), source.folder.static, version=version)
        return self._specs[key]


def carried(original: Original) -> dict[str, Written]:
    """The files that come with an image as they are."""
    return {
        path: Written(each.content, each.mode) if is_text(each.content) else Written(b"(%d bytes that are no text)\n" % each.size)
        for path, each in original.carried.items()
    }


def answered(revision: Revision, variables: Mapping[str, str]) -> Composition:
    """The services of a revision with these answers, also of one that Rancher would refuse."""
    sources = composition.sources(revision.docker, revision.rancher, variables, revision.entry.name, revision.served)
    return composition.read(sources).answered(variables, lambda _name: lambda *_: None)
