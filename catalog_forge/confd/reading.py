"""Finds what a template reads and writes, without running it: its lookups, their guards, and the values printed unchanged.

Each unknown part of a string is represented by a WILD character. The nodes are those of gotext.nodes.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeVar

from catalog_forge.confd import calls
from catalog_forge.confd.imitated.flags import WILD
from catalog_forge.confd.known import KEEP, LONGEST, NAME, Kind, Value, element, of_fields, result_of
from catalog_forge.gotext import literals
from catalog_forge.gotext.nodes import TemplateCallNode
from catalog_forge.gotext.parsing import Parsed, parse
from catalog_forge.gotext.values import ANYS, INTS, PAIRS, PLAIN_PAIRS, STRINGS

_T = TypeVar("_T")

LISTS = ("ls", "lsdir", "gets", "getvs")
LEAVES = ("getv", "get", "exists")
_WORD = re.compile(rb"[A-Za-z_]\w*")
_GLOB = re.compile(r"\*|\?|\[[^\[\]]*\]")
# _SHAPES: functions whose use shows the form of their argument. _CARRY: functions whose result has the argument's origin.
_SHAPES = ("split", "json", "jsonArray", "atoi", "parseBool", "base64Decode", "eq", "ne", "contains")
_CARRY = ("toUpper", "toLower", "trimSuffix", "replace", "split", "base", "dir", "index", "printf", "print", "json", "jsonArray")
# A template that is called with more different values than this is treated as if it were called with any value.
_MOST_CALLS = 20
_MOST_GUARDS = 50
_NO_FIELDS = frozenset(("string", "int", "float64", "bool", STRINGS, INTS, ANYS, PLAIN_PAIRS))
# The only fields and methods of these types.
_METHODS = {calls.PAIR: ("Key", "Value"), PAIRS: ("Len", "Less", "Swap")}
_NO_RANGE = frozenset(("string", "float64", "bool", "complex128", calls.PAIR, calls.TIME))
_NEW_NUMBER = re.compile(r"_|^[+-]?0[bBoO]|^[+-]?0[xX].*[pP.]")
_ORDER = ("eq", "ne", "lt", "le", "gt", "ge")

OddKind = Literal["path compared", "text compared", "text tested", "time printed", "position printed", "not reversed"]


@dataclass(frozen=True, slots=True)
class Read:
    """A lookup. `start` is the byte offset of the path; `guarded` means that a condition ensures that the path exists.

    `is_main` is false inside {{define}}, where the call of the defined template may be guarded instead of the lookup.
    """

    function: str
    path: str
    start: int
    default: bool
    guarded: bool
    is_main: bool

    @property
    def known(self) -> str:
        """The path up to its first unknown part."""
        return self.path.partition(WILD)[0]

    @property
    def folders(self) -> Iterator[str]:
        """Yield the paths that must be folders for the lookup to make sense, up to ten levels."""
        if self.function in ("ls", "lsdir") and WILD not in self.path:
            yield self.path.rstrip("/")
        path = self.path
        for _ in range(10):
            path = path.rpartition("/")[0]
            if not path:
                return
            yield path


@dataclass(frozen=True, slots=True)
class Call:
    """A function call, with the number of arguments."""

    name: str
    start: int
    arguments: int


@dataclass(frozen=True, slots=True)
class Usage:
    """A function call on a stored value, and the constant in the call, such as a separator or a string to compare with."""

    function: str
    origin: str
    text: str = ""


@dataclass(frozen=True, slots=True)
class Written:
    """An action that prints a stored value unchanged. The action occupies the bytes `start` to `end` of the template."""

    path: str
    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Odd:
    """A construct that is probably not intended."""

    kind: OddKind
    start: int
    what: str


@dataclass(frozen=True, slots=True)
class Failing:
    """A construct that fails in every pass or, if `garbles` is true, only garbles the output; `why` is the reason."""

    what: str
    start: int
    why: str
    garbles: bool = False


@dataclass(slots=True)
class Reading:
    """Everything that was found in a template."""

    reads: list[Read] = field(default_factory=list)
    calls: list[Call] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    odd: list[Odd] = field(default_factory=list)
    syntax: list[Call] = field(default_factory=list)
    failing: list[Failing] = field(default_factory=list)
    uses: list[Usage] = field(default_factory=list)

    def unique(self) -> Reading:
        """Return the reading without the duplicates that arise when a called template is read several times."""
        return Reading(*(_once(getattr(self, each.name)) for each in fields(self)))

    @property
    def reads_anything(self) -> bool:
        """Whether the path of any lookup is completely unknown, so that the template may read any key."""
        return any(not read.known for read in self.reads)


def read(name: str, source: bytes, functions: Collection[str] = ()) -> Reading:
    """Read a template. Raises SyntaxFault if no version of Go can parse it; without `functions`, any word may name a function."""
    if b"{{" not in source:
        return Reading()
    words = functions or {word.decode() for word in set(_WORD.findall(source))} - {"break", "continue"}
    return _Reader(parse(name, source, words)).read(name)


class _Reader:
    """Walks the nodes of a file."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.found = Reading()
        self.scope: dict[str, list[Value]] = {}
        self.names: list[str] = []
        self.dot = Value()
        self.guards: list[str] = []
        self.defaulted: set[str] = set()
        self.is_main = True
        self.name = ""
        self.called: dict[str, list[Value]] = {}
        self.waiting: list[tuple[str, Value]] = []

    def read(self, name: str) -> Reading:
        """Read the file, then each called template with the values that its callers pass, then the other templates."""
        self.name = name
        self.found.syntax += (Call("a line break inside an action", place, 0) for place in self.parsed.line_breaks[:1])
        for each in (name, *self.parsed.bodies):
            if each not in self.called:
                self.call_template(each, Value())
            self.templates()
        self.endless()
        return self.found.unique()

    def endless(self) -> None:
        """Record the calls of templates that call themselves unconditionally, directly or through others."""
        always = {
            name: [node for node in body.nodes if isinstance(node, TemplateCallNode)] for name, body in self.parsed.bodies.items()
        }
        callers: dict[str, list[str]] = {}
        for name, nodes in always.items():
            for node in nodes:
                callers.setdefault(node.name, []).append(name)
        # A template ends if it calls only templates that end.
        left = {name: len(nodes) for name, nodes in always.items()}
        ending = [name for name, count in left.items() if not count]
        ending += [name for name in callers if name not in left]
        for name in ending:
            for caller in callers.get(name, ()):
                left[caller] -= 1
                if not left[caller]:
                    ending.append(caller)
        endless = [name for name, count in left.items() if count]
        for name in endless:
            calls_again = (node for node in always[name] if node.name in endless)
            self.found.failing += (
                Failing("template", node.at, f"{node.name!r} calls itself without end") for node in calls_again
            )

    def call_template(self, name: str, dot: Value) -> None:
        """Record a value that a template is called with."""
        calls = self.called.setdefault(name, [])
        if dot not in calls and len(calls) <= _MOST_CALLS:
            calls.append(dot if len(calls) < _MOST_CALLS else Value())
            self.waiting.append((name, calls[-1]))

    def templates(self) -> None:
        """Read the templates in `waiting`, and the templates that these call."""
        while self.waiting:
            name, self.dot = self.waiting.pop()
            self.is_main = name == self.name
            self.scope, self.names, self.guards = {"$": [self.dot]}, [], []
            self.block(self.parsed.bodies.get(name))

    # Statements

    def block(self, body: Any) -> None:
        for node in body.nodes if body is not None else ():
            visit = getattr(self, f"visit_{type(node).__name__}", None)
            if visit:
                visit(node)

    def visit_ActionNode(self, node: Any) -> None:  # noqa: N802
        value = self.pipe(node.pipeline)
        if node.pipeline.declarations:
            self.declare(node.pipeline, (value,))
            return
        if value.source:
            start, end = node.start, node.end
            self.found.written.append(Written(value.source, start, end))
        if value.kind == "time":
            self.odd("time printed", node, "")
        if value.kind == "position":
            self.odd("position printed", node, value.text)

    def visit_IfNode(self, node: Any) -> None:  # noqa: N802
        self.branch(node, keep_dot=True)

    def visit_WithNode(self, node: Any) -> None:  # noqa: N802
        self.branch(node, keep_dot=False)

    def branch(self, node: Any, *, keep_dot: bool) -> None:
        mark, before, dot = len(self.names), len(self.found.reads), self.dot
        value = self.pipe(node.pipeline)
        self.test(node.pipeline)
        self.declare(node.pipeline, (value,))
        self.dot = dot if keep_dot else value
        guards = _guards(self.found.reads[before:])
        self.within(node.body, guards)
        self.dot = dot
        self.forget(mark)
        # With {{else with}}, the else branch contains only the second `with`.
        if not keep_dot and node.else_body and _is_else_with(node):
            self.needs("{{else with}}", node.else_body.nodes[0])
        self.within(node.else_body, guards if _negates(node.pipeline) else [])

    def visit_RangeNode(self, node: Any) -> None:  # noqa: N802
        mark, before, dot = len(self.names), len(self.found.reads), self.dot
        value = self.pipe(node.pipeline)
        each = self.inside(value, ("[]",)) if value.kind == "json" else element(value)
        if value.type == "int":
            self.needs("range over a number", node)
        elif value.type in _NO_RANGE:
            self.found.failing.append(Failing("range", node.pipeline.start, f"{calls.shown(value.type)} has no elements"))
        ordered = value.kind in ("names", "pairs", "values")
        position = Value(value.text, "position", type="int") if ordered else Value()
        two = len(node.pipeline.declarations) == 2
        self.declare(node.pipeline, (position, each) if two else (each,))
        self.dot = each
        self.within(node.body, _guards(self.found.reads[before:]))
        self.dot = dot
        self.forget(mark)
        self.within(node.else_body, [])

    def within(self, body: Any, guards: list[str]) -> None:
        """Walk a body in which the paths in `guards` are known to exist."""
        mark, names = len(self.guards), len(self.names)
        self.guards += guards
        self.block(body)
        del self.guards[mark:]
        self.forget(names)

    def visit_TemplateCallNode(self, node: Any) -> None:  # noqa: N802
        value = Value()
        if node.pipeline:
            value = self.pipe(node.pipeline)
            self.declare(node.pipeline, (value,))
        if node.name not in self.parsed.bodies:
            self.found.failing.append(Failing("template", node.at, f"there is no template {node.name!r}"))
        self.call_template(node.name, value)

    def visit_BlockNode(self, node: Any) -> None:  # noqa: N802
        self.needs("{{block}}", node)
        self.visit_TemplateCallNode(node)

    def visit_BreakNode(self, node: Any) -> None:  # noqa: N802
        self.needs("{{break}}", node)

    def visit_ContinueNode(self, node: Any) -> None:  # noqa: N802
        self.needs("{{continue}}", node)

    def needs(self, what: str, node: Any) -> None:
        self.found.syntax.append(Call(what, node.start, 0))

    def odd(self, kind: OddKind, node: Any, what: str) -> None:
        self.found.odd.append(Odd(kind, node.start, what))

    def declare(self, pipeline: Any, values: Sequence[Value]) -> None:
        if pipeline.is_assignment:
            self.needs("an assignment with =", pipeline)
        for variable, value in zip(pipeline.declarations, values, strict=False):
            # A variable that is assigned again may hold any value, even in code before that assignment, which may be in a loop.
            known = Value() if variable.name in self.parsed.assigned else value
            self.scope.setdefault(variable.name, []).append(known)
            self.names.append(variable.name)

    def forget(self, mark: int) -> None:
        """Drop the variables that were declared since `mark`."""
        for name in self.names[mark:]:
            self.scope[name].pop()
        del self.names[mark:]

    def test(self, pipeline: Any) -> None:
        """Record a condition that is just a stored value. It is true for every string that is not empty, even for `false`."""
        command = pipeline.commands[0]
        first = command.arguments[0]
        if len(pipeline.commands) == 1 and len(command.arguments) == 2 and _name(first) == "getv" and not pipeline.declarations:
            self.odd("text tested", command, "")

    # Expressions

    def pipe(self, pipe: Any) -> Value:
        value: Value | None = None
        for command in pipe.commands:
            value = self.command(command, value)
        return value or Value()

    def command(self, command: Any, final: Value | None) -> Value:
        first, *rest = command.arguments
        if _name(first):
            return self.call(first, rest, final)
        for each in rest:
            self.term(each)
        kind = type(first).__name__
        if (rest or final) and not (kind in ("FieldNode", "VariableNode", "ParenthesizedNode") and first.fields):
            self.found.failing.append(Failing(literals.show(first), first.start, "it is not a function, and takes no argument"))
        elif kind == "NilNode":
            self.found.failing.append(Failing("nil", first.start, "nil alone is not a command"))
        return self.term(first)

    def term(self, node: Any) -> Value:
        match type(node).__name__:
            case "IdentifierNode":
                return self.call(node, (), None)
            case "DotNode":
                return self.dot
            case "FieldNode":
                return self.fields(self.dot, node)
            case "VariableNode":
                known = self.scope.get(node.name)
                return self.fields(known[-1] if known else Value(), node)
            case "ParenthesizedNode":
                value = self.pipe(node.pipeline)
                self.declare(node.pipeline, (value,))
                return self.fields(value, node)
        return self.constant(node)

    def constant(self, node: Any) -> Value:
        match type(node).__name__:
            case "StringNode":
                return Value(node.value, type="string", constant=True)
            case "NumberNode":
                if _NEW_NUMBER.search(node.text):
                    self.needs("a number such as 1_000, 0b1, 0o7 or 0x1p4", node)
                return Value(node.text, "number", type=calls.number_type(node.text), constant=True)
            case "BoolNode":
                return Value(type="bool")
            case "NilNode":
                return Value(type=calls.NIL)
        return Value()

    def fields(self, value: Value, node: Any) -> Value:
        unknown = next((name for name in node.fields[:1] if name not in _METHODS.get(value.type, (name,))), "")
        if unknown:
            self.found.failing.append(Failing(f".{unknown}", node.at, f"{calls.shown(value.type)} has no field of this name"))
        if node.fields and value.type in _NO_FIELDS:
            what = "." + ".".join(node.fields)
            self.found.failing.append(Failing(what, node.at, f"{calls.shown(value.type)} has no fields"))
        if node.fields and value.kind == "time":
            return Value(kind="time")
        if node.fields and value.kind == "json":
            return self.inside(value, node.fields)
        return of_fields(value, node.fields)

    def inside(self, value: Value, names: Sequence[str]) -> Value:
        """Return what is known about the part of a JSON value that a chain of field names selects."""
        origin = "\n".join((value.origin, *names))[:LONGEST]
        self.found.uses.append(Usage("field", origin))
        return Value(kind="json", origin=origin)

    def call(self, node: Any, rest: Sequence[Any], final: Value | None) -> Value:
        values = [self.term(each) for each in rest] + ([final] if final else [])
        start = node.start
        self.found.calls.append(Call(node.name, start, len(values)))
        odd = node.name in _ORDER and self.compare(node, rest, values)
        arguments = [value.argument for value in values]
        if not odd and (why := calls.never(node.name, arguments)):
            self.found.failing.append(Failing(node.name, start, why))
        elif node.name == "printf":
            self.found.failing += (Failing("printf", start, why, garbles=True) for why in calls.garbled(arguments))
        if node.name == "reverse" and values and values[0].type not in ("", STRINGS, PLAIN_PAIRS):
            self.odd("not reversed", node, calls.shown(values[0].type))
        known = [value for value in values if value.origin]
        beside = next((value.text for value in values if value.constant and value.type == "string"), "")
        self.found.uses += (Usage(node.name, value.origin, beside) for value in known if node.name in _SHAPES)
        if node.name in LISTS + LEAVES and values:
            place = rest[0].start if rest else start
            result = self.lookup(node.name, values, place)
        else:
            result = result_of(node.name, values)
        if node.name == "getenv" and values:
            result = replace(result, origin=f"${values[0].text}")
        elif node.name in _CARRY and known:
            result = replace(result, origin=known[0].origin, kind="json" if node.name.startswith("json") else result.kind)
        kind = calls.RESULTS.get(node.name, "")
        if node.name in ("and", "or", "reverse") and len({value.type for value in values}) == 1:
            kind = values[0].type
        if node.name == "index" and len(values) == 2:
            kind = calls.ELEMENTS.get(values[0].type, "") if values[0].type != "int" else ""
        if node.name in (*KEEP, "printf", "replace") and any(value.kind == "time" for value in values):
            return replace(result, type=kind, kind="time")
        return replace(result, type=kind, kind="number" if kind == "int" else result.kind)

    def lookup(self, name: str, values: list[Value], place: int) -> Value:
        path = values[0].text
        if name in ("gets", "getvs"):
            path = _GLOB.sub(WILD, path)
        default = name == "getv" and len(values) > 1
        guarded = path in self.defaulted or any(_guards_it(guard, path) for guard in self.guards)
        self.found.reads.append(Read(name, path, place, default, guarded, self.is_main))
        if default:
            self.defaulted.add(path)
        kinds: Mapping[str, Kind] = {"ls": "names", "lsdir": "names", "gets": "pairs", "get": "pair", "getvs": "values"}
        if name in kinds:
            return Value(path, kinds[name], origin=NAME if name in ("ls", "lsdir") else path)
        return Value(source=path if name == "getv" else "", origin=path if name == "getv" else "")

    def compare(self, node: Any, rest: Sequence[Any], values: list[Value]) -> bool:
        """Record a comparison that its author cannot have intended; return whether the comparison fails."""
        constants = [value for each, value in zip(rest, values, strict=False) if type(each).__name__ == "StringNode"]
        paths = [value.text for value in constants if value.text.startswith("/")]
        if len(values) > 1 and len(constants) == len(values) and paths:
            self.odd("path compared", node, paths[0])
        number = next((value for value in values if value.kind == "number"), None)
        if number and any(value.source for value in values):
            self.odd("text compared", node, number.text if number.constant else "the other side")
            return True
        return False


def _once(items: Iterable[_T]) -> list[_T]:
    return list(dict.fromkeys(items))


def _name(node: Any) -> str:
    return node.name if type(node).__name__ == "IdentifierNode" else ""


def _is_else_with(node: Any) -> bool:
    """Whether the else branch is {{else with}}, so that both `with` end at the same {{end}}.

    A {{with}} inside {{else}} has a separate {{end}}.
    """
    inner = node.else_body.nodes
    return len(inner) == 1 and type(inner[0]).__name__ == "WithNode" and inner[0].end == node.end


def _negates(pipeline: Any) -> bool:
    """Whether any part of a condition is negated, so that the condition may guard its else branch."""
    found: list[Any] = [pipeline]
    while found:
        node = found.pop()
        if _name(node) in ("not", "eq"):
            return True
        found += getattr(node, "commands", ()) or getattr(node, "arguments", ())
        if type(node).__name__ == "ParenthesizedNode":
            found.append(node.pipeline)
    return False


def _guards(reads: Iterable[Read]) -> list[str]:
    """Return the paths whose existence a condition tests, given the lookups in the condition."""
    return [each.path for each in reads if each.function in (*LISTS, "exists") or each.default][:_MOST_GUARDS]


def _guards_it(guard: str, path: str) -> bool:
    """Whether a condition on `guard` implies that `path` exists: `path` equals `guard`, is below it, or is in the same record."""
    root = guard.rstrip(WILD).rstrip("/")
    record = root.rpartition("/")[0]
    deep = record.count("/") > 3
    return path == root or path.startswith(root + "/") or (deep and path.startswith(record + "/"))
