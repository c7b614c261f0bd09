"""Archives that come in pieces."""

from __future__ import annotations

import hashlib
import io
import tarfile

import pytest

from catalog_forge.image.archives import digests

FILES = {"a/empty": b"", "a/large": bytes(range(256)) * 5000, "b": b"words\n"}


def packed() -> bytes:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as archive:
        for name, content in FILES.items():
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
        link = tarfile.TarInfo("link")
        link.type, link.linkname = tarfile.SYMTYPE, "b"
        archive.addfile(link)
    return held.getvalue()


@pytest.mark.parametrize("size", [100, 511, 1 << 20])
def test_files_have_the_digest_of_their_content_wherever_it_is_cut(size: int) -> None:
    whole = packed()
    pieces = [b"", *(whole[start : start + size] for start in range(0, len(whole), size)), b""]
    found = {each.name: digest for each, digest in digests(pieces)}
    assert found == {name: hashlib.sha256(content).hexdigest() for name, content in FILES.items()} | {"link": ""}


def test_what_breaks_off_is_not_taken_for_all() -> None:
    with pytest.raises(tarfile.TarError):
        [*digests([packed()[:100_000]])]
