"""Template functions where the corpus cannot look: what is not asked of the world, fixed time, and the releases that have them.

Everything else about them is held against the real confd in test_corpus.py and test_pairs.py.
"""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from catalog_forge.confd.imitated import embedded
from catalog_forge.confd.imitated.functions import DIALECTS, Dialect, functions_of
from tests.confd.real import answers_of, both, image_of, require_go


def render(source: str, *, variables: dict[str, str] | None = None, dialect: Dialect = "0.16", now: float = embedded.NOW) -> str:
    image = image_of({"a.tmpl": source.encode()})
    outcome = embedded.run(image, lambda _: b"{}", variables=variables or {}, dialect=dialect, now=now)
    assert not outcome.errors, outcome.errors
    return outcome.files["/a.tmpl"].content.decode("utf-8", "surrogateescape")


def error(source: str, dialect: Dialect = "0.16") -> str:
    outcome = embedded.run(image_of({"a.tmpl": source.encode()}), lambda _: b"{}", dialect=dialect)
    return outcome.errors["a.tmpl"]


def test_getenv_sees_the_given_variables_only(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "of this process")
    assert render('{{getenv "SECRET" "unset"}} {{getenv "A"}}', variables={"A": "given"}) == "unset given"


def test_no_name_is_looked_up() -> None:
    assert render('{{lookupIP "localhost"}}{{lookupIPV4 "rancher-metadata"}}{{len (lookupSRV "x" "tcp" "localhost")}}') == "[][]0"


def test_an_address_needs_no_look_up() -> None:
    assert render('{{lookupIP "10.42.0.1"}} {{lookupIPV6 "::1"}} {{lookupIPV4 "::1"}}') == "[10.42.0.1] [::1] []"


def test_no_file_exists() -> None:
    assert render('{{fileExists "/"}} {{fileExists "/etc/passwd"}}') == "false false"


@pytest.mark.parametrize(
    ("layout", "text"),
    [
        ("2006-01-02T15:04:05Z07:00", "2001-09-09T01:46:40Z"),
        ("Mon Jan _2 15:04:05 MST 2006", "Sun Sep  9 01:46:40 UTC 2001"),
        ("Monday, 02-Jan-06 3:04PM -0700", "Sunday, 09-Sep-01 1:46AM +0000"),
        ("January 2 1 002 pm 03 4 5 .000 .999", "September 9 9 252 am 01 46 40 .500 .5"),
    ],
)
def test_datetime_is_fixed_and_follows_a_layout(layout: str, text: str) -> None:
    assert render(f'{{{{datetime.Format "{layout}"}}}}', now=1_000_000_000.5) == text


def test_datetime_prints_as_in_go() -> None:
    assert render("{{datetime}}") == "2001-09-09 01:46:40 +0000 UTC"
    assert render("{{datetime.Unix}} {{datetime.Year}} {{(datetime.UTC).YearDay}}") == "1000000000 2001 252"


@pytest.mark.parametrize("name", ["atoi", "parseBool", "lookupIPV4", "lookupIPV6"])
def test_0_14_lacks_what_came_with_0_16(name: str) -> None:
    assert f"function '{name}' not defined" in error(f'{{{{{name} "1"}}}}', "0.14").replace('"', "'")
    assert name in functions_of("0.16")
    assert name in functions_of("HEAD")


@pytest.mark.parametrize("dialect", DIALECTS)
def test_decrypting_functions_need_a_keyring_which_there_is_not(dialect: Dialect) -> None:
    assert "not defined" in error('{{cgetv "/x"}}', dialect)


def test_sorting_by_length_keeps_the_order_of_equals() -> None:
    names = ",".join(f"c{number}" for number in range(10, 40))
    assert render(f'{{{{join (sortByLength (split "{names},x" ",")) ","}}}}') == f"x,{names}"


def test_strings_are_bytes() -> None:
    assert (
        render('{{len "日本"}} {{index "é" 0}} {{slice "é" 0 1 | printf "%q"}} {{"\\xff" | printf "%q"}}')
        == '6 195 "\\xc3" "\\xff"'
    )
    assert render('{{base64Decode "/w=="}}') == "\udcff"


OWN = {"a": "va", "empty": "", "m": {"x": "1", "yyy": "3", "zz": "2"}, "l": [{"n": "p"}, {"n": "q"}]}
GIVEN = {"A": "x", "EMPTY": ""}
ANSWERS = r"""
{{split "a,b,,c" ","}} {{len (split "" ",")}} {{split "aé" ""}} {{printf "%T" (split "a" ",")}} => [a b  c] 1 [a é] []string
{{join (split "a,b" ",") "--"}} {{join nil ","}} {{join (split "a" ",") "x"}} => a--b  a
{{replace "aaa" "a" "b" 2}} {{replace "aaa" "a" "b" -1}} {{replace "aaa" "a" "" 1}} => bba bbb aa
{{replace "abc" "" "-" -1}} {{replace "abc" "" "-" 2}} {{replace "abc" "" "-" 4}} => -a-b-c- -a-bc -a-b-c-
{{replace "é" "" "-" 0}} {{replace "ab" "x" "y" 5}} => é ab
{{toUpper "aß\xffé"}} {{toLower "AİÉ\xff"}} {{toUpper "ǆ"}} {{toLower "ABC"}} {{toUpper "abc"}} => Aß�É aié� Ǆ abc ABC
{{contains "abc" "b"}} {{contains "abc" "x"}} {{trimSuffix "abc" "c"}} {{trimSuffix "abc" "b"}} => true false ab abc
{{base "/a/b"}} {{base ""}} {{base "/"}} {{base "a/"}} {{dir "/a/b"}} {{dir "a"}} {{dir ""}} => b . / a /a . .
{{dir "/a/../b/c"}} => /b
{{getenv "A"}} {{getenv "A" "d"}} {{getenv "NO"}} {{getenv "NO" "d"}} {{getenv "EMPTY" "d"}} => x x  d d
{{getenv "NO" "d" "e"}} => d
{{json `{"a": {"b": [1, "x", null, true, 1.5]}}`}} {{(json `{"a": 1}`).a}} => map[a:map[b:[1 x <nil> true 1.5]]] 1
{{json "null"}} {{printf "%T" (json "null")}} {{len (json "null")}} => map[] map[string]interface {} 0
{{jsonArray `[1, "a", {"b": []}]`}} {{jsonArray "null"}} => [1 a map[b:[]]] []
{{printf "%T" (jsonArray "[]")}} {{printf "%T" (index (jsonArray `[1]`) 0)}} => []interface {} float64
{{map "a" 1 "b" "c"}} {{map}} {{(map "a" "b").a}} => map[a:1 b:c] map[] b
{{seq 1 3}} {{seq 3 1}} {{seq -1 1}} {{len (seq 5 5)}} {{printf "%T" (seq 1 2)}} => [1 2 3] [] [-1 0 1] 1 []int
{{add 1 2}} {{sub 1 2}} {{mul 3 -4}} {{div 7 2}} {{div -7 2}} {{div 7 -2}} {{div -7 -2}} => 3 -1 -12 3 -3 -3 3
{{mod 7 3}} {{mod -7 3}} {{mod 7 -3}} {{mod 7 -1}} {{div 0 5}} => 1 -1 1 0 0
{{add 9223372036854775807 1}} {{sub -9223372036854775808 1}} => -9223372036854775808 9223372036854775807
{{mul 9223372036854775807 2}} {{div -9223372036854775808 -1}} {{mod -9223372036854775808 -1}} => -2 -9223372036854775808 0
{{atoi "5"}} {{atoi "-5"}} {{atoi "+05"}} {{atoi "9223372036854775807"}} => 5 -5 5 9223372036854775807
{{atoi "-9223372036854775808"}} {{atoi "00000000000000000000001"}} => -9223372036854775808 1
{{parseBool "1"}} {{parseBool "t"}} {{parseBool "TRUE"}} {{parseBool "True"}} => true true true true
{{parseBool "0"}} {{parseBool "F"}} {{parseBool "false"}} => false false false
{{base64Encode "ab"}} {{base64Decode "YWI="}} {{base64Encode ""}}{{base64Decode "YW\nI="}} => YWI= ab ab
{{reverse (split "a,b,c" ",")}} {{$x := split "a,b" ","}}{{$y := reverse $x}}{{$x}} => [c b a] [b a]
{{reverse (seq 1 3)}} {{reverse "ab"}} {{reverse nil}} => [1 2 3] ab <no value>
{{sortByLength (split "ccc,a,bb,d" ",")}} {{sortByLength nil}} => [a d bb ccc] []
{{printf "%T" (sortByLength nil)}} {{$x := split "bb,a" ","}}{{$y := sortByLength $x}}{{$x}} => []string [a bb]
{{range sortKVByLength (gets "/self/m/*")}}{{.Key}}={{.Value}};{{end}} => /self/m/x=1;/self/m/zz=2;/self/m/yyy=3;
{{printf "%T" (sortKVByLength (gets "/self/m/*"))}} {{sortKVByLength nil}} => []memkv.KVPair []
{{printf "%T" (sortKVByLength nil)}} => []memkv.KVPair
{{range reverse (sortKVByLength (gets "/self/m/*"))}}{{.Key}};{{end}} => /self/m/yyy;/self/m/zz;/self/m/x;
{{range reverse (gets "/self/m/*")}}{{.Key}};{{end}} => /self/m/x;/self/m/yyy;/self/m/zz;
{{lookupIP "10.0.0.1"}} {{lookupIP "::1"}} {{lookupIP "::ffff:1.2.3.4"}} => [10.0.0.1] [::1] [1.2.3.4]
{{lookupIP "fe80::1%eth0"}} {{lookupIPV6 "fe80::1%eth0"}} {{lookupIP "1.2.3.4%eth0"}} => [fe80::1] [fe80::1] []
{{lookupIP "x"}} {{lookupIPV4 "1.2.3.4"}} {{lookupIPV4 "::1"}} => [] [1.2.3.4] []
{{lookupIPV6 "::1"}} {{lookupIPV6 "1.2.3.4"}} {{lookupIPV6 "::ffff:1.2.3.4"}} => [::1] [] []
{{printf "%T %T" (lookupIP "x") (lookupIP "1.2.3.4")}} {{lookupSRV "a" "b" "c"}} => []string []string []
{{printf "%T" (lookupSRV "a" "b" "c")}} => []*net.SRV
{{fileExists "/"}} => false
{{printf "%#v" (sortByLength nil)}} {{printf "%#v" (lookupIP "x")}} => []string(nil) []string(nil)
{{printf "%#v" (sortKVByLength nil)}} => []memkv.KVPair(nil)
{{printf "%#v" (jsonArray "null")}} => []interface {}(nil)
{{printf "%#v" (split "a" "b")}} => []string{"a"}
{{exists "/self/a"}} {{exists "/self/m"}} {{exists "/self/m/x"}} {{exists "/self/no"}} => true false true false
{{getv "/self/a"}} {{getv "/self/no" "d"}} {{getv "/self/a" "d"}} {{getv "/self/empty" "d"}}| => va d va |
{{get "/self/a"}} {{(get "/self/a").Key}} {{(get "/self/a").Value}} => {/self/a va} /self/a va
{{printf "%T" (get "/self/a")}} => memkv.KVPair
{{ls "/"}} {{ls "/self"}} {{ls "/self/m"}} {{ls "/self/no"}} {{ls "/self/a"}} => [] [a empty l m] [x yyy zz] [] [a]
{{lsdir "/"}} {{lsdir "/self"}} {{lsdir "/self/m"}} {{lsdir "/self/l"}} {{ls "self/m"}} => [] [l m] [] [0 1] []
{{ls "/self/m/"}} {{lsdir "/self/no"}} => [x yyy zz] []
{{gets "/self/m/*"}} {{gets "/self/*"}} => [{/self/m/x 1} {/self/m/yyy 3} {/self/m/zz 2}] [{/self/a va} {/self/empty }]
{{gets "/self/no*"}} {{getvs "/self/m/*"}} {{getvs "/self/l/?/*"}} {{getvs "/self/m/[xy]*"}} => [] [1 2 3] [p q] [1 3]
{{printf "%T %T" (gets "/self/m/*") (getvs "/self/m/*")}} => memkv.KVPairs []string
"""
FAULTS = r"""
{{json "{"}} => error calling json: unexpected end of JSON input
{{json "[]"}} => error calling json: json: cannot unmarshal array into Go value of type map[string]interface {}
{{json "1"}} => error calling json: json: cannot unmarshal number into Go value of type map[string]interface {}
{{json `"a"`}} => error calling json: json: cannot unmarshal string into Go value of type map[string]interface {}
{{json "true"}} => error calling json: json: cannot unmarshal bool into Go value of type map[string]interface {}
{{jsonArray "{}"}} => error calling jsonArray: json: cannot unmarshal object into Go value of type []interface {}
{{jsonArray "1.5"}} => error calling jsonArray: json: cannot unmarshal number into Go value of type []interface {}
{{jsonArray "x"}} => error calling jsonArray: invalid character 'x' looking for beginning of value
{{map "a"}} => error calling map: invalid map call
{{map 1 2}} => error calling map: map keys must be strings
{{map nil 2}} => error calling map: map keys must be strings
{{div 1 0}} => error calling div: runtime error: integer divide by zero
{{mod 1 0}} => error calling mod: runtime error: integer divide by zero
{{atoi "a"}} => error calling atoi: strconv.Atoi: parsing "a": invalid syntax
{{atoi "1.5"}} => error calling atoi: strconv.Atoi: parsing "1.5": invalid syntax
{{atoi ""}} => error calling atoi: strconv.Atoi: parsing "": invalid syntax
{{atoi "9223372036854775808"}} => error calling atoi: strconv.Atoi: parsing "9223372036854775808": value out of range
{{atoi "-9223372036854775809"}} => error calling atoi: strconv.Atoi: parsing "-9223372036854775809": value out of range
{{parseBool "yes"}} => error calling parseBool: strconv.ParseBool: parsing "yes": invalid syntax
{{parseBool ""}} => error calling parseBool: strconv.ParseBool: parsing "": invalid syntax
{{base64Decode "?"}} => error calling base64Decode: illegal base64 data: Only base64 data is allowed
{{base64Decode "YWI"}} => error calling base64Decode: illegal base64 data: Incorrect padding
{{getv "/no"}} => error calling getv: key does not exist: /no
{{getv "/no/\xff"}} => error calling getv: key does not exist: /no/�
{{getv "/self/m"}} => error calling getv: key does not exist: /self/m
{{get "/no"}} => error calling get: key does not exist: /no
{{gets "["}} => error calling gets: syntax error in pattern
{{getvs "/[a"}} => error calling getvs: syntax error in pattern
{{seq 1 1000001}} => a list of 1000001 elements is too long to be rendered here: 1000000 is the limit
{{len (seq 0 1000000)}} => a list of 1000001 elements is too long to be rendered here: 1000000 is the limit
{{toUpper 1}} => expected string; found 1
{{join "a" ","}} => can't handle "a" for arg of type []string
{{cgetv "/a"}} => function "cgetv" not defined
"""


def rows(table: str) -> list[tuple[str, str]]:
    return [(row.partition(" => ")[0], row.partition(" => ")[2]) for row in table.strip().split("\n")]


@pytest.mark.parametrize(("template", "text"), rows(ANSWERS))
def test_a_function_answers(template: str, text: str) -> None:
    outcome = embedded.run(image_of({"a.tmpl": template.encode()}), lambda _: json.dumps(OWN).encode(), variables=GIVEN)
    assert not outcome.errors
    assert outcome.files["/a.tmpl"].content.decode("utf-8", "surrogateescape") == text


@pytest.mark.parametrize(("template", "words"), rows(FAULTS))
def test_a_function_fails_with_these_words(template: str, words: str) -> None:
    outcome = embedded.run(image_of({"a.tmpl": template.encode()}), lambda _: json.dumps(OWN).encode(), variables=GIVEN)
    assert not outcome.files
    assert outcome.errors["a.tmpl"].endswith(f": {words}")


def test_a_list_may_be_a_million_long() -> None:
    limits = embedded.Limits(memory=1 << 30)
    outcome = embedded.run(image_of({"a.tmpl": b"{{len (seq 1 1000000)}}"}), lambda _: b"{}", limits=limits)
    assert outcome.files["/a.tmpl"].content == b"1000000"


@pytest.mark.confd
def test_functions_answer_and_fail_as_in_confd(confd: Path, tmp_path: Path) -> None:
    """But for a list that is too long here, and for files, which are not looked for."""
    require_go(confd)
    given = [template for template, words in rows(ANSWERS + FAULTS) if "too long" not in words and "fileExists" not in template]
    image = image_of({f"{number:03}.tmpl": template.encode() for number, template in enumerate(given)})
    count = both(confd, tmp_path, image, answers_of(OWN), variables=GIVEN)
    assert not count.different, "\n".join(count.different)
