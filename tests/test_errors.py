"""What an error says: its place, its hint, its order, its exit code; and how text of strangers is shown."""

from __future__ import annotations

import errno

import pytest

from catalog_forge.errors import BuildError, EngineError, ForgeError, Problem, UsageError, Where, did_you_mean


@pytest.mark.parametrize(
    ("where", "text"),
    [(Where("a.yml"), "a.yml"), (Where("a.yml", 3, 7), "a.yml:3:7"), (Where("a.yml", 1), "a.yml:1:0"), (Where("a", 0, 5), "a")],
)
def test_a_place_is_a_file_line_and_column(where: Where, text: str) -> None:
    assert str(where) == text


@pytest.mark.parametrize(
    ("problem", "text"),
    [
        (Problem("it broke"), "it broke"),
        (Problem("it broke", Where("a", 1, 2)), "a:1:2: it broke"),
        (Problem("it broke", hint="mend it"), "it broke\n  hint: mend it"),
        (Problem("it broke", Where("a"), "mend it"), "a: it broke\n  hint: mend it"),
        (Problem("\u202eit", Where("\x1b[2J"), "known here: \x07"), "\\x1b[2J: \\u202eit\n  hint: known here: \\x07"),
    ],
)
def test_a_problem_says_place_message_and_hint(problem: Problem, text: str) -> None:
    assert str(problem) == text


def test_an_error_holds_its_problems_in_the_order_of_their_places() -> None:
    problems = [
        Problem("d", Where("b", 1, 1)),
        Problem("c", Where("a", 10, 1)),
        Problem("b", Where("a", 2, 5)),
        Problem("z", Where("a", 2, 1)),
        Problem("y", Where("a", 2, 1)),
        Problem("x"),
    ]
    error = ForgeError.of(problems)
    assert [problem.message for problem in error.problems] == ["x", "y", "z", "b", "c", "d"]
    assert error.args == ("x",)
    assert str(error) == "x\na:2:1: y\na:2:1: z\na:2:5: b\na:10:1: c\nb:1:1: d"
    assert str(ForgeError("m", Where("f", 1, 1), "h")) == "f:1:1: m\n  hint: h"


def test_an_error_of_the_system_brings_its_hint_even_if_it_is_shown_with_others() -> None:
    found = []
    for hint in ("", "mend it"):
        try:
            raise OSError(errno.ENOSPC, "No space left on device")
        except OSError:
            found += ForgeError("full", Where("b"), hint).problems
    found += ForgeError("later").problems
    assert [each.hint[:10] for each in ForgeError.of(found).problems] == ["", "free some ", "mend it"]


def test_a_kind_of_error_keeps_its_kind_and_its_exit_code() -> None:
    kinds = (ForgeError, UsageError, EngineError, BuildError)
    assert [kind.exit_code for kind in kinds] == [1, 2, 4, 5]
    assert all(type(kind.of([Problem("x")])) is kind for kind in kinds)


@pytest.mark.parametrize(
    ("word", "known", "hint"),
    [
        ("imge", ["image", "name"], "did you mean 'image'?"),
        ("IMAGE", ["image", "name"], "did you mean 'image'?"),
        ("cf101", ["CF101", "CF909"], "did you mean 'CF101'?"),
        ("secret", ["secrets", "password"], "did you mean 'secrets'?"),
        ("user", ["users", "uid"], "did you mean 'users'?"),
        ("group", ["groups", "gid"], "did you mean 'groups'?"),
        ("group", ["grow", "gid"], "did you mean 'gid'?"),
        ("zzz", ["name", "image"], "known here: image, name"),
        ("zzz", [], ""),
        ("abcde", ["abcxy"], "did you mean 'abcxy'?"),
        ("abcde", ["abxyz"], "known here: abxyz"),
        (
            "zzz",
            [f"a{number:02}" for number in range(42)],
            f"known here: {', '.join(f'a{number:02}' for number in range(40))} and 2 more",
        ),
    ],
)
def test_the_nearest_known_word_is_named(word: str, known: list[str], hint: str) -> None:
    assert did_you_mean(word, known) == hint


@pytest.mark.parametrize(
    ("length", "count", "hint"),
    [
        (100, 3, "did you mean"),
        (101, 3, "known here: 0xx"),
        (100_000, 3, "known here: 0xx"),
        (100, 300, "did you mean"),
        (100, 301, "otherwise"),
        (5, 0, "otherwise"),
    ],
)
def test_the_nearest_of_very_many_words_or_to_a_very_long_one_is_not_looked_for(length: int, count: int, hint: str) -> None:
    known = [f"{number}{'x' * (length - 1)}" for number in range(count)]
    assert did_you_mean("x" * length, known, "otherwise").startswith(hint)
