"""`release --all`: what a change of the team's standards means for every entry, in one commit; and git in every state."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.blueprint.folders import git
from tests.cli.test_update import edit, held, run

SPEC = """\
forge: 1
name: {name}-conf
version: "1.2.3"
entry: {{version: 1.0.0, title: Web}}
service: {{name: {name}, image: 'nginx:1.27.0'}}
{more}files:
- dest: /etc/web/web.properties
  body:
  - set: {{port: "80"}}
"""
STANDARDS = "defaults: {image: {base: 'busybox:1.36.1'}}\n"
NAMES = [f"app{number:02}" for number in range(12)]


def published(folder: Path, names: list[str], own: str = "") -> Path:
    """A catalog whose specs are published; `own` is one with a base of its own."""
    (folder / "specs").mkdir(parents=True)
    (folder / "catalog-forge.yml").write_text(STANDARDS)
    for name in names:
        (folder / f"specs/{name}-conf.yml").write_text(SPEC.format(name=name, more=""))
    if own:
        (folder / f"specs/{own}-conf.yml").write_text(SPEC.format(name=own, more="image: {base: 'alpine:3.20'}\n"))
    generated = run(folder, "generate")
    assert generated.exit_code == 0, generated.output
    git(folder, "init", "--quiet", "--initial-branch=main")
    for key, value in {"user.name": "Jo Doe", "user.email": "jo@example.org", "commit.gpgsign": "false"}.items():
        git(folder, "config", key, value)
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_a_new_base_of_twelve_images_is_one_commit(tmp_path: Path) -> None:
    catalog = published(tmp_path / "catalog", NAMES, own="alone")
    before = held(catalog)
    edit(catalog, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    dry = run(catalog, "release", "--all", "--changed", "--dry-run")
    assert dry.exit_code == 0, dry.output
    assert dry.stdout.count("base busybox:1.36.1 -> busybox:1.37.0") == 12
    result = run(catalog, "release", "--all", "--changed", "--tag")
    assert result.exit_code == 0, result.output
    assert "alone" not in result.output
    assert git(catalog, "rev-list", "--count", "HEAD") == "2"
    assert git(catalog, "status", "--porcelain") == ""
    subject, _, body = git(catalog, "log", "-1", "--format=%B").partition("\n")
    assert (subject, body.count("base busybox:1.36.1 -> busybox:1.37.0")) == ("Release 12 entries", 12)
    assert git(catalog, "tag").splitlines() == [f"{name}-1.0.1" for name in NAMES]
    after = held(catalog)
    for name in NAMES:
        assert b"version: 1.0.1" in after[f"specs/{name}-conf.yml"] and b'version: "1.2.4"' in after[f"specs/{name}-conf.yml"]
        log = after[f"specs/{name}-conf/CHANGELOG.md"].decode()
        assert "## 1.0.1 (revision 1)" in log and "- base busybox:1.36.1 -> busybox:1.37.0" in log
        assert f"templates/{name}/1/docker-compose.yml" in after
    kept = [path for path in before if "/0/" in path or "alone" in path]
    assert {path: after[path] for path in kept} == {path: before[path] for path in kept}
    again = run(catalog, "release", "--all", "--changed", "--commit")
    assert (again.exit_code, again.stdout) == (0, "nothing differs from what is published\n")
    assert git(catalog, "rev-list", "--count", "HEAD") == "2"


@pytest.fixture
def two(tmp_path: Path) -> Path:
    """A catalog with two specs, published."""
    return published(tmp_path / "catalog", ["one", "two"])


def test_what_does_not_hold_for_one_is_written_for_none(two: Path) -> None:
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    edit(two, "version: 1.0.0", "version: 1.0.1, upgrade_from: '>=2.0.0'", "specs/two-conf.yml")
    before = held(two)
    result = run(two, "release", "--all")
    assert (result.exit_code, held(two)) == (1, before)
    assert "specs/two-conf.yml:4:" in result.stderr


def test_a_release_that_was_killed_before_its_commit_goes_on(two: Path) -> None:
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    assert run(two, "release", "--all").exit_code == 0  # what is on disk when it is killed then
    result = run(two, "release", "--all", "--commit")
    assert result.exit_code == 0, result.output
    assert git(two, "status", "--porcelain") == ""
    assert sorted(path.name for path in (two / "templates/one").iterdir() if path.is_dir()) == ["0", "1"]
    assert (two / "specs/one-conf/CHANGELOG.md").read_text().count("## 1.0.1 (revision 1)") == 1


def test_two_clones_that_release_at_once_make_two_revisions(two: Path, tmp_path: Path) -> None:
    git(tmp_path, "clone", "--quiet", "--bare", str(two), "hub")
    clones = [tmp_path / "a", tmp_path / "b"]
    for number, clone in enumerate(clones):
        git(tmp_path, "clone", "--quiet", "hub", str(clone))
        git(clone, "config", "user.name", "Jo Doe")
        git(clone, "config", "user.email", "jo@example.org")
        edit(clone, 'port: "80"', f'port: "{81 + number}"', "specs/one-conf.yml")
        assert run(clone, "release", "one-conf", "--commit").exit_code == 0
    first, second = clones
    git(first, "push", "--quiet")
    with pytest.raises(subprocess.CalledProcessError):
        git(second, "push", "--quiet")
    git(second, "fetch", "--quiet")
    git(second, "reset", "--quiet", "--hard", "origin/main")
    edit(second, 'port: "81"', 'port: "82"', "specs/one-conf.yml")
    result = run(second, "release", "one-conf", "--commit")
    assert result.exit_code == 0, result.output
    git(second, "push", "--quiet")
    assert sorted(path.name for path in (second / "templates/one").iterdir() if path.is_dir()) == ["0", "1", "2"]


@pytest.mark.parametrize("words", [[], ["one-conf", "--all"], ["--all", "--version", "2.0.0"]])
def test_wrong_words_are_exit_code_2(two: Path, words: list[str]) -> None:
    assert run(two, "release", *words).exit_code == 2


def test_a_shallow_clone_is_enough(two: Path, tmp_path: Path) -> None:
    git(two, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{two}", "shallow")
    edit(tmp_path / "shallow", "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    assert run(tmp_path / "shallow", "release", "--all", "--commit").exit_code == 0
    lost = run(tmp_path / "shallow", "release", "--all", "--published", "HEAD~5")
    assert lost.exit_code == 1
    assert lost.stderr == "there is no commit 'HEAD~5' here\n  hint: a shallow clone has few; fetch it first\n"


def test_a_commit_that_no_branch_would_have_is_not_made(two: Path) -> None:
    git(two, "checkout", "--quiet", "--detach")
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    before = held(two)
    result = run(two, "release", "--all", "--commit")
    assert (result.exit_code, held(two)) == (1, before)
    assert "HEAD is on no branch" in result.stderr and "git switch" in result.stderr


def test_what_else_is_not_committed_is_named(two: Path) -> None:
    (two / "notes.txt").write_text("x\n")
    result = run(two, "release", "--all", "--commit")
    assert result.exit_code == 1 and "this is not committed: notes.txt" in result.stderr
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    (two / "notes.txt").unlink()
    alone = run(two, "release", "one-conf", "--commit")
    assert alone.exit_code == 1 and "this is not committed: catalog-forge.yml" in alone.stderr


@pytest.fixture
def no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without git."""
    monkeypatch.setenv("PATH", str(tmp_path))
    yield


def test_without_git_nothing_is_known_to_be_published(two: Path, no_git: None) -> None:  # noqa: ARG001
    result = run(two, "release", "--all")
    assert result.exit_code == 1 and "git is not installed" in result.stderr
