"""Templates over the text, then variables in the values."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Where
from catalog_forge.rancher.variables import Substitution
from catalog_forge.stack.templating import render, render_so_far


def substituted(text: str, **variables: str) -> tuple[object, list[str], list[str]]:
    undefined: list[str] = []
    wrong: list[str] = []

    def hear(name: str, _: Where) -> None:
        undefined.append(name)

    def refuse(message: str, _: Where) -> None:
        wrong.append(message)

    node = Substitution(variables, hear, refuse).node(yamlio.parse(text, "f.yml", aliases=True))
    return yamlio.to_data(node), undefined, wrong


def test_variables_stand_in_values_with_and_without_braces() -> None:
    assert substituted("a: ${X}-$X\nb: [$X]", X="1")[0] == {"a": "1-1", "b": ["1"]}


def test_keys_are_left_alone() -> None:
    assert substituted("${X}: 1", X="a")[0] == {"${X}": 1}


def test_name_in_braces_may_begin_with_a_digit() -> None:
    assert substituted("a: <${1}>")[:2] == ({"a": "<>"}, ["1"])


def test_two_dollars_are_one() -> None:
    assert substituted("a: $${X} $$$$", X="1")[0] == {"a": "${X} $$"}


def test_answer_stays_text_whatever_it_looks_like() -> None:
    assert substituted("a: ${X}\nb: ${Y}", X="1", Y="x: {y}\nz")[0] == {"a": "1", "b": "x: {y}\nz"}


def test_undefined_variable_is_empty_and_heard_of() -> None:
    assert substituted("a: <${NO}>")[:2] == ({"a": "<>"}, ["NO"])


@pytest.mark.parametrize("text", ["$(date)", "${A:-x}", "$1", "${}", "5$"])
def test_what_is_no_variable_is_refused(text: str) -> None:
    assert substituted(f"a: '{text}'", A="1")[2]


def test_merge_keys_are_written_out() -> None:
    assert substituted("a: &a {x: 1, y: 2}\nb: {<<: *a, y: 3}")[0] == {"a": {"x": 1, "y": 2}, "b": {"x": 1, "y": 3}}


def rendered(text: str, **variables: str) -> str:
    return render(text, "f.tpl", variables, "stack", "1.0")


def test_templates_see_answers_and_the_stack() -> None:
    assert rendered("{{.Values.X}} {{.Stack.Name}} {{.Release.Version}} {{.Values.NO}}", X="a") == "a stack 1.0 <no value>"


def test_what_stands_behind_parentheses_is_passed_over_as_old_go_does() -> None:
    assert rendered('{{- if (ne .Values.X "a b") and .Values.NO -}}yes{{else}}no{{end}}', X="x") == "yes"
    assert rendered('{{if (ne .Values.X "x") and true}}yes{{else}}no{{end}}', X="x") == "no"
    assert rendered('{{if (eq .Values.X "x") | not}}yes{{else}}no{{end}}', X="x") == "no"
    assert rendered('{{if and (eq .Values.X "x") (eq .Values.X "y")}}yes{{else}}no{{end}}', X="x") == "no"


def test_functions_of_sprig_are_there() -> None:
    assert rendered("{{range $i, $e := atoi .Values.N | until}}{{$i}}{{end}}{{upper .Values.N}}", N="3") == "0123"


def test_printers_are_those_of_go() -> None:
    assert rendered("""{{printf "%.1s|%d|%q" "abc" 3 "x"}} {{print 1 2 "a" 3}} {{println 1 "a"}}""") == 'a|3|"x" 1 2a3 1 a\n'


def test_quotes_are_kept_when_a_text_is_cut() -> None:
    assert rendered("""{{range splitPreserveQuotes "a \\"b c\\""}}<{{.}}>{{end}}""") == '<a><"b c">'


@pytest.mark.parametrize(
    ("text", "pieces"), [("--a --b='c d'", "<--a><--b='c d'>"), ("a  b", "<a><><b>"), ("a ", "<a >"), ("", ""), ("a", "<a>")]
)
def test_text_is_cut_as_rancher_compose_does(text: str, pieces: str) -> None:
    assert rendered("{{range splitPreserveQuotes .Values.X}}<{{.}}>{{end}}", X=text) == pieces


@pytest.mark.parametrize("text", ["# notemplating\n{{ x }}", "#notemplating\n{{ x }}", "\n  # notemplating\n{{ x }}"])
def test_file_that_wants_no_templates_is_left_alone(text: str) -> None:
    assert rendered(text) == text


def test_newer_functions_of_sprig_are_not_there() -> None:
    with pytest.raises(ForgeError, match="function 'toJson' not defined"):
        rendered("{{ toJson .Values }}")


def test_what_stands_before_a_failure_is_kept() -> None:
    found = render_so_far("a {{ .Values.X }} {{ eq .Values.X 3 }} b", "f.tpl", {"X": "1"}, "stack")
    assert found.text == "a 1 "
    assert found.fault
    assert str(found.fault.where) == "f.tpl:1:22"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\n {{service_name}}", "f.tpl:2:4: the template cannot be read: function 'service_name' not defined"),
        ("{{if", "cannot be read"),
        ("{{if eq .Values.N 3}}{{end}}", "the template fails.*\n.*Rancher would cut the file here"),
        ("{{env `HOME`}}", "function 'env' not defined"),
        ("{{until 100000000}}", "too much here"),
        ("{{repeat 100000000 `x`}}", "too much here"),
        ("{{printf `%100000000d` 3}}", "wider than"),
        ("{{print 000000000000000000000000000000}x", "a number of the template is longer"),
        ("{{print 000000000000000000000000000000}}", "a number of the template is longer"),
        ("{{if$x}}{{end}}{{print 000000000000000000000000000000}}", "cannot be read"),
        ("{{define `a`}} {{end}}" * 1001, "defines more templates"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = printf `%s%s` $x $x}}{{end}}", "too much here"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = print $x $x}}{{end}}", "too much here"),
        ("{{$x := repeat 9999 `aa`}}{{replace `a` $x $x}}", "too much here"),
        ("{{range until 9999}}{{range until 9999}}{{end}}{{end}}", "budget exceeded"),
        ("{{define `a`}}{{template `a`}}{{end}}{{template `a`}}", "budget exceeded"),
    ],
)
def test_template_that_fails_or_costs_too_much_is_an_error(text: str, words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        rendered(text, N="3")
