"""Answers files, read as rancher-metadata up to 0.7 reads them."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.metadata.service.answers import Answers, read, unsound

FILE = """
'2015-12-19':
  10.42.1.11:
    self: &one {container: {name: es-1}}
  default:
    self: {host: {name: node-a}}
    version: '7'
    again: *one
"""


def test_default_entries_are_copied_into_each_client_that_lacks_them() -> None:
    entry = read(FILE, "a.yml").entry("2015-12-19", "10.42.1.11")
    assert entry == {
        "self": {"container": {"name": "es-1"}},
        "version": "7",
        "again": {"container": {"name": "es-1"}},
    }


def test_an_unknown_client_is_told_the_default() -> None:
    entry = read(FILE, "a.yml").entry("2015-12-19", "10.9.9.9")
    assert entry is not None
    assert entry["self"] == {"host": {"name": "node-a"}}


def test_without_a_default_an_unknown_client_is_told_nothing() -> None:
    assert Answers.of({"latest": {"10.0.0.1": {}}}).entry("latest", "10.9.9.9") is None


def test_json_is_read_too_and_big_integers_stay_exact() -> None:
    answers = read('{"2015-07-25": {"default": {"big": 9007199254740993, "none": null}}}', "a.json")
    assert answers.entry("2015-07-25", "default") == {"big": 9007199254740993, "none": None}


def test_latest_is_its_own_entry_or_the_highest_version() -> None:
    assert Answers.of({"2015-07-25": {}, "2016-07-29": {}}).resolve("latest") == "2016-07-29"
    assert Answers.of({"2015-07-25": {}, "latest": {}}).resolve("latest") == "latest"
    assert Answers.of({}).resolve("latest") is None
    assert Answers.of({"2015-07-25": {}}).resolve("2014-01-01") is None


def test_a_revision_is_written_into_every_entry() -> None:
    answers = read(FILE, "a.yml").revised("8")
    assert answers.revisions() == {"8"}
    assert [answers.entry("2015-12-19", client)["version"] for client in ("10.42.1.11", "default")] == ["8", "8"]  # type: ignore[index]


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("- a\n", "a.yml:1:1: the document must be a mapping"),
        ("latest: 3\n", "a.yml:1:9: the clients of 'latest' (addresses or `default`) must be a mapping"),
        ("latest:\n  default: [1]\n", "a.yml:2:12: the answers for 'default' must be a mapping"),
        ("latest: {default: {a: [{7: x}]}}\n", "a.yml:1:25: the key '7' is a number, but rancher-metadata crashes on a key"),
        ("latest: {default: {on: x}}\n", "a.yml:1:20: the key 'on' is a boolean"),
        ("latest: {default: {~: x}}\n", "a.yml:1:20: the key '~' is null"),
        ("latest: {default: {<<: [1]}}\n", "a.yml:1:25: '<<' can merge only a mapping"),
        ("latest: {default: {a: 1, a: 2}}\n", "a.yml:1:26: the key 'a' appears twice"),
        ("", "a.yml:1:1: the file is empty"),
    ],
)
def test_what_is_no_answers_file_is_refused_with_its_place(text: str, problem: str) -> None:
    with pytest.raises(ForgeError) as caught:
        read(text, "a.yml")
    assert str(caught.value).startswith(problem)


def test_all_problems_are_shown_at_once() -> None:
    with pytest.raises(ForgeError) as caught:
        read("latest:\n  default: 1\n  10.0.0.1: 2\n", "a.yml")
    assert len(caught.value.problems) == 2


def test_scalars_are_what_the_real_service_makes_of_them() -> None:
    entry = read("latest: {default: {a: yes, b: 0777, c: 1_000, d: 'yes', e: 1e999, f: 2001-12-14}}", "a.yml").entry(
        "latest", "x"
    )
    assert entry == {"a": True, "b": 511, "c": 1000, "d": "yes", "e": "1e999", "f": "2001-12-14"}


def test_versions_and_clients_are_text_whatever_they_look_like() -> None:
    answers = read("1: {10: {a: 1}, 10.0: {a: 2}}", "a.yml")
    assert answers.entry("1", "10") == {"a": 1}
    assert answers.entry("1", "10.0") == {"a": 2}


def test_merges_bring_in_what_stands_elsewhere() -> None:
    text = "latest: {x: &x {a: 1, b: {c: 2}}, y: {a: 0, <<: *x, b: 3}, z: {<<: [{a: 4}, {a: 5, d: 6}]}}"
    answers = read(text, "a.yml")
    assert answers.entry("latest", "y") == {"a": 1, "b": 3}  # a later pair wins, merged or not
    assert answers.entry("latest", "z") == {"a": 4, "d": 6}


def test_names_that_are_not_text_are_found_once_with_their_path() -> None:
    shared = [{"name": None}, {"name": "ok"}, {"uuid": "u"}]
    answers = Answers.of(
        {"latest": {"default": {"a": shared}, "10.0.0.1": {"b": shared, "c": {"d": [[{"name": 1}]]}, "name": 7}}}
    )
    assert [(path, problem.partition(",")[0]) for path, problem in unsound(answers)] == [
        ("/latest/a/0", "the name is null"),
        ("/latest/c/d/0/0", "the name is 1"),
    ]


def test_numbers_that_json_cannot_hold_are_found_once_wherever_they_are() -> None:
    shared = {"x": float("nan"), "l": [float("inf"), 1.5, {"name": float("-inf")}]}
    answers = Answers.of({"latest": {"default": {"a": shared, "b": shared}}})
    paths = [path for path, problem in unsound(answers) if problem.startswith("JSON cannot represent ")]
    assert paths == ["/latest/a/x", "/latest/a/l/0", "/latest/a/l/2/name"]
