"""`update`: a newer blueprint, what the author edited, and what both did."""

from __future__ import annotations

import json
import os
import re
import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.blueprint import memory
from catalog_forge.blueprint.find import examples
from catalog_forge.cli.main import root
from catalog_forge.spec.folder import MEMORY
from tests.blueprint.folders import ROOM, blueprint, commit, git
from tests.helpers import tree
from tests.kills import copies, dies_at

OLD = """\
forge: 1
name: {{ cookiecutter.name }}
service: web=nginx:{{ cookiecutter.release }}
config: /etc/web/web.properties
metadata:
  # what it looks like
  colour: {default: red, label: Colour}
  port: {type: int, default: 80}
"""
NEW = (
    OLD.replace("default: 80", "default: 8080").replace("label: Colour", "label: What it looks like") + "  size: {default: big}\n"
)


def run(catalog: Path, *words: str) -> Result:
    result = CliRunner().invoke(root, ["-C", str(catalog), *words])
    assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
    return result


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    """A catalog with one spec, made of a blueprint that has become newer since."""
    made = blueprint(tmp_path / "mine", {"a.txt": "1\n2\n3\n4\n5\n", "old.txt": "x\n"}, release="1.27.0")
    (made / f"{ROOM}.yml").write_text(OLD)
    (tmp_path / "catalog").mkdir()
    result = run(tmp_path / "catalog", "new", "web-conf", "--no-build", "--blueprint", "../mine", "--set", "release=1.27.3")
    assert result.exit_code == 0, result.output
    (made / f"{ROOM}.yml").write_text(NEW)
    (made / ROOM / "a.txt").write_text("1\n2\n3\n4\nfive\n")
    (made / ROOM / "old.txt").unlink()
    (made / ROOM / "new.txt").write_text("n\n")
    return tmp_path / "catalog"


def edit(catalog: Path, old: str, new: str, name: str = "specs/web-conf.yml") -> None:
    text = (catalog / name).read_text()
    assert text.count(old) == 1, text
    (catalog / name).write_text(text.replace(old, new))


def held(catalog: Path) -> dict[str, bytes]:
    """All files of a catalog, but not git's objects: git 2.55 repacks them in the background after a commit."""
    found = {}
    for folder, folders, files in os.walk(catalog):
        folders[:] = sorted({*folders} - {".catalog-forge", *(("objects",) if folder.endswith("/.git") else ())})
        there = (path for name in files if (path := Path(folder, name)).is_file())
        found |= {str(path.relative_to(catalog)): path.read_bytes() for path in there}
    return found


def test_what_is_new_comes_and_what_was_edited_stays(catalog: Path) -> None:
    edit(catalog, "default: red", "default: green")
    edit(catalog, "1\n", "one\n", "specs/web-conf/a.txt")
    result = run(catalog, "update")
    assert result.exit_code == 0, result.output
    text = (catalog / "specs/web-conf.yml").read_text()
    assert "colour: {default: green, label: What it looks like}" in text
    assert "default: 8080" in text
    assert "nginx:1.27.3" in text
    assert (catalog / "specs/web-conf/a.txt").read_text() == "one\n2\n3\n4\nfive\n"
    assert (catalog / "specs/web-conf/new.txt").read_text() == "n\n"
    assert not (catalog / "specs/web-conf/old.txt").exists()
    assert run(catalog, "generate", "--check").exit_code == 0
    assert "up to date" in run(catalog, "update").output
    before = held(catalog)
    assert run(catalog, "update").exit_code == 0
    assert held(catalog) == before


def test_check_tells_a_newer_blueprint_from_an_edited_file(catalog: Path) -> None:
    before = held(catalog)
    newer = run(catalog, "update", "--check", "--format", "json")
    assert newer.exit_code == 1
    assert "there is a newer blueprint for web-conf" in newer.stderr
    assert "you edited" not in newer.stderr
    (found,) = json.loads(newer.stdout)["specs"]
    assert found["newer"] == [f"specs/web-conf{file}" for file in (".yml", "/a.txt", "/new.txt", "/old.txt")]
    assert found["edited"] == []
    assert held(catalog) == before
    assert run(catalog, "update").exit_code == 0
    assert run(catalog, "update", "--check").exit_code == 0
    edit(catalog, "default: red", "default: green")
    edited = run(catalog, "update", "--check", "--format", "json")
    assert edited.exit_code == 1
    assert "you edited: web-conf" in edited.stderr
    assert "newer:" not in edited.stderr
    (found,) = json.loads(edited.stdout)["specs"]
    assert (found["newer"], found["edited"]) == ([], ["specs/web-conf.yml"])


@pytest.mark.parametrize("words", [(), ("--diff",), ("--dry-run",), ("--conflict", "inline", "--dry-run")])
def test_with_a_conflict_nothing_is_written_and_both_sides_are_shown(catalog: Path, words: tuple[str, ...]) -> None:
    edit(catalog, "default: 80", "default: 81")
    before = held(catalog)
    result = run(catalog, "update", *words)
    assert result.exit_code == 1
    assert "conflict: specs/web-conf.yml:8: metadata/port/default" in result.stdout
    assert all(side in result.stdout for side in ("yours:     default: 81", "blueprint: default: 8080", "was:       default: 80"))
    assert held(catalog) == before
    (found,) = json.loads(run(catalog, "update", "--format", "json").stdout)["specs"]
    sides = {"base": "default: 80", "yours": "default: 81", "blueprint": "default: 8080"}
    assert found["conflicts"] == [{"file": "specs/web-conf.yml", "line": 8, "path": "metadata/port/default", **sides}]


def test_a_conflict_that_is_written_is_refused_until_it_is_resolved(catalog: Path) -> None:
    edit(catalog, "default: 80", "default: 81")
    edit(catalog, "5\n", "V\n", "specs/web-conf/a.txt")
    result = run(catalog, "update", "--conflict", "inline")
    assert result.exit_code == 1
    assert "2 conflicts, written between conflict markers" in result.output
    refused = run(catalog, "generate")
    assert refused.exit_code == 1
    assert "specs/web-conf.yml:8:1: unresolved conflict" in refused.output
    text = (catalog / "specs/web-conf.yml").read_text()
    assert "label: What it looks like" in text
    mine, theirs = re.split("<{7}.*\n", text)[0], re.split("={7}\n|>{7}.*\n", text)[1:]
    (catalog / "specs/web-conf.yml").write_text(mine + "".join(theirs))
    refused = run(catalog, "generate")
    assert "specs/web-conf/a.txt:5:1: unresolved conflict" in refused.output
    (catalog / "specs/web-conf/a.txt").write_text("5\n")
    assert run(catalog, "generate").exit_code == 0
    assert run(catalog, "update").exit_code == 0, "a conflict that was resolved does not come again"


def test_what_does_not_validate_is_not_written(catalog: Path) -> None:
    diff = run(catalog, "update", "--diff", "--format", "json")
    (found,) = json.loads(diff.stdout)["specs"]
    assert "+  port: {type: int, default: 8080}" in found["diff"]
    assert not found["written"]
    (catalog.parent / "mine" / f"{ROOM}.yml").write_text(NEW.replace("default: big", "defalt: big"))
    before = held(catalog)
    result = run(catalog, "update", "--format", "json")
    assert result.exit_code == 1
    assert "unknown key 'defalt'" in result.stderr
    assert not json.loads(result.stdout)["specs"][0]["written"]
    assert held(catalog) == before


def test_a_removed_file_that_was_edited_stays_and_one_that_was_deleted_is_a_conflict(catalog: Path) -> None:
    (catalog / "specs/web-conf/old.txt").write_text("mine\n")
    assert "kept: specs/web-conf/old.txt" in run(catalog, "update").output
    assert (catalog / "specs/web-conf/old.txt").read_text() == "mine\n"


def test_a_file_that_was_deleted_and_changed_is_a_conflict(catalog: Path) -> None:
    (catalog / "specs/web-conf/a.txt").unlink()
    result = run(catalog, "update")
    assert result.exit_code == 1
    assert "conflict: specs/web-conf/a.txt" in result.output
    assert "yours:     (not there)" in result.output


def ask(catalog: Path, **context: object) -> None:
    file = catalog.parent / "mine/cookiecutter.json"
    file.write_text(json.dumps(json.loads(file.read_text()) | context))
    spec = catalog.parent / "mine" / f"{ROOM}.yml"
    spec.write_text(NEW.replace("big", "{{ cookiecutter.size | jsonify }}"))


def test_a_new_question_without_an_answer_is_named(catalog: Path) -> None:
    ask(catalog, size="", _checks={"size": {"pattern": "[a-z]+"}})
    before = held(catalog)
    result = run(catalog, "update")
    assert result.exit_code == 1
    assert "a new question, 'size'" in result.output
    assert "--set size=" in result.output
    assert held(catalog) == before
    assert "size cannot be '1'" in run(catalog, "update", "--set", "size=1").output
    assert run(catalog, "update", "--set", "size=huge").exit_code == 0
    assert 'size: {default: "huge"}' in (catalog / "specs/web-conf.yml").read_text()
    assert json.loads((catalog / "specs/web-conf" / MEMORY).read_text())["answers"]["size"] == "huge"
    assert run(catalog, "update", "--check").exit_code == 0


def test_a_new_question_with_a_default_is_answered_by_it_and_said(catalog: Path) -> None:
    ask(catalog, size="huge")
    assert "new question size, answered with its default: huge" in run(catalog, "update").output


def test_another_answer_is_merged_as_a_newer_blueprint_is(catalog: Path) -> None:
    assert run(catalog, "update").exit_code == 0
    result = run(catalog, "update", "--set", "release=1.29.0")
    assert result.exit_code == 0
    assert "new answers to the blueprint mine" in result.stdout
    assert "nginx:1.29.0" in (catalog / "specs/web-conf.yml").read_text()
    assert json.loads((catalog / "specs/web-conf" / MEMORY).read_text())["answers"]["release"] == "1.29.0"


def test_from_a_repository_a_commit_is_chosen_and_nothing_fetched_without(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    folder = blueprint(tmp_path / "web", {"a.txt": "1\n"})
    first = commit(folder)
    (tmp_path / "c").mkdir()
    made = run(tmp_path / "c", "new", "web-conf", "--no-build", "--blueprint", f"file://{folder}@{first}")
    assert made.exit_code == 0, made.output
    (folder / ROOM / "a.txt").write_text("2\n")
    git(folder, "commit", "--quiet", "--all", "--message", "newer")
    second = git(folder, "rev-parse", "HEAD")
    assert f"up to date with web {first[:12]}" in run(tmp_path / "c", "update").output
    result = run(tmp_path / "c", "update", "--to", second)
    assert f"web {first[:12]} -> web {second[:12]}" in result.output
    assert (tmp_path / "c/specs/web-conf/a.txt").read_text() == "2\n"
    shutil.rmtree(folder)
    assert run(tmp_path / "c", "update").exit_code == 0
    assert json.loads((tmp_path / "c/specs/web-conf" / MEMORY).read_text())["source"]["commit"] == second


def test_a_tree_without_a_memory_is_taken_in_with_the_answers_that_make_most_of_it(catalog: Path) -> None:
    (catalog / "specs/web-conf" / MEMORY).unlink()
    assert run(catalog, "update").exit_code == 1
    refused = run(catalog, "update", "web-conf")
    assert "no blueprint is recorded" in refused.output
    before = held(catalog)
    result = run(catalog, "update", "web-conf", "--from", "../mine")
    assert result.exit_code == 0, result.output
    assert "the blueprint is recorded. The base is the output of mine" in result.output
    assert {path for path, content in held(catalog).items() if before.get(path) != content} == {f"specs/web-conf/{MEMORY}"}
    found = memory.read((catalog / "specs/web-conf" / MEMORY).read_bytes(), "web-conf")
    assert found.answers["release"] == "1.27.0"


def test_another_blueprint_does_not_replace_a_spec(catalog: Path, tmp_path: Path) -> None:
    blueprint(tmp_path / "other")
    before = held(catalog)
    result = run(catalog, "update", "web-conf", "--from", "../other")
    assert result.exit_code == 1
    assert "was made from the blueprint 'mine', not from 'other'" in result.output
    assert held(catalog) == before
    shutil.move(tmp_path / "mine", tmp_path / "moved")
    assert run(catalog, "update", "web-conf", "--from", "../moved").exit_code == 0
    assert (catalog / "specs/web-conf/new.txt").is_file()


def test_a_shipped_blueprint_is_not_taken_for_another_one(tmp_path: Path) -> None:
    assert run(tmp_path, "new", "nginx-conf", "--no-build", "--no-input").exit_code == 0
    result = run(tmp_path, "update", "nginx-conf", "--from", "haproxy-conf")
    assert (result.exit_code, "not from 'haproxy-conf'" in result.output) == (1, True), result.output


def test_kill_at_any_operation_leaves_the_old_tree_or_the_new_one(catalog: Path, tmp_path: Path) -> None:
    edit(catalog, "default: red", "default: green")
    old = held(catalog)
    done = shutil.copytree(catalog, tmp_path / "done/catalog")
    shutil.copytree(tmp_path / "mine", tmp_path / "done/mine")
    assert run(done, "update").exit_code == 0
    new = held(done)
    seen = set()
    shutil.copytree(tmp_path / "mine", tmp_path / "copies/mine")
    for number, copy in copies(catalog, tmp_path / "copies"):
        killed = dies_at(number * 5, lambda copy=copy: root(["-C", str(copy), "update"], standalone_mode=False))
        run(copy, "doctor")
        found = held(copy)
        assert found in (old, new), sorted(
            path for path in {*found, *old} if found.get(path) not in (old.get(path), new.get(path))
        )
        seen.add(found == new)
        if not killed:
            break
    assert seen == {True, False}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"source": {"folder": "../none"}}, "there is no folder"),
        ({"source": {"package": "0.0.1"}, "blueprint": "none"}, "this release has no blueprint 'none'"),
        ({"files": {"specs/other.yml": "x"}}, "is not a file of this spec"),
        ({"files": {"specs/web-conf/../../x": "x"}}, "unsafe path"),
        ({"digest": "x"}, "64 hex digits"),
        ({"answers": {"release": "1.27.0\n  evil: 1"}, "digest": "0" * 64}, "was not written"),
        ({"source": {"url": "--upload-pack=x", "commit": "0" * 40}}, ""),
    ],
)
def test_a_hostile_memory_is_refused_and_nothing_is_written(catalog: Path, change: dict[str, object], words: str) -> None:
    file = catalog / "specs/web-conf" / MEMORY
    file.write_text(json.dumps(json.loads(file.read_text()) | change))
    before = held(catalog)
    result = run(catalog, "update", "--to", "1" * 40) if "url" in str(change) else run(catalog, "update")
    assert result.exit_code == 1
    assert words in result.output
    assert held(catalog) == before


def test_no_link_is_followed(catalog: Path, tmp_path: Path) -> None:
    tree(tmp_path, {"secret": "1\n2\n3\n4\n5\n"})
    (catalog / "specs/web-conf/a.txt").unlink()
    (catalog / "specs/web-conf/a.txt").symlink_to(tmp_path / "secret")
    result = run(catalog, "update")
    assert result.exit_code == 1
    assert "this is a symbolic link" in result.output
    assert (tmp_path / "secret").read_text() == "1\n2\n3\n4\n5\n"


def test_the_run_of_the_documentation_is_what_it_says(catalog: Path) -> None:
    text = (Path(__file__).parents[2] / "docs/update.md").read_text()
    said = []

    def shown(*words: str) -> None:
        result = run(catalog, *words)
        output = "".join(f"    {line}\n" for line in result.output.splitlines())
        said.append(f"    $ catalog-forge {' '.join(words)}\n{output}")

    edit(catalog, "default: red", "default: green")
    shown("update")
    newer = catalog.parent / "mine" / f"{ROOM}.yml"
    newer.write_text(newer.read_text().replace("default: red", "default: blue"))
    shown("update")
    shown("update", "--conflict", "inline")
    marks = (catalog / "specs/web-conf.yml").read_text()
    said.append("".join(f"    {line}\n" for line in marks[marks.index("<<<<") :].split("  port")[0].splitlines()))
    shown("generate")
    assert [each for each in said if each not in text] == []


def test_a_secret_is_asked_for_again_and_never_shown(tmp_path: Path) -> None:
    mine = blueprint(tmp_path / "mine", {"key": "{{ cookiecutter.key }}\n"}, key="", _checks={"key": {"secret": True}})
    (tmp_path / "c").mkdir()
    words = ("new", "web-conf", "--no-build", "--blueprint", "../mine", "--set", "key=hush-hush", "--exec", "web")
    assert run(tmp_path / "c", *words).exit_code == 0
    assert run(tmp_path / "c", "update", "--check").exit_code == 0
    (mine / ROOM / "key").write_text("# {{ cookiecutter.key }}\n")
    refused = run(tmp_path / "c", "update")
    assert refused.exit_code == 1
    assert "the answer to 'key' is secret, so it is not recorded" in refused.output
    diff = run(tmp_path / "c", "update", "--set", "key=hush-hush", "--diff").output
    assert "not shown, because it may contain a secret: specs/web-conf/key" in diff
    assert "hush" not in diff
    assert run(tmp_path / "c", "update", "--set", "key=hush-hush").exit_code == 0
    assert (tmp_path / "c/specs/web-conf/key").read_text() == "# hush-hush\n"
    assert "hush" not in (tmp_path / "c/specs/web-conf" / MEMORY).read_text()
    (mine / ROOM / "key").write_text("## {{ cookiecutter.key }}\n")
    (tmp_path / "c/specs/web-conf/key").write_text("mine: hush-hush\n")
    both = run(tmp_path / "c", "update", "--set", "key=hush-hush")
    assert both.exit_code == 1
    assert "conflict: specs/web-conf/key" in both.output
    assert "hush" not in both.output


def test_a_binary_file_is_taken_or_a_conflict(tmp_path: Path) -> None:
    mine = blueprint(tmp_path / "mine", {"logo.png": b"\x89\0old"})
    (tmp_path / "c").mkdir()
    assert run(tmp_path / "c", "new", "web-conf", "--no-build", "--blueprint", "../mine").exit_code == 0
    (mine / ROOM / "logo.png").write_bytes(b"\x89\0new")
    assert "updated: specs/web-conf/logo.png" in run(tmp_path / "c", "update").output
    assert (tmp_path / "c/specs/web-conf/logo.png").read_bytes() == b"\x89\0new"
    (mine / ROOM / "logo.png").write_bytes(b"\x89\0newer")
    (tmp_path / "c/specs/web-conf/logo.png").write_bytes(b"\x89\0mine")
    result = run(tmp_path / "c", "update", "--conflict", "inline")
    assert result.exit_code == 1
    assert "conflict: specs/web-conf/logo.png" in result.output
    assert (tmp_path / "c/specs/web-conf/logo.png").read_bytes() == b"\x89\0mine"


@pytest.mark.parametrize("key", ["package", "example"])
def test_a_memory_of_an_earlier_release_still_names_its_example(tmp_path: Path, key: str) -> None:
    name = next(iter(examples()))
    assert run(tmp_path, "new", name, "--no-build", "--blueprint", f"example:{name}").exit_code == 0
    file = tmp_path / f"specs/{name}" / MEMORY
    data = json.loads(file.read_text())
    file.write_text(json.dumps(data | {"source": {key: data["source"]["example"]}}))
    result = run(tmp_path, "update", "--check")
    assert (result.exit_code, "up to date" in result.output) == (0, True), result.output


def test_what_the_author_made_a_program_stays_one(catalog: Path) -> None:
    (catalog / "specs/web-conf/a.txt").chmod(0o755)
    assert run(catalog, "update").exit_code == 0
    assert (catalog / "specs/web-conf/a.txt").read_text().endswith("five\n")
    assert (catalog / "specs/web-conf/a.txt").stat().st_mode & 0o111


def test_a_binary_file_is_not_called_edited_when_a_spec_is_taken_in(tmp_path: Path) -> None:
    blueprint(tmp_path / "mine", {"logo.png": b"\x89\0old"})
    (tmp_path / "c").mkdir()
    assert run(tmp_path / "c", "new", "web-conf", "--no-build", "--blueprint", "../mine").exit_code == 0
    (tmp_path / "c/specs/web-conf" / MEMORY).unlink()
    result = run(tmp_path / "c", "update", "web-conf", "--from", "../mine")
    assert (result.exit_code, "edited" in result.output.partition("\n")[2]) == (0, False), result.output


@pytest.mark.parametrize(
    ("was", "mine", "now", "wanted", "words"),
    [
        (0o644, 0o644, 0o755, 0o755, "updated: specs/web-conf/run.sh"),
        (0o755, 0o755, 0o644, 0o644, "updated: specs/web-conf/run.sh"),
        (0o755, 0o644, 0o755, 0o644, "you edited: specs/web-conf/run.sh"),
        (0o644, 0o755, 0o644, 0o755, "you edited: specs/web-conf/run.sh"),
    ],
)
def test_a_mode_that_one_side_alone_changed_is_taken(
    tmp_path: Path, was: int, mine: int, now: int, wanted: int, words: str
) -> None:
    made = blueprint(tmp_path / "mine", {"run.sh": "true\n"})
    (made / ROOM / "run.sh").chmod(was)
    (tmp_path / "c").mkdir()
    assert run(tmp_path / "c", "new", "web-conf", "--no-build", "--blueprint", "../mine").exit_code == 0
    file = tmp_path / "c/specs/web-conf/run.sh"
    file.chmod(mine)
    (made / ROOM / "run.sh").chmod(now)
    result = run(tmp_path / "c", "update", "--check")
    assert (result.exit_code, words.partition(":")[2] in result.output) == (1, True), result.output
    result = run(tmp_path / "c", "update")
    assert (result.exit_code, words in result.output) == (0, True), result.output
    assert file.stat().st_mode & 0o777 == wanted
    assert (file.read_text(), run(tmp_path / "c", "update", "--check").exit_code) == ("true\n", int(wanted != now)), was
