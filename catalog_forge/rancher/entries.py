"""Reads an entry of a catalog: finds the revisions, reads their files, and chooses the version that is offered.

Rules: docs/facts/catalog.md#1.7 (folders), #1.11 (icons), #2.6 (the default version), #3.2 (where the catalog block is), #7.4
(how versions sort); catalog-service b3dc315 (manager/traverse.go, service/utils.go).
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
# Rancher treats a file of an entry as the entry's icon if the name of the file begins with one of these words.
ICONS = ("catalogIcon", "icon")

_PLAIN = re.compile(r"[-+]?[0-9]+")


def number_of(folder: str) -> int | None:
    """Convert the name of a folder to a number as Go's Atoi does; return None if the name is not a number."""
    if not _PLAIN.fullmatch(folder) or len(folder) > 40:
        return None
    found = int(folder)
    return found if -(1 << 63) <= found < 1 << 63 else None


def is_revision(folder: str) -> bool:
    """Tell whether the catalog service treats a folder of this name as a revision: a number, or a semantic version."""
    return number_of(folder) is not None or versions.semver(folder.strip("v")) is not None


def by_number(folder: str) -> tuple[int, str]:
    """Return the key by which revisions are sorted in output: the number, then the name."""
    return number_of(folder) or 0, folder


def default_of(config: Mapping[str, Node]) -> str:
    """Return the default version that the keys of a config.yml specify."""
    return decoding.text_of(next((config[key] for key in DEFAULTS if key in config), None))


def chosen(default: str, served: Iterable[str]) -> str:
    """Return the version that a catalog offers: the default version if a revision has it, else the highest version."""
    known = [version for version in served if version]
    return default if default in known else max(reversed(known), key=_order, default="")


def _order(version: str) -> versions.Order:
    return versions.semver(version.lstrip("v")) or versions.LOWEST


def docker_of(files: Mapping[str, File]) -> File | None:
    """Return the file that is sent to Rancher: docker-compose.yml or, if it is missing or empty, docker-compose.yml.tpl."""
    there = [file for name in (DOCKER, DOCKER_TEMPLATE) if (file := files.get(name))]
    return next((file for file in there if file.size or not file.is_readable), there[0] if there else None)


def icon_of(walked: Iterable[File]) -> File | None:
    """Return the icon that Rancher shows for an entry: the last of these files whose name begins like an icon's (#1.11)."""
    return next(reversed([file for file in walked if file.name.startswith(ICONS)]), None)


@dataclass(frozen=True, eq=False)
class Entry:
    """An entry: a folder inside one of the catalog's top folders."""

    tree: Tree
    top: Folder
    folder: Folder

    @property
    def name(self) -> str:
        """The name of the entry's folder."""
        return self.folder.name

    @property
    def base(self) -> str:
        """The prefix of the entry's id: the top folder's name up to its first dash, followed by `*`; empty if this name has no
        dash.
        """
        before, dash, _ = self.top.name.partition("-")
        return f"{before}*" if dash else ""

    @property
    def where(self) -> Where:
        """The location of the entry's folder in errors."""
        return self.folder.where

    @property
    def is_whole(self) -> bool:
        """Whether the whole folder was read. If so, a file that is not in the tree does not exist."""
        return self.tree.covers(self.folder.path)

    @property
    def config(self) -> File | None:
        """The config.yml of the entry."""
        return self.folder.files.get(CONFIG)

    @cached_property
    def settings(self) -> Yaml:
        """The content of config.yml."""
        return self.config.yaml if self.config else Yaml(None)

    @cached_property
    def facts(self) -> dict[str, str]:
        """The keys of config.yml with their values as text."""
        return {key: decoding.text_of(node) for key, node in decoding.pairs(self.settings.node).items()}

    @property
    def title(self) -> str:
        """The name that Rancher shows: `name` in config.yml, else the name of the folder."""
        return self.facts.get("name") or self.name

    @property
    def default(self) -> str:
        """The default version in config.yml."""
        return default_of(decoding.pairs(self.settings.node))

    @cached_property
    def revisions(self) -> list[Revision]:
        """The folders that the catalog service treats as revisions, sorted by number, then by name."""
        names = sorted((name for name in self.folder.folders if is_revision(name)), key=by_number)
        return [Revision(self, self.folder.folders[name]) for name in names]

    @property
    def offered(self) -> Revision | None:
        """The last revision (in the order of folder names) with the version that the catalog offers; if no revision has a
        version, the revision with the highest number.
        """
        # The catalog service visits the folders in the order of their names.
        walked = sorted(self.revisions, key=lambda revision: revision.name)
        wanted = chosen(self.default, (revision.served for revision in walked))
        return next((each for each in reversed(walked) if wanted and each.served == wanted), next(reversed(self.revisions), None))

    @property
    def icons(self) -> list[File]:
        """The files next to config.yml that are named like an icon."""
        return [file for name, file in self.folder.files.items() if name.startswith(ICONS)]

    @property
    def icon(self) -> File | None:
        """The icon that Rancher shows for the entry."""
        return icon_of(self.folder.everything)


@dataclass(frozen=True, eq=False)
class Revision:
    """A revision of an entry: its folder with the compose files."""

    entry: Entry
    folder: Folder

    @property
    def name(self) -> str:
        """The name of the revision's folder, usually a number; empty if the files are directly in the entry's folder."""
        return self.folder.name if self.folder is not self.entry.folder else ""

    @property
    def title(self) -> str:
        """The name of the revision in messages: ENTRY/REVISION."""
        return f"{self.entry.name}/{self.name}"

    @property
    def where(self) -> Where:
        """The location of the revision's folder."""
        return Where(f"{self.entry.where.file}/{self.name}")

    @property
    def is_whole(self) -> bool:
        """Whether the whole folder was read. If so, a file that is not in the tree does not exist."""
        return self.entry.tree.covers(self.folder.path)

    @property
    def rancher(self) -> File | None:
        """The rancher-compose.yml of the revision."""
        return self.folder.files.get(RANCHER)

    @cached_property
    def docker(self) -> File | None:
        """The docker-compose file that is sent to Rancher."""
        return docker_of(self.folder.files)

    @property
    def compose_files(self) -> list[File]:
        """The compose files that exist, at most two."""
        return [file for file in (self.docker, self.rancher) if file]

    @property
    def is_asked(self) -> bool:
        """Whether the questions are known. They are unknown if there is a rancher-compose.yml that cannot be read."""
        return self.rancher is None or not self.rancher.yaml.problems

    @cached_property
    def block(self) -> Map | None:
        """The catalog block of rancher-compose.yml, under whichever key in `BLOCKS` contains it. Template actions in the block
        are not rendered.
        """
        keys = self.rancher.yaml.keys if self.rancher else {}
        return next((found for name in BLOCKS if isinstance(found := keys.get(name), Map)), None)

    @property
    def block_where(self) -> Where:
        """The location of the catalog block.

        If there is no block, this is the location of rancher-compose.yml. If that file does not exist either, it is the location
        of the revision's folder.
        """
        if self.rancher is None:
            return self.where
        key = next((found for name in BLOCKS if (found := key_of(self.rancher.yaml.node, name))), None)
        # If a merge key adds the block, the top of the file has no key for the block.
        node = key or self.block
        return node.where if node else self.rancher.at()

    @cached_property
    def version(self) -> str:
        """The version in the catalog block, as the catalog service stores it."""
        return decoding.text_of(decoding.pairs(self.block).get("version"))

    @property
    def served(self) -> str:
        """The version that a catalog shows: `version`, else the folder's name, or an empty string if that is a number."""
        return self.version or ("" if number_of(self.name) is not None else self.name)

    @cached_property
    def questions(self) -> list[Question]:
        """The questions of the revision in order, including invalid ones."""
        return questions.read(decoding.pairs(self.block).get("questions"))

    @cached_property
    def asked(self) -> dict[str, Question]:
        """The questions, by the variable that gets the answer."""
        return questions.by_variable(self.questions)

    @cached_property
    def sources(self) -> tuple[ComposeFile, ...]:
        """The compose files, rendered with the default answers."""
        return composition.sources(self.docker, self.rancher, questions.defaults(self.questions))

    def answered_sources(self, variables: Mapping[str, str], stack: str = "") -> tuple[ComposeFile, ...]:
        """Return the compose files, rendered with these answers. `stack` is the stack's name, by default the entry's name."""
        return composition.sources(self.docker, self.rancher, variables, stack or self.entry.name, self.served)

    @cached_property
    def faults(self) -> dict[str, list[Refusal]]:
        """The faults that the files have when they are rendered with the default answers, grouped by the lint rule that reports
        them.

        rancher-compose refuses the revision for some of these faults, and ignores the other faults.
        """
        found: dict[str, list[Refusal]] = {}
        judge = LaunchJudge(self.sources)
        for fault in (*judge.faults(), *judge.odd) if self.docker else ():
            found.setdefault(fault.rule, []).append(fault)
        return found

    @cached_property
    def composition(self) -> Composition:
        """The services that the files define when they are rendered with the default answers. Variables such as `${X}` are not
        substituted.
        """
        return composition.read(self.sources)

    @cached_property
    def uses(self) -> list[variable_uses.Use]:
        """All places in the compose files that use an answer."""
        return variable_uses.of_files(self.compose_files, self.docker)


def read(files: Mapping[str, bytes], name: str, revision: str | None = None, folder: str = "") -> Revision:
    """Read a revision of an entry. `files` maps paths relative to the entry's folder to contents. Paths in errors begin with
    `folder`.

    If `revision` is None, read the revision that the catalog would offer. If the entry has no revision folders, the files in its
    own folder form a revision without a number. Raises ForgeError if the revision does not exist, if it has no
    docker-compose.yml, if one of its compose files is too large or not UTF-8, or if its rancher-compose.yml is not valid YAML.
    """
    label = folder or name
    tree = Tree(_file(joined(name, path), content, f"{label}/{path}") for path, content in files.items())
    entry = Entry(tree, tree.folders[""], tree.folders.get(name, Folder(name)))
    known = {each.name: each for each in entry.revisions}
    if not known and any(each in files for each in COMPOSE):
        known = {"": Revision(entry, entry.folder)}
    if not known:
        both = "docker-compose.yml and rancher-compose.yml"
        hint = f"name the folder of an entry, such as templates/NAME, or add a folder 0/ with {both}"
        raise ForgeError("there is no revision of an entry here", Where(label), hint)
    if revision is not None and revision not in known:
        raise ForgeError(f"{name} has no revision {revision!r}", Where(label), did_you_mean(revision, known))
    found = known[revision] if revision is not None else entry.offered or known[""]
    for file in found.compose_files:
        _check(file)
    if found.docker is None or not found.docker.text.strip():
        raise ForgeError(f"{name} has no docker-compose.yml", Where(f"{label}/{found.name}".rstrip("/")), _what_else(found))
    if found.rancher and (problems := found.rancher.yaml.problems):
        # The questions cannot be read, so no revision is returned. Report everything that rancher-compose refuses in one error.
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
