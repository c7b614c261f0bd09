"""Reads the author's files for a spec, which are in specs/NAME/. No path and no symbolic link may lead outside this folder."""

from __future__ import annotations

import os
from collections.abc import Collection, Iterator
from contextlib import suppress
from itertools import accumulate
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from catalog_forge.errors import ForgeError, Where
from catalog_forge.malformed import MARKS, UNRESOLVED
from catalog_forge.plan import Plan, check_relative

if TYPE_CHECKING:
    from catalog_forge.spec.model import FileBlock, TemplateBlock

MAX_BYTES = 1 << 20
SCENARIOS = "scenarios"
MEMORY = ".blueprint.json"
"""The record of the blueprint that `new` writes. It has no effect on the generated files."""
_MARKS = [mark.encode() for mark in MARKS]
_COPY = "copy the target of the link into the catalog"


def renaming(spec: str, file: str) -> str:
    """Return the hint for a spec that is named `spec`, but whose file is called `file`.yml."""
    is_name = file.islower() and file.endswith(("-conf", "-config"))
    return f"rename the file to {spec}.yml{f', or the spec to {file}' if is_name else ''}"


def check_inside(root: Path, path: str) -> None:
    """Raise ForgeError if a path, or a folder above it, is a symbolic link that leads outside the catalog `root`.

    An untrusted catalog could otherwise copy files from outside the catalog into an image that is pushed.
    """
    steps = path.split("/")
    # If there are no symbolic links, nothing has to be resolved. Resolving takes longer than all other operations on a spec's
    # files.
    if ".." not in steps and not any(os.path.islink(f"{root}/{step}") for step in accumulate(steps, "{}/{}".format)):  # noqa: PTH114
        return
    try:
        inside = (root / path).resolve().is_relative_to(root.resolve())
        # Since Python 3.13, `resolve` accepts a symbolic link that refers to itself, but `stat` does not.
        with suppress(FileNotFoundError, NotADirectoryError):
            (root / path).stat()
    except (OSError, RuntimeError) as error:
        raise ForgeError(f"the link cannot be followed: {error}", Where(path), _COPY) from None
    if not inside:
        raise ForgeError("a symbolic link points outside the catalog", Where(path), _COPY)


def walked(folder: Path) -> list[Path]:
    """Return everything below a folder, sorted; empty if the folder does not exist. Symbolic links are not followed.

    Raises OSError for a folder without read permission, which Path.rglob would silently skip.
    """

    def refuse(error: OSError) -> None:
        if not isinstance(error, FileNotFoundError):
            raise error

    found = os.walk(folder, onerror=refuse)
    return sorted(Path(place) / name for place, folders, names in found for name in (*folders, *names))


def check_merged(file: str, content: bytes) -> None:
    """Raise ForgeError, with the line of the marker, for a file with an unresolved conflict from `update` or git."""
    if b"\n" + _MARKS[3] not in content:
        return
    begin, has_middle = 0, False
    for number, line in enumerate(content.split(b"\n"), 1):
        if line.startswith(_MARKS[0]):
            begin, has_middle = number, False
        elif line.rstrip(b"\r") == _MARKS[2]:
            has_middle = bool(begin)
        elif has_middle and line.startswith(_MARKS[3]):
            raise ForgeError(UNRESOLVED[0], Where(file, begin, 1), UNRESOLVED[1])


def _is_generated_from(name: str) -> bool:
    return name != MEMORY and not name.startswith(f"{SCENARIOS}/")


def _words(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)


class SpecFolder:
    """The folder of one spec, specs/NAME in the catalog `root`. The folder need not exist.

    Raises ForgeError if a symbolic link leads outside the catalog.
    """

    def __init__(self, root: Path, name: str) -> None:
        self.path = root / "specs" / name
        check_inside(root, f"specs/{name}")

    def static(self, name: str, block: FileBlock | TemplateBlock) -> str:
        """Return the text of a static file or template. Raises ForgeError like `read`, and also if the file is not UTF-8."""
        where = block.places.get("file") or block.at("template")
        try:
            text = self.read(name, where).decode()
        except UnicodeDecodeError:
            raise ForgeError(f"the file {name!r} is not UTF-8 text", where, "confd writes only text") from None
        return text

    def icon(self, name: str, where: Where | None) -> bytes:
        """Return the bytes of an icon. Raises ForgeError like `read`."""
        return self.read(name, where)

    def read(self, name: str, where: Where | None) -> bytes:
        """Read a file. Raises ForgeError if the file is missing, not regular, larger than 1 MiB, or outside the folder."""
        check_relative(name)
        if not _is_generated_from(name):
            message = f"{name!r} is a test or a record of catalog-forge, and cannot be a part of the generated files"
            raise ForgeError(message, where, "copy it to another file of the folder")
        return self._read(name, where)

    def _read(self, name: str, where: Where | None) -> bytes:
        path = self.path / name
        try:
            inside = path.resolve(strict=True).is_relative_to(self.path.resolve())
            if not inside:
                raise ForgeError(f"the file {name!r} is a symbolic link that points outside {self.path.name}/", where, _COPY)
            if not path.is_file():
                raise ForgeError(f"{name!r} is not a file", where, "name a file of the spec's folder")
            if path.stat().st_size > MAX_BYTES:
                hint = "split it, or add it to the base image"
                raise ForgeError(f"the file {name!r} is larger than {MAX_BYTES} bytes", where, hint)
            return path.read_bytes()
        except FileNotFoundError:
            raise ForgeError(f"there is no file {name!r} in {self.path}/", where, "put the file into the spec's folder") from None
        except (OSError, RuntimeError) as error:
            hint = f"check its path below {self.path.name}/ and its permissions"
            raise ForgeError(f"the file {name!r} cannot be read: {_words(error)}", where, hint) from None

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and bytes of every file that the spec could use, sorted by name."""
        for path in walked(self.path):
            name = path.relative_to(self.path).as_posix()
            is_own = path.is_file() and not path.is_symlink() and _is_generated_from(name)
            if is_own and path.stat().st_size <= MAX_BYTES:
                yield name, path.read_bytes()

    def check_merged(self) -> None:
        """Raise ForgeError if a file or scenario contains an unresolved conflict, or if a scenario cannot be read."""
        scenarios = ((f"{SCENARIOS}/{name}.yml", data) for name, data in self.scenarios().items())
        for name, data in (*self.files(), *scenarios):
            check_merged(f"specs/{self.path.name}/{name}", data)

    def scenarios(self) -> dict[str, bytes]:
        """Return the bytes of each scenario of the spec by the scenario's name (without .yml), sorted by name."""
        folder = self.path / SCENARIOS
        names = [path.name for path in walked(folder) if path.parent == folder and path.suffix == ".yml"]
        return {name.removesuffix(".yml"): self._read(f"{SCENARIOS}/{name}", self._at(name)) for name in names}

    def _at(self, scenario: str) -> Where:
        return Where(f"specs/{self.path.name}/{SCENARIOS}/{scenario}")

    def beside(self, name: str, where: Where) -> str:
        """Return the text of a file that contains a scenario's expected output. Raises ForgeError like `read`."""
        check_relative(name)
        return self._read(f"{SCENARIOS}/{name}", where).decode(errors="backslashreplace")


class PlannedFolder(SpecFolder):
    """The folder of a spec as it will be after a planned write: the files of the plan replace the files on disk.

    The names of the plan's files are relative to the folder. `removed`: the names of files that will be deleted.
    """

    def __init__(self, root: Path, name: str, plan: Plan, removed: Collection[str] = ()) -> None:
        super().__init__(root, name)
        self.plan, self.removed = plan, removed

    def read(self, name: str, where: Where | None) -> bytes:
        """Return the bytes of a file. Raises ForgeError like `SpecFolder.read`, and for a file that will be deleted."""
        if name in self.removed:
            raise ForgeError(f"the file {name!r} will be removed", where, "keep the file, or remove the block that uses it")
        return self.plan[name].content if name in self.plan else super().read(name, where)

    def files(self) -> Iterator[tuple[str, bytes]]:
        """Yield the name and bytes of every file that the spec could use after the plan is written, sorted by name."""
        planned = {file.path: file.content for file in self.plan if _is_generated_from(file.path)}
        merged = {name: data for name, data in super().files() if name not in self.removed} | planned
        yield from sorted(merged.items(), key=lambda pair: PurePosixPath(pair[0]))
