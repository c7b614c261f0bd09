"""Records in specs/NAME/.blueprint.json how a spec was generated. `new` writes this file, and an author commits it.

The file names the blueprint, its source and its digest. It contains the answers except secrets, and the author's files as they
were first written. The file is untrusted input, because anyone who can send a spec can also send this file.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge import yamlio
from catalog_forge.blueprint.checks import is_asked
from catalog_forge.blueprint.model import MAX_FILES, Blueprint
from catalog_forge.blueprint.sandbox import text_of
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.plan import EXECUTABLE, File, Plan, check_relative
from catalog_forge.spec.folder import MEMORY

FORMAT = 1
MOST_BYTES = 512 << 10
"""The maximum size of all kept texts together, as JSON. Of files that exceed this size, only digests are kept."""

_SOURCES = ({"package"}, {"example"}, {"url", "commit"}, {"folder"})
_KEYS = ("format", "blueprint", "source", "digest", "answers", "files")
# The file has this key only if the blueprint generated executable files.
_PROGRAMS = "programs"
_SHA256, _COMMIT = re.compile("[0-9a-f]{64}"), re.compile("[0-9a-f]{40}")
# The file is JSON, but is read as YAML, so that errors can be reported with their places. JSON allows these
# characters unescaped; YAML does not.
_ESCAPED = re.compile("[\x7f-\x9f\u2028\u2029\ufeff\ufffe\uffff]")


@dataclass(frozen=True)
class Digest:
    """The digest of a file whose text is not kept, because it is binary, too long or contains a secret."""

    sha256: str


@dataclass(frozen=True)
class Memory:
    """The content of .blueprint.json. `files` maps paths in the catalog to texts or digests; `programs` lists the executable
    files.

    `source` is {package: version}, {example: version}, {url, commit} or {folder}.
    """

    blueprint: str
    source: Mapping[str, str]
    digest: str
    answers: Mapping[str, str | bool]
    files: Mapping[str, str | Digest]
    programs: frozenset[str] = frozenset()


def digest_of(content: bytes) -> Digest:
    """Return the digest to keep for a file whose text is not kept."""
    return Digest(hashlib.sha256(content).hexdigest())


def file_of(blueprint: Blueprint, answers: Mapping[str, Any], author: Plan) -> File:
    """Return the .blueprint.json that records a blueprint, its answers, and the author's files as they are first written."""
    name = str(answers["name"])
    secret = {question for question, check in blueprint.checks.items() if check.secret}
    secrets = [str(answers[question]) for question in secret if answers.get(question)]
    kept = {key: value for key, value in answers.items() if is_asked(key, value) and key not in secret}
    left, files = MOST_BYTES, dict[str, str | Digest]()
    for file in author:
        text = text_of(file.content)
        size = len(json.dumps(text)) if text is not None else 0
        if text is None or size > left or any(secret in text for secret in secrets):
            files[file.path] = digest_of(file.content)
        else:
            files[file.path], left = text, left - size
    programs = frozenset(file.path for file in author if file.mode == EXECUTABLE)
    memory = Memory(blueprint.name, blueprint.source, blueprint.digest, kept, files, programs)
    return File(f"specs/{name}/{MEMORY}", _dumped(memory).encode())


def _dumped(memory: Memory) -> str:
    files = {path: {"sha256": kept.sha256} if isinstance(kept, Digest) else kept for path, kept in memory.files.items()}
    values = (FORMAT, memory.blueprint, dict(memory.source), memory.digest, dict(memory.answers), files)
    programs = {_PROGRAMS: sorted(memory.programs)} if memory.programs else {}
    text = json.dumps(dict(zip(_KEYS, values, strict=True)) | programs, indent=1, ensure_ascii=False)
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", text) + "\n"


def read(content: bytes, name: str) -> Memory:
    """Read the .blueprint.json of the spec `name`. Raises ForgeError with all problems in the file, each with its place."""
    return _MemoryReader(f"specs/{name}/{MEMORY}", name).memory(yamlio.parse(content, f"specs/{name}/{MEMORY}"))


class _MemoryReader:
    """Reads the nodes of .blueprint.json and collects the problems in them."""

    def __init__(self, file: str, name: str) -> None:
        self.file, self.name = file, name
        self.problems: list[Problem] = []

    def memory(self, root: yamlio.Node) -> Memory:
        found = self.pairs(root, "")
        for key, (place, _) in found.items():
            if key not in (*_KEYS, _PROGRAMS):
                self.problem(f"unknown key {key!r}", place.where, did_you_mean(key, (*_KEYS, _PROGRAMS)))
        missing = [key for key in _KEYS if key not in found]
        if missing:
            self.problem(f"the file lacks these keys: {', '.join(missing)}", root.where)
        nodes = {key: node for key, (_, node) in found.items()}
        if (number := nodes.get("format")) and _value(number) != FORMAT:
            self.problem(f"format must be {FORMAT}", number.where, "this file was written by another release of catalog-forge")
        memory = Memory(
            self.text(nodes.get("blueprint"), "blueprint"),
            self.source(nodes.get("source")),
            self.text(nodes.get("digest"), "digest", _SHA256, "64 hex digits"),
            {key: self.answer(key, node) for key, (_, node) in self.pairs(nodes.get("answers"), "answers").items()},
            files := self.files(nodes.get("files")),
            self.programs(nodes.get(_PROGRAMS), files),
        )
        if self.problems:
            raise ForgeError.of(self.problems)
        return memory

    def problem(self, message: str, where: Where, hint: str = "") -> None:
        self.problems.append(Problem(message, where, hint))

    def pairs(self, node: yamlio.Node | None, name: str) -> dict[str, tuple[yamlio.Text, yamlio.Node]]:
        if isinstance(node, yamlio.Map):
            return {key.value: (key, value) for key, value in node.pairs}
        if node is not None:
            self.problem(f"{name or 'the file'} must be a mapping", node.where)
        return {}

    def text(self, node: yamlio.Node | None, name: str, pattern: re.Pattern[str] | None = None, shape: str = "") -> str:
        if node is None:
            return ""
        value = _value(node)
        if not isinstance(value, str) or (pattern and not pattern.fullmatch(value)):
            self.problem(f"{name} must be {shape or 'text'}", node.where)
            return ""
        return value

    def source(self, node: yamlio.Node | None) -> dict[str, str]:
        found = self.pairs(node, "source")
        if node is not None and set(found) not in _SOURCES:
            self.problem("source must have `package`, `example`, `folder`, or `url` and `commit`", node.where)
        wanted = {"commit": (_COMMIT, "40 hex digits")}
        return {key: self.text(value, f"source.{key}", *wanted.get(key, ())) for key, (_, value) in found.items()}

    def answer(self, key: str, node: yamlio.Node) -> str | bool:
        value = _value(node)
        if not isinstance(value, str | bool):
            self.problem(f"the answer to {key!r} must be text, true or false", node.where)
            return ""
        return value

    def files(self, node: yamlio.Node | None) -> dict[str, str | Digest]:
        found = self.pairs(node, "files")
        if node is not None and len(found) > MAX_FILES:
            self.problem(f"files must have at most {MAX_FILES} entries", node.where)
            return {}
        return {path: self.kept(path, *pair) for path, pair in found.items()}

    def programs(self, node: yamlio.Node | None, files: Mapping[str, str | Digest]) -> frozenset[str]:
        if node is None:
            return frozenset()
        items = node.items if isinstance(node, yamlio.Seq) else [node]
        paths = [_value(item) for item in items]
        if not isinstance(node, yamlio.Seq) or not all(path in files for path in paths):
            self.problem(f"{_PROGRAMS} must be a list of paths that `files` contains", node.where)
            return frozenset()
        return frozenset(map(str, paths))

    def kept(self, path: str, place: yamlio.Text, node: yamlio.Node) -> str | Digest:
        try:
            check_relative(path)
            if path != f"specs/{self.name}.yml" and not path.startswith(f"specs/{self.name}/"):
                self.problem(f"{path!r} is not a file of this spec", place.where)
        except ForgeError as error:
            self.problem(error.problems[0].message, place.where, error.problems[0].hint)
        if not isinstance(node, yamlio.Map):
            return self.text(node, "a file")
        inside = self.pairs(node, "")
        if set(inside) != {"sha256"}:
            self.problem("a file must be either text or a mapping with the key `sha256`", node.where)
            return Digest("")
        return Digest(self.text(inside["sha256"][1], "sha256", _SHA256, "64 hex digits"))


def _value(node: yamlio.Node) -> yamlio.Scalar:
    return node.data() if isinstance(node, yamlio.Text) else None
