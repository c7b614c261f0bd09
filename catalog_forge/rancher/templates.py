"""Renders the Go templates in compose files quickly for many sets of answers, and translates locations in the rendered text to
locations in the source.

Rules: docs/facts/catalog.md#4.13 to #4.19. Two of the rules are specific to the Go release with which rancher-compose was built:
the output ends where an action fails, and everything after parentheses at the start of a command is ignored. Entries are
untrusted, so the time and memory of a template are limited, and the template cannot read anything on this machine.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from itertools import accumulate
from typing import Any

from catalog_forge.errors import Problem, Where
from catalog_forge.gotext.machine import Code, Expr, Fault, Limits, Machine
from catalog_forge.gotext.parsing import Parsed, SyntaxFault, parse
from catalog_forge.gotext.template import Compiler
from catalog_forge.gotext.values import Map, unrunes
from catalog_forge.rancher.sprig import NAMES, Functions
from catalog_forge.rancher.tree import File, Yaml, is_template

# The prefix of the file name in locations within rendered text. No file name in a catalog can begin with it.
RENDERED = "\0rendered:"
LIMITS = Limits(seconds=2.0, output=1 << 20, memory=16 << 20, depth=100)

HINT = "a file that needs no templates begins with the line `# notemplating`"
CUT = "Rancher would silently cut the file off here, and start only the services above it"


class _Piece(bytes):
    """A piece of text copied from the source; `start` is its offset in the source."""

    start: int


@dataclass(frozen=True)
class Rendered:
    """A rendered template: its text, and the fault that ended rendering early, if any. `out` contains the pieces of the text."""

    file: File
    text: str
    fault: str = ""
    fault_where: Where | None = None
    out: Sequence[bytes] = field(default=(), repr=False)

    @property
    def problem(self) -> Problem | None:
        """The reason why rendering ended early, as `up` reports it."""
        return Problem(f"the template fails: {self.fault}", self.fault_where, CUT) if self.fault else None

    def at(self, line: int, column: int) -> Where:
        """Return the source location of a position in the rendered text. The output of an action has the action's location."""
        start, row = self._lines[min(line, len(self._lines)) - 1]
        offset = start + len(row[: column - 1].encode())
        length, place, size = self._pieces[bisect_right(self._pieces, offset, key=lambda piece: piece[0]) - 1]
        return place_of(self.file, place + min(offset - length, size))

    @property
    def name(self) -> str:
        """The file name used in locations within the rendered text."""
        return f"{RENDERED}{self.file.path}"

    @cached_property
    def yaml(self) -> Yaml:
        """The rendered text as YAML. Locations in this YAML have the file name `name`; `at` translates them to the source."""
        return Yaml.read(self.text, self.name)

    @cached_property
    def _lines(self) -> list[tuple[int, str]]:
        """The lines of the rendered text, each with the number of bytes before it."""
        rows = self.text.split("\n")
        return list(zip(accumulate((len(row.encode()) + 1 for row in rows), initial=0), rows, strict=False))

    @cached_property
    def _pieces(self) -> list[tuple[int, int, int]]:
        """For each piece copied from the source: its offset in the rendered text, its offset in the source, and its size."""
        starts = accumulate(map(len, self.out), initial=0)
        found = [
            (start, each.start, len(each)) for start, each in zip(starts, self.out, strict=False) if isinstance(each, _Piece)
        ]
        return [(0, 0, 0), *found]


@dataclass(frozen=True, slots=True)
class Template:
    """A parsed compose file: its syntax tree for checks, and its compiled code."""

    file: File
    parsed: Parsed
    codes: Mapping[str, Code]

    def render(self, variables: Mapping[str, str], stack: str = "stack", version: str = "") -> Rendered:
        """Render the template with these answers."""
        machine = Machine(self.codes, None, LIMITS)
        fault, where = "", None
        try:
            machine.run(MAIN, _data(variables, stack, version))
        except Fault as error:
            fault, where = error.message, self.where(error.node)
        return Rendered(self.file, b"".join(machine.out).decode("utf-8", "replace"), fault, where, machine.out)

    def where(self, node: Any) -> Where:
        """Return the location of a node in the file."""
        if node is None:
            return self.file.at()
        return place_of(self.file, node.at)


MAIN = "template"


def place_of(file: File, offset: int) -> Where:
    """Return the location of the byte `offset` in the text of a file."""
    before = file.text.encode()[:offset]
    line = before.count(b"\n") + 1
    return file.at(line, len(before[before.rfind(b"\n") + 1 :].decode("utf-8", "replace")) + 1)


def template_in(file: File | None) -> Template | SyntaxFault | None:
    """Return the template in a compose file, or the fault if Go cannot parse it; None if the file is not a template."""
    if file is None or not is_template(file.text):
        return None
    try:
        return template_of(file)
    except SyntaxFault as fault:
        return fault


def template_of(file: File) -> Template:
    """Parse a compose file. Raises SyntaxFault with the location at which Go stops parsing."""
    return Template(file, *_compiled(file.text))


# The cache is large enough for a whole catalog, because each lint rule visits all revisions in turn.
@lru_cache(maxsize=4096)
def _compiled(text: str) -> tuple[Parsed, Mapping[str, Code]]:
    """Parse and compile a template. The result is cached, because a template is rendered with many sets of answers."""
    parsed = parse(MAIN, text.encode(), NAMES)
    functions = Functions()
    try:
        return parsed, {name: _Compiler(name, functions).compile(body) for name, body in parsed.bodies.items()}
    except RecursionError:
        raise SyntaxFault("template: it is nested more deeply than can be read here") from None


def refusal(fault: SyntaxFault, file: File) -> Problem:
    """Return the problem of a template that Go cannot parse. Its location is where Go stops or, if unknown, the first action."""
    return Problem(words_of(fault), where_of(fault, file), HINT)


def where_of(fault: SyntaxFault, file: File) -> Where:
    """Return the location at which Go stops parsing or, if it is unknown, the location of the first action."""
    if not fault.line:
        return file.offset(file.text.index("{{"))
    row = file.text.split("\n")[fault.line - 1].encode()
    return file.at(fault.line, len(row[: max(fault.column, 1) - 1].decode("utf-8", "replace")) + 1)


def words_of(fault: SyntaxFault) -> str:
    """Return Go's message for a template that cannot be parsed, without the location."""
    return "the template cannot be parsed: " + re.sub(r"^(?:template: ?|[0-9]+: ?|template$)*", "", str(fault))


def _data(variables: Mapping[str, str], stack: str, version: str) -> Map:
    release = Map(((b"Name", stack.encode()), (b"Version", version.encode()), (b"PreviousVersion", b"")))
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
