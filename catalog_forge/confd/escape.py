"""Compiles each escape to a helper template, which is called with a value and with the name of the value in error messages."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_forge.confd import go
from catalog_forge.formats import Escape

_BACKSLASH = "\\"
_BREAKS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# The Go literal of the value, without quotes: trimSuffix removes the last quote, and `replace` removes the first quote.
_QUOTED = 'replace (trimSuffix (printf "%s" .value) "\\"") "\\"" "" 1'
# The beginnings of the escapes that %q writes for the control characters outside _BREAKS: C0, DEL, C1, U+FFFE and U+FFFF.
_CONTROLS = ("\\x", "\\a", "\\b", "\\f", "\\v", "\\u008", "\\u009", "\\ufff")


def inner(term: str, name: str, escape: Escape) -> str:
    """Return the action that prints a value with the escape applied, without quotes around the value."""
    return f'{{{{template {go.string(escape.name)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def helper(escape: Escape) -> str:
    """Return the definition of an escape's helper template."""
    # %+q escapes the same characters as `java_escaped`, and also double quotes.
    plain = f'replace ({_QUOTED % "%+q"}) "\\\\\\"" "\\"" -1' if escape.ascii else ".value"
    value = _replaced(plain, escape.replace)
    if escape.quoted:
        value = _QUOTED % "%q"
    lead = f'{{{{if eq (printf "%.1s" .value) " "}}}}{go.literal(escape.lead)}{{{{end}}}}' if escape.lead else ""
    return f"{{{{define {go.string(escape.name)}}}}}{_guard(escape)}{lead}{{{{{value}}}}}{{{{end -}}}}\n"


def _guard(escape: Escape) -> str:
    """Return the code that stops rendering if the escape refuses the value, or "" if the escape refuses no value."""
    tests = list(_tests(escape))
    if not tests:
        return ""
    # Go's %q writes invisible characters with a backslash. The value's own backslashes do not count, so they are removed first.
    bare = _without(".value", _BACKSLASH + ('"' if escape.seen else "") + escape.controls)
    shown = f'{{{{$shown := printf "%q" ({bare})}}}}'
    needed = shown if any("$shown" in test for test in tests) else ""
    return f"{needed}{{{{if {go.any_of(tests)}}}}}{failure('.name', f': {escape.refusal}')}{{{{end}}}}"


def failure(name: str, message: str) -> str:
    """Return an action that stops rendering: it reads a key that does not exist, and confd's error names that key.

    confd passes its log messages through Printf (log.Error(err.Error()) of resource.go), so percent signs are doubled.
    """
    return f"{{{{getv (print {name} {go.string(message.replace('%', '%%'))})}}}}"


def _replaced(term: str, pairs: Iterable[tuple[str, str]]) -> str:
    for old, new in pairs:
        term = f"replace {go.paren(term)} {go.string(old)} {go.string(new)} -1"
    return term


def _without(term: str, characters: Iterable[str]) -> str:
    return _replaced(term, ((char, "") for char in characters))


_WHOLE = (
    '{{$digits := replace .value "-" "" 1}}'
    + f"{{{{$rest := {_without('$digits', '0123456789')}}}}}"
    + '{{if or (ne $rest "") (eq $digits "") (and (ne .value $digits) (ne .value (print "-" $digits)))'
    ' (and (ne $digits "0") (eq (printf "%.1s" $digits) "0"))'
)
_NOT_WHOLE = failure(".name", ": the value is not a whole number")
INTEGER = f"""{{{{define "integer"}}}}{_WHOLE}}}}}{_NOT_WHOLE}{{{{end}}}}{{{{.value}}}}{{{{end -}}}}\n"""


def calculation(function: str) -> str:
    """Return the definition of the helper template that applies an arithmetic function to a value and a constant."""
    most = 9 if function == "mul" else 15  # a product of longer numbers might exceed 64 bits
    wrong = failure(".name", f": the value is not a whole number of at most {most} digits")
    return (
        f'{{{{define "{calculated(function)}"}}}}{_WHOLE} (gt (len $digits) {most})}}}}{wrong}{{{{end}}}}'
        f"{{{{{function} (atoi .value) .plus}}}}{{{{end -}}}}\n"
    )


def calculated(function: str) -> str:
    """Return the name of the helper template for one of confd's arithmetic functions."""
    return "sum" if function == "add" else f"sum-{function}"


BOOLEAN = (
    '{{define "boolean"}}{{if and (ne .value "true") (ne .value "false")}}'
    f"{failure('.name', ': neither true nor false')}{{{{end}}}}{{{{.value}}}}{{{{end -}}}}\n"
)


ABSOLUTE = '{{$abs := replace .Value "-" "" 1}}'
# The conditions under which `.Value` can be written without quotes: YAML and JSON then read the same number (of at most 15
# characters) or the same boolean.
BARE = {
    "numbers": go.all_of(
        (
            "eq (" + _without('replace $abs "." "" 1', "0123456789") + ') ""',
            'ne $abs ""',
            "lt (len $abs) 16",
            'or (eq .Value $abs) (eq .Value (print "-" $abs))',
            'ne (printf "%.1s" $abs) "."',
            'eq (trimSuffix $abs ".") $abs',
            'or (ne (printf "%.1s" $abs) "0") (eq $abs "0") (eq (printf "%.2s" $abs) "0.")',
        )
    ),
    "truths": 'eq .Value "true" "false"',
}


def typed(term: str, name: str, kind: str) -> str:
    """Return the action that checks a number or boolean and prints it without quotes. `kind` is integer or boolean."""
    return f'{{{{template {go.string(kind)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def added(term: str, name: str, function: str, plus: int) -> str:
    """Return the action that checks that a value is a number, applies a function to it and to `plus`, and prints the result."""
    return f'{{{{template "{calculated(function)}" (map "name" {go.paren(name)} "value" {go.paren(term)} "plus" {plus})}}}}'


def _tests(escape: Escape) -> Iterator[str]:
    """Yield the conditions under which the escape refuses a value; `Escape.refuses` is the same test for constants."""
    for char in escape.refuse:
        yield f"contains .value {go.string(char)}"
    if escape.word:
        bare = go.paren(_without(".value", escape.extra))
        yield f"ne (urlquery {bare}) {bare}"
    elif escape.seen:
        yield f"contains $shown {go.string(_BACKSLASH)}"
    elif not escape.any_control:
        for spelled in (*_CONTROLS, *(word for char, word in _BREAKS.items() if char not in escape.controls)):
            yield f"contains $shown {go.string(spelled)}"
    if escape.ascii:
        yield f'contains (printf "%+q" {go.paren(_without(".value", _BACKSLASH))}) "\\\\U"'
    yield from _ends(escape)
    if not escape.empty:
        yield 'eq .value ""'
    if escape.longest:
        yield f'gt (len (printf "%q" .value)) {escape.longest}'


def _ends(escape: Escape) -> Iterator[str]:
    for char in escape.not_first:
        yield f'eq (printf "%.1s" .value) {go.string(char)}'
    for char in escape.not_last:
        yield f"ne (trimSuffix .value {go.string(char)}) .value"
