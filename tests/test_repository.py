"""A catalog on disk: which folder it is, which specs there are, what decides whether their files are current."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge import __version__, writer
from catalog_forge.errors import ForgeError
from catalog_forge.forge import forge
from catalog_forge.repository import BEGIN, Repository
from tests.helpers import tree

SPEC = "forge: 1\nname: {}\nservice: nginx:1.27.3\nconfig: /etc/nginx/conf.d/x.conf\nlaunch: {{exec: [nginx]}}\n"
FILES = {"specs/web-conf.yml": SPEC.format("web-conf"), "specs/db-conf.yml": SPEC.format("db-conf")}


def error(call: object) -> str:
    with pytest.raises(ForgeError) as caught:
        call()  # type: ignore[operator]
    return str(caught.value)


@pytest.mark.parametrize(
    ("files", "start", "root"),
    [
        (["a/specs/x.yml", "a/b/c/x"], "a/b/c", "a"),
        (["a/catalog-forge.yml", "a/b/c/x"], "a/b/c", "a"),
        (["a/specs/x.yml", "a/b/specs/y.yml", "a/b/c/x"], "a/b/c", "a/b"),
        (["a/specs/x.yml"], "a", "a"),
        (["a/specs/x.yml"], "a/specs", "a"),
        (["a/b/x"], "a/b", "a/b"),
        (["a/specs", "a/b/x"], "a/b", "a/b"),
        (["a/catalog-forge.yml/x", "a/b/x"], "a/b", "a/b"),
    ],
)
def test_a_catalog_is_the_nearest_folder_with_specs_or_standards(tmp_path: Path, files: list[str], start: str, root: str) -> None:
    tree(tmp_path, dict.fromkeys(files, ""))
    assert Repository.find(tmp_path / start).root == tmp_path / root


def test_names_are_those_of_the_spec_files(tmp_path: Path) -> None:
    tree(tmp_path, {**FILES, "specs/web-conf/x.conf": "", "specs/odd.yml/x": "", "specs/note.yaml": "", "specs/deep/a.yml": ""})
    assert Repository(tmp_path).names() == ["db-conf", "web-conf"]
    assert Repository(tmp_path / "nowhere").names() == []


def test_commands_get_what_they_name_once_or_all(tmp_path: Path) -> None:
    repository = Repository(tree(tmp_path, FILES))
    assert repository.chosen(()) == ["db-conf", "web-conf"]
    assert repository.chosen(("web-conf", "x", "web-conf")) == ["web-conf", "x"]
    assert error(lambda: Repository(tmp_path / "no").chosen(())).endswith(f"hint: {BEGIN}")


@pytest.mark.parametrize("name", ["../web", "a/web", "", ".", "specs/web", "nowhere"])
def test_a_spec_is_looked_for_in_its_folder_alone(tmp_path: Path, name: str) -> None:
    repository = Repository(tree(tmp_path, {**FILES, "web.yml": "", "specs/a/web.yml": ""}))
    assert error(lambda: repository.source(name)).startswith(f"there is no spec {name!r} in ")


def test_the_name_of_an_entry_names_its_spec(tmp_path: Path) -> None:
    repository = Repository(tree(tmp_path, FILES))
    assert repository.source("web").name == "web-conf"
    assert repository.chosen(("web", "web-conf", "db")) == ["web-conf", "db-conf"]


def test_a_spec_comes_before_an_entry_of_the_same_name(tmp_path: Path) -> None:
    tree(tmp_path, {**FILES, "specs/web.yml": SPEC.format("web")})
    assert Repository(tmp_path).source("web").name == "web"


def test_an_entry_of_several_specs_names_none_of_them(tmp_path: Path) -> None:
    tree(tmp_path, {**FILES, "specs/www-conf.yml": SPEC.format("www-conf") + "entry: {name: web}\n"})
    assert error(lambda: Repository(tmp_path).source("web")) == (
        "'web' is the entry of several specs\n  hint: name one of them: web-conf, www-conf"
    )


def test_the_nearest_name_may_be_that_of_an_entry(tmp_path: Path) -> None:
    assert error(lambda: Repository(tree(tmp_path, FILES)).source("wep")).endswith("hint: did you mean 'web'?")


def test_the_nearest_name_is_a_hint(tmp_path: Path) -> None:
    assert error(lambda: Repository(tree(tmp_path, FILES)).source("wep-conf")).endswith("hint: did you mean 'web-conf'?")


def test_a_spec_that_is_a_link_out_of_the_catalog_is_refused(tmp_path: Path) -> None:
    tree(tmp_path, {"a/specs/x.yml": "", "out.yml": SPEC.format("web-conf")})
    (tmp_path / "a/specs/web-conf.yml").symlink_to(tmp_path / "out.yml")
    assert "points outside the catalog" in error(lambda: Repository(tmp_path / "a").source("web-conf"))


def test_a_spec_has_the_name_of_its_file(tmp_path: Path) -> None:
    source = Repository(tree(tmp_path, {"specs/web-conf.yml": SPEC.format("db-conf")})).source("web-conf")
    assert (
        error(source.spec) == "specs/web-conf.yml:2:7: the spec in specs/web-conf.yml is named 'db-conf'\n"
        "  hint: rename the file to db-conf.yml, or the spec to web-conf"
    )


def test_what_a_spec_plans_is_what_forge_makes_of_it(tmp_path: Path) -> None:
    source = Repository(tree(tmp_path, FILES)).source("web-conf")
    plan = source.plan()
    assert plan.digest == forge(source.spec(), source.folder).digest
    assert {file.path.split("/")[0] for file in plan} == {"images", "templates"}
    assert len(plan.below("images/web-conf")) + len(plan.below("templates/web")) == len(plan)


def test_the_inputs_change_with_everything_that_decides(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes of the spec, names and bytes of its files, what it inherits, and the release; not the place of the catalog."""

    def inputs(number: int, files: dict[str, str]) -> str:
        return Repository(tree(tmp_path / str(number), {**FILES, **files})).source("web-conf").inputs

    seen = [
        inputs(0, {}),
        inputs(1, {"specs/web-conf.yml": SPEC.format("web-conf") + "# more\n"}),
        inputs(2, {"specs/web-conf/a": "1"}),
        inputs(3, {"specs/web-conf/a": "2"}),
        inputs(4, {"specs/web-conf/b": "1"}),
        inputs(5, {"specs/web-conf/sub/a": "1"}),
        inputs(6, {"catalog-forge.yml": "defaults: {entry: {license: MIT}}\n"}),
        inputs(7, {"catalog-forge.yml": "defaults: {entry: {license: ISC}}\n"}),
        inputs(8, {"catalog-forge.yml": "defaults: {entry: {category: MIT}}\n"}),
    ]
    assert len(set(seen)) == len(seen)
    assert inputs(9, {}) == seen[0] == inputs(10, {"catalog-forge.yml": "", "specs/db-conf.yml": ""})
    monkeypatch.setattr("catalog_forge.repository.__version__", f"{__version__}.1")
    assert inputs(11, {}) != seen[0]


def test_a_spec_is_current_until_it_changes(tmp_path: Path) -> None:
    repository = Repository(tree(tmp_path, FILES))
    source = repository.source("web-conf")
    assert not repository.is_current(source)
    writer.write(tmp_path, "web-conf", source.plan(), inputs=source.inputs, force=False)
    assert repository.is_current(source)
    tree(tmp_path, {"specs/web-conf/a": "1"})
    assert not repository.is_current(repository.source("web-conf"))


@pytest.mark.parametrize("text", [None, ""])
def test_a_catalog_without_standards_has_none(tmp_path: Path, text: str | None) -> None:
    repository = Repository(tree(tmp_path, {} if text is None else {"catalog-forge.yml": text}))
    assert repository.team is None
    assert repository.inherited is None


def test_standards_that_are_a_link_out_of_the_catalog_are_refused(tmp_path: Path) -> None:
    tree(tmp_path, {"out.yml": "defaults: {}\n", "a/specs/x": ""})
    (tmp_path / "a/catalog-forge.yml").symlink_to(tmp_path / "out.yml")
    assert "points outside the catalog" in error(lambda: Repository(tmp_path / "a").team)
