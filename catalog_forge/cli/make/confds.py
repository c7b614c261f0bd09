"""Selects the confd for an image: the file that the user names, a cached file with the right checksum, or a download.

A confd is identified only by its checksum, so its origin has no effect on an image. A file that is given
with `--confd` and matches the spec's pin is cached below XDG_CACHE_HOME, so that later builds find it there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from catalog_forge import xdg

if TYPE_CHECKING:
    from catalog_forge.plan import Plan
    from catalog_forge.spec.model import Spec

_MOST = 1 << 28
_PROGRAMS = (b"\x7fELF", b"#!")  # the first bytes of a file that Linux can run


@dataclass(frozen=True)
class ConfdFile:
    """The confd for an image: its checksum and the content of its file. `file` is None if the build downloads the confd.

    `remark` is a note for users if the file is not the released confd.
    """

    checksum: str
    file: bytes | None = None
    remark: str = ""

    @property
    def brought(self) -> tuple[Plan, Mapping[str, str]]:
        """The additional files and arguments that the build needs for this confd."""
        from catalog_forge.plan import EXECUTABLE, File, Plan

        if self.file is None:
            return Plan(), {}
        return Plan([File("confd", self.file, EXECUTABLE)]), {"CONFD_SRC": "confd", "CONFD_SHA256": self.checksum}


def check_platform(spec: Spec, checksum: str, platform: str | None) -> None:
    """Raise ForgeError if a released confd, which is for `PLATFORM`, would be built into an image for another platform."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.spec.checks.whole import CONFD_SHA256, PLATFORM

    if platform and not f"{platform}/".startswith(f"{PLATFORM}/") and checksum in CONFD_SHA256.values():
        message = f"--platform {platform}: the confd {spec.engine.confd} of {spec.name} is for {PLATFORM}"
        hint = "engine: {confd_src: URL, confd_sha256: SUM} pins a confd for another platform"
        raise ForgeError(message, spec.engine.at("confd"), hint)


def chosen(spec: Spec, file: Path | None, environ: Mapping[str, str] = os.environ, *, told: bool = True) -> ConfdFile:
    """Return the confd of a spec: `file` if given, otherwise the confd that the spec pins, from the cache if possible.

    If `told`, a file that differs from the known release is accepted, with a remark. Raises ForgeError if the file
    differs from the checksum in the spec, or cannot be read.
    """
    from catalog_forge.errors import BuildError, ForgeError
    from catalog_forge.spec.checks.whole import confd_sha256

    pinned = confd_sha256(spec)
    kept = _cache(environ) / pinned
    if file is None:
        with suppress(OSError):
            content = kept.read_bytes() if kept.stat().st_size <= _MOST else b""
            if hashlib.sha256(content).hexdigest() == pinned:
                return ConfdFile(pinned, content)
        return ConfdFile(pinned)
    try:
        content = file.read_bytes()
    except OSError as error:
        raise ForgeError(f"{file} cannot be read: {error.strerror}") from None
    checksum = hashlib.sha256(content).hexdigest()
    if checksum != pinned and not content.startswith(_PROGRAMS):
        raise ForgeError(
            f"{file} is not a program, so it cannot be confd", hint="name a confd binary, or let the build download one"
        )
    if checksum == pinned:
        _keep(kept, content)
    elif spec.engine.confd_sha256:
        hint = "name the file with the checksum in engine.confd_sha256, or change that checksum"
        raise BuildError(f"{file} is not the confd that {spec.name} pins: its SHA-256 is {checksum}", hint=hint)
    elif not told:
        hint = "--any-confd accepts this file once; to accept it in every build, set engine.confd_sha256 in the spec"
        raise BuildError(f"{file} is not the released confd {spec.engine.confd}: its SHA-256 is {checksum}", hint=hint)
    released = checksum == pinned
    return ConfdFile(checksum, content, "" if released else f"with a confd that is not the released {spec.engine.confd}")


def _cache(environ: Mapping[str, str]) -> Path:
    return xdg.folder("XDG_CACHE_HOME", environ) / "catalog-forge" / "confd-by-checksum"


def _keep(path: Path, content: bytes) -> None:
    """Write a file completely or not at all. Errors are ignored, because the cache is optional."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(OSError):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(content)
            new.replace(path)
