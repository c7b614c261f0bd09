"""Read tar archives that an engine exports and sends in chunks. Pure."""

from __future__ import annotations

import hashlib
import io
import tarfile
from collections.abc import Iterable, Iterator
from typing import Any


def digests(pieces: Iterable[bytes]) -> Iterator[tuple[tarfile.TarInfo, str]]:
    """Yield each member of a chunked archive with the SHA-256 of its content, or with "" if the member is not a file.

    Raises TarError if the data is not an archive.
    """
    with tarfile.open(fileobj=io.BufferedReader(_Stream(iter(pieces))), mode="r|") as archive:
        for each in archive:
            file = archive.extractfile(each) if each.isreg() else None
            yield each, hashlib.file_digest(file, "sha256").hexdigest() if file else ""  # type: ignore[arg-type]


class _Stream(io.RawIOBase):
    """A file object that reads from an iterator of chunks."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces, self._left = pieces, b""

    def readable(self) -> bool:
        """Return True, as `io` requires of a stream that can be read."""
        return True

    def readinto(self, buffer: Any) -> int:
        """Fill a buffer from at most one chunk."""
        while not self._left:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._left = piece
        count = min(len(buffer), len(self._left))
        buffer[:count], self._left = self._left[:count], self._left[count:]
        return count
