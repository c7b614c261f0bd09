"""What a template reads and prints, found without running it."""

from __future__ import annotations

import pytest

from catalog_forge.confd import releases
from catalog_forge.confd.functions import functions_of
from catalog_forge.confd.reading import WILD, read
from catalog_forge.gotext.parsing import SyntaxFault


@pytest.mark.parametrize(
    ("template", "paths"),
    [
        ('{{getv "/a"}}{{getv "/b" "x"}}', ["/a", "/b"]),
        ('{{$p := "/a"}}{{getv (printf "%s/b" $p)}}', ["/a/b"]),
        ('{{range ls "/a"}}{{getv (printf "/a/%s/c" .)}}{{end}}', ["/a", "/a/*/c"]),
        ('{{range $i, $n := ls "/a"}}{{getv (print "/a/" $n)}}{{end}}', ["/a", "/a/*"]),
        ('{{range gets "/a/*/b"}}{{getv (printf "%s/c" (dir .Key))}}{{end}}', ["/a/*/b", "/a/*/c"]),
        ('{{with get "/a"}}{{.Value}}{{end}}', ["/a"]),
        ('{{"/a" | getv}}', ["/a"]),
        ("{{getv `/a`}}", ["/a"]),
        ('{{$x := "/a"}}{{if 1}}{{$x := "/b"}}{{getv $x}}{{end}}{{getv $x}}', ["/b", "/a"]),
        ('{{define "t"}}{{getv (printf "%s/x" .from)}}{{end}}', ["*/x"]),
        ('{{/* getv "/a" */}}{{`{{getv "/b"}}`}}', []),
        ('getv "/a"', []),
    ],
)
def test_paths(template: str, paths: list[str]) -> None:
    assert [each.path.replace(WILD, "*") for each in read("t", template.encode()).reads] == paths


@pytest.mark.parametrize(
    ("template", "written"),
    [
        ('{{getv "/a"}}', ["/a"]),
        ('{{or (getv "/a" "") "x"}}', ["/a"]),
        ('{{$v := getv "/a"}}-{{$v}}', ["/a"]),
        ('{{printf "%s-%d" (getv "/a") 1}}', ["/a"]),
        ('{{printf "%q" (getv "/a")}}{{html (getv "/a")}}{{replace (getv "/a") "a" "b" -1}}', []),
        ('{{range gets "/a/*"}}{{.Value}}{{.Key}}{{end}}', ["/a/*"]),
        ('{{range getvs "/a/*"}}{{.}}{{end}}', ["/a/*"]),
        ('{{if eq (getv "/a") "x"}}y{{end}}', []),
    ],
)
def test_values_that_go_out_as_they_are(template: str, written: list[str]) -> None:
    found = read("t", template.encode()).written
    assert [each.path.replace(WILD, "*") for each in found] == written


def test_places_are_bytes_of_the_file() -> None:
    source = 'ä{{datetime.Format "x"}}{{getv "/a"}}'.encode()
    reading = read("t", source)
    assert source[reading.reads[0].start :].startswith(b'"/a"')
    assert source[reading.written[0].start : reading.written[0].end] == b'{{getv "/a"}}'


def test_any_word_may_be_a_function_but_not_everything_is_a_template() -> None:
    assert [each.name for each in read("t", b"{{no_such 1 2}}").calls] == ["no_such"]
    with pytest.raises(SyntaxFault) as caught:
        read("t", b"a\n {{if}}")
    assert (caught.value.line, caught.value.column) == (2, 6)


def test_the_releases_know_the_functions_that_the_renderer_has() -> None:
    # `and` and `or` are no functions there: they stop at the first argument that decides.
    assert set(releases.FIRST) - set(releases.LAST) == {*functions_of("HEAD"), "and", "or"}
    newer = set(functions_of("HEAD")) - set(functions_of("0.14"))
    assert newer == {name for name, first in releases.FIRST.items() if first == 16}
