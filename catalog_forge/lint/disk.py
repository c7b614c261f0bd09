"""The one place where lint touches the disk: a path becomes a tree. Nothing is read here but names, sizes and modes.

A path may be a repository, one of its top folders, an entry, a revision, the folder of an image, or a file of one of these. What
lies above it decides what it is, so that one revision is judged as in its catalog.
"""

from __future__ import annotations

import os
import stat
from collections.abc import Iterator
from pathlib import Path

from catalog_forge.errors import ForgeError, Where
from catalog_forge.lint.catalog import STANDARDS, TOP
from catalog_forge.rancher.entries import COMPOSE, CONFIG, is_revision
from catalog_forge.rancher.tree import MAX_BYTES, File, Kind, Tree, joined

MAX_FILES = 200_000
_PASSED_OVER = frozenset((".git", ".catalog-forge", ".venv", "node_modules", "__pycache__"))


def read(path: Path, shown: str = "") -> Tree:
    """Return the files at and below a path as a tree whose root is that of a catalog.

    `shown` stands before the paths in errors; `""` is the folder in which a person works. Links are followed inside `path` only.
    Raises ForgeError when there is no such path, and when there are more than 200,000 files.
    """
    if not path.exists():
        raise ForgeError(f"there is no file or folder {path}")
    if path.is_file():
        return _of_file(path, shown)
    if not path.is_dir():
        raise ForgeError(f"{path} is neither a folder nor a regular file")
    root = path.resolve()
    inside = _inside(root)
    files = [*_files(root, inside, shown)]
    return Tree([*files, *_above(root)] if inside else files, inside)


def _of_file(path: Path, shown: str) -> Tree:
    """A file alone: it is the whole tree, at the place that it has in a catalog, with the standards that hold there."""
    real = path.resolve()
    inside = joined(_inside(real.parent), real.name)
    found = _file(real.parent, real, inside, shown or str(path))
    return Tree([*([found] if found else []), *_above(real.parent)], inside)


def _inside(folder: Path) -> str:
    """The path that a folder has in its catalog: "" for a repository, `templates/web/0` for a revision."""
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
    """The catalog-forge.yml that holds for a path: in its folder, or the nearest one above."""
    folder = (path if path.is_dir() else path.parent).resolve()
    return next((found for each in (folder, *folder.parents) if (found := each / STANDARDS).is_file()), None)


def _above(folder: Path) -> Iterator[File]:
    """The catalog-forge.yml that holds for a folder: the nearest one above it."""
    path = standards(folder.parent)
    found = path and _file(path.parent, path, STANDARDS, os.path.relpath(path))
    if found:
        yield found


def _files(root: Path, inside: str, shown: str) -> Iterator[File]:
    """Walk a folder; the one that is too large is refused before anything is read."""
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
    """A file or folder that this user may not read."""
    return File(inside, 0, lambda: b"", "closed", shown=shown)


def _file(root: Path, path: Path, inside: str, shown: str) -> File | None:
    """One file; None when it is gone."""
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
    """What a link is: one that leads in a circle leads nowhere, as one does whose target is gone."""
    try:
        target = path.resolve()
        return ("link", target.stat()) if target.is_relative_to(root) and target.is_file() else ("stray", status)
    except RuntimeError:  # pathlib's word for a circle before Python 3.13
        return "stray", status


def _content(path: Path) -> bytes:
    """The bytes of a file, no more than the bound: it may have grown, or have become a pipe, since it was listed."""
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    with os.fdopen(descriptor, "rb") as file:
        return file.read(MAX_BYTES) if stat.S_ISREG(os.fstat(file.fileno()).st_mode) else b""
