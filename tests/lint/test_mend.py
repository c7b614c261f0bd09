"""Fixes change the one place that they mean, whatever stands around it, and there is none where that is not sure."""

from __future__ import annotations

import pytest

from catalog_forge.lint.mend import listed, near, quoted, renamed, shown, written
from catalog_forge.rancher.tree import Tree, key_of
from catalog_forge.yamlio import Text


def _mended(content: bytes, key: str, to: str = "") -> str | None:
    file = Tree.of({"a.yml": content}).files["a.yml"]
    node, name = file.yaml.keys[key], key_of(file.yaml.node, key)
    assert isinstance(node, Text)
    assert name is not None
    fix = renamed(file, name, to) if to else quoted(file, node)
    if fix is None:
        return None
    (edit,) = fix.edits
    return file.text[: edit.start] + edit.text + file.text[edit.end :]


@pytest.mark.parametrize(
    ("content", "after"),
    [
        (b"a: 1\nversion: 1.10\n", "a: 1\nversion: '1.10'\n"),
        (b"a: 1\r\nversion: 1.10 # x\r\n", "a: 1\r\nversion: '1.10' # x\r\n"),
        (b"\xef\xbb\xbfversion: 1.10", "version: '1.10'"),
        ("a: 'ü\u2028'\nversion: 1.10".encode(), "a: 'ü\u2028'\nversion: '1.10'"),
        (b"{a: {b: 2}, version: 1.10}", "{a: {b: 2}, version: '1.10'}"),
        (b"version: &v 1.10\n", None),
        (b"version: !!float 1.10\n", None),
        (b"version: '1.10'\n", None),
        (b"version: a\n  b\n", None),
    ],
)
def test_a_bare_scalar_is_quoted_where_it_stands(content: bytes, after: str | None) -> None:
    assert _mended(content, "version") == after


@pytest.mark.parametrize(
    ("content", "after"),
    [
        (b"a: 1\nlicence: MIT\n", "a: 1\nlicense: MIT\n"),
        (b"? licence\n: MIT\n", "? license\n: MIT\n"),
        (b"'licence': MIT\n", "'license': MIT\n"),
    ],
)
def test_a_key_is_renamed_where_it_stands(content: bytes, after: str | None) -> None:
    assert _mended(content, "licence", "license") == after


def test_a_missing_key_is_written_and_all_else_stays() -> None:
    file = Tree.of({"a.yml": b"# ours\r\nname: Web # w\r\ncategory: x\r\n"}).files["a.yml"]
    fix = written(file, 1, "version", "1.10")
    assert fix is not None
    (edit,) = fix.edits
    after = file.text[: edit.start] + edit.text + file.text[edit.end :]
    assert after == "# ours\r\nname: Web # w\r\nversion: '1.10'\r\ncategory: x\r\n"
    assert written(Tree.of({"a.yml": b"{name: Web,  x: y}\n"}).files["a.yml"], 1, "version", "1") is None


def test_what_is_near_is_found_and_nothing_else() -> None:
    known = ("minimum_rancher_version", "maximum_rancher_version", "description", "name", "type")
    assert near("minimun_rancher_version", known) == "minimum_rancher_version"
    assert near("maximun_rancher_version", known) == "maximum_rancher_version"
    assert near("decription", known) == "description"
    assert near("Description", known) == "description"
    assert [near(word, known) for word in ("icon", "", "x" * 10_000, "readme")] == [""] * 4


def test_values_are_shown_on_one_line_and_cut() -> None:
    assert shown("a\nb\x00") == r"'a\nb\x00'"
    assert len(shown("x" * 10_000)) < 80
    assert listed([str(number) for number in range(10)]).endswith("'7' and 2 more")
