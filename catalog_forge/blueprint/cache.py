"""Caches the blueprints of git repositories, so that they can be used again, even without a network.

Each commit of a repository has its own folder: `files/` has the files of that commit, and `lock.json` has the URL, the commit and
a digest of the files. All three are verified at each use. The cache may be deleted: specs/NAME/.blueprint.json, which a team
commits, records the URL and the commit of the blueprint.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from tempfile import mkdtemp

from catalog_forge.errors import ForgeError, Where
from catalog_forge.git import checkout
from catalog_forge.spec.folder import walked

LOCK, FILES = "lock.json", "files"


@contextmanager
def at_commit(url: str, commit: str, base: Path, cache: Path | None, check: Callable[[Path], object]) -> Iterator[Path]:
    """Yield a folder with the files of a repository at a commit. If the cache lacks the commit, fetch it with git.

    `check` raises ForgeError for files that must not be cached. Raises ForgeError if the cached files have changed, or if
    `checkout` fails.
    """
    source = str((base / url).resolve()) if (base / url).is_dir() else url
    folder = cache and cache / f"{hashlib.sha256(source.encode()).hexdigest()[:16]}-{commit}"
    if folder and (folder / LOCK).is_file():
        yield _unchanged(folder, source, commit)
        return
    with checkout(url, commit, base) as fresh:
        check(fresh)
        if folder:
            with suppress(OSError):  # if the cache cannot be written, each use fetches the files again
                _keep(fresh, folder, source, commit)
        yield fresh


def _unchanged(folder: Path, source: str, commit: str) -> Path:
    try:
        kept = json.loads((folder / LOCK).read_bytes())
    except (OSError, ValueError, RecursionError):
        kept = None
    if kept != _lock(folder / FILES, source, commit):
        raise ForgeError(
            "the files of the blueprint in the cache were changed after they were fetched",
            Where(str(folder)),
            "delete this folder, so that the blueprint is fetched again",
        )
    return folder / FILES


def _keep(fresh: Path, folder: Path, source: str, commit: str) -> None:
    """Add the files to the cache in one step, so that the cache never has a folder with only some of the files."""
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    begun = Path(mkdtemp(prefix="new-", dir=folder.parent))
    try:
        shutil.copytree(fresh, begun / FILES, symlinks=True, ignore=lambda place, _: [".git"] if place == str(fresh) else [])
        (begun / LOCK).write_text(json.dumps(_lock(begun / FILES, source, commit), indent=1) + "\n", encoding="utf-8")
        begun.rename(folder)
    finally:
        shutil.rmtree(begun, ignore_errors=True)


def _lock(files: Path, source: str, commit: str) -> dict[str, str]:
    return {"url": source, "commit": commit, "digest": digest_of(files)}


def digest_of(folder: Path) -> str:
    """Return the SHA-256 of everything below a folder: paths, contents, executable bits and targets of links."""
    whole = hashlib.sha256()
    for path in walked(folder):
        if path.is_symlink():
            kind, content = "link", os.fsencode(path.readlink())
        elif path.is_file():
            kind, content = "program" if path.stat().st_mode & 0o100 else "file", path.read_bytes()
        else:
            kind, content = "folder", b""
        whole.update(f"{kind} {hashlib.sha256(content).hexdigest()} ".encode() + os.fsencode(path.relative_to(folder)) + b"\0")
    return whole.hexdigest()
