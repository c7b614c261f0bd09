"""Compiles parsed templates for the machine. The meaning of each node follows Go's text/template (exec.go)."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from catalog_forge.gotext import literals, ops
from catalog_forge.gotext.builtins import Function
from catalog_forge.gotext.fields import METHODS, field_of
from catalog_forge.gotext.machine import Code, Expr, Fault, Machine, Op
from catalog_forge.gotext.parsing import SyntaxFault, parse
from catalog_forge.gotext.values import GoError, LimitError, truth, type_name, unrunes

_LONGEST_CONTEXT = 1000
_NIL_FITS = ("any", "value", *ops.LISTS)


@dataclass(frozen=True, slots=True)
class Template:
    """A compiled file: its templates by name, including the file itself."""

    name: str
    source: bytes
    codes: Mapping[str, Code]

    def describe(self, fault: Fault, code: Code) -> str:
        """Return the error message for a fault, worded as in Go."""
        if fault.node is None:
            return f"template: {code.name}: {fault.message}"
        before = self.source[: fault.node.at]
        line, column = before.count(b"\n") + 1, len(before) - (before.rfind(b"\n") + 1)
        context = literals.show(fault.node)
        if len(context) > _LONGEST_CONTEXT:
            context = context[:_LONGEST_CONTEXT] + "..."
        return f'template: {self.name}:{line}:{column}: executing "{code.name}" at <{context}>: {fault.message}'


def compile_template(name: str, source: bytes, functions: Mapping[str, Function]) -> Template:
    """Compile a file whose templates may call `functions`. Raises SyntaxFault, worded as in Go if Go reports this error."""
    parsed = parse(name, source, functions)
    try:
        codes = {name: Compiler(name, functions).compile(body) for name, body in parsed.bodies.items()}
    except RecursionError:
        raise SyntaxFault(f"template: {name}: it is nested more deeply than can be read here") from None
    return Template(name, source, codes)


class Compiler:
    """Compiles one template. Each variable becomes a slot, because all declarations are known in advance."""

    def __init__(self, name: str, functions: Mapping[str, Function]) -> None:
        self.code = Code(name)
        self.functions = functions
        # The visible variables: name, slot, and whether the variable may be unset because an argument of and/or declares it.
        self.scope: list[tuple[str, int, bool]] = [("$", 0, False)]
        self.may_be_skipped = False
        self.depth = 0
        self.loops: list[tuple[int, int, list[int]]] = []

    def compile(self, body: Any) -> Code:
        """Return the code of a template's body."""
        self.block(body)
        self.emit(Machine.leave)
        return self.code

    def emit(self, op: Op) -> int:
        """Append an operation, and return its index."""
        self.code.ops.append(op)
        return len(self.code.ops) - 1

    @property
    def here(self) -> int:
        return len(self.code.ops)

    def block(self, body: Any) -> None:
        for node in body.nodes:
            getattr(self, f"visit_{type(node).__name__}")(node)

    def room(self) -> int:
        """Reserve a slot, and return its index."""
        self.code.variables += 1
        return self.code.variables - 1

    def declare(self, name: str) -> int:
        slot = self.room()
        self.scope.append((name, slot, self.may_be_skipped))
        return slot

    def slots(self, name: str) -> tuple[list[int], bool]:
        """Return the slots that may hold a variable, the innermost first, and whether the last of them is certainly set."""
        found: list[int] = []
        for known, slot, may_be_unset in reversed(self.scope):
            if known == name:
                found.append(slot)
                if not may_be_unset:
                    return found, True
        return found, False

    # Statements

    def visit_TextNode(self, node: Any) -> None:  # noqa: N802
        piece = unrunes(node.text)
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
        """Compile the else branch, if any. In it, variables of the first branch (index `inner` and later) are not visible."""
        to_else[0] = self.here
        if node.else_body is not None:
            del self.scope[inner:]
            self.block(node.else_body)

    def visit_RangeNode(self, node: Any) -> None:  # noqa: N802
        mark = len(self.scope)
        value = self.pipe(node.pipeline)
        slots = [next(iter(self.slots(each.name)[0]), self.room()) for each in node.pipeline.declarations]
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
        """Compile a pipeline. The variables that it declares are visible only after it."""
        value = self.command(pipe.commands[0], None)
        for command in pipe.commands[1:]:
            slot = self.room()
            value = ops.piped(ops.settled(value), slot, self.command(command, ops.kept(slot)))
        value = ops.settled(value)
        names = [variable.name for variable in pipe.declarations]
        if pipe.is_assignment:
            return ops.assigned(value, [(name, self.slots(name)[0]) for name in names], pipe)
        return ops.stored(value, [self.declare(name) for name in names]) if names else value

    def command(self, command: Any, final: Expr | None) -> Expr:
        """Compile a command; `final` is the value that it receives through the pipe."""
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
        """Compile a single term."""
        kind = type(node).__name__
        if kind == "IdentifierNode":
            return self.function(node, node, (), None)
        if kind in ("FieldNode", "VariableNode", "ParenthesizedNode"):
            return self.fields(node, (), None) if node.fields else self.root(node)
        if kind == "DotNode":
            return ops.dot
        return self.constant(node)

    def constant(self, node: Any) -> Expr:
        value = literals.value_of(node)
        if isinstance(value, literals.Overflow):
            return ops.failing(f"{node.text} overflows int", node)
        return lambda _: value

    def root(self, node: Any) -> Expr:
        """Compile the term before the fields of a chain."""
        kind = type(node).__name__
        if kind == "FieldNode":
            return ops.dot
        if kind == "ParenthesizedNode":
            return self.pipe(node.pipeline)
        slots, is_set = self.slots(node.name)
        return ops.kept(slots[0]) if is_set and len(slots) == 1 else ops.variable(node.name, slots, node)

    def fields(self, node: Any, rest: Sequence[Any], final: Expr | None) -> Expr:
        """Compile a chain of fields. Only the last field may be a method with arguments."""
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
        """Compile a function call; `command` is the node that Go's error names when the call fails."""
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
        """Compile and/or, which evaluate only as many arguments as they need (since Go 1.18)."""
        if not rest and not final:
            return ops.failing(f"wrong number of args for {node.name}: want at least 1 got 0", node)
        before, self.may_be_skipped = self.may_be_skipped, True
        first = self.code.variables
        terms = [self.argument(each, "value") for each in rest] + ([ops.checked(final, "value", node)] if final else [])
        self.may_be_skipped = before
        inner = range(first, self.code.variables)
        stop = node.name == "or"

        def run(machine: Machine) -> Any:
            for slot in inner:
                machine.slots[slot] = ops.UNSET
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
        """Compile the arguments of a call, each for the type of its parameter."""
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
        """Compile an argument. The type of a constant is checked now, and that of any other value when the value is evaluated."""
        name = type(node).__name__
        if name == "ParenthesizedNode" and not node.fields and kind in ("any", "value"):
            return self.pipe(node.pipeline)  # already settled
        if name in ("DotNode", "FieldNode", "VariableNode", "ParenthesizedNode", "IdentifierNode"):
            return ops.checked(self.term(node), kind, node)
        if name == "NilNode":
            return ops.nothing if kind in _NIL_FITS else ops.failing(f"cannot assign nil to {kind}", node)
        if kind in ("any", "value"):
            return self.constant(node)
        if kind in ops.LISTS:
            return ops.failing(f"can't handle {literals.show(node)} for arg of type {kind}", node)
        value = literals.value_as(node, kind)
        if value is None:
            word = "integer" if kind == "int" else kind
            return ops.failing(f"expected {word}; found {literals.show(node)}", node)
        return lambda _: value
