"""The only module of lint that reads from disk: it turns a path into a tree. The tree has the names, sizes and modes of files;
the contents of a file are read only when they are needed.

The path may be a repository, one of its top folders, an entry, a revision, the folder of an image, or a file in one of these. The
files in a folder and the names of the folders above it show which of these the folder is. A single revision can therefore be
judged as it would be in its catalog.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from catalog_forge.errors import ForgeError, Where, nearest
from catalog_forge.lint.catalog import STANDARDS, TOP
from catalog_forge.rancher.entries import COMPOSE, CONFIG, is_revision
from catalog_forge.rancher.tree import MAX_BYTES, File, Kind, Tree, joined

MAX_FILES = 200_000
_PASSED_OVER = frozenset((".git", ".catalog-forge", ".venv", "node_modules", "__pycache__"))


def read(path: Path, shown: str = "") -> Tree:
    """Return the files at and below a path as a tree whose root is the root of the catalog.

    `shown` is put before the paths in error messages; if it is empty, messages show the files of a folder with their paths
    relative to the folder. Symbolic links are followed only to targets inside `path`. Raises ForgeError if the path does not
    exist, or if there are more than 200,000 files.
    """
    if not path.exists():
        raise ForgeError(f"there is no file or folder {path}", hint=_meant(path))
    if path.is_file():
        return _of_file(path, shown)
    if not path.is_dir():
        raise ForgeError(f"{path} is neither a folder nor a regular file", hint="name the folder of a catalog, or a file in it")
    root = path.resolve()
    inside = _inside(root)
    files = [*_files(root, inside, shown)]
    return Tree([*files, *_above(root)] if inside else files, inside)


def _meant(path: Path) -> str:
    """Return a hint for a path that does not exist: the files of the spec, image or entry with this name, or the nearest path."""
    name = path.name
    if path.is_symlink():
        return f"it is a link to {path.readlink()}, which does not exist: correct the link"
    named = [path.parent / each for each in (f"specs/{name}.yml", f"images/{name}", f"templates/{name}")]
    try:
        if found := [str(each) for each in named if each.exists()]:
            return f"write the path of what is called {name}, such as {' or '.join(found)}"
        there = [each.name for each in path.parent.iterdir() if not each.name.startswith(".")]
    except OSError:  # such as for a name that is too long
        there = []
    return nearest(name, there, "check the path; with -C DIR, relative paths begin in DIR")


def _of_file(path: Path, shown: str) -> Tree:
    """Return a tree that contains only a file, at its path in the catalog, and the catalog-forge.yml that applies to the file."""
    real = path.resolve()
    inside = joined(_inside(real.parent), real.name)
    found = _file(real.parent, real, inside, shown or str(path))
    return Tree([*([found] if found else []), *_above(real.parent)], inside)


def _inside(folder: Path) -> str:
    """Return the path of a folder in its catalog: "" for a repository, and a path such as `templates/web/0` for a revision."""
    names = folder.parts[1:]
    if is_revision(folder.name) and any((folder / name).is_file() for name in COMPOSE):
        return "/".join((_top(names[-3:-2]), *names[-2:]))
    if _is_entry(folder):
        return "/".join((_top(names[-2:-1]), *names[-1:]))
    if TOP.fullmatch(folder.name):
        return folder.name
    if folder.name == "specs" or (folder.parent.name == "images" and not (folder / STANDARDS).exists()):
        return folder.name if folder.name == "specs" else f"images/{folder.name}"
    return ""


def _is_entry(folder: Path) -> bool:
    if (folder / CONFIG).is_file():
        return True
    try:
        children = [each for each in folder.iterdir() if is_revision(each.name)]
    except OSError:
        return False
    return any((each / name).is_file() for each in children[:100] for name in COMPOSE)


def _top(names: tuple[str, ...]) -> str:
    return names[0] if names and TOP.fullmatch(names[0]) else "templates"


def standards(path: Path) -> Path | None:
    """Return the catalog-forge.yml that applies to a path: the file in the path's folder, else in the nearest folder above."""
    folder = (path if path.is_dir() else path.parent).resolve()
    return next((found for each in (folder, *folder.parents) if (found := each / STANDARDS).is_file()), None)


def _above(folder: Path) -> Iterator[File]:
    """Yield the nearest catalog-forge.yml above `folder`, whose standards apply to `folder`."""
    path = standards(folder.parent)
    found = path and _file(path.parent, path, STANDARDS, os.path.relpath(path))
    if found:
        yield found


def _files(root: Path, inside: str, shown: str) -> Iterator[File]:
    """Yield every file below a folder. If there are too many files, raises ForgeError before any content is read."""
    count = 0
    closed: list[str] = []
    for folder, folders, names in os.walk(root, onerror=lambda error: closed.append(error.filename)):
        folders[:] = sorted(each for each in folders if each not in _PASSED_OVER)
        links = [each for each in folders if (Path(folder) / each).is_symlink()]
        for name in (*names, *links):
            count += 1
            if count > MAX_FILES:
                raise ForgeError(f"there are more than {MAX_FILES} files", Where(shown or str(root)))
            path = Path(folder) / name
            below = path.relative_to(root).as_posix()
            found = _file(root, path, joined(inside, below), joined(shown, below))
            if found:
                yield found
    for name in closed:
        below = Path(name).relative_to(root).as_posix()
        yield _closed(joined(inside, below), joined(shown, below))


def _closed(inside: str, shown: str) -> File:
    """Return a File for a file or folder that the current user may not read."""
    return File(inside, 0, lambda: b"", "closed", shown=shown)


def _file(root: Path, path: Path, inside: str, shown: str) -> File | None:
    """Return the File for a path; None if the file was deleted after it was listed."""
    try:
        status = path.lstat()
        kind: Kind = "file" if stat.S_ISREG(status.st_mode) else "special"
        if stat.S_ISLNK(status.st_mode):
            kind, status = _link(root, path, status)
    except PermissionError:
        return _closed(inside, shown)
    except OSError:
        return None
    if kind in ("file", "link") and not os.access(path, os.R_OK):
        return _closed(inside, shown)
    return File(inside, status.st_size, lambda: _content(path), kind, stat.S_IMODE(status.st_mode), shown)


def _link(root: Path, path: Path, status: os.stat_result) -> tuple[Kind, os.stat_result]:
    """Return the kind and status of a symbolic link.

    The link is `stray` if its target is missing, outside `root` or not a file, or if the link is part of a cycle.
    """
    try:
        target = path.resolve()
        return ("link", target.stat()) if target.is_relative_to(root) and target.is_file() else ("stray", status)
    except RuntimeError:  # before Python 3.13, pathlib raises RuntimeError for a cycle of symbolic links
        return "stray", status


def _content(path: Path) -> bytes:
    """Return at most MAX_BYTES bytes of a file, which may have grown since it was listed; nothing if it is now a pipe."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
