"""The author's files beside a spec: no link points outside the catalog."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError, Where
from catalog_forge.plan import File, Plan
from catalog_forge.repository import Repository
from catalog_forge.spec.folder import MAX_BYTES, PlannedFolder, SpecFolder, check_inside
from catalog_forge.spec.model import FileBlock, TemplateBlock
from tests.helpers import tree

SPEC = "forge: 1\nname: x-conf\nservice: x:1\nlaunch: {exec: [x]}\nfiles: [{dest: /etc/app/x, body: [{file: secret.txt}]}]\n"
STANDARDS = "defaults: {maintainer: Jo <jo@example.org>}\n"
OUTSIDE = {"x-conf.yml": SPEC, "x-conf/secret.txt": "secret", "catalog-forge.yml": STANDARDS}


@pytest.mark.parametrize("link", ["specs/x-conf", "specs/x-conf.yml", "specs", "catalog-forge.yml", "specs/x-conf/secret.txt"])
def test_no_link_leads_out_of_the_catalog(tmp_path: Path, link: str) -> None:
    outside = tree(tmp_path / "outside", OUTSIDE)
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC, "specs/x-conf/secret.txt": "ours"})
    place = catalog / link
    if place.is_dir():
        place.rename(tmp_path / "away")
    place.unlink(missing_ok=True)
    place.symlink_to(outside if link == "specs" else outside / link.removeprefix("specs/"))
    with pytest.raises(ForgeError) as caught:
        Repository(catalog).source("x-conf").plan()
    assert str(caught.value).replace("x.yml", "") in {
        "specs/x-conf: a symbolic link points outside the catalog\n  hint: copy the target of the link into the catalog",
        "specs/x-conf.yml: a symbolic link points outside the catalog\n  hint: copy the target of the link into the catalog",
        "catalog-forge.yml: a symbolic link points outside the catalog\n  hint: copy the target of the link into the catalog",
        "specs/x-conf.yml:5:42: the file 'secret.txt' is a symbolic link that points outside x-conf/\n"
        "  hint: copy the target of the link into the catalog",
    }


def test_a_link_within_the_catalog_is_followed(tmp_path: Path) -> None:
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC, "specs/shared/secret.txt": "ours"})
    (catalog / "specs/x-conf").symlink_to("shared")
    plan = Repository(catalog).source("x-conf").plan()
    assert any(b"ours" in file.content for file in plan)


def test_a_catalog_may_be_reached_by_a_link(tmp_path: Path) -> None:
    tree(tmp_path / "real", {"specs/x-conf.yml": SPEC, "specs/x-conf/secret.txt": "ours"})
    (tmp_path / "catalog").symlink_to("real")
    assert Repository(tmp_path / "catalog").source("x-conf").plan()


def test_a_link_that_leads_to_itself_is_said(tmp_path: Path) -> None:
    catalog = tree(tmp_path / "catalog", {"specs/x-conf.yml": SPEC})
    (catalog / "specs/x-conf").symlink_to("x-conf")
    with pytest.raises(ForgeError):
        Repository(catalog).source("x-conf").plan()


HERE = Where("x.yml", 3, 5)
FILES = {
    "specs/x-conf/a.txt": "a",
    "specs/x-conf/deep/er/b.txt": "b",
    "specs/x-conf/deep.txt": "c",
    "specs/x-conf/latin": b"\xe9",
    "specs/x-conf/large": b"x" * (MAX_BYTES + 1),
    "specs/x-conf/fits": b"x" * MAX_BYTES,
    "specs/x-conf/scenarios/one.yml": "1",
    "specs/x-conf/scenarios/two.yml": "2",
    "specs/x-conf/scenarios/one/expected.conf": b"e\xe9",
    "specs/x-conf/scenarios/deep/three.yml": "3",
    "specs/x-conf/scenarios/four.yaml": "4",
}


@pytest.fixture
def catalog(tmp_path: Path) -> Path:
    return tree(tmp_path, FILES)


@pytest.mark.parametrize(
    ("name", "words"),
    [
        ("none", "x.yml:3:5: there is no file 'none' in {}/specs/x-conf/\n  hint: put the file into the spec's folder"),
        ("deep", "x.yml:3:5: 'deep' is not a file\n  hint: name a file of the spec's folder"),
        (
            "large",
            "x.yml:3:5: the file 'large' is larger than 1048576 bytes\n  hint: split it, or add it to the base image",
        ),
        (
            "a.txt/x",
            "x.yml:3:5: the file 'a.txt/x' cannot be read: Not a directory\n"
            "  hint: check its path below x-conf/ and its permissions",
        ),
        (
            "scenarios/one.yml",
            "x.yml:3:5: 'scenarios/one.yml' is a test or a record of catalog-forge, and cannot be a part of the generated files\n"
            "  hint: copy it to another file of the folder",
        ),
        ("../y", "unsafe path '../y'\n  hint: use a relative path that stays below its folder"),
    ],
)
def test_a_file_that_cannot_be_taken(catalog: Path, name: str, words: str) -> None:
    folder = SpecFolder(catalog, "x-conf")
    for read in (folder.read, folder.icon):
        with pytest.raises(ForgeError) as caught:
            read(name, HERE)
        assert str(caught.value) == words.replace("{}", str(catalog))


def test_a_file_is_taken_up_to_a_bound(catalog: Path) -> None:
    folder = SpecFolder(catalog, "x-conf")
    assert len(folder.read("fits", HERE)) == MAX_BYTES == 1048576
    assert (folder.read("deep/er/b.txt", HERE), folder.icon("latin", None)) == (b"b", b"\xe9")


@pytest.mark.parametrize(("kind", "key"), [(FileBlock, "file"), (TemplateBlock, "template")])
def test_a_static_file_is_text(catalog: Path, kind: type[FileBlock | TemplateBlock], key: str) -> None:
    folder = SpecFolder(catalog, "x-conf")
    block = kind(**{key: "latin"}, places={key: HERE, "": Where("x.yml", 3, 1)})
    assert folder.static("a.txt", block) == "a"
    with pytest.raises(ForgeError) as caught:
        folder.static("latin", block)
    assert str(caught.value) == "x.yml:3:5: the file 'latin' is not UTF-8 text\n  hint: confd writes only text"
    with pytest.raises(ForgeError, match="^x.yml:3:5: there is no file 'none'"):
        folder.static("none", block)


def test_the_files_of_a_folder_and_its_scenarios(catalog: Path) -> None:
    (catalog / "specs/x-conf/link").symlink_to("a.txt")
    folder = SpecFolder(catalog, "x-conf")
    assert folder.path == catalog / "specs/x-conf"
    assert [name for name, _ in folder.files()] == ["a.txt", "deep/er/b.txt", "deep.txt", "fits", "latin"]
    assert dict(folder.files())["deep.txt"] == b"c"
    assert folder.scenarios() == {"one": b"1", "two": b"2"}
    assert folder.beside("one/expected.conf", HERE) == "e\\xe9"
    with pytest.raises(ForgeError, match="unsafe path"):
        folder.beside("../a.txt", HERE)
    with pytest.raises(ForgeError, match="^x.yml:3:5: there is no file 'scenarios/none'"):
        folder.beside("none", HERE)
    none = SpecFolder(catalog, "y-conf")
    assert ([*none.files()], none.scenarios()) == ([], {})


def test_the_folder_of_a_plan_is_as_it_will_be(catalog: Path) -> None:
    plan = Plan([File("a.txt", b"new"), File("deep-er/c", b"c"), File("scenarios/x.yml", b"x")])
    folder = PlannedFolder(catalog, "x-conf", plan)
    assert (folder.read("a.txt", HERE), folder.read("deep.txt", HERE)) == (b"new", b"c")
    with pytest.raises(ForgeError, match="^x.yml:3:5: there is no file 'none'"):
        folder.read("none", HERE)
    assert [name for name, _ in folder.files()] == ["a.txt", "deep/er/b.txt", "deep-er/c", "deep.txt", "fits", "latin"]
    assert dict(folder.files())["a.txt"] == b"new"


def test_a_link_that_cannot_be_followed_is_told_with_its_path(catalog: Path) -> None:
    (catalog / "specs/loop").symlink_to("loop")
    with pytest.raises(ForgeError, match="^specs/loop: the link cannot be followed: "):
        check_inside(catalog, "specs/loop")
    check_inside(catalog, "specs/none")
