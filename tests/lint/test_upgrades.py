"""Why an upgrade is not offered: the reasons that real entries have."""

from __future__ import annotations

import pytest

from tests.lint.looking import findings, places


def _entry(*rows: tuple[str, str]) -> dict[str, str | None]:
    """Revisions by their versions, each with its upgrade_from."""
    files: dict[str, str | None] = {}
    for number, (version, wanted) in enumerate(rows):
        line = f"  upgrade_from: '{wanted}'\n" if wanted else ""
        files[f"templates/web/{number}/rancher-compose.yml"] = f".catalog:\n  version: '{version}'\n{line}"
    return files


@pytest.mark.parametrize(
    ("old", "new", "wanted", "why"),
    [
        ("11.3.585-rancher1", "1.1.0-11.0.5123", "", "does not consider"),
        ("1.0.0", "1.0.0-rancher1", "", "does not consider"),
        ("0.2.0-rancher1", "0.2.0-1", "", "does not consider"),
        ("0.5-rancher1", "0.5-rancher2", "0.5-rancher1", "is not a range"),
        ("0.5-rancher1", "0.6.0", ">=0.1.0", "is not a semantic version"),
        ("1.1.0", "1.2.0", "1.0.0", "matches only this version"),
        ("1.1.0", "1.2.0", ">=1.1.1", "does not include '1.1.0'"),
    ],
)
def test_the_reason_is_named(old: str, new: str, wanted: str, why: str) -> None:
    (found,) = findings(_entry((old, ""), (new, wanted)), "CF381")
    assert why in found.message
    assert found.where.line == (2 if not wanted else 3)


@pytest.mark.parametrize(
    ("old", "new", "wanted"),
    [
        ("1.0.0", "1.0.1", ""),
        ("1.0.0-rancher9", "1.0.0-rancher10", ""),
        ("v1.0.0", "v1.1.0", ">=v1.0.0"),
        ("1.1.0", "1.2.0", "1.1.x"),
        ("1.0", "1.1", ""),
    ],
)
def test_an_upgrade_that_is_offered_is_fine(old: str, new: str, wanted: str) -> None:
    assert places(_entry((old, ""), (new, wanted)), "CF381") == []


def test_equal_versions_are_said_once() -> None:
    assert [each.rule for each in findings(_entry(("1.0.0", ""), ("1.0.0", "")), "CF38")] == ["CF380"]
