"""Reads a catalog at an earlier commit, and finds published revisions that changed afterwards. The repository is untrusted."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from pathlib import Path

from catalog_forge import git
from catalog_forge.errors import ForgeError, Where
from catalog_forge.lint.findings import Hit, Level
from catalog_forge.rancher.entries import is_revision
from catalog_forge.rancher.tree import MAX_BYTES, File, Tree, joined

MAX_CONTENT = 256 << 20
# The line format of `ls-tree -l`: MODE TYPE NAME SIZE and the path. Symbolic links and submodules are skipped, as in Rancher.
_ENTRY = re.compile(rb"100[0-7]{3} blob ([0-9a-f]{40,64}) +([0-9]+)\t(.*)", re.DOTALL)


def changed(old: Tree, new: Tree) -> Iterator[Hit]:
    """Yield a hit for each missing published revision, and for each changed or missing file in the remaining published revisions.

    New files and new revisions yield no hit. Line endings are not compared, because git may change them at checkout.
    """
    gone: set[str] = set()
    for path, before in old.files.items():
        folder = _revision(path)
        if not folder or folder in gone:
            continue
        after = new.get(path)
        if after is None and folder not in new.folders:
            gone.add(folder)
            where = Where((before.shown or path).removesuffix(path[len(folder) :]))
            yield Hit(
                where,
                f"the published revision {folder} no longer exists: stacks of this revision have lost their files",
                "restore the folder",
            )
        elif after is None:
            yield Hit(
                before.at(),
                f"{before.name} was removed from a published revision",
                "restore the file, and change it only in a new revision",
            )
        elif not _equal(before, after):
            level: Level | None = "note" if before.name.lower().startswith("readme") else None
            yield Hit(
                after.at(),
                f"{before.name} has changed in a published revision",
                "undo the change, and make it in a new revision",
                level=level,
            )


def _revision(path: str) -> str:
    """Return the folder of the revision that contains a path; an empty string if no revision contains the path."""
    parts = path.split("/", 3)
    return "/".join(parts[:3]) if len(parts) > 3 and is_revision(parts[2]) else ""


def _equal(one: File, other: File) -> bool:
    if not (one.is_readable and other.is_readable):
        return one.size == other.size
    return is_same(one.content, other.content)


def is_same(one: bytes, other: bytes) -> bool:
    """Whether two contents are equal except for line endings, which git may change at checkout."""
    return one == other or one.replace(b"\r\n", b"\n") == other.replace(b"\r\n", b"\n")


def at(path: Path, ref: str, inside: str = "", shown: str = "") -> Tree:
    """Return the files of the revisions at or below a path, with their contents at a commit of the enclosing repository.

    `inside` is `Tree.inside` of the tree that was read from `path`; `shown` is put before the paths in errors, as in `disk.read`.
    Raises ForgeError if git is not installed, if there is no repository, if the commit does not exist, or if the revisions are
    too large.
    """
    real = path.resolve()
    folder, name = (real, "") if real.is_dir() else (real.parent, real.name)
    commit = git.commit_of(folder, ref)
    prefix = git.prefix_of(folder) + name
    below_it = ("--", prefix) if prefix else ()
    listed = git.read(folder, "--literal-pathspecs", "ls-tree", "-r", "-z", "-l", "--full-tree", commit, *below_it)
    found: dict[str, tuple[str, int, str]] = {}
    for entry in listed.split(b"\0"):
        if match := _ENTRY.fullmatch(entry):
            below = os.fsdecode(match[3]).removeprefix(prefix)
            where = joined(inside, below)
            if _revision(where):
                found[where] = match[1].decode(), int(match[2]), joined(shown, below)
    blobs = {blob: size for blob, size, _ in found.values() if size <= MAX_BYTES}
    if sum(blobs.values()) > MAX_CONTENT:
        raise ForgeError(f"the published revisions contain more than {MAX_CONTENT >> 20} MiB", hint="check one entry at a time")
    contents = git.contents(folder, blobs)
    return Tree((_file(where, *each, contents) for where, each in found.items()), inside)


def _file(path: str, blob: str, size: int, shown: str, contents: dict[str, bytes]) -> File:
    return File(path, size, lambda: contents.get(blob, b""), shown=shown)
