"""Reads the previewed catalog from the disk, and computes the files that `generate` would write for the specs in it."""

from __future__ import annotations

import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

from catalog_forge import writer
from catalog_forge.errors import ForgeError, Problem, did_you_mean
from catalog_forge.lint import disk
from catalog_forge.lint.catalog import TOP, Catalog
from catalog_forge.preview.caching import Cache, fresh
from catalog_forge.preview.images import Images
from catalog_forge.rancher.entries import CONFIG, Entry, Revision
from catalog_forge.rancher.tree import Tree
from catalog_forge.repository import BEGIN, MARK, Repository, Source, Stamps, stamps
from catalog_forge.spec.folder import check_inside
from catalog_forge.spec.model import Spec
from catalog_forge.stack.stored import entry_of
from catalog_forge.verify.subject import Subject, of_spec

# The prefix in the id of a spec without an entry. Such a spec cannot be read, or has a back end other than Rancher.
SPECS = "specs"


@dataclass(frozen=True, eq=False)
class Opened:
    """An entry on the page, with the chosen revision, and with the spec if the entry is generated.

    `revision` is None if there is nothing to show; `problems` contains the reasons, and all errors of the spec. `images`
    contains the known images that a hand-written entry may run.
    """

    id: str
    tree: Tree
    entry: Entry | None = None
    revision: Revision | None = None
    source: Source | None = None
    spec: Spec | None = None
    is_current: bool = True
    problems: tuple[Problem, ...] = ()
    images: Images | None = None
    # The result with which the page last compared the user's choices. The cache contains only this result.
    kept: Cache[str, Any] = field(default_factory=dict, repr=False)
    _subjects: Cache[str, Subject] = field(default_factory=dict, repr=False)

    def subject(self, version: str) -> Subject:
        """Return the spec's conf image as a subject to render, with the given metadata version or else the spec's version."""
        assert self.spec and self.source
        spec, static = self.spec, self.source.folder.static
        return fresh(self._subjects, version, None, lambda _: of_spec(spec, static, version=version))


@dataclass(frozen=True, slots=True)
class Product:
    """The id of the entry that a spec makes (specs/NAME if the spec makes no entry), and the error in the spec, if any."""

    entry: str
    error: ForgeError | None = None


class Site:
    """The catalog that contains the folder `start`, and folders of images outside the catalog."""

    def __init__(self, start: Path, images: Sequence[Path] = ()) -> None:
        self.root = Repository.find(start).root
        self.images = Images(self.root, [each.resolve() for each in images])
        self._rooms: frozenset[str] = frozenset()
        self._stamps: Stamps = {}
        self._opened: Cache[tuple[str, str], Opened] = {}
        self._made: Cache[str, Product] = {}
        self._all: Cache[Callable[[Site], Any], Any] = {}

    def belongs_to(self, entry: str) -> None:
        """If a single image is given, use it for this entry."""
        self.images = replace(self.images, entry=entry)

    def catalog(self) -> Catalog:
        """Return the catalog on disk, without the changes that `generate` would make."""
        return Catalog(disk.read(self.root))

    def stamps(self) -> Stamps:
        """Return the stamps of all files that affect the page."""
        # There are no names if the folder of the catalog is gone.
        names = sorted(name for name in chain(*next(os.walk(self.root), ((),))[1:]) if not name.startswith("."))
        tops = [name for name in names if TOP.fullmatch(name) or name in self.images.rooms.union(self._rooms)]
        rooms = frozenset((SPECS, "images", *tops, MARK))
        found = stamps(self.root, sorted(rooms)) | self.images.stamps() | {f"{name}/": (0, 0) for name in names}
        differ = {path.partition("/")[0] for path, _ in found.items() ^ self._stamps.items()}
        if not differ <= rooms - self._rooms:  # a folder that is watched for the first time does not count as a change
            self.images = replace(self.images)
        self._rooms, self._stamps = rooms, found
        return found

    def of_all(self, now: Stamps, make: Callable[[Site], Any]) -> Any:
        """Return the cached result of `make` for the whole catalog. If a file has changed, compute the result again."""
        return fresh(self._all, make, now, lambda _: make(self))

    def specs(self) -> dict[str, Product]:
        """Map the name of each spec to its `Product`."""
        repository = Repository(self.root)
        found = {}
        for name in repository.names():
            stamp = stamps(self.root, (f"{SPECS}/{name}.yml", f"{SPECS}/{name}", MARK))
            found[name] = fresh(self._made, name, stamp, partial(_made_by, repository, name))
        return found

    def id_of(self, word: str) -> str:
        """Return the id of an entry. `word` is the entry's folder, id or name, or the name of its spec.

        Raises ForgeError if no such entry exists.
        """
        made = {name: found.entry for name, found in self.specs().items()}
        entries = [*(each.folder.path for each in self.catalog().entries), *made.values()]
        folder = os.path.relpath(word, self.root)
        names = {each.partition("/")[2]: each for each in entries}
        known = {**made, **names, **{each: each for each in entries}}
        found = known.get(word) or known.get(folder)
        if found is None:
            hint = did_you_mean(word, {*names, *made}) if names else BEGIN
            raise ForgeError(f"there is no entry {word!r} in {self.root}", hint=hint)
        return found

    def opened(self, entry: str, revision: str = "") -> Opened:
        """Return the entry whose id is `entry`, such as templates/redis, with the revision `revision`.

        By default, this is the revision that the spec generates or, without a spec, the revision that Rancher offers.

        Raises ForgeError if the entry or the revision does not exist.
        """
        top, _, name = entry.partition("/")
        made = self.specs()
        spec = name if top == SPECS else next((each for each, other in made.items() if other.entry == entry), "")
        if name not in made if top == SPECS else not (TOP.fullmatch(top) and _is_folder(self.root, entry, spec)):
            known = [each.folder.path for each in self.catalog().entries]
            if entry not in known:  # entries in other folders are not offered by Rancher, but can be shown
                raise ForgeError(f"there is no entry {entry!r}", hint=did_you_mean(entry, known))
        # A spec also makes the image of its entry. An entry without a spec is opened again if an image has changed.
        files = (entry, MARK, f"{SPECS}/{spec}", f"{SPECS}/{spec}.yml") if spec else (entry, MARK)
        state = (stamps(self.root, files), spec or self.images)
        return fresh(self._opened, (entry, revision), state, partial(self._open, entry, revision, spec))

    def entry(self, entry: str) -> Entry | None:
        """Return an entry from the disk or, if its folder is missing, from its spec. Raises the errors of `opened`."""
        if _is_folder(self.root, entry, ""):
            return next(iter(Catalog(disk.read(self.root / entry, entry)).entries), None)
        return self.opened(entry).entry

    def _open(self, entry: str, revision: str, spec: str, before: Opened | None) -> Opened:
        path = self.root / entry
        tree = disk.read(path, entry) if path.is_dir() and not entry.startswith(SPECS) else Tree(())
        if not spec:
            return _chosen(Opened(entry, tree, images=self.images), revision)
        repository = Repository(self.root)
        source = None
        try:
            source = repository.source(spec)
            planned = {file.path: file.content for file in source.plan() if file.path.startswith(f"{entry}/")}
        except ForgeError as error:
            if before and before.spec:  # editors may save a half-written spec, so the last valid state stays visible
                return replace(before, problems=error.problems)
            return _chosen(Opened(entry, tree, source=source, problems=error.problems), revision)
        if entry.startswith(f"{SPECS}/"):
            return _of_spec(entry, source)
        tree = tree.with_files(Tree.of(planned).files.values())
        opened = Opened(entry, tree, source=source, spec=source.spec(), is_current=repository.is_current(source))
        return _chosen(opened, revision)


def _made_by(repository: Repository, name: str, before: Product | None) -> Product:
    """Return the entry that a spec makes, and the error in the spec. `before`: what the spec made before it was changed.

    If the generated files are up to date, the id comes from their record, and the spec is not parsed. If a change makes the spec
    invalid, the page of its former entry stays open and shows the error.
    """
    entry = f"{SPECS}/{name}"
    try:
        config = (path for path in writer.recorded(repository.root, name) if path.endswith(f"/{CONFIG}"))
        entry = next((path.removesuffix(f"/{CONFIG}") for path in config if path.count("/") == 2), entry)
        source = repository.source(name)
        if not repository.is_current(source):
            spec = source.spec()
            entry = f"templates/{spec.entry.name}" if "rancher" in spec.engine.backends else f"{SPECS}/{name}"
    except ForgeError as error:
        return Product(before.entry if before and entry == f"{SPECS}/{name}" else entry, error)
    return Product(entry)


def _of_spec(entry: str, source: Source) -> Opened:
    """Open a spec whose conf image reads a store. The page then shows the stack that `up` would run for the spec."""
    revision = entry_of(source.spec())
    return Opened(entry, revision.entry.tree, revision.entry, revision, source, source.spec())


def _is_folder(root: Path, entry: str, spec: str) -> bool:
    """Whether an id names a folder of the catalog that exists or that the spec would create."""
    if entry.count("/") != 1 or entry.endswith(("/", "/.", "/..")):
        return False
    check_inside(root, entry)
    with suppress(OSError):  # the name is too long, or the folder above it may not be read
        return bool(spec) or (root / entry).is_dir()
    return False


def _chosen(opened: Opened, wanted: str) -> Opened:
    """Return a copy of `opened` with the entry that its tree contains, and with a revision of the entry.

    This is the revision `wanted`. If `wanted` is empty, it is the revision of the spec or else the revision that Rancher offers.
    """
    entry = next(iter(Catalog(opened.tree).entries), None)
    if entry is None:
        return opened
    revisions: Mapping[str, Revision] = {each.name: each for each in entry.revisions}
    made = str(opened.spec.entry.revision) if opened.spec else ""
    revision = revisions.get(wanted or made) or entry.offered
    if wanted and wanted not in revisions:
        raise ForgeError(f"{opened.id} has no revision {wanted!r}", hint=did_you_mean(wanted, revisions))
    return replace(opened, entry=entry, revision=revision)
