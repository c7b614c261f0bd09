"""All that is found in a template without running it, to the letter: lookups, what is written, what is odd, what fails."""

from __future__ import annotations

import pytest

from catalog_forge.confd.reading import WILD, Read, Reading, read
from catalog_forge.gotext.parsing import SyntaxFault


def rows(table: str) -> list[tuple[str, str]]:
    """A table of text: templates, and indented below each what is found in it."""
    found: list[tuple[str, list[str]]] = []
    for line in table.strip("\n").split("\n"):
        if line.startswith("    "):
            found[-1][1].append(line[4:])
        else:
            found.append((line, []))
    return [(template, "\n".join(lines)) for template, lines in found]


def parsed(template: str) -> Reading:
    return read("file", template.replace(r"\n", "\n").encode())


def told(template: str) -> str:
    """What is found, one thing a line; `?` is what is not known of a path, and numbers are bytes of the file."""
    found = parsed(template)
    lines = [f"reads {each.function} {each.path} @{each.start}{_marks(each)}" for each in found.reads]
    lines += [f"writes {each.path} {each.start}-{each.end}" for each in found.written]
    lines += [f"odd {each.kind} @{each.start} {each.what}".rstrip() for each in found.odd]
    lines += [f"needs {each.name} @{each.start}" for each in found.syntax]
    lines += [f"{'garbles' if each.garbles else 'fails'} {each.what} @{each.start} {each.why}" for each in found.failing]
    return "\n".join(lines).replace(WILD, "?")


def _marks(found: Read) -> str:
    return " default" * found.default + " guarded" * found.guarded + " in define" * (not found.is_main)


FOUND = r"""
{{getv "/a"}}
    reads getv /a @7
    writes /a 0-13
{{getv "/a" "b"}}
    reads getv /a @7 default
    writes /a 0-17
{{getv "/a" "b"}}{{getv "/a"}}
    reads getv /a @7 default
    reads getv /a @24 guarded
    writes /a 0-17
    writes /a 17-30
{{getv "/a"}}{{getv "/a"}}
    reads getv /a @7
    reads getv /a @20
    writes /a 0-13
    writes /a 13-26
{{get "/a"}}
    reads get /a @6
{{exists "/a"}}
    reads exists /a @9
{{ls "/a"}}{{lsdir "/b"}}
    reads ls /a @5
    reads lsdir /b @19
{{gets "/a/*"}}{{getvs "/b/?/[ab]/c[x"}}
    reads gets /a/? @7
    reads getvs /b/?/?/c[x @23
    fails getvs @17 the pattern cannot be read: syntax error in pattern
{{"/a" | getv}}
    reads getv /a @9
    writes /a 0-15
{{getv .}}
    reads getv ? @7
    writes ? 0-10
{{getv .x}}
    reads getv ? @7
    writes ? 0-11
{{getv (getv "/a")}}
    reads getv /a @13
    reads getv ? @7
    writes ? 0-20
{{define "t"}}{{getv "/a"}}{{end}}
    reads getv /a @21 in define
    writes /a 14-27
{{define "t"}}{{getv .}}{{end}}{{template "t" "/a"}}{{template "t" "/b"}}
    reads getv /b @21 in define
    reads getv /a @21 in define
    writes /b 14-24
    writes /a 14-24
{{define "t"}}{{getv .k}}{{end}}{{template "t" (map "k" "/a" "l" 1)}}
    reads getv /a @21 in define
    writes /a 14-25
{{define "t"}}{{getv $.k.l}}{{end}}{{template "t" (map "k" (map "l" "/a"))}}
    reads getv /a @21 in define
    writes /a 14-28
{{define "t"}}{{getv .k.l.m}}{{end}}{{template "t" (map "k" (map "l" (map "m" "/a")))}}
    reads getv ? @21 in define
    writes ? 14-29
{{template "t"}}
    fails template @11 there is no template 't'
{{template "t" .}}{{define "t"}}{{end}}
{{block "t" "/a"}}{{getv .}}{{end}}
    reads getv /a @25 in define
    writes /a 18-28
    needs {{block}} @0
{{if exists "/a"}}{{getv "/a"}}{{getv "/a/b"}}{{getv "/ab"}}{{else}}{{getv "/a"}}{{end}}{{getv "/a"}}
    reads exists /a @12
    reads getv /a @25 guarded
    reads getv /a/b @38 guarded
    reads getv /ab @53
    reads getv /a @75
    reads getv /a @95
    writes /a 18-31
    writes /a/b 31-46
    writes /ab 46-60
    writes /a 68-81
    writes /a 88-101
{{if not (exists "/a")}}{{getv "/a"}}{{else}}{{getv "/a"}}{{end}}
    reads exists /a @17
    reads getv /a @31 guarded
    reads getv /a @52 guarded
    writes /a 24-37
    writes /a 45-58
{{if eq (getv "/a" "") ""}}{{getv "/a"}}{{else}}{{getv "/a"}}{{end}}
    reads getv /a @14 default
    reads getv /a @34 guarded
    reads getv /a @55 guarded
    writes /a 27-40
    writes /a 48-61
{{if ne (getv "/a" "") ""}}{{else}}{{getv "/a/b"}}{{end}}
    reads getv /a @14 default
    reads getv /a/b @42
    writes /a/b 35-50
{{if ls "/a"}}{{getv "/a/b"}}{{end}}
    reads ls /a @8
    reads getv /a/b @21 guarded
    writes /a/b 14-29
{{if gets "/a/*"}}{{getv "/a/b"}}{{getv "/b"}}{{end}}
    reads gets /a/? @10
    reads getv /a/b @25 guarded
    reads getv /b @40
    writes /a/b 18-33
    writes /b 33-46
{{if getv "/a"}}{{getv "/a"}}{{end}}
    reads getv /a @10
    reads getv /a @23
    writes /a 16-29
    odd text tested @5
{{if getv "/a" "x"}}x{{end}}
    reads getv /a @10 default
{{if getv "/a" | not}}x{{end}}
    reads getv /a @10
{{with $x := getv "/a"}}{{$x}}{{end}}
    reads getv /a @18
    writes /a 24-30
{{with getv "/a"}}{{.}}{{else}}{{.}}{{end}}{{.}}
    reads getv /a @12
    writes /a 18-23
    odd text tested @7
{{with get "/a"}}{{.Key}}{{.Value}}{{.Other}}{{.Key.x}}{{end}}
    reads get /a @11
    writes /a 25-35
    writes /a 35-45
    fails .Other @37 a pair has no field of this name
{{with "/a"}}{{getv .}}{{end}}{{getv .}}
    reads getv /a @20
    reads getv ? @37
    writes /a 13-23
    writes ? 30-40
{{range gets "/a/*"}}{{.Key}}={{.Value}}{{getv (printf "/b/%s" .Value)}}{{end}}
    reads gets /a/? @13
    reads getv /b/? @47
    writes /a/? 30-40
    writes /b/? 40-72
{{range $p := gets "/a/*/uuid"}}{{getv (printf "%s/name" (dir $p.Key))}}{{end}}
    reads gets /a/?/uuid @19
    reads getv /a/?/name @39
    writes /a/?/name 32-72
{{range $i, $x := gets "/a/*"}}{{$i}}{{$x.Value}}{{end}}
    reads gets /a/? @23
    writes /a/? 37-49
    odd position printed @31 /a/?
{{range $i, $x := getvs "/a/*"}}{{$x}}{{end}}
    reads getvs /a/? @24
    writes /a/? 32-38
{{range $i, $x := seq 1 3}}{{$i}}{{$x}}{{end}}
{{range $i, $x := ls "/a"}}{{add $i 1}}{{print $i}}{{end}}
    reads ls /a @21
{{range ls "/a"}}{{getv (printf "/a/%s" .)}}{{else}}{{getv "/b"}}{{end}}
    reads ls /a @11
    reads getv /a/? @24 guarded
    reads getv /b @59
    writes /a/? 17-44
    writes /b 52-65
{{range split (getv "/a") ","}}{{.}}{{end}}
    reads getv /a @20
{{range "abc"}}{{end}}
    fails range @8 a string has no elements
{{range 1.5}}{{end}}{{range true}}{{end}}{{range 1i}}{{end}}{{range datetime}}{{end}}{{range get "/a"}}{{end}}
    reads get /a @97
    fails range @8 a floating-point number has no elements
    fails range @28 a boolean has no elements
    fails range @49 a complex number has no elements
    fails range @68 a time has no elements
    fails range @93 a pair has no elements
{{range json "{}"}}{{.}}{{end}}{{range jsonArray "[]"}}{{.}}{{end}}
{{$x := "/a"}}{{getv $x}}{{$x = "/b"}}{{getv $x}}
    reads getv ? @21
    reads getv ? @45
    writes ? 14-25
    writes ? 38-49
    needs an assignment with = @27
{{$x := "/a"}}{{with "y"}}{{$x := "/b"}}{{getv $x}}{{end}}{{getv $x}}
    reads getv /b @47
    reads getv /a @65
    writes /b 40-51
    writes /a 58-69
{{$t := datetime}}{{$t}}{{$t.Year}}{{print $t.Unix}}{{datetime.Format "x" | printf "%s"}}{{toUpper (datetime.Format "x")}}
    odd time printed @18
    odd time printed @24
    odd time printed @35
    odd time printed @52
    odd time printed @89
{{datetime | len}}{{replace (datetime.Format "x") "a" "b" -1}}{{base (datetime.Format "x")}}
    odd time printed @18
    fails len @13 a time has no length
{{eq "/a" "/b"}}{{eq "/a" "b"}}{{eq "a" "b"}}{{eq (getv "/a") "/b"}}{{ne "a" "/b"}}
    reads getv /a @56
    odd path compared @2 /a
    odd path compared @18 /a
    odd path compared @70 /b
{{eq (getv "/a") 1}}{{lt (getv "/a") 1.5}}{{eq (getv "/a") (len "x")}}{{eq (len "a") 1}}
    reads getv /a @11
    reads getv /a @31
    reads getv /a @53
    odd text compared @2 1
    odd text compared @22 1.5
    odd text compared @44 the other side
{{eq (getv "/a") (add 1 1)}}{{gt (getv "/a") (atoi "1")}}
    reads getv /a @11
    reads getv /a @39
    odd text compared @2 the other side
    odd text compared @30 the other side
{{printf "%s/%v" "/a" "b" | getv}}{{getv (printf "%d/x" 1)}}{{getv (printf "100%%/%s")}}{{getv (printf "%q" "/a")}}
    reads getv /a/b @28
    reads getv ?/x @41
    reads getv 100%/? @67
    reads getv ? @95
    writes /a/b 0-34
    writes ?/x 34-60
    writes 100%/? 60-88
    writes ? 88-115
    garbles printf @68 %s has no argument
{{getv (printf "%-5s" "/a")}}{{getv (printf "%[1]s" "/a")}}{{getv (printf "%*d" 3 4)}}
    reads getv ? @7
    reads getv ? @36
    reads getv ? @66
    writes ? 0-29
    writes ? 29-59
    writes ? 59-86
{{getv (print "/a" "/b")}}{{getv (print "/a/" .)}}{{getv (println "/a")}}
    reads getv /a/b @7
    reads getv /a/? @33
    reads getv ? @57
    writes /a/b 0-26
    writes /a/? 26-50
    writes ? 50-73
{{getv (dir "/a/b")}}{{getv (dir "/a")}}{{getv (dir "a")}}{{getv (dir (print "/a/" .))}}{{getv (dir .)}}{{getv (dir (print . .))}}
    reads getv /a @7
    reads getv / @28
    reads getv ? @47
    reads getv /a @65
    reads getv ? @95
    reads getv ? @111
    writes /a 0-21
    writes / 21-40
    writes ? 40-58
    writes /a 58-88
    writes ? 88-104
    writes ? 104-130
    fails getv @23 no key of the store ends in a slash
{{getv (base "/a/b")}}{{getv (toUpper "/a")}}{{getv (or "/a" "/b")}}{{getv (index (ls "/a") 0)}}
    reads getv ? @7
    reads getv ? @29
    reads getv ? @52
    reads ls /a @86
    reads getv ? @75
    writes ? 0-22
    writes ? 22-45
    writes ? 45-68
    writes ? 68-96
{{or (getv "/a" "") "x"}}{{and (getv "/b") (getv "/c")}}{{index (map "a" (getv "/d")) "a"}}
    reads getv /a @11 default
    reads getv /b @37
    reads getv /c @49
    reads getv /d @79
    writes /a 0-25
    writes /b 25-56
{{print (getv "/a") "b"}}{{println (getv "/b")}}{{toLower (getv "/c")}}{{trimSuffix (getv "/d") "x"}}{{base (getv "/e")}}
    reads getv /a @14
    reads getv /b @41
    reads getv /c @64
    reads getv /d @90
    reads getv /e @114
    writes /a 0-25
    writes /b 25-48
    writes /c 48-71
    writes /d 71-101
{{printf "%s" (getv "/a")}}{{printf "%q" (getv "/b")}}{{printf "%v-%s" 1 (getv "/c")}}{{printf "%5s" (getv "/d")}}
    reads getv /a @20
    reads getv /b @47
    reads getv /c @79
    reads getv /d @107
    writes /a 0-27
    writes /c 54-86
{{$x := getv "/a"}}{{print "b" $x}}
    reads getv /a @13
    writes /a 19-35
{{range seq 1 2}}{{break}}{{continue}}{{end}}
    needs {{break}} @17
    needs {{continue}} @26
{{with 1}}{{else with 2}}{{end}}{{with 1}}{{else}}{{with 2}}{{end}}{{end}}{{with 1}}{{else}}x{{with 2}}{{end}}{{end}}
    needs {{else with}} @10
{{1_0}}{{0b1}}{{0O7}}{{0x1p4}}{{0x1}}{{1e3}}{{-0o7}}{{+1}}
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @2
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @9
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @16
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @23
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @46
{{(getv "/a").b}}{{(1).c}}{{(ls "/a").d}}{{(true).e}}{{(1.5).f}}
    reads getv /a @8
    reads ls /a @32
    fails .b @13 a string has no fields
    fails .c @22 a whole number has no fields
    fails .d @37 a list of strings has no fields
    fails .e @49 a boolean has no fields
    fails .f @60 a floating-point number has no fields
{{(seq 1 2).g.h}}{{(jsonArray "[]").i}}{{(json "{}").j}}{{(get "/b").Value}}
    reads get /b @63
    writes /b 56-76
    fails .g.h @11 a list of numbers has no fields
    fails .i @35 a list has no fields
{{(1i).x}}{{(nil).x}}{{(datetime).x}}
    odd time printed @21
    fails nil @13 nil alone is not a command
{{$x := "a"}}{{$x.b}}
    fails .b @17 a string has no fields
{{getv "/self/service/metadata/"}}{{getv "a"}}{{getv "a b"}}{{getv}}
    reads getv /self/service/metadata/ @7
    reads getv a @41
    reads getv a b @53
    writes /self/service/metadata/ 0-34
    writes a 34-46
    writes a b 46-60
    fails getv @2 no key of the store ends in a slash
    fails getv @62 it takes at least 1 argument, but gets 0
{{a "b" (c 1) | d}}
{{.Method (getv "/a") "x"}}
    reads getv /a @16
{{"x" (getv "/a")}}
    reads getv /a @12
    fails "x" @2 it is not a function, and takes no argument
{{range $k, $v := map "a" (getv "/a")}}{{$k}}{{$v}}{{end}}
    reads getv /a @32
{{map (print "k") (getv "/a") "x"}}
    reads getv /a @24
    fails map @2 it takes pairs of a key and a value, but the last key has no value
{{define "a"}}{{template "b"}}{{end}}{{define "b"}}{{template "a"}}{{end}}
    fails template @25 'b' calls itself without end
    fails template @62 'a' calls itself without end
{{define "a"}}{{if true}}{{template "a"}}{{end}}{{end}}{{template "a"}}
{{define "a"}}{{template "b"}}{{template "c"}}{{end}}{{define "b"}}{{end}}{{define "c"}}{{template "a"}}{{end}}
    fails template @41 'c' calls itself without end
    fails template @99 'a' calls itself without end
{{define "a"}}{{template "nope"}}{{end}}{{template "a"}}
    fails template @25 there is no template 'nope'
{{reverse (ls "/a")}}{{range reverse (ls "/a")}}{{getv .}}{{end}}
    reads ls /a @14
    reads ls /a @41
    reads getv ? @55
    writes ? 48-58
{{and (ls "/a") (ls "/b")}}{{add (or 1 2) 1}}{{add (or "a" "b") 1}}
    reads ls /a @10
    reads ls /b @20
    fails add @47 argument 1 must be a whole number, but it is a string
{{index (seq 1 2) 0 | add 1}}{{add (index (ls "/a") 0) 1}}{{add (index 5 0) 1}}{{add (index (ls "/a") 0 0) 1}}
    reads ls /a @46
    reads ls /a @96
    fails add @31 argument 1 must be a whole number, but it is a string
    fails index @65 a whole number has no elements
{{if or (exists "/a") (exists "/b")}}{{getv "/a"}}{{getv "/b"}}{{getv "/c"}}{{end}}
    reads exists /a @16
    reads exists /b @30
    reads getv /a @44 guarded
    reads getv /b @57 guarded
    reads getv /c @70
    writes /a 37-50
    writes /b 50-63
    writes /c 63-76
{{range ls "/a/b/c"}}{{$n := .}}{{if exists (printf "/a/b/c/%s/ip" $n)}}{{getv (printf "/a/b/c/%s/name" $n)}}{{end}}{{end}}
    reads ls /a/b/c @11
    reads exists /a/b/c/?/ip @44 guarded
    reads getv /a/b/c/?/name @79 guarded
    writes /a/b/c/?/name 72-109
{{if exists "/a/b/c/d"}}{{getv "/a/b/c/e"}}{{getv "/a/b/x"}}{{end}}{{if exists "/a/b/c"}}{{getv "/a/b/d"}}{{end}}
    reads exists /a/b/c/d @12
    reads getv /a/b/c/e @31
    reads getv /a/b/x @50
    reads exists /a/b/c @79
    reads getv /a/b/d @96
    writes /a/b/c/e 24-43
    writes /a/b/x 43-60
    writes /a/b/d 89-106
{{if exists (print "/a/" .)}}{{getv "/a/b"}}{{end}}
    reads exists /a/? @12
    reads getv /a/b @36 guarded
    writes /a/b 29-44
{{with exists "/a"}}{{getv "/a"}}{{end}}{{range gets "/b/*"}}{{getv "/b/c"}}{{end}}
    reads exists /a @14
    reads getv /a @27 guarded
    reads gets /b/? @53
    reads getv /b/c @68 guarded
    writes /a 20-33
    writes /b/c 61-76
{{(print "/a") | getv}}{{not (getv "/a") | not}}
    reads getv /a @17
    reads getv /a @35
    writes /a 0-23
{{if (exists "/a")}}{{end}}{{if (not (exists "/a"))}}{{else}}{{getv "/a"}}{{end}}
    reads exists /a @13
    reads exists /a @45
    reads getv /a @68 guarded
    writes /a 61-74
{{/* getv "/a" */}}{{`{{getv "/b"}}`}}
getv "/a" {}
{{if true}}{{$y := "/a"}}{{end}}{{range seq 1 2}}{{$y := "/b"}}{{getv $y}}{{end}}
    reads getv /b @70
    writes /b 63-74
{{if $x := "/a"}}{{getv $x}}{{end}}
    reads getv /a @24
    writes /a 17-28
{{.x.y}}{{(getv "/a") | print | .m}}
    reads getv /a @16
{{with $x := "/a"}}{{getv $x}}{{else}}{{getv $x}}{{end}}
    reads getv /a @26
    reads getv ? @45
    writes /a 19-30
    writes ? 38-49
{{range $x := ls "/a"}}{{$x}}{{else}}{{getv $x}}{{end}}
    reads ls /a @17
    reads getv ? @44
    writes ? 37-48
{{println (datetime.Format "x")}}{{trimSuffix (datetime.Format "x") "y"}}
    odd time printed @0
    odd time printed @33
{{index (datetime.Format "x") 0}}{{or (datetime.Format "x") "a"}}
    odd time printed @0
    odd time printed @33
{{range $i, $x := gets "/a/*"}}{{$j := $i}}{{$j}}{{end}}
    reads gets /a/? @23
    odd position printed @43 /a/?
{{($x := getv "/a")}}{{$x}}
    reads getv /a @14
    writes /a 0-21
    writes /a 21-27
{{template "t" $x := "/a"}}
    fails template @11 there is no template 't'
{{get "/a" | print}}{{(get "/a").Value | toUpper}}{{with (get "/a").Value}}{{getv .}}{{end}}
    reads get /a @6
    reads get /a @27
    reads get /a @62
    reads getv ? @82
    writes /a 20-50
    writes ? 75-85
{{range gets "/a/*"}}{{with .Key}}{{getv .}}{{end}}{{end}}
    reads gets /a/? @13
    reads getv /a/? @41 guarded
    writes /a/? 34-44
{{define "t"}}{{$x := .}}{{getv $x}}{{end}}{{range ls "/a"}}{{template "t" .}}{{end}}
    reads ls /a @54
    reads getv ? @32 in define
    writes ? 25-36
{{if and (exists "/a") (not (exists "/b"))}}{{else}}{{getv "/b"}}{{end}}
    reads exists /a @17
    reads exists /b @36
    reads getv /b @59 guarded
    writes /b 52-65
{{if ne (ls "/a" | len) 0}}{{getv "/a/b"}}{{else}}{{getv "/a/b"}}{{end}}
    reads ls /a @12
    reads getv /a/b @34 guarded
    reads getv /a/b @57
    writes /a/b 27-42
    writes /a/b 50-65
{{if eq 1 (ls "/a" | len)}}{{else}}{{getv "/a/b"}}{{end}}
    reads ls /a @14
    reads getv /a/b @42 guarded
    writes /a/b 35-50
{{getv "/a" | getv}}{{"/b" | getv "/c"}}
    reads getv /a @7
    reads getv ? @14
    reads getv /c @34 default
    writes ? 0-20
    writes /c 20-40
{{with $x := exists "/a"}}{{getv "/a"}}{{end}}{{if $x := getv "/a"}}{{$x}}{{end}}
    reads exists /a @20
    reads getv /a @33 guarded
    reads getv /a @62
    writes /a 26-39
    writes /a 68-74
{{eq "/a" (getv "/b") "/c"}}{{eq "/a"}}
    reads getv /b @16
    fails eq @30 it has nothing to compare with
{{range 1_0}}{{end}}{{range 3}}{{.}}{{end}}{{range $i := 3}}{{range $i}}{{end}}{{end}}
    needs a number such as 1_000, 0b1, 0o7 or 0x1p4 @8
    needs range over a number @0
    needs range over a number @20
    needs range over a number @43
    needs range over a number @60
{{block "t" .}}{{end}}{{block "u" $x := 1}}{{end}}
    needs {{block}} @0
    needs {{block}} @22
{{print\n1}}
    needs a line break inside an action @7
{{range gets "/a/*"}}{{toUpper .}}{{end}}{{range getvs "/a/*"}}{{add . 1}}{{end}}
    reads gets /a/? @13
    reads getvs /a/? @55
    fails toUpper @23 argument 1 must be a string, but it is a pair
    fails add @65 argument 1 must be a whole number, but it is a string
{{range ls "/a"}}{{add . 1}}{{end}}{{range seq 1 2}}{{toUpper .}}{{end}}
    reads ls /a @11
    fails add @19 argument 1 must be a whole number, but it is a string
    fails toUpper @54 argument 1 must be a string, but it is a whole number
"""


@pytest.mark.parametrize(("template", "found"), rows(FOUND))
def test_what_a_template_does_is_found_at_its_place(template: str, found: str) -> None:
    assert told(template) == found


def paths(template: str) -> list[str]:
    return [each.path.replace(WILD, "?") for each in parsed(template).reads]


def test_calls_are_counted_with_their_arguments() -> None:
    found = parsed('{{a "b" (c 1) | d}}{{e}}{{f . | g}}{{.h 1}}').calls
    assert [(call.name, call.start, call.arguments) for call in found] == [
        ("c", 9, 1), ("a", 2, 2), ("d", 16, 1), ("e", 21, 0), ("f", 26, 1), ("g", 32, 1),
    ]  # fmt: skip


@pytest.mark.parametrize(("calls", "known"), [(1, 1), (19, 19), (20, 20), (21, 20), (30, 20)])
def test_a_template_that_is_called_with_many_values_may_be_called_with_any(calls: int, known: int) -> None:
    template = '{{define "t"}}{{getv .}}{{end}}' + "".join(f'{{{{template "t" "/{number}"}}}}' for number in range(calls))
    found = paths(template)
    assert sorted(found) == sorted([f"/{number}" for number in range(known)] + ["?"] * (calls > known))


@pytest.mark.parametrize(("fields", "is_known"), [(1, True), (50, True), (51, False)])
def test_a_map_is_known_up_to_its_fiftieth_key(fields: int, is_known: bool) -> None:
    pairs = " ".join(f'"k{number}" "/{number}"' for number in range(1, fields + 1))
    assert paths(f"{{{{$m := map {pairs}}}}}{{{{getv $m.k{fields}}}}}") == [f"/{fields}" if is_known else "?"]


@pytest.mark.parametrize(("size", "is_known"), [(1999, True), (2000, True), (2001, False)])
def test_longer_texts_are_given_up(size: int, is_known: bool) -> None:
    path = "/" + "a" * (size - 1)
    assert paths(f'{{{{getv (print "{path[:9]}" "{path[9:]}")}}}}') == [path if is_known else "?"]
    assert paths(f'{{{{getv (printf "%s" "{path[:-2]}")}}}}') == [path[:-2] if is_known else "?"]


@pytest.mark.parametrize(("guards", "is_guarded"), [(1, True), (50, True), (51, False)])
def test_a_condition_guards_fifty_paths(guards: int, is_guarded: bool) -> None:
    conditions = " ".join(f'(exists "/{number}")' for number in range(1, guards + 1))
    found = parsed(f'{{{{if or {conditions}}}}}{{{{getv "/{guards}"}}}}{{{{end}}}}').reads
    assert found[-1].guarded is is_guarded


def test_a_path_that_is_wholly_unknown_may_be_any() -> None:
    assert parsed("{{getv .}}").reads_anything
    assert not parsed('{{getv (print "/a/" .)}}').reads_anything
    assert parsed('{{getv (print "/a/" .)}}').reads[0].known == "/a/"
    assert not read("file", b"no template").reads_anything


def test_without_a_list_of_functions_every_word_may_be_one() -> None:
    assert [call.name for call in read("file", b"{{a}}", ("a", "b")).calls] == ["a"]
    assert [call.name for call in read("file", b"{{a_1}}{{_B}}").calls] == ["a_1", "_B"]
    with pytest.raises(SyntaxFault, match='function "c" not defined'):
        read("file", b"{{c}}", ("a", "b"))
