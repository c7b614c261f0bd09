"""Change many files of a folder atomically: all of them or none, even if the process is killed.

1. `.catalog-forge/journal.json` lists the new files, the removals and the folders to be created.
2. The folders are created, and each file is staged in `.catalog-forge/`, which git ignores. To detect an
   unwritable target folder at this point, an empty folder (the probe) is renamed into each existing target folder. There the
   probe becomes the first new folder of the change, or is renamed back. If a target is on another file system, its file is staged
   next to it.
3. The journal is renamed to `committed.json`. The rename is the commit point: `recover` undoes a change that was killed
   before the rename, and completes a change that was killed after it.
4. Each staged file is renamed to its target, the files in the list of removals are deleted and, last, the journal is deleted.

After a `kill -9` at any point, the next command finds the old tree or the new one, because every command calls `recover` first.
A process that reads the tree during a change can see a mixture of old and new files. After the change, `.catalog-forge/` is
removed. The journal protects against the death of a process, not against a power cut, so fsync is not called. Symbolic links
in the path of a file are never followed.
"""

from __future__ import annotations

import errno
import fcntl
import json
import os
import re
import stat
import time
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path

from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import EXECUTABLE, REGULAR, File, check_relative

SCRATCH = ".catalog-forge"
LINK = stat.S_IFLNK
LOCK_SECONDS = 10.0

_BEGUN = f"{SCRATCH}/journal.json"
_COMMITTED = f"{SCRATCH}/committed.json"
_PROBE = f"{SCRATCH}/probe"
_IGNORE = File(f"{SCRATCH}/.gitignore", b"*\n")
# The only paths that a change may delete: generated files, files in the folder of a spec (for `update`), and optional files
# of charts. A chart may be written to any folder.
_MAY_REMOVE = re.compile(
    r"images/|templates/|compose/|charts/|specs/[^/]+/|[^/]+/[^/]+/(?:templates/[^/]+\.yaml|catalogIcon[^/]*)$"
)
_FINISHES = "fix this; the next command then completes the interrupted change"
_SCRATCH_FLAGS = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
# Operations that are repeated for each file use paths as text, because creating a Path object takes longer than the operation.
# ruff: noqa: PTH102, PTH104, PTH105, PTH106, PTH108


def read(root: Path, path: str) -> File | None:
    """Read the file `path` below `root`, or return None if it does not exist.

    A symbolic link is not followed, but returned as a file of mode `LINK` whose content is the target of the link. The mode
    of any other file depends only on the owner's execute bit, as in git. Raises ForgeError if `path` is a folder or a device.
    """
    with _InWords(path):
        try:
            handle = os.open(f"{root}/{path}", os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC)
        except (FileNotFoundError, NotADirectoryError):
            return None
        except OSError as error:
            if error.errno != errno.ELOOP:
                raise
            return File(path, os.fsencode((root / path).readlink()), LINK)
        try:
            status = os.fstat(handle)
            if not stat.S_ISREG(status.st_mode):
                kind = "folder" if stat.S_ISDIR(status.st_mode) else "device or pipe"
                raise _in_the_way(path, "file", kind)
            content = os.read(handle, status.st_size)
        finally:
            os.close(handle)
    return File(path, content, EXECUTABLE if status.st_mode & stat.S_IXUSR else REGULAR)


def folders_above(root: Path, paths: Iterable[str]) -> dict[str, bool]:
    """Return every folder above `paths`, parents first, and whether it exists.

    Raises ForgeError if something other than a folder has one of these paths.
    """
    folders: dict[str, bool] = {}
    for path in paths:
        if _folder_of(path) not in folders:
            for folder in _parents(path):
                if folder not in folders:
                    folders[folder] = _is_folder(root, folder)
    return folders


def recover(root: Path) -> None:
    """Finish or undo an interrupted change. If no change was interrupted, which is usual, this costs only two calls to lstat.

    A change that another user began is left to that user. Otherwise anyone with access to a shared folder could make the
    user of this process write files.
    """
    if _is_ours(root, _BEGUN) or _is_ours(root, _COMMITTED):
        with locked(root):
            pass


def tidy(root: Path) -> None:
    """Remove the scratch folder that `locked` left. If another command uses this folder, that command removes it later."""
    with suppress(OSError):
        lock = os.open(f"{root}/{SCRATCH}", _SCRATCH_FLAGS)
        try:
            if _is_held(lock, root):
                _tidy(root)
        finally:
            os.close(lock)


@contextmanager
def locked(root: Path, *, leave: bool = False) -> Iterator[None]:
    """Recover `root` and lock out other writers until the block ends. The lock is released if this process dies.

    Callers that write repeatedly may set `leave` to keep the scratch folder for the next write, and call `tidy` at the end.
    Raises ForgeError if another process holds the lock for `LOCK_SECONDS`, or if `root` is not writable.
    """
    lock = _lock(root)
    try:
        if read(root, _IGNORE.path) != _IGNORE:
            (root / _IGNORE.path).unlink(missing_ok=True)
            _create(root, _IGNORE.path, _IGNORE)
        _recover(root)
        yield
    finally:
        if not leave:
            _tidy(root)
        os.close(lock)


def change(root: Path, files: Sequence[File], removals: Sequence[str]) -> None:
    """Write `files`, and delete `removals` and the folders that become empty: all or nothing. `root` must be `locked`.

    A folder directly below `root` is kept even if it is empty. Raises ForgeError with the operating system's message
    if something cannot be written.
    """
    paths = [file.path for file in files]
    folders = [folder for folder, there in folders_above(root, [*paths, *removals]).items() if not there]
    journal = _Journal(paths, list(removals), folders, _identity(root))
    if refused := journal.refused():
        raise ForgeError("catalog-forge never writes or deletes this path", Where(refused))
    try:
        _create(root, _BEGUN, File(_BEGUN, journal.dump()))
        _stage(root, journal, files)
        os.rename(f"{root}/{_BEGUN}", f"{root}/{_COMMITTED}")
        with _InWords(_COMMITTED, _FINISHES):
            journal.finish(root)
    except BaseException:
        _recover(root)
        raise


@dataclass(frozen=True, slots=True)
class _Journal:
    files: list[str]
    removals: list[str]
    folders: list[str]
    root: int

    def dump(self) -> bytes:
        """Return the serialized journal; the line feed at the end shows that the journal is complete."""
        lists = {"files": self.files, "removals": self.removals, "folders": self.folders}
        return json.dumps({**lists, "root": self.root}).encode() + b"\n"

    def refused(self) -> str:
        """Return the first path that this program may not write, or an empty string if it may write all paths."""
        paths = [*self.files, *self.removals, *self.folders]
        hidden = (path for path in paths if f"/{_folder_of(path)}".count("/."))
        hidden_folders = (path for path in self.folders if path.rpartition("/")[2].startswith("."))
        strange = (path for path in self.removals if not _MAY_REMOVE.match(path))
        return next(iter((*hidden, *hidden_folders, *strange)), "")

    def waiting(self) -> Iterator[tuple[str, str]]:
        """For each file, yield the two paths where it may be staged: in the scratch folder, and in the folder of its target.

        The second path is used if the target is on another file system."""
        for number, path in enumerate(self.files):
            yield f"{SCRATCH}/{number}.tmp", f"{path[: path.rfind('/') + 1]}{SCRATCH}.{number}.tmp"

    def targets(self) -> list[str]:
        """The folders into which the change writes files."""
        return list(dict.fromkeys(map(_folder_of, self.files)))

    def finish(self, root: Path) -> None:
        for places, path in zip(self.waiting(), self.files, strict=True):
            for staged in places:
                if _has_moved(f"{root}/{staged}", f"{root}/{path}"):
                    break
        for path in self.removals:
            (root / path).unlink(missing_ok=True)
            _remove_empty(root, _parents(path)[1:])
        os.unlink(f"{root}/{_COMMITTED}")

    def undo(self, root: Path) -> None:
        for staged in chain.from_iterable(self.waiting()):
            with suppress(FileNotFoundError):
                (root / staged).lstat()  # on a read-only file system, unlink would report "read-only" even for a missing file
                (root / staged).unlink()
        _remove_empty(root, [*self.folders, *map(_probe_in, self.targets()), _PROBE])


def _has_moved(staged: str, target: str) -> bool:
    """Move a staged file to its target. Return False if the file was staged elsewhere, or has already been moved."""
    try:
        os.replace(staged, target)
    except OSError:
        if os.path.lexists(staged):
            raise
        return False
    return True


def _stage(root: Path, journal: _Journal, files: Sequence[File]) -> None:
    is_near = _made_folders(root, journal)
    for (staged, beside), file in zip(journal.waiting(), files, strict=True):
        _create(root, staged if is_near[_folder_of(file.path)] else beside, file)
    for path in journal.removals:
        if not _is_writable(f"{root}/{_folder_of(path)}"):
            raise ForgeError("the folder's permissions do not allow deleting this file", Where(path), "nothing was written")


def _made_folders(root: Path, journal: _Journal) -> dict[str, bool]:
    """Create the folders; return for each target folder whether files can be renamed into it from the scratch folder."""
    is_near: dict[str, bool] = {}
    for folder in journal.folders:
        above = _folder_of(folder)
        with _InWords(folder, "nothing was written"):
            if above not in is_near:
                is_near[above] = _goes(root, folder)
                if not is_near[above]:
                    os.mkdir(f"{root}/{folder}")
            else:
                os.mkdir(f"{root}/{folder}")
            is_near[folder] = is_near[above]
            if not _is_writable(f"{root}/{folder}"):  # the umask may deny write access even to the owner
                raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))
    for folder in journal.targets():
        if folder not in is_near:
            with _InWords(folder or ".", "nothing was written"):
                is_near[folder] = _goes(root, _probe_in(folder))
                if is_near[folder]:
                    os.rename(f"{root}/{_probe_in(folder)}", f"{root}/{_PROBE}")
    _remove_empty(root, [_PROBE])
    return is_near


def _goes(root: Path, path: str) -> bool:
    """Create the probe, an empty folder, and rename it to `path`. Return False if `path` is on another file system.

    Comparing device numbers would not suffice, because two mounts may have the same number.
    """
    with suppress(FileExistsError):
        os.mkdir(f"{root}/{_PROBE}")
    try:
        os.rename(f"{root}/{_PROBE}", f"{root}/{path}")
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
        return False
    return True


def _is_writable(folder: str) -> bool:
    return os.access(folder, os.W_OK | os.X_OK)


def _probe_in(folder: str) -> str:
    return f"{folder}/{SCRATCH}.probe" if folder else f"{SCRATCH}.probe"


def _recover(root: Path) -> None:
    """Finish an interrupted change if it was committed; otherwise undo it."""
    if committed := read(root, _COMMITTED):
        with _InWords(_COMMITTED, _FINISHES):
            _read_journal(root, committed).finish(root)
    if begun := read(root, _BEGUN):
        with _InWords(_BEGUN, "fix this; the next command then undoes the interrupted change"):
            if begun.content.endswith(b"\n"):  # else the process was killed while it wrote the journal, before any other step
                _read_journal(root, begun).undo(root)
            (root / _BEGUN).unlink()


def _read_journal(root: Path, file: File) -> _Journal:
    """Read the journal, and validate it, because a folder from an untrusted repository may contain a forged journal."""
    try:
        journal = _Journal(**json.loads(file.content))
        paths = [*journal.files, *journal.removals, *journal.folders]
        for path in paths:
            check_relative(path)
    except (ValueError, TypeError, AttributeError, RecursionError, ForgeError):
        raise ForgeError("the journal is damaged", Where(file.path), "delete it, then generate again") from None
    if not _is_ours(root, file.path):
        raise ForgeError(
            "another user started this change", Where(file.path), "ask them to complete it by running any command, or delete it"
        )
    if journal.root != _identity(root):
        hint = "it was copied from another folder: delete it, then generate again"
        raise ForgeError(
            "this journal was not written in this folder, so the change in it is not completed", Where(file.path), hint
        )
    if refused := journal.refused():
        raise ForgeError(
            f"the journal names {refused!r}, which catalog-forge never writes or deletes", Where(file.path), "delete it"
        )
    folders_above(root, paths)
    return journal


def _is_ours(root: Path, path: str) -> bool:
    """Whether a file exists and belongs to the user who runs this process."""
    try:
        return os.lstat(f"{root}/{path}").st_uid == os.geteuid()
    except (FileNotFoundError, NotADirectoryError):
        return False


def _identity(root: Path) -> int:
    """Return the inode number of a folder. A clone or an unpacked archive of the folder has a different number."""
    return root.stat().st_ino


def _create(root: Path, path: str, file: File) -> None:
    """Create `path` with the content and exactly the mode of `file`, regardless of the umask. `path` must not exist."""
    with _InWords(file.path, "nothing was written"):
        handle = os.open(f"{root}/{path}", os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, file.mode)
        try:
            left = memoryview(file.content)
            while left:
                left = left[os.write(handle, left) :]
            os.fchmod(handle, file.mode)
        finally:
            os.close(handle)


def _folder_of(path: str) -> str:
    return path[: max(path.rfind("/"), 0)]


def _parents(path: str) -> list[str]:
    return list(accumulate(path.split("/")[:-1], "{}/{}".format))


def _is_folder(root: Path, folder: str) -> bool:
    try:
        mode = os.lstat(f"{root}/{folder}").st_mode
    except FileNotFoundError:
        return False
    if not stat.S_ISDIR(mode):
        kind = "symbolic link, which may point outside the catalog" if stat.S_ISLNK(mode) else "file"
        raise _in_the_way(folder, "folder", kind)
    return True


def _remove_empty(root: Path, folders: Sequence[str]) -> None:
    for folder in reversed(folders):
        with suppress(OSError):
            os.rmdir(f"{root}/{folder}")


def _in_the_way(path: str, due: str, found: str) -> ForgeError:
    return ForgeError(f"a {due} is expected here, but there is a {found}", Where(path), "move it out of the way")


def _lock(root: Path) -> int:
    """Create and lock the scratch folder. If another command deletes it meanwhile (see `_tidy`), create it again."""
    end = time.monotonic() + LOCK_SECONDS
    while True:
        with _InWords(f"{root}/{SCRATCH}"):
            if not _is_folder(root, SCRATCH):
                (root / SCRATCH).mkdir(exist_ok=True)
            with suppress(FileNotFoundError):
                lock = os.open(f"{root}/{SCRATCH}", _SCRATCH_FLAGS)
                if _is_held(lock, root):
                    return lock
                os.close(lock)
        if time.monotonic() > end:
            hint = "try again when it is done"
            raise ForgeError("another command is writing to this catalog", Where(str(root)), hint)
        time.sleep(0.02)


def _is_held(lock: int, root: Path) -> bool:
    """Try to lock the open folder `lock`. Return False if another process holds the lock, or if the folder was replaced."""
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        return os.path.samestat(os.fstat(lock), os.lstat(f"{root}/{SCRATCH}"))
    except (BlockingIOError, FileNotFoundError):
        return False


def _tidy(root: Path) -> None:
    """Remove the scratch folder, unless it contains a journal that has yet to be processed."""
    with suppress(OSError):
        if os.listdir(root / SCRATCH) == [".gitignore"]:  # noqa: PTH208 (only the names are needed)
            (root / _IGNORE.path).unlink()
            (root / SCRATCH).rmdir()


@dataclass(slots=True)
class _InWords:
    """A context manager that turns an error of the operating system into a ForgeError with the same message."""

    path: str
    hint: str = ""

    def __enter__(self) -> None:
        pass

    def __exit__(self, _kind: type | None, error: BaseException | None, _trace: object) -> None:
        if isinstance(error, OSError):
            raise ForgeError(error.strerror or str(error), Where(self.path), self.hint) from error
