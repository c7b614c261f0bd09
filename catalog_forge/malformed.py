"""Explain to an author why a text is not YAML: what is wrong, where, and what to write instead.

libyaml reports only which token it expected. The mistake of the author is inferred from the line at which libyaml
stopped, and from the lines above it (YAML 1.2.2, chapters 6 to 8).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from catalog_forge.errors import ForgeError, Where

LOOK = "check the indentation, quotes, brackets and colons of this line and the line above it"
"""The hint for a fault that cannot be explained in more detail."""
HALF_CHARACTER = "this escape is invalid: it is half of a surrogate pair, or not a Unicode character"
_KEY = re.compile(r"(?:- ++)*+(?P<key>[^\s#\"'\[\]{}:][^\s:]*+|\"[^\"]*+\"|'[^']*+'):(?: |$)")
_BARE = re.compile(r"\s*+(?:- ++)*+(?P<key>[A-Za-z_][\w.-]*+)(?: ++(?P<rest>[^\s\"'#:\[{][^\"'#:]*+))?\s*+")
_BLANKS = re.compile("[\u00a0\u2000-\u200b\u202f\u3000\ufeff]")
_TWO_COLONS = re.compile(r"(?P<head>\s*+(?:- ++)*+[^\s:]++: ++)(?P<value>[^\"'\[{|>&*!%@`].*?: .*)")
_NO_BLANK = re.compile(r"(?P<indent>\s*+(?:- ++)*+)(?P<key>[A-Za-z_][\w.-]*+):(?P<value>[^\s:/].*)")
_WITHIN = re.compile(r"(?:@\{[^{}]*+\}|[^,\]}])++")
_QUOTED = re.compile(r"\s*+(?:- ++)*+(?:[^\s\"'#:{\[][^:#]*+: ++)?(?P<quote>[\"'])")
_STOPS = {'"': re.compile(r'\\.|"'), "'": re.compile(r"''|'")}
_OPENING = re.compile("while parsing a flow (sequence|mapping)")


@dataclass(frozen=True, slots=True)
class Stop:
    """Where and why libyaml stopped: its message, the place, and the start of the construct being parsed. Numbers start at 0."""

    problem: str
    line: int
    column: int
    context: str = ""
    start: tuple[int, int] = (0, 0)


def explained(stop: Stop, lines: Sequence[str], file: str) -> ForgeError:
    """Return the error for a text that libyaml refuses."""
    here = lines[stop.line] if stop.line < len(lines) else ""
    for found in (_marks, _unclosed, _blank, _quote, _colon, _start, _bracket, _dash, _deep, _aligned):
        if (words := found(stop, here, lines)) is not None:
            message, hint, line, column = words
            return ForgeError(f"not well-formed YAML: {message}", Where(file, line + 1, column + 1), hint)
    return ForgeError(f"not well-formed YAML: {stop.problem or stop.context}", Where(file, stop.line + 1, stop.column + 1), LOOK)


def forbidden(error: Any, content: str, file: str) -> ForgeError:
    """Return the error for a forbidden character. PyYAML gives the character; libyaml gives its code point and byte offset."""
    in_bytes = isinstance(error.character, int)
    character = chr(error.character) if in_bytes else error.character
    before = content.encode()[: error.position].decode(errors="ignore") if in_bytes else content[: error.position]
    where = Where(file, before.count("\n") + 1, len(before) - before.rfind("\n"))
    return ForgeError(f"a control character ({character!r}) is not allowed", where, "remove this character")


_Words = tuple[str, str, int, int] | None
_CLOSE = "write the same quote at the end of the value"

MARKS = ("<<<<<<< ", "||||||| ", "=======", ">>>>>>> ")
"""The beginnings of the conflict marker lines of git-merge-file(1)."""
UNRESOLVED = (
    "unresolved conflict: both sides are here between conflict markers",
    "keep what is right, and delete the lines that begin with <<<<<<<, |||||||, ======= and >>>>>>>",
)
"""What is wrong with a file that has both sides of a conflict, and what to do."""


def _marks(stop: Stop, _here: str, lines: Sequence[str]) -> _Words:
    """Explain conflict markers that git-merge-file(1) has written into the file."""
    number = next((each for each, line in enumerate(lines[: stop.line + 1]) if line.startswith(MARKS[0])), None)
    if number is None or not any(line.startswith(MARKS[3]) for line in lines[number:]):
        return None
    return *UNRESOLVED, number, 0


def _end(text: str, start: int, quote: str) -> int:
    """Return the offset just after the closing quote of a quoted text, or 0 if this line does not contain the closing quote."""
    return next((found.end() for found in _STOPS[quote].finditer(text, start) if found[0] == quote), 0)


def _unclosed(stop: Stop, _here: str, lines: Sequence[str]) -> _Words:
    """Explain a missing closing quote. The quoted text then extends to the next quote, which opens a value in a later line."""
    number = 0
    while number < stop.line:
        found = _QUOTED.match(lines[number])
        start = number
        if found and not _end(lines[number], found.end(), found["quote"]):
            end = 0
            while not end and number < min(stop.line, len(lines) - 1):
                number += 1
                end = _end(lines[number], 0, found["quote"])
            rest = lines[number][end:].lstrip() if end else ""
            if number == stop.line and rest and not rest.startswith("#"):
                return "this quote is never closed", _CLOSE, start, found.end() - 1
        number += number == start
    return None


def _blank(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a tab used as indentation, or a character that only looks like a space."""
    indent = here[: len(here) - len(here.lstrip())]
    if "\t" in indent or "tab character" in stop.problem or here[stop.column : stop.column + 1] == "\t":
        column = here.find("\t")
        return (
            "there is a tab where YAML expects spaces",
            "YAML is indented with spaces, never with tabs",
            stop.line,
            max(column, 0),
        )
    above = next((number for number in range(stop.line - 1, -1, -1) if lines[number].strip()), stop.line)
    for number in dict.fromkeys((stop.line, stop.start[0], above)):
        text = lines[number] if number < len(lines) else ""
        if found := _BLANKS.search(text):
            name = f"U+{ord(found[0]):04X}"
            return (
                f"a character that only looks like a space ({name})",
                "write an ordinary space: YAML treats this character as a letter",
                number,
                found.start(),
            )
    return None


def _quote(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain quotes that are closed too early or are never closed, and invalid escapes in double quotes."""
    line, column = stop.start
    if "quoted scalar" in stop.context:
        if "Unicode" in stop.problem:
            return HALF_CHARACTER, "write the character itself", stop.line, stop.column
        if "escape" in stop.problem:
            hint = "in double quotes a backslash starts an escape: write it twice, or use single quotes"
            return "this backslash does not start a valid YAML escape", hint, stop.line, stop.column
        return "this quote is never closed", _CLOSE, line, column
    before = here[: stop.column].rstrip()
    if before.endswith(('"', "'")) and before.strip() and "expected" in stop.problem:
        quote = before[-1]
        if before.count(quote) % 2:  # the quote closes a text that began in a line above
            opened = next((n for n in range(stop.line - 1, -1, -1) if lines[n].count(quote) % 2), stop.line)
            return "this quote is never closed", _CLOSE, opened, max(lines[opened].rfind(quote), 0)
        hint = "to put a quote into the value, write '' in a single-quoted value, and \\\" in a double-quoted value"
        return "there is text after a closing quote", hint, stop.line, stop.column
    return None


def _colon(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a missing or extra colon, a missing space, or a list that begins on the line of its key."""
    if "mapping values are not allowed" in stop.problem:
        if (found := _TWO_COLONS.match(here)) and stop.column > len(found["head"]):
            hint = f"quote the value: {found['head'].strip()} {_quoted(found['value'])}"
            return "a value that contains ': ' must be quoted", hint, stop.line, len(found["head"])
        return _deeper(stop, here, lines)
    if "could not find expected ':'" in stop.problem:
        line, column = stop.start
        text = lines[line] if line < len(lines) else ""
        if found := _NO_BLANK.match(text):
            hint = f"write {found['key']}: {found['value'].rstrip()}"
            return "a space must follow the ':' of a key", hint, line, len(found["indent"])
        word, _, rest = text.strip().partition(" ")
        if word.startswith("-") and len(word) > 1:
            return "a space must follow the '-' of an item", f"write - {text.strip()[1:]}", line, text.index("-")
        return "this line has no ':' after its key", f"write {word}: {rest}".rstrip(), line, column
    if "block sequence entries are not allowed" in stop.problem:
        return "a list must begin on a new line", "put each '- ' on a line below, or write [a, b]", stop.line, stop.column
    return None


def _start(stop: Stop, here: str, _lines: Sequence[str]) -> _Words:
    """Explain a value that begins with a character that is special in YAML."""
    sign = here[stop.column : stop.column + 1]
    before = here[stop.column - 1 : stop.column]
    if "cannot start any token" in stop.problem and sign:
        value = _value(here, stop.column)
        return f"a value cannot begin with {sign!r}", f"quote it: {_quoted(value)}", stop.line, stop.column
    if "alphabetic or numeric character" in stop.problem and before in ("*", "&"):
        value = _value(here, stop.column - 1)
        return f"a value cannot begin with {before!r}", f"quote it: {_quoted(value)}", stop.line, stop.column - 1
    if "block scalar" in stop.context:
        return "the text of '|' or '>' begins on the next line", "leave the rest of this line empty", stop.line, stop.column
    return None


def _value(here: str, column: int) -> str:
    """Return the value that begins in a column. It ends with its line or, in brackets, before the next comma or bracket."""
    before = here[:column]
    within = sum(map(before.count, "[{")) > sum(map(before.count, "]}"))
    found = _WITHIN.match(here, column) if within else None
    return (found[0] if found else here[column:]).rstrip()


def _bracket(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a list or mapping in brackets that is not closed, or lacks a comma."""
    if "flow node" in stop.context:
        text = "\n".join([*lines[: stop.line], here[: stop.column]])
        at = max(text.rfind("["), text.rfind("{"))
        if at < 0:
            return None
        line, column = text.count("\n", 0, at), at - text.rfind("\n", 0, at) - 1
        return f"this '{text[at]}' is never closed", f"close it; quote text that contains '{text[at]}'", line, column
    if not (found := _OPENING.search(stop.context)):
        return None
    open_sign, close = ("[", "]") if found[1] == "sequence" else ("{", "}")
    line, column = stop.start
    if line != stop.line:
        return f"this '{open_sign}' is never closed", f"close it; quote text that contains '{open_sign}'", line, column
    hint = f"if text contains brackets, commas or quotes, quote all of it; the '{open_sign}' is in column {column + 1}"
    return f"',' or '{close}' is missing here", hint, stop.line, stop.column


def _indent(text: str) -> int:
    return len(text) - len(text.lstrip())


def _first(stop: Stop, lines: Sequence[str], most: int) -> int | None:
    """Return the first line between a key and the stop, or None if there is no such line or the key has a value.

    The key is the nearest line above the stop that is indented by at most `most`.
    """
    below = None
    for number in range(stop.line - 1, -1, -1):
        text = lines[number]
        if not text.strip() or text.lstrip().startswith("#"):
            continue
        if _indent(text) <= most:
            return below if text.partition(" #")[0].rstrip().endswith(":") else None
        below = number
    return None


def _dash(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a list whose first item lacks its '- '."""
    indent = _indent(here)
    if "did not find expected" not in stop.problem or not here.startswith("- ", indent):
        return None
    for most in (indent - 1, indent):
        first = _first(stop, lines, most)
        found = None if first is None else _KEY.match(lines[first], _indent(lines[first]))
        if first is not None and found and found.start("key") == found.start():
            hint = f"write - {found['key']}:, aligned with the '-' in line {stop.line + 1}"
            return "the first item of this list lacks its '- '", hint, first, found.start()
    return None


def _deep(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a first key that is indented deeper than the majority of the keys in its mapping."""
    indent = _indent(here)
    if "did not find expected" not in stop.problem or here[: stop.column].strip() or not _KEY.match(here, indent):
        return None
    first = _first(stop, lines, indent - 1)
    deep = _indent(lines[first]) if first is not None else 0
    if first is None or deep <= indent or not (found := _KEY.match(lines[first], deep)):
        return None
    above = sum(_indent(text) == deep for text in lines[first : stop.line])
    below = 0
    for text in lines[stop.line :]:
        if text.strip() and _indent(text) < indent:
            break
        below += bool(text.strip()) and _indent(text) == indent
    if below <= above:
        return None
    hint = f"align {found['key']!r} with the key in line {stop.line + 1}: remove {_spaces(deep - indent)}"
    return "this key is indented too deeply", hint, first, deep


def _spaces(number: int) -> str:
    return f"{number} space{'s' * (number > 1)}"


def _aligned(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a line whose indentation matches no line above."""
    indent = len(here) - len(here.lstrip())
    if "did not find expected" not in stop.problem or here[: stop.column].strip():
        return None
    columns: dict[int, tuple[int, str]] = {}
    least = indent + 80
    for number in range(stop.line - 1, -1, -1):
        text = lines[number]
        at = len(text) - len(text.lstrip())
        if not text.strip() or text.lstrip().startswith("#") or at >= least:
            continue
        least = at
        found = _KEY.match(text, at)
        if here.startswith("-", indent) and text.startswith("-", at):
            columns.setdefault(at, (number, "-"))
        elif found:
            columns.setdefault(found.start("key"), (number, found["key"]))
    return _align(indent, columns, stop.line)


def _align(indent: int, columns: dict[int, tuple[int, str]], line: int) -> _Words:
    if not columns:
        return None
    near = min(columns, key=lambda column: (abs(column - indent), columns[column][1] != "-", column))
    number, word = columns[near]
    change = f"{'add' if near > indent else 'remove'} {_spaces(abs(near - indent))}"
    hint = f"align it with {word!r} in line {number + 1}" + (f": {change}" if near != indent else "")
    if near == indent:
        words = f"this line is aligned with {word!r} in line {number + 1}, but cannot follow it"
        mixed = "write both lines as keys, or both as list items ('- ')"
        return words, "check the lines between them" if line > number + 1 else mixed, line, indent
    return "the indentation of this line matches no line above it", hint, line, indent


def _deeper(stop: Stop, here: str, lines: Sequence[str]) -> _Words:
    """Explain a key that is nested below a key that already has a value."""
    indent = len(here) - len(here.lstrip())
    for number in range(stop.line - 1, -1, -1):
        text = lines[number]
        if text.strip() and not text.lstrip().startswith("#"):
            found = _KEY.match(text, len(text) - len(text.lstrip()))
            if found is None and (bare := _BARE.fullmatch(text)) and indent == bare.start("key"):
                hint = f"write {bare['key']}: {bare['rest'] or ''}".rstrip()
                return "this line has no ':' after its key", hint, number, bare.start("key")
            if found is None or indent <= found.start("key"):
                return None
            column = found.start("key")
            spaces = _spaces(indent - column)
            hint = f"align it with {found['key']!r} in line {number + 1}, which already has a value: remove {spaces}"
            return "this key is indented too deeply", hint, stop.line, indent
    return None


def _quoted(value: str) -> str:
    value = value.split(" #")[0].rstrip()
    return f"'{value}'" if "'" not in value and ('"' in value or "\\" in value) else '"' + value.replace('"', '\\"') + '"'
