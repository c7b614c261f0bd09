"""Templates are parsed as Go parses them, in linear time. What they mean is held against the real confd in tests/confd."""

from __future__ import annotations

import pytest

from catalog_forge.gotext.builtins import BUILTINS
from catalog_forge.gotext.parsing import MAX_NESTING, SyntaxFault, parse
from catalog_forge.gotext.template import compile_template
from tests.growth import superlinear

# What one part of the grammar or another takes many of, and what may open and close it.
RUNS = (
    *("0", "1", "7", "9", "_", "0_", "1_1", "a", "f", "x", "e1", "+", "-", "+1", "i", "1+1i", ".", ".1", "1.", "p", "\\", '"'),
    *("'", "`", "/*", "*/", "(", ")", "|", "1|", "$", "$a ", "=", ":=", ",", "{", "}", "{{", "}}", "{{}}", " ", "\n", "é", "²"),
    *("#", "\0", "{{1}}", "{{$a := 1}}", "{{- 1 -}} ", '{{define "a"}} {{end}}', "{{/* */}}", "{{if 1}}{{else}}{{end}}", " .a"),
)
FRAMES = (
    *(("", ""), ("{{", "}}"), ("{{0", "}}"), ("{{1.", "}}"), ("{{0x", "}}"), ('{{"', '"}}'), ("{{'", "'}}"), ("{{/*", "*/}}")),
    *(("{{print ", "x}"), ("{{1+", "i}}"), ('{{printf "%', '" 1}}'), ('{{printf "%[', '" 1}}'), ("{{end}", "}")),
)


@pytest.mark.parametrize(("before", "after"), FRAMES)
def test_long_runs_cost_linear_time(before: str, after: str) -> None:
    for run in RUNS:

        def work(size: int, run: str = run) -> None:
            source = (before + run * (size // len(run)) + after).encode()
            try:
                compile_template("t", source, BUILTINS)
            except SyntaxFault as fault:
                assert fault.line > 0

        assert not superlinear(work, start=1000, largest=8_000), (before, run, after)


@pytest.mark.parametrize(
    "source",
    [
        "{{end}" + "0" * 24 + "}",
        "{{print " + "0" * 30 + "}x",
        "{{print " + "0" * 5000 + "x}}",
        "{{print 1" + "0" * 5000 + "}}",
        "{{print -1" + "0" * 5000 + "i}}",
        "{{print 1" + "0" * 5000 + ".5}}",
        "{{print 0x" + "f" * 5000 + "}}",
        "{{print 1e" + "9" * 5000 + "}}",
    ],
)
def test_numbers_beyond_all_measure_are_refused(source: str) -> None:
    with pytest.raises(SyntaxFault):
        parse("t", source.encode(), {"print"})


@pytest.mark.parametrize(
    ("source", "words", "place"),
    [
        ("a\n {{if}}x{{end}}", "missing value for if", (2, 6)),
        ("{{with}}x{{end}}", "missing value for with", (1, 7)),
        ("{{range}}x{{end}}", "missing value for range", (1, 8)),
        ("{{}}", "missing value for command", (1, 3)),
        ("{{()}}", "missing value for parenthesized pipeline", (1, 4)),
        ('{{block "x"}}{{end}}', "missing value for block clause", (1, 12)),
        ("{{if$x}}{{end}}", "bad character U+0024 '$'", (1, 5)),
        ("é{{é²}}", "bad character U+00B2 '²'", (1, 7)),
        ("{{1 | 2}}", "non executable command in pipeline stage 2", (1, 8)),
        ('x\n{{"a\n"}}', "unterminated quoted string", (2, 3)),
        ("x\n{{1\n'a}}", "unterminated character constant in action started at t:2", (3, 1)),
        ("x\n{{1\n", "unclosed action started at t:2", (3, 1)),
        ("{{if 1}}{{else}}{{else}}{{end}}", "expected end; found {{else}}", (1, 17)),
        ('{{define "a"}}1{{end}}{{define "a"}}2{{end}}', 'template: multiple definition of template "a"', (1, 43)),
        ("{{'\\400'}}", "invalid syntax", (1, 3)),
        ("{{1_}}", 'illegal number syntax: "1_"', (1, 3)),
        ("{{08}}", 'integer overflow: "08"', (1, 3)),
        ("{{nope}}", 'function "nope" not defined', (1, 3)),
        ("{{$x}}", 'undefined variable "$x"', (1, 3)),
    ],
)
def test_errors_have_the_words_and_the_line_of_go(source: str, words: str, place: tuple[int, int]) -> None:
    with pytest.raises(SyntaxFault) as caught:
        parse("t", source.encode(), ())
    assert str(caught.value) == f"template: t:{place[0]}: {words}"
    assert (caught.value.line, caught.value.column) == place


def test_nesting_has_a_bound_that_is_said() -> None:
    for opening, closing in (("{{if 1}}", "{{end}}"), ("{{if 0}}{{else}}", "{{end}}")):
        parse("t", (opening * MAX_NESTING + closing * MAX_NESTING).encode(), ())
        with pytest.raises(SyntaxFault, match="nested more deeply than"):
            parse("t", (opening * (MAX_NESTING + 1) + closing * (MAX_NESTING + 1)).encode(), ())
    with pytest.raises(SyntaxFault, match="nested more deeply than"):
        parse("t", b"{{" + b"(" * 200 + b"1" + b")" * 200 + b"}}", ())
    with pytest.raises(SyntaxFault, match="nested more deeply than"):
        compile_template("t", b"{{if 0}}" + b"{{else if 0}}" * 3000 + b"{{end}}", BUILTINS)


def test_break_is_a_function_where_there_is_one() -> None:
    body = parse("t", b"{{break}}", {"break"}).bodies["t"]
    assert [type(node).__name__ for node in body.nodes] == ["ActionNode"]
    with pytest.raises(SyntaxFault, match="outside"):
        parse("t", b"{{break}}", ())
