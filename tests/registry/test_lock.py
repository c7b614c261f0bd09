"""`lock` over catalogs and real registries: what is found, what is kept, and what moved."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from catalog_forge import yamlio
from tests.cli.test_update import run
from tests.helpers import on_a_terminal, tree
from tests.registry.servers import LIST, MANIFEST, OCI_INDEX, Registry

SPEC = """\
forge: 1
name: web-conf
version: "1.2.3"
entry: {version: 1.0.0, title: Web}
service: {name: web, image: 'HOST/nginx:1'}
image: {base: 'HOST/busybox:1', registry: HOST/team}
launch: {exec: [nginx]}
files:
- dest: /etc/web/web.properties
  body:
  - set: {port: "80"}
"""
ENTRY = {
    "templates/db/config.yml": "name: db\nversion: 1.0.0\ncategory: x\n",
    "templates/db/0/docker-compose.yml": """\
version: '2'
services:
  db: {image: 'HOST/db:${VERSION}'}
  lb: {image: 'HOST/lb:1'}
  old: {image: rancher/load-balancer-service}
""",
    "templates/db/0/rancher-compose.yml": """\
version: '2'
catalog:
  name: db
  version: 1.0.0
  questions:
  - {variable: VERSION, label: Version, type: enum, default: '1', options: ['1', '2']}
""",
    "images/hand/Dockerfile": """\
ARG BASE=HOST/busybox:1
FROM HOST/tools:1 AS tools
FROM ${BASE}
COPY --from=tools /a /a
COPY --from=HOST/lb:1 /b /b
""",
}
NAMES = ["busybox:1", "db:1", "db:2", "lb:1", "nginx:1", "tools:1"]


def catalog(folder: Path, registry: Registry) -> Path:
    """A catalog with a spec, an entry and an image that somebody wrote, whose images are in a registry."""
    files = {"specs/web-conf.yml": SPEC, **ENTRY}
    made = tree(folder / "catalog", {path: text.replace("HOST", registry.host) for path, text in files.items()})
    generated = run(made, "generate")
    assert generated.exit_code == 0, generated.output
    return made


@pytest.fixture(scope="module")
def filled(plain: Registry) -> Registry:
    """The registry with all that the catalog names but its own image."""
    plain.index("busybox:1", "amd64", "arm64", "arm/v7")
    for name in NAMES[1:]:
        plain.image(name)
    return plain


def held(folder: Path) -> dict[str, dict[str, object]]:
    """The images of a lock."""
    data = yamlio.load((folder / "catalog-forge.lock").read_bytes(), "lock")
    return data["images"]  # type: ignore[index, return-value, call-overload]


def test_every_image_that_is_named_is_locked(tmp_path: Path, filled: Registry) -> None:
    folder = catalog(tmp_path, filled)
    result = run(folder, "lock")
    assert result.exit_code == 0, result.output
    assert [*held(folder)] == [f"{filled.host}/{name}" for name in NAMES]
    base = held(folder)[f"{filled.host}/busybox:1"]
    assert (base["media_type"], base["platforms"]) == (LIST, ["linux/amd64", "linux/arm/v7", "linux/arm64"])
    assert held(folder)[f"{filled.host}/nginx:1"]["media_type"] == MANIFEST
    assert f"{filled.host}/team/web-conf:1.2.3 is not pushed yet" in result.stderr
    assert "6 images, 6 new" in result.stderr
    assert run(folder, "lock", "--check").exit_code == 0
    assert run(folder, "lock", "--online").exit_code == 0


def test_a_terminal_is_shown_which_image_is_looked_up(tmp_path: Path, filled: Registry) -> None:
    shown = on_a_terminal(["-C", catalog(tmp_path, filled), "lock"])
    assert {int(number) for number in re.findall(r"\r(\d) of 7  \S+:", shown)} == {*range(1, 8)}
    assert shown.rpartition("\r")[2].strip() == "", "the line is erased at the end"


def test_a_second_lock_changes_nothing_and_the_day_is_that_of_the_digest(
    tmp_path: Path, filled: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = catalog(tmp_path, filled)
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "0")
    assert run(folder, "lock").exit_code == 0
    first = (folder / "catalog-forge.lock").read_bytes()
    monkeypatch.setenv("SOURCE_DATE_EPOCH", str(86400 * 365))
    filled.image("nginx:1", labels={"another": "one"})
    online = run(folder, "lock", "--online")
    assert online.exit_code == 1
    assert re.search(
        r"docker-compose.yml:\d+:\d+: \S+/nginx:1 now points to another image: sha256:\w{64} -> sha256:\w{64}", online.stderr
    )
    assert (folder / "catalog-forge.lock").read_bytes() == first
    assert run(folder, "lock").exit_code == 0
    days = {name.rpartition("/")[2]: each["found"] for name, each in held(folder).items()}
    assert days == {name: "1971-01-01" if name == "nginx:1" else "1970-01-01" for name in NAMES}
    second = (folder / "catalog-forge.lock").read_bytes()
    assert run(folder, "lock").exit_code == 0
    assert (folder / "catalog-forge.lock").read_bytes() == second


def test_check_needs_no_registry_and_says_what_to_do(tmp_path: Path, filled: Registry) -> None:
    folder = catalog(tmp_path, filled)
    assert run(folder, "lock").exit_code == 0
    file = folder / "templates/db/0/docker-compose.yml"
    file.write_text(file.read_text().replace(f"{filled.host}/lb:1", "192.0.2.1/lb:3"))
    result = run(folder, "lock", "--check")
    assert result.exit_code == 1
    assert "templates/db/0/docker-compose.yml:4:15: 192.0.2.1/lb:3 is not in catalog-forge.lock" in result.stderr
    assert "hint: catalog-forge lock" in result.stderr


def test_what_nothing_names_is_dropped(tmp_path: Path, filled: Registry) -> None:
    folder = catalog(tmp_path, filled)
    assert run(folder, "lock").exit_code == 0
    file = folder / "templates/db/0/rancher-compose.yml"
    file.write_text(file.read_text().replace("options: ['1', '2']", "options: ['1']"))
    result = run(folder, "lock", "--check")
    assert f"no file of the catalog names {filled.host}/db:2 any more" in result.stderr
    assert run(folder, "lock", "web-conf").exit_code == 0
    assert f"{filled.host}/db:2" in held(folder)
    assert "1 dropped" in run(folder, "lock").stderr
    assert f"{filled.host}/db:2" not in held(folder)


def test_a_tag_that_is_gone_is_told_and_the_others_are_locked(tmp_path: Path, filled: Registry) -> None:
    digest = filled.image("brief:1", labels={"only": "here"})
    folder = catalog(tmp_path, filled)
    file = folder / "images/hand/Dockerfile"
    file.write_text(f"FROM {filled.host}/brief:1\n")
    assert run(folder, "lock").exit_code == 0
    filled.gone("brief", digest)
    words = f"images/hand/Dockerfile:1:1: {filled.host}/brief:1: {filled.host} has no such image"
    for command in (["--online"], []):
        result = run(folder, "lock", *command)
        assert (result.exit_code, words in result.stderr) == (1, True), result.output


def test_what_old_engines_cannot_pull_is_told(tmp_path: Path, plain: Registry) -> None:
    plain.index("oci:1", "amd64", kind=OCI_INDEX)
    plain.image("arm:1", "arm64")
    folder = tree(tmp_path / "catalog", {"images/a/Dockerfile": f"FROM {plain.host}/oci:1 AS a\nFROM {plain.host}/arm:1\n"})
    result = run(folder, "lock", "--format", "json")
    assert result.exit_code == 0, result.output
    warnings = {each["image"].rpartition("/")[2]: each["warning"] for each in json.loads(result.stdout)["images"]}
    assert OCI_INDEX in warnings["oci:1"]
    assert warnings["arm:1"] == "it is not available for linux/amd64, only for linux/arm64"
    assert warnings["arm:1"] in result.stderr


ROW = f"{{digest: 'sha256:{'0' * 64}', media_type: x, platforms: %s, found: '%s'}}"
SOUND_ROW = ROW % ("[linux/amd64]", "2026-01-02")


@pytest.mark.parametrize(
    "text",
    [
        *("images: []", "a: 1", "images: {a: {digest: x}}", "<<<<<<< a\n=======\n>>>>>>> b\n", "images: {a: 1}"),
        f"images: {{a: {ROW % ('[linux/amd64]', '2026-99-99')}}}",
        f"images: {{a: {ROW % ('linux', '2026-01-02')}}}",
        f"colour: blue\nimages: {{a: {SOUND_ROW}}}",
        f"pinned: maybe\nimages: {{a: {SOUND_ROW}}}",
    ],
)
def test_a_lock_that_is_damaged_is_said_to_be(tmp_path: Path, text: str) -> None:
    folder = tree(tmp_path / "catalog", {"images/a/Dockerfile": "FROM scratch\n", "catalog-forge.lock": text})
    result = run(folder, "lock", "--check")
    assert result.exit_code == 1
    assert result.stderr.startswith("catalog-forge.lock")
    assert run(folder, "lock").exit_code == 1
    (folder / "catalog-forge.lock").unlink()
    assert run(folder, "lock").exit_code == 0


def test_a_sound_row_is_read(tmp_path: Path) -> None:
    folder = tree(
        tmp_path,
        {"images/a/Dockerfile": "FROM docker.io/a:1\n", "catalog-forge.lock": f"images: {{'docker.io/a:1': {SOUND_ROW}}}"},
    )
    assert run(folder, "lock", "--check").exit_code == 0


def test_what_is_generated_is_pinned_where_it_is_wanted(tmp_path: Path, filled: Registry) -> None:
    folder = catalog(tmp_path, filled)
    plain = {path: path.read_bytes() for path in (folder / "templates").rglob("*") if path.is_file()}
    assert run(folder, "generate", "--locked").exit_code == 1
    assert run(folder, "lock").exit_code == 0
    pinned = run(folder, "generate", "--locked")
    assert pinned.exit_code == 0, pinned.output
    compose = (folder / "templates/web/0/docker-compose.yml").read_text()
    dockerfile = (folder / "images/web-conf/Dockerfile").read_text()
    images = held(folder)
    assert f"image: '{filled.host}/nginx:1@{images[f'{filled.host}/nginx:1']['digest']}'" in compose
    assert f"ARG BASE={filled.host}/busybox:1@{images[f'{filled.host}/busybox:1']['digest']}\n" in dockerfile
    assert f"{filled.host}/team/web-conf:1.2.3'" in compose  # pushed after this is released
    for command in (["generate", "--check"], ["lock", "--check"], ["lock", "--online"]):
        assert run(folder, *command).exit_code == 0
    assert run(folder, "generate").stdout == "web-conf: up to date\n"
    before = (folder / "catalog-forge.lock").read_bytes()
    assert run(folder, "lock").exit_code == 0
    assert (folder / "catalog-forge.lock").read_bytes() == before
    assert run(folder, "generate", "--no-locked").exit_code == 0
    assert {path: path.read_bytes() for path in plain} == plain
    assert "pinned" not in (folder / "catalog-forge.lock").read_text()


def test_an_image_without_a_registry_is_asked_for_nowhere(tmp_path: Path, filled: Registry) -> None:
    spec = SPEC.replace("HOST", filled.host).replace(f", registry: {filled.host}/team", "")
    folder = tree(tmp_path / "catalog", {"specs/web-conf.yml": spec})
    assert run(folder, "generate").exit_code == 0
    assert run(folder, "lock").exit_code == 0
    assert [*held(folder)] == [f"{filled.host}/busybox:1", f"{filled.host}/nginx:1"]
    assert run(folder, "lock", "--check").exit_code == 0
