"""Blueprints from git, kept for the next time: offline, and only as they were fetched."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from catalog_forge.blueprint.cache import digest_of
from catalog_forge.blueprint.find import cache_folder, opened
from catalog_forge.errors import ForgeError
from tests.blueprint.folders import ROOM, blueprint, commit
from tests.helpers import tree


@pytest.fixture
def reference(tmp_path: Path) -> str:
    """A blueprint at a commit, which is in the cache; its repository is gone."""
    folder = blueprint(tmp_path / "repository", {"a.txt": "as it was"}, _description="kept")
    reference = f"file://{folder}@{commit(folder)}"
    with opened(reference, tmp_path, tmp_path / "cache") as found:
        assert found.description == "kept"
    shutil.rmtree(folder)
    return reference


def test_what_was_fetched_once_needs_no_repository_any_more(reference: str, tmp_path: Path) -> None:
    with opened(reference, tmp_path, tmp_path / "cache") as found:
        assert (found.name, found.description) == ("repository", "kept")
        assert found.files.text(f"{ROOM}/a.txt".partition("/")[2]) == "as it was"
        assert found.source["commit"] == reference.rpartition("@")[2]
    assert not list((tmp_path / "cache").rglob(".git"))
    with pytest.raises(ForgeError, match="git cannot fetch"), opened(reference, tmp_path):
        pass


@pytest.mark.parametrize(
    "change",
    [
        lambda files: next(files.rglob("a.txt")).write_text("changed"),
        lambda files: next(files.rglob("a.txt")).chmod(0o755),
        lambda files: next(files.rglob("a.txt")).unlink(),
        lambda files: (files / "hooks").mkdir(),
        lambda files: (files / "link").symlink_to("/etc/passwd"),
        lambda files: (files.parent / "lock.json").write_text("{}"),
        lambda files: (files.parent / "lock.json").write_text("[" * 100_000),
    ],
)
def test_what_is_not_as_it_was_fetched_is_refused(reference: str, tmp_path: Path, change: Callable[[Path], object]) -> None:
    (files,) = (tmp_path / "cache").glob("*/files")
    change(files)
    with pytest.raises(ForgeError, match="were changed after they were fetched"), opened(reference, tmp_path, tmp_path / "cache"):
        pass


def test_another_repository_or_commit_is_not_taken_for_it(reference: str, tmp_path: Path) -> None:
    other = blueprint(tmp_path / "other", _description="other")
    with opened(f"file://{other}@{commit(other)}", tmp_path, tmp_path / "cache") as found:
        assert found.description == "other"
    assert len(list((tmp_path / "cache").iterdir())) == 2
    with pytest.raises(ForgeError, match="git cannot fetch"), opened(reference[:-40] + "1" * 40, tmp_path, tmp_path / "cache"):
        pass


def test_what_is_no_blueprint_is_not_kept(tmp_path: Path) -> None:
    folder = tree(tmp_path / "repository", {"README.md": "x"})
    reference = f"file://{folder}@{commit(folder)}"
    said = f"^file://{folder} is not a blueprint: it has no cookiecutter.json at its root$"
    with pytest.raises(ForgeError, match=said), opened(reference, tmp_path, tmp_path / "cache"):
        pass
    assert not (tmp_path / "cache").exists()


def test_of_a_catalog_with_blueprints_it_says_what_to_do(tmp_path: Path) -> None:
    blueprint(tmp_path / "catalog/blueprints/cache")
    reference = f"file://{tmp_path}/catalog@{commit(tmp_path / 'catalog')}"
    with pytest.raises(ForgeError) as found, opened(reference, tmp_path, tmp_path / "cache"):
        pass
    assert found.value.problems[0].hint == "it has blueprints in blueprints/cache: move one to a repository of its own"


def test_a_cache_that_cannot_be_written_is_done_without(tmp_path: Path) -> None:
    folder = blueprint(tmp_path / "repository", _description="found")
    reference = f"file://{folder}@{commit(folder)}"
    (tmp_path / "cache").write_text("a file")
    with opened(reference, tmp_path, tmp_path / "cache") as found:
        assert found.description == "found"


def test_the_cache_is_where_the_xdg_rules_say(tmp_path: Path) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "catalog-forge/blueprints"
    assert cache_folder({"XDG_CACHE_HOME": "relative"}) == Path.home() / ".cache/catalog-forge/blueprints"


def test_a_digest_tells_names_contents_and_links_apart(tmp_path: Path) -> None:
    folders = [
        tree(tmp_path / "1", {"a": "x", "b": "y"}),
        tree(tmp_path / "2", {"a": "y", "b": "x"}),
        tree(tmp_path / "3", {"ab": "xy"}),
        tree(tmp_path / "4", {"a/b": "xy"}),
    ]
    assert len({digest_of(folder) for folder in folders}) == 4
