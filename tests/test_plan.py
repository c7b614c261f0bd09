"""Files in memory: safe and distinct paths, and digests that change with what they stand for."""

from __future__ import annotations

import hashlib

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.plan import EXECUTABLE, REGULAR, File, Plan, check_relative


def paths(plan: Plan) -> list[str]:
    return [file.path for file in plan]


@pytest.mark.parametrize(
    "path",
    [
        "",
        "/",
        "/etc/passwd",
        ".",
        "..",
        "../x",
        "a/..",
        "a/../b",
        "./a",
        "a/./b",
        "a//b",
        "a/",
        "a\\b",
        "..\\x",
        "\\",
        "a\0b",
        "\0",
    ],
)
def test_a_path_that_could_leave_its_root_is_refused(path: str) -> None:
    for add in (lambda: check_relative(path), lambda: Plan([File(path, b"")]), lambda: Plan().add_text(path, "")):
        with pytest.raises(ForgeError) as caught:
            add()
        assert str(caught.value) == f"unsafe path {path!r}\n  hint: use a relative path that stays below its folder"


@pytest.mark.parametrize("path", ["a", "a/b", "...", "a/..b", ".a", "a b", "é", "a:b", "-", "~"])
def test_a_path_below_the_root_is_fine(path: str) -> None:
    check_relative(path)
    assert path in Plan([File(path, b"")])


def test_files_come_in_the_order_of_their_paths() -> None:
    plan = Plan([File("b", b"2"), File("a/c", b"1"), File("a", b"")])
    assert paths(plan) == ["a", "a/c", "b"]
    assert len(plan) == 3
    assert plan["b"].content == b"2"
    assert "c" not in plan


def test_two_files_of_one_path_are_refused() -> None:
    plan = Plan([File("a", b"1")])
    with pytest.raises(ForgeError, match="^two files would be written to a$"):
        plan.add(File("a", b"2"))
    assert plan["a"].content == b"1"


def test_text_is_utf_8_and_has_a_mode() -> None:
    plan = Plan()
    plan.add_text("a", "é\n")
    plan.add_text("b", "x", EXECUTABLE)
    assert (plan["a"].content, plan.text("a"), plan["a"].mode) == ("é\n".encode(), "é\n", REGULAR)
    assert (plan["b"].mode, EXECUTABLE, REGULAR) == (0o755, 0o755, 0o644)


def test_plans_are_merged_below_a_folder_and_taken_out_again() -> None:
    inner, plan = Plan([File("x", b"1", EXECUTABLE), File("y/z", b"2")]), Plan([File("a/bc", b""), File("ab", b"")])
    plan.merge(inner, "a/b")
    plan.merge(Plan([File("top", b"")]))
    assert paths(plan) == ["a/b/x", "a/b/y/z", "a/bc", "ab", "top"]
    for folder in ("a/b", "a/b/"):
        assert [(file.path, file.content, file.mode) for file in plan.below(folder)] == [("x", b"1", 0o755), ("y/z", b"2", 0o644)]
    with pytest.raises(ForgeError, match="two files would be written to a/b/x"):
        plan.merge(inner, "a/b")
    with pytest.raises(ForgeError, match="unsafe path"):
        plan.merge(inner, "../b")


def test_a_digest_is_of_mode_and_content() -> None:
    assert File("a", b"x").digest == hashlib.sha256(b"644\nx").hexdigest()
    assert File("a", b"x", EXECUTABLE).digest == hashlib.sha256(b"755\nx").hexdigest()
    assert File("b", b"x").digest == File("a", b"x").digest


def test_the_digest_of_a_plan_changes_with_every_part_and_not_with_the_order() -> None:
    files = [File("a", b"1"), File("b", b"2")]
    same, whole = Plan(reversed(files)).digest, Plan(files).digest
    assert whole == same
    others = [
        [File("a", b"1")],
        [File("a", b"1"), File("c", b"2")],
        [File("a", b"1"), File("b", b"3")],
        [File("a", b"1"), File("b", b"2", EXECUTABLE)],
        [File("a", b"2"), File("b", b"1")],
        [],
    ]
    assert len({whole, *(Plan(each).digest for each in others)}) == len(others) + 1
    assert Plan([File("a", b"x")]).digest == hashlib.sha256(f"{File('a', b'x').digest} a\n".encode()).hexdigest()
