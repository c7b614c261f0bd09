"""The tar archives in which an engine hands out files: read while they come. Pure."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any


def digests(pieces: Iterable[bytes]) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Yield what an archive that comes in pieces holds, each with the SHA-256 of its content; nothing for what is not a file.

    Raises TarError for what is not an archive.
    """
    with tarfile.open(fileobj=io.BufferedReader(_Stream(iter(pieces))), mode="r|") as archive:
        for each in archive:
            file = archive.extractfile(each) if each.isreg() else None
            yield each, hashlib.file_digest(file, "sha256").hexdigest() if file else ""  # type: ignore[arg-type]


class _Stream(io.RawIOBase):
    """What comes in pieces, as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        """It can be read, and no more."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer as far as one piece goes."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count
