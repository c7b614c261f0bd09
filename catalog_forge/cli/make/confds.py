"""Which confd goes into an image: one that the user names, one that was used before with the right checksum, or a download.

A confd is known by its checksum alone: where it came from changes no image. What `--confd` brings and is what the spec pins is
kept below XDG_CACHE_HOME, so that it need not be named, nor be downloaded, again.
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


@dataclass(frozen=True)
class ConfdFile:
    """A confd by its checksum, and the file that stands for its download: None where it is downloaded.

    `remark` says that it is another one than the release.
    """

    checksum: str
    file: bytes | None = None
    remark: str = ""

    @property
    def brought(self) -> tuple[Plan, Mapping[str, str]]:
        """What the context and the arguments of a build have beside their own."""
        from catalog_forge.plan import EXECUTABLE, File, Plan

        if self.file is None:
            return Plan(), {}
        return Plan([File("confd", self.file, EXECUTABLE)]), {"CONFD_SRC": "confd", "CONFD_SHA256": self.checksum}


def check_platform(spec: Spec, checksum: str, platform: str | None) -> None:
    """Raise ForgeError for the confd that is known by default on any platform but the one that it was built for."""
    from catalog_forge.errors import ForgeError
    from catalog_forge.spec.checks.whole import CONFD_SHA256, PLATFORM

    if platform and not f"{platform}/".startswith(f"{PLATFORM}/") and checksum in CONFD_SHA256.values():
        message = f"--platform {platform}: the confd {spec.engine.confd} of {spec.name} is one for {PLATFORM}"
        hint = "engine: {confd_src: URL, confd_sha256: SUM} pins one for another platform"
        raise ForgeError(message, spec.engine.at("confd"), hint)


def chosen(spec: Spec, file: Path | None, environ: Mapping[str, str] = os.environ, *, told: bool = True) -> ConfdFile:
    """Return the confd of a spec: the one in `file`, else the one that it pins, from the cache if it is there.

    A file that is not what the release is known by is taken, with a remark, by who is `told` to. Raises ForgeError when it is
    not what the spec itself pins, or cannot be read.
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
    if checksum == pinned:
        _keep(kept, content)
    elif spec.engine.confd_sha256:
        hint = "engine.confd_sha256 pins it: name another file, or pin this one"
        raise BuildError(f"{file} is not the confd that {spec.name} pins: its SHA-256 is {checksum}", hint=hint)
    elif not told:
        hint = "--any-confd accepts it anyway; engine.confd_sha256 pins it"
        raise BuildError(f"{file} is not confd {spec.engine.confd} as it was released: its SHA-256 is {checksum}", hint=hint)
    released = checksum == pinned
    return ConfdFile(checksum, content, "" if released else f"with a confd that is not the released {spec.engine.confd}")


def _cache(environ: Mapping[str, str]) -> Path:
    return xdg.folder("XDG_CACHE_HOME", environ) / "catalog-forge" / "confd-by-checksum"


def _keep(path: Path, content: bytes) -> None:
    """Write a file whole or not at all; a cache that cannot be written is no error."""
    new = path.with_name(f"{path.name}.{os.getpid()}.new")
    with suppress(OSError):
        if not path.exists():
            path.parent.mkdir(parents=True, exist_ok=True)
            new.write_bytes(content)
            new.replace(path)
