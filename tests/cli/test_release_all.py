"""`release --all`: what a change of the team's standards means for every entry, in one commit; and git in every state."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from catalog_forge import yamlio
from catalog_forge.cli.main import root
from tests.blueprint.folders import git
from tests.cli.test_update import edit, held, run
from tests.kills import copies, dies_at

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


Release = tuple[str, str, str]


def foretold(told: dict[str, Any]) -> dict[str, Release]:
    """What `standards impact` says of each spec: its next image, its next revision, and why."""
    return {each["name"]: (each["image"], each["entry"], _reason(each["keys"])) for each in told["specs"]}


def _reason(keys: dict[str, dict[str, str]]) -> str:
    return "; ".join(f"{path.rpartition('.')[2]} {pair['old']} -> {pair['new']}" for path, pair in keys.items())


def made(catalog: Path) -> dict[str, Release]:
    """What `release` made of each spec, as its commit has it."""
    found = {}
    for line in git(catalog, "log", "-1", "--format=%b").splitlines():
        entry, version, revision, why = re.fullmatch(r"- (\S+) (\S+) \(revision (\d+)\): (.*)", line).groups()  # type: ignore[union-attr]
        name = f"{entry}-conf"
        spec = yamlio.load(git(catalog, "show", f"HEAD:specs/{name}.yml").encode(), name)
        image = f"{name} {spec['version']}"  # type: ignore[index, call-overload]
        reasons = [each for each in why.split("; ") if not each.startswith("image ")]
        found[name] = (image, f"revision {revision} of {entry}, {version}", "; ".join(reasons))
    return found


def test_a_new_base_of_twelve_images_is_one_commit(tmp_path: Path) -> None:
    catalog = published(tmp_path / "catalog", NAMES, own="alone")
    before = held(catalog)
    edit(catalog, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    told = json.loads(run(catalog, "standards", "impact", "--format", "json").stdout)
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
    assert foretold(told) == made(catalog)
    again = run(catalog, "release", "--all", "--changed", "--commit")
    assert (again.exit_code, again.stdout) == (0, "nothing has changed since the published revisions\n")
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


@pytest.mark.parametrize("stride", [pytest.param(1, marks=pytest.mark.second_tier), 29])
def test_a_release_that_is_killed_at_any_write_and_run_again_is_one_commit_with_one_tag_each(
    two: Path, tmp_path: Path, stride: int
) -> None:
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    words = ("release", "--all", "--changed", "--tag")
    done = shutil.copytree(two, tmp_path / "done")
    assert run(done, *words).exit_code == 0
    wanted, resumed = state(done), set()
    for number, copy in copies(two, tmp_path / "copies"):
        killed = dies_at(number * stride, lambda copy=copy: root(["-C", str(copy), *words], standalone_mode=False), writes=True)
        again = run(copy, *words)
        assert again.exit_code == 0, again.output
        resumed |= {line.partition(":")[0] for line in again.stderr.splitlines()}
        assert state(copy) == wanted, number * stride
        if not killed:
            break
    assert resumed >= {"one-conf", "committed", "tagged"}


def state(catalog: Path) -> dict[str, object]:
    """All that a release may change: the files, what is not committed, the commits by their words, the tags of the last one."""
    files = {path: content for path, content in held(catalog).items() if not path.startswith(".git/")}
    commits, tags = git(catalog, "log", "--format=%B%x00"), git(catalog, "tag", "--points-at", "HEAD")
    return {"files": files, "status": git(catalog, "status", "--porcelain"), "commits": commits, "tags": tags}


def test_a_release_that_was_committed_is_tagged_by_the_next_run(two: Path) -> None:
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    assert run(two, "release", "--all", "--commit").exit_code == 0
    assert run(two, "release", "--all", "--tag", "--dry-run").exit_code == 0 and git(two, "tag") == ""
    again = run(two, "release", "one-conf", "--tag")
    assert (again.exit_code, git(two, "tag")) == (0, "one-1.0.1")
    assert run(two, "release", "--all", "--tag").exit_code == 0
    assert git(two, "tag").split() == ["one-1.0.1", "two-1.0.1"]
    edit(two, "busybox:1.37.0", "busybox:1.37.1", "catalog-forge.yml")
    git(two, "tag", "one-1.0.2", "HEAD~1")
    before = held(two)
    taken = run(two, "release", "--all", "--tag")
    assert (taken.exit_code, held(two)) == (1, before)
    assert "the tag one-1.0.2 already exists" in taken.stderr


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


@pytest.mark.parametrize("words", [[], ["one-conf", "--all"], ["--all", "--version", "2.0.0"], ["one-conf", "--changed"]])
def test_wrong_words_are_exit_code_2(two: Path, words: list[str]) -> None:
    assert run(two, "release", *words).exit_code == 2


def test_a_shallow_clone_is_enough(two: Path, tmp_path: Path) -> None:
    git(two, "commit", "--quiet", "--allow-empty", "--message", "second")
    git(tmp_path, "clone", "--quiet", "--depth=1", f"file://{two}", "shallow")
    edit(tmp_path / "shallow", "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    assert run(tmp_path / "shallow", "release", "--all", "--commit").exit_code == 0
    lost = run(tmp_path / "shallow", "release", "--all", "--published", "HEAD~5")
    assert lost.exit_code == 1
    assert lost.stderr == "there is no commit 'HEAD~5' here\n  hint: a shallow clone has few commits: fetch this commit first\n"


def test_a_commit_that_no_branch_would_have_is_not_made(two: Path) -> None:
    git(two, "checkout", "--quiet", "--detach")
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    before = held(two)
    result = run(two, "release", "--all", "--commit")
    assert (result.exit_code, held(two)) == (1, before)
    assert "HEAD is detached" in result.stderr and "git switch" in result.stderr


def test_what_else_is_not_committed_is_named(two: Path) -> None:
    (two / "notes.txt").write_text("x\n")
    result = run(two, "release", "--all", "--commit")
    assert result.exit_code == 1 and "there are uncommitted changes: notes.txt" in result.stderr
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    (two / "notes.txt").unlink()
    alone = run(two, "release", "one-conf", "--commit")
    assert alone.exit_code == 1 and "there are uncommitted changes: catalog-forge.yml" in alone.stderr


def test_what_git_or_a_hook_refuses_is_said_in_its_words_and_goes_on_afterwards(two: Path) -> None:
    edit(two, "busybox:1.36.1", "busybox:1.37.0", "catalog-forge.yml")
    (two / ".git/index.lock").touch()
    locked = run(two, "release", "--all", "--tag")
    assert locked.exit_code == 1 and re.search(
        "git cannot add: fatal: Unable to create '.*index.lock': File exists", locked.stderr
    )
    (two / ".git/index.lock").unlink()
    hook = two / ".git/hooks/pre-commit"
    hook.parent.mkdir(exist_ok=True)
    hook.write_text("#!/bin/sh\necho 'not on a Sunday' >&2\nexit 1\n")
    hook.chmod(0o755)
    refused = run(two, "release", "--all", "--tag")
    assert (refused.exit_code, git(two, "rev-list", "--count", "HEAD"), git(two, "tag")) == (1, "1", "")
    assert "git cannot commit: not on a Sunday\n" in refused.stderr
    hook.unlink()
    assert run(two, "release", "--all", "--tag").exit_code == 0
    assert (git(two, "rev-list", "--count", "HEAD"), git(two, "tag").split()) == ("2", ["one-1.0.1", "two-1.0.1"])


@pytest.fixture
def no_git(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without git."""
    monkeypatch.setenv("PATH", str(tmp_path))
    yield


def test_without_git_nothing_is_known_to_be_published(two: Path, no_git: None) -> None:  # noqa: ARG001
    result = run(two, "release", "--all")
    assert result.exit_code == 1 and "git is not installed" in result.stderr
