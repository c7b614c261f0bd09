"""Finding blueprints: by name, by path, and in real git repositories at a commit."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.blueprint.find import GENERIC, opened, shipped
from catalog_forge.errors import ForgeError
from tests.blueprint.folders import blueprint, commit, git
from tests.helpers import tree


def test_blueprints_are_shipped_and_each_says_what_it_is_for(tmp_path: Path) -> None:
    assert {GENERIC, "elasticsearch-conf"} <= shipped().keys()
    for name in shipped():
        with opened(name, tmp_path) as found:
            assert found.name == name
            assert found.description
            assert not found.hooks


def test_a_shipped_name_comes_before_a_folder_of_this_name(tmp_path: Path) -> None:
    blueprint(tmp_path / GENERIC)
    with opened(GENERIC, tmp_path) as found:
        assert found.folder == shipped()[GENERIC]
    with opened(f"./{GENERIC}", tmp_path) as found:
        assert found.folder == tmp_path / GENERIC


@pytest.mark.parametrize("reference", ["mine", "./mine", "../{0}/mine", "{1}/mine"])
def test_a_path_is_relative_to_the_folder_of_the_command(tmp_path: Path, reference: str) -> None:
    blueprint(tmp_path / "mine")
    with opened(reference.format(tmp_path.name, tmp_path), tmp_path) as found:
        assert found.folder == tmp_path / "mine"


def test_an_unknown_name_suggests_the_nearest(tmp_path: Path) -> None:
    with (
        pytest.raises(ForgeError, match="no blueprint 'genric-conf'\n.*did you mean 'generic-conf'"),
        opened("genric-conf", tmp_path),
    ):
        pass


@pytest.mark.parametrize("form", ["file://{}", "{}", "repository"])
def test_a_commit_of_a_git_repository_is_a_blueprint(tmp_path: Path, form: str) -> None:
    folder = blueprint(tmp_path / "repository", _description="first")
    first = commit(folder)
    blueprint(folder, _description="second")
    commit(folder)
    with opened(f"{form.format(folder)}@{first}", tmp_path) as found:
        assert found.description == "first"
        place = found.folder
    assert not place.exists()


@pytest.mark.parametrize(
    "reference",
    ["https://example.org/x.git", "https://example.org/x@main", "git@example.org:x.git", "x.git@v1.0", "file:///x@abc123"],
)
def test_a_url_without_a_commit_is_refused(tmp_path: Path, reference: str) -> None:
    with pytest.raises(ForgeError, match="names no commit\n.*40 hex digits"), opened(reference, tmp_path):
        pass


def test_what_git_says_is_shown(tmp_path: Path) -> None:
    folder = blueprint(tmp_path / "repository")
    commit(folder)
    with pytest.raises(ForgeError, match="git cannot fetch the blueprint: .*1111111"), opened(f"{folder}@{'1' * 40}", tmp_path):
        pass
    with pytest.raises(ForgeError, match="git cannot fetch the blueprint"), opened(f"file:///not/there@{'1' * 40}", tmp_path):
        pass


def test_git_runs_nothing_that_a_repository_or_a_url_asks_for(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    marker, config = tmp_path / "marker", tmp_path / "gitconfig"
    hooks = tree(tmp_path, {"hooks/post-checkout": f"#!/bin/sh\necho hook >>{marker}\n"}) / "hooks"
    (hooks / "post-checkout").chmod(0o755)
    folder = blueprint(tmp_path / "repository", {"x": "as it is"})
    tree(folder, {".gitattributes": "* filter=loud\n"})
    made = commit(folder)
    filters = f'[filter "loud"]\n smudge = "echo filter >>{marker}; cat"\n'
    config.write_text(f'{filters}[core]\n hooksPath = {hooks}\n[protocol "ext"]\n allow = always\n')
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", str(config))
    git(tmp_path, "clone", "--quiet", str(folder), "loud")
    assert set(marker.read_text().split()) == {"filter", "hook"}, "the trap works"
    marker.unlink()
    with opened(f"{folder}@{made}", tmp_path) as found:
        assert found.description == ""
    with pytest.raises(ForgeError, match="transport 'ext' not allowed"), opened(f"ext::sh -c 'touch {marker}'@{made}", tmp_path):
        pass
    with pytest.raises(ForgeError, match="git cannot fetch"), opened(f"--upload-pack=touch {marker}@{made}", tmp_path):
        pass
    assert not marker.exists()


def test_submodules_are_not_fetched(tmp_path: Path) -> None:
    inner = tree(tmp_path / "inner", {"x": "x"})
    commit(inner)
    folder = blueprint(tmp_path / "repository")
    commit(folder)
    git(folder, "-c", "protocol.file.allow=always", "submodule", "--quiet", "add", str(inner), "inner")
    git(folder, "commit", "--quiet", "--message", "A submodule")
    with opened(f"{folder}@{git(folder, 'rev-parse', 'HEAD')}", tmp_path) as found:
        assert list((found.folder / "inner").iterdir()) == []


def test_a_repository_that_a_hook_of_git_runs_in_is_left_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folder, other = blueprint(tmp_path / "repository"), tree(tmp_path / "other", {"x": "x"})
    made, _ = commit(folder), commit(other)
    monkeypatch.setenv("GIT_DIR", str(other / ".git"))
    monkeypatch.setenv("GIT_WORK_TREE", str(other))
    with opened(f"{folder}@{made}", tmp_path):
        pass
    monkeypatch.undo()
    assert git(other, "status", "--porcelain") == ""
    assert (other / "x").read_text() == "x"
