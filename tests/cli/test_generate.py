"""`catalog-forge generate`, from outside."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from catalog_forge.cli.main import root
from catalog_forge.repository import Source
from tests.helpers import tree

HEAD = "forge: 1\nname: x-conf\nservice: x:1\nlaunch: {exec: [x]}\n"
SPEC = HEAD + "config: /etc/x/x.yml\nreload: restart\nmetadata: [a.b, c]\n"


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC})


def run(catalog: Path, *arguments: str) -> Result:
    return CliRunner().invoke(root, ["-C", str(catalog), *arguments])


def everything(folder: Path) -> dict[str, bytes]:
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and ".catalog-forge/" not in path.as_posix()
    }


def test_generate_writes_image_and_entry(catalog: Path) -> None:
    result = run(catalog, "generate")
    assert result.exit_code == 0
    assert result.stdout == "x-conf: 10 created\n"
    assert {path.split("/")[0] for path in everything(catalog)} == {"specs", "images", "templates"}


def test_generating_again_changes_nothing(catalog: Path) -> None:
    run(catalog, "generate")
    before = everything(catalog)
    assert run(catalog, "generate").stdout == "x-conf: up to date\n"
    assert everything(catalog) == before
    assert run(catalog, "generate", "--check").exit_code == 0


def test_the_hint_of_check_is_one_that_helps(catalog: Path) -> None:
    assert run(catalog, "generate", "--check").stderr.endswith("hint: catalog-forge generate\n")
    run(catalog, "generate")
    with (catalog / "images/x-conf/run.sh").open("a") as script:
        script.write("# mine\n")
    assert "--force overwrites edited files" in run(catalog, "generate", "--check").stderr
    assert run(catalog, "generate").exit_code == 1, "it refuses"


def test_two_catalogs_in_two_places_get_the_same_bytes(catalog: Path, tmp_path: Path) -> None:
    other = tree(tmp_path / "elsewhere/deep", {"specs/x-conf.yml": SPEC})
    run(catalog, "generate")
    run(other, "generate")
    assert everything(catalog) == everything(other)


def test_a_changed_spec_is_stale_until_generated(catalog: Path) -> None:
    run(catalog, "generate")
    tree(catalog, {"specs/x-conf.yml": SPEC.replace("restart", "signal HUP")})
    check = run(catalog, "generate", "--check")
    assert check.exit_code == 1
    assert "stale: images/x-conf/run.sh" in check.stdout
    assert run(catalog, "generate").exit_code == 0
    assert run(catalog, "generate", "--check").exit_code == 0


def test_a_changed_static_file_is_noticed(catalog: Path) -> None:
    spec = HEAD + "files:\n- {dest: /etc/x/x.html, format: raw, body: [{file: x.html}]}\n"
    tree(catalog, {"specs/x-conf.yml": spec, "specs/x-conf/x.html": "one"})
    run(catalog, "generate")
    tree(catalog, {"specs/x-conf/x.html": "two"})
    assert "templates/x.html.tmpl" in run(catalog, "generate", "--check").stdout


def test_an_edited_file_is_kept_and_named(catalog: Path) -> None:
    run(catalog, "generate")
    edited = catalog / "images/x-conf/run.sh"
    edited.write_text(edited.read_text() + "# mine\n")
    tree(catalog, {"specs/x-conf.yml": SPEC.replace("restart", "none")})
    before = everything(catalog)
    result = run(catalog, "generate")
    assert result.exit_code == 1
    assert "images/x-conf/run.sh: this file was edited" in result.stderr
    assert everything(catalog) == before
    assert "-# mine" in run(catalog, "generate", "--diff").stdout
    assert run(catalog, "generate", "--force").exit_code == 0
    assert "# mine" not in edited.read_text()


@pytest.mark.parametrize("option", ["--check", "--diff", "--dry-run"])
def test_looking_writes_nothing(catalog: Path, option: str) -> None:
    before = everything(catalog)
    run(catalog, "generate", option)
    assert everything(catalog) == before


def test_a_later_revision_leaves_the_published_one_alone(catalog: Path) -> None:
    run(catalog, "generate")
    published = (catalog / "templates/x/0/docker-compose.yml").read_bytes()
    tree(catalog, {"specs/x-conf.yml": SPEC + 'version: "0.2.0"\nentry: {revision: 1}\n'})
    assert run(catalog, "generate").exit_code == 0
    assert (catalog / "templates/x/0/docker-compose.yml").read_bytes() == published
    assert (catalog / "templates/x/1/docker-compose.yml").exists()


def test_every_wrong_spec_is_reported_and_the_others_are_generated(catalog: Path) -> None:
    tree(catalog, {"specs/a-conf.yml": "forge: 1\nnme: a-conf\n", "specs/b-conf.yml": "- list\n"})
    result = run(catalog, "generate")
    assert result.exit_code == 1
    assert "specs/a-conf.yml:2:1: unknown key 'nme'\n  hint: did you mean 'name'?" in result.stderr
    assert "specs/b-conf.yml:1:1: a spec is a mapping" in result.stderr
    assert "Traceback" not in result.stderr
    assert (catalog / "images/x-conf/Dockerfile").exists()


def test_an_unknown_name_suggests_the_nearest(catalog: Path) -> None:
    result = run(catalog, "generate", "y-conf")
    assert result.exit_code == 1
    assert "did you mean 'x-conf'?" in result.stderr


def test_file_and_name_are_one(catalog: Path) -> None:
    shutil.move(catalog / "specs/x-conf.yml", catalog / "specs/z-conf.yml")
    result = run(catalog, "generate")
    assert "specs/z-conf.yml:2:7: the spec in specs/z-conf.yml is named 'x-conf'" in result.stderr


def test_no_specs_say_how_to_begin(tmp_path: Path) -> None:
    result = run(tmp_path, "generate")
    assert result.exit_code == 1
    assert "catalog-forge new NAME" in result.stderr


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda _folder: None, "there is no file 'x.html'"),
        (lambda folder: (folder / "x.html").symlink_to("/etc/passwd"), "is a symbolic link that points outside"),
        (lambda folder: (folder / "x.html").symlink_to("x.html"), "cannot be read"),
        (lambda folder: (folder / "x.html").mkdir(), "is not a file"),
        (lambda folder: (folder / "x.html").write_bytes(b"\xff"), "is not UTF-8"),
        (lambda folder: (folder / "x.html").write_bytes(b"x" * (1 << 20) + b"x"), "is larger than"),
    ],
    ids=["missing", "link-out", "loop", "folder", "binary", "large"],
)
def test_a_static_file_that_cannot_be_used_is_an_error_with_a_place(catalog: Path, make: object, words: str) -> None:
    spec = HEAD + "files:\n- {dest: /etc/x/x.html, format: raw, body: [{file: x.html}]}\n"
    tree(catalog, {"specs/x-conf.yml": spec, "specs/x-conf/keep": ""})
    make(catalog / "specs/x-conf")  # type: ignore[operator]
    result = run(catalog, "generate")
    assert result.exit_code == 1
    assert words in result.stderr
    assert "specs/x-conf.yml:6:" in result.stderr
    assert not (catalog / "images").exists()


def test_a_bug_in_one_spec_hides_no_error_of_another(catalog: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    tree(catalog, {"specs/a-conf.yml": "forge: 1\nnmae: a-conf\n", "specs/z-conf.yml": SPEC.replace("x-conf", "z-conf")})
    plan = Source.plan
    monkeypatch.setattr(Source, "plan", lambda self: plan(self) if self.name != "x-conf" else [][1])
    result = run(catalog, "generate")
    assert result.exit_code == 3
    assert "specs/a-conf.yml:2:1" in result.stderr and "This is a bug" in result.stderr
    assert "z-conf: 10 created" in result.stdout


# What removed and renamed specs leave.


def without_spec(catalog: Path, *names: str) -> dict[str, bytes]:
    """Generate the specs of a catalog, and remove the specs `names`. Return the files that are left."""
    assert run(catalog, "generate").exit_code == 0
    for name in names:
        (catalog / f"specs/{name}.yml").unlink()
    return everything(catalog)


@pytest.fixture
def two(catalog: Path) -> Path:
    return tree(catalog, {"specs/y-conf.yml": SPEC.replace("x-conf", "y-conf")})


def test_what_a_removed_spec_has_left_is_reported_and_stays(two: Path) -> None:
    before = without_spec(two, "y-conf")
    result = run(two, "generate")
    assert result.exit_code == 0 and everything(two) == before
    assert "warning: specs/y-conf.yml no longer exists, but 10 files generated from it remain in images/y-conf, templates/y" in (
        result.stderr
    )
    assert "catalog-forge generate --prune" in result.stderr
    checked = run(two, "generate", "--check")
    assert checked.exit_code == 1 and "orphan: images/y-conf/Dockerfile\n" in checked.stdout
    assert "hint: catalog-forge generate --prune deletes these files" in checked.stderr
    assert "no longer exists" not in run(two, "generate", "x-conf").stderr
    (two / "images/y-conf/.catalog-forge.json").unlink()
    assert run(two, "generate", "--check").exit_code == 0, "the files are the author's now"


def test_prune_deletes_what_removed_specs_have_left_and_nothing_else(two: Path) -> None:
    without_spec(two, "y-conf")
    result = run(two, "generate", "--prune")
    assert result.exit_code == 0 and result.stdout.endswith("y-conf: its spec no longer exists: 10 removed\n")
    assert not [path for path in everything(two) if path.split("/")[1] in ("y", "y-conf", "y-conf.yml")]
    assert not (two / "images/y-conf").exists() and not (two / "templates/y").exists()
    assert run(two, "generate", "--check").exit_code == 0
    again = everything(two)
    assert run(two, "generate", "--prune").stdout == "x-conf: up to date\n" and everything(two) == again


def test_the_chart_of_a_removed_spec_is_reported_and_deleted_with_the_entry(two: Path) -> None:
    for options in (["x-conf"], ["y-conf"], ["y-conf", "-o", "mine"]):
        assert run(two, "chart", *options).exit_code == 0
    before = without_spec(two, "y-conf")
    ours = {path for path in before if path.startswith("charts/y/")}
    assert "files generated from it remain in charts/y, images/y-conf, templates/y" in run(two, "generate").stderr
    checked = run(two, "generate", "--check").stdout
    assert all(f"orphan: {path}\n" in checked for path in ours) and "charts/x" not in checked
    tree(two, {"charts/y/values.yaml": "mine: 1\n"})
    refused = run(two, "generate", "--prune")
    assert refused.exit_code == 1 and "charts/y/values.yaml: this file was edited" in refused.stderr
    (two / "charts/y/values.yaml").write_bytes(before["charts/y/values.yaml"])
    tree(two, {"charts/y/notes.txt": "mine"})
    assert "kept: charts/y/notes.txt, which y-conf did not generate" in run(two, "generate", "--prune").stderr
    kept = {"charts/y/notes.txt"} | {
        path for path in before if path.startswith(("charts/x/", "mine/y/", "images/x-conf/", "templates/x/", "specs/"))
    }
    assert everything(two).keys() == kept


def test_prune_of_the_last_spec_and_of_a_named_one(two: Path) -> None:
    without_spec(two, "x-conf", "y-conf")
    result = run(two, "generate")
    assert result.exit_code == 1 and "x-conf.yml no longer exists" in result.stderr and "there are no specs" in result.stderr
    assert run(two, "generate", "--prune", "y-conf").exit_code == 0
    assert (two / "images/x-conf").exists() and not (two / "images/y-conf").exists()
    assert run(two, "generate", "--prune").exit_code == 0
    assert {path.split("/")[0] for path in everything(two)} == {"specs"}


def test_prune_writes_nothing_with_the_options_that_only_show(two: Path) -> None:
    before = without_spec(two, "y-conf")
    assert "deleted file mode 100755\n--- a/images/y-conf/run.sh" in run(two, "generate", "--prune", "--diff").stdout
    result = run(two, "generate", "--prune", "--dry-run")
    assert "orphan: templates/y/config.yml\n" in result.stdout and "without --dry-run: 10 removed" in result.stderr
    assert run(two, "generate", "--prune", "--check").exit_code == 1
    assert everything(two) == before


def test_prune_deletes_no_edited_file_without_force_and_no_added_file_at_all(two: Path) -> None:
    without_spec(two, "x-conf", "y-conf")
    tree(two, {"images/y-conf/Dockerfile": "FROM mine\n", "images/y-conf/more/notes.txt": "mine\n"})
    before = everything(two)
    result = run(two, "generate", "--prune")
    assert result.exit_code == 1 and everything(two) == before, "also x-conf stays: all or nothing"
    assert "images/y-conf/Dockerfile: this file was edited after it was generated" in result.stderr
    assert "nothing was deleted" in result.stderr and "--prune --force" in result.stderr
    forced = run(two, "generate", "--prune", "--force")
    assert forced.exit_code == 0 and "kept: images/y-conf/more/notes.txt, which y-conf did not generate" in forced.stderr
    assert [path for path in everything(two) if path.startswith("images")] == ["images/y-conf/more/notes.txt"]


def test_a_renamed_spec_takes_over_its_entry(catalog: Path) -> None:
    without_spec(catalog, "x-conf")
    tree(catalog, {"specs/z-conf.yml": SPEC.replace("x-conf", "z-conf") + "entry: {name: x}\n"})
    checked = run(catalog, "generate", "--check").stdout
    assert "stale: templates/x/0/docker-compose.yml\n" in checked and "orphan: templates" not in checked
    result = run(catalog, "generate", "--prune")
    assert result.exit_code == 0, result.output
    assert not (catalog / "images/x-conf").exists() and (catalog / "templates/x/0/docker-compose.yml").exists()
    assert run(catalog, "generate", "--check").exit_code == 0


def test_a_renamed_spec_does_not_take_over_an_edited_file(catalog: Path) -> None:
    without_spec(catalog, "x-conf")
    tree(catalog, {"specs/z-conf.yml": SPEC.replace("x-conf", "z-conf") + "entry: {name: x}\n"})
    tree(catalog, {"templates/x/0/docker-compose.yml": "mine\n"})
    before = everything(catalog)
    assert run(catalog, "generate", "--prune").exit_code == 1
    assert everything(catalog) == before


def test_prune_keeps_an_entry_that_has_published_revisions(catalog: Path) -> None:
    run(catalog, "generate")
    (catalog / "specs/x-conf.yml").write_text(SPEC + "entry: {revision: 1}\n")
    without_spec(catalog, "x-conf")
    before = {path: text for path, text in everything(catalog).items() if path.startswith("templates/")}
    result = run(catalog, "generate", "--prune")
    assert result.exit_code == 0 and "kept: templates/x, because the entry also has published revisions" in result.stderr
    assert {path: text for path, text in everything(catalog).items() if not path.startswith("specs/")} == before


def test_a_spec_without_its_former_entry_keeps_the_published_revisions_whole(catalog: Path) -> None:
    run(catalog, "generate")
    (catalog / "specs/x-conf.yml").write_text(SPEC + "entry: {revision: 1}\n")
    run(catalog, "generate")
    before = {path: text for path, text in everything(catalog).items() if path.startswith("templates/")}
    (catalog / "specs/x-conf.yml").write_text(SPEC + "entry: {name: other}\n")
    assert run(catalog, "generate").exit_code == 0
    assert before.items() <= everything(catalog).items(), "config.yml and the icon as well"


def test_a_spec_of_another_ending_is_not_removed(two: Path) -> None:
    before = without_spec(two)
    (two / "specs/y-conf.yml").rename(two / "specs/y-conf.yaml")
    assert run(two, "generate", "--prune").exit_code == 0
    assert {path for path in before if not path.startswith("specs")} <= {*everything(two)}


def test_prune_follows_no_link_and_leaves_the_catalog_by_no_path(two: Path, tmp_path: Path) -> None:
    without_spec(two, "y-conf")
    outside = tmp_path / "outside"
    shutil.move(two / "images/y-conf", outside)
    (two / "images/y-conf").symlink_to(outside)
    there = everything(outside)
    assert run(two, "generate", "--prune").exit_code == 0
    assert everything(outside) == there and (two / "images/y-conf").is_symlink(), "a link is not what was generated"
    (two / "images/y-conf").unlink()
    shutil.move(outside, two / "images/y-conf")
    shutil.move(two / "templates/y", outside)
    (two / "templates/y").symlink_to(outside)
    there = everything(outside)
    result = run(two, "generate", "--prune")
    assert result.exit_code == 1 and "symbolic link" in result.stderr and everything(outside) == there
    (two / "templates/y").unlink()
    manifest = two / "images/y-conf/.catalog-forge.json"
    manifest.write_text(manifest.read_text().replace('"images/y-conf/run.sh"', '"images/../../outside/config.yml"'))
    result = run(two, "generate", "--prune")
    assert result.exit_code == 1 and "the manifest is damaged" in result.stderr and everything(outside) == there
    assert "the manifest is damaged" in run(two, "generate").stderr and run(two, "generate").exit_code == 0
