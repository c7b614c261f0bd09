"""`release`: the next revision, and that what is published stays."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from catalog_forge.cli.main import root
from tests.blueprint.folders import git
from tests.cli.test_update import edit, held, run
from tests.kills import copies, dies_at

SPEC = """\
# mine
forge: 1
name: web-conf
version: "1.2.3"
entry: {version: 1.0.0-rancher1, title: Web}   # the entry
service: {name: web, image: 'nginx:1.27.0'}
metadata:
  port: {type: int, default: 80, label: Port}
  colour: {default: red}
files:
- dest: /etc/web/web.properties
  body:
  - set: {port: "@{metadata/port}", colour: "@{metadata/colour}"}
"""


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog whose revision 0 is published."""
    folder = tmp_path / "catalog"
    (folder / "specs").mkdir(parents=True)
    (folder / "specs/web-conf.yml").write_text(SPEC)
    assert run(folder, "generate").exit_code == 0
    git(folder, "init", "--quiet")
    git(folder, "config", "user.name", "Jo Doe")
    git(folder, "config", "user.email", "jo@example.org")
    git(folder, "config", "commit.gpgsign", "false")
    git(folder, "add", "--all")
    git(folder, "commit", "--quiet", "--message", "first")
    return folder


def test_nothing_is_released_when_nothing_differs(catalog: Path) -> None:
    before = held(catalog)
    for _ in range(2):
        result = run(catalog, "release", "web-conf")
        assert (result.exit_code, result.stdout) == (0, "web-conf: nothing differs from revision 0 of web\n")
    assert held(catalog) == before


@pytest.mark.parametrize("generated", [False, True])
def test_the_next_revision_is_made_and_the_last_one_is_as_git_has_it(catalog: Path, generated: bool) -> None:
    first = {path: content for path, content in held(catalog).items() if path.startswith("templates/web/0/")}
    edit(catalog, "default: 80", "default: 81")
    if generated:
        assert run(catalog, "generate").exit_code == 0
    result = run(catalog, "release", "web-conf", "--commit", "--tag")
    assert result.exit_code == 0, result.output
    assert "revision 1 of web, version 1.0.0-rancher2, after revision 0, 1.0.0-rancher1" in result.stdout
    assert "default of port: 80 -> 81" in result.stdout
    spec = (catalog / "specs/web-conf.yml").read_text()
    wanted = (
        SPEC.replace("80", "81").replace("1.2.3", "1.2.4").replace("rancher1, title: Web}", "rancher2, title: Web, revision: 1}")
    )
    assert spec == wanted
    assert "version: '1.0.0-rancher2'" in (catalog / "templates/web/config.yml").read_text()
    assert "conf:1.2.4" in (catalog / "templates/web/1/docker-compose.yml").read_text()
    assert {path: content for path, content in held(catalog).items() if path.startswith("templates/web/0/")} == first
    assert git(catalog, "status", "--porcelain") == ""
    assert git(catalog, "tag") == "web-1.0.0-rancher2"
    assert git(catalog, "log", "-1", "--format=%s") == "web 1.0.0-rancher2 (revision 1)"
    log = (catalog / "specs/web-conf/CHANGELOG.md").read_text()
    assert log.startswith("# Changes of web\n\n## 1.0.0-rancher2 (revision 1)\n\n")
    assert log.endswith("\n- image web-conf:1.2.3 -> web-conf:1.2.4\n- default of port: 80 -> 81\n")
    assert "nothing differs" in run(catalog, "release", "web-conf").stdout
    assert run(catalog, "generate", "--check").exit_code == 0


def test_what_is_not_committed_yet_is_no_second_revision(catalog: Path) -> None:
    edit(catalog, "default: 80", "default: 81")
    assert run(catalog, "release", "web-conf", "-m", "Another port").exit_code == 0
    before = held(catalog)
    assert run(catalog, "release", "web-conf", "-m", "Another port").exit_code == 0
    assert held(catalog) == before
    assert (catalog / "specs/web-conf/CHANGELOG.md").read_text().endswith("\n- Another port\n")
    assert run(catalog, "release", "web-conf", "--commit").exit_code == 0
    assert git(catalog, "status", "--porcelain") == ""


@pytest.mark.parametrize(
    ("changes", "words", "said"),
    [
        ({"default: 80": "default: 81"}, ("--version", "1.0.0-rancher1"), "revision 0 already has the version 1.0.0-rancher1"),
        ({"default: 80": "default: 81"}, ("--version", "0.9"), "does not consider '0.9' greater than '1.0.0-rancher1'"),
        ({"title: Web": "title: Web, upgrade_from: 1.0.0"}, (), "matches only this version"),
        ({"type: int, default: 80": "type: boolean, default: true"}, (), "was int and is boolean now"),
        ({"  colour:": "  shade:", "metadata/colour": "metadata/shade"}, (), "the question 'colour' no longer exists"),
    ],
)
def test_what_does_not_hold_is_refused_and_nothing_written(
    catalog: Path, changes: dict[str, str], words: tuple[str, ...], said: str
) -> None:
    for old, new in changes.items():
        edit(catalog, old, new)
    before = held(catalog)
    result = run(catalog, "release", "web-conf", *words)
    assert result.exit_code == 1
    assert said in result.output
    assert held(catalog) == before
    if "breaking:" in result.output:
        assert run(catalog, "release", "web-conf", "--breaking").exit_code == 0


def test_a_published_revision_that_was_edited_is_refused(catalog: Path) -> None:
    with (catalog / "templates/web/0/README.md").open("a") as file:
        file.write("mine\n")
    edit(catalog, "default: 80", "default: 81")
    result = run(catalog, "release", "web-conf")
    assert result.exit_code == 1
    assert "templates/web/0/README.md: this published file was edited" in result.output


@pytest.mark.parametrize(("path", "said"), [("config.yml", "file was edited"), ("1/README.md", "was not generated")])
def test_what_is_in_the_way_of_a_release_names_a_command_that_there_is(catalog: Path, path: str, said: str) -> None:
    file = catalog / "templates/web" / path
    file.parent.mkdir(exist_ok=True)
    with file.open("a") as stream:
        stream.write("# mine\n")
    edit(catalog, "default: 80", "default: 81")
    before = held(catalog)
    result = run(catalog, "release", "web-conf")
    assert result.exit_code == 1 and said in result.output and held(catalog) == before
    assert "move it away, or move its content to the spec and run: catalog-forge generate web-conf --force" in result.output
    file.unlink()
    assert run(catalog, "release", "web-conf").exit_code == 0


def test_where_nothing_is_committed_it_says_so(catalog: Path) -> None:
    shutil.rmtree(catalog / ".git")
    git(catalog, "init", "--quiet")
    for words in (("release", "web-conf"), ("bake", "--changed-since", "origin/main"), ("standards", "impact")):
        result = run(catalog, *words)
        assert result.exit_code == 1
        assert result.output == "nothing is committed here yet\n  hint: commit what is published, then try again\n"


def test_a_repository_that_lost_its_objects_is_not_called_shallow(catalog: Path) -> None:
    shutil.rmtree(catalog / ".git/objects")
    (catalog / ".git/objects").mkdir()
    result = run(catalog, "release", "web-conf")
    assert result.exit_code == 1 and "bad object" in result.output and "shallow" not in result.output


def test_a_commit_holds_nothing_else(catalog: Path) -> None:
    edit(catalog, "default: 80", "default: 81")
    (catalog / "other.txt").write_text("x")
    before = held(catalog)
    result = run(catalog, "release", "web-conf", "--commit")
    assert result.exit_code == 1
    assert "there are uncommitted changes: other.txt" in result.output
    assert held(catalog) == before


@pytest.mark.parametrize("option", ["--diff", "--dry-run"])
def test_to_look_writes_nothing(catalog: Path, option: str) -> None:
    edit(catalog, "default: 80", "default: 81")
    before = held(catalog)
    result = run(catalog, "release", "web-conf", option, "--commit")
    assert result.exit_code == 0
    assert "revision 1 of web" in result.stdout
    assert held(catalog) == before


def test_without_git_it_says_so(tmp_path: Path) -> None:
    (tmp_path / "specs").mkdir()
    (tmp_path / "specs/web-conf.yml").write_text(SPEC)
    result = run(tmp_path, "release", "web-conf")
    assert result.exit_code == 1
    assert "git cannot say what was published" in result.output


def test_a_kill_leaves_the_old_tree_or_the_new_one(catalog: Path, tmp_path: Path) -> None:
    edit(catalog, "default: 80", "default: 81")
    assert run(catalog, "generate").exit_code == 0
    done = shutil.copytree(catalog, tmp_path / "done")
    assert run(done, "release", "web-conf").exit_code == 0
    old, new, seen = held(catalog), held(done), set()
    for number, copy in copies(catalog, tmp_path / "copies"):
        words = ["-C", str(copy), "release", "web-conf"]
        killed = dies_at(number * 23, lambda words=words: root(words, standalone_mode=False), writes=True)
        run(copy, "doctor")
        found = {path: content for path, content in held(copy).items() if not path.startswith(".git/")}
        seen.add(found == {path: content for path, content in new.items() if not path.startswith(".git/")})
        assert seen <= {True, False}
        assert found in [{path: content for path, content in each.items() if not path.startswith(".git/")} for each in (old, new)]
        if not killed:
            break
    assert seen == {True, False}


def test_a_catalog_outside_of_git_is_told_what_to_do(tmp_path: Path) -> None:
    assert run(tmp_path, "new", "redis-conf").exit_code == 0
    result = run(tmp_path, "release", "redis-conf")
    assert result.exit_code == 1
    assert "not a git repository" in result.stderr
    assert "git init, then commit what is published" in result.stderr
