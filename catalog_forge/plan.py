"""Represents, in memory, the files that a command is going to write."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from copy import copy
from dataclasses import dataclass

from catalog_forge.errors import ForgeError

EXECUTABLE = 0o755
REGULAR = 0o644


@dataclass(frozen=True, slots=True)
class File:
    """One file: a relative POSIX path, its bytes, its permission bits (0o644 or 0o755)."""

    path: str
    content: bytes
    mode: int = REGULAR

    @property
    def digest(self) -> str:
        """Return the SHA-256 of mode and content, in hex."""
        digest = hashlib.sha256(b"%o\n" % self.mode)
        digest.update(self.content)  # concatenation would copy the content, which takes longer than hashing it
        return digest.hexdigest()


class Plan:
    """A set of files with distinct, safe paths, sorted by path."""

    def __init__(self, files: Iterable[File] = ()) -> None:
        self._files: dict[str, File] = {}
        self.image: Mapping[str, str] = {}
        """The `tag` and the `confd` checksum of an image among the files, for readers that do not parse its spec again."""
        for file in files:
            self.add(file)

    def add(self, file: File) -> None:
        """Add one file.

        Raises ForgeError if the path is absolute, leaves its root, or is already used by another file or folder.
        """
        check_relative(file.path)
        if file.path in self._files:
            raise ForgeError(f"two files would be written to {file.path}")
        self._files[file.path] = file

    def add_text(self, path: str, text: str, mode: int = REGULAR) -> None:
        """Add a text file, encoded as UTF-8."""
        self.add(File(path, text.encode(), mode))

    def merge(self, other: Plan, below: str = "") -> None:
        """Add all files of `other`, below the folder `below` if given."""
        self.image = self.image or other.image
        for file in other:
            self.add(File(f"{below}/{file.path}" if below else file.path, file.content, file.mode))

    def below(self, folder: str) -> Plan:
        """Return the files below `folder`, with paths relative to it."""
        prefix = folder.rstrip("/") + "/"
        return Plan(File(f.path.removeprefix(prefix), f.content, f.mode) for f in self if f.path.startswith(prefix))

    def changed(self, change: Callable[[File], File]) -> Plan:
        """Return a copy of this plan with `change` applied to each file. `change` must not change the path of a file."""
        made = copy(self)
        made._files = {path: change(file) for path, file in self._files.items()}
        return made

    def __iter__(self) -> Iterator[File]:
        return iter(self._files[path] for path in sorted(self._files))

    def __len__(self) -> int:
        return len(self._files)

    def __contains__(self, path: str) -> bool:
        return path in self._files

    def __getitem__(self, path: str) -> File:
        return self._files[path]

    def text(self, path: str) -> str:
        """Return the content of a file as text."""
        return self._files[path].content.decode()

    @property
    def digest(self) -> str:
        """The SHA-256 of all paths, modes and contents, in hex. The order in which files were added does not matter."""
        return digest_of({file.path: file.digest for file in self})


def digest_of(files: Mapping[str, str]) -> str:
    """Compute the digest of a plan from the digests of its files; `files` maps each path to a digest."""
    whole = hashlib.sha256()
    for path in sorted(files):
        whole.update(f"{files[path]} {path}\n".encode())
    return whole.hexdigest()


def check_relative(path: str) -> None:
    """Raise ForgeError unless `path` is a relative POSIX path that stays below its root."""
    parts = path.split("/")
    if not path or path.startswith("/") or "\\" in path or "\0" in path or {"", ".", ".."} & set(parts):
        raise ForgeError(f"unsafe path {path!r}", hint="use a relative path that stays below its folder")
