"""What the rules of the catalog block, its questions and of secrets say beyond their examples."""

from __future__ import annotations

import pytest

from tests.lint.looking import RANCHER, findings, mended, places
from tests.lint.trees import tree


def _asking(*questions: str) -> dict[str, str | None]:
    lines = "\n".join(f"  - {each}" for each in questions)
    return {RANCHER: f"version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n{lines}\n"}


def test_an_error_of_yaml_has_its_place() -> None:
    assert places({RANCHER: "version: '2'\ncatalog:\n  version: [1\n"}, "CF301")[0].startswith(f"{RANCHER}:3:12: ")


def test_a_plain_block_in_an_old_file_is_renamed() -> None:
    changes = {RANCHER: "catalog:\n  version: '1.0.0'\nweb: {scale: 1}\n"}
    (found,) = findings(changes, "CF302")
    assert mended(found, tree(changes)).startswith(".catalog:\n  version")


@pytest.mark.parametrize("value", ["2", "'2'", '"2"'])
def test_the_formats_that_rancher_knows(value: str) -> None:
    assert places({RANCHER: f"version: {value}\ncatalog: {{version: '1.0.0'}}\n"}, "CF303") == []


@pytest.mark.parametrize("value", ["'1'", "'2.1'", "3", "2.0", "[2]", "{image: x}"])
def test_the_formats_that_rancher_refuses(value: str) -> None:
    assert len(places({RANCHER: f"version: {value}\ncatalog: {{version: '1.0.0'}}\n"}, "CF303")) == 1


def test_a_version_that_stays_as_it_is_is_a_note() -> None:
    found = findings({RANCHER: ".catalog:\n  version: 8\n"}, "CF305")
    assert [(each.level, each.message) for each in found] == [("note", "version is 8: it is a number, not text")]


def test_keys_and_questions_that_are_merged_in_are_there() -> None:
    changes = {
        RANCHER: "version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n"
        "  - &q {variable: a, label: A, type: string}\n  - {<<: *q, variable: b}\n"
    }
    assert places(changes, "CF3") == []


def test_a_misspelt_limit_is_mended() -> None:
    changes = {RANCHER: ".catalog:\n  version: '1.0.0'\n  maximun_rancher_version: v1.6.0\n"}
    (found,) = findings(changes, "CF306")
    assert mended(found, tree(changes)).endswith("  maximum_rancher_version: v1.6.0\n")


@pytest.mark.parametrize("value", ["'true'", '"false"', "1", "'yes'", "[true]"])
def test_required_must_be_a_truth(value: str) -> None:
    assert [each.level for each in findings(_asking(f"{{variable: a, label: A, type: int, required: {value}}}"), "CF325")] == [
        "error"
    ]


def test_quotes_around_required_and_bounds_are_taken_away() -> None:
    changes = _asking("{variable: a, label: A, type: int, required: \"true\", min: '1'}")
    found = findings(changes, "CF325", "CF333")
    assert "required: true," in mended(found[0], tree(changes))
    assert "min: 1}" in mended(found[1], tree(changes))


@pytest.mark.parametrize("value", ["yes", "True", "off", "~"])
def test_required_may_be_any_truth_of_yaml(value: str) -> None:
    assert places(_asking(f"{{variable: a, label: A, type: int, required: {value}}}"), "CF325") == []


@pytest.mark.parametrize(
    ("value", "stored"),
    [("0644", "'420'"), ("1.50", "'1.5'"), ("10000000.0", "'1e+07'"), ("yes", "'true'"), ("0x1F", "'31'"), ("1_000", "'1000'")],
)
def test_a_default_that_is_altered_says_what_is_stored(value: str, stored: str) -> None:
    (found,) = findings(_asking(f"{{variable: a, label: A, type: string, default: {value}}}"), "CF327")
    assert found.message == f"question 'a': {value} is stored as {stored}"
    assert (found.fix is None) is (value == "yes"), "templates may compare with true today"


@pytest.mark.parametrize("value", ["8080", "true", "2017-01-01", "12:30:45", "1.5", "null", "", "abc"])
def test_a_default_that_stays_as_it_is_is_fine(value: str) -> None:
    assert places(_asking(f"{{variable: a, label: A, type: string, default: {value}}}"), "CF327") == []


def test_an_enum_compares_what_is_stored() -> None:
    fine = "{variable: a, label: A, type: enum, options: [true, 1.0], default: '1'}"
    assert places(_asking(fine), "CF330") == []
    (found,) = findings(_asking("{variable: a, label: A, type: enum, options: [small, large], default: smal}"), "CF330")
    assert found.hint == "did you mean 'small'?"


def test_a_type_of_another_language_is_mended() -> None:
    changes = _asking("{variable: a, label: A, type: bool}")
    (found,) = findings(changes, "CF324")
    assert "type: boolean}" in mended(found, tree(changes))


@pytest.mark.parametrize("name", ["PASSWORD", "dbPassword", "DB_PASS", "api_key", "GANDI_APIKEY", "acl-master-token", "secret2"])
def test_names_of_secrets(name: str) -> None:
    assert len(places(_asking(f"{{variable: {name}, label: A, type: string}}"), "CF335")) == 1


@pytest.mark.parametrize("name", ["token_ttl", "AWS_ACCESS_KEY", "bypass", "public_key", "compass", "password_file", "keyboard"])
def test_names_of_no_secrets(name: str) -> None:
    assert places(_asking(f"{{variable: {name}, label: A, type: string}}"), "CF335") == []


@pytest.mark.parametrize(
    "secret",
    ["AKIAABCDEFGHIJKLMNOP", "-----BEGIN EC PRIVATE KEY-----", "ghp_" + "a1B2" * 9, "glpat-" + "x" * 20],
)
def test_no_message_repeats_a_secret(secret: str) -> None:
    path = "templates/web/0/docker-compose.yml"
    found = findings({path: f"web:\n  image: nginx\n  environment:\n    PASSWORD: '{secret}'\n"}, "CF36")
    assert sorted(each.rule for each in found) == ["CF360", "CF361"]
    assert not any(secret in text for each in found for text in (each.message, each.hint, str(each.where)))
    assert {each.where.line for each in found} == {4}


@pytest.mark.parametrize(
    "value", ["${password}", "'{{ .Values.p }}'", "/run/secrets/p", "'true'", "''", "$PASSWORD", "30m", "a/b.pem"]
)
def test_what_is_no_password(value: str) -> None:
    changes = {"templates/web/0/docker-compose.yml": f"web:\n  image: nginx\n  environment:\n    PASSWORD: {value}\n"}
    assert places(changes, "CF361") == []
