"""What the rules of folders and files say beyond their examples: places, hints, fixes, and silence about what was not read."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.lint import disk
from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.judges.verdicts import verdicts
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from tests.lint.looking import findings, places
from tests.lint.trees import SOUND, tree

BLOCK = ".catalog:\n  version: '1.1.0'\n"


def test_a_folder_that_is_no_revision_names_the_next_number() -> None:
    (found,) = findings({"templates/web/latest/rancher-compose.yml": BLOCK}, "CF104")
    assert str(found.where) == "templates/web/latest/rancher-compose.yml"
    assert "name it 1;" in found.hint


def test_gaps_are_named_once_however_many_there_are() -> None:
    (found,) = findings({f"templates/web/{number}/rancher-compose.yml": BLOCK for number in (1, 3, 7, 9999)}, "CF108")
    assert found.message == "revision numbers are missing: 2, 4 to 6, 8 to 9998"


def test_a_misnamed_config_is_recognised() -> None:
    changes = {"templates/web/config.yml": None, "templates/web/Config.yml": "name: Web\n"}
    assert [each.hint for each in findings(changes, "CF111")] == ["rename Config.yml"]


def test_a_misnamed_rancher_compose_is_recognised() -> None:
    changes = {"templates/web/0/rancher-compose.yml": None, "templates/web/0/rancher-compose.yaml": BLOCK}
    assert [each.hint for each in findings(changes, "CF120")] == ["rename rancher-compose.yaml"]


def test_the_ci_does_not_judge_folders_that_it_does_not_read() -> None:
    assert places({"other/a b/config.yml": "name: A\n"}, "CF101", "CF104") == []
    assert len(places({"a-b-templates/web/config.yml": "name: A\n"}, "CF103")) == 1


def test_files_of_one_name_are_found_where_the_second_one_stands() -> None:
    changes = {"templates/web/0/a/x.txt": "1", "templates/web/0/b/x.txt": "2", "templates/web/0/b/docker-compose.yml": "a: {}"}
    assert [str(each.where) for each in findings(changes, "CF114")] == [
        "templates/web/0/b/x.txt",
        "templates/web/0/docker-compose.yml",
    ]


def test_a_linked_config_or_compose_file_is_an_error_and_a_linked_readme_a_warning() -> None:
    odd = {"templates/web/config.yml": "link", "templates/web/0/README.md": "link"}
    found = run(Catalog(tree(None, odd)), Choice(frozenset(["CF115"])))
    assert {each.path: each.level for each in found} == {
        "templates/web/config.yml": "error",
        "templates/web/0/README.md": "warning",
    }


def test_a_readme_of_the_entry_is_copied_into_the_newest_revision() -> None:
    changes = {"templates/web/README.md": "# Web", "templates/web/1/rancher-compose.yml": BLOCK}
    (found,) = findings(changes, "CF140")
    assert found.fix is not None
    assert (found.fix.path, found.fix.copies) == ("templates/web/README.md", ("templates/web/1/README.md",))


@pytest.mark.parametrize(
    ("name", "head"),
    [
        ("a.svg", "<?xml version='1.0'?>\n<!DOCTYPE svg>\n<svg>"),
        ("a.svg", "<!-- " + "x" * 5000 + " --><ns0:svg >"),
    ],
)
def test_pictures_are_known_by_their_content(name: str, head: str) -> None:
    assert places({f"templates/web/catalogIcon-{name}": head, "templates/web/catalogIcon-web.svg": None}, "CF133") == []


def test_a_large_icon_is_large_and_nothing_else() -> None:
    found = run(Catalog(tree(None, {"templates/web/catalogIcon-web.svg": "large"})), Choice(registry.expand(("CF1",))))
    assert [(each.rule, each.message) for each in found] == [("CF134", "the icon has a size of 2.0 MiB")]


@pytest.mark.parametrize("below", ["templates/web/0", "templates/web/0/rancher-compose.yml", "templates/web", "templates", "."])
def test_what_was_not_read_is_not_missing(tmp_path: Path, below: str) -> None:
    for path, text in SOUND.items():
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text(text)
    other = tmp_path / "templates/web/3/rancher-compose.yml"
    other.parent.mkdir()
    other.write_text((tmp_path / "templates/web/0/rancher-compose.yml").read_text().replace("1.0.0", "1.0.3"))
    (other.parent / "docker-compose.yml").write_text("web: {image: 'nginx:1.27.3'}\n")
    ids = registry.expand(("CF1", "CF2", "CF3", "CF9"))
    found = run(Catalog(disk.read(tmp_path / below)), Choice(ids))
    expected = {"templates/web/0": [], "templates/web/0/rancher-compose.yml": []}.get(below, ["CF206", "CF108", "CF142"])
    assert sorted(each.rule for each in found) == sorted(expected)


def test_folders_of_images_with_compose_files_are_a_repository_without_entries_to_lint_and_to_the_judges() -> None:
    files = {"etcd/0.3.0/docker-compose.yml": "web: [", "etcd/0.3.0/containers/etcd/Dockerfile": "FROM busybox:1.37.0\n"}
    assert Catalog(Tree.of(files)).entries == []
    assert verdicts(Tree.of(files)).rulings == ()
    alone = {"etcd/0/docker-compose.yml": "web: [", "etcd/config.yml": "name: x\nversion: '1'\n"}
    assert verdicts(Tree.of(alone)).of("launch") == "reject", "without images it is a top folder of a catalog"
