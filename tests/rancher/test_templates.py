"""Go's templates in compose files: what they write, where they fail, and what they may cost."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError
from catalog_forge.rancher.sprig import SPRIG
from catalog_forge.rancher.templates import Rendered, render
from catalog_forge.rancher.tree import File


def so_far(text: str, **variables: str) -> Rendered:
    return render(File("f.tpl", len(text.encode()), text.encode), variables, "stack", "1.0")


def rendered(text: str, **variables: str) -> str:
    found = so_far(text, **variables)
    if found.problem:
        raise ForgeError.of([found.problem])
    return found.text


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
    with pytest.raises(ForgeError, match='function "toJson" not defined'):
        rendered("{{ toJson .Values }}")


def test_what_stands_before_a_failure_is_kept() -> None:
    found = so_far("a {{ .Values.X }} {{ eq .Values.X 3 }} b", X="1")
    assert found.text == "a 1 "
    assert found.problem
    assert str(found.problem.where) == "f.tpl:1:22"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\n {{service_name}}", 'f.tpl:2:4: the template cannot be parsed: function "service_name" not defined'),
        ("{{if", "cannot be parsed"),
        ("{{if eq .Values.N 3}}{{end}}", "the template fails.*\n.*Rancher would cut the file here"),
        ("{{env `HOME`}}", "not for compose files here"),
        ("{{env `HOME` | print}}", "not for compose files here"),
        ("{{ .Values.N.x }}", "can't evaluate field x in type string"),
        ("{{if ne .Values.NO ``}}{{end}}", "a value is missing"),
        ("{{slice .Values.N 0 1}}", 'function "slice" not defined'),
        ("{{until 100000000}}", "too much here"),
        ("{{repeat 100000000 `x`}}", "too much here"),
        ("{{printf `%999999d` 3}}{{printf `%999999d` 3}}", "the output is larger than"),
        ("{{if$x}}{{end}}", "cannot be parsed"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = printf `%s%s` $x $x}}{{end}}", "more than [0-9]+ bytes of text"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = print $x $x}}{{end}}", "more than [0-9]+ bytes of text"),
        ("{{$x := repeat 9999 `aa`}}{{replace `a` $x $x}}", "too much here"),
        ("{{range until 9999}}{{range until 9999}}{{end}}{{end}}", "was not done after"),
        ("{{define `a`}}{{template `a`}}{{end}}{{template `a`}}", "exceeded maximum template depth"),
    ],
)
def test_template_that_fails_or_costs_too_much_is_an_error(text: str, words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        rendered(text, N="3")


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ('{{date "2006" now | len}}', "4"),
        ("{{if now}}now{{end}}", "now"),
        ('{{$d := dict "a" 1}}{{$e := set $d "b" 2}}{{$d.b}}{{$e := unset $d "a"}}{{len $d}}', "21"),
        ('{{atoi "99999999999999999999"}} {{atoi "-99999999999999999999"}}', "9223372036854775807 -9223372036854775808"),
        ('{{atoi "1_0"}}{{atoi " 1"}}{{atoi "+1"}}{{atoi "007"}}{{atoi ""}}', "00170"),
        ("{{html .Values.X}}{{print .Values.NO}}{{.Values.NO.b}}", "&lt;<nil><no value>"),
        ('{{.Values.NO | default "d"}}{{empty .Values.NO}}', "dtrue"),
        ('{{$d := dict "a" 1 "b" 2}}{{range $k, $v := $d}}{{$k}}{{$e := unset $d "b"}}{{end}}', "ab"),
        ("{{print 000000000000000000000000000001}}", "1"),
        ("{{define `a`}} {{end}}" * 1001, ""),
    ],
)
def test_functions_answer_as_go_and_sprig_do(text: str, written: str) -> None:
    assert rendered(text, X="<") == written


def test_all_functions_of_sprig_answer_or_fail_as_a_template_does() -> None:
    pairs = ('"3" "b"', '1 "c" "d"', "1 2", "1 2 3", '(dict "a" 1) "a"', '"2006" now', '"2006" now "UTC"')
    for name in SPRIG:
        for given in ("", '"a"', "(tuple 1 2)", "now", "nil", ".", ".Values.NO", *pairs):
            found = so_far(f"{{{{{name} {given}}}}}x")
            assert found.fault or found.text.endswith("x"), (name, given)
