"""What the rules of config.yml say beyond their examples."""

from __future__ import annotations

import pytest

from tests.lint.looking import CONFIG, RANCHER, findings, mended, places
from tests.lint.trees import tree


def test_a_version_that_differs_by_its_v_is_named() -> None:
    (found,) = findings({CONFIG: "name: Web\nversion: v1.0.0\n"}, "CF205")
    assert (str(found.where), found.hint) == (f"{CONFIG}:2:10", "did you mean '1.0.0'?")


def test_versions_are_compared_as_they_are_stored() -> None:
    changes = {CONFIG: "name: Web\nversion: '1.10'\n", RANCHER: ".catalog:\n  version: 1.10\n"}
    assert sorted(each.rule for each in findings(changes, "CF205", "CF305")) == ["CF205", "CF305"]


@pytest.mark.parametrize(("value", "stored"), [("1.10", "'1.1'"), ("010", "'8'"), ("1e3", "'1000'"), ("yes", "'true'")])
def test_what_rancher_makes_of_a_bare_version_is_said_and_quotes_mend_it(value: str, stored: str) -> None:
    changes = {CONFIG: f"name: Web\nversion: {value}\n"}
    (found,) = findings(changes, "CF203")
    assert found.message.endswith(f"Rancher reads it as {stored}")
    assert mended(found, tree(changes)) == f"name: Web\nversion: '{value}'\n"


@pytest.mark.parametrize("value", ["2017-01-01", "v1.0", "1.0.0", "1.0.0-rancher1"])
def test_a_bare_version_that_is_text_to_rancher_is_fine(value: str) -> None:
    assert places({CONFIG: f"name: Web\nversion: {value}\n"}, "CF203") == []


def test_a_misspelt_key_is_mended_unless_the_right_one_is_there() -> None:
    changes = {CONFIG: "name: Web\nmantainer: Jo Doe <jo@example.org>\n"}
    (found,) = findings(changes, "CF211")
    assert mended(found, tree(changes)) == "name: Web\nmaintainer: Jo Doe <jo@example.org>\n"
    (other,) = findings({CONFIG: "name: Web\nnmae: Other\n"}, "CF211")
    assert other.fix is None


@pytest.mark.parametrize(
    "maintainer",
    ["Jo Doe <jo@example.org>", "A B C D E <a@b.co>", "Jo Döe <jo+x@mail.example.org>"],
)
def test_maintainers_that_the_ci_accepts(maintainer: str) -> None:
    assert places({CONFIG: f"name: Web\nmaintainer: {maintainer}\n"}, "CF207") == []


@pytest.mark.parametrize(
    "maintainer", ["A B C D E F <a@b.co>", "Jo Doe jo@example.org", "Jo Doe <jo@example>", "Jo  Doe <j@b.c> "]
)
def test_maintainers_that_the_ci_refuses(maintainer: str) -> None:
    assert len(places({CONFIG: f"name: Web\nmaintainer: '{maintainer}'\n"}, "CF207")) == 1


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("Apache 2.0", "Apache-2.0"),
        ("Apache License", "Apache-2.0"),
        ("Apache License v2.0", "Apache-2.0"),
        ("The MIT License", "MIT"),
        ("Eclipse Public License 1.0", "EPL-1.0"),
        ("AGPL v3", "AGPL-3.0"),
        ("CC BY-NC 4.0", "CC-BY-NC-4.0"),
        ("mit", "MIT"),
    ],
)
def test_spellings_of_licenses_in_the_real_catalog(text: str, meant: str) -> None:
    assert [each.hint for each in findings({CONFIG: f"license: {text}\n"}, "CF213")] == [f"did you mean {meant}?"]


@pytest.mark.parametrize("text", ["MIT", "GPL-2.0+", "MIT OR Apache-2.0", "LicenseRef-Acme", "Proprietary"])
def test_licenses_that_are_fine(text: str) -> None:
    assert places({CONFIG: f"license: {text}\n"}, "CF213") == []


@pytest.mark.parametrize("content", ["a: b: c", "name: \x01", "- a", "\ta: b", "name: [", "--- {", "? [a]\n: b", "a" * 2_000_000])
def test_a_broken_config_is_one_error_and_no_more_of_its_kind(content: str) -> None:
    found = findings({CONFIG: content}, "CF2")
    assert {each.rule for each in found} == {"CF201"}
    assert all(each.level == "error" for each in found)


@pytest.mark.parametrize("value", ["[a, b]", "{a: b}"])
def test_a_version_of_another_kind_is_not_written_over(value: str) -> None:
    found = findings({CONFIG: f"name: Web\nversion: {value}\n"}, "CF204")
    assert [each.fix for each in found] == [None]
