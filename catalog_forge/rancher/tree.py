"""Gives lint access to the files of a catalog, an entry, an image or a spec. Files are read on demand, up to a size limit.

A tree is untrusted: symbolic links that lead out of the tree are not followed, and files that are too large are not read.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping
from copy import copy
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where
from catalog_forge.goyaml import decoding

MAX_BYTES = 1 << 20

# The kinds are, in this order: a regular file; a symbolic link to a file in the tree; a symbolic link that is broken or leads out
# of the tree; a pipe, socket or device; a file or folder that this user may not read.
Kind = Literal["file", "link", "stray", "special", "closed"]


@dataclass(frozen=True)
class File:
    """One file of a tree: its path relative to the root, with `/` as the separator, its size in bytes and its mode. The content
    is read on demand.

    `shown` is the path in error messages, as the user would type it. If the text is part of a larger file, `above` is the
    number of lines before this part.
    """

    path: str
    size: int
    read: Callable[[], bytes] = field(repr=False, compare=False)
    kind: Kind = "file"
    mode: int = 0o644
    shown: str = ""
    above: int = 0

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def folder(self) -> str:
        """The path of the folder that contains the file, `""` for the root."""
        return self.path.rpartition("/")[0]

    @property
    def is_readable(self) -> bool:
        """Whether this is a regular file, or a symbolic link to a file in the tree, within the size limit."""
        return self.kind in ("file", "link") and self.size <= MAX_BYTES

    def at(self, line: int = 0, column: int = 0) -> Where:
        """Return a location in this file."""
        return Where(self.shown or self.path, line + self.above, column)

    def offset(self, offset: int) -> Where:
        """Return the location of the character at this offset of the text."""
        line = bisect_right(self._starts, offset)
        return self.at(line, offset - self._starts[line - 1] + 1)

    @cached_property
    def _starts(self) -> list[int]:
        """The offsets at which the lines of the text begin."""
        return [0, *(found.end() for found in re.finditer("\n", self.text))]

    @cached_property
    def content(self) -> bytes:
        """The bytes of the file; empty if it cannot be read, is too large, or is outside the tree."""
        if not self.is_readable:
            return b""
        try:
            return self.read()
        except OSError:
            return b""

    @cached_property
    def text(self) -> str:
        """The content as text, without a byte order mark. Bytes that are not UTF-8 become U+FFFD; line endings are kept."""
        return self.content.decode("utf-8-sig", "replace")

    @cached_property
    def lines(self) -> list[str]:
        """The lines of the text."""
        return self.text.splitlines()

    @cached_property
    def yaml(self) -> Yaml:
        """The content as Rancher's YAML reader reads it."""
        if not self.is_readable:
            return Yaml(None, (Problem("the file cannot be read", self.at()),))
        return Yaml.read(self.content, self.shown or self.path)

    @cached_property
    def decoded(self) -> Yaml:
        """The content as Go decodes it: one invalid merge key, anywhere, makes the whole file invalid."""
        found = self.yaml
        problems = [*decoding.too_large(found.node)] if b"*" in self.content else []
        if b"<<" in self.content and found.node is not None:
            problems += decoding.broken_merges(found.node)
        return Yaml(found.node, tuple(problems), found.duplicates, found.second) if problems else found


@dataclass(frozen=True, slots=True)
class Yaml:
    """The content of a YAML file: its first document (None if it is empty or broken), and the `problems` that break it.

    `duplicates` are keys that appear twice, of which the last counts; `second` is the location of a second document, which is
    ignored. Rancher accepts both, but they are worth a warning.
    """

    node: yamlio.Node | None
    problems: tuple[Problem, ...] = ()
    duplicates: tuple[yamlio.Double, ...] = ()
    second: Where | None = None

    @classmethod
    def read(cls, text: bytes | str, file: str) -> Yaml:
        """Parse text as Rancher's YAML reader does. `file` is the file name in all locations."""
        try:
            found = yamlio.parse_lenient(text, file)
        except ForgeError as error:
            return cls(None, tuple(error.problems))
        return cls(found.node, (), found.duplicates, found.second)

    @property
    def map(self) -> yamlio.Map | None:
        """The document, if it is a mapping."""
        return self.node if isinstance(self.node, yamlio.Map) else None

    @property
    def keys(self) -> dict[str, yamlio.Node]:
        """The values of the document by key, with merge keys expanded; empty if the document is not a mapping."""
        return decoding.fields(self.node)


def is_template(text: str) -> bool:
    """Tell whether Rancher renders text as a template: whether the text has actions, and does not begin with `# notemplating`."""
    return "{{" in text and not text.lstrip().startswith(("# notemplating", "#notemplating"))


def joined(before: str, below: str) -> str:
    """Join two paths, either of which may be empty."""
    return f"{before}/{below}" if before and below else before or below


def keys_of(node: yamlio.Node | None) -> dict[str, yamlio.Node]:
    """Return the values of a mapping by key; empty if the node is not a mapping."""
    return {key.value: value for key, value in node.pairs} if isinstance(node, yamlio.Map) else {}


def key_of(node: yamlio.Node | None, name: str) -> yamlio.Text | None:
    """Return the key `name` of a mapping as a node, which has a location; None if the key is missing."""
    pairs = node.pairs if isinstance(node, yamlio.Map) else ()
    return next((key for key, _ in pairs if key.value == name), None)


class Tree:
    """Files by their paths relative to a root, sorted by path.

    `inside` is the path of the folder or file that was read, `""` for the whole root. Files outside `inside` are unknown.
    """

    def __init__(self, files: Iterable[File], inside: str = "") -> None:
        self.inside = inside
        self.files: dict[str, File] = {file.path: file for file in sorted(files, key=lambda file: file.path.split("/"))}

    @classmethod
    def of(cls, contents: Mapping[str, bytes | str]) -> Tree:
        """Return a tree in memory. Files that begin with `#!` get the mode of executable files."""
        made = {path: text.encode() if isinstance(text, str) else text for path, text in contents.items()}
        return cls(
            File(path, len(content), lambda content=content: content, mode=0o755 if content.startswith(b"#!") else 0o644)  # type: ignore[misc]
            for path, content in made.items()
        )

    def covers(self, path: str) -> bool:
        """Tell whether the tree contains every file below a folder. If so, a file that the tree lacks does not exist."""
        if any(f"{closed}/".startswith(f"{path}/" if path else "") for closed in self._closed):
            return False
        return not self.inside or f"{path}/".startswith(f"{self.inside}/")

    @cached_property
    def _closed(self) -> list[str]:
        return [file.path for file in self.files.values() if file.kind == "closed"]

    def get(self, path: str) -> File | None:
        """Return the file at a path."""
        return self.files.get(path)

    def with_files(self, files: Iterable[File]) -> Tree:
        """Return a copy of this tree with additional files, which replace existing files at the same paths."""
        made = copy(self)
        made.__dict__.pop("folders", None)
        both = {**self.files, **{file.path: file for file in files}}
        made.files = {path: both[path] for path in sorted(both, key=lambda path: path.split("/"))}
        return made

    @cached_property
    def folders(self) -> dict[str, Folder]:
        """All folders by path, `""` for the root, each with its files and folders."""
        found: dict[str, Folder] = {"": Folder("")}
        for file in self.files.values():
            self._folder(file.folder, found).files[file.name] = file
        return found

    def _folder(self, path: str, found: dict[str, Folder]) -> Folder:
        if path not in found:
            above, _, name = path.rpartition("/")
            found[path] = Folder(path)
            self._folder(above, found).folders[name] = found[path]
        return found[path]


@dataclass
class Folder:
    """A folder of a tree: the files and folders in it, by name."""

    path: str
    files: dict[str, File] = field(default_factory=dict)
    folders: dict[str, Folder] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """The last part of the path."""
        return self.path.rpartition("/")[2]

    @property
    def where(self) -> Where:
        """The location of the folder in errors, derived from the shown path of its first file."""
        for file in self.everything:
            return Where((file.shown or file.path).removesuffix(file.path[len(self.path) :]))
        return Where(self.path)

    @cached_property
    def everything(self) -> list[File]:
        """All files in the folder and below it, in the order of Go's filepath.Walk: by name."""
        found: list[File] = []
        for name in sorted({*self.files, *self.folders}):
            if name in self.files:
                found.append(self.files[name])
            else:
                found += self.folders[name].everything
        return found
