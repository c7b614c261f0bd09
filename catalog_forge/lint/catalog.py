"""What the files of a tree are: entries and their revisions, conf images, specs. These are the subjects of the rules.

Rules: docs/facts/catalog.md#1. Only the depth of a folder matters to Rancher; here what has neither compose files nor a
config.yml is left alone unless it lies in a folder of templates.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.goyaml.decoding import is_null, text_of
from catalog_forge.image import dockerfile, gathering
from catalog_forge.image.dockerfile import Dockerfile
from catalog_forge.rancher.entries import COMPOSE, CONFIG, DOCKER, DOCKER_TEMPLATE, RANCHER, by_number, is_revision
from catalog_forge.rancher.tree import File, Folder, Tree, Yaml, is_template, key_of, keys_of
from catalog_forge.spec import reader
from catalog_forge.spec.model import Spec
from catalog_forge.spec.standards import Team
from catalog_forge.yamlio import Map, Node, Seq, Text

STANDARDS = "catalog-forge.yml"
BLOCKS = ("catalog", ".catalog")
_BEGIN = "begin with version: '2' and services:"

TOP = re.compile(r"(?:[\w-]+-)?templates")
_NONE = Yaml(None)


class Catalog:
    """A tree as a catalog: its entries, images and specs. `since` is the tree as it was published, when that is known."""

    """A tree as a catalog: its entries, images and specs. `since` is the tree as it was published, when that is known."""

    def __init__(self, tree: Tree, team: Team | ForgeError | None = None, since: Tree | None = None) -> None:
        self.tree = tree
        self.since = since
        self._team = team

    @cached_property
    def shown(self) -> dict[str, File]:
        """All files by the path that errors show."""
        return {file.shown or file.path: file for file in self.tree.files.values()}

    @cached_property
    def shown_folders(self) -> dict[str, str]:
        """The paths of all folders in the tree by the path that errors show."""
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
        return [Entry(self, top, each) for top in tops.values() for each in top.folders.values() if _is_entry(top, each)]

    @property
    def revisions(self) -> Iterator[Revision]:
        """The revisions of all entries."""
        return (revision for entry in self.entries for revision in entry.revisions)

    @cached_property
    def images(self) -> list[Image]:
        """The folders of images: those with a Dockerfile, and those whose conf.d/ has none above it."""
        found: dict[str, list[Folder]] = {}
        folders = self.tree.folders
        for path, folder in folders.items():
            if "Dockerfile" in folder.files:
                found.setdefault(path, [])
            if folder.name == "conf.d" and any(name.endswith("toml") for name in folder.files):
                found.setdefault(self._image_of(path.removesuffix("conf.d").rstrip("/")), []).append(folder)
        return [Image(self, folders[path], tuple(conf_ds)) for path, conf_ds in sorted(found.items())]

    def _image_of(self, path: str) -> str:
        """The folder at or above `path`, three levels at most, that has a Dockerfile; else `path`."""
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
        specs = self.tree.folders.get("specs")
        files = specs.files.values() if specs else ()
        return [SpecFile(self, file) for file in files if file.name.endswith(".yml")]

    @cached_property
    def standards(self) -> Team | ForgeError:
        """The standards that hold here, or what is wrong with them: as given, else catalog-forge.yml of the tree alone."""
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
        """The standards that hold here; none where something is wrong with them."""
        return self.standards if isinstance(self.standards, Team) else Team()


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry: the folder of a template below one of the catalog's top folders."""

    catalog: Catalog
    top: Folder
    folder: Folder

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def base(self) -> str:
        """What stands before the name in ids: the top folder's text before the first dash, and `*`; nothing for `templates`."""
        before, dash, _ = self.top.name.partition("-")
        return f"{before}*" if dash else ""

    @property
    def where(self) -> Where:
        """Its folder as a place, as errors show it."""
        for file in self.folder.everything:
            below = file.path[len(self.folder.path) :]
            return Where((file.shown or file.path).removesuffix(below))
        return Where(self.folder.path)

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read, so that what is not here is missing."""
        return self.catalog.tree.covers(self.folder.path)

    @property
    def config(self) -> File | None:
        """Its config.yml."""
        return self.folder.files.get(CONFIG)

    @cached_property
    def settings(self) -> Yaml:
        """What config.yml says."""
        return self.config.yaml if self.config else _NONE

    @cached_property
    def revisions(self) -> list[Revision]:
        """Its revisions as the catalog service takes them, in the order of their numbers, then of their names."""
        names = sorted((name for name in self.folder.folders if is_revision(name)), key=by_number)
        return [Revision(self, self.folder.folders[name]) for name in names]

    @property
    def icons(self) -> list[File]:
        """The files beside config.yml that are taken for its icon."""
        return [file for name, file in self.folder.files.items() if name.startswith(("catalogIcon", "icon"))]


@dataclass(frozen=True, eq=False)
class Revision:
    """A revision of an entry: its folder with the compose files."""

    entry: Entry
    folder: Folder

    @property
    def name(self) -> str:
        """The name of its folder: its number."""
        return self.folder.name

    @property
    def title(self) -> str:
        """ENTRY/REVISION, for messages."""
        return f"{self.entry.name}/{self.name}"

    @property
    def where(self) -> Where:
        """Its folder as a place."""
        return Where(f"{self.entry.where.file}/{self.name}")

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read, so that what is not here is missing."""
        return self.entry.catalog.tree.covers(self.folder.path)

    @property
    def rancher(self) -> File | None:
        """Its rancher-compose.yml."""
        return self.folder.files.get(RANCHER)

    @cached_property
    def docker(self) -> File | None:
        """Its docker-compose.yml, or the .tpl when that is missing or empty: one of both is sent to Rancher."""
        plain, template = self.folder.files.get(DOCKER), self.folder.files.get(DOCKER_TEMPLATE)
        return plain if plain and (plain.size or not template) else template

    @property
    def compose_files(self) -> list[File]:
        """Both compose files, as far as they are there."""
        return [file for file in (self.docker, self.rancher) if file]

    @property
    def is_asked(self) -> bool:
        """Whether its questions are known: not when rancher-compose.yml cannot be read."""
        return self.rancher is None or not self.rancher.yaml.problems

    @cached_property
    def unread(self) -> tuple[Problem, ...]:
        """Why docker-compose.yml cannot be read; nothing where it can, and of templates, which are read once they are rendered.

        Of the services, links and variables of such a revision nobody knows anything.
        """
        file = self.docker
        if file is None or is_template(file.text):
            return ()
        yaml = file.yaml
        if yaml.problems:
            return yaml.problems
        if yaml.node is None or is_null(yaml.node):
            return (Problem("the file is empty: there is nothing to launch", file.at(1, 1), _BEGIN),)
        if yaml.map is None:
            return (Problem("the file must be a mapping of services", file.at(1, 1), _BEGIN),)
        services = yaml.keys.get("services") if "version" in yaml.keys else None
        if services is not None and not isinstance(services, Map) and not is_null(services):
            return (Problem("`services` must be a mapping", services.where, "write NAME: and below it image: ..."),)
        return ()

    @cached_property
    def block(self) -> Map | None:
        """The catalog block of rancher-compose.yml, wherever a judge finds it."""
        keys = self.rancher.yaml.keys if self.rancher else {}
        return next((found for name in BLOCKS if isinstance(found := keys.get(name), Map)), None)

    @property
    def block_where(self) -> Where:
        """Where the block stands; else the file; else the folder."""
        if self.rancher is None:
            return self.where
        key = next((found for name in BLOCKS if (found := key_of(self.rancher.yaml.node, name))), None)
        return key.where if key else self.rancher.at()

    @cached_property
    def version(self) -> str:
        """The version that the block gives, as the catalog service stores it."""
        return text_of(keys_of(self.block).get("version"))

    @cached_property
    def questions(self) -> list[Question]:
        """Its questions in their order, also those that are wrong."""
        found = keys_of(self.block).get("questions")
        return [Question(item) for item in (found.items if isinstance(found, Seq) else ()) if isinstance(item, Map)]

    def services(self, file: File) -> list[tuple[Text, Node]]:
        """The services of one of its compose files as it stands there; none when its templates make it no YAML."""
        root = file.yaml.map
        if root is None:
            return []
        keys = file.yaml.keys
        if "version" in keys:
            below = keys.get("services")
            return list(below.pairs) if isinstance(below, Map) else []
        return [(key, value) for key, value in root.pairs if key.value not in BLOCKS]


@dataclass(frozen=True)
class Question:
    """A question as it stands in the block."""

    node: Map

    @cached_property
    def keys(self) -> Mapping[str, Node]:
        """Its keys."""
        return keys_of(self.node)

    def text(self, key: str) -> str:
        """The value of a key as the catalog service stores it; nothing where there is none."""
        return text_of(self.keys.get(key))

    @cached_property
    def variable(self) -> str:
        """The name of the answer."""
        return self.text("variable")

    @cached_property
    def type(self) -> str:
        """Its type; string where none is given."""
        return self.text("type") or "string"

    @cached_property
    def options(self) -> list[str]:
        """Its options as text."""
        found = self.keys.get("options")
        return [text_of(item) for item in found.items] if isinstance(found, Seq) else []

    @property
    def where(self) -> Where:
        """Where the name stands; else the question."""
        named = self.keys.get("variable")
        return named.where if named else self.node.where

    def at(self, key: str) -> Where:
        """Where the value of a key stands; else the question."""
        found = self.keys.get(key)
        return found.where if found else self.where


@dataclass(frozen=True, eq=False)
class ConfDir:
    """A folder as confd's -confdir has it: files by their path below conf.d/, others by that below templates/, their `src`."""

    resources: Mapping[str, File]
    templates: Mapping[str, File]
    # Where it is in the image, if the Dockerfile tells that.
    confdir: str = ""
    # The folder conf.d that it stands for, where the Dockerfile does not tell where that is in the image.
    conf_d: Folder | None = None


@dataclass(frozen=True, eq=False)
class Image:
    """The folder of an image: a Dockerfile, scripts, and what confd reads, be it folders conf.d/ or gathered from elsewhere."""

    catalog: Catalog
    folder: Folder
    conf_ds: tuple[Folder, ...]

    @property
    def name(self) -> str:
        """The name of its folder."""
        return self.folder.name

    @property
    def dockerfile(self) -> File | None:
        """Its Dockerfile."""
        return self.folder.files.get("Dockerfile")

    @cached_property
    def build(self) -> Dockerfile | None:
        """What its Dockerfile says; None where there is none that can be read."""
        return dockerfile.parse(self.dockerfile.text) if self.dockerfile and self.dockerfile.content else None

    @cached_property
    def confs(self) -> list[ConfDir]:
        """What confd reads in the image: what the Dockerfile gathers, then the folders that it does not bring."""
        folders = [self._conf_of(each) for each in self.conf_ds]
        beside = {path: conf for conf in folders for path in map(_path, conf.resources.values())}
        found = [self._with_templates(each, beside) for each in self._gathered()]
        brought = {_path(file) for conf in found for file in conf.resources.values()}
        return found + [conf for conf in folders if brought.isdisjoint(map(_path, conf.resources.values()))]

    def _conf_of(self, conf_d: Folder) -> ConfDir:
        """A folder conf.d with templates/ beside it."""
        templates = self.catalog.tree.folders[conf_d.path.removesuffix("conf.d").rstrip("/")].folders.get("templates")
        return ConfDir(_below(conf_d, "toml"), _below(templates) if templates else {}, conf_d=conf_d)

    @cached_property
    def placed(self) -> Mapping[str, File]:
        """The files of its folder that its Dockerfile brings, by their path in the image."""
        if self.build is None:
            return {}
        files = _below(self.folder)
        return {path: files[source] for path, source in gathering.places(self.build, files).items()}

    def _gathered(self) -> Iterator[ConfDir]:
        placed = self.placed
        for each in gathering.gathered({path: file.path for path, file in placed.items()}):
            start = each.confdir.rstrip("/")
            resources = {below: placed[f"{start}/conf.d/{below}"] for below in each.resources}
            yield ConfDir(resources, {src: placed[f"{start}/templates/{src}"] for src in each.templates}, each.confdir or "/")

    @staticmethod
    def _with_templates(conf: ConfDir, beside: Mapping[str, ConfDir]) -> ConfDir:
        """Where no template is known to be in the image, those beside conf.d stand for them."""
        other = next((beside[path] for path in map(_path, conf.resources.values()) if path in beside), None)
        return replace(conf, templates=other.templates) if other and not conf.templates else conf

    @property
    def scripts(self) -> list[File]:
        """The shell scripts in its folder."""
        return [file for file in self.folder.everything if file.name.endswith(".sh") or file.content.startswith(_SHEBANGS)]


def _path(file: File) -> str:
    return file.path


def _below(folder: Folder, ending: str = "") -> dict[str, File]:
    """The files below a folder by their path there."""
    start = len(folder.path) + 1 if folder.path else 0
    return {file.path[start:]: file for file in folder.everything if file.name.endswith(ending)}


_SHEBANGS = (b"#!/bin/sh", b"#!/bin/bash", b"#!/usr/bin/env bash", b"#!/usr/bin/env sh", b"#!/bin/ash", b"#!/bin/dash")


@dataclass(frozen=True, eq=False)
class SpecFile:
    """A spec as it lies in specs/."""

    catalog: Catalog
    file: File

    @property
    def name(self) -> str:
        """The name of the spec: that of its file."""
        return self.file.name.removesuffix(".yml")

    @cached_property
    def read(self) -> Spec | ForgeError:
        """The spec, with what it inherits; or everything that is wrong with it."""
        try:
            return reader.read(self.file.content, self.file.shown or self.file.path, self.catalog.team.inherited)
        except ForgeError as error:
            return error

    @property
    def scenarios(self) -> tuple[str, ...]:
        """The names of its scenarios."""
        folder = self.catalog.tree.folders.get(f"specs/{self.name}/scenarios")
        return tuple(name.removesuffix(".yml") for name in (folder.files if folder else ()) if name.endswith(".yml"))


def _is_entry(top: Folder, folder: Folder) -> bool:
    if TOP.fullmatch(top.name) or any(name in folder.files for name in (CONFIG, "template.yml")):
        return True
    return any(name in each.files for each in folder.folders.values() for name in COMPOSE)
