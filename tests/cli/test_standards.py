"""`standards`: what a change of them changes, what a catalog keeps to already, a report over many catalogs."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_forge import yamlio
from tests.adopt.entries import ENTRY
from tests.adopt.images import SOUND
from tests.blueprint.folders import git
from tests.cli.test_update import run
from tests.helpers import tree

STANDARDS = "defaults: {image: {base: 'busybox:1.36.1'}, entry: {license: MIT}}\nrequired: {name: '*-conf'}\n"


def spec(number: int, more: str = "") -> str:
    return (
        f"forge: 1\nname: w{number}-conf\nversion: 1.0.0\nservice: {{name: w{number}, image: 'nginx:1.27.0'}}\n{more}"
        f"files:\n- dest: /etc/w{number}/w.properties\n  body:\n  - set: {{a: '@{{self.name}}'}}\n"
    )


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """Twelve specs, of which the last has a base of its own; all is published."""
    files = {f"specs/w{number}-conf.yml": spec(number) for number in range(11)}
    files["specs/w11-conf.yml"] = spec(11, "image: {base: 'alpine:3.20'}\n")
    folder = tree(tmp_path / "catalog", {**files, "catalog-forge.yml": STANDARDS})
    assert run(folder, "generate").exit_code == 0
    git(folder, "init", "--quiet")
    for key, value in (("user.name", "Jo Doe"), ("user.email", "jo@example.org"), ("commit.gpgsign", "false")):
        git(folder, "config", key, value)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_another_base_says_which_images_change_and_their_next_versions(catalog: Path) -> None:
    assert run(catalog, "standards", "impact").stdout == "0 of 12 specs change\n"
    (catalog / "catalog-forge.yml").write_text(STANDARDS.replace("1.36.1", "1.37.0"))
    before = {path: path.read_bytes() for path in catalog.rglob("*") if path.is_file() and ".git" not in path.parts}
    result = run(catalog, "standards", "impact")
    assert result.exit_code == 0, result.output
    assert result.stdout.startswith("defaults.image.base: busybox:1.36.1 -> busybox:1.37.0\n")
    assert "w0-conf: image.base: busybox:1.36.1 -> busybox:1.37.0\n  image: " in result.stdout
    assert "  next: w0-conf 1.0.1; revision 1 of w0, 1.0." in result.stdout
    assert "w11-conf" not in result.stdout
    assert result.stdout.endswith("11 of 12 specs change\n")
    told = json.loads(run(catalog, "standards", "impact", "--format", "json").stdout)
    assert told["standards"] == {"defaults.image.base": {"old": "busybox:1.36.1", "new": "busybox:1.37.0"}}
    assert {each["name"] for each in told["specs"]} == {f"w{number}-conf" for number in range(11)}
    assert "images/w3-conf/Dockerfile" in told["specs"][5]["files"] or "images/w3-conf/Dockerfile" in json.dumps(told)
    assert before == {path: path.read_bytes() for path in catalog.rglob("*") if path.is_file() and ".git" not in path.parts}


@pytest.mark.parametrize(
    ("old", "new", "words"),
    [
        ("license: MIT", "license: Apache-2.0", "  entry: config.yml"),
        ("name: '*-conf'", "health_check: true", "  breaks: the service has no health check"),
        ("name: '*-conf'", "name: 'acme-*'", "  breaks: the name 'w0-conf' does not match 'acme-*'"),
        ("busybox:1.36.1", "busybox:latest", "  nothing can be generated: "),
    ],
)
def test_each_kind_of_change_is_said(catalog: Path, old: str, new: str, words: str) -> None:
    other = tree(catalog.parent / "other", {"new.yml": STANDARDS.replace(old, new)}) / "new.yml"
    result = run(catalog, "standards", "impact", "--to", str(other))
    assert words in result.stdout, result.output
    is_broken = "nothing can be generated" in words
    assert result.exit_code == is_broken
    assert ("nothing can be generated from 11 specs: w0-conf, w1-conf, w10-conf, " in result.stderr) == is_broken
    told = run(catalog, "standards", "impact", "--to", str(other), "--format", "json")
    assert told.exit_code == is_broken and len(json.loads(told.stdout)["specs"]) > 0


def test_a_spec_with_a_fault_of_its_own_is_told_so_with_its_hint(catalog: Path) -> None:
    (catalog / "specs/w0-conf.yml").write_text(spec(0, "ulimits: {nofile: x}\n"))
    result = run(catalog, "standards", "impact")
    assert result.exit_code == 1
    assert "  nothing can be generated: specs/w0-conf.yml:5:1: unknown key 'ulimits'" in result.stdout
    assert "\n    hint: " in result.stdout and "\\x0a" not in result.stdout
    assert "hint: change the standards or the specs; a deviation needs a reason under `deviations`" in result.stderr


def test_the_paths_of_a_report_begin_in_the_folder_of_the_option(
    catalog: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tree(tmp_path / "else", {"other.yml": "defaults: {}\n", catalog.name: "no folder\n"}))
    tree(catalog.parent, {"new.yml": "defaults: {}\n"})
    result = run(catalog.parent, "standards", "report", catalog.name, "--html", "page.html")
    assert result.exit_code == 0 and f"\n{catalog.name}/specs/w0-conf.yml " in result.stdout
    assert (catalog.parent / "page.html").is_file()
    assert run(catalog, "standards", "impact", "--to", "../new.yml").stdout.endswith("12 of 12 specs change\n")
    for words in (["report", "nowhere"], ["impact", "--to", "other.yml"]):
        result = run(catalog, "standards", *words)
        assert (
            result.exit_code == 2 and f"there is no {'folder' if 'nowhere' in words else 'file'} {words[-1]!r}" in result.stderr
        )


def test_a_catalog_outside_of_git_is_compared_with_a_file_only(tmp_path: Path) -> None:
    folder = tree(tmp_path, {"specs/w0-conf.yml": spec(0), "catalog-forge.yml": STANDARDS, "new.yml": "defaults: {}\n"})
    result = run(folder, "standards", "impact")
    assert result.exit_code == 1
    assert "not a git repository" in result.stderr
    assert "1 of 1 spec changes" in run(folder, "standards", "impact", "--to", str(folder / "new.yml")).stdout


def test_what_a_catalog_keeps_to_becomes_its_standards_and_nothing_changes(tmp_path: Path) -> None:
    own = "image: {base: 'alpine:3.20', registry: ghcr.io/acme, labels: {vendor: Acme}}\nmaintainer: Jo Doe <jo@example.org>\n"
    files = {f"specs/w{number}-conf.yml": spec(number, own) for number in range(3)}
    files["specs/w3-conf.yml"] = spec(3, own.replace("alpine:3.20", "debian:12").replace("maintainer: ", "# "))
    folder = tree(tmp_path / "catalog", {**files, **{f"images/app-conf/{path}": text for path, text in SOUND.items()}, **ENTRY})
    assert run(folder, "generate").exit_code == 0
    result = run(folder, "standards", "adopt", "--write")
    assert result.exit_code == 0, result.output
    found = yamlio.load(result.stdout, "standards")
    assert found["defaults"]["image"] == {"base": "alpine:3.20", "registry": "ghcr.io/acme"}
    assert found["allowed"]["base"] == ["alpine:3.19", "alpine:3.20", "debian:12"]
    assert "maintainer" not in found["defaults"]
    assert found["required"] == {"name": "*-conf", "labels": ["vendor"]}
    assert "Databases" in found["allowed"]["category"]
    assert run(folder, "generate", "--check").exit_code == 0
    assert "CF812" not in run(folder, "lint").output
    again = run(folder, "standards", "adopt", "--write")
    assert again.exit_code == 1
    assert "there are standards already" in again.stderr


def test_a_report_has_all_images_of_many_catalogs(catalog: Path, tmp_path: Path) -> None:
    other = tree(tmp_path / "other", {**{f"images/app-conf/{path}": text for path, text in SOUND.items()}, **ENTRY})
    lines = run(tmp_path, "standards", "report", str(catalog), str(other)).stdout.splitlines()
    (line,) = [line for line in lines if "specs/w11-conf.yml" in line]
    assert line.split()[1:5] == ["alpine:3.20", "0.16.0", "2016-07-29", "-"]
    assert line.split()[5].count("-") == 2
    (line,) = [line for line in lines if "images/app-conf" in line]
    assert line.split()[1:4] == ["alpine:3.19", "0.16.0", "2016-07-29"]
    assert lines[-1] == "14 images and entries in 2 catalogs"
    hostile = tree(tmp_path / "<b>x", {"specs/a-conf.yml": spec(0)})
    page = tmp_path / "report.html"
    assert run(tmp_path, "standards", "report", str(other), str(hostile), "--html", str(page)).exit_code == 0
    text = page.read_text()
    assert "<td>alpine:3.19</td>" in text and "&lt;b&gt;x/" in text and "<b>x" not in text and "<script" not in text
    told = json.loads(run(tmp_path, "standards", "report", str(other), "--format", "json").stdout)
    assert {each["kind"] for each in told} == {"image", "entry"}


def test_a_report_says_what_cannot_be_read(tmp_path: Path) -> None:
    broken = {
        "specs/y-conf.yml": "forge: 1\n",
        "images/z/Dockerfile": "FROM\nRUN\n",
        "templates/bare/config.yml": "{",
        "templates/x/0/docker-compose.yml": "a: [\n",
        "templates/x/config.yml": "name: X\n",
    }
    catalog = tree(tmp_path / "bad", {**broken, "specs/a-conf.yml": spec(0)})
    done = run(tmp_path, "standards", "report", str(catalog))
    assert done.exit_code == 1 and done.stdout.count(" unread ") == 4
    for place in ("specs/y-conf.yml:1:1", "images/z/Dockerfile", "templates/bare/config.yml:1:1", "0/docker-compose.yml:1:4"):
        assert f"{place}: " in done.stderr, place
    done = run(tmp_path, "standards", "report", str(catalog), "--format", "json")
    assert done.exit_code == 1 and done.stderr.count("cannot be read: ") == 4
    assert [bool(each["unread"]) for each in json.loads(done.stdout)].count(False) == 1


def test_standards_that_were_broken_are_said_to_be_those_of_the_commit(catalog: Path) -> None:
    file = catalog / "catalog-forge.yml"
    sound = file.read_text()
    file.write_text("extends: [nowhere.yml]\n")
    git(catalog, "commit", "--quiet", "--all", "--message", "broken")
    file.write_text(sound)
    assert run(catalog, "standards", "impact").output.startswith("HEAD:catalog-forge.yml:1:11: there are no standards")


def test_a_profile_holds_and_what_is_here_counts_more(catalog: Path) -> None:
    file = catalog / "catalog-forge.yml"
    file.write_text("extends: ['profile:production']\nrequired: {health_check: false}\n")
    shown = run(catalog, "standards", "show").stdout
    assert "required.scenarios.0" in shown and "profile:production:" in shown
    told = run(catalog, "standards", "impact").stdout
    assert "breaks: the spec has no scenario whose name matches '*'" in told
    assert "health check" not in told
    file.write_text("extends: ['profile:minimal']\n")
    assert "did you mean 'minimum'?" in run(catalog, "standards", "show").output
