"""Constants of templates: what a number, a string or a character is worth, and how a node reads in an error."""

from __future__ import annotations

import re
from typing import Any

from catalog_forge.gotext.fmt import quote

_HEX_INTEGER = re.compile(r"[+-]?0[xX][^pP.]+")
_ESCAPE = re.compile(rb"\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|(.))", re.DOTALL)
_SIMPLE = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}


class Overflow:
    """A number that no int holds."""


def value_of(node: Any, encoding: str) -> Any:
    """Return the value of a constant where any type will do."""
    match type(node).__name__:
        case "BoolNode":
            return node.value
        case "StringNode":
            return unquote(node.quoted.encode(encoding))
        case "CharacterNode":
            return _character(node, encoding)
    number = _number(node.text)
    if isinstance(number, int) and not -(1 << 63) <= number < 1 << 63:
        return Overflow()
    return number


def value_as(node: Any, kind: str, encoding: str) -> Any:
    """Return the value of a constant for a parameter of a type (string or int), or None when it is of another."""
    value = value_of(node, encoding)
    if kind == "string":
        return value if isinstance(value, bytes) else None
    if isinstance(value, complex) and not value.imag:
        value = value.real
    if isinstance(value, float) and value.is_integer() and abs(value) < 1 << 63:
        value = int(value)
    return value if type(value) is int else None


def _character(node: Any, encoding: str) -> int:
    found = unquote(node.quoted.encode(encoding))
    try:
        return ord(found.decode())
    except (UnicodeDecodeError, TypeError):
        return ord(node.value)


def _number(text: str) -> complex | float | int:
    """Read a number as Go writes it."""
    text = text.replace("_", "")
    if text.endswith("i"):
        split = max(text.rfind("+", 1), text.rfind("-", 1))
        if split > 0 and text[split - 1] not in "eEpP":
            return complex(float(_number(text[:split]).real), float(_number(text[split:-1]).real))
        return complex(0, float(_number(text[:-1].lstrip("0") if text[:-1].lstrip("0").isdigit() else text[:-1]).real))
    if _HEX_INTEGER.fullmatch(text) or not re.search("[.eEpP]", text):
        return _integer(text)
    return float.fromhex(text) if "x" in text.lower() else float(text)


def _integer(text: str) -> int:
    digits = text.lstrip("+-")
    number = int(digits, 8) if re.fullmatch("0[0-7]+", digits) else int(digits or "0", 0)
    return -number if text.startswith("-") else number


def unquote(literal: bytes) -> bytes:
    """Return the string that a literal of Go means; the parser has seen that it is one."""
    inner = literal[1:-1]
    if literal[:1] == b"`":
        return inner.replace(b"\r", b"")
    # Go decodes the characters of a quoted string: a byte that is none becomes the replacement character.
    whole = b"".join(_valid(char) for char in inner.decode("utf-8", "surrogateescape"))
    return _ESCAPE.sub(_unescaped, whole)


def _valid(char: str) -> bytes:
    return b"\xef\xbf\xbd" if "\udc80" <= char <= "\udcff" else char.encode()


def _unescaped(found: re.Match[bytes]) -> bytes:
    byte, short, long, octal, simple = found.groups()
    if byte or octal:
        return bytes([int(byte, 16) if byte else int(octal, 8)])
    if short or long:
        return chr(int(short or long, 16)).encode()
    return _SIMPLE.get(simple, simple)


def last_of(node: Any) -> Any:
    """Return what Go looked at last when it has evaluated a node: that is what its errors name."""
    if type(node).__name__ != "ParenthesizedNode":
        return node
    arguments = node.pipeline.commands[-1].arguments
    return last_of(arguments[-1])


def show(node: Any) -> str:
    """Write a node as Go's errors show it."""
    match type(node).__name__:
        case "DotNode":
            return "."
        case "NilNode":
            return "nil"
        case "BoolNode":
            return str(node.value).lower()
        case "NumberNode" | "ComplexNode":
            return str(node.text)
        case "StringNode" | "CharacterNode":
            return str(node.quoted)
        case "IdentifierNode":
            return str(node.name)
        case "CommandNode":
            return " ".join(map(show, node.arguments))
        case "PipeNode":
            return _show_pipe(node)
        case "TemplateCallNode" | "BlockNode":
            with_ = f" {show(node.pipeline)}" if node.pipeline else ""
            return f"{{{{template {quote(node.name.encode()).decode()}{with_}}}}}"
    return _show_chain(node)


def _show_pipe(node: Any) -> str:
    names = ", ".join(variable.name for variable in node.declarations)
    declared = f"{names} {'=' if node.is_assignment else ':='} " if names else ""
    return declared + " | ".join(map(show, node.commands))


def _show_chain(node: Any) -> str:
    kind = type(node).__name__
    start = f"({show(node.pipeline)})" if kind == "ParenthesizedNode" else node.name if kind == "VariableNode" else ""
    return start + "".join(f".{name}" for name in node.fields)
