"""Questions become variables: answer, else default, else nothing."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.rancher.questions import Given, Question, answered, read

QUESTIONS = """
- {variable: scale, type: int, default: 3, min: 1, max: 9}
- {variable: mode, type: enum, options: [fast, 1.10, yes], default: fast}
- {variable: debug, type: boolean, default: false}
- {variable: secret, type: password, required: true}
- {variable: title, type: string, required: true}
- {variable: note, type: multiline}
"""


def questions(text: str = QUESTIONS) -> list[Question]:
    return read(yamlio.parse(text, "rancher-compose.yml"))


def given(**answers: str) -> dict[str, Given]:
    return {name: Given(text) for name, text in {"secret": "s", "title": "t", **answers}.items()}


def test_answer_counts_more_than_default_and_nothing_is_the_empty_text() -> None:
    assert answered(questions(), given(scale="5")) == {
        "scale": "5",
        "mode": "fast",
        "debug": "false",
        "secret": "s",
        "title": "t",
        "note": "",
    }


@pytest.mark.parametrize(
    ("written", "text"),
    [
        ("yes", "true"),
        ("off", "false"),
        ("8080", "8080"),
        ("0644", "420"),
        ("1.50", "1.5"),
        ("1.0", "1"),
        ("10000000.0", "1e+07"),
        (".inf", ".inf"),
        (".NaN", ".nan"),
        ("3.14159265358979", "3.1415927"),
        ("null", ""),
        ("2017-01-01", "2017-01-01"),
        ("12:30:45", "12:30:45"),
        ("'0644'", "0644"),
    ],
)
def test_default_is_the_text_of_its_value(written: str, text: str) -> None:
    assert questions(f"- {{variable: x, default: {written}}}")[0].default == text


def test_options_are_the_text_of_their_values() -> None:
    assert questions()[1].options == ["fast", "1.1", "true"]


def test_all_missing_answers_are_named_at_once() -> None:
    with pytest.raises(ForgeError, match="these questions need an answer: secret, title\n.*--set secret="):
        answered(questions(), {})


def test_missing_answers_are_asked_and_nothing_else_is() -> None:
    assert answered(questions(), {}, lambda question: f"<{question.variable}>")["title"] == "<title>"


@pytest.mark.parametrize(
    ("answers", "words"),
    [
        ({"mode": "fest"}, "mode cannot be 'fest'\n.*did you mean 'fast'"),
        ({"scale": "many"}, "scale must be a whole number, not 'many'"),
        ({"scale": "10"}, "scale cannot be 10\n.*from 1 to 9"),
        ({"debug": "perhaps"}, "debug cannot be 'perhaps'\n.*true or false"),
        ({"scal": "1"}, "the entry asks no question 'scal'\n.*did you mean 'scale'"),
    ],
)
def test_answer_that_is_none_is_an_error(answers: dict[str, str], words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        answered(questions(), given(**answers))


def test_all_wrong_answers_are_said_at_once() -> None:
    with pytest.raises(ForgeError) as error:
        answered(questions(), {"mode": Given("x"), "scale": Given("y"), "nope": Given("z")})
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(("answer", "fits"), [("0", False), ("1", True), ("9", True), ("10", False)])
def test_the_limits_of_a_number_are_answers_themselves(answer: str, fits: bool) -> None:
    if fits:
        assert answered(questions(), given(scale=answer))["scale"] == answer
    else:
        with pytest.raises(ForgeError, match=f"scale cannot be {answer}"):
            answered(questions(), given(scale=answer))
