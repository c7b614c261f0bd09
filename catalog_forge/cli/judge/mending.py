"""Shows and writes the fixes that findings offer, for `lint --fix` and `lint --diff`."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.cli.shown.paint import painted_diff
from catalog_forge.errors import ForgeError, Where

if TYPE_CHECKING:
    from catalog_forge.rancher.tree import File, Tree

_MARKS = (".git", "catalog-forge.yml", "specs")


def show(before: Tree, after: Tree) -> None:
    """Print the changes that fixes make, in the form of a diff for `patch -p1`. On a terminal, control characters are escaped."""
    from catalog_forge.lint.runner import fixes

    diff = fixes.diff(fixes.changes(before, after))
    click.echo(painted_diff(diff) if sys.stdout.isatty() else diff, nl=False)


def write(start: Path, path: Path, before: Tree, after: Tree) -> int:
    """Write all changes that fixes make, or none of them. Return the number of changed files.

    `path` is the argument of the command, relative to `start`. Raises ForgeError, with nothing written, if a file has changed
    since it was read, is reached through a symbolic link or cannot be written.
    """
    from catalog_forge import journal, plan
    from catalog_forge.lint.runner import fixes

    changed = fixes.changes(before, after)
    if not changed:
        return 0
    real = (start / path).resolve()
    folder = real if real.is_dir() else real.parent
    root = _root(folder, start.resolve())
    files = []
    with journal.locked(root):
        for old, new in changed:
            name = _below(root, folder, path, new)
            found = journal.read(root, name)
            if (found.content if found else None) != (old.content if old else None):
                raise ForgeError("the file has changed since it was read", Where(new.shown), "nothing was written; try again")
            files.append(plan.File(name, new.content, plan.EXECUTABLE if new.mode & 0o100 else plan.REGULAR))
        journal.change(root, files, ())
    return len(files)


def _root(folder: Path, start: Path) -> Path:
    """Return the folder in which to write the journal.

    The journal is written where the next command looks for it: in the catalog or, without a catalog, in the working folder.
    """
    marked = (each for each in (folder, *folder.parents) if any((each / mark).exists() for mark in _MARKS))
    return next(marked, start if folder.is_relative_to(start) else folder)


def _below(root: Path, folder: Path, path: Path, file: File) -> str:
    """Return the path of a file in the tree, relative to `root`.

    `path` is the argument from which the tree was read: `folder` itself or a file in `folder`.
    """
    shown = Path(file.shown or file.path)
    below = Path(shown.name) if shown == path else shown.relative_to(path)
    return (folder / below).relative_to(root).as_posix()
