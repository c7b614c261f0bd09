"""What a template is parsed into. `start` and `end` are places in the file, in bytes; `at` is the place that Go's errors name."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Node:
    """Any part of a template."""

    start: int
    end: int

    @property
    def at(self) -> int:
        """The place that Go's errors name."""
        return self.start


# Terms


@dataclass(frozen=True, slots=True)
class DotNode(Node):
    """The cursor."""


@dataclass(frozen=True, slots=True)
class NilNode(Node):
    """The untyped nil."""


@dataclass(frozen=True, slots=True)
class BoolNode(Node):
    value: bool


@dataclass(frozen=True, slots=True)
class NumberNode(Node):
    """A number, imaginary ones too, as it is written."""

    text: str


@dataclass(frozen=True, slots=True)
class ComplexNode(NumberNode):
    """A real and an imaginary part, as they are written."""


@dataclass(frozen=True, slots=True)
class CharacterNode(Node):
    """A character constant: a number."""

    value: int
    quoted: str


@dataclass(frozen=True, slots=True)
class StringNode(Node):
    """A string; a byte of it that is not UTF-8 is a surrogate, as `values.runes` has it."""

    value: str
    quoted: str


@dataclass(frozen=True, slots=True)
class IdentifierNode(Node):
    """The name of a function."""

    name: str


@dataclass(frozen=True, slots=True)
class Chain(Node):
    """What may be followed by fields. Go's errors name the first field that it is followed by."""

    fields: tuple[str, ...]
    field_start: int

    @property
    def at(self) -> int:
        return self.field_start


@dataclass(frozen=True, slots=True)
class FieldNode(Chain):
    """Fields of the cursor."""


@dataclass(frozen=True, slots=True)
class VariableNode(Chain):
    """A variable, with its dollar sign."""

    name: str


@dataclass(frozen=True, slots=True)
class ParenthesizedNode(Chain):
    """A pipeline in parentheses; `bare` is a function whose result is asked for a field without any."""

    pipeline: PipeNode
    bare: bool = False


Term = DotNode | NilNode | BoolNode | NumberNode | CharacterNode | StringNode | IdentifierNode | Chain


@dataclass(frozen=True, slots=True)
class CommandNode(Node):
    """A function or a value, and its arguments."""

    arguments: tuple[Term, ...]


@dataclass(frozen=True, slots=True)
class PipeNode(Node):
    """Commands, each with the result of the one before, and the variables that are set to the last one's."""

    declarations: tuple[VariableNode, ...]
    is_assignment: bool
    commands: tuple[CommandNode, ...]


# Statements


@dataclass(frozen=True, slots=True)
class ListNode:
    """Statements in their order."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class TextNode(Node):
    """Text between actions; a byte of it that is not UTF-8 is a surrogate."""

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
    """{{if}}; {{else if}} is an if in the else branch, which begins at that action."""


@dataclass(frozen=True, slots=True)
class WithNode(BranchNode):
    """{{with}}; as {{if}}."""


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
    """{{template}}. Go's errors name the place of the template's name."""

    name: str
    pipeline: PipeNode | None
    name_start: int

    @property
    def at(self) -> int:
        return self.name_start


@dataclass(frozen=True, slots=True)
class BlockNode(TemplateCallNode):
    """{{block}}: a template and its call."""

    body: ListNode
