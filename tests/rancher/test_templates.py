"""Go's templates in compose files: what they write, where they fail, and what they may cost."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError, Problem
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.sprig import SPRIG
from catalog_forge.rancher.templates import Rendered, Template, template_in
from catalog_forge.rancher.tree import File


def so_far(text: str, **variables: str) -> Rendered:
    file = File("f.tpl", len(text.encode()), text.encode)
    (source,) = sources(file, None, variables, "stack", "1.0")
    if isinstance(source.made, Problem):
        raise ForgeError.of([source.made])
    return source.made or Rendered(file, text)


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
        ("{{if eq .Values.N 3}}{{end}}", "the template fails.*\n.*Rancher would silently cut the file off here"),
        ("{{env `HOME`}}", "not available to compose files here"),
        ("{{env `HOME` | print}}", "not available to compose files here"),
        ("{{ .Values.N.x }}", "can't evaluate field x in type string"),
        ("{{if ne .Values.NO ``}}{{end}}", "a value is missing"),
        ("{{slice .Values.N 0 1}}", 'function "slice" not defined'),
        ("{{until 100000000}}", "at most 10000 items"),
        ("{{repeat 100000000 `x`}}", "larger than catalog-forge can render"),
        ("{{printf `%999999d` 3}}{{printf `%999999d` 3}}", "the output is larger than"),
        ("{{if$x}}{{end}}", "cannot be parsed"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = printf `%s%s` $x $x}}{{end}}", "more than [0-9]+ bytes of text"),
        ("{{$x := `aaaa`}}{{range until 40}}{{$x = print $x $x}}{{end}}", "more than [0-9]+ bytes of text"),
        ("{{$x := repeat 9999 `aa`}}{{replace `a` $x $x}}", "larger than catalog-forge can render"),
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


SOURCE = "a: {{ .Values.X }}c\n{{- if true }}\nä: {{`d`}}\nf: {{.Values.Y}} g\n{{end -}}\n  h\n"


@pytest.mark.parametrize(
    ("line", "column", "char", "place"),
    [
        (1, 1, "a", "1:1"),
        (1, 3, " ", "1:3"),
        (1, 4, "x", "1:4"),
        (1, 5, "y", "1:4"),
        (1, 6, "c", "1:19"),
        (2, 1, "ä", "3:1"),
        (2, 4, "d", "3:4"),
        (3, 1, "f", "4:1"),
        (3, 4, "1", "4:4"),
        (4, 1, "2", "4:4"),
        (4, 3, "g", "4:18"),
        (5, 1, "h", "6:3"),
        (6, 1, "", "7:1"),
        (99, 1, "", "7:1"),
    ],
)
def test_a_place_in_the_text_has_its_place_in_the_source(line: int, column: int, char: str, place: str) -> None:
    found = so_far(SOURCE, X="xy", Y="1\n2")
    assert found.text == "a: xyc\nä: d\nf: 1\n2 g\nh\n"
    assert char in [*found.text.split("\n"), *[""] * 99][line - 1][column - 1 :][:1]
    assert str(found.at(line, column)) == f"f.tpl:{place}"


def test_the_text_is_read_as_yaml_with_places_in_a_file_of_no_name() -> None:
    found = so_far("a: {{.Values.X}}\nb: {{.Values.X}}", X="[1]").yaml
    assert found.problems == ()
    assert found.map is not None
    assert str(found.map.pairs[1][0].where) == "\0rendered:f.tpl:2:1"
    broken = so_far("a: {{.Values.X}}", X="[").yaml
    assert broken.node is None
    assert [str(problem.where) for problem in broken.problems] == ["\0rendered:f.tpl:1:4"]


def test_templates_see_the_stack_the_release_and_the_environment() -> None:
    text = "{{.Stack.Name}}|{{.Stack.Version}}|{{.Stack.PreviousVersion}}|{{.Release.Name}}|{{.Environment.Name}}|{{.Values.X}}"
    assert rendered(text, X="ä\udcff") == "stack|1.0||stack|Default|ä\ufffd"
    (source,) = sources(File("f.tpl", 3, text.encode), None, {})
    assert source.rendered
    assert source.rendered.text == "stack|||stack|Default|<no value>"


def test_a_text_without_actions_stays_as_it_is() -> None:
    found = so_far("a: } \ufffd $X\r\n")
    assert (found.text, found.fault, found.fault_where, found.problem) == ("a: } \ufffd $X\r\n", "", None, None)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a\nä {{ nope }}", 'f.tpl:2:6: the template cannot be parsed: function "nope" not defined'),
        ("a\n{{ if }}", "f.tpl:2:7: the template cannot be parsed: missing value for if"),
        ("{{ if true }}", "f.tpl:1:1: the template cannot be parsed: unexpected EOF"),
        ('a\n {{ "x }}', "f.tpl:2:5: the template cannot be parsed: unterminated quoted string"),
        ("a\n{{/* x }}", "f.tpl:2:3: the template cannot be parsed: unclosed comment"),
        ("{{" + "(" * 3000 + "1" + ")" * 3000 + "}}", "f.tpl:1:103: the template cannot be parsed: it is nested more deeply"),
    ],
)
def test_what_go_cannot_parse_is_said_at_its_place(text: str, words: str) -> None:
    with pytest.raises(ForgeError) as error:
        rendered(text)
    (problem,) = error.value.problems
    assert f"{problem.where}: {problem.message}".startswith(words)
    assert problem.hint == "a file that needs no templates begins with the line `# notemplating`"
    found = template_in(File("f.tpl", len(text.encode()), text.encode))
    assert isinstance(found, SyntaxFault)


def test_the_template_in_a_file_is_parsed_or_there_is_none() -> None:
    assert template_in(None) is None
    assert template_in(File("f.tpl", 4, lambda: b"a: b")) is None
    found = template_in(File("f.tpl", 9, lambda: b"a: {{ 1 }}"))
    assert isinstance(found, Template)
    assert found.render({}).text == "a: 1"
    assert str(found.where(None)) == "f.tpl"


@pytest.mark.parametrize("text", ["ä\n{{ .Values.X.y }}", "ä\n{{template `a` .Values.X.y}}{{define `a`}}{{end}}"])
def test_a_failure_has_the_place_of_its_action(text: str) -> None:
    found = so_far(text, X="1")
    assert found.text == "ä\n"
    assert str(found.fault_where).startswith("f.tpl:2:")
    assert "can't evaluate field y in type string" in found.fault
