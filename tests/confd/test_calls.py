"""What a call can never do, told from the types and the constants that are known before it runs: the words, with the call."""

from __future__ import annotations

import pytest

from catalog_forge.confd import calls
from tests.confd.test_readings import rows, told

NEVER = r"""
{{toUpper}}
    fails toUpper @2 it takes 1 argument, but gets 0
{{toUpper "a" "b"}}
    fails toUpper @2 it takes 1 argument, but gets 2
{{getv}}
    fails getv @2 it takes at least 1 argument, but gets 0
{{exists "/a" "/b"}}
    fails exists @2 it takes 1 argument, but gets 2
{{replace "a" "b" "c"}}
    fails replace @2 it takes 4 arguments, but gets 3
{{print}}{{map}}{{datetime}}
{{datetime 1}}
    fails datetime @2 it takes 0 arguments, but gets 1
{{not}}
    fails not @2 it takes 1 argument, but gets 0
{{toUpper 1}}
    fails toUpper @2 argument 1 must be a string, but it is a whole number
{{toUpper 1.5}}
    fails toUpper @2 argument 1 must be a string, but it is a floating-point number
{{toUpper true}}
    fails toUpper @2 argument 1 must be a string, but it is a boolean
{{toUpper nil}}
    fails toUpper @2 argument 1 must be a string, but it is nil
{{toUpper (ls "/a")}}
    fails toUpper @2 argument 1 must be a string, but it is a list of strings
{{toUpper (seq 1 2)}}
    fails toUpper @2 argument 1 must be a string, but it is a list of numbers
{{toUpper (jsonArray "[]")}}
    fails toUpper @2 argument 1 must be a string, but it is a list
{{toUpper (gets "/a")}}
    fails toUpper @2 argument 1 must be a string, but it is a list of pairs
{{toUpper (get "/a")}}
    fails toUpper @2 argument 1 must be a string, but it is a pair
{{toUpper (json "{}")}}
    fails toUpper @2 argument 1 must be a string, but it is a map
{{toUpper datetime}}
    fails toUpper @2 argument 1 must be a string, but it is a time
{{toUpper 1i}}
    fails toUpper @2 argument 1 must be a string, but it is a complex number
{{toUpper (lookupSRV "a" "b" "c")}}
    fails toUpper @2 argument 1 must be a string, but it is a list of servers
{{toUpper (getv "/a")}}{{toUpper (or 1 "a")}}{{toUpper (reverse 1)}}
    fails toUpper @47 argument 1 must be a string, but it is a whole number
{{add 1 "a"}}
    fails add @2 argument 2 must be a whole number, but it is a string
{{add 1.0 1}}{{add 1e0 (len "a")}}{{add 0x1p2 1}}
{{seq 1 true}}
    fails seq @2 argument 2 must be a whole number, but it is a boolean
{{add (getv "/a") 1}}
    fails add @2 argument 1 must be a whole number, but it is a string
{{join "a" ","}}
    fails join @2 argument 1 must be a list of strings, but it is a string
{{join nil ","}}{{join (ls "/a") ","}}{{join (split "a" ",") ","}}
{{sortKVByLength (ls "/a")}}
    fails sortKVByLength @2 argument 1 must be a list of pairs, but it is a list of strings
{{sortKVByLength (gets "/a")}}{{sortKVByLength nil}}
{{getv "a"}}
{{getv "a/b"}}
    fails getv @2 every key of the store begins with a slash
{{getv "a/b/"}}
    fails getv @2 every key of the store begins with a slash
{{getv "/a/"}}
    fails getv @2 no key of the store ends in a slash
{{get "/a/"}}
    fails get @2 no key of the store ends in a slash
{{exists "/a/"}}
{{exists "a/b"}}
    fails exists @2 every key of the store begins with a slash
{{getv "a b/c"}}{{getv "/a b"}}{{getv "a/b" "d"}}
{{gets "/a/["}}
    fails gets @2 the pattern cannot be read: syntax error in pattern
{{getvs "/a/["}}
    fails getvs @2 the pattern cannot be read: syntax error in pattern
{{gets "/a/[x]"}}{{gets (getv "/a")}}
{{div 1 0}}
    fails div @2 it divides by zero
{{mod 1 0}}
    fails mod @2 it divides by zero
{{div 1 -0}}
    fails div @2 it divides by zero
{{div 1 +0}}
    fails div @2 it divides by zero
{{div 1 00}}{{div 1 (len "")}}{{div 0 1}}
    fails div @2 runtime error: integer divide by zero
{{map "a"}}
    fails map @2 it takes pairs of a key and a value, but the last key has no value
{{map 1 2}}
    fails map @2 a key must be a string, but it is a whole number
{{map "a" 1 nil 2}}
    fails map @2 a key must be a string, but it is nil
{{map "a" 1 (getv "/a") 2}}{{map "a" nil}}
{{eq}}
    fails eq @2 it takes at least 1 argument, but gets 0
{{eq 1}}
    fails eq @2 it has nothing to compare with
{{lt 1}}
    fails lt @2 it takes 2 arguments, but gets 1
{{eq 1 "a"}}
    fails eq @2 a string and a whole number cannot be compared
{{eq true 1}}
    fails eq @2 a boolean and a whole number cannot be compared
{{eq 1.5 1}}
    fails eq @2 a floating-point number and a whole number cannot be compared
{{ne "a" 1i}}
    fails ne @2 a complex number and a string cannot be compared
{{eq 1 1i}}
    fails eq @2 a complex number and a whole number cannot be compared
{{eq 1 "a" 1}}{{eq nil 1}}{{eq (ls "/a") 1}}{{eq (getv "/a") "b"}}{{eq true true}}{{eq 1i 1i}}
{{lt true false}}
    fails lt @2 a boolean cannot be ordered
{{le 1i 1}}
    fails le @2 a complex number cannot be ordered
{{gt (ls "/a") 1}}
    fails gt @2 a list of strings cannot be ordered
{{ge (map) 1}}
    fails ge @2 a map cannot be ordered
{{lt nil 1}}{{lt 1 1.5}}
    fails lt @14 a floating-point number and a whole number cannot be compared
{{len 1}}
    fails len @2 a whole number has no length
{{len true}}
    fails len @2 a boolean has no length
{{len 1.5}}
    fails len @2 a floating-point number has no length
{{len nil}}
    fails len @2 nil has no length
{{len (get "/a")}}
    fails len @2 a pair has no length
{{len "a"}}{{len (ls "/a")}}{{len (map)}}{{len (getv "/a")}}
{{atoi "x"}}
    fails atoi @2 strconv.Atoi: parsing "x": invalid syntax
{{atoi ""}}
    fails atoi @2 strconv.Atoi: parsing "": invalid syntax
{{atoi "12345678901234567890"}}
    fails atoi @2 strconv.Atoi: parsing "12345678901234567890": value out of range
{{atoi "-1234567890123456789"}}{{atoi "+1"}}{{atoi (getv "/a")}}
{{json "{"}}{{json "{}"}}{{json (getv "/a")}}
    fails json @2 unexpected end of JSON input
{{jsonArray "{}"}}
    fails jsonArray @2 json: cannot unmarshal object into Go value of type []interface {}
{{parseBool "yes"}}{{parseBool "t"}}
    fails parseBool @2 strconv.ParseBool: parsing "yes": invalid syntax
{{base64Decode "!"}}{{base64Decode "YQ=="}}
    fails base64Decode @2 illegal base64 data: Only base64 data is allowed
{{add 1 2.5}}{{add 1 2.0}}
    fails add @2 expected integer; found 2.5
{{index "abc" 7}}{{index "abc" 2}}{{index (ls "/a") 7}}
    fails index @2 index out of range: 7
{{index (ls "/a") "b"}}{{index (map "a" 1) "b"}}
    fails index @2 an index of a list of strings must be a whole number, but it is a string
{{index (map "a" 1) 1}}
    fails index @2 an index of a map must be a string, but it is a whole number
{{index nil 1}}
    fails index @2 nil has no elements
{{slice (map) 1}}
    fails slice @2 a map has no elements
{{call 1}}{{call (getv "/a")}}
    fails call @2 a whole number cannot be called
    fails call @12 a string cannot be called
{{getv "/a//b"}}{{getv "/a//b" "c"}}
    fails getv @2 no key of the store has two slashes in a row
{{unknown 1}}{{and}}
    fails and @15 it needs at least one argument
{{printf "%d" "a"}}
    garbles printf @2 %d does not print a string
{{printf "%s" 1}}
    garbles printf @2 %s does not print a whole number
{{printf "%z" "a"}}
    garbles printf @2 there is no verb %z
{{printf "%s"}}
    garbles printf @2 %s has no argument
{{printf "a" 1}}
    garbles printf @2 the format has no verb for the last 1 argument
{{printf "a" 1 2}}
    garbles printf @2 the format has no verb for the last 2 arguments
{{printf "%"}}
    garbles printf @2 the format ends in %
{{printf "%s %" "a"}}
    garbles printf @2 the format ends in %
{{printf "%%%s" "a"}}{{printf "%[1]d" "a"}}{{printf "%*d" "a"}}{{printf (getv "/a") 1}}{{printf 1}}{{printf}}
    fails printf @89 argument 1 must be a string, but it is a whole number
    fails printf @101 it takes at least 1 argument, but gets 0
{{printf "%t" 1}}
    garbles printf @2 %t does not print a whole number
{{printf "%t %v" true nil}}{{printf "%5.2f" 1.5}}{{printf "%-#+ 05d" 1}}
{{printf "%s" (ls "/a")}}{{printf "%d" (seq 1 2)}}
{{printf "%d" (ls "/a")}}
    garbles printf @2 %d does not print a list of strings
{{printf "%s" (seq 1 2)}}
    garbles printf @2 %s does not print a list of numbers
{{printf "%f" 1}}
    garbles printf @2 %f does not print a whole number
{{printf "%x %q %U %c" 1 1 1 1}}
{{printf "%e %E %g %G %b" 1.5 1.5 1.5 1.5 1.5}}
{{printf "%q" 1.5}}
    garbles printf @2 %q does not print a floating-point number
{{printf "%T" true}}
{{printf "%f" 1i}}
{{printf "%p" "a"}}
    garbles printf @2 %p does not print a string
{{printf "%s" (getv "/a")}}{{printf "%d" (json "{}")}}
"""


@pytest.mark.parametrize(("template", "found"), rows(NEVER))
def test_why_a_call_fails_or_garbles_what_is_written(template: str, found: str) -> None:
    lines = told(template).split("\n")
    assert "\n".join(line for line in lines if line.startswith(("fails", "garbles"))) == found


@pytest.mark.parametrize(
    ("text", "kind"),
    [("1", "int"), ("0x1F", "int"), ("1.5", "float64"), ("1e3", "float64"), ("2i", "complex128"), ("'a'", ""), ("x", "")],
)
def test_the_type_of_a_number_where_any_will_do(text: str, kind: str) -> None:
    assert calls.number_type(text) == kind


def test_a_type_without_a_plain_word_is_shown_as_go_has_it() -> None:
    assert calls.shown("*x.Y") == "a *x.Y"
