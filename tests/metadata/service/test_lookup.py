"""Paths into the answers."""

from __future__ import annotations

import pytest

from catalog_forge.metadata.service.answers import Entry
from catalog_forge.metadata.service.lookup import NotFoundError, find, segments

ENTRY: Entry = {
    "services": [
        {"name": "Elastic", "uuid": "u-1", "scale": 3},
        {"uuid": "u-2", "scale": 2},
        {"name": "u-2", "scale": 1},
    ],
    "self": {"service": {"links": {"search/elastic": "es"}, "metadata": {"a b": 1, "c+d": 2, "0": "zero", "nothing": None}}},
}


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("", []),
        ("self/", ["self"]),
        ("links/search%2Felastic", ["links", "search/elastic"]),
        ("a+b/a%20b/c%2Bd", ["a b", "a b", "c+d"]),
        ("%C3%BC", ["ü"]),
    ],
)
def test_paths_are_split_before_they_are_unescaped(path: str, keys: list[str]) -> None:
    assert segments(path) == keys


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("services/0/scale", 3),
        ("services/Elastic/scale", 3),
        ("services/u-1/scale", 3),
        ("services/u-2/scale", 2),  # the first element whose name or uuid it is
        ("services/00/scale", 3),
        ("self/service/links/search%2Felastic", "es"),
        ("self/service/links/Search%2FElastic", "es"),
        ("SELF/Service/metadata/a+b", 1),
        ("self/service/metadata/c%2Bd", 2),
        ("self/service/metadata/0", "zero"),
        ("self/service/metadata/nothing", None),
    ],
)
def test_values_are_found(path: str, value: object) -> None:
    assert find(ENTRY, segments(path)) == value


@pytest.mark.parametrize(
    "path",
    [
        "nope",
        "services/3",
        "services/-1",
        "services/elastic",  # the retry is in lower case, the name is not
        "self/service/metadata/0/x",  # a step into text
        "self/service/metadata/nothing/x",  # a step into null
    ],
)
def test_what_is_not_there_is_not_found(path: str) -> None:
    with pytest.raises(NotFoundError):
        find(ENTRY, segments(path))


def test_an_integer_is_an_index_and_never_a_name() -> None:
    with pytest.raises(NotFoundError):
        find({"items": [{"name": "7"}]}, ["items", "7"])


def test_an_integer_that_64_bits_do_not_hold_may_be_a_name() -> None:
    entry: Entry = {"items": [{"name": "99999999999999999999"}, {"name": "9223372036854775807"}]}
    assert find(entry, ["items", "99999999999999999999", "name"]) == "99999999999999999999"
    assert find(entry, ["items", "+00", "name"]) == "99999999999999999999"
    with pytest.raises(NotFoundError):
        find(entry, ["items", "9223372036854775807"])


def test_the_retry_in_lower_case_goes_letter_by_letter() -> None:
    assert find({"i\u03c3": 1}, ["\u0130\u03a3"]) == 1
