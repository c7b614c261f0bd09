"""The syntax tree of a template. `start` and `end` are byte offsets in the file; `at` is the offset that Go's errors name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Any node of the tree."""

    start: int
    end: int

    @property
    def at(self) -> int:
        """The offset that Go's errors name."""
        return self.start


# Terms


@dataclass(frozen=True, slots=True)
class DotNode(Node):
    """The dot."""


@dataclass(frozen=True, slots=True)
class NilNode(Node):
    """The constant nil, which has no type."""


@dataclass(frozen=True, slots=True)
class BoolNode(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class NumberNode(Node):
    """A number, which may be imaginary, as written in the template."""

    text: str


@dataclass(frozen=True, slots=True)
class ComplexNode(NumberNode):
    """A complex number, whose two parts are as written in the template."""


@dataclass(frozen=True, slots=True)
class CharacterNode(Node):
    """A character constant, whose value is a number."""

    value: int
    quoted: str


@dataclass(frozen=True, slots=True)
class StringNode(Node):
    """A string; a byte that is not UTF-8 is represented by a surrogate, as in `values.runes`."""

    value: str
    quoted: str


@dataclass(frozen=True, slots=True)
class IdentifierNode(Node):
    """The name of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """A term that fields may follow. Go's errors name the first of these fields."""

    fields: tuple[str, ...]
    field_start: int

    @property
    def at(self) -> int:
        return self.field_start


@dataclass(frozen=True, slots=True)
class FieldNode(Chain):
    """Fields of the dot."""


@dataclass(frozen=True, slots=True)
class VariableNode(Chain):
    """A variable; its name begins with the dollar sign."""

    name: str


@dataclass(frozen=True, slots=True)
class ParenthesizedNode(Chain):
    """A pipeline in parentheses. `bare`: the source has no parentheses, because a function name that is directly followed by a
    field, such as `now.Year`, is parsed as if it were `(now).Year`.
    """

    pipeline: PipeNode
    bare: bool = False


Term = DotNode | NilNode | BoolNode | NumberNode | CharacterNode | StringNode | IdentifierNode | Chain


@dataclass(frozen=True, slots=True)
class CommandNode(Node):
    """A function or a value, and its arguments."""

    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class PipeNode(Node):
    """Commands, each of which receives the result of the previous command; and the variables that receive the last result."""

    declarations: tuple[VariableNode, ...]
    is_assignment: bool
    commands: tuple[CommandNode, ...]


# Statements


@dataclass(frozen=True, slots=True)
class ListNode:
    """A list of statements."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TextNode(Node):
    """Text between actions; a byte that is not UTF-8 is represented by a surrogate."""

    text: str


@dataclass(frozen=True, slots=True)
class ActionNode(Node):
    pipeline: PipeNode


@dataclass(frozen=True, slots=True)
class BranchNode(Node):
    pipeline: PipeNode
    body: ListNode
    else_body: ListNode | None


@dataclass(frozen=True, slots=True)
class IfNode(BranchNode):
    """{{if}}. An {{else if}} is an IfNode inside the else branch, and that branch begins at the {{else if}}."""


@dataclass(frozen=True, slots=True)
class WithNode(BranchNode):
    """{{with}}. An {{else with}} is a WithNode inside the else branch, and that branch begins at the {{else with}}."""


@dataclass(frozen=True, slots=True)
class RangeNode(BranchNode):
    """{{range}}."""


@dataclass(frozen=True, slots=True)
class BreakNode(Node):
    """{{break}}."""


@dataclass(frozen=True, slots=True)
class ContinueNode(Node):
    """{{continue}}."""


@dataclass(frozen=True, slots=True)
class TemplateCallNode(Node):
    """{{template}}. Go's errors name the offset of the template's name."""

    name: str
    pipeline: PipeNode | None
    name_start: int

    @property
    def at(self) -> int:
        return self.name_start


@dataclass(frozen=True, slots=True)
class BlockNode(TemplateCallNode):
    """{{block}}: a template definition and its call."""

    body: ListNode
