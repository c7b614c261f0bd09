"""Templates of compose files: what they render to, in which versions, and what is said of them."""

from __future__ import annotations

import itertools
import time

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.entries import template_versions as combinations
from catalog_forge.rancher import templates as rendering
from catalog_forge.rancher.composition import ComposeFile
from catalog_forge.rancher.tree import File
from tests.lint.findings import TEMPLATE, findings, shown, template
from tests.lint.trees import tree

ANSWERS = {"a": "x", "b": "", "n": "3", "long": "one\ntwo", "odd": 'é "q" \\', "list": 'a "b c" d'}

SOURCES = [
    'a: {{.Values.a}}{{if eq .Values.a "x" "y"}} yes{{else if .Values.b}} b{{else}} no{{end}}\n',
    "{{- range $i, $e := atoi .Values.n | until }}\n- {{$i}}{{$e}}\n{{- else}}none{{end}}\n",
    '{{if ne (printf "%.1s" .Values.a) "/"}}{{.Values.missing}}{{end}}{{with .Values.b}}{{.}}{{else}}-{{end}}',
    '{{if and (contains "x" .Values.a) (not .Values.b) (or .Values.b .Values.n)}}{{len .Values.a}}{{end}}{{.Stack.Name}}',
    '{{range splitPreserveQuotes .Values.list}}[{{.}}]{{end}}{{range split "," "a,b"}}{{.}}{{end}}{{.Values.odd | quote}}',
    '{{$x := "é"}}{{$x | upper}}{{default "d" .Values.b}}{{trim " a "}}{{add 1 2}}{{.Values.a | repeat 3}}{{join "-" (until 3)}}',
    '{{define "t"}}<{{.}}>{{end}}{{template "t" .Values.a}}{{"{{"}}{{if lt (atoi .Values.n) 5}}{{len .Values}}{{end}}',
    "  {{- .Values.long -}}  \n{{.Release.Version}}{{.Environment.Name}}{{print 1 2 .Values.a}}",
    '{{hasPrefix "x" .Values.a}}{{atoi "x3"}}{{atoi "+4"}}{{until 0}}{{replace "x" "y" .Values.a}}{{dict "a" 1}}{{tuple 1 "b"}}',
]


def rendered(source: str) -> rendering.Rendered:
    file = File(TEMPLATE, len(source.encode()), source.encode)
    return rendering.template_of(file).render(ANSWERS)


@pytest.mark.parametrize("source", SOURCES)
def test_what_is_rendered_is_what_up_renders(source: str) -> None:
    assert not rendered(source).fault


@pytest.mark.parametrize(
    ("source", "text"),
    [
        ("a{{if eq .Values.n 3}}b{{end}}c", "a"),
        ("a{{.Values.a.b}}c", "a"),
        ('a{{template "none"}}c', "a"),
        ('{{if (ne .Values.a "x") and .Values.a}}b{{else}}c{{end}}', "c"),
        ('a{{env "HOME"}}', "a"),
    ],
)
def test_a_template_that_fails_is_cut_where_it_fails(source: str, text: str) -> None:
    found = rendered(source)
    assert (found.text, bool(found.fault)) == (text, "and" not in source)


def test_places_of_what_is_rendered_are_those_of_the_source() -> None:
    found = rendered("é: 1\n{{- if .Values.a}}\nb: é{{.Values.long}} c\n{{- end}}\nd: 1\n")
    rows = found.text.split("\n")
    assert rows == ["é: 1", "b: éone", "two c", "d: 1", ""]
    places = [
        (str(found.at(line, column)).rpartition("tpl:")[2]) for line, column in ((1, 1), (2, 4), (2, 6), (3, 5), (4, 1), (9, 9))
    ]
    assert places == ["1:1", "3:4", "3:5", "3:22", "5:1", "6:1"]


@pytest.mark.parametrize(
    ("text", "place", "words"),
    [
        ("a\n{{if .Values.a}}\n", "2:1", "unexpected EOF"),
        ("a\n  é{{toYaml .Values.a}}\n", "2:6", 'function "toYaml" not defined'),
        ("{{end}}", "1:1", "unexpected"),
    ],
)
def test_what_go_cannot_parse_is_pointed_at(text: str, place: str, words: str) -> None:
    (found,) = findings({**template(""), TEMPLATE: text}, "CF511")
    assert words in found.message
    assert str(found.where) == f"{TEMPLATE}:{place}"


def test_a_template_that_begins_with_notemplating_is_none() -> None:
    for line in ("# notemplating", "#notemplating", "\n # notemplating"):
        assert shown({**template(""), TEMPLATE: f"{line}\na: '{{{{if}}}}'\n"}, "CF51") == []


def test_a_version_is_named_by_the_answers_that_differ() -> None:
    services = '  web:\n    image: n:1\n{{- if and (eq .Values.kind "b") (eq .Values.deep "true")}}\n    links: [d]\n{{- end}}\n'
    questions = "{variable: kind, type: enum, options: [a, b], default: a}\n{variable: deep, type: boolean, default: 'true'}"
    assert shown(template(services, questions), "CF517") == [
        "docker-compose.yml.tpl:6:13: links of 'web' names a service 'd' that does not exist when kind is 'b'"
    ]


def test_another_answer_to_a_question_without_options_is_tried_too() -> None:
    services = "  web:\n    image: n:1\n{{- if .Values.label}}\n    labels: {a: b\n{{- end}}\n"
    (found,) = findings(template(services, "{variable: label}"), "CF517")
    assert found.message.endswith("when label is 'x'")
    assert found.level == "warning"


def test_what_default_answers_break_is_an_error() -> None:
    services = "  web:\n    image: n:1\n{{- if not .Values.label}}\n    labels: {a: b\n{{- end}}\n"
    (found,) = findings(template(services, "{variable: label}"), "CF517")
    assert (found.level, found.message.rpartition(" with ")[2]) == ("error", "the default answers")


def test_a_required_answer_without_a_default_is_empty_at_the_launch_that_the_catalog_proposes() -> None:
    services = "  web:\n    image: n:1\nsecrets:\n  {{.Values.token}}: {external: true}\n"
    assert len(shown(template(services, "{variable: token, required: true}"), "CF517")) == 1
    assert shown(template(services, "{variable: token, required: true, default: a}"), "CF517") == []
    assert len(shown(template(services, "{variable: token}"), "CF517")) == 1


def test_all_pairs_of_answers_come_together_when_there_are_too_many_combinations() -> None:
    choices = [[f"{place}{index}" for index in range(2 + place % 4)] for place in range(9)]
    rows = list(combinations.combined(choices))
    wanted = {pair for left, right in itertools.combinations(choices, 2) for pair in itertools.product(left, right)}
    assert {pair for row in rows for pair in itertools.combinations(row, 2)} == wanted
    assert len(rows) < 60
    assert rows[0] == tuple(each[0] for each in choices)
    assert rows == list(combinations.combined(choices))


@pytest.mark.parametrize("choices", [[["a"] * 1, ["b", "c"]], [[str(n) for n in range(16)]] * 2])
def test_all_combinations_are_taken_when_they_are_few(choices: list[list[str]]) -> None:
    assert list(combinations.combined(choices)) == list(itertools.product(*choices))


def test_hostile_questions_are_bounded() -> None:
    start = time.process_time()
    assert len(list(combinations.combined([[str(n) for n in range(10_000)]] * 300))) <= combinations.MOST
    assert len(list(combinations.combined([[str(n) for n in range(10_000)]]))) == combinations.MOST
    assert time.process_time() - start < 20


SIMPLE = [
    "version: '2'\nservices:\n  # note\n  a:\n    image: x:1\n    ports:\n    - 1:1\n  b:\n\n    image: y\nvolumes:\n  v: {}\n",
    "# note\na: # note\n  image: x\n  environment:\n  - A=|\n\n  - B\nb:\n  links:\n  - a\nc:\n",
    "version: '2'\nservices:\n    b:\n        command: |\n            x: y\n             # z\n\n        image: z\n",
    "version: '2'\nservices:\n  a:\n    image: [\n      b]\n  b: {image: c}\n  'c d':\n    image: e\n",
]
ODD = [
    "version: '2'\nservices:\n    a: {image: x,\n    tty: true}\n",
    "version: '2'\nservices:\n  a:\n    image: 'x\n    y'\n    tty: true\n  b: *c\n",
    "version: '2'\nservices:\n  a: &x\n    image: a\n  b: *x\n",
    "version: '2'\nservices: {}\n",
    "version: '2'\nservices: {a: {image: b}}\n",
    "version: '2'\nservices: !!map\n  a: {image: b}\n",
    "version: '2'\nservices:\n  a:\n    image: [\n  b:\n    image: c\n",
    "version: '2'\nservices:\n\ta: b\n",
    "version: '2'\nservices:\n  a:\n    image: b\n   tty: true\n",
    "version: '2'\nvolumes: [\nservices:\n  a: {image: b}\n",
]


@pytest.mark.parametrize("text", [*SIMPLE, *ODD])
def test_services_read_one_by_one_are_those_of_the_whole_text(text: str) -> None:
    found = combinations.sections(text)
    whole = ComposeFile(File("f", len(text.encode()), text.encode), True)
    if whole.yaml.problems:
        assert found is None
        return
    assert found is not None or text in ODD
    assert found is None or [_told(each) for each in found] == [_told(each) for each in whole.parts]


def _told(part: object) -> object:
    name, keys = getattr(part, "name").value, getattr(part, "keys")  # noqa: B009
    return name, {key: _plain(node) for key, (_, node) in keys.items()}


def _plain(node: object) -> object:
    if hasattr(node, "pairs"):
        return {key.value: _plain(value) for key, value in node.pairs}
    return [_plain(item) for item in node.items] if hasattr(node, "items") else getattr(node, "value")  # noqa: B009


def test_versions_of_a_revision_are_distinct_and_begin_with_the_default_one() -> None:
    services = '  web:\n    image: n:{{if eq .Values.kind "a" "b"}}1{{else}}2{{end}}\n'
    catalog = Catalog(tree(template(services, "{variable: kind, type: enum, options: [a, b, c, d], default: b}\n{variable: no}")))
    (revision,) = catalog.revisions
    found = rendering.template_in(revision.docker)
    assert isinstance(found, rendering.Template)
    versions = list(combinations.versions(revision, found))
    assert [dict(each.answers) for each in versions] == [{}, {"kind": "c"}]
    assert [str(each) for each in versions] == ["with the default answers", "when kind is 'c'"]
