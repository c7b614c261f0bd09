"""Go's templates in compose files, rendered quickly and often: with the answers of many users, and with the places of the source.

What they make is what `stack.templating` makes of them (a test compares both); gotpl only parses here, and confd's machine runs
them. Two rules are those of the Go that rancher-compose was built with: what fails cuts the text where it fails, and what
stands behind parentheses is ignored.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache, cached_property
from itertools import accumulate
from typing import Any
from weakref import WeakKeyDictionary

from catalog_forge.errors import Where
from catalog_forge.gotext.builtins import BUILTINS, Function
from catalog_forge.gotext.machine import Code, Expr, Fault, Limits, Machine
from catalog_forge.gotext.parsing import Parsed, SyntaxFault, parse
from catalog_forge.gotext.template import Compiler
from catalog_forge.gotext.values import ANYS, INTS, STRINGS, GoError, Map, Slice, runes, unrunes
from catalog_forge.lint.catalog import Revision
from catalog_forge.rancher.tree import File, is_template
from catalog_forge.stack import templating

LIMITS = Limits(seconds=0.5, output=1 << 20, memory=16 << 20, depth=100)

# What a template may call: sprig's functions as rancher-compose has them, one of its own, Go's. All else Go does not know.
NAMES = templating.SPRIG | {"splitPreserveQuotes"} | BUILTINS.keys() | {"and", "or"}


class _Piece(bytes):
    """Text of the source, and where it starts there."""

    start: int


@dataclass(frozen=True)
class Rendered:
    """What a template made: the text, and why it ended early if it did; `out` are the pieces that it was written in."""

    file: File
    text: str
    fault: str = ""
    fault_where: Where | None = None
    out: Sequence[bytes] = field(default=(), repr=False)

    def at(self, line: int, column: int) -> Where:
        """The place in the source of a place in the text; that of the action, where an answer made it."""
        start, row = self._lines[min(line, len(self._lines)) - 1]
        offset = start + len(row[: column - 1].encode())
        length, place, size = self._pieces[bisect_right(self._pieces, offset, key=lambda piece: piece[0]) - 1]
        return place_of(self.file, place + min(offset - length, size))

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        """The lines of the text, and the bytes before each."""
        rows = self.text.split("\n")
        return list(zip(accumulate((len(row.encode()) + 1 for row in rows), initial=0), rows, strict=False))

    @cached_property
    def _pieces(self) -> list[tuple[int, int, int]]:
        """The pieces of the source: the bytes before each in the text, its place in the source, its size."""
        starts = accumulate(map(len, self.out), initial=0)
        found = [
            (start, each.start, len(each)) for start, each in zip(starts, self.out, strict=False) if isinstance(each, _Piece)
        ]
        return [(0, 0, 0), *found]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed compose file: its tree for those who look into it, and its code."""

    file: File
    parsed: Parsed
    codes: Mapping[str, Code]

    def render(self, variables: Mapping[str, str], stack: str = "stack") -> Rendered:
        """Return what it makes with these answers."""
        machine = Machine(self.codes, None, LIMITS)
        fault, where = "", None
        try:
            machine.run(MAIN, _data(variables, stack))
        except Fault as error:
            fault, where = error.message, self.where(error.node)
        return Rendered(self.file, b"".join(machine.out).decode("utf-8", "replace"), fault, where, machine.out)

    def where(self, node: Any) -> Where:
        """The place of a node in the file."""
        if node is None:
            return self.file.at()
        return place_of(self.file, node.at)


MAIN = "template"


def place_of(file: File, offset: int) -> Where:
    """The place of the byte `offset` of a file's text."""
    before = file.text.encode("utf-8", "surrogateescape")[:offset]
    line = before.count(b"\n") + 1
    return file.at(line, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1)


_CACHE: WeakKeyDictionary[Revision, Template | SyntaxFault | None] = WeakKeyDictionary()


def docker_template(revision: Revision) -> Template | SyntaxFault | None:
    """The template that the docker-compose file of a revision is; why Go refuses it; None where there are no actions in it."""
    if revision not in _CACHE:
        file = revision.docker
        try:
            _CACHE[revision] = template_of(file) if file and is_template(file.text) else None
        except SyntaxFault as fault:
            _CACHE[revision] = fault
    return _CACHE[revision]


def template_of(file: File) -> Template:
    """Parse a compose file. Raises SyntaxFault with the place where Go would refuse it."""
    source = file.text.encode("utf-8", "surrogateescape")
    parsed = parse(MAIN, source, NAMES)
    functions = _Functions()
    try:
        codes = {name: _Compiler(name, functions).compile(body) for name, body in parsed.bodies.items()}
    except RecursionError:
        raise SyntaxFault("template: it is nested more deeply than can be read here") from None
    return Template(file, parsed, codes)


def where_of(fault: SyntaxFault, file: File) -> Where:
    """Where Go stops; the first action, where that is not known."""
    if not fault.line:
        return file.offset(file.text.index("{{"))
    row = file.text.split("\n")[fault.line - 1].encode("utf-8", "surrogateescape")
    return file.at(fault.line, len(row[: max(fault.column, 1) - 1].decode("utf-8", "replace")) + 1)


def words_of(fault: SyntaxFault) -> str:
    """What Go says of a template that it cannot parse, without the place."""
    return "the template cannot be parsed: " + re.sub(r"^(?:template: ?|[0-9]+: ?|template$)*", "", str(fault))


def _data(variables: Mapping[str, str], stack: str) -> Map:
    release = Map(((b"Name", stack.encode()), (b"Version", b""), (b"PreviousVersion", b"")))
    values = Map((name.encode(), text.encode("utf-8", "surrogateescape")) for name, text in variables.items())
    named = Map(((b"Name", b"Default"),))
    return Map(((b"Values", values), (b"Stack", release), (b"Release", release), (b"Environment", named)))


class _Compiler(Compiler):
    def visit_TextNode(self, node: Any) -> None:  # noqa: N802
        piece = _Piece(unrunes(node.text))
        piece.start = node.start
        self.emit(lambda machine: machine.write(piece))

    def command(self, command: Any, final: Expr | None) -> Expr:
        first = command.arguments[0]
        if type(first).__name__ == "ParenthesizedNode" and not first.fields:
            return self.pipe(first.pipeline)
        return super().command(command, final)


class _Functions(dict[str, Function]):
    """The functions by name. sprig is imported when a template wants one that is not at hand here: that takes 70 ms."""

    def __init__(self) -> None:
        super().__init__({**BUILTINS, **_AT_HAND})

    def __missing__(self, name: str) -> Function:
        return _of_sprig(name)


def _atoi(text: bytes) -> int:
    try:
        return int(text) if text.strip() == text else 0
    except ValueError:
        return 0


def _until(count: int) -> Slice:
    if abs(count) > templating.MAX_ITEMS:
        raise GoError("that is too much here")
    return Slice(range(count) if count >= 0 else range(0, count, -1), INTS)


_AT_HAND = {
    "atoi": Function(_atoi, ("string",)),
    "until": Function(_until, ("int",)),
    "contains": Function(lambda part, text: part in text, ("string", "string")),
}


@cache
def _of_sprig(name: str) -> Function:
    """A function of sprig for the machine; one that is refused here, or missing in newer releases, fails when it is called."""
    call = templating.functions().get(name)

    def run(*arguments: Any) -> Any:
        if call is None:
            raise GoError("it is not for compose files")
        try:
            return _to_go(call(*map(_from_go, arguments)))
        except Exception as error:
            raise GoError(str(error)) from None

    return Function(run, (), "any")


def _from_go(value: Any) -> Any:
    if isinstance(value, bytes):
        return runes(value)
    if isinstance(value, Slice):
        return [_from_go(each) for each in value]
    return {runes(key): _from_go(each) for key, each in value.items()} if isinstance(value, Map) else value


def _to_go(value: Any) -> Any:
    if isinstance(value, str):
        return unrunes(value)
    if isinstance(value, Mapping):
        return Map((unrunes(str(key)), _to_go(each)) for key, each in value.items())
    if isinstance(value, list | tuple | range):
        kind = STRINGS if all(isinstance(each, str) for each in value) else ANYS
        return Slice(map(_to_go, value), INTS if isinstance(value, range) else kind)
    return value
