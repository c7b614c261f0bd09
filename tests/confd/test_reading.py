"""What a template reads and prints, found without running it."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from catalog_forge.confd.imitated import releases
from catalog_forge.confd.imitated.functions import functions_of
from catalog_forge.confd.reading import WILD, read
from catalog_forge.gotext.parsing import SyntaxFault
from catalog_forge.metadata.service.server import MetadataServer
from tests.confd.real import answers_of, dialect_of, image_of, run_real
from tests.confd.test_corpus import DATA


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


def test_the_page_of_the_renderer_lists_what_newer_releases_of_go_brought() -> None:
    page = (Path(__file__).parents[2] / "docs/renderer.md").read_text()
    rows = re.findall(r"^\| (.+) \| (1\.[0-9]+) \|$", page, re.MULTILINE)
    assert dict(rows) == releases.GO


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('{{with getenv "A"}}a{{else with getenv "B"}}b{{end}}', ["{{else with}}"]),
        ('{{with getenv "A"}}a{{else}}{{with getenv "B"}}b{{end}}{{end}}', []),
        ("{{range 3}}x{{end}}", ["range over a number"]),
        ('{{range $i := atoi (getv "/a")}}{{$i}}{{end}}', ["range over a number"]),
        ('{{$n := len (ls "/a")}}{{range $n}}x{{end}}{{range add 1 $n}}{{end}}', ["range over a number"] * 2),
        ('{{with atoi "3"}}{{range .}}{{end}}{{end}}', ["range over a number"]),
        ("{{range seq 1 3}}{{range .}}{{end}}{{end}}", ["range over a number"]),
        ('{{range $i, $x := ls "/a"}}{{range $i}}{{end}}{{end}}', ["range over a number"]),
        ('{{template "t" 3}}{{define "t"}}{{range .}}{{end}}{{end}}', ["range over a number"]),
        ('{{range seq 1 3}}{{.}}{{end}}{{range ls "/a"}}{{end}}{{range $x := json "{}"}}{{end}}', []),
        ("{{print 1_000 0b1 0o7 0x1p4 017 0x1F 1e3}}", ["a number such as 1_000, 0b1, 0o7 or 0x1p4"] * 4),
        ('{{print\n"a"}}{{print "a"\n}}', ["a line break inside an action"]),
        ("{{/* a\nb */}}{{`a\nb`}}\n", []),
        ("{{$x := 1}}{{$x = 2}}", ["an assignment with ="]),
    ],
)
def test_constructs_that_need_a_newer_go(template: str, wanted: list[str]) -> None:
    assert sorted(each.name for each in read("file", template.encode()).syntax) == sorted(wanted)


FAILS = """\
{{add (getv "/a") 1}}
{{seq 1 (getv "/a")}}
{{getv "/a" 80}}
{{getv "/self/"}}
{{join (gets "/a/*") ","}}
{{sortByLength (gets "/a/*")}}
{{toUpper "a" "b"}}
{{getv}}
{{div 1 0}}
{{template "nope"}}
{{(getv "/a").port}}
{{gets "/self/["}}
{{define "r"}}{{template "r"}}{{end}}{{template "r"}}
{{getv "self/service"}}
{{"a" | add 1}}
{{range "abc"}}{{end}}
{{range true}}{{end}}
{{len 3}}
{{len (get "/self/service/name")}}
{{eq 1}}
{{eq "a" 1}}
{{lt true false}}
{{map "a"}}
{{map 1 2}}
{{atoi "x"}}
{{and}}
{{$x := getv "/self/service/name"}}{{mul 2 $x}}
{{range ls "/self"}}{{add . 1}}{{end}}
{{with "a"}}{{.Key}}{{end}}
{{replace "a" "b" "c"}}
{{split "a" 1}}
{{eq (atoi "3") "3"}}
{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}{{template "a"}}
{{range gets "/self/service/*"}}{{add .Value 1}}{{end}}
{{template "t" "x"}}{{define "t"}}{{seq 1 .}}{{end}}
{{mod 1 0}}
""".splitlines()
WORKS = """\
{{add (atoi "1") 1}}
{{seq 1e0 2.0}}
{{getv "/nope" "80"}}
{{join (getvs "/a/*") ","}}
{{sortByLength (ls "/self")}}
{{range gets "/nope/*"}}{{.Key.x}}{{end}}
{{define "r"}}{{if gt . 0}}{{template "r" (sub . 1)}}{{end}}{{end}}{{template "r" 3}}
{{eq 1 1 2}}
{{eq nil "a"}}
{{range 3}}{{end}}
{{len "a"}}
{{$m := map "a" 1}}{{$m.a}}
{{exists "/self/"}}
{{getv "/self/" "d"}}
{{index (map "a" "b") "a"}}
{{not nil}}
{{(index (gets "/self/service/*") 0).Key}}
{{join nil `,`}}
{{reverse (ls "/self")}}
{{range reverse (ls "/self")}}{{toUpper .}}{{end}}
{{datetime.Year | print | len}}
{{div 1 2}}
{{if exists "/nope"}}{{getv "metadata/x: not a map"}}{{end}}
""".splitlines()


def test_what_fails_in_every_pass_is_known_and_nothing_else(confd: Path, tmp_path: Path) -> None:
    for source in FAILS:
        assert [each for each in read("file", source.encode()).failing if not each.garbles], source
    for source in WORKS:
        assert not read("file", source.encode()).failing, source
    image = image_of({f"{number}.tmpl": source.encode() for number, source in enumerate(FAILS + WORKS)})
    with MetadataServer(answers_of(DATA)) as server:
        real = run_real(confd, tmp_path, image, server.address)
    lacking = set(functions_of("HEAD")) - set(functions_of(dialect_of(confd)))  # of an older release
    works = [number for number, source in enumerate(WORKS, len(FAILS)) if not any(name in source for name in lacking)]
    assert sorted(real.files) == sorted(f"{number}.tmpl" for number in works)


@pytest.mark.parametrize(
    ("template", "wanted"),
    [
        ('{{printf "%d" (getv "/a")}}', ["%d does not print a string"]),
        ('{{printf "/a/%s/%s" "x"}}', ["%s has no argument"]),
        ('{{printf "%y" 1}}', ["there is no verb %y"]),
        ('{{printf "%s" 1}}', ["%s does not print a whole number"]),
        ('{{printf "%d" (ls "/a")}}', ["%d does not print a list of strings"]),
        ('{{printf "a" 1}}', ["the format has no verb for the last 1 argument"]),
        ('{{printf "100%"}}', ["the format ends in %"]),
        ('{{1 | printf "%s%d" "a"}}', []),
        ('{{printf "%s %q %v %x %5d %-3s %.2f %t %T %% %c" "a" "b" nil 1 2 "c" 1.5 true 1 65}}', []),
        ('{{printf "%[2]s %[1]s %*d" "a" "b" 1 2}}{{printf (getv "/a") 1}}', []),
        (
            '{{printf "%s" (ls "/a")}}{{printf "%d" (seq 1 2)}}',
            [],
        ),
        ('{{printf "%v %s" (get "/a") .x}}', []),
    ],
)
def test_formats_that_do_not_fit(template: str, wanted: list[str]) -> None:
    assert [each.why for each in read("file", template.encode()).failing] == wanted
