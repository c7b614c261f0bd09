"""The functions of compose templates: what sprig's, Go's and rancher-compose's own answer, how they fail, what they may cost."""

from __future__ import annotations

import pytest

from catalog_forge.rancher.composition import sources
from catalog_forge.rancher.templates import Rendered
from catalog_forge.rancher.tree import File

LARGE = ": the arguments or the result are larger than catalog-forge can render"


def made(text: str, **variables: str) -> Rendered:
    (source,) = sources(File("f.tpl", len(text.encode()), text.encode), None, variables)
    assert source.rendered
    return source.rendered


ANSWERS = r"""
{{abbrev 5 "abcdefgh"}} => ab...
{{abbrevboth 5 8 "abcdefghijklmn"}} => ...fg...
{{add 1 2 3}} {{add1 4}} {{sub 5 3}} {{mul 2 3 4}} {{div 7 2}} {{mod 7 2}} => 6 5 2 24 3 1
{{b32enc "ab"}} {{b32dec "MFRA===="}} {{b64enc "ab"}} {{b64dec "YWI="}} => MFRA==== ab YWI= ab
{{base "/a/b.c"}} {{dir "/a/b.c"}} {{ext "/a/b.c"}} {{clean "/a/../b"}} {{isAbs "/a"}} => b.c /a .c /b true
{{biggest 1 3 2}} {{max 1 3 2}} {{min 3 1 2}} => 3 3 1
{{cat "a" 1 "b"}} => a 1 b
{{contains "b" "abc"}} {{contains "x" "abc"}} {{hasPrefix "a" "abc"}} {{hasSuffix "c" "abc"}} => true false true true
{{default "d" ""}} {{default "d" "x"}} {{empty ""}} {{empty 1}} => d x true false
{{dict "a" 1 "b" "x"}} {{hasKey (dict "a" 1) "a"}} {{hasKey (dict "a" 1) "b"}} => map[a:1 b:x] true false
{{float64 "1.5"}} {{int "7"}} {{int64 "8"}} {{int "x"}} => 1.5 7 8 0
{{hello}} => Hello!
{{indent 2 "a\nb"}} =>   a\n  b
{{initials "Ab Cd"}} => AC
{{tuple 1 "a" | join "-"}} {{split "," "a,b"}} {{(split "." "ä.b")._0}} => 1-a map[_0:a _1:b] ä
{{kindIs "string" "a"}} {{kindOf 1}} {{kindOf (tuple 1)}} {{kindOf (dict)}} {{typeOf "a"}} => true int slice map string
{{lower "ÄB"}} {{upper "äb"}} {{title "ab cd"}} {{untitle "Ab Cd"}} {{swapcase "aB"}} => äb ÄB Ab Cd ab cd Ab
{{nospace "a b"}} {{plural "one" "many" 1}} {{plural "one" "many" 2}} => ab one many
{{quote "a" 1}} {{squote "a" 1}} => "a" "1" 'a' '1'
{{replace "a" "b" "aca"}} {{repeat 3 "ab"}} {{substr 1 3 "abcd"}} {{trunc 2 "abcd"}} => bcb ababab bc ab
{{sha256sum "a"}} => ca978112ca1bbdcafac231b39a23dc4da786eff8147c4e72b9807785afee48bb
{{trim " a "}} {{trimAll "$" "$a$"}} {{trimall "$" "$a$"}} {{trimPrefix "a" "ab"}} {{trimSuffix "b" "ab"}} => a a a b a
{{until 3}} {{until -3}} {{until 0}} {{untilStep 0 6 2}} => [0 1 2] [0 -1 -2] [] [0 2 4]
{{wrap 3 "a b c"}} {{wrapWith 3 "-" "a b c"}} => a b\nc a b-c
{{len (randAlpha 5)}} {{len (randNumeric 4)}} {{len (randAscii 3)}} {{len (randAlphaNum 2)}} {{len uuidv4}} => 5 4 3 2 36
{{date "2006" now | len}} {{htmlDate now | len}} {{dateModify "1h" now | printf "%T"}} => 4 10 time.Time
{{range $k, $v := dict "b" 1 "a" (tuple 1 2)}}{{$k}}={{$v}};{{end}} => a=[1 2];b=1;
{{set (dict "a" 1) "b" 2}} {{unset (dict "a" 1 "b" 2) "a"}} {{unset (dict "a" 1) "x"}} => map[a:1 b:2] map[b:2] map[a:1]
{{eq 1 1}} {{ne 1 2}} {{lt 1 2}} {{le 2 2}} {{gt 2 1}} {{ge 2 2}} {{eq 1 2 1}} => true true true true true true true
{{eq 1 2}} {{ne 1 1}} {{lt 2 2}} {{le 3 2}} {{gt 2 2}} {{ge 1 2}} {{eq "a" "b"}} => false false false false false false false
{{printf "%T" (until 2)}} {{printf "%T" (dict)}} {{printf "%T" (tuple 1 "b")}} => []int map[string]interface {} []interface {}
{{printf "%T" (splitPreserveQuotes "a b")}} {{printf "%T" (splitPreserveQuotes "")}} => []string []string
{{atoi "-5"}} {{atoi "+5"}} {{atoi "--5"}} {{atoi "x"}} {{atoi "5x"}} {{atoi ""}} => -5 5 0 0 0 0
{{atoi "9223372036854775807"}} {{atoi "9223372036854775808"}} => 9223372036854775807 9223372036854775807
{{atoi "-9223372036854775808"}} {{atoi "-9223372036854775809"}} => -9223372036854775808 -9223372036854775808
{{atoi "-99999999999999999999"}} {{atoi "+99999999999999999999"}} => -9223372036854775808 9223372036854775807
{{atoi "00000000000000000000000005"}} {{atoi "-00000000000000000000000005"}} => 5 -5
{{range splitPreserveQuotes "a “b c” «d e» z"}}<{{.}}>{{end}} => <a><“b c”><«d e»><z>
{{quote .Values.NO}}{{cat .Values.NO}}{{join "-" (tuple 1 nil)}} => 1
{{repeat 10000 "a" | len}} {{until 10000 | len}} {{until -10000 | len}} => 10000 10000 10000
{{replace (repeat 4096 "a") "x" (repeat 4096 "b") | len}} => 4096
{{$x := repeat 8192 (repeat 64 "a")}}{{$y := print $x $x}}{{len (upper $y)}} => 1048576
"""


@pytest.mark.parametrize("row", ANSWERS.strip().split("\n"))
def test_a_function_answers(row: str) -> None:
    text, _, wanted = row.partition(" => ")
    found = made(text)
    assert (found.text.replace("\n", "\\n"), found.fault) == (wanted, "")


FAULTS = {
    '{{set "x" "a" 1}}': "error calling set: wrong type for value; expected map[string]interface {}; got string",
    '{{unset (tuple 1) "a"}}': "error calling unset: wrong type for value; expected map[string]interface {}; got []interface {}",
    "{{eq .Values.NO 1}}": "error calling eq: incompatible types for comparison: a value is missing",
    "{{lt 1 .Values.NO}}": "error calling lt: incompatible types for comparison: a value is missing",
    '{{env "HOME"}}': "error calling env: this function is not available to compose files here",
    '{{expandenv "$A"}}': "error calling expandenv: this function is not available to compose files here",
    '{{genPrivateKey "rsa"}}': ("error calling genPrivateKey: this function is not available to compose files here"),
    "{{div 1 0}}": "error calling div: runtime error: integer divide by zero",
    '{{repeat 10001 "a"}}': "repeat" + LARGE,
    '{{indent 10001 "a"}}': "indent" + LARGE,
    "{{randAlpha 10001}}": "randAlpha" + LARGE,
    "{{untilStep 0 -10001 -1}}": "untilStep" + LARGE,
    "{{until 10001}}": "until: catalog-forge makes at most 10000 items",
    "{{until -10001}}": "until: catalog-forge makes at most 10000 items",
    '{{replace (repeat 4096 "a") "x" (repeat 4097 "b")}}': "replace" + LARGE,
    '{{replace (repeat 4097 "a") "x" (repeat 4096 "b")}}': "replace" + LARGE,
    '{{join (repeat 4097 "a") (until 4096)}}': "join" + LARGE,
    '{{$x := repeat 8192 (repeat 64 "a")}}{{$y := print $x $x "a"}}{{upper $y}}': "upper" + LARGE,
}


@pytest.mark.parametrize("text", FAULTS)
def test_a_function_fails_and_the_text_is_cut_there(text: str) -> None:
    found = made(f"before{text}behind")
    assert (found.text, found.fault) == ("before", FAULTS[text])
    assert found.problem is not None
    assert found.problem.message == f"the template fails: {FAULTS[text]}"
    assert found.problem.hint == "Rancher would silently cut the file off here, and start only the services above it"


def test_a_dictionary_is_changed_where_it_stands() -> None:
    assert made('{{$d := dict "a" 1}}{{$e := $d}}{{$f := set $d "b" 2}}{{$e}}{{$f := unset $e "a"}}{{$d}}').text == (
        "map[a:1 b:2]map[b:2]"
    )
