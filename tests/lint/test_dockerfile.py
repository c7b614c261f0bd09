"""Dockerfiles and scripts are read as Docker and shells read them, as far as the rules need it."""

from __future__ import annotations

import pytest

from catalog_forge.image.dockerfile import expand, instruction_lines, parse
from catalog_forge.lint.images.shell import mask, words
from tests.growth import superlinear


def test_instructions_keep_their_places_through_comments_and_continued_lines() -> None:
    text = '# note\nFROM a:1\n\nRUN one \\\n# between\n  && two \\\n\n  && three\nCMD ["x"]\n'
    found = parse(text)
    assert [(each.keyword, " ".join(each.body.split())) for each in found.instructions] == [
        ("FROM", "a:1"),
        ("RUN", "one && two && three"),
        ("CMD", '["x"]'),
    ]
    assert [text[each.start : each.end].split()[0] for each in found.instructions] == ["FROM", "RUN", "CMD"]
    assert text[found.instructions[1].start : found.instructions[1].end].endswith("three")
    assert found.faults == []


def test_a_heredoc_belongs_to_its_run() -> None:
    found = parse("FROM a:1\nRUN <<EOF cat\nFROM b\nEOF\nUSER x\n")
    assert [each.keyword for each in found.instructions] == ["FROM", "RUN", "USER"]
    assert [each.text for each in found.instructions[1].heredocs] == ["FROM b\n"]


def test_another_character_may_continue_lines() -> None:
    assert len(parse("# escape=`\nFROM a:1\nRUN x `\n y\nCOPY a\\ b\n").instructions) == 3


def test_the_base_is_that_of_the_first_stage_that_the_image_is_made_of() -> None:
    found = parse('ARG B=busybox:1\nFROM golang:1 AS build\nFROM ${B} AS base\nENV A=1\nFROM base\nCMD ["x"]\n')
    assert found.base == "busybox:1"
    assert [each.keyword for each in found.final] == ["FROM", "ENV", "FROM", "CMD"]


@pytest.mark.parametrize(
    ("text", "expanded"),
    [
        ("$A/${A}", "1/1"),
        ("${N:-x}${A:-x}", "x1"),
        ("${A:+y}${N:+y}", "y"),
        ("$N ${N}", "$N ${N}"),
        ("\\$A", "\\$A"),
    ],
)
def test_variables(text: str, expanded: str) -> None:
    assert expand(text, {"A": "1"}) == expanded


def test_variables_end_with_their_stage() -> None:
    found = parse("ARG V=1\nFROM a:$V\nARG V\nENV W=$V\nADD x$V$W /\nFROM b:1\nADD x$V$W /\n")
    assert [each.words[0] for each in found.instructions if each.keyword == "ADD"] == ["x11", "x$V$W"]


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the Dockerfile has no FROM"),
        ("FORM a\n", "'FORM' is not an instruction"),
        ("RUN x\nFROM a\n", "RUN comes before FROM"),
        ("FROM a b\n", "FROM needs an image, or IMAGE AS NAME"),
        ('FROM a\nADD "a b"\n', "ADD needs a source and a target, but this is a single word"),
        ('FROM a\nCOPY "a b\n', "COPY has a quote that is never closed"),
        ("FROM a\nENV X\n", "ENV needs a name and a value"),
        ("FROM a\nRUN\n", "RUN has no arguments"),
    ],
)
def test_what_the_build_refuses(text: str, message: str) -> None:
    assert parse(text).faults[0].message == message


@pytest.mark.parametrize(
    "text",
    [
        "FROM --platform=linux/amd64 a AS b\n",
        "FROM a\nENV X y z\nLABEL a=b \\\n  c='d e'\n",
        'FROM a\nCOPY ["a b", "/c"]\nRUN echo "it\'s"\n',
        "FROM a\nCOPY <<EOF /x\nhello\nEOF\n",
        "FROM a\r\nRUN b\r\n",
        "FROM a\nMAINTAINER it's me\n",
    ],
)
def test_what_the_build_takes(text: str) -> None:
    assert parse(text).faults == []


@pytest.mark.parametrize(
    ("script", "count"),
    [
        ("exec x $@", 1),
        ('exec x "$@"', 0),
        ("# $@", 0),
        ("a=1 # $@", 0),
        ("echo a#$@", 1),
        ("echo '$@' \"a $@ b\"", 0),
        ('echo "$(x $@)"', 1),
        ('echo "$(x "$@")"', 0),
        ('echo "${A:-$@}" ${A:-$@}', 1),
        ("cat <<EOF\n$@\nEOF\necho $*", 1),
        ("echo \\$@ $#", 0),
        ("echo ${@}", 1),
    ],
)
def test_arguments_outside_of_quotes(script: str, count: int) -> None:
    assert len(mask(script).bare) == count


def test_the_code_of_a_script_keeps_its_places() -> None:
    script = "if [ \"a b\" ]; then # no\n  x 'y'\nfi <<-E\n\tz\n\tE\nw\n"
    code = mask(script).code
    assert len(code) == len(script) and code.count("\n") == script.count("\n")
    assert "z" not in code and "no" not in code and code.index("w") == script.rindex("w")


@pytest.mark.parametrize(
    ("dockerfile", "lines"),
    [
        ("FROM a\nRUN b\n", [1, 2]),
        ("# head\n\nARG X=1\nFROM a\n# why\nRUN b \\\n  # inside\n\n  && c\nCMD d", [3, 4, 6, 10]),
        ("# escape=`\nFROM a\nRUN c:\\\nRUN b `\n  c\nCMD d\n", [2, 3, 4, 6]),
        ("# syntax=docker/dockerfile:1\n# ESCAPE = `\nFROM a\nRUN b `\n  c\nCMD d\n", [3, 4, 6]),
        ("# a word\n# escape=`\nFROM a\nRUN b `\nCMD d\n", [3, 4, 5]),
        ("", []),
    ],
)
def test_each_step_starts_on_the_line_of_its_instruction(dockerfile: str, lines: list[int]) -> None:
    assert instruction_lines(dockerfile) == lines


@pytest.mark.parametrize("text", ["\\\n" * 3, "\\\n\n# a\n\\", "\\", "FROM a\n\\\n\\\n"])
def test_lines_that_hold_nothing_but_a_continuation_break_nothing(text: str) -> None:
    assert [fault.message.startswith("'") for fault in parse(text).faults] == [True]


@pytest.mark.parametrize("unit", ["$@", "${", "$(", '"a"', "'a'", "a ", "\\\n", "$(a $(", '"${'])
def test_words_cost_as_much_as_they_are_long(unit: str) -> None:
    assert superlinear(lambda size: words(unit * (size // len(unit)))) == ""
