"""Reads and writes the file of confd's back end `file`.

The file contains JSON in which every value is a string, and every list is a map keyed by index.
"""

from __future__ import annotations

import fcntl
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

from catalog_forge.confd.layout import nested
from catalog_forge.seed.store import Destination, refuse

# Characters that confd's YAML parser refuses unless they are escaped. The parser cannot read JSON's surrogate pairs at all.
_ESCAPED = re.compile("[\x7f-\x9f\ufeff\ufffe\uffff]")


def file_of(tree: Mapping[str, Any]) -> str:
    """Return the text of a file that confd reads as these nested maps of strings."""
    return _ESCAPED.sub(lambda found: f"\\u{ord(found[0]):04x}", json.dumps(tree, indent=1, ensure_ascii=False)) + "\n"


class JsonFile:
    """A client of a JSON file; the node is its path. Each write replaces the whole file, which only its owner can read."""

    most = room = 1 << 30

    def __init__(self, target: Destination) -> None:
        self._target, self._path = target, Path(target.node)

    def begin(self) -> None:
        """Do nothing: there is no connection."""

    def close(self) -> None:
        """Do nothing: there is no connection to close."""

    def read(self) -> dict[str, bytes]:
        """Return all values below the prefix as confd reads them, including values that are not strings."""
        return self._below(*self._holder(self._tree()))

    def _tree(self) -> dict[str, Any]:
        tree: object = None
        try:
            tree = json.loads(self._path.read_bytes() or b"{}") if self._path.exists() else {}
        except OSError as error:
            refuse(str(self._path), error.strerror or str(error))
        except (ValueError, RecursionError):
            pass
        if not isinstance(tree, dict):
            refuse(str(self._path), "the file must contain a JSON object of keys")
        return tree

    def _holder(self, tree: dict[str, Any]) -> tuple[dict[str, Any], str]:
        """Return the map at the prefix's parent, and the last part of the prefix.

        Raises ForgeError if the file has a value other than a map at the prefix or above it.
        """
        *above, last = self._target.prefix.strip("/").split("/")
        path, holder = "", tree
        for name in above:
            path, holder = f"{path}/{name}", holder.setdefault(name, {})
            _map(self._path, path, holder)
        _map(self._path, self._target.prefix, holder.get(last, {}))
        return holder, last

    def _below(self, holder: dict[str, Any], last: str) -> dict[str, bytes]:
        return dict(_leaves(self._target.prefix, holder.get(last, {})))

    def write(self, puts: Mapping[str, str], deletes: Sequence[str]) -> None:
        """Replace the file; everything outside the prefix stays unchanged."""
        try:
            # If the path is a symbolic link, the file that it leads to is replaced, and the link is kept.
            path = self._path.resolve()
            with self._new(path) as (new, name):
                text = file_of(self._with(puts, set(deletes))).encode()
                new.truncate()
                new.write(text)
                new.flush()
                name.replace(path)
        except OSError as error:
            refuse(str(self._path), error.strerror or str(error))
        except UnicodeEncodeError:
            refuse(str(self._path), "a value contains half of a surrogate pair, which confd cannot read")

    def _with(self, puts: Mapping[str, str], gone: set[str]) -> dict[str, Any]:
        """Return the tree of the file after the changes."""
        tree = self._tree()
        holder, last = self._holder(tree)
        leaves = {key: value.decode() for key, value in self._below(holder, last).items() if key not in gone} | dict(puts)
        holder[last] = nested({key.removeprefix(self._target.prefix): text for key, text in leaves.items()})
        return tree

    @contextmanager
    def _new(self, path: Path) -> Iterator[tuple[BinaryIO, Path]]:
        """Lock a temporary file next to the file to replace, and yield the temporary file and its path.

        A temporary file that a killed seed has left is reused.
        """
        name = path.with_name(f".catalog-forge.{path.name}")
        descriptor = os.open(name, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
        with os.fdopen(descriptor, "r+b") as file:
            try:
                fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                found = os.fstat(descriptor)
                is_ours = os.path.samestat(found, name.stat()) and found.st_uid == os.geteuid()
            except (BlockingIOError, FileNotFoundError):
                is_ours = False
            if not is_ours:
                refuse(str(self._path), "another process is writing to this file", "run this command again")
            try:
                os.fchmod(descriptor, 0o600)
                yield file, name
            except BaseException:
                name.unlink(missing_ok=True)
                raise


def _map(path: Path, key: str, value: object) -> None:
    if not isinstance(value, dict):
        refuse(str(path), f"{key} has a value, so it cannot contain other keys", "remove the value, or choose another prefix")


def _leaves(path: str, tree: Any) -> Iterator[tuple[str, bytes]]:
    if isinstance(tree, dict | list):
        for name, each in tree.items() if isinstance(tree, dict) else enumerate(tree):
            yield from _leaves(f"{path}/{name}", each)
    elif tree is not None:
        text = tree if isinstance(tree, str) else json.dumps(tree)
        yield path, text.encode("utf-8", "surrogatepass")
