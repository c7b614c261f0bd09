"""Questions become variables: answer, else default, else nothing."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where
from catalog_forge.rancher.questions import Given, Question, answered, by_variable, defaults, read

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
        ({"scal": "1"}, "the entry has no question 'scal'\n.*did you mean 'scale'"),
    ],
)
def test_answer_that_is_none_is_an_error(answers: dict[str, str], words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        answered(questions(), given(**answers))


def test_a_misspelt_answer_is_not_said_a_second_time_as_missing() -> None:
    with pytest.raises(ForgeError) as error:
        answered(questions(), {"titel": Given("Mine")})
    assert [each.message for each in error.value.problems] == [
        "the entry has no question 'titel'",
        "these questions need an answer: secret",
    ]


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


def test_every_key_of_a_question_is_read() -> None:
    text = "- a\n- {variable: x, label: 5, type: int, required: yes, default: 010, options: [1, a]}\n- {type: ~, variable: z}\n"
    one, other = questions(text)
    assert (one.variable, one.label, one.type, one.default, one.required, one.options) == ("x", "5", "int", "8", True, ["1", "a"])
    assert (str(one.where), str(one.at("type")), str(one.at("min"))) == (
        "rancher-compose.yml:2:14", "rancher-compose.yml:2:33", "rancher-compose.yml:2:14",
    )  # fmt: skip
    assert (other.variable, other.label, other.type, other.default, other.required, other.options) == (
        "z", "z", "string", "", False, [],
    )  # fmt: skip
    assert list(one.keys) == ["variable", "label", "type", "required", "default", "options"]
    assert one.text("nothing") == ""


@pytest.mark.parametrize(
    ("text", "variables"),
    [
        ("[]", []), ("{variable: x}", []), ("a", []), ("[[a], b, {variable: x}]", ["x"]), ("[{label: x}]", [""]),
        ("[{variable: ''}, {variable: ~}]", ["", ""]), ("[{variable: 010}]", ["8"]),
    ],
)  # fmt: skip
def test_a_list_of_mappings_is_a_list_of_questions(text: str, variables: list[str]) -> None:
    assert [question.variable for question in questions(text)] == variables
    assert read(None) == []


def test_without_a_variable_nothing_is_asked_and_of_two_with_one_name_the_last_counts() -> None:
    found = questions("[{variable: a, default: x}, {label: c, default: z}, {variable: b, default: 1.0}, {variable: a}]")
    assert {name: question.default for name, question in by_variable(found).items()} == {"a": "", "b": "1"}
    assert defaults(found) == {"a": "", "b": "1"}


@pytest.mark.parametrize(
    ("required", "is_required"), [("true", True), ("yes", True), ("'true'", True), ("'yes'", False), ("no", False), ("~", False)]
)
def test_a_question_is_required_where_it_says_so(required: str, is_required: bool) -> None:
    assert questions(f"[{{variable: x, required: {required}}}]")[0].required is is_required


@pytest.mark.parametrize("limit", ["9" * 19, "5.5", "x", "~", "[5]", "0", "''"])
def test_what_is_not_a_whole_number_limits_nothing(limit: str) -> None:
    (question,) = questions(f"[{{variable: x, type: int, min: {limit}, max: {limit}}}]")
    assert question.problem("-9") is None
    assert question.problem("9") is None


@pytest.mark.parametrize("options", ["a", "{a: b}", "~"])
def test_options_are_a_list(options: str) -> None:
    assert questions(f"[{{variable: x, options: {options}}}]")[0].options == []


PROBLEMS = [
    ("type: enum, options: [fast, slow]", "fast", None),
    ("type: enum, options: [fast, slow]", "fest", ("x cannot be 'fest'", "did you mean 'fast'?")),
    ("type: enum, options: [fast, slow]", "zzzzzzz", ("x cannot be 'zzzzzzz'", "known here: fast, slow")),
    ("type: enum", "anything", None),
    ("options: [fast]", "anything", None),
    ("type: boolean", "true", None),
    ("type: boolean", "false", None),
    ("type: boolean", "True", ("x cannot be 'True'", "write true or false")),
    ("type: password", "anything", None),
    ("type: int", "5", None),
    ("type: int", "-5", None),
    ("type: int", "+5", None),
    ("type: int", "9" * 18, None),
    ("type: int", "9" * 19, ("x must be a whole number, not '9999999999999999999'", "write only digits, such as 8080")),
    ("type: int", "5.5", ("x must be a whole number, not '5.5'", "write only digits, such as 8080")),
    ("type: int", "", ("x must be a whole number, not ''", "write only digits, such as 8080")),
    ("type: int, min: 2", "2", None),
    ("type: int, min: 2", "1", ("x cannot be 1", "write a number of at least 2")),
    ("type: int, min: 2", "100", None),
    ("type: int, min: '+2'", "1", ("x cannot be 1", "write a number of at least 2")),
    ("type: int, max: 5", "5", None),
    ("type: int, max: 5", "6", ("x cannot be 6", "write a number from 0 to 5")),
    ("type: int, max: 5", "-9", None),
    ("type: int, min: 2, max: 5", "1", ("x cannot be 1", "write a number from 2 to 5")),
    ("type: int, min: 2, max: 5", "6", ("x cannot be 6", "write a number from 2 to 5")),
    ("type: int, min: -5", "-6", ("x cannot be -6", "write a number of at least -5")),
    ("type: int, max: 999999999999999999", "9" * 18, None),
    ("type: int, max: 999999999999999998", "9" * 18, ("x cannot be " + "9" * 18, "write a number from 0 to 999999999999999998")),
]


@pytest.mark.parametrize(("keys", "answer", "problem"), PROBLEMS)
def test_an_answer_fits_or_is_told_what_would(keys: str, answer: str, problem: tuple[str, str] | None) -> None:
    assert questions(f"[{{variable: x, {keys}}}]")[0].problem(answer) == problem


@pytest.mark.parametrize(
    ("kind", "secret"), [("password", True), ("secret", True), ("string", False), ("certificate", False), ("~", False)]
)
def test_nobody_sees_the_answer_to_a_secret(kind: str, secret: bool) -> None:
    assert questions(f"[{{variable: x, type: {kind}}}]")[0].secret is secret


def test_problems_have_the_place_of_the_answer_and_missing_ones_that_of_the_question() -> None:
    asked = questions()
    with pytest.raises(ForgeError) as error:
        answered(
            asked, {"scal": Given("1", Where("a.yml", 3, 1)), "mode": Given("fest", Where("a.yml", 4, 1)), "debug": Given("")}
        )
    assert [(problem.message, str(problem.where), problem.hint) for problem in error.value.problems] == [
        ("the entry has no question 'scal'", "a.yml:3:1", "did you mean 'scale'?"),
        ("mode cannot be 'fest'", "a.yml:4:1", "did you mean 'fast'?"),
        (
            "these questions need an answer: secret, title",
            "rancher-compose.yml:5:14",
            "give answers with --set secret=..., or --answers FILE",
        ),
    ]


def test_an_empty_answer_is_an_answer_unless_one_is_required() -> None:
    assert answered(questions(), given(mode="", scale=""))["mode"] == ""
    with pytest.raises(ForgeError, match="these questions need an answer: title\n"):
        answered(questions(), given(title=""))


def test_who_is_asked_answers_what_is_missing_and_wrong_answers_are_still_said() -> None:
    asked: list[str] = []

    def ask(question: Question) -> str:
        asked.append(question.variable)
        return "given"

    assert answered(questions(), {"title": Given("t")}, ask)["secret"] == "given"
    assert asked == ["secret"]
    with pytest.raises(ForgeError, match="has no question 'x'") as error:
        answered(questions(), {"x": Given("t")}, ask)
    assert len(error.value.problems) == 1
