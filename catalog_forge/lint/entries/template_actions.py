"""Queries on a parsed template: its branches, the answers that it uses, and its comparisons.

The nodes come from `gotext.parsing`, and are identified by the names of their types.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Literal

from catalog_forge.rancher.templates import Template

Kind = Literal["string", "int", "float", "bool", "nil", ""]

COMPARISONS = frozenset(("eq", "ne", "lt", "le", "gt", "ge"))
_BRANCHES = ("IfNode", "WithNode", "RangeNode")
_KINDS: dict[str, Kind] = {
    "StringNode": "string", "NumberNode": "int", "CharacterNode": "int", "BoolNode": "bool", "NilNode": "nil",
    "ComplexNode": "float",
}  # fmt: skip
# The result types of functions that always return the same type.
_RESULTS: dict[str, Kind] = {
    **dict.fromkeys("atoi len int add add1 sub mul div mod max min".split(), "int"),
    **dict.fromkeys(
        "print printf println lower upper title trim trimAll trimSuffix trimPrefix replace quote squote join repeat nospace "
        "trunc cat indent b64enc b64dec sha256sum base dir ext".split(),
        "string",
    ),
    **dict.fromkeys("contains hasPrefix hasSuffix not eq ne lt le gt ge empty hasKey isAbs".split(), "bool"),
}


def kind(node: Any) -> str:
    """Return the kind of a node: the name of its type."""
    return type(node).__name__


def statements(template: Template) -> Iterator[Any]:
    """Yield all statements of a template, including those in branches."""
    pending = list(template.parsed.bodies.values())
    while pending:
        body = pending.pop()
        for node in body.nodes:
            yield node
            pending += [inner for name in ("body", "else_body") if (inner := getattr(node, name, None)) is not None]


def pipelines(template: Template) -> Iterator[Any]:
    """Yield all pipelines of a template, including those in parentheses."""
    for node in statements(template):
        pipe = getattr(node, "pipeline", None)
        if pipe is not None:
            yield from _nested(pipe)


def _nested(pipe: Any) -> Iterator[Any]:
    pending = [pipe]
    while pending:
        each = pending.pop()
        yield each
        arguments = (argument for command in each.commands for argument in command.arguments)
        pending += [argument.pipeline for argument in arguments if kind(argument) == "ParenthesizedNode"]


def conditions(template: Template) -> Iterator[Any]:
    """Yield the pipelines of `if`, `with` and `range`."""
    return (node.pipeline for node in statements(template) if kind(node) in _BRANCHES)


def value_of(node: Any) -> str:
    """Return the name of the answer that a term refers to; an empty string if the term refers to no answer."""
    if kind(node) != "FieldNode" and not (kind(node) == "VariableNode" and node.name == "$"):
        return ""
    first, *rest = node.fields or ("",)
    return rest[0] if first == "Values" and len(rest) == 1 else ""


def values(pipe: Any) -> Iterator[tuple[str, Any]]:
    """Yield the answers used in a pipeline and in its parentheses, each answer as a pair of name and term."""
    for each in _nested(pipe):
        for command in each.commands:
            yield from ((name, term) for term in command.arguments if (name := value_of(term)))


def deciding(template: Template) -> list[str]:
    """Return the names of the answers that determine which text is rendered: those in conditions and template variables."""
    found = [name for pipe in conditions(template) for name, _ in values(pipe)]
    declared = (node.pipeline for node in statements(template) if kind(node) == "ActionNode" and node.pipeline.declarations)
    found += [name for pipe in declared for name, _ in values(pipe)]
    return list(dict.fromkeys(found))


def tested(pipe: Any) -> Iterator[Any]:
    """Yield each term of a condition that is tested without a comparison: a whole condition, or an operand of `and`, `or` or
    `not`.
    """
    for command in pipe.commands:
        first, *rest = command.arguments
        if kind(first) == "IdentifierNode" and first.name in ("and", "or", "not"):
            terms = rest
        else:
            terms = [first] if not rest or kind(first) == "ParenthesizedNode" else []
        for term in terms:
            if kind(term) == "ParenthesizedNode" and not term.fields:
                yield from tested(term.pipeline)
            else:
                yield term


def comparisons(template: Template) -> Iterator[tuple[str, Any, list[tuple[Kind, Any]]]]:
    """Yield each comparison: the function's name, the function's node, and the operands with their types ("" if unknown)."""
    for pipe in pipelines(template):
        before: Kind | None = None
        for command in pipe.commands:
            first, *rest = command.arguments
            if kind(first) == "IdentifierNode" and first.name in COMPARISONS:
                terms = [(_kind_of(term), term) for term in rest]
                yield first.name, first, [*terms, *([(before, first)] if before is not None else [])]
            before = _kind_of_command(command)


def _kind_of(term: Any) -> Kind:
    if value_of(term):
        return "string"
    if kind(term) == "ParenthesizedNode" and not term.fields:
        return _kind_of_command(term.pipeline.commands[-1])
    if kind(term) == "NumberNode" and any(each in term.text for each in ".eEpP") and not term.text.startswith("0x"):
        return "float"
    return _KINDS.get(kind(term), "")


def _kind_of_command(command: Any) -> Kind:
    first = command.arguments[0]
    if kind(first) == "IdentifierNode":
        return _RESULTS.get(first.name, "")
    return _kind_of(first)


def behind_parentheses(template: Template) -> Iterator[Any]:
    """Yield the term after parentheses at the start of a command. Go 1.8 never evaluates this term."""
    for pipe in pipelines(template):
        for command in pipe.commands:
            first, *rest = command.arguments
            if kind(first) == "ParenthesizedNode" and not first.fields and rest:
                yield rest[0]


def printed(template: Template) -> Iterator[tuple[str, Any]]:
    """Yield the answers that an action prints unchanged, each answer as a pair of name and term."""
    for node in statements(template):
        if kind(node) == "ActionNode" and not node.pipeline.declarations:
            (first, *others) = node.pipeline.commands
            name = value_of(first.arguments[0])
            if name and not others:
                yield name, first.arguments[0]
