"""Fixes: edits of a text that touch nothing else."""

from __future__ import annotations

import pytest

from catalog_forge.errors import Where
from catalog_forge.lint.findings import Edit, Finding, Fix
from catalog_forge.lint.runner import fixes
from catalog_forge.rancher.tree import Tree


def found(*offered: Fix) -> list[Finding]:
    return [Finding("CF991", "error", Where("a"), "m", fix=fix) for fix in offered]


def mended(tree: Tree, *offered: Fix) -> Tree:
    """The tree after one round of these fixes."""
    rounds = [found(*offered), []]
    return fixes.mended(tree, lambda _: rounds.pop(0))


@pytest.mark.parametrize(
    "text", ["# why\na: b # so\n", "# why\r\na: b # so\r\n", "\ufeff# why\na: b # so", "# \u00fc\na: b\u2028"]
)
def test_a_fix_changes_its_characters_only(text: str) -> None:
    tree = Tree.of({"a": text})
    start = tree.files["a"].text.index("b")
    after = mended(tree, Fix("quote", "a", (Edit(start, start + 1, "'b'"),)))
    assert after.files["a"].content == text.replace(" b", " 'b'").encode()


def test_of_two_fixes_that_touch_the_first_counts_and_the_second_waits() -> None:
    tree = Tree.of({"a": "abcdef"})
    one, two = Fix("1", "a", (Edit(1, 3, "X"),)), Fix("2", "a", (Edit(2, 4, "Y"),))
    assert mended(tree, one, two).files["a"].text == "aXdef"
    beside = Fix("3", "a", (Edit(3, 5, "Y"),))
    assert mended(tree, one, beside).files["a"].text == "aXdef", "where one ends the other may not begin"
    assert mended(tree, beside, one).files["a"].text == "abcYf"
    apart = Fix("4", "a", (Edit(4, 5, "Y"),))
    assert mended(tree, apart, one).files["a"].text == "aXdYf"
    rounds = [found(one, two), found(Fix("2", "a", (Edit(3, 4, "Z"),))), []]
    assert fixes.mended(tree, lambda _: rounds.pop(0)).files["a"].text == "aXdZf"


def test_fixes_that_never_end_are_ended() -> None:
    grown = fixes.mended(Tree.of({"a": "x"}), lambda _: found(Fix("grow", "a", (Edit(0, 0, "x"),))))
    assert len(grown.files["a"].text) == 1 + fixes.ROUNDS


def test_a_file_that_is_no_utf_8_is_left_alone() -> None:
    tree = Tree.of({"a": b"a: \xff\n"})
    assert mended(tree, Fix("1", "a", (Edit(0, 1, "b"),))) is tree


def test_a_copy_goes_where_nothing_lies() -> None:
    tree = Tree.of({"templates/web/README.md": "# Web\n", "templates/web/0/README.md": "mine"})
    fix = Fix("copy", "templates/web/README.md", copies=("templates/web/0/README.md", "templates/web/1/README.md"))
    after = mended(tree, fix)
    assert after.files["templates/web/0/README.md"].text == "mine"
    assert after.files["templates/web/1/README.md"].text == "# Web\n"
    assert after.folders["templates/web/1"].files.keys() == {"README.md"}
    assert fixes.diff(fixes.changes(tree, after)) == "--- /dev/null\n+++ b/templates/web/1/README.md\n@@ -0,0 +1 @@\n+# Web\n"


def test_the_diff_is_one_that_patch_takes() -> None:
    tree = Tree.of({"a": "one\ntwo"})
    after = mended(tree, Fix("1", "a", (Edit(0, 3, "ONE"),)))
    assert fixes.diff(fixes.changes(tree, after)).splitlines()[2:] == [
        "@@ -1,2 +1,2 @@", "-one", "+ONE", " two", "\\ No newline at end of file",
    ]  # fmt: skip


def test_many_fixes_of_one_file_are_quick() -> None:
    tree = Tree.of({"a": "ab" * 20_000})
    after = mended(tree, *(Fix(str(place), "a", (Edit(place, place + 1, "X"),)) for place in range(0, 40_000, 2)))
    assert after.files["a"].text == "Xb" * 20_000


def test_the_diff_of_a_very_long_file_is_not_shown() -> None:
    tree = Tree.of({"a": "".join(f"{number * 7919 % 1009}\n" for number in range(30_000))})
    after = mended(tree, Fix("1", "a", (Edit(0, 1, "X"),)))
    assert "the changes are not shown" in fixes.diff(fixes.changes(tree, after))
