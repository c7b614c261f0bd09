"""What changed in published revisions, against a real repository, an untrusted one, and names of commits that are none."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.lint import disk, history
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner.run import Choice, run
from tests.lint.trees import SOUND


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The sound catalog, committed."""
    root = tmp_path / "catalog"
    for path, text in SOUND.items():
        (root / path).parent.mkdir(parents=True, exist_ok=True)
        (root / path).write_text(text)
    _git(root, "init", "--quiet", "--initial-branch=main")
    _git(root, "add", ".")
    _git(root, "commit", "--quiet", "--message=x")
    return root


def _git(root: Path, *arguments: str) -> None:
    settings = ("-c", "user.name=x", "-c", "user.email=x@example.org", "-c", "commit.gpgsign=false")
    subprocess.run(["git", "-C", str(root), *settings, *arguments], check=True, capture_output=True)


def _changed(path: Path, ref: str = "main") -> list[str]:
    tree = disk.read(path)
    since = history.at(path, ref, tree.inside)
    return [
        f"{each.level} {each.where}: {each.message}" for each in run(Catalog(tree, since=since), Choice(frozenset(["CF920"])))
    ]


def test_what_changed_or_vanished_is_found_and_what_is_new_is_not(repository: Path) -> None:
    revision = repository / "templates/web/0"
    assert _changed(repository) == []
    (revision / "docker-compose.yml").write_text("web: {image: 'nginx:1.27.4'}\n")
    (revision / "README.md").write_text("# Other\n")
    (revision / "rancher-compose.yml").unlink()
    (revision / "new.yml").write_text("x: 1\n")
    (repository / "templates/web/1").mkdir()
    (repository / "templates/web/1/rancher-compose.yml").write_text("x: 1\n")
    (repository / "templates/web/config.yml").write_text("name: Other\n")
    assert _changed(repository) == [
        "note templates/web/0/README.md: README.md has changed in a published revision",
        "warning templates/web/0/docker-compose.yml: docker-compose.yml has changed in a published revision",
        "warning templates/web/0/rancher-compose.yml: rancher-compose.yml was removed from a published revision",
    ]


def test_a_revision_that_is_gone_is_one_finding(repository: Path) -> None:
    for file in (repository / "templates/web/0").iterdir():
        file.unlink()
    (found,) = _changed(repository)
    assert found.startswith("warning templates/web/0: the published revision templates/web/0 no longer exists")


@pytest.mark.parametrize("below", ["templates", "templates/web", "templates/web/0", "templates/web/0/docker-compose.yml"])
def test_parts_of_a_catalog_compare_as_the_whole_does(repository: Path, below: str) -> None:
    assert _changed(repository / below) == []
    (repository / "templates/web/0/docker-compose.yml").write_text("x: 1\n")
    assert len(_changed(repository / below)) == 1


def test_line_ends_do_not_count(repository: Path) -> None:
    file = repository / "templates/web/0/docker-compose.yml"
    file.write_bytes(file.read_bytes().replace(b"\n", b"\r\n"))
    assert _changed(repository) == []


@pytest.mark.parametrize(
    "ref", ["--output=x", "-h", "", " main", "no-such-branch", "main\nx", "x" * 500, "main:templates", "HEAD~9"]
)
def test_what_is_no_commit_is_refused(repository: Path, ref: str) -> None:
    with pytest.raises(ForgeError, match="commit"):
        history.at(repository, ref)
    assert not (repository / "x").exists()


def test_a_folder_outside_of_a_repository_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="git cannot say what was published"):
        history.at(tmp_path, "main")


def test_a_repository_runs_no_program_and_the_environment_names_no_other(
    repository: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    trap = tmp_path / "trap.sh"
    trap.write_text(f"#!/bin/sh\ntouch {tmp_path}/sprung\ncat\n")
    trap.chmod(0o755)
    for key in ("core.fsmonitor", "core.pager", "core.sshCommand", "diff.external", "filter.x.smudge", "filter.x.clean"):
        _git(repository, "config", key, str(trap))
    (repository / ".gitattributes").write_text("* filter=x diff=x\n")
    (repository / ".git/hooks").mkdir(exist_ok=True)
    for hook in ("post-checkout", "post-index-change", "reference-transaction"):
        (repository / ".git/hooks" / hook).symlink_to(trap)
    monkeypatch.setenv("GIT_DIR", str(tmp_path / "elsewhere"))
    monkeypatch.setenv("GIT_PAGER", str(trap))
    monkeypatch.setenv("GIT_CONFIG_COUNT", "1")
    monkeypatch.setenv("GIT_CONFIG_KEY_0", "core.fsmonitor")
    monkeypatch.setenv("GIT_CONFIG_VALUE_0", str(trap))
    assert _changed(repository) == []
    assert not (tmp_path / "sprung").exists()
