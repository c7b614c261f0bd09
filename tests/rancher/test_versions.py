"""Versions compare as rancher/catalog-service compares them; the rows are those of its own tests."""

from __future__ import annotations

from itertools import combinations

import pytest

from catalog_forge.rancher import versions

ASCENDING = [
    "v1.2.0 v1.2.1 v1.2.3 v1.3.0 v1.3.4 v2.0.0",
    "v0.1.0-rancher0 v0.1.0-rancher1 v0.1.0-rancher1.1 v1.2.4-rancher6 v1.2.4-rancher6.1 v1.2.4-rancher7 v1.2.4-rancher7.2"
    " v1.2.4-rancher9.0 v1.2.4-rancher10.10 v1.2.4-rancher12.0 v1.2.4-rancher14 v1.3.0-rancher3 v1.3.0-rancher4",
    "0.0.1 v0.45.0",
    "0.0.1-a 0.0.1-b 0.0.1-c",
    "0.0.1-pre1-alpha2 0.0.1-pre1-alpha3 0.0.1-pre1-beta1 0.0.1-pre1-beta2.2 0.0.1-pre1-beta11 0.0.1-pre1-rc1"
    " 0.0.1-pre1-rc1-1 0.0.1-pre1 0.0.1",
    "1.0.0-rancher1 1.0.0",
]


@pytest.mark.parametrize("row", ASCENDING)
def test_greater_is_the_services_own_order(row: str) -> None:
    for low, high in combinations(row.split(), 2):
        assert versions.greater(high, low), (low, high)
        assert not versions.greater(low, high), (low, high)


def test_what_follows_a_plus_does_not_count() -> None:
    assert not versions.greater("v1.0.0+test", "v1.0.0")
    assert not versions.greater("v1.0.0", "v1.0.0+test")


def test_numbers_beyond_any_bound_compare_at_once() -> None:
    assert versions.greater("9" * 50_000, "1")
    assert not versions.greater("9" * 50_000, "8" * 50_000), "Go's Atoi stops at 63 bits"


@pytest.mark.parametrize(
    ("text", "is_one"),
    [
        ("1.2.3", True),
        ("1.2.3-rancher1", True),
        ("1.2.3-rc.1+build.5", True),
        ("v1.2.3", False),
        ("1.2", False),
        ("2.0-rancher1", False),
        ("01.2.3", False),
        ("1.2.3-01", False),
        ("", False),
    ],
)
def test_semantic_versions(text: str, is_one: bool) -> None:
    assert (versions.semver(text) is not None) is is_one


def test_semantic_versions_sort() -> None:
    row = "1.0.0-alpha 1.0.0-alpha.1 1.0.0-beta 1.0.0-beta.2 1.0.0-beta.11 1.0.0-rancher10 1.0.0-rancher9 1.0.0 1.10.0 2.0.0"
    orders = [versions.semver(each) for each in row.split()]
    assert orders == sorted(each for each in orders if each is not None)


@pytest.mark.parametrize(
    ("version", "wanted", "answer"),
    [
        ("1.0.0", "1.0.0", True),
        ("1.1.0", "1.0.0", False),
        ("1.1.0", ">=1.0.0", True),
        ("v1.1.0", ">=v1.0.0", True),
        ("1.1.0", ">= 1.0.0 < 2.0.0", True),
        ("2.1.0", ">=1.0.0 <2.0.0", False),
        ("3.1.0", "<2.0.0 || >=3.0.0", True),
        ("1.2.7", "1.2.x", True),
        ("1.3.0", "1.2.x", False),
        ("1.9.0", "1.x", True),
        ("1.3.0", ">1.2.x", True),
        ("1.2.9", "<=1.2.x", True),
        ("1.0.1", "!=1.0.0", True),
        ("0.9.0", "!=1.0.0", True),
        ("1.0.0", "!=1.0.0", False),
        ("0.9.0", "!1.0.0", True),
        ("1.0.0", "!1.0.0", False),
        ("1.0.0", "==1.0.0", True),
        ("1.0.1", "=1.0.0", False),
        ("1.0.0", ">1.0.0", False),
        ("1.0.0", ">=1.0.0", True),
        ("1.0.0", "<1.0.0", False),
        ("1.0.0", "<=1.0.0", True),
        ("1.0.0-rancher1", ">=1.0.0", False),
        ("0.5-rancher1", ">=0.1.0", None),
        ("1.0.0", "0.5-rancher1", None),
        ("1.0.9", "1.x.x", True),
        ("1.1.0", "1.x.x", False),
        ("1.2.0", "~1.2.x", True),
        ("1.2.1", "~1.2.x", False),
        ("1.0.0", "~1.0.0", None),
        ("1.0.0", "^1.0.0", None),
        ("1.0.0", "any", None),
        ("1.0.0", "|| 1.0.0", None),
        ("1.0.0", "1.0.0 ||", None),
    ],
)
def test_ranges(version: str, wanted: str, answer: bool | None) -> None:
    assert versions.within(version, wanted) is answer


@pytest.mark.parametrize(
    ("text", "order"),
    [
        ("1.2.3", (1, 2, 3, True, ())),
        ("0.0.0", versions.LOWEST),
        ("1.2.3+b", (1, 2, 3, True, ())),
        ("1.2.3-rc.1", (1, 2, 3, False, ((True, 0, "rc"), (False, 1, "1")))),
        ("1.2.3-a.010b.0", (1, 2, 3, False, ((True, 0, "a"), (True, 0, "010b"), (False, 0, "0")))),
        ("1.2.3-1+b.c", (1, 2, 3, False, ((False, 1, "1"),))),
        ("1.2.3-999999999999999999", (1, 2, 3, False, ((False, 999999999999999999, "999999999999999999"),))),
        ("1.2.3-1000000000000000000", (1, 2, 3, False, ((False, (1 << 63) - 1, "1000000000000000000"),))),
        ("9999999999999999999.0.0", (9999999999999999999, 0, 0, True, ())),
        ("99999999999999999999.0.0", None),
        ("1.2.3-", None),
        ("1.2.3-a..b", None),
        ("1.2.3+", None),
        ("1.2.3-a_b", None),
        ("1.2.3\n", None),
        ("1.2.3-٣", None),
        ("٣.0.0", None),
    ],
)
def test_a_semantic_version_sorts_by_its_numbers_then_by_what_stands_before_it(text: str, order: versions.Order | None) -> None:
    assert versions.semver(text) == order


@pytest.mark.parametrize(
    "row",
    [
        "1.0 1.0.0", "1.0 1.0.1", "1.0 1.0.1.1", "1.0.0 1.0.0.1", "1.a 1", "1.a 1.b", "1.0-a 1.0", "1.0 1.0-1", "1.0-rc 1.0",
        "a1 b1", "a2 a10", "a a1", "a9 b10", "1a 1b", "9a 10a", "v0 vv1", "1.1 1..2", "1.1 1-2", "x y", "A a", "A B", "1x 12",
        "a.b a",
        "1.x1 1.x2", "1 9999999999999999999", "999999999999999999 1000000000000000000",
        "1.2.1000000000000000000 1.2", "1.2 1.2.999999999999999999",
    ],
)  # fmt: skip
def test_parts_compare_by_word_then_by_number_then_by_letters(row: str) -> None:
    low, high = row.split()
    assert versions.greater(high, low)
    assert not versions.greater(low, high)


@pytest.mark.parametrize("pair", ["1.0.0 1.0.0", "a1 1", "1+b 1+a", "v1 1", "1.-0 1.0"])
def test_neither_is_greater_where_the_service_sees_no_difference(pair: str) -> None:
    one, other = pair.split()
    assert not versions.greater(one, other)
    assert not versions.greater(other, one)


SOME = "0.9.0 1.0.0-a 1.0.0 1.0.5 1.1.0 1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"


@pytest.mark.parametrize(
    ("wanted", "inside"),
    [
        ("1.2.x", "1.2.0 1.2.3"),
        (">1.2.x", "1.3.0 2.0.0 2.1.0"),
        (">=1.2.x", "1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        ("<1.2.x", "0.9.0 1.0.0-a 1.0.0 1.0.5 1.1.0"),
        ("<=1.2.x", "0.9.0 1.0.0-a 1.0.0 1.0.5 1.1.0 1.2.0 1.2.3"),
        ("=1.2.x", "1.2.0 1.2.3"),
        ("==1.2.x", "1.2.0 1.2.3"),
        ("!=1.2.x", ""),
        ("!1.2.x", ""),
        ("~1.2.x", "1.2.0"),
        ("~ 1.2.x", "1.2.0 1.2.3"),
        ("a1.2.x", "1.2.0"),
        ("1.x", "1.0.0 1.0.5 1.1.0 1.2.0 1.2.3 1.3.0"),
        (">1.x", "2.0.0 2.1.0"),
        (">=1.x", "1.0.0 1.0.5 1.1.0 1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        ("<1.x", "0.9.0 1.0.0-a"),
        ("<=1.x", "0.9.0 1.0.0-a 1.0.0 1.0.5 1.1.0 1.2.0 1.2.3 1.3.0"),
        ("=1.x", "1.0.0 1.0.5 1.1.0 1.2.0 1.2.3 1.3.0"),
        ("!=1.x", ""),
        ("~1.x", "1.0.0"),
        ("1.x.x", "1.0.0 1.0.5"),
        (">1.x.x", "1.1.0 1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        ("<1.x.x", "0.9.0 1.0.0-a"),
        ("2.x || <1.0.0", "0.9.0 1.0.0-a 2.0.0 2.1.0"),
        (">v1.1.0", "1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        (">=v1.1.0", "1.1.0 1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        ("<v1.1.0", "0.9.0 1.0.0-a 1.0.0 1.0.5"),
        ("<=v1.1.0", "0.9.0 1.0.0-a 1.0.0 1.0.5 1.1.0"),
        ("=v1.1.0", "1.1.0"),
        ("!v1.1.0", "0.9.0 1.0.0-a 1.0.0 1.0.5 1.2.0 1.2.3 1.3.0 2.0.0 2.1.0"),
        ("vv1.1.0", "1.1.0"),
        (">=1.0.0   <  1.2.0", "1.0.0 1.0.5 1.1.0"),
        (">1.0.0 - <2.0.0", "1.0.5 1.1.0 1.2.0 1.2.3 1.3.0"),
        ("> = 2.0.0", "2.0.0 2.1.0"),
        ("1.0.0 1.1.0", ""),
        ("1.0.0 || 1.1.0 || 2.1.0", "1.0.0 1.1.0 2.1.0"),
        ("!=1.0.0 !=1.1.0 <1.3.0", "0.9.0 1.0.0-a 1.0.5 1.2.0 1.2.3"),
        ("1.999999999999999999.x", ""),
    ],
)
def test_a_range_holds_these_versions(wanted: str, inside: str) -> None:
    assert " ".join(version for version in SOME.split() if versions.within(version, wanted)) == inside
    assert all(versions.within(f"v{version}", wanted) is versions.within(version, wanted) for version in SOME.split())


@pytest.mark.parametrize(
    "wanted",
    [
        "", "x", "*", "1.*", ">", "1.2.3.x", "1.x.3", "1.2.x-a", "1.0.0-x", "=>1.0.0", "=!1.0.0", "<>1.0.0", ">1.0",
        ">=1.0.0||<2.0.0", "1.1.0 || || 2.0.0", "99999999999999999999.x", "1.9999999999999999999.x", "1.0.0 any",
    ],
)  # fmt: skip
def test_a_range_that_the_service_cannot_read(wanted: str) -> None:
    assert versions.reads_range(wanted) is None
    assert versions.within("1.0.0", wanted) is None
