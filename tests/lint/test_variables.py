"""Questions against their use: what counts as one, and what only looks like it."""

from __future__ import annotations

import pytest

from tests.lint.findings import DOCKER, RANCHER, docker, findings, shown, template

ASKED = "version: '2'\ncatalog:\n  version: '1.0.0'\n  questions:\n  - variable: a\n"


@pytest.mark.parametrize(
    "services",
    [
        "  web:\n    image: nginx:${a}\n",
        "  web:\n    image: nginx:$a\n",
        "  web:\n    image: n:1\n    environment: [a]\n",
        "  web:\n    image: n:1\n    environment: {a: }\n",
        "  web:\n    image: n:1\n    ${a}: x\n",
        "  web:\n    image: n:1\n    command: |\n      # ${a}\n",
        '  web:\n    image: n:{{index .Values "a"}}\n',
        "  web:\n    image: n:1\n{{if false}}    command: ${a}\n{{end}}",
        "  web:\n    image: n:1\n{{range $k, $v := .Values}}{{end}}",
    ],
)
def test_an_answer_is_used(services: str) -> None:
    assert shown({**docker(services), RANCHER: ASKED}, "CF501") == []


@pytest.mark.parametrize(
    "services", ["  web:\n    image: n:$${a}\n", "  web:\n    image: n:1 # ${a}\n", "  web:\n    image: n:{{$a := 1}}{{$a}}\n"]
)
def test_an_answer_is_not_used(services: str) -> None:
    assert shown({**docker(services), RANCHER: ASKED}, "CF501") == ["rancher-compose.yml:5:15: the answer 'a' is never used"]


def test_an_answer_is_used_in_rancher_compose_but_not_in_its_catalog_block() -> None:
    block = (
        "version: '2'\ncatalog: {questions: [{variable: a, description: 'like ${a}, %s'}]}\nservices:\n  web:\n    scale: %s\n"
    )
    files = docker("  web:\n    image: n:1\n")
    assert shown({**files, RANCHER: block % ("$b", "${a}")}, "CF501", "CF502") == []
    assert len(shown({**files, RANCHER: block % ("$b", "1")}, "CF501", "CF502")) == 1


def test_a_variable_that_nobody_asks_for_is_said_once_with_the_nearest_question() -> None:
    files = docker("  web:\n    image: n:1\n    environment:\n      A: $$x ${greting}\n      B: ${greting}\n")
    (found,) = findings(files, "CF502")
    assert (str(found.where), found.hint) == (f"{DOCKER}:6:14", "did you mean 'greeting'?")


def test_variables_of_templates_and_comments_are_no_answers() -> None:
    services = (
        "  web:\n{{range $i, $e := until 2}}    x: {{$i}}{{$e}}\n{{end}}    # ${b}\n    tty: true # $c\n    command: ${d}\n"
    )
    assert shown(template(services), "CF502") == ["docker-compose.yml.tpl:7:14: no question asks for 'd', so it is empty"]


@pytest.mark.parametrize(
    ("text", "wrong"), [("$(x)", "$(x)"), ("${A:-x}", "${A:-x}"), ("a $1", "$1"), ("${}", "${}"), ("a$", "$")]
)
def test_what_is_no_variable_is_shown_as_it_stands(text: str, wrong: str) -> None:
    (found,) = findings(docker(f"  web:\n    image: n:1\n    command: '{text}'\n"), "CF504")
    assert found.message == f"{wrong!r} is not a variable"
    assert found.where.column == 15 + text.index(wrong)


def test_braces_in_questions_are_pointed_at_where_go_stops() -> None:
    text = "version: '2'\ncatalog:\n  questions:\n  - variable: a\n    description: 'é %{{service_name}}'\n"
    (found,) = findings({RANCHER: text}, "CF506")
    assert (str(found.where), found.message) == (
        f"{RANCHER}:5:24",
        'the template cannot be parsed: function "service_name" not defined',
    )
    assert shown({RANCHER: f"#notemplating\n{text}"}, "CF506") == []
