"""Finds the subjects of the rules in a tree: entries with their revisions, conf images and specs.

Facts: docs/facts/catalog.md#1. Rancher recognizes entries and revisions only by the depth of their folders. Lint ignores a folder
that has neither compose files nor a config.yml, unless it lies in a top folder such as `templates`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from catalog_forge.errors import ForgeError
from catalog_forge.image import dockerfile, gathering
from catalog_forge.image.dockerfile import Dockerfile
from catalog_forge.rancher.entries import COMPOSE, CONFIG, Entry, Revision
from catalog_forge.rancher.tree import File, Folder, Tree
from catalog_forge.spec import reader
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.spec import GENERATED
from catalog_forge.spec.standards import Team

STANDARDS = "catalog-forge.yml"

TOP = re.compile(r"(?:[\w-]+-)?templates")
# The mark of a generated file, and the number of lines at the beginning of a file that are searched for the mark.
_GENERATED, _HEAD = re.compile(rf"(?:#|<!--|/\*) {re.escape(GENERATED)}([\w.-]+)\.yml;"), 3


def generated_from(file: File) -> str:
    """Return the name of the spec in the mark of a generated file; an empty string if the file has no such mark."""
    found = _GENERATED.search("\n".join(file.lines[:_HEAD]))
    return found[1] if found else ""


class Catalog:
    """A tree read as a catalog: its entries, images and specs.

    `since` is the tree of the published catalog. The rule CF920 compares the two trees.
    """

    def __init__(self, tree: Tree, team: Team | ForgeError | None = None, since: Tree | None = None) -> None:
        self.tree = tree
        self.since = since
        self._team = team

    @cached_property
    def shown(self) -> dict[str, File]:
        """Map the path that error messages show for each file to the file."""
        return {file.shown or file.path: file for file in self.tree.files.values()}

    @cached_property
    def shown_folders(self) -> dict[str, str]:
        """Map the path that error messages show for each folder to the folder's path in the tree."""
        found: dict[str, str] = {}
        for file in self.tree.files.values():
            shown, path = (file.shown or file.path).rpartition("/")[0], file.folder
            while shown and path and shown not in found:
                found[shown] = path
                shown, path = shown.rpartition("/")[0], path.rpartition("/")[0]
        return found

    @cached_property
    def entries(self) -> list[Entry]:
        """The entries of all top folders."""
        tops = self.tree.folders[""].folders
        return [Entry(self.tree, top, each) for top in tops.values() for each in top.folders.values() if _is_entry(top, each)]

    @property
    def revisions(self) -> Iterator[Revision]:
        """The revisions of all entries."""
        return (revision for entry in self.entries for revision in entry.revisions)

    @cached_property
    def images(self) -> list[Image]:
        """The images: each folder with a Dockerfile, and each folder that has a conf.d/ but no Dockerfile in or above it."""
        found: dict[str, list[Folder]] = {}
        folders = self.tree.folders
        for path, folder in folders.items():
            if "Dockerfile" in folder.files:
                found.setdefault(path, [])
            if folder.name == "conf.d" and any(name.endswith("toml") for name in folder.files):
                found.setdefault(self._image_of(path.removesuffix("conf.d").rstrip("/")), []).append(folder)
        images = [Image(self, folders[path], tuple(conf_ds)) for path, conf_ds in sorted(found.items())]
        if all(each.dockerfile for each in images):
            return images
        # If a Dockerfile higher up in the tree copies all resources of a folder, the folder is a part of that Dockerfile's image.
        built = (conf for each in images if each.dockerfile for conf in each.confs)
        brought = {_path(file) for conf in built for file in conf.resources.values()}
        rest = (each for each in images if not each.dockerfile)
        parts = [each for each in rest if all(brought.issuperset(map(_path, conf.resources.values())) for conf in each.confs)]
        return [each for each in images if each not in parts]

    def _image_of(self, path: str) -> str:
        """Return the nearest folder with a Dockerfile: `path` or one of the two folders above it. If none of the three has a
        Dockerfile, return `path`.
        """
        above = path
        for _ in range(3):
            if "Dockerfile" in self.tree.folders[above].files:
                return above
            if not above:
                break
            above = above.rpartition("/")[0]
        return path

    @cached_property
    def specs(self) -> list[SpecFile]:
        """The specs: the YAML files of specs/."""
        return [SpecFile(self, file) for file in self._in_specs if file.name.endswith(".yml")]

    @cached_property
    def misnamed(self) -> list[File]:
        """The files of specs/ that no command reads as a spec because their names end in .yaml."""
        return [file for file in self._in_specs if file.name.endswith(".yaml")]

    @cached_property
    def _specs_by_name(self) -> dict[str, SpecFile]:
        return {each.name: each for each in self.specs}

    @property
    def _in_specs(self) -> Iterable[File]:
        folder = self.tree.folders.get("specs")
        return folder.files.values() if folder else ()

    def spec(self, name: str) -> SpecFile | None:
        """Return the spec with this name; None if the tree has no such spec, or the spec cannot be read."""
        found = self._specs_by_name.get(name)
        return found if found and isinstance(found.read, Spec) else None

    @cached_property
    def standards(self) -> Team | ForgeError:
        """The standards given to the constructor, else those in catalog-forge.yml; an error if that file is invalid."""
        if self._team is not None:
            return self._team
        file = self.tree.get(STANDARDS)
        root = file.yaml.map if file else None
        try:
            return Team(reader.read_standards(root), root) if root else Team()
        except ForgeError as error:
            return error

    @property
    def team(self) -> Team:
        """The team's standards for this catalog; empty if the standards cannot be read."""
        return self.standards if isinstance(self.standards, Team) else Team()


@dataclass(frozen=True, eq=False)
class ConfDir:
    """A folder that confd reads (`-confdir`).

    The keys of `resources` are paths below conf.d/. The keys of `templates` are paths below templates/, as in `src`.
    """

    resources: Mapping[str, File]
    templates: Mapping[str, File]
    # The path of this folder in the image; empty if the Dockerfile does not show the path.
    confdir: str = ""
    # The conf.d folder in the repository, if the Dockerfile does not show the path of this folder in the image.
    conf_d: Folder | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """The folder of an image: its Dockerfile, its scripts, and confd's files, which may lie outside a conf.d/ folder."""

    catalog: Catalog
    folder: Folder
    conf_ds: tuple[Folder, ...]

    @property
    def name(self) -> str:
        """The name of the image's folder."""
        return self.folder.name

    @property
    def dockerfile(self) -> File | None:
        """The Dockerfile of the image."""
        return self.folder.files.get("Dockerfile")

    @cached_property
    def build(self) -> Dockerfile | None:
        """The parsed Dockerfile; None if the image has no Dockerfile or the file cannot be read."""
        return dockerfile.parse(self.dockerfile.text) if self.dockerfile and self.dockerfile.content else None

    @cached_property
    def confs(self) -> list[ConfDir]:
        """The confd folders of the image: those that the Dockerfile copies, then the conf.d/ folders that it does not copy."""
        folders = [self._conf_of(each) for each in self.conf_ds]
        beside = {path: conf for conf in folders for path in map(_path, conf.resources.values())}
        found = [self._with_templates(each, beside) for each in self._gathered()]
        brought = {_path(file) for conf in found for file in conf.resources.values()}
        return found + [conf for conf in folders if brought.isdisjoint(map(_path, conf.resources.values()))]

    def _conf_of(self, conf_d: Folder) -> ConfDir:
        """Return a conf.d folder as a ConfDir, with the templates/ folder next to it."""
        templates = self.catalog.tree.folders[conf_d.path.removesuffix("conf.d").rstrip("/")].folders.get("templates")
        return ConfDir(_below(conf_d, "toml"), _below(templates) if templates else {}, conf_d=conf_d)

    @cached_property
    def placed(self) -> Mapping[str, File]:
        """The files of the image's folder that the Dockerfile copies into the image, by their path in the image."""
        if self.build is None:
            return {}
        below = _below(self.folder)
        ignore = below.get(".dockerignore")
        files = {**{path: below[path] for path in gathering.kept(below, ignore.text if ignore else "")}, **self.inlined}
        return {path: files[source] for path, source in gathering.places(self.build, files).items()}

    @cached_property
    def inlined(self) -> Mapping[str, File]:
        """The files that the Dockerfile itself contains as heredocs, with the same keys as the result of `gathering.inlined`."""
        file, found = self.dockerfile, gathering.inlined(self.build) if self.build else {}
        if file is None:
            return {}
        start = self.folder.path + "/" if self.folder.path else ""
        return {
            key: File(
                f"{start}<<{each.above}-{each.name}",
                len(each.text.encode()),
                each.text.encode,
                shown=file.shown or file.path,
                above=each.above,
            )
            for key, each in found.items()
        }

    def _gathered(self) -> Iterator[ConfDir]:
        placed = self.placed
        for each in gathering.gathered({path: file.path for path, file in placed.items()}):
            start = each.confdir.rstrip("/")
            resources = {below: placed[f"{start}/conf.d/{below}"] for below in each.resources}
            yield ConfDir(resources, {src: placed[f"{start}/templates/{src}"] for src in each.templates}, each.confdir or "/")

    @staticmethod
    def _with_templates(conf: ConfDir, beside: Mapping[str, ConfDir]) -> ConfDir:
        """Return `conf` or, if it has no templates and shares a resource with a folder in `beside`, a copy of `conf` with the
        templates of that folder.
        """
        other = next((beside[path] for path in map(_path, conf.resources.values()) if path in beside), None)
        return replace(conf, templates=other.templates) if other and not conf.templates else conf

    @property
    def mentions_reload(self) -> bool:
        """Whether the image is generated from a spec that mentions `reload`, even `reload: none`, or from an unknown spec."""
        names = {generated_from(file) for conf in self.confs for file in conf.resources.values()} - {""}
        specs = [found.read for name in names if (found := self.catalog.spec(name))]
        mentions = any("reload" in file.places for spec in specs if isinstance(spec, Spec) for file in spec.files)
        return bool(names) and (mentions or not specs)

    @property
    def scripts(self) -> list[File]:
        """The shell scripts in the image's folder."""
        return [file for file in self.folder.everything if file.name.endswith(".sh") or file.content.startswith(_SHEBANGS)]


def _path(file: File) -> str:
    return file.path


def _below(folder: Folder, ending: str = "") -> dict[str, File]:
    """Map each path below a folder to its file. Only files whose names end with `ending` are included."""
    start = len(folder.path) + 1 if folder.path else 0
    return {file.path[start:]: file for file in folder.everything if file.name.endswith(ending)}


_SHEBANGS = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh", b"#!/bin/ash", b"#!/bin/dash")


@dataclass(frozen=True, eq=False)
class SpecFile:
    """A spec file in specs/."""

    catalog: Catalog
    file: File

    @property
    def name(self) -> str:
        """The name of the spec: the name of its file without the extension."""
        return self.file.name.removesuffix(".yml")

    @cached_property
    def read(self) -> Spec | ForgeError:
        """The spec with everything that it inherits, or the error that lists all faults of the spec."""
        try:
            return reader.read(self.file.content, self.file.shown or self.file.path, self.catalog.team.inherited)
        except ForgeError as error:
            return error

    @property
    def scenarios(self) -> dict[str, File]:
        """The spec's scenarios by name."""
        folder = self.catalog.tree.folders.get(f"specs/{self.name}/scenarios")
        files = folder.files if folder else {}
        return {name.removesuffix(".yml"): file for name, file in files.items() if name.endswith(".yml")}


def _is_entry(top: Folder, folder: Folder) -> bool:
    if TOP.fullmatch(top.name) or any(name in folder.files for name in (CONFIG, "template.yml")):
        return True
    return any(name in each.files for each in folder.folders.values() for name in COMPOSE)
