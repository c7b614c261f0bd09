"""Which folders are revisions, and which of them a catalog offers."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.goyaml import decoding
from catalog_forge.rancher import entries


@pytest.mark.parametrize(
    ("folder", "number", "is_revision"),
    [
        ("0", 0, True),
        ("007", 7, True),
        ("+1", 1, True),
        ("-1", -1, True),
        ("0" * 40, 0, True),
        ("9223372036854775807", (1 << 63) - 1, True),
        ("-9223372036854775808", -(1 << 63), True),
        ("9223372036854775808", None, False),
        ("-9223372036854775809", None, False),
        ("0" * 41, None, False),
        ("1a", None, False),
        ("1_0", None, False),
        (" 1", None, False),
        ("٣", None, False),
        ("", None, False),
        ("1.0.0", None, True),
        ("1.0.0-rc.1", None, True),
        ("v1.0.0", None, True),
        ("vv1.0.0v", None, True),
        ("1.0", None, False),
        ("x1.0.0", None, False),
    ],
)
def test_a_revision_is_a_number_or_a_semantic_version(folder: str, number: int | None, is_revision: bool) -> None:
    assert (entries.number_of(folder), entries.is_revision(folder)) == (number, is_revision)


def test_people_see_revisions_by_number_then_by_name() -> None:
    assert sorted(["10", "2", "-1", "1.0.0", "01", "1", "0.9.0", "0"], key=entries.by_number) == [
        "-1", "0", "0.9.0", "1.0.0", "01", "1", "2", "10",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("config", "default"),
    [
        ("version: 1.0.0", "1.0.0"),
        ("defaultVersion: 1.0.0", "1.0.0"),
        ("default_version: 1.10", "1.1"),
        ("default_version: c\ndefaultVersion: b\nversion: a", "a"),
        ("default_version: c\ndefaultVersion: b", "b"),
        ("version: ~\ndefaultVersion: b", ""),
        ("name: x", ""),
    ],
)
def test_the_first_key_that_is_there_names_the_default_version(config: str, default: str) -> None:
    assert entries.default_of(decoding.pairs(yamlio.parse_lenient(config, "config.yml").node)) == default


@pytest.mark.parametrize(
    ("block", "folder", "version"),
    [
        ("version: 1.10", "0", "1.1"),
        ("version: 1.0.0", "2.0.0", "1.0.0"),
        ("name: x", "0", ""),
        ("name: x", "2.0.0", "2.0.0"),
        ("version: ''", "v2.0.0", "v2.0.0"),
        ("version: ~", "-1", ""),
    ],
)
def test_the_version_of_a_revision_is_that_of_its_block_else_that_of_its_folder(block: str, folder: str, version: str) -> None:
    files = {f"{folder}/docker-compose.yml": b"a: {image: x}", f"{folder}/rancher-compose.yml": f".catalog: {{{block}}}".encode()}
    assert entries.read(files, "web", folder).served == version


@pytest.mark.parametrize(
    ("default", "served", "chosen"),
    [
        ("1.0.0", "2.0.0 1.0.0", "1.0.0"),
        ("3.0.0", "2.0.0 1.0.0", "2.0.0"),
        ("", "1.9.0 1.10.0 1.2.0", "1.10.0"),
        ("", "v1.9.0 v1.10.0", "v1.10.0"),
        ("", "1.0.0-rc1 1.0.0", "1.0.0"),
        ("", "a b", "b"),
        ("", "a 0.0.0-x", "a"),
        ("", "1.0.0+a 1.0.0+b", "1.0.0+b"),
        ("x", "", ""),
    ],
)
def test_a_catalog_offers_the_default_if_it_is_there_else_the_highest(default: str, served: str, chosen: str) -> None:
    assert entries.chosen(default, ["", *served.split(), ""]) == chosen
