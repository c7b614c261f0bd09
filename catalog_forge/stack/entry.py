"""An entry of a catalog: which revision is meant, its compose files, and its questions.

Rules: docs/facts/catalog.md#1.7 (folders), #2.6 (the default version), #3.2 (where the catalog block stands), #7.4 (how versions
sort).
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.rancher.questions import Question
from catalog_forge.rancher.questions import read as read_questions
from catalog_forge.rancher.tree import MAX_BYTES, File
from catalog_forge.yamlio import Map, Node

_RANCHER = "rancher-compose.yml"
_DOCKER = ("docker-compose.yml", "docker-compose.yml.tpl")
_REVISION = re.compile(r"[-+]?[0-9]+|v?[0-9]+\.[0-9]+\.[0-9]+(?:[-+].*)?")
_SEMVER = re.compile(r"v?([0-9]+)\.([0-9]+)\.([0-9]+)(?:-([0-9A-Za-z.-]+))?(?:\+.*)?")


@dataclass(frozen=True, slots=True)
class Entry:
    """One revision of an entry: its two compose files as they stand there, and what the catalog asks of its user."""

    name: str
    revision: str
    version: str
    docker: File
    rancher: File
    questions: tuple[Question, ...] = ()


def read(files: Mapping[str, bytes], name: str, revision: str | None = None, folder: str = "") -> Entry:
    """Read an entry from its files, by their paths below its folder; `folder` stands before them in errors.

    Without a `revision` it is the one that the catalog would offer. Files that lie in no revision are one without a number.
    Raises ForgeError when there is no such revision, when it has no compose file, and when its catalog block cannot be read.
    """
    label = folder or name
    revisions = _revisions(files)
    if not revisions:
        hint = "a folder 0/ with docker-compose.yml and rancher-compose.yml"
        raise ForgeError("no revision of an entry is here", Where(label), hint)
    if revision is None:
        revision = _offered(files, revisions)
    elif revision not in revisions:
        raise ForgeError(f"{name} has no revision {revision!r}", Where(label), did_you_mean(revision, revisions))
    below = f"{revision}/" if revision else ""
    rancher = _document(files, f"{below}{_RANCHER}", label)
    docker = next(
        (found for each in _DOCKER if (found := _document(files, f"{below}{each}", label)).text.strip()),
        None,
    )
    if docker is None:
        raise ForgeError(f"{name} has no docker-compose.yml", Where(f"{label}/{below}".rstrip("/")), _what_else(files, below))
    block = _block(rancher.text, rancher.shown)
    return Entry(name, revision, decoding.raw(block.get("version")), docker, rancher, read_questions(block.get("questions")))


def _what_else(files: Mapping[str, bytes], below: str) -> str:
    if f"{below}url" in files:
        return "this is an entry of a machine driver"
    return "entries of Kubernetes have no compose files" if any(path.endswith((".yml", ".yaml")) for path in files) else ""


def _revisions(files: Mapping[str, bytes]) -> list[str]:
    """The folders that are revisions, as the catalog service takes them; `""` for files beside which no folder is one."""
    tops = {path.split("/")[0] for path in files if "/" in path}
    found = sorted(top for top in tops if _REVISION.fullmatch(top))
    return found or ([""] if any(each in files for each in (*_DOCKER, _RANCHER)) else [])


def _offered(files: Mapping[str, bytes], revisions: list[str]) -> str:
    """The revision whose version is the default of config.yml, as text; else the highest one."""
    versions = {each: _version(files, each) for each in revisions}
    wanted = _default(files.get("config.yml", b""))
    equal = [each for each in revisions if wanted and versions[each] == wanted]
    return equal[-1] if equal else max(revisions, key=lambda each: (_order(versions[each]), _number(each)))


def _default(config: bytes) -> str:
    try:
        root = yamlio.parse(config, "config.yml", aliases=True, last_wins=_passed_over)
    except ForgeError:
        return ""
    keys = {key.value: value for key, value in root.pairs} if isinstance(root, Map) else {}
    return next((raw for key in ("version", "defaultVersion", "default_version") if (raw := decoding.raw(keys.get(key)))), "")


def _version(files: Mapping[str, bytes], revision: str) -> str:
    path = f"{revision}/{_RANCHER}" if revision else _RANCHER
    try:
        return decoding.raw(_block(files.get(path, b"").decode("utf-8-sig", "replace"), path).get("version"))
    except ForgeError:
        return ""


def _order(version: str) -> tuple[int, int, int, int, str]:
    """How versions sort; what is no semantic version is the lowest, and a release is higher than its candidates."""
    found = _SEMVER.fullmatch(version)
    if found is None:
        return 0, 0, 0, 0, ""
    major, minor, patch, before = found.groups()
    return int(major), int(minor), int(patch), int(before is None), before or ""


def _number(revision: str) -> int:
    return int(revision) if re.fullmatch(r"[-+]?[0-9]{1,9}", revision) else 0


def _document(files: Mapping[str, bytes], path: str, label: str) -> File:
    shown, content = f"{label}/{path}", files.get(path, b"")
    if len(content) > MAX_BYTES:
        raise ForgeError(f"the file is larger than {MAX_BYTES} bytes", Where(shown))
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ForgeError("the file is not UTF-8 text", Where(shown)) from None
    return File(path, len(content), lambda: content, shown=shown)


def _block(text: str, file: str) -> dict[str, Node]:
    """The catalog block: `catalog` or `.catalog`. It is read before any template is rendered, as the catalog service does."""
    if not text.strip():
        return {}
    root = yamlio.parse(text, file, aliases=True, last_wins=_passed_over)
    keys = {key.value: value for key, value in root.pairs} if isinstance(root, Map) else {}
    block = keys.get("catalog" if "version" in keys and "catalog" in keys else ".catalog")
    return {key.value: value for key, value in block.pairs} if isinstance(block, Map) else {}


def _passed_over(_: yamlio.Double) -> None:
    """Who reads the whole compose file says it."""
