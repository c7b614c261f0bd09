"""The door to gotpl: it parses templates, and what it parsed is compiled here for the machine.

Only gotpl's parser comes in (docs/decisions/0009-gotpl.md says why); it is imported when the first template is compiled, because
that takes 80 ms. What the nodes mean follows Go's text/template (exec.go, parse/node.go).
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_forge.gotext import literals, ops
from catalog_forge.gotext.builtins import Function
from catalog_forge.gotext.fields import METHODS, field_of
from catalog_forge.gotext.machine import Code, Expr, Fault, Machine, Op
from catalog_forge.gotext.values import GoError, LimitError, truth, type_name

_LONGEST_CONTEXT = 1000
# `datetime.Format` is a chain for Go and an error for gotpl, which knows it with parentheses; `define"x"` is an error for Go.
_ODD = re.compile(r"(?<![.$\w])[A-Za-z_]\w*\.[A-Za-z_]|\w[\"'`=]")
_STRING = re.compile(r'"(?:\\.|[^"\\\n])*"|`[^`]*`')
_GLUED = tuple("\"'`=")
_WORD = re.compile(r"[.$]?\w+|\$")
_NIL_FITS = ("any", "value", *ops.LISTS)


class SyntaxFault(Exception):
    """A template that Go cannot parse; the text begins with its name and line. `line` and `column` are 0 where nobody knows."""

    def __init__(self, message: str, line: int = 0, column: int = 0) -> None:
        super().__init__(message)
        self.line = line
        self.column = column


@dataclass(frozen=True, slots=True)
class Parsed:
    """The templates of a file by name, the file itself among them, as gotpl's nodes; the places of what was added for it."""

    bodies: Mapping[str, Any]
    added: tuple[int, ...] = ()

    def offset(self, start: int) -> int:
        """The place in the file, in bytes, of the place that a node gives."""
        return start - sum(added < start for added in self.added)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled file: its templates by name, the file itself among them; the places of what was added for the parser."""

    name: str
    source: bytes
    codes: Mapping[str, Code]
    added: tuple[int, ...] = ()

    def describe(self, fault: Fault, code: Code) -> str:
        """Say what went wrong, in Go's words."""
        if fault.node is None:
            return f"template: {code.name}: {fault.message}"
        place = fault.node.start
        if type(fault.node).__name__ in ("TemplateCallNode", "BlockNode"):
            # Go names the place of the template's name.
            place += len(re.split(rb'["`]', self.source[place:], maxsplit=1)[0])
        start = self.source[: Parsed({}, self.added).offset(place)]
        line, column = start.count(b"\n") + 1, len(start) - (start.rfind(b"\n") + 1)
        context = literals.show(fault.node)
        if len(context) > _LONGEST_CONTEXT:
            context = context[:_LONGEST_CONTEXT] + "..."
        return f'template: {self.name}:{line}:{column}: executing "{code.name}" at <{context}>: {fault.message}'


def compile_template(name: str, source: bytes, functions: Mapping[str, Function]) -> Template:
    """Compile a file whose templates may call `functions`. Raises SyntaxFault, with Go's words where they are known."""
    try:
        return _compile(name, source, functions)
    except RecursionError:
        raise SyntaxFault(f"template: {name}: it is nested more deeply than can be read here") from None


def parse(name: str, source: bytes, functions: Collection[str]) -> Parsed:
    """Parse a file whose templates may call `functions`. Raises SyntaxFault, with Go's words where they are known."""
    try:
        return _parse(name, _decoded(source), functions)
    except RecursionError:
        raise SyntaxFault(f"template: {name}: it is nested more deeply than can be read here") from None


def _compile(name: str, source: bytes, functions: Mapping[str, Function]) -> Template:
    text = _decoded(source)
    parsed = _parse(name, text, functions)
    encoding = "utf-8" if text.encode() == source else "latin-1"
    codes = {each: Compiler(each, functions, encoding).compile(body) for each, body in parsed.bodies.items()}
    return Template(name, source, codes, parsed.added)


def _parse(name: str, text: str, functions: Collection[str]) -> Parsed:
    from gotpl import TemplateSyntaxError
    from gotpl.parse.parser import parse_template

    try:
        prepared, added = _prepared(name, text, functions)
        parsed = parse_template(prepared, name=name, functions=functions)
    except TemplateSyntaxError as error:
        words = str(error).partition(": ")[2]
        raise SyntaxFault(f"template: {name}:{error.line}: {words}", error.line, error.column) from None
    bodies = {definition.name: definition.body for definition in parsed.definitions}
    if name not in bodies or not _is_empty(parsed.root):
        if name in bodies and not _is_empty(bodies[name]):
            raise SyntaxFault(f'template: {name}: template: multiple definition of template "{name}"')
        bodies[name] = parsed.root
    return Parsed(bodies, added)


def _decoded(source: bytes) -> str:
    """Decode a file; where it is not UTF-8, a character stands for each byte."""
    try:
        return source.decode()
    except UnicodeDecodeError:
        return source.decode("latin-1")


def _prepared(name: str, text: str, functions: Collection[str]) -> tuple[str, tuple[int, ...]]:
    """Put parentheses around a function whose field is asked for; return also where they stand.

    Raises SyntaxFault for a word with a quote or a sign right behind it, which gotpl lets pass.
    """
    if not any(_ODD.search(action) for action in _actions(text)):
        return text, ()
    from gotpl.parse.lexer import lex
    from gotpl.parse.tokens import TokenKind

    tokens = list(lex(text, functions=functions))
    data, added = text.encode(), list[int]()
    for token, after in zip(tokens, tokens[1:], strict=False):
        if after.value[:1] in _GLUED and token.kind.name not in ("TEXT", "SPACE") and _WORD.fullmatch(token.value):
            words = f"bad character U+{ord(after.value[0]):04X} '{after.value[0]}'"
            raise SyntaxFault(f"template: {name}:{after.line}: {words}", after.line)
        if token.kind is TokenKind.IDENTIFIER and after.kind is TokenKind.FIELD:
            start, end = token.start + len(added), token.end + len(added)
            data = b"".join((data[:start], b"(", data[start:end], b")", data[end:]))
            added += (start, end + 1)
    return data.decode(), tuple(added)


def _actions(text: str) -> Iterator[str]:
    """The actions of a text, with empty strings for theirs; the text between them is not worth a look."""
    for part in text.split("{{")[1:]:
        end = part.rfind("}}")
        yield _STRING.sub('""', part if end < 0 else part[:end])


def _is_empty(body: Any) -> bool:
    return all(type(node).__name__ == "TextNode" and not node.text.strip(" \t\r\n") for node in body.nodes)


class Compiler:
    """Compiles one template. Variables become slots: where one is declared is known beforehand."""

    def __init__(self, name: str, functions: Mapping[str, Function], encoding: str) -> None:
        self.code = Code(name)
        self.functions = functions
        self.encoding = encoding
        self.scope: list[tuple[str, int]] = [("$", 0)]
        self.depth = 0
        self.loops: list[tuple[int, int, list[int]]] = []

    def compile(self, body: Any) -> Code:
        """Return the code of a template's body."""
        self.block(body)
        self.emit(Machine.leave)
        return self.code

    def emit(self, op: Op) -> int:
        """Add an operation; return its place."""
        self.code.ops.append(op)
        return len(self.code.ops) - 1

    @property
    def here(self) -> int:
        return len(self.code.ops)

    def block(self, body: Any) -> None:
        for node in body.nodes:
            getattr(self, f"visit_{type(node).__name__}")(node)

    def declare(self, name: str) -> int:
        slot = self.code.variables
        self.code.variables += 1
        self.scope.append((name, slot))
        return slot

    def slot(self, name: str) -> int:
        return next(slot for known, slot in reversed(self.scope) if known == name)

    # Statements

    def visit_TextNode(self, node: Any) -> None:  # noqa: N802
        piece = node.text.encode(self.encoding)
        self.emit(lambda machine: machine.write(piece))

    def visit_ActionNode(self, node: Any) -> None:  # noqa: N802
        value = self.pipe(node.pipeline)
        if node.pipeline.declarations:
            self.emit(lambda machine: value(machine) and None)
        else:
            self.emit(lambda machine: machine.print(value(machine)))

    def visit_IfNode(self, node: Any) -> None:  # noqa: N802
        self.branch(node, keep_dot=True)

    def visit_WithNode(self, node: Any) -> None:  # noqa: N802
        self.branch(node, keep_dot=False)

    def branch(self, node: Any, *, keep_dot: bool) -> None:
        mark = len(self.scope)
        value = self.pipe(node.pipeline)
        inner = len(self.scope)
        to_else = [0]
        self.emit(ops.if_true(value, to_else) if keep_dot else ops.with_value(value, to_else))
        self.depth += not keep_dot
        self.block(node.body)
        self.depth -= not keep_dot
        if not keep_dot:
            self.emit(ops.restore_dot)
        to_end = [0]
        if node.else_body is not None:
            self.emit(ops.jump(to_end))
        self.otherwise(node, to_else, inner)
        to_end[0] = self.here
        del self.scope[mark:]

    def otherwise(self, node: Any, to_else: list[int], inner: int) -> None:
        """The else branch, or nothing: it does not see the variables from `inner` on, which belong to the other branch."""
        to_else[0] = self.here
        if node.else_body is not None:
            del self.scope[inner:]
            self.block(node.else_body)

    def visit_RangeNode(self, node: Any) -> None:  # noqa: N802
        mark = len(self.scope)
        value = self.pipe(node.pipeline)
        slots = [self.slot(each.name) for each in node.pipeline.declarations]
        inner = len(self.scope)
        to_else, to_end = [0], [0]
        self.emit(ops.begin_range(value, node.pipeline, len(slots), to_else))
        begin = self.emit(ops.next_item(slots, to_end))
        self.depth += 1
        self.loops.append((self.depth, begin, to_end))
        self.block(node.body)
        self.loops.pop()
        self.depth -= 1
        self.emit(ops.jump([begin]))
        self.otherwise(node, to_else, inner)
        to_end[0] = self.here
        del self.scope[mark:]

    def visit_BreakNode(self, _node: Any) -> None:  # noqa: N802
        depth, _, to_end = self.loops[-1]
        self.emit(ops.break_range(depth, to_end))

    def visit_ContinueNode(self, _node: Any) -> None:  # noqa: N802
        depth, begin, _ = self.loops[-1]
        self.emit(ops.continue_range(depth, begin))

    def visit_TemplateCallNode(self, node: Any) -> None:  # noqa: N802
        self.emit(ops.enter(node.name, self.pipe(node.pipeline) if node.pipeline else ops.nothing, node))

    visit_BlockNode = visit_TemplateCallNode  # noqa: N815

    # Expressions

    def pipe(self, pipe: Any) -> Expr:
        """Compile a pipeline; its variables are declared behind it."""
        value = self.command(pipe.commands[0], None)
        for command in pipe.commands[1:]:
            value = self.command(command, ops.settled(value))
        value = ops.settled(value)
        names = [variable.name for variable in pipe.declarations]
        slots = [self.slot(name) if pipe.is_assignment else self.declare(name) for name in names]
        return ops.stored(value, slots) if slots else value

    def command(self, command: Any, final: Expr | None) -> Expr:
        """Compile a command; `final` is the value that comes down the pipeline."""
        first, *rest = command.arguments
        kind = type(first).__name__
        if kind == "IdentifierNode":
            return self.function(first, command, rest, final)
        if kind in ("FieldNode", "VariableNode", "ParenthesizedNode") and first.fields:
            return self.fields(first, rest, final)
        if rest or final:
            return ops.failing(f"can't give argument to non-function {literals.show(first)}", first)
        if kind == "NilNode":
            return ops.failing("nil is not a command", first)
        return self.term(first)

    def term(self, node: Any) -> Expr:
        """Compile a term that stands alone."""
        kind = type(node).__name__
        if kind == "IdentifierNode":
            return self.function(node, node, (), None)
        if kind in ("FieldNode", "VariableNode", "ParenthesizedNode"):
            return self.fields(node, (), None) if node.fields else self.root(node)
        if kind == "DotNode":
            return ops.dot
        return self.constant(node)

    def constant(self, node: Any) -> Expr:
        value = literals.value_of(node, self.encoding)
        if isinstance(value, literals.Overflow):
            return ops.failing(f"{node.text} overflows int", node)
        return lambda _: value

    def root(self, node: Any) -> Expr:
        """Compile what a chain of fields starts with."""
        kind = type(node).__name__
        if kind == "FieldNode":
            return ops.dot
        if kind == "ParenthesizedNode":
            return self.pipe(node.pipeline)
        slot = self.slot(node.name)
        return lambda machine: machine.slots[slot]

    def fields(self, node: Any, rest: Sequence[Any], final: Expr | None) -> Expr:
        """Compile a chain of fields; only the last may be a method with arguments."""
        value = self.root(node)
        for name in node.fields[:-1]:
            value = self.field(value, name, node, (), None)
        return self.field(value, node.fields[-1], node, rest, final)

    def field(self, value: Expr, name: str, node: Any, rest: Sequence[Any], final: Expr | None) -> Expr:
        given = bool(rest or final)
        method = METHODS.get(name)
        arguments = self.arguments(method.function, name, node, rest, final) if method else ops.none

        def get(machine: Machine) -> Any:
            found = value(machine)
            try:
                if method and type_name(found) == method.type:
                    return method.function.call(found, *arguments(machine))
                return field_of(found, name, given)
            except LimitError:
                raise
            except GoError as error:
                raise Fault(str(error), literals.last_of(node)) from None

        return get

    def function(self, node: Any, command: Any, rest: Sequence[Any], final: Expr | None) -> Expr:
        """Compile the call of a function; `command` is what Go names when the call fails."""
        name = node.name
        if name in ("and", "or"):
            return self.logic(node, rest, final)
        function = self.functions[name]
        call, boxed = function.call, function.boxed
        arguments = self.arguments(function, name, node, rest, final)

        def run(machine: Machine) -> Any:
            values = arguments(machine)
            try:
                return call(machine, *values) if boxed else call(*values)
            except LimitError:
                raise
            except GoError as error:
                raise Fault(f"error calling {name}: {error}", command) from None

        return run

    def logic(self, node: Any, rest: Sequence[Any], final: Expr | None) -> Expr:
        """Compile and/or, which look at no more arguments than they need (since Go 1.18)."""
        if not rest and not final:
            return ops.failing(f"wrong number of args for {node.name}: want at least 1 got 0", node)
        terms = [self.argument(each, "value") for each in rest] + ([ops.checked(final, "value", node)] if final else [])
        stop = node.name == "or"

        def run(machine: Machine) -> Any:
            value = None
            for term in terms:
                value = term(machine)
                if truth(value) == stop:
                    break
            return value

        return run

    def arguments(
        self, function: Function, name: str, node: Any, rest: Sequence[Any], final: Expr | None
    ) -> Callable[[Machine], Sequence[Any]]:
        """Compile the arguments of a call, each for the type that the function wants."""
        wanted, given = len(function.parameters), len(rest) + (final is not None)
        if given < wanted or (given > wanted and not function.more):
            least = "at least " if function.more else ""
            shown = len(rest) if function.more else given
            return ops.failing(f"wrong number of args for {name}: want {least}{wanted} got {shown}", node)
        types = [*function.parameters, *([function.more] * (given - wanted))]
        terms = [self.argument(each, kind) for each, kind in zip(rest, types, strict=False)]
        if final:
            terms.append(ops.checked(final, types[-1], node))
        if len(terms) == 1:
            (only,) = terms
            return lambda machine: (only(machine),)
        return lambda machine: [term(machine) for term in terms]

    def argument(self, node: Any, kind: str) -> Expr:
        """Compile an argument: a constant must fit the type as it is written, a value is looked at when it is there."""
        name = type(node).__name__
        if name in ("DotNode", "FieldNode", "VariableNode", "ParenthesizedNode", "IdentifierNode"):
            return ops.checked(self.term(node), kind, node)
        if name == "NilNode":
            return ops.nothing if kind in _NIL_FITS else ops.failing(f"cannot assign nil to {kind}", node)
        if kind in ("any", "value"):
            return self.constant(node)
        if kind in ops.LISTS:
            return ops.failing(f"can't handle {literals.show(node)} for arg of type {kind}", node)
        value = literals.value_as(node, kind, self.encoding)
        if value is None:
            word = "integer" if kind == "int" else kind
            return ops.failing(f"expected {word}; found {literals.show(node)}", node)
        return lambda _: value
