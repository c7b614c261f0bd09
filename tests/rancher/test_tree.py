"""The files of a tree: what is read of them, their places, their YAML, and the folders that they lie in."""

from __future__ import annotations

import pytest

from catalog_forge.rancher import tree
from catalog_forge.rancher.tree import MAX_BYTES, File, Tree


def file(content: bytes, path: str = "a/b.yml", **more: object) -> File:
    return File(path, len(content), lambda: content, **more)  # type: ignore[arg-type]


def unreadable() -> bytes:
    raise OSError("gone")


def test_a_file_knows_its_name_its_folder_and_its_places() -> None:
    one = file(b"", "a/b/c.yml")
    assert (one.name, one.folder, str(one.at()), str(one.at(2, 3))) == ("c.yml", "a/b", "a/b/c.yml", "a/b/c.yml:2:3")
    assert (file(b"", "c.yml").name, file(b"", "c.yml").folder) == ("c.yml", "")
    assert str(file(b"", shown="./x.yml").at(1, 1)) == "./x.yml:1:1"


@pytest.mark.parametrize(("offset", "place"), [(0, "1:1"), (2, "1:3"), (3, "2:1"), (4, "3:1"), (5, "3:2"), (9, "3:6")])
def test_an_offset_of_the_text_is_a_place(offset: int, place: str) -> None:
    assert str(file("äb\n\ncdefgh".encode()).offset(offset)) == f"a/b.yml:{place}"


@pytest.mark.parametrize(
    ("content", "text", "lines"),
    [
        (b"\xef\xbb\xbfa\r\nb\n", "a\r\nb\n", ["a", "b"]),
        (b"a\xffb", "a\ufffdb", ["a\ufffdb"]),
        (b"", "", []),
    ],
)
def test_the_text_is_without_a_byte_order_mark_and_keeps_its_line_ends(content: bytes, text: str, lines: list[str]) -> None:
    assert (file(content).text, file(content).lines) == (text, lines)


@pytest.mark.parametrize(
    ("one", "readable", "content"),
    [
        (file(b"a"), True, b"a"),
        (file(b"a", kind="link"), True, b"a"),
        (file(b"a", kind="stray"), False, b""),
        (file(b"a", kind="special"), False, b""),
        (File("a", MAX_BYTES, lambda: b"a"), True, b"a"),
        (File("a", MAX_BYTES + 1, lambda: b"a"), False, b""),
        (File("a", 1, unreadable), True, b""),
    ],
)
def test_only_files_within_the_bound_are_read(one: File, readable: bool, content: bytes) -> None:
    assert (one.is_readable, one.content) == (readable, content)


def test_the_yaml_of_what_cannot_be_read_is_a_problem() -> None:
    (problem,) = file(b"a: 1", kind="stray", shown="x.yml").yaml.problems
    assert (problem.message, str(problem.where)) == ("the file cannot be read", "x.yml")
    broken = file(b"a: [", shown="x.yml").yaml
    assert broken.node is None
    assert [str(problem.where) for problem in broken.problems] == ["x.yml:1:4"]


def test_the_yaml_tells_of_double_keys_and_of_a_second_document() -> None:
    found = file(b"a: 1\na: 2\n---\nb: 3\n", shown="x.yml").yaml
    assert found.map is found.node
    assert list(found.keys) == ["a"]
    assert len(found.duplicates) == 1
    assert str(found.second) == "x.yml:3:1"
    assert str(file(b"a: 1").yaml.second) == "None"
    assert str(file(b"a: [").yaml.map) == "None"


def test_a_list_is_not_a_mapping() -> None:
    found = file(b"- a\n").yaml
    assert (found.map, found.keys, tree.key_of(found.node, "a")) == (None, {}, None)


def test_a_key_of_a_mapping_has_its_own_place() -> None:
    node = file(b"a: 1\nb: 2\n").yaml.node
    key = tree.key_of(node, "b")
    assert key is not None
    assert str(key.where) == "a/b.yml:2:1"
    assert tree.key_of(node, "c") is None
    assert tree.key_of(None, "b") is None
    assert list(tree.keys_of(node)) == ["a", "b"]
    assert tree.keys_of(None) == {}


def test_go_decodes_no_file_with_a_broken_merge_key_or_too_many_aliases() -> None:
    assert not file(b"a: 1\nb: *a2").decoded.node
    broken = file(b"a: &a [1]\nb: {<<: *a}\na: 2\n---\n").decoded
    assert [str(problem) for problem in broken.problems] == [
        "a/b.yml:2:5: a merge key (<<) takes a mapping or a list of mappings"
    ]
    assert broken.node is not None
    assert (len(broken.duplicates), broken.second is None) == (1, False)
    lines = ["a0: &a0 [1, 2, 3, 4, 5, 6, 7, 8, 9, 10]"]
    lines += [f"a{level}: &a{level} [{', '.join([f'*a{level - 1}'] * 10)}]" for level in range(1, 5)]
    large = file("\n".join([*lines, "b: {<<: 5}"]).encode()).decoded
    assert [problem.message for problem in large.problems] == [
        "the document is too large to be checked", "a merge key (<<) takes a mapping or a list of mappings",
    ]  # fmt: skip
    sound = file(b"a: &a {b: c}\nd: {<<: *a}\n")
    assert sound.decoded is sound.yaml


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("a: {{ b }}", True),
        ("a: { b }", False),
        ("# notemplating\n{{", False),
        ("#notemplating\n{{", False),
        ("\n \t# notemplating\n{{", False),
        ("#  notemplating\n{{", True),
        ("a\n# notemplating\n{{", True),
    ],
)
def test_a_text_with_actions_is_a_template_unless_it_says_that_it_is_not(text: str, is_one: bool) -> None:
    assert tree.is_template(text) is is_one


@pytest.mark.parametrize(("before", "below", "path"), [("a", "b/c", "a/b/c"), ("", "b", "b"), ("a", "", "a"), ("", "", "")])
def test_paths_are_joined_where_both_are_there(before: str, below: str, path: str) -> None:
    assert tree.joined(before, below) == path


FILES = {"b/z": "", "b/y/x": "", "a": "#!/bin/sh\n", "b.x": "", "b/y.x": "ä"}


def test_files_stand_in_the_order_of_their_paths() -> None:
    found = Tree.of(FILES)
    assert list(found.files) == ["a", "b/y/x", "b/y.x", "b/z", "b.x"]
    assert [file.mode for file in found.files.values()] == [0o755, 0o644, 0o644, 0o644, 0o644]
    assert {path: file.size for path, file in found.files.items()} == {"a": 10, "b/y/x": 0, "b/y.x": 2, "b/z": 0, "b.x": 0}
    assert found.files["b/y.x"].content == "ä".encode()
    assert found.files["a"].content == b"#!/bin/sh\n"
    one = found.get("b/z")
    assert one is not None
    assert one.path == "b/z"
    assert found.get("b") is None


def test_folders_hold_files_and_folders_by_name() -> None:
    folders = Tree.of(FILES).folders
    assert sorted(folders) == ["", "b", "b/y"]
    assert (sorted(folders[""].files), sorted(folders[""].folders)) == (["a", "b.x"], ["b"])
    assert (sorted(folders["b"].files), sorted(folders["b"].folders)) == (["y.x", "z"], ["y"])
    assert {path: (folder.path, folder.name) for path, folder in folders.items()} == {
        "": ("", ""), "b": ("b", "b"), "b/y": ("b/y", "y")
    }  # fmt: skip
    assert [file.path for file in folders[""].everything] == ["a", "b/y/x", "b/y.x", "b/z", "b.x"]


def test_a_walk_goes_by_the_names_in_a_folder() -> None:
    everything = Tree.of({"b/a": "", "b.x": "", "b-": ""}).folders[""].everything
    assert [file.path for file in everything] == ["b/a", "b-", "b.x"]


def test_a_tree_with_other_files_is_a_new_tree_in_order() -> None:
    before = Tree.of(
        {"b": "1", "d/e": "2"},
    )
    assert sorted(before.folders) == ["", "d"]
    after = before.with_files([file(b"3", "b"), file(b"4", "c/x"), file(b"5", "d/a")])
    assert {path: one.content for path, one in after.files.items()} == {"b": b"3", "c/x": b"4", "d/a": b"5", "d/e": b"2"}
    assert list(after.files) == ["b", "c/x", "d/a", "d/e"]
    assert sorted(after.folders) == ["", "c", "d"]
    assert {path: one.content for path, one in before.files.items()} == {"b": b"1", "d/e": b"2"}
    assert sorted(before.folders) == ["", "d"]


@pytest.mark.parametrize(
    ("inside", "path", "covered"),
    [("", "a", True), ("a", "a", True), ("a", "a/b", True), ("a", "ab", False), ("a/b", "a", False), ("a/b", "a/b/c", True)],
)
def test_a_tree_that_was_read_in_part_knows_nothing_of_the_rest(inside: str, path: str, covered: bool) -> None:
    assert Tree((), inside).covers(path) is covered
