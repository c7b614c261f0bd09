"""Which confd goes into an image: it is known by its checksum, wherever it comes from."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from catalog_forge.cli.make import confds
from catalog_forge.errors import BuildError, ForgeError
from catalog_forge.image.request import DIGEST_LABEL, INPUTS_LABEL, BuildRequest
from catalog_forge.plan import File, Plan
from catalog_forge.spec.checks.whole import CONFD_SHA256
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read

CONFD = b"\x7fELF a confd"
CHECKSUM = hashlib.sha256(CONFD).hexdigest()
SPEC = "forge: 1\nname: redis-conf\nservice: redis:3.2.11\nconfig: /etc/redis/redis.conf\n"
RELEASED = read(SPEC, "specs/redis-conf.yml")
PINNED = read(f'{SPEC}engine: {{confd_src: "https://example.org/confd", confd_sha256: "{CHECKSUM}"}}\n', "specs/redis-conf.yml")


@pytest.fixture
def environ(tmp_path: Path) -> dict[str, str]:
    return {"XDG_CACHE_HOME": str(tmp_path / "cache")}


def file(folder: Path, content: bytes = CONFD) -> Path:
    path = folder / "confd"
    path.write_bytes(content)
    return path


def request_of(spec: Spec, path: Path | None, environ: dict[str, str], *, anything: bool = False) -> BuildRequest:
    confd = confds.chosen(spec, path, environ)
    context = Plan([File("Dockerfile", b"FROM x")])
    return BuildRequest(context, ("a:1",), brought=confd.brought, download=confd.checksum, any_download=anything)


def image_of(request: BuildRequest) -> dict[str, object]:
    return {"Config": {"Labels": request.own_labels}}


def test_where_the_right_confd_comes_from_changes_no_image(tmp_path: Path, environ: dict[str, str]) -> None:
    downloaded = request_of(PINNED, None, {"XDG_CACHE_HOME": str(tmp_path / "empty")})
    brought = request_of(PINNED, file(tmp_path), environ)
    cached = request_of(PINNED, None, environ)
    assert downloaded.digest == brought.digest == cached.digest
    assert downloaded.brought[1] == {} and brought.brought[1] == cached.brought[1]
    assert [each.content for each in cached.brought[0]] == [CONFD]
    for request in (downloaded, brought, cached):
        assert request.built_as(image_of(brought)) == brought.digest


def test_a_cache_that_was_tampered_with_is_not_used(tmp_path: Path, environ: dict[str, str]) -> None:
    request_of(PINNED, file(tmp_path), environ)
    (kept,) = (path for path in (tmp_path / "cache").rglob("*") if path.is_file())
    kept.write_bytes(b"another")
    assert confds.chosen(PINNED, None, environ).file is None


def test_another_confd_is_another_image_but_need_not_be_named_again_to_run_it(tmp_path: Path, environ: dict[str, str]) -> None:
    other = request_of(RELEASED, file(tmp_path), environ)
    assert not [*tmp_path.rglob("cache/**/*")], "only what is known by its checksum is kept"
    assert other.digest != request_of(RELEASED, None, environ).digest
    assert request_of(RELEASED, None, environ).built_as(image_of(other)) == ""
    assert request_of(RELEASED, None, environ, anything=True).built_as(image_of(other)) == other.digest
    assert other.built_as({"Config": {"Labels": {DIGEST_LABEL: "x", INPUTS_LABEL: other.inputs}}}) == ""


def test_a_confd_that_is_not_what_the_spec_pins_is_refused_and_one_that_is_not_the_release_is_said(
    tmp_path: Path, environ: dict[str, str]
) -> None:
    with pytest.raises(BuildError, match="is not the confd that redis-conf pins: its SHA-256 is"):
        confds.chosen(PINNED, file(tmp_path, b"\x7fELF random bytes"), environ)
    found = confds.chosen(RELEASED, file(tmp_path), environ)
    assert found.remark == "with a confd that is not the released 0.16.0" and found.checksum == CHECKSUM
    for content in (b"", b"random bytes"):
        with pytest.raises(ForgeError, match="confd is not a program"):
            confds.chosen(RELEASED, file(tmp_path, content), environ)
    assert confds.chosen(RELEASED, None, environ) == confds.ConfdFile(CONFD_SHA256["0.16.0"])


def test_an_image_is_not_what_is_wanted_without_labels_or_when_all_is_to_be_built_again(environ: dict[str, str]) -> None:
    request = request_of(RELEASED, None, environ)
    images: list[dict[str, object] | None] = [None, {}, {"Config": None}, {"Config": {"Labels": None}}]
    assert [request.built_as(image) for image in images] == [""] * 4
    again = BuildRequest(request.context, request.tags, no_cache=True, download=request.download)
    assert again.digest == request.digest and again.built_as(image_of(request)) == ""
