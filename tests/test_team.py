"""The standards on disk, and what they extend: files beside them, and commits of git repositories."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner

from catalog_forge.cli.main import root
from catalog_forge.errors import ForgeError
from catalog_forge.repository import Repository
from catalog_forge.team import load
from tests.helpers import tree

SPEC = "forge: 1\nname: web-conf\nservice: nginx:1.27.3\nconfig: /etc/nginx/nginx.conf\n"


def test_standards_are_laid_over_those_that_they_extend(tmp_path: Path) -> None:
    tree(
        tmp_path,
        {
            "base.yml": "defaults: {image: {base: alpine:3.20, registry: ghcr.io/acme}}\nlevels: {repeats: 'off'}\n",
            "web/more.yml": "extends: [../base.yml]\ndefaults: {image: {base: busybox:1.37.0}, entry: {category: Web}}\n",
            "catalog/catalog-forge.yml": "extends: [../web/more.yml]\ndefaults: {entry: {category: Databases}}\n",
        },
    )
    found = load(tmp_path / "catalog/catalog-forge.yml", "catalog-forge.yml")
    image, levels = found.standards.defaults.image, found.standards.levels
    assert (image.base, image.registry, levels.repeats) == ("busybox:1.37.0", "ghcr.io/acme", "off")
    assert found.standards.defaults.entry.category == "Databases"
    places = {path: Path(node.where.file).name for path, node in found.lines()}
    assert places["defaults.image.registry"] == "base.yml"
    assert places["defaults.image.base"] == "more.yml"
    assert places["defaults.entry.category"] == "catalog-forge.yml"


def commit(folder: Path) -> str:
    """Commit everything in a new repository, and return the commit."""
    identity = ("-c", "user.name=t", "-c", "user.email=t@example.org")
    for words in (("init", "--quiet"), ("add", "."), (*identity, "commit", "--quiet", "-m", "x")):
        subprocess.run(["git", "-C", str(folder), *words], check=True)
    done = subprocess.run(["git", "-C", str(folder), "rev-parse", "HEAD"], check=True, capture_output=True, text=True)
    return done.stdout.strip()


def test_standards_may_extend_a_commit_of_a_git_repository(tmp_path: Path) -> None:
    shared = tree(tmp_path / "shared", {"team/all.yml": "defaults: {maintainer: Jo Doe Roe <jo@example.org>}\n"})
    known = commit(shared)
    tree(shared, {"team/all.yml": "defaults: {maintainer: Someone Else Now <x@example.org>}\n"})
    catalog = tree(tmp_path / "catalog", {"catalog-forge.yml": f"extends: ['{shared}@{known}#team/all.yml']\n"})
    found = load(catalog / "catalog-forge.yml")
    assert found.standards.defaults.maintainer == "Jo Doe Roe <jo@example.org>"
    (_, node), *_ = found.lines()
    assert str(node.where) == f"{shared}@{known[:12]}#team/all.yml:1:24"


@pytest.mark.parametrize(
    ("extends", "words"),
    [
        ("nowhere.yml", "there are no standards 'nowhere.yml'"),
        ("catalog-forge.yml", "these standards extend themselves"),
        ("https://example.org/x.git@main", "there are no standards"),
        (f"./shared@{'0' * 40}", "git cannot fetch the standards"),
    ],
)
def test_what_cannot_be_extended_is_said(tmp_path: Path, extends: str, words: str) -> None:
    commit(tree(tmp_path / "shared", {"a": ""}))
    tree(tmp_path, {"catalog-forge.yml": f"extends: ['{extends}']\n"})
    with pytest.raises(ForgeError, match=words):
        load(tmp_path / "catalog-forge.yml")


def test_a_path_in_a_commit_does_not_leave_it(tmp_path: Path) -> None:
    known = commit(tree(tmp_path / "shared", {"a": ""}))
    tree(tmp_path, {"secret.yml": "{}", "catalog-forge.yml": f"extends: ['shared@{known}#../secret.yml']\n"})
    with pytest.raises(ForgeError, match="the commit has no file"):
        load(tmp_path / "catalog-forge.yml")


@pytest.mark.parametrize("path", ["../../../../../../../../../../../../{folder}/secret.yml", "{folder}/secret.yml", "link.yml"])
def test_what_a_file_of_a_commit_extends_does_not_leave_the_commit(tmp_path: Path, path: str) -> None:
    tree(tmp_path, {"secret.yml": "{}"})
    shared = tree(tmp_path / "shared", {"all.yml": f"extends: ['{path.format(folder=tmp_path)}']\n"})
    (shared / "link.yml").symlink_to(tmp_path / "secret.yml")
    tree(tmp_path, {"catalog-forge.yml": f"extends: ['shared@{commit(shared)}#all.yml']\n"})
    with pytest.raises(ForgeError, match=r"#all\.yml:1:11: there are no standards"):
        load(tmp_path / "catalog-forge.yml")


def test_a_change_of_the_defaults_makes_what_was_generated_stale(tmp_path: Path) -> None:
    tree(tmp_path, {"specs/web-conf.yml": SPEC, "catalog-forge.yml": "defaults: {image: {registry: ghcr.io/acme}}\n"})
    run = CliRunner()
    assert run.invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    compose = tmp_path / "templates/web/0/docker-compose.yml"
    assert "ghcr.io/acme/web-conf:0.1.0" in compose.read_text()
    assert run.invoke(root, ["-C", str(tmp_path), "generate", "--check"]).exit_code == 0
    tree(tmp_path, {"catalog-forge.yml": "defaults: {image: {registry: ghcr.io/other}}\n"})
    assert run.invoke(root, ["-C", str(tmp_path), "generate", "--check"]).exit_code == 1
    assert run.invoke(root, ["-C", str(tmp_path), "generate"]).exit_code == 0
    assert "ghcr.io/other/web-conf:0.1.0" in compose.read_text()


def test_an_empty_file_only_marks_the_root(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "# the root\n", "specs/web-conf.yml": SPEC})
    assert Repository(tmp_path).source("web-conf").spec().maintainer == ""


def test_standards_show_says_where_each_line_comes_from(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": "defaults:\n  image: {base: alpine:3.20}\n", "specs/a/b": ""})
    run = CliRunner()
    text = run.invoke(root, ["-C", str(tmp_path), "standards", "show"])
    assert text.stdout == "defaults.image.base  alpine:3.20  catalog-forge.yml:2:17\n"
    data = run.invoke(root, ["-C", str(tmp_path), "standards", "show", "--format", "json"])
    assert json.loads(data.stdout) == [{"key": "defaults.image.base", "value": "alpine:3.20", "where": "catalog-forge.yml:2:17"}]


def test_without_standards_show_says_so(tmp_path: Path) -> None:
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "standards", "show"])
    assert result.exit_code == 1 and "there is no catalog-forge.yml" in result.stderr


def test_no_git_repository_is_asked_when_nothing_may_be_fetched(tmp_path: Path) -> None:
    tree(tmp_path, {"catalog-forge.yml": f"extends: ['ssh://example.org/x@{'0' * 40}']\n"})
    with pytest.raises(ForgeError, match="not fetched here"):
        load(tmp_path / "catalog-forge.yml", fetch=False)
    result = CliRunner().invoke(root, ["-C", str(tmp_path), "lint", "--no-external", "--select", "CF802"])
    assert result.exit_code == 1 and "not fetched here" in result.stdout


@pytest.mark.parametrize("kind", ["pipe", "folder", "link to nothing"])
def test_what_stands_in_the_place_of_standards_is_an_error_and_not_none(tmp_path: Path, kind: str) -> None:
    root = tree(tmp_path, {"specs/.keep": ""})
    file = root / "catalog-forge.yml"
    if kind == "pipe":
        os.mkfifo(file)
    elif kind == "folder":
        file.mkdir()
    else:
        file.symlink_to("nowhere.yml")
    with pytest.raises(ForgeError, match="catalog-forge.yml: the standards must be a regular file"):
        assert Repository(root).team is None
