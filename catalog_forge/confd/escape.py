"""From the escapes of the formats to template code: one helper a format, called with a value and the name it has in errors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from catalog_forge.confd import go
from catalog_forge.formats import Escape

_BACKSLASH = "\\"
_BREAKS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
# How %q spells the other control characters: C0, DEL, C1, and U+FFFE and U+FFFF.
_CONTROLS = ("\\x", "\\a", "\\b", "\\f", "\\v", "\\u008", "\\u009", "\\ufff")


def inner(term: str, name: str, escape: Escape) -> str:
    """Return the action that prints a value as the inside of its quotes."""
    return f'{{{{template {go.string(escape.name)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def helper(escape: Escape) -> str:
    """Return the definition of an escape's helper template."""
    value = _replaced(".value", escape.replace)
    if escape.quoted:
        # Both ends of %q are cut off: trimSuffix takes the last quote, and the first one is the first quote there is.
        value = 'replace (trimSuffix (printf "%q" .value) "\\"") "\\"" "" 1'
    lead = f'{{{{if eq (printf "%.1s" .value) " "}}}}{go.literal(escape.lead)}{{{{end}}}}' if escape.lead else ""
    return f"{{{{define {go.string(escape.name)}}}}}{_guard(escape)}{lead}{{{{{value}}}}}{{{{end -}}}}\n"


def _guard(escape: Escape) -> str:
    """The code that ends the rendering when the place cannot hold the value."""
    tests = list(_tests(escape))
    if not tests:
        return ""
    # Go's %q spells what cannot be seen with a backslash; a value freed of its own backslashes shows no others.
    bare = _without(".value", _BACKSLASH + ('"' if escape.seen else "") + escape.controls)
    shown = f'{{{{$shown := printf "%q" ({bare})}}}}'
    needed = shown if any("$shown" in test for test in tests) else ""
    return f"{needed}{{{{if {go.any_of(tests)}}}}}{failure('.name', f': {escape.refusal}')}{{{{end}}}}"


def failure(name: str, message: str) -> str:
    """Return the action that ends the rendering: confd fails on a key that does not exist, and its error names the key.

    confd sends what it logs through Printf (log.Error(err.Error()) of resource.go), for which a percent sign is doubled.
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
INTEGER = (
    f"""{{{{define "integer"}}}}{_WHOLE}}}}}{failure(".name", ": not a whole number")}{{{{end}}}}{{{{.value}}}}{{{{end -}}}}\n"""
)


def calculation(function: str) -> str:
    """Return the definition of the helper that calculates with a number and another one."""
    most = 9 if function == "mul" else 15  # of a product more digits could be more than 64 bits hold
    wrong = failure(".name", f": not a whole number of at most {most} digits")
    return (
        f'{{{{define "{calculated(function)}"}}}}{_WHOLE} (gt (len $digits) {most})}}}}{wrong}{{{{end}}}}'
        f"{{{{{function} (atoi .value) .plus}}}}{{{{end -}}}}\n"
    )


def calculated(function: str) -> str:
    """Return the name of the helper that calculates by a function of confd."""
    return "sum" if function == "add" else f"sum-{function}"


BOOLEAN = (
    '{{define "boolean"}}{{if and (ne .value "true") (ne .value "false")}}'
    f"{failure('.name', ': neither true nor false')}{{{{end}}}}{{{{.value}}}}{{{{end -}}}}\n"
)


ABSOLUTE = '{{$abs := replace .Value "-" "" 1}}'
# The terms that tell whether YAML and JSON read `.Value` alike without quotes: a decimal number of up to 15 characters, a truth.
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
    """Return the action that prints a number or a truth bare, once it is known to be one. `kind` is integer or boolean."""
    return f'{{{{template {go.string(kind)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def added(term: str, name: str, function: str, plus: int) -> str:
    """Return the action that prints what a function makes of a number and another one, once it is known to be one."""
    return f'{{{{template "{calculated(function)}" (map "name" {go.paren(name)} "value" {go.paren(term)} "plus" {plus})}}}}'


def _tests(escape: Escape) -> Iterator[str]:
    """The terms of which one is true when the place cannot hold the value: what `Escape.refuses` tells of a constant."""
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
