"""Parses templates as Go does (text/template/parse, parse.go and node.go), and words its errors as Go does.

The parser accepts a template whose errors Go reports only when the template runs. docs/decisions/0012-own-template-parser.md says
why this project has its own parser.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import NoReturn

from catalog_forge.gotext import literals
from catalog_forge.gotext.lexing import Token, shown, tokens
from catalog_forge.gotext.nodes import (
    ActionNode,
    BlockNode,
    BoolNode,
    BranchNode,
    BreakNode,
    CharacterNode,
    CommandNode,
    ComplexNode,
    ContinueNode,
    DotNode,
    FieldNode,
    IdentifierNode,
    IfNode,
    ListNode,
    NilNode,
    Node,
    NumberNode,
    ParenthesizedNode,
    PipeNode,
    RangeNode,
    StringNode,
    TemplateCallNode,
    Term,
    TextNode,
    VariableNode,
    WithNode,
)
from catalog_forge.gotext.values import runes, unrunes

MAX_BYTES = 10_000_000
MAX_TOKENS = 1_000_000
MAX_NESTING = 100

_BRANCHES = {"if": IfNode, "range": RangeNode, "with": WithNode}
_TERMS = frozenset(
    ("bool", "character", "complex", ".", "field", "identifier", "number", "nil", "raw", "string", "variable", "(")
)
# Terms that cannot receive the value of a pipe.
_CONSTANTS = (BoolNode, DotNode, NilNode, NumberNode, CharacterNode, StringNode)
SPACES = (
    "\t\n\v\f\r \x85\xa0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u2028\u2029\u202f\u205f\u3000"
)


class SyntaxFault(Exception):
    """Raised for a template that Go cannot parse. The message begins with the template's name and line; `words` is the rest.

    `line` and `column` are 0 if they are unknown.
    """

    def __init__(self, message: str, line: int = 0, column: int = 0, words: str = "") -> None:
        super().__init__(message)
        self.line = line
        self.column = column
        self.words = words or message


@dataclass(frozen=True, slots=True)
class Parsed:
    """The templates of a file by name, including the file itself; `assigned` contains the variables that `=` changes.

    `line_breaks` are the byte offsets of line breaks between the words of an action.
    """

    bodies: Mapping[str, ListNode]
    assigned: frozenset[str] = frozenset()
    line_breaks: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Mark:
    """The end of a list of statements: {{end}} or {{else}}; `start` is the offset of that action, `end` the offset after it.

    After {{else if}} and {{else with}}, the word after `else` has not been read yet.
    """

    word: str
    start: int
    end: int


def parse(name: str, source: bytes, functions: Collection[str]) -> Parsed:
    """Parse a file whose templates may call `functions`. Raises SyntaxFault for errors (worded as in Go) and exceeded limits."""
    if len(source) > MAX_BYTES:
        raise SyntaxFault(f"template: {name}: it is larger than {MAX_BYTES} bytes")
    try:
        return _Parser(name, source, functions).parse()
    except RecursionError:
        words = "it is nested more deeply than can be read here"
        raise SyntaxFault(f"template: {name}: {words}", words=words) from None


class _Parser:
    def __init__(self, name: str, source: bytes, functions: Collection[str]) -> None:
        self.name = name
        self.source = source
        self.functions = functions
        self.tokens = tokens(runes(source), functions)
        self.cut: list[Token] = []
        self.place = 0
        self.variables = ["$"]
        self.ranges = 0
        # The offsets of the blocks and parentheses that are still open.
        self.open: list[int] = []
        self.action_line = 0
        self.bodies: dict[str, ListNode] = {}
        self.assigned: set[str] = set()
        self.line_breaks: list[int] = []

    # Tokens

    def next(self) -> Token:
        if self.place == len(self.cut):
            token = next(self.tokens)
            self.cut.append(token)
            if token.kind == "space" and "\n" in token.value:
                self.line_breaks.append(token.start)
            if self.place > MAX_TOKENS:
                self.fail(f"it has more than {MAX_TOKENS} tokens")
        self.place += 1
        return self.cut[self.place - 1]

    def next_word(self) -> Token:
        """Return the next token that is not a space."""
        token = self.next()
        while token.kind == "space":
            token = self.next()
        return token

    def peek(self) -> Token:
        token = self.next()
        self.place -= 1
        return token

    def peek_word(self) -> Token:
        token = self.next_word()
        self.place -= 1
        return token

    def expect(self, kind: str, context: str) -> Token:
        token = self.next_word()
        if token.kind != kind:
            self.unexpected(token, context)
        return token

    def unexpected(self, token: Token, context: str) -> NoReturn:
        if token.kind != "error":
            self.fail(f"unexpected {token} in {context}")
        begun = ""
        if self.action_line not in (0, token.line):
            words = "" if token.value.endswith(" action") else " in action"
            begun = f"{words} started at {self.name}:{self.action_line}"
        self.fail(f"{token}{begun}")

    def fail(self, message: str, start: int | None = None) -> NoReturn:
        """Raise SyntaxFault. The error is at the last token, or at byte `start`."""
        # Go always names the line of the last token, wherever the error is.
        last = self.cut[-1]
        start = last.start if start is None else start
        before = self.source[:start]
        line, column = before.count(b"\n") + 1, start - (before.rfind(b"\n") + 1) + 1
        raise SyntaxFault(f"template: {self.name}:{last.line}: {message}", line, column, message)

    @contextmanager
    def opened(self, start: int) -> Iterator[None]:
        if len(self.open) >= MAX_NESTING:
            self.fail(f"it is nested more deeply than {MAX_NESTING} blocks and parentheses")
        self.open.append(start)
        yield
        self.open.pop()

    # Statements

    def parse(self) -> Parsed:
        nodes: list[Node] = []
        while self.peek().kind != "eof":
            begin = self.place
            if self.next().kind == "{{" and self.next_word().kind == "define":
                self.definition(self.cut[begin].start)
                continue
            self.place = begin
            node = self.statement()
            if isinstance(node, _Mark):
                self.fail(f"unexpected {{{{{node.word}}}}}", node.start)
            nodes.append(node)
        self.add(self.name, ListNode(tuple(nodes)))
        return Parsed(self.bodies, frozenset(self.assigned), tuple(self.line_breaks))

    def add(self, name: str, body: ListNode) -> None:
        """Record a template. A template that contains only white space may be defined again."""
        if name not in self.bodies or is_empty(self.bodies[name]):
            self.bodies[name] = body
        elif not is_empty(body):
            self.fail(f"template: multiple definition of template {shown(name)}")

    def definition(self, start: int) -> None:
        context = "define clause"
        name = self.template_name(self.next_word(), context)
        self.expect("}}", context)
        self.apart(name, context, start)

    def apart(self, name: str, context: str, start: int) -> tuple[ListNode, int]:
        """Read the body of a template that cannot use outer variables. Return the body and the offset after its {{end}}."""
        variables, ranges = self.variables, self.ranges
        self.variables, self.ranges = ["$"], 0
        with self.opened(start):
            body, mark = self.statements()
        if mark.word != "end":
            self.fail(f"unexpected {{{{{mark.word}}}}} in {context}", mark.start)
        self.add(name, body)
        self.variables, self.ranges = variables, ranges
        return body, mark.end

    def statements(self) -> tuple[ListNode, _Mark]:
        """Read statements up to {{end}} or {{else}}."""
        nodes: list[Node] = []
        while self.peek_word().kind != "eof":
            node = self.statement()
            if isinstance(node, _Mark):
                return ListNode(tuple(nodes)), node
            nodes.append(node)
        return self.fail("unexpected EOF", self.open[-1])

    def statement(self) -> Node | _Mark:
        token = self.next_word()
        if token.kind == "text":
            return TextNode(token.start, token.end, token.value)
        if token.kind != "{{":
            self.unexpected(token, "input")
        self.action_line = token.line
        node = self.action(token.start)
        self.action_line = 0
        return node

    def action(self, start: int) -> Node | _Mark:
        token = self.next_word()
        match token.kind:
            case "if" | "with" | "range":
                return self.branch(token.kind, start)
            case "end":
                return _Mark("end", start, self.expect("}}", "end").end)
            case "else":
                return self.otherwise(start)
            case "template" | "block":
                return self.call(token.kind, start)
            case "break" | "continue":
                return self.loop_control(token.kind, start)
        self.place -= 1
        pipeline = self.pipeline("command", "}}")
        return ActionNode(start, self.cut[self.place - 1].end, pipeline)

    def branch(self, word: str, start: int) -> BranchNode:
        """Read an if, with or range after its keyword."""
        known = len(self.variables)
        pipeline = self.pipeline(word, "}}")
        self.ranges += word == "range"
        with self.opened(start):
            body, mark = self.statements()
        self.ranges -= word == "range"
        otherwise = None
        if mark.word == "else":
            otherwise, mark = self.else_body(word, mark)
        del self.variables[known:]
        return _BRANCHES[word](start, mark.end, pipeline, body, otherwise)

    def else_body(self, word: str, mark: _Mark) -> tuple[ListNode, _Mark]:
        if word in ("if", "with") and self.peek().kind == word:
            self.next()
            nested = self.branch(word, mark.start)
            return ListNode((nested,)), _Mark("end", nested.start, nested.end)
        with self.opened(mark.start):
            body, mark = self.statements()
        if mark.word != "end":
            self.fail(f"expected end; found {{{{{mark.word}}}}}", mark.start)
        return body, mark

    def otherwise(self, start: int) -> _Mark:
        token = self.peek_word()
        if token.kind not in ("if", "with"):
            token = self.expect("}}", "else")
        return _Mark("else", start, token.end)

    def loop_control(self, word: str, start: int) -> Node:
        context = f"{{{{{word}}}}}"
        token = self.next_word()
        if token.kind != "}}":
            self.unexpected(token, context)
        if not self.ranges:
            self.fail(f"{context} outside {{{{range}}}}")
        return (BreakNode if word == "break" else ContinueNode)(start, token.end)

    def call(self, word: str, start: int) -> Node:
        context = f"{word} clause"
        token = self.next_word()
        name = self.template_name(token, context)
        pipeline = None
        if word == "block" or self.next_word().kind != "}}":
            self.place -= word == "template"
            pipeline = self.pipeline(context, "}}")
        if word == "template":
            return TemplateCallNode(start, self.cut[self.place - 1].end, name, pipeline, token.start)
        body, end = self.apart(name, context, start)
        return BlockNode(start, end, name, pipeline, token.start, body)

    def template_name(self, token: Token, context: str) -> str:
        if token.kind not in ("string", "raw"):
            self.unexpected(token, context)
        return self.unquoted(token)

    # Expressions

    def pipeline(self, context: str, end: str) -> PipeNode:
        """Read a pipeline, including the token that ends it."""
        start = self.peek_word().start
        declarations, is_assignment = self.declarations(context)
        commands: list[CommandNode] = []
        while (token := self.next_word()).kind != end:
            if token.kind not in _TERMS:
                self.unexpected(token, context)
            self.place -= 1
            commands.append(self.command())
        if not commands:
            self.fail(f"missing value for {context}")
        for stage, command in enumerate(commands[1:], 2):
            if isinstance(command.arguments[0], _CONSTANTS):
                self.fail(f"non executable command in pipeline stage {stage}")
        return PipeNode(start, commands[-1].end, tuple(declarations), is_assignment, tuple(commands))

    def declarations(self, context: str) -> tuple[list[VariableNode], bool]:
        """Read the variables, if any, that a pipeline declares or assigns. Return them, and whether the sign is `=`."""
        found: list[VariableNode] = []
        while self.peek_word().kind == "variable":
            begin = self.place
            token, sign = self.next(), self.next_word()
            if sign.kind not in ("=", ":=", ","):
                self.place = begin
                break
            found.append(VariableNode(token.start, token.end, (), token.start, token.value))
            self.variables.append(token.value)
            if sign.kind != ",":
                self.assigned |= {variable.name for variable in found if sign.kind == "="}
                return found, sign.kind == "="
            if context != "range" or len(found) > 1:
                self.fail(f"too many declarations in {context}")
            if self.peek_word().kind not in ("variable", "}}", ")"):
                self.fail("range can only initialize variables")
        return found, False

    def command(self) -> CommandNode:
        """Read a command and the pipe after it, but not the end of the pipeline."""
        start = self.peek_word().start
        arguments: list[Term] = []
        while True:
            self.peek_word()
            operand = self.operand()
            if operand is not None:
                arguments.append(operand)
            token = self.next()
            if token.kind == "space":
                continue
            if token.kind in ("}}", ")"):
                self.place -= 1
            elif token.kind != "|":
                self.unexpected(token, "operand")
            break
        if not arguments:
            self.fail("empty command")
        return CommandNode(start, arguments[-1].end, tuple(arguments))

    def operand(self) -> Term | None:
        """Read a term and the fields after it; return None if there is no term."""
        token = self.peek_word()
        if token.kind not in _TERMS:
            return None
        self.next()
        if token.kind == "(":
            with self.opened(token.start):
                pipeline = self.pipeline("parenthesized pipeline", ")")
            fields, end, first = self.fields(self.cut[self.place - 1].end, token.start)
            return ParenthesizedNode(token.start, end, fields, first, pipeline)
        if token.kind == "variable" and token.value not in self.variables:
            self.fail(f"undefined variable {shown(token.value)}", token.start)
        if token.kind == "identifier" and token.value not in self.functions and token.value not in ("and", "or"):
            self.fail(f"function {shown(token.value)} not defined")
        if token.kind in ("variable", "field"):
            fields, end, first = self.fields(token.end, token.start)
            if token.kind == "variable":
                return VariableNode(token.start, end, fields, first, token.value)
            return FieldNode(token.start, end, (token.value[1:], *fields), first)
        return self.with_fields(self.constant(token))

    def with_fields(self, term: Term) -> Term:
        """Return a term together with the fields after it. Raises SyntaxFault if fields follow a term that is not a function."""
        if self.peek().kind != "field":
            return term
        if not isinstance(term, IdentifierNode):
            self.next()
            self.fail(f"unexpected . after term {shown(literals.show(term))}")
        pipeline = PipeNode(term.start, term.end, (), False, (CommandNode(term.start, term.end, (term,)),))
        fields, end, first = self.fields(term.end, term.start)
        return ParenthesizedNode(term.start, end, fields, first, pipeline, bare=True)

    def fields(self, end: int, start: int) -> tuple[tuple[str, ...], int, int]:
        """Read fields; return them, the offset after them, and the offset of the first field (`start` if there is none)."""
        found: list[str] = []
        first = start
        while self.peek().kind == "field":
            token = self.next()
            first = first if found else token.start
            found.append(token.value[1:])
            end = token.end
        return tuple(found), end, first

    def constant(self, token: Token) -> Term:
        place = token.start, token.end
        match token.kind:
            case ".":
                return DotNode(*place)
            case "nil":
                return NilNode(*place)
            case "bool":
                return BoolNode(*place, token.value == "true")
            case "identifier":
                return IdentifierNode(*place, token.value)
            case "string" | "raw":
                return StringNode(*place, self.unquoted(token), token.value)
        try:
            if token.kind == "character":
                return CharacterNode(*place, literals.character(token.value), token.value)
            literals.number(token.value, is_complex=token.kind == "complex")
        except ValueError as error:
            self.fail(str(error))
        return (ComplexNode if token.kind == "complex" else NumberNode)(*place, token.value)

    def unquoted(self, token: Token) -> str:
        try:
            return runes(literals.unquote(unrunes(token.value)))
        except ValueError as error:
            self.fail(str(error))


def is_empty(body: ListNode) -> bool:
    """Return whether a template contains only white space."""
    return all(isinstance(node, TextNode) and not node.text.strip(SPACES) for node in body.nodes)
