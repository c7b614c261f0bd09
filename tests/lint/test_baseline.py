"""The baseline: what is known does not count, what is new does, lines may move."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from catalog_forge.errors import ForgeError, Where
from catalog_forge.lint.findings import Finding
from catalog_forge.lint.runner import baseline

FOUND = Finding("CF991", "error", Where("x.yml", 3, 1), "the key appears twice: first in line 1", line="  a: b", path="x.yml")


def known(path: Path, *findings: Finding) -> baseline.Counter[baseline.Key]:
    path.write_text(baseline.dump(findings))
    return baseline.load(path, "known.json")


def test_a_finding_is_known_again_when_its_lines_move(tmp_path: Path) -> None:
    moved = replace(FOUND, where=Where("x.yml", 30, 5), message="the key appears twice: first in line 28", line="a: b")
    assert baseline.compared([moved], known(tmp_path / "b", FOUND))[:2] == ([], [moved])


@pytest.mark.parametrize(
    "other",
    [replace(FOUND, path="y.yml"), replace(FOUND, rule="CF992"), replace(FOUND, line="c: d"), replace(FOUND, message="else")],
)
def test_another_finding_is_new(tmp_path: Path, other: Finding) -> None:
    new, old, left = baseline.compared([other], known(tmp_path / "b", FOUND))
    assert (new, old, sum(left.values())) == ([other], [], 1)


def test_one_more_of_the_same_kind_is_new(tmp_path: Path) -> None:
    assert [len(some) for some in baseline.compared([FOUND] * 3, known(tmp_path / "b", FOUND, FOUND))] == [1, 2, 0]


def test_a_baseline_is_sorted_and_has_a_line_for_each_finding() -> None:
    others = [replace(FOUND, path=path) for path in ("b", "a", "c", "a")]
    text = baseline.dump(others)
    assert [json.loads(line.rstrip(","))["path"] for line in text.splitlines()[1:-1]] == ["a", "b", "c"]
    assert text == baseline.dump(reversed(others))
    assert json.loads(baseline.dump([]))["findings"] == []


@pytest.mark.parametrize("text", ["", "[]", "{}", "nonsense", '{"catalog-forge-baseline": 2, "findings": []}', "[" * 100_000])
def test_what_is_no_baseline_is_said(tmp_path: Path, text: str) -> None:
    (tmp_path / "b").write_text(text)
    with pytest.raises(ForgeError, match="this is not a baseline"):
        baseline.load(tmp_path / "b", "b")


def test_fingerprints_are_their_own_even_for_equal_findings() -> None:
    marks = [mark for _, mark in baseline.numbered([FOUND, FOUND, replace(FOUND, rule="CF992")])]
    assert len(set(marks)) == 3
