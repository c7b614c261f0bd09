"""The types of options and arguments that take a path.

A relative path starts in the current folder. With `-C DIR`, the root command first makes DIR the current folder.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import click

from catalog_forge.shown import printable

if TYPE_CHECKING:
    _Path = click.Path[Path]
else:
    _Path = click.Path  # only recent releases of click have generic types at run time

# The maximum number of characters of a path in an error message.
_MOST = 200
_DENIED = "`ls -ld` shows its permissions: change the owner or the mode, or choose another path"


class PathType(_Path):
    """The type of a path of a file or folder. The path must exist or, if `new` is set, must be writable."""

    def __init__(self, *, folder: bool = False, new: bool = False) -> None:
        super().__init__(exists=not new, file_okay=not folder, dir_okay=folder, path_type=Path)
        self.what = "folder" if folder else "file"
        self.new = new

    def convert(self, value: str | os.PathLike[str], param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path. Fails, before the command has done any work, if the path cannot be read or written."""
        path = Path("/dev/stdout" if self.new and value == "-" else value)
        try:
            wrong = self._wrong(path) if os.fspath(value) else f"the path is empty: name a {self.what}"
        except OSError as error:
            wrong = f"{_named(path)} cannot be reached ({error.strerror}): check the path"
        if wrong:
            self.fail(wrong, param, ctx)
        return path

    def _wrong(self, path: Path) -> str:
        """Return what is wrong with a path and what to do about it, or an empty string."""
        if path.exists() and path.is_dir() != (self.what == "folder"):
            words = ("is a file", "name its folder") if self.what == "folder" else ("is a folder", "name a file in it")
            return f"{_named(path)} {': '.join(words)}"
        if self.new:
            return self._unwritable(path)
        if not path.exists():
            return self._missing(path)
        return "" if os.access(path, os.R_OK) else f"{_named(path)} cannot be read (permission denied): {_DENIED}"

    def _missing(self, path: Path) -> str:
        """Return an error for a path that does not exist, with the nearest name in its folder."""
        from catalog_forge.errors import nearest

        if path.is_symlink():
            return f"{_named(path)} is a link to {_named(path.readlink())}, which does not exist: correct the link"
        if not path.parent.is_dir():
            return f"there is no folder {_named(path.parent)}{_where(path)}: check the path"
        there = (each for each in path.parent.iterdir() if not each.name.startswith("."))
        names = (each.name for each in there if (each.is_dir() if self.what == "folder" else each.is_file()))
        return f"there is no {self.what} {_named(path)}{_where(path)}: {nearest(path.name, names, 'check the path')}"

    def _unwritable(self, path: Path) -> str:
        """Return why a file or folder cannot be made, or an empty string. For a file, the parent folder must exist."""
        from catalog_forge.cli.shown.outfile import descriptor

        if descriptor(path) is not None or (path.exists() and not (path.is_file() or path.is_dir())):
            return ""  # an open file such as /dev/stdout, or a device
        real = path.resolve()
        above = real if path.is_dir() else real.parent
        if self.what == "file" and not above.exists():
            return f"there is no folder {_named(path.parent)}{_where(path)}: create it, or choose another folder"
        above = next(each for each in (above, *above.parents) if each.exists())
        if not above.is_dir():
            return f"{_named(above)} is a file: choose another path"
        why = "the disk is read-only, or permission is denied"
        return "" if os.access(above, os.W_OK | os.X_OK) else f"{_named(above)} cannot be written to ({why}): {_DENIED}"


def _named(path: Path) -> str:
    return f"'{printable(str(path))[:_MOST]}'"


def _where(path: Path) -> str:
    return "" if path.is_absolute() else f" in {printable(str(Path.cwd()))}"


FILE, FOLDER, NEW_FILE, NEW_FOLDER = PathType(), PathType(folder=True), PathType(new=True), PathType(folder=True, new=True)
