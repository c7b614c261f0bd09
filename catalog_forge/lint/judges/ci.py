"""Simulates a catalog's CI: rancher-catalog-service v0.15.0 with -validate, and the asserts of integration/core/test_catalog.py.

Facts: docs/facts/catalog.md#6.1, and manager/catalog.go and model/bindings.go of v0.15.0. The CI treats every folder in a
template's folder as a revision, whatever its name, but reads only its rancher-compose.yml and docker-compose.yml.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace

from catalog_forge.errors import Where
from catalog_forge.goyaml import decoding
from catalog_forge.lint.judges.layout import TOP
from catalog_forge.rancher.entries import is_revision
from catalog_forge.rancher.judgement import block
from catalog_forge.rancher.judgement.ruling import Refusal, Ruling
from catalog_forge.rancher.tree import File, Folder, Tree, Yaml, is_template
from catalog_forge.yamlio import Map, Node, Seq, Text

_NAME = re.compile(r"[a-zA-Z0-9-]{1,63}")
_MAINTAINER = re.compile(r"(\S+ ){2,5}<[^@]+@[^@][^@.]*\.[^@]+>")
# The URL of a revision is broken if the revision's name contains one of these characters.
_UNLINKED = re.compile(r"[:?#]|%(?![0-9A-Fa-f]{2})")
# The maximum number of versions that a message lists.
_SHOWN = 8
_LABELS = "the labels of a service must be a mapping or a list that contains only text"


def judge(tree: Tree) -> list[Ruling]:
    """Return a ruling for each reason why the CI refuses a catalog; empty if the CI accepts the catalog."""
    tops = tree.folders[""].folders.values()
    return [ruling for top in tops for folder in top.folders.values() for ruling in judge_entry(top.name, folder)]


def judge_entry(top: str, folder: Folder) -> list[Ruling]:
    """Return a ruling for each reason why the CI refuses an entry. `top` is the name of the top folder that contains `folder`."""
    found = TOP.fullmatch(top)
    return [*_Template(folder, found[1] or "").judge()] if found else []


class _Template:
    def __init__(self, folder: Folder, base: str) -> None:
        self.folder = folder
        self.label = f"{base}*{folder.name}" if base else folder.name
        self.links: dict[str, Folder] = {}
        config = folder.files.get("config.yml")
        self.config = config if config and config.kind in ("file", "link") else None
        found = self.config.decoded if self.config else Yaml(None)
        self.keys = decoding.pairs(found.node) if isinstance(found.node, Map) and not found.problems else {}

    def judge(self) -> Iterator[Ruling]:
        """Judge the template's revisions one by one. If the template would then be listed, check the asserts of the CI."""
        for _, revision in sorted(self.folder.folders.items()):
            yield from self._revision(revision)
        if self.links:
            yield from self._asserts()

    def _reject(self, rule: str, reason: str, where: Where, revision: str = "", hint: str = "") -> Ruling:
        return Ruling("ci", "reject", reason, where, hint, self.label, revision, rule)

    def _revision(self, folder: Folder) -> Iterator[Ruling]:
        file = _readable(folder, "rancher-compose.yml")
        if file is None:
            reason = "the folder has no rancher-compose.yml: the CI treats every folder of an entry as a revision"
            yield self._reject("CF120" if is_revision(folder.name) else "CF104", reason, folder.where, folder.name)
            return
        found = block.of_compose(file, block.CI)
        problems = found.problems
        docker = _readable(folder, "docker-compose.yml")
        if not problems and docker:
            problems = tuple(_faults_of_bindings(docker))
            file = docker
        for each in problems:
            # All faults in a folder that the service does not treat as a revision are reported by one rule, CF104.
            fault = each if is_revision(folder.name) else replace(each, rule="CF104")
            yield Ruling.of("ci", fault, file.at(), self.label, folder.name)
        if not problems:
            self.links[decoding.text_of(found.keys.get("version"))] = folder

    def _asserts(self) -> Iterator[Ruling]:
        where = self.config.at(1, 1) if self.config else self.folder.where
        # The CI checks only the part of an id after the last `:` or `*`.
        if not _NAME.fullmatch(re.split(r"[:*]", self.folder.name)[-1]):
            hint = "use at most 63 letters, digits and '-'"
            message = f"an entry cannot be named {self.folder.name!r}"
            yield self._reject("CF101", message, self.folder.where, "", hint)
        maintainer = self.keys.get("maintainer")
        words = _text(maintainer)
        if maintainer and words and not _MAINTAINER.fullmatch(words):
            hint = "write it like First Last <mail@example.com>"
            message = f"the maintainer must be two to five words and an email address: {words!r}"
            yield self._reject("CF207", message, maintainer.where, "", hint)
        yield from self._assert_default(where)
        for revision in self.links.values():
            yield from self._assert_opens(revision)

    def _assert_default(self, where: Where) -> Iterator[Ruling]:
        node = self.keys.get("version")
        default = _text(node)
        known = ", ".join(map(repr, [*self.links][:_SHOWN]))
        if node is None:
            rule, where = self._cause(where)
            yield self._reject(rule, "there is no default version", where, "", "write version: '...' in config.yml")
        elif not default:
            shown = decoding.raw(node)
            hint = f"write version: '{shown or '...'}'"
            yield self._reject("CF203" if shown else "CF204", "the default version is not text", node.where, "", hint)
        elif default not in self.links:
            yield self._reject(
                "CF205", f"no revision has the default version {default!r}", node.where, "", f"write one of {known}"
            )

    def _cause(self, where: Where) -> tuple[str, Where]:
        """Return the rule that reports why the entry has no default version, and the location that the rule reports."""
        if self.config is None:
            return "CF111", where
        found = self.config.decoded
        broken = next((each.where for each in found.problems if each.where), where)
        return ("CF204", where) if isinstance(found.node, Map) and not found.problems else ("CF201", broken)

    def _assert_opens(self, revision: Folder) -> Iterator[Ruling]:
        file = revision.files["rancher-compose.yml"]
        name = self.folder.name
        if ":" in name or "*" in name or _UNLINKED.search(revision.name):
            reason = f"{name}/{revision.name} cannot be opened, because its path has a character that is not allowed in an id"
            yield self._reject("CF101", reason, file.at(), revision.name)
        elif f"/{revision.name}/" in f"/{revision.path}":
            reason = f"a folder above the revision is also named {revision.name!r}, so the CI does not find the revision's files"
            yield self._reject("CF101", reason, file.at(), revision.name)
        elif not file.content:
            yield self._reject("CF301", "rancher-compose.yml is empty", file.at(1, 1), revision.name)


def _readable(folder: Folder, name: str) -> File | None:
    file = folder.files.get(name)
    return file if file and file.kind in ("file", "link") else None


def _text(node: Node | None) -> str:
    """Return the value of a node if it is text; an empty string for any other value."""
    found = decoding.value(node) if isinstance(node, Text) else None
    return found if isinstance(found, str) else ""


def _faults_of_bindings(file: File) -> Iterator[Refusal]:
    """Yield the faults that keep the CI from reading labels and ports in a docker-compose.yml."""
    found = file.decoded
    problems = [block.refused(each, "CF438" if is_template(file.text) else "CF426", "ci") for each in found.problems]
    problems += block.faults_of_compose(found.node, block.CI_COMPOSE, block.OF_DOCKER, "ci")
    yield from problems
    keys = decoding.pairs(found.node)
    services = keys.get("services") if decoding.raw(keys.get("version")) == "2" else found.node
    for service in decoding.pairs(services).values() if not problems else ():
        yield from _faults_of_service(decoding.pairs(service))


def _faults_of_service(keys: dict[str, Node]) -> Iterator[Refusal]:
    ports, labels = keys.get("ports"), keys.get("labels")
    if ports and not decoding.is_null(ports) and not isinstance(ports, Seq):
        yield Refusal("ports must be a list: the CI crashes here", ports.where, "", "CF428", "ci")
    if labels and not decoding.is_null(labels) and not _are_labels(labels):
        yield Refusal(_LABELS, labels.where, "", "CF421", "ci")


def _are_labels(node: Node) -> bool:
    if isinstance(node, Map):
        names = all(isinstance(decoding.value(key), str) for key, _ in node.pairs)
        return names and all(map(_is_label, decoding.pairs(node).values()))
    return isinstance(node, Seq) and all(map(_is_label, node.items))


def _is_label(node: Node) -> bool:
    return isinstance(node, Text) and not decoding.is_null(node)
