"""Finds the specs of a catalog repository on disk, and returns the files that each spec generates."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_forge import __version__
from catalog_forge.errors import ForgeError, Where, did_you_mean, to_yml
from catalog_forge.plan import Plan
from catalog_forge.registry import LOCK
from catalog_forge.spec.folder import SpecFolder, check_inside

if TYPE_CHECKING:
    from catalog_forge.spec.model import Spec
    from catalog_forge.spec.standards import Team
    from catalog_forge.yamlio import Map

# The hint for a folder without specs or entries. The folder may be new, or not the one that the user meant.
BEGIN = (
    "a catalog has specs/NAME.yml, images/NAME/ or templates/ENTRY/; for a catalog in another folder, write "
    "catalog-forge -C DIR ...; to begin a catalog here, run: catalog-forge new NAME"
)
MARK = "catalog-forge.yml"

Stamps = dict[str, tuple[int, int]]
"""Modification times and sizes of files, by path."""


@dataclass(frozen=True)
class Source:
    """A spec file as it is on disk: its name, its content and the folder of the author's files."""

    name: str
    content: bytes
    folder: SpecFolder
    inherited: Map | None = field(default=None, repr=False)
    pins: Mapping[str, str] = field(default_factory=dict, repr=False)

    @cached_property
    def inputs(self) -> str:
        """The SHA-256 of all inputs of generation: the version of this program, the spec, its folder, its standards and pins."""
        digest = hashlib.sha256(f"{__version__}\n".encode())
        digest.update(hashlib.sha256(self.content).digest())
        for name, data in self.folder.files():
            digest.update(f"{name}\0".encode() + hashlib.sha256(data).digest())
        if self.inherited:
            from catalog_forge.spec.standards import leaves

            for path, node in leaves(self.inherited):
                digest.update(f"{path}\0{node.value}\0".encode())
        for image, pin in sorted(self.pins.items()):
            digest.update(f"{image}\0{pin}\0".encode())
        return digest.hexdigest()

    def spec(self) -> Spec:
        """Read the spec, once. Raises ForgeError with all problems of the spec."""
        return self._spec

    @cached_property
    def _spec(self) -> Spec:
        from catalog_forge.spec.folder import check_merged, renaming
        from catalog_forge.spec.reader import read

        check_merged(f"specs/{self.name}.yml", self.content)
        spec = read(self.content, f"specs/{self.name}.yml", self.inherited)
        if spec.name != self.name:
            raise ForgeError(
                f"the spec in specs/{self.name}.yml is named {spec.name!r}",
                spec.at("name"),
                renaming(spec.name, self.name),
            )
        return spec

    def plan(self) -> Plan:
        """Return every file generated from the spec.

        The plan is cached, so callers must not modify it. Raises ForgeError with all problems of the spec.
        """
        return self._plan

    @cached_property
    def _plan(self) -> Plan:
        if not self.pins:
            return self.unpinned
        from catalog_forge.registry.pinning import pinned

        return pinned(self.unpinned, self.pins)

    @cached_property
    def unpinned(self) -> Plan:
        """Return the plan before its images are pinned: each image is named as in the spec. Raises the errors of `plan`."""
        # `forge` and the spec reader are imported only when needed: if all files are current, a command needs neither of them and
        # starts twice as fast.
        from catalog_forge.forge import forge

        self.folder.check_merged()
        return forge(self.spec(), self.folder)


class Repository:
    """The folder that contains specs/, images/ and templates/."""

    def __init__(self, root: Path) -> None:
        self.root = root

    @classmethod
    def find(cls, start: Path) -> Repository:
        """Return the nearest folder, from `start` upwards, that contains catalog-forge.yml or specs/; else return `start`."""
        for folder in (start, *start.parents):
            if (folder / MARK).is_file() or (folder / "specs").is_dir():
                return cls(folder)
        return cls(start)

    @cached_property
    def team(self) -> Team | None:
        """Return the standards of this catalog, if it has any. Raises ForgeError with the problems of the standards."""
        file = self.root / MARK
        if not (file.exists() or file.is_symlink() or file.with_suffix(".yaml").is_file()):
            return None
        check_inside(self.root, MARK)
        # Imported here, because only standards need git, and most catalogs have none.
        from catalog_forge.team import is_there, load

        if is_there(file, MARK) and not file.stat().st_size:
            return None
        return load(file, MARK)

    @property
    def inherited(self) -> Map | None:
        """Return the settings that the specs of this catalog inherit from its standards. Raises the errors of `team`."""
        return self.team.inherited if self.team else None

    @cached_property
    def pins(self) -> Mapping[str, str]:
        """Map each image in generated files to the digest of its pin. Raises ForgeError if the lock file is damaged."""
        if not (self.root / LOCK).is_file():
            return {}
        from catalog_forge.registry import lockfile

        return lockfile.read(self.root).pins

    def names(self) -> list[str]:
        """Return the names of all specs, sorted."""
        folder = self.root / "specs"
        paths = folder.iterdir() if folder.is_dir() else ()  # glob would silently skip an unreadable folder
        return sorted(path.stem for path in paths if path.suffix == ".yml" and not path.is_dir())

    def named(self, word: str) -> str:
        """Return the name of a spec: `word` if it names a spec, otherwise the name of the spec whose entry has the name `word`.

        Returns `word` unchanged if there is no such spec. Raises ForgeError if several specs generate an entry of this name.
        """
        if self._is_spec(word):
            return word
        found = [name for name, entry in self.entries.items() if entry == word]
        if len(found) > 1:
            raise ForgeError(f"{word!r} is the entry of several specs", hint=f"name one of them: {', '.join(found)}")
        return found[0] if found else word

    @cached_property
    def entries(self) -> dict[str, str]:
        """Map the name of each readable spec to the name of its entry."""
        found = {}
        for name in self.names():
            with suppress(ForgeError):  # the error is reported by each command that needs this spec
                found[name] = self.source(name).spec().entry.name
        return found

    def _is_spec(self, name: str) -> bool:
        path = self.root / "specs" / f"{name}.yml"
        return path.name == f"{name}.yml" and os.path.lexists(path)

    def source(self, word: str) -> Source:
        """Return the file of the spec that `named` finds for `word`. Raises ForgeError if there is no such spec."""
        name = self.named(word)
        path = self.root / "specs" / f"{name}.yml"
        if not self._is_spec(name):
            raise ForgeError(f"there is no spec {name!r} in {self.root / 'specs'}", hint=self._advice(name))
        check_inside(self.root, f"specs/{name}.yml")
        if not path.is_file():
            raise ForgeError("a spec must be a regular file", Where(f"specs/{name}.yml"), "replace it by a file, or rename it")
        try:
            content = path.read_bytes()
        except OSError as error:
            raise ForgeError(f"specs/{name}.yml cannot be read: {error.strerror}") from None
        return Source(name, content, SpecFolder(self.root, name), self.inherited, self.pins)

    def chosen(self, words: tuple[str, ...]) -> list[str]:
        """Return the name that `named` finds for each of `words`; without words, return the names of all specs.

        Raises ForgeError if there are no specs at all.
        """
        chosen = list(dict.fromkeys(map(self.named, words))) or self.names()
        if not chosen:
            raise ForgeError(f"there are no specs in {self.root}", hint=self._advice(""))
        return chosen

    def _advice(self, name: str) -> str:
        """Return a hint for a spec that is not found: to correct its file extension or name, or to create a first spec."""
        folder, stem = self.root / "specs", Path(name).name.removesuffix(".yaml")
        others = sorted(path.name for path in folder.glob("*.yaml")) if folder.is_dir() else []
        if misnamed := [each for each in others if not stem or each == f"{stem}.yaml"]:
            return f"the file of a spec ends in .yml: {to_yml(f'specs/{misnamed[0]}')}"
        return did_you_mean(name, {*self.names(), *self.entries.values()}) if self.names() else BEGIN

    def is_current(self, source: Source) -> bool:
        """Whether the generated files on disk are equal to those that this spec generates now."""
        from catalog_forge import writer

        return writer.is_current(self.root, source.name, source.inputs)


def stamps(root: Path, rooms: Iterable[str]) -> Stamps:
    """Map the path of each file in or below `rooms` to its stamp: the time of its last change, and its size. Symbolic links are
    not followed."""
    found: Stamps = {}
    for room in rooms:
        inside = [(f"{below}/{name}") for below, _, names in os.walk(root / room) for name in names]
        for path in inside or [f"{root}/{room}"]:
            with suppress(OSError):  # an editor has just replaced the file
                stat = os.lstat(path)
                found[path[len(f"{root}/") :]] = (stat.st_mtime_ns, stat.st_size)
    return found
