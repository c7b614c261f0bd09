"""Unified diffs: heads, last lines, files that are not there, and a bound."""

from __future__ import annotations

import pytest

from catalog_forge.diffs import MOST_LINES, unified

NONE = "\\ No newline at end of file\n"


@pytest.mark.parametrize(
    ("old", "new", "shown"),
    [
        ("a\n", "a\n", ""),
        ("a\n", "b\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n+b\n"),
        (None, "b\n", "--- /dev/null\n+++ b/f\n@@ -0,0 +1 @@\n+b\n"),
        ("a\n", None, "--- a/f\n+++ /dev/null\n@@ -1 +0,0 @@\n-a\n"),
        ("a", "a\n", f"--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\n{NONE}+a\n"),
        ("a\u2028b\rc\n", "a\u2028b\rd\n", "--- a/f\n+++ b/f\n@@ -1 +1 @@\n-a\u2028b\rc\n+a\u2028b\rd\n"),
    ],
)
def test_a_diff_is_what_patch_reads(old: str | None, new: str | None, shown: str) -> None:
    assert unified(old, new, "f") == shown


def test_what_changes_in_a_huge_file_is_not_compared() -> None:
    long = "x\n" * (MOST_LINES + 1)
    assert unified(long, long + "y\n", "f") == f"--- a/f\n+++ b/f\n(more than {MOST_LINES} lines: the changes are not shown)\n"
    assert unified(long, long, "f") == ""
    assert "+y" in unified("x\n" * 100, "x\n" * 100 + "y\n", "f")
