"""What an answer must be: said in cookiecutter.json, and held against answers that are given, typed, or follow from others."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_forge.blueprint.answers import Given, answer, questions
from catalog_forge.blueprint.checks import LONGEST, MOST
from catalog_forge.blueprint.expand import renderer
from catalog_forge.blueprint.model import load
from catalog_forge.errors import ForgeError, Where
from tests.blueprint.folders import blueprint

CHECKS = {
    "port": {"type": "port"},
    "nodes": {"type": "int", "min": 1, "max": 9},
    "most": {"type": "int", "max": 5},
    "any": {"type": "int"},
    "path": {"type": "path"},
    "image": {"type": "image"},
    "service": {"type": "service"},
    "registry": {"type": "registry"},
    "version": {"type": "version"},
    "maintainer": {"type": "maintainer"},
    "software": {"type": "named-image"},
    "config": {"type": "config"},
    "reload": {"type": "reload"},
    "keys": {"type": "metadata"},
    "colour": {"pattern": "[a-z]+", "shape": "small letters"},
    "line": {"type": "text"},
}
DEFAULTS = {
    "port": "80", "nodes": 3, "most": "5", "any": "-1", "path": "/etc/x", "image": "nginx:1", "service": "web", "registry": "",
    "version": "1.0", "maintainer": "Jo Doe <jo@example.org>", "colour": "red", "line": "a b",
    "software": "nginx", "config": "/etc/x/x.conf", "reload": "none", "keys": "port, log.level",
}  # fmt: skip


def refused(folder: Path, **given: str) -> list[str]:
    """What is said of answers; empty when they are taken."""
    found = load(folder)
    try:
        answer(found, renderer(found), {name: Given(text, Where("a.yml", 1, 1)) for name, text in given.items()})
    except ForgeError as error:
        return str(error).splitlines()
    return []


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return blueprint(tmp_path, **DEFAULTS, _checks=CHECKS)


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("port", "0", "a whole number from 1 to 65535"),
        ("port", "65536", "a whole number from 1 to 65535"),
        ("port", "http", "a whole number from 1 to 65535"),
        ("port", "8 0", "a whole number from 1 to 65535"),
        ("port", "\u0661", "a whole number from 1 to 65535"),
        ("port", "9" * 5000, "a whole number from 1 to 65535"),
        ("port", "80\n", "a whole number from 1 to 65535"),
        ("port", "", "a whole number from 1 to 65535"),
        ("nodes", "10", "a whole number from 1 to 9"),
        ("most", "6", "a whole number of at most 5"),
        ("any", "1.5", "a whole number"),
        ("path", "etc/x", "an absolute path"),
        ("path", "/etc/", "an absolute path"),
        ("image", "Nginx:1", "REPOSITORY:TAG or REPOSITORY@sha256:DIGEST"),
        ("service", "a_b", "a name of letters, digits and dashes"),
        ("registry", "x y", "HOST[:PORT]/NAMESPACE"),
        ("version", "1 0", "a version such as 0.1.0"),
        ("maintainer", "Jo", "First Last <mail@example.org>"),
        ("colour", "Red", "small letters"),
        ("colour", "red\n", "small letters"),
        ("software", "my nginx", "IMAGE, IMAGE:TAG or NAME=IMAGE:TAG"),
        ("software", "a_b:1", "IMAGE, IMAGE:TAG or NAME=IMAGE:TAG"),
        ("line", "a\nb", f"text of at most {LONGEST} characters"),
        ("line", "x" * (LONGEST + 1), f"text of at most {LONGEST} characters"),
    ],
)
def test_a_wrong_answer_is_named_with_what_is_wanted(folder: Path, name: str, text: str, wanted: str) -> None:
    assert refused(folder, **{name: text}) == [f"a.yml:1:1: {name} cannot be {text[:100]!r}", f"  hint: write {wanted}"]


@pytest.mark.parametrize(
    ("name", "text", "said", "hint"),
    [
        ("image", "nginx:latest", "image: the image 'nginx:latest' has no fixed tag", "give a fixed tag, or leave out the tag"),
        ("software", "web=nginx:latest", "software: the image 'nginx:latest' has no fixed tag", "give a fixed tag, or leave out"),
        ("config", "/etc/../x", "config: '/etc/../x' must be the absolute path of a file", "such as /etc/NAME/NAME.conf"),
        ("reload", "HUP", "reload: cannot be 'HUP'", "did you mean 'signal HUP'?"),
        ("reload", "signal FOO", "reload: unknown signal 'FOO'", "did you mean 'signal INT'?"),
        ("reload", "http GET x", "reload: unknown HTTP method 'GET'", "write http POST URL or http PUT URL"),
        ("keys", "port, log level", "keys: 'log level' cannot be a key", "write letters, digits, dots"),
        ("keys", "port, port", "keys: 'port' appears twice", "remove or rename one of the two"),
    ],
)
def test_an_answer_that_a_spec_would_refuse_is_refused_in_the_same_words(
    folder: Path, name: str, text: str, said: str, hint: str
) -> None:
    message, why = refused(folder, **{name: text})
    assert message.startswith(f"a.yml:1:1: {said}") and why.startswith(f"  hint: {hint}")


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("image", "localhost:5000/nginx"),
        ("software", "web=nginx:1.27.3"),
        ("software", f"mirror/nginx@sha256:{'0' * 64}"),
        ("config", "/etc/x.conf"),  # right with the topology embedded
        ("keys", "port,\nlog.level, " + ", ".join(f"log.level{number}" for number in range(200))),
        ("config", "/etc/nginx/nginx.conf"),
        ("reload", "exec nginx -s reload"),
        ("keys", ""),
        ("port", "65535"),
        ("any", "-7"),
        ("most", "-7"),
        ("path", "/a/b.c"),
        ("registry", ""),
        ("registry", "ghcr.io/acme"),
        ("line", "a: #b"),
    ],
)
def test_a_good_answer_is_taken(folder: Path, name: str, text: str) -> None:
    assert refused(folder, **{name: text}) == []


def test_the_cause_is_named_too_if_an_answer_leads_to_several_problems(folder: Path) -> None:
    said = refused(folder, config="/etc/@{metadata/port}/x.conf")
    assert any("config: @{metadata/port} is not evaluated here" in line for line in said)


def test_each_thing_that_a_spec_would_refuse_is_named_once(folder: Path) -> None:
    said = refused(folder, keys="a b, c d, port, port")
    assert [line.partition(": ")[2] for line in said if "hint" not in line] == [
        "keys: 'a b' cannot be a key",
        "keys: 'c d' cannot be a key",
        "keys: 'port' appears twice",
    ]


def test_a_default_that_other_answers_make_wrong_is_refused(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, first="80", second="{{ cookiecutter.first | int + 1 }}", _checks={"second": {"type": "port"}})
    assert refused(folder) == []
    place = folder / "cookiecutter.json"
    assert refused(folder, first="65535") == [
        f"{place}: second cannot be '65536'",
        "  hint: write a whole number from 1 to 65535",
    ]


def test_cookiecutter_does_not_see_the_checks_as_a_question(folder: Path) -> None:
    found = load(folder)
    assert "_checks" not in [question.name for question in questions(found, renderer(found))]


@pytest.mark.parametrize(
    ("checks", "said"),
    [
        ([], 'the checks of their answers\n  hint: such as {"port": {"type": "port"}}'),
        ({"prt": {"type": "port"}}, "the blueprint has no text question 'prt'\n  hint: did you mean 'port'?"),
        ({"yes": {"type": "int"}}, "the blueprint has no text question 'yes'"),
        ({"port": "int"}, "_checks.port must be a mapping"),
        ({"port": {"typ": "int"}}, "unknown 'typ'\n  hint: did you mean 'type'?"),
        ({"port": {"type": "prt"}}, "unknown type 'prt'\n  hint: did you mean 'port'?"),
        ({"port": {"type": ["int"]}}, "type must be text"),
        ({"port": {"type": "int", "min": "1"}}, 'min must be a whole number\n  hint: such as {"min": 1}'),
        ({"port": {"type": "int", "min": True}}, "min must be a whole number"),
        ({"port": {"type": "int", "min": 9, "max": 1}}, "min 9 is above max 1\n  hint: lower min or raise max"),
        ({"port": {"secret": "yes"}}, 'secret must be true or false\n  hint: such as {"secret": true}'),
        ({"port": {"min": 1}}, "min and max can be used only with numbers"),
        (
            {"port": {"pattern": "("}},
            "the pattern cannot be read: missing ), unterminated subpattern at position 0\n  hint: write a regular",
        ),
        ({"port": {"pattern": "x" * (LONGEST + 1)}}, "longer than"),
        ({"port": {"pattern": "x", "type": "int"}}, "type and pattern cannot be used together"),
        ({f"q{number}": {} for number in range(MOST + 1)}, f"more than {MOST} questions"),
    ],
)
def test_wrong_checks_are_errors_of_the_blueprint(tmp_path: Path, checks: object, said: str) -> None:
    with pytest.raises(ForgeError) as error:
        load(blueprint(tmp_path, port="80", yes=True, _checks=checks))
    assert said in str(error.value) and "cookiecutter.json" in str(error.value)


def test_a_misspelt_name_of_the_checks_is_an_error_of_the_blueprint(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="cookiecutter.json: nothing reads '_check'\n  hint: did you mean '_checks'"):
        load(blueprint(tmp_path, port="80", _check={"port": {"type": "port"}}))


def test_a_pattern_that_never_ends_is_stopped(tmp_path: Path) -> None:
    folder = blueprint(tmp_path, word="aa", _checks={"word": {"pattern": "(a+a+)+b"}})
    assert "the blueprint needs too much time or memory" in str(refused(folder, word="a" * 60))


def test_the_list_says_what_an_answer_must_be(folder: Path) -> None:
    found = load(folder)
    wanted = {each.name: each.check.wanted for each in questions(found, renderer(found)) if each.check}
    assert json.loads(json.dumps(wanted))["nodes"] == "a whole number from 1 to 9"
