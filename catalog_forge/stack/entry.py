"""An entry of a catalog: which revision is meant, its compose files, and its questions.

What a revision and its version are, `rancher.entries` says; docs/facts/catalog.md#3.2 where the catalog block stands.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from catalog_forge.errors import ForgeError, Where, did_you_mean
from catalog_forge.goyaml import decoding
from catalog_forge.rancher.entries import (
    COMPOSE,
    CONFIG,
    DOCKER,
    DOCKER_TEMPLATE,
    RANCHER,
    by_number,
    chosen,
    default_of,
    is_revision,
    version_of,
)
from catalog_forge.rancher.questions import Question
from catalog_forge.rancher.questions import read as read_questions
from catalog_forge.rancher.tree import MAX_BYTES, File, Yaml
from catalog_forge.yamlio import Node


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
    rancher = _document(files, f"{below}{RANCHER}", label)
    docker = next(
        (found for each in (DOCKER, DOCKER_TEMPLATE) if (found := _document(files, f"{below}{each}", label)).text.strip()),
        None,
    )
    if docker is None:
        raise ForgeError(f"{name} has no docker-compose.yml", Where(f"{label}/{below}".rstrip("/")), _what_else(files, below))
    if rancher.yaml.problems:
        raise ForgeError.of(list(rancher.yaml.problems))
    block = _block(rancher.yaml)
    return Entry(name, revision, version_of(block, revision), docker, rancher, read_questions(block.get("questions")))


def _what_else(files: Mapping[str, bytes], below: str) -> str:
    if f"{below}url" in files:
        return "this is an entry of a machine driver"
    return "entries of Kubernetes have no compose files" if any(path.endswith((".yml", ".yaml")) for path in files) else ""


def _revisions(files: Mapping[str, bytes]) -> list[str]:
    """The folders that are revisions, as the catalog service takes them; `""` for files beside which no folder is one."""
    tops = {path.split("/")[0] for path in files if "/" in path}
    found = sorted(top for top in tops if is_revision(top))
    return found or ([""] if any(each in files for each in COMPOSE) else [])


def _offered(files: Mapping[str, bytes], revisions: list[str]) -> str:
    """The last revision of the version that the catalog offers; where none has a version, the one with the highest number."""
    served = {each: _version(files, each) for each in revisions}
    config = File(CONFIG, len(files.get(CONFIG, b"")), lambda: files.get(CONFIG, b""))
    wanted = chosen(default_of(decoding.pairs(config.yaml.node)), served.values())
    equal = [each for each in revisions if wanted and served[each] == wanted]
    return equal[-1] if equal else max(revisions, key=by_number)


def _version(files: Mapping[str, bytes], revision: str) -> str:
    content = files.get(f"{revision}/{RANCHER}" if revision else RANCHER, b"")
    return version_of(_block(File(RANCHER, len(content), lambda: content).yaml), revision)


def _document(files: Mapping[str, bytes], path: str, label: str) -> File:
    shown, content = f"{label}/{path}", files.get(path, b"")
    if len(content) > MAX_BYTES:
        raise ForgeError(f"the file is larger than {MAX_BYTES} bytes", Where(shown))
    try:
        content.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise ForgeError("the file is not UTF-8 text", Where(shown)) from None
    return File(path, len(content), lambda: content, shown=shown)


def _block(yaml: Yaml) -> dict[str, Node]:
    """The catalog block: `catalog` or `.catalog`. It is read before any template is rendered, as the catalog service does."""
    keys = decoding.pairs(yaml.node)
    return decoding.pairs(keys.get("catalog" if "version" in keys and "catalog" in keys else ".catalog"))
