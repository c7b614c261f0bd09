"""From the escapes of the formats to template code: one helper a format, called with a value and the name it has in errors."""

from __future__ import annotations

from catalog_forge.confd import go
from catalog_forge.formats import Escape

_CONTROLS = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_ALWAYS_REFUSED = ("\\x", "\\a", "\\b", "\\f", "\\v")


def inner(term: str, name: str, escape: Escape) -> str:
    """Return the action that prints a value as the inside of its quotes."""
    return f'{{{{template {go.string(escape.name)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def whole(term: str, name: str, escape: Escape) -> str:
    """Return the action that prints a value with its quotes."""
    if escape.quoted:
        return f'{{{{printf "%q" {go.paren(term)}}}}}'
    return go.literal(escape.opening) + inner(term, name, escape) + go.literal(escape.closing)


def helper(escape: Escape) -> str:
    """Return the definition of an escape's helper template."""
    if escape.quoted:
        # Both ends of %q are cut off: trimSuffix takes the last quote, and the first one is the first quote there is.
        body = '{{replace (trimSuffix (printf "%q" .value) "\\"") "\\"" "" 1}}'
        return f"{{{{define {go.string(escape.name)}}}}}{body}{{{{end -}}}}\n"
    refused = _refused(escape)
    guard = ""
    if not escape.any_control:
        # Go's %q spells control characters with a backslash; a value freed of its own backslashes shows no others.
        bare = _replaced(".value", (("\\", ""), *((char, "") for char in escape.controls)))
        guard = f'{{{{$shown := printf "%q" ({bare})}}}}'
    if refused:
        message = go.string(f"%s: a value that the format cannot hold ({_reasons(escape)})")
        guard += f"{{{{if {_any(refused)}}}}}{{{{getv (printf {message} .name)}}}}{{{{end}}}}"
    lead = f'{{{{if eq (printf "%.1s" .value) " "}}}}{go.literal(escape.lead)}{{{{end}}}}' if escape.lead else ""
    return f"{{{{define {go.string(escape.name)}}}}}{guard}{lead}{{{{{_replaced('.value', escape.replace)}}}}}{{{{end -}}}}\n"


INTEGER = (
    '{{define "integer"}}{{$d := split .value "-"}}'
    '{{if or (ne (urlquery .value) .value) (ne (toUpper .value) (toLower .value)) (eq .value "") (eq .value "-")'
    ' (contains .value ".") (contains .value "_") (contains .value "~") (gt (len $d) 2)'
    ' (and (eq (len $d) 2) (ne (index $d 0) ""))'
    ' (and (gt (len .value) 1) (eq (printf "%.1s" .value) "0"))'
    ' (and (gt (len .value) 2) (eq (printf "%.2s" .value) "-0"))'
    ' (eq .value "-0")}}'
    '{{getv (printf "%s: not a whole number" .name)}}{{end}}{{.value}}{{end -}}\n'
)
BOOLEAN = (
    '{{define "boolean"}}{{if and (ne .value "true") (ne .value "false")}}'
    '{{getv (printf "%s: neither true nor false" .name)}}{{end}}{{.value}}{{end -}}\n'
)


def typed(term: str, name: str, kind: str) -> str:
    """Return the action that prints a number or a truth bare, once it is known to be one. `kind` is integer or boolean."""
    return f'{{{{template {go.string(kind)} (map "name" {go.paren(name)} "value" {go.paren(term)})}}}}'


def _refused(escape: Escape) -> list[str]:
    tests = [f"contains .value {go.string(char)}" for char in escape.refuse]
    if escape.word:
        tests.append("ne (urlquery .value) .value")
    if not escape.any_control:
        spelled = (*_ALWAYS_REFUSED, *(word for char, word in _CONTROLS.items() if char not in escape.controls))
        tests += [f"contains $shown {go.string(word)}" for word in spelled]
    if not escape.edges:
        for blank in (" ", "\t"):
            tests.append(f'eq (printf "%.1s" .value) {go.string(blank)}')
            tests.append(f"ne (trimSuffix .value {go.string(blank)}) .value")
    if not escape.empty:
        tests.append('eq .value ""')
    return tests


def _reasons(escape: Escape) -> str:
    printable = "".join(char for char in escape.refuse if char.isprintable())
    reasons = [f"one of {printable}"] if printable else []
    if not escape.any_control:
        reasons.append("a control character")
        reasons += ["a line break"] if "\n" not in escape.controls else []
    reasons += ["a NUL"] if "\0" in escape.refuse else []
    reasons += ["a blank at an end"] if not escape.edges else []
    reasons += ["nothing at all"] if not escape.empty else []
    return ", ".join(reasons)


def _any(tests: list[str]) -> str:
    return tests[0] if len(tests) == 1 else "or " + " ".join(f"({test})" for test in tests)


def _replaced(term: str, pairs: tuple[tuple[str, str], ...]) -> str:
    for old, new in pairs:
        term = f"replace {go.paren(term)} {go.string(old)} {go.string(new)} -1"
    return term
