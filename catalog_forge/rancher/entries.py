"""An entry of a catalog and its revisions: which folders are some, what their files say, which one a catalog offers.

Rules: docs/facts/catalog.md#1.7 (folders), #1.11 (icons), #2.6 (the default version), #3.2 (where the catalog block stands),
#7.4 (how versions sort); catalog-service b3dc315 (manager/traverse.go, service/utils.go).
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property

from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.rancher import composition, questions, variable_uses, versions
from catalog_forge.rancher.composition import BLOCKS, ComposeFile, Composition
from catalog_forge.rancher.judgement.block import DEFAULTS
from catalog_forge.rancher.judgement.launch import LaunchJudge
from catalog_forge.rancher.judgement.ruling import Refusal
from catalog_forge.rancher.questions import Question
from catalog_forge.rancher.tree import MAX_BYTES, File, Folder, Tree, Yaml, joined, key_of
from catalog_forge.yamlio import Map, Node

CONFIG = "config.yml"
RANCHER = "rancher-compose.yml"
DOCKER = "docker-compose.yml"
DOCKER_TEMPLATE = "docker-compose.yml.tpl"
COMPOSE = (DOCKER, DOCKER_TEMPLATE, RANCHER)
# How the names of files begin that are taken for the icon of an entry.
ICONS = ("catalogIcon", "icon")

_PLAIN = re.compile(r"[-+]?[0-9]+")


def number_of(folder: str) -> int | None:
    """The number that a folder's name is, as Go's Atoi reads it; None for any other name."""
    if not _PLAIN.fullmatch(folder) or len(folder) > 40:
        return None
    found = int(folder)
    return found if -(1 << 63) <= found < 1 << 63 else None


def is_revision(folder: str) -> bool:
    """Tell whether the catalog service takes a folder of this name for a revision: a number, or a semantic version."""
    return number_of(folder) is not None or versions.semver(folder.strip("v")) is not None


def by_number(folder: str) -> tuple[int, str]:
    """What revisions are sorted by for people: their numbers, then their names."""
    return number_of(folder) or 0, folder


def default_of(config: Mapping[str, Node]) -> str:
    """The default version that the keys of a config.yml name."""
    return decoding.text_of(next((config[key] for key in DEFAULTS if key in config), None))


def chosen(default: str, served: Iterable[str]) -> str:
    """The version that a catalog offers of those of its revisions, in their order: the default if there, else the highest."""
    known = [version for version in served if version]
    return default if default in known else max(reversed(known), key=_order, default="")


def _order(version: str) -> versions.Order:
    return versions.semver(version.lstrip("v")) or versions.LOWEST


def docker_of(files: Mapping[str, File]) -> File | None:
    """The docker-compose.yml of a revision, or the .tpl when that is missing or empty: one of both is sent to Rancher."""
    there = [file for name in (DOCKER, DOCKER_TEMPLATE) if (file := files.get(name))]
    return next((file for file in there if file.size or not file.is_readable), there[0] if there else None)


def icon_of(walked: Iterable[File]) -> File | None:
    """Return the icon that Rancher shows of an entry, of its files in the order of a walk: the last one, at any depth (#1.11)."""
    return next(reversed([file for file in walked if file.name.startswith(ICONS)]), None)


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry: the folder of a template below one of the catalog's top folders."""

    tree: Tree
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
        return self.folder.where

    @property
    def is_whole(self) -> bool:
        """Whether all of it was read, so that what is not here is missing."""
        return self.tree.covers(self.folder.path)

    @property
    def config(self) -> File | None:
        """Its config.yml."""
        return self.folder.files.get(CONFIG)

    @cached_property
    def settings(self) -> Yaml:
        """What config.yml says."""
        return self.config.yaml if self.config else Yaml(None)

    @cached_property
    def facts(self) -> dict[str, str]:
        """The keys of config.yml with their values as texts."""
        return {key: decoding.text_of(node) for key, node in decoding.pairs(self.settings.node).items()}

    @property
    def title(self) -> str:
        """What Rancher calls it: its name in config.yml, else that of its folder."""
        return self.facts.get("name") or self.name

    @property
    def default(self) -> str:
        """The default version that config.yml names."""
        return default_of(decoding.pairs(self.settings.node))

    @cached_property
    def revisions(self) -> list[Revision]:
        """Its revisions as the catalog service takes them, in the order of their numbers, then of their names."""
        names = sorted((name for name in self.folder.folders if is_revision(name)), key=by_number)
        return [Revision(self, self.folder.folders[name]) for name in names]

    @property
    def offered(self) -> Revision | None:
        """The last revision of the version that a catalog offers; where none has a version, the one with the highest number."""
        # The catalog service walks its folders by name.
        walked = sorted(self.revisions, key=lambda revision: revision.name)
        wanted = chosen(self.default, (revision.served for revision in walked))
        return next((each for each in reversed(walked) if wanted and each.served == wanted), next(reversed(self.revisions), None))

    @property
    def icons(self) -> list[File]:
        """The files beside config.yml that are taken for its icon."""
        return [file for name, file in self.folder.files.items() if name.startswith(ICONS)]

    @property
    def icon(self) -> File | None:
        """The icon that Rancher shows of it."""
        return icon_of(self.folder.everything)


@dataclass(frozen=True, eq=False)
class Revision:
    """A revision of an entry: its folder with the compose files."""

    entry: Entry
    folder: Folder

    @property
    def name(self) -> str:
        """The name of its folder: its number; nothing where the files of a revision lie in the entry's folder."""
        return self.folder.name if self.folder is not self.entry.folder else ""

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
        return self.entry.tree.covers(self.folder.path)

    @property
    def rancher(self) -> File | None:
        """Its rancher-compose.yml."""
        return self.folder.files.get(RANCHER)

    @cached_property
    def docker(self) -> File | None:
        """The docker-compose file that is sent to Rancher."""
        return docker_of(self.folder.files)

    @property
    def compose_files(self) -> list[File]:
        """Both compose files, as far as they are there."""
        return [file for file in (self.docker, self.rancher) if file]

    @property
    def is_asked(self) -> bool:
        """Whether its questions are known: not when rancher-compose.yml cannot be read."""
        return self.rancher is None or not self.rancher.yaml.problems

    @cached_property
    def block(self) -> Map | None:
        """The catalog block of rancher-compose.yml, wherever a judge finds it. It is read before any template is rendered."""
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
        return decoding.text_of(decoding.pairs(self.block).get("version"))

    @property
    def served(self) -> str:
        """The version that a catalog knows it by: that of its block, else its name, where that is one."""
        return self.version or ("" if number_of(self.name) is not None else self.name)

    @cached_property
    def questions(self) -> list[Question]:
        """Its questions in their order, also those that are wrong."""
        return questions.read(decoding.pairs(self.block).get("questions"))

    @cached_property
    def asked(self) -> dict[str, Question]:
        """Its questions by the variables that they ask for."""
        return questions.by_variable(self.questions)

    @cached_property
    def sources(self) -> tuple[ComposeFile, ...]:
        """What its compose files are with the default answers."""
        return composition.sources(self.docker, self.rancher, questions.defaults(self.questions))

    @cached_property
    def faults(self) -> dict[str, list[Refusal]]:
        """What rancher-compose refuses or ignores with the default answers, by the rule that tells of it."""
        found: dict[str, list[Refusal]] = {}
        judge = LaunchJudge(self.sources)
        for fault in (*judge.faults(), *judge.odd) if self.docker else ():
            found.setdefault(fault.rule, []).append(fault)
        return found

    @cached_property
    def composition(self) -> Composition:
        """Its services with the default answers; an author's `${X}` stays as it is."""
        return composition.read(self.sources)

    @cached_property
    def uses(self) -> list[variable_uses.Use]:
        """Where its compose files use answers."""
        return variable_uses.of_files(self.compose_files, self.docker)


def read(files: Mapping[str, bytes], name: str, revision: str | None = None, folder: str = "") -> Revision:
    """Read a revision of an entry from its files, by their paths below its folder; `folder` stands before them in errors.

    Without a `revision` it is the one that the catalog would offer. Files that lie in no revision are one without a number.
    Raises ForgeError when there is no such revision, when it has no compose file, and when its catalog block cannot be read.
    """
    label = folder or name
    tree = Tree(_file(joined(name, path), content, f"{label}/{path}") for path, content in files.items())
    entry = Entry(tree, tree.folders[""], tree.folders.get(name, Folder(name)))
    known = {each.name: each for each in entry.revisions}
    if not known and any(each in files for each in COMPOSE):
        known = {"": Revision(entry, entry.folder)}
    if not known:
        hint = "a folder 0/ with docker-compose.yml and rancher-compose.yml"
        raise ForgeError("there is no revision of an entry here", Where(label), hint)
    if revision is not None and revision not in known:
        raise ForgeError(f"{name} has no revision {revision!r}", Where(label), did_you_mean(revision, known))
    found = known[revision] if revision is not None else entry.offered or known[""]
    for file in found.compose_files:
        _check(file)
    if found.docker is None or not found.docker.text.strip():
        raise ForgeError(f"{name} has no docker-compose.yml", Where(f"{label}/{found.name}".rstrip("/")), _what_else(found))
    if found.rancher and (problems := found.rancher.yaml.problems):
        # Nobody knows the questions; what else rancher-compose would refuse is said with it.
        refused = LaunchJudge(found.sources).faults()
        said = {(fault.message, fault.where) for fault in refused}
        raise ForgeError.of([*refused, *(each for each in problems if (each.message, each.where) not in said)])
    return found


def _file(path: str, content: bytes, shown: str) -> File:
    return File(path, len(content), lambda: content, shown=shown)


def _check(file: File) -> None:
    if not file.is_readable:
        raise ForgeError(f"the file is larger than {MAX_BYTES} bytes", file.at())
    try:
        file.content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ForgeError("the file is not UTF-8 text", file.at()) from None


def _what_else(revision: Revision) -> str:
    if "url" in revision.folder.files:
        return "this is an entry of a machine driver"
    is_pod = any(name.endswith((".yml", ".yaml")) for name in revision.folder.files.keys() - {*COMPOSE, CONFIG})
    return "entries of Kubernetes have no compose files" if is_pod else ""
