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
    assert "images/x-conf/run.sh: was edited" in result.stderr
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
        (lambda folder: (folder / "x.html").symlink_to("/etc/passwd"), "is a link that points outside"),
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
