"""What was pushed stays: `build --push` on a real engine with a real registry, and `release` before it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_forge.image.builder import build as build_image
from tests.blueprint.folders import git
from tests.cli.test_build import Catalog
from tests.cli.test_update import edit, run
from tests.image import benches
from tests.image.benches import Bench, ignore
from tests.registry.servers import Registry
from tests.registry.test_lock import held

bench = benches.bench


@pytest.fixture
def catalog(bench: Bench, plain: Registry, tmp_path: Path) -> Iterator[tuple[Catalog, str]]:
    """A catalog with one spec, and the tag of its image, which is built and not pushed."""
    build_image(bench.engine, bench.request(bench.dockerfile(), "base:1"), ignore)
    made = Catalog(tmp_path / "catalog", bench)
    tag = made.add("web-conf", registry=f"{plain.host}/{bench.value}")
    yield made, tag


def test_a_push_is_recorded_and_the_second_one_does_nothing(catalog: tuple[Catalog, str], plain: Registry) -> None:
    made, tag = catalog
    first = made.build("--push", "--format", "json")
    assert first.exit_code == 0, first.output
    (row,) = json.loads(first.stdout)
    repository, _, version = tag.removeprefix(f"{plain.host}/").rpartition(":")
    there = plain.ask("HEAD", f"/v2/{repository}/manifests/{version}", accept=True).headers["Docker-Content-Digest"]
    assert row["pushed"] == there == held(made.folder)[tag]["digest"]
    assert held(made.folder)[tag]["platforms"] == ["linux/amd64"]
    lock = (made.folder / "catalog-forge.lock").read_bytes()
    second = made.build("--push")
    assert (second.exit_code, f"{tag} is already pushed" in second.stderr) == (0, True), second.output
    assert (made.folder / "catalog-forge.lock").read_bytes() == lock
    assert run(made.folder, "lock", "web-conf", "--online").exit_code == 1  # the base of the test is in no registry


def test_a_tag_with_other_content_is_refused_unless_forced(catalog: tuple[Catalog, str], plain: Registry) -> None:
    made, tag = catalog
    digest = plain.image(tag.removeprefix(f"{plain.host}/"), labels={"io.catalog-forge.digest": "0" * 64})
    refused = made.build("--push")
    assert refused.exit_code == 5
    assert f"cannot push {tag}: the registry already has this tag with different content, {digest}" in refused.stderr
    assert "raise `version`" in refused.stderr
    assert not (made.folder / "catalog-forge.lock").exists()
    forced = made.build("--push", "--force")
    assert forced.exit_code == 0, forced.output
    assert f"{tag}: overwrites {digest}" in forced.stderr
    assert held(made.folder)[tag]["digest"] != digest


SPEC = """\
forge: 1
name: web-conf
version: "1.0.0"
entry: {version: 1.0.0, title: Web}
service: {name: web, image: 'nginx:1.27.0'}
image: {registry: HOST/release}
metadata: {port: {type: int, default: 80, label: Port}}
files:
- dest: /etc/web/web.properties
  body:
  - set: {port: "@{metadata/port}"}
"""


@pytest.fixture
def published(tmp_path: Path, plain: Registry) -> Path:
    """A catalog whose revision 0 is committed."""
    folder = tmp_path / "catalog"
    (folder / "specs").mkdir(parents=True)
    (folder / "specs/web-conf.yml").write_text(SPEC.replace("HOST", plain.host))
    assert run(folder, "generate").exit_code == 0
    git(folder, "init", "--quiet")
    for key, value in {"user.name": "Jo Doe", "user.email": "jo@example.org", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_release_refuses_a_tag_that_is_taken(published: Path, plain: Registry) -> None:
    edit(published, "dest: /etc/web/web.properties", "dest: /etc/web/other.properties")
    assert run(published, "release", "web-conf", "--dry-run").exit_code == 0
    digest = plain.image("release/web-conf:1.0.1", labels={"io.catalog-forge.digest": "0" * 64})
    result = run(published, "release", "web-conf")
    assert result.exit_code == 1
    words = f"the registry has {plain.host}/release/web-conf:1.0.1 with other content, {digest}"
    assert words in result.stderr and "git pull" in result.stderr
    assert not git(published, "status", "--porcelain", "templates")
    assert run(published, "release", "web-conf", "--offline").exit_code == 0


def test_release_says_that_a_registry_does_not_answer(published: Path, plain: Registry) -> None:
    edit(published, f"{plain.host}/release", "127.0.0.1:1/release")
    result = run(published, "release", "web-conf", "--dry-run")
    assert result.exit_code == 1
    assert "cannot check whether 127.0.0.1:1/release/web-conf:1.0.0 is taken: 127.0.0.1:1: it cannot be reached" in result.stderr
    assert "--offline" in result.stderr
