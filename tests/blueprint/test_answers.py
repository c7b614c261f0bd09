"""Questions and answers: defaults that follow from other answers, types, and every wrong answer at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from catalog_forge.blueprint.answers import Ask, Given, Question, answer, questions
from catalog_forge.blueprint.expand import renderer
from catalog_forge.blueprint.model import Blueprint, load
from catalog_forge.errors import ForgeError, Where
from tests.blueprint.folders import blueprint


def answered(found: Blueprint, given: dict[str, Given], ask: Ask | None = None) -> dict[str, Any]:
    """Answer the questions of a blueprint."""
    return answer(found, renderer(found), given, ask)


@pytest.fixture
def found(tmp_path: Path) -> Blueprint:
    """A blueprint that asks for a text, two that follow from it, a choice and a truth."""
    return load(
        blueprint(
            tmp_path,
            title="Web",
            folder="/etc/{{ cookiecutter.title | lower }}",
            size=["small", "large"],
            secure=False,
            port=80,
            __url="http{{ 's' if cookiecutter.secure }}://{{ cookiecutter.title }}:{{ cookiecutter.port }}",
            _private="{{ as it is }}",
            __prompts__={"title": "Title in the catalog", "size": {"__prompt__": "How large", "small": "Small"}},
        )
    )


def test_defaults_follow_from_earlier_answers(found: Blueprint) -> None:
    answers = answered(found, {"title": Given("Proxy"), "secure": Given("yes")})
    assert answers["folder"] == "/etc/proxy"
    assert answers["size"] == "small"
    assert answers["secure"] is True
    assert answers["__url"] == "https://Proxy:80"
    assert answers["_private"] == "{{ as it is }}"


def test_a_given_answer_is_no_template(found: Blueprint) -> None:
    assert answered(found, {"title": Given("{{ 1 + 1 }}")})["title"] == "{{ 1 + 1 }}"


def test_what_is_not_given_is_asked_in_the_order_of_the_file(found: Blueprint) -> None:
    asked: list[Question] = []

    def ask(question: Question) -> str | bool:
        asked.append(question)
        return {"title": "Asked", "secure": True}.get(question.name, question.default)

    answers = answered(found, {"name": Given("x-conf"), "size": Given("large")}, ask)
    assert asked == [
        Question("title", "Title in the catalog", "Web"),
        Question("folder", "folder", "/etc/asked"),
        Question("secure", "secure", False),
        Question("port", "port", "80"),
    ]
    assert answers["__url"] == "https://Asked:80"


def test_every_wrong_answer_is_shown_at_once_with_its_place(found: Blueprint) -> None:
    given = {
        "titel": Given("x", Where("answers.yml", 1, 1)),
        "size": Given("larg", Where("answers.yml", 2, 7)),
        "secure": Given("perhaps", Where("answers.yml", 3, 9)),
        "_private": Given("x", Where("answers.yml", 4, 1)),
    }
    with pytest.raises(ForgeError) as error:
        answered(found, given)
    assert str(error.value).splitlines() == [
        f"answers.yml:1:1: the blueprint {found.name!r} has no question 'titel'",
        "  hint: did you mean 'title'?",
        "answers.yml:2:7: size cannot be 'larg'",
        "  hint: did you mean 'large'?",
        "answers.yml:3:9: secure cannot be 'perhaps'",
        "  hint: answer yes or no",
        f"answers.yml:4:1: the blueprint {found.name!r} has no question '_private'",
        "  hint: known here: folder, name, port, secure, size, title",
    ]


def test_the_list_of_questions_leaves_out_the_name(found: Blueprint) -> None:
    assert [question.name for question in questions(found, renderer(found))] == ["title", "folder", "size", "secure", "port"]


def test_a_default_that_fails_is_an_error_of_the_blueprint(tmp_path: Path) -> None:
    found = load(blueprint(tmp_path, title="{{ cookiecutter.later }}", later="x"))
    with pytest.raises(ForgeError, match="cookiecutter.json:1:1: the template fails: .*'later'"):
        answered(found, {})


def test_a_choice_without_options_is_an_error_of_the_blueprint(tmp_path: Path) -> None:
    with pytest.raises(ForgeError, match="the choice 'size' of the blueprint .* has no options"):
        answered(load(blueprint(tmp_path, size=[])), {})
