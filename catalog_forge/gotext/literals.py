"""Evaluates the constants in templates (numbers, strings, characters), and writes nodes as Go's errors show them."""

from __future__ import annotations

import math
import re
from typing import Any

from catalog_forge.gotext.fmt import quote
from catalog_forge.gotext.values import runes, unrunes

_ESCAPE = re.compile(rb"""\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{3})|([abfnrtv\\"'])|)""")
_SIMPLE = {b"a": b"\a", b"b": b"\b", b"f": b"\f", b"n": b"\n", b"r": b"\r", b"t": b"\t", b"v": b"\v"}
# Quantifiers are possessive, so that matching takes linear time.
INTEGER = re.compile(r"([+-]?)(0[xX](?:_?[0-9a-fA-F])++|0[bB](?:_?[01])++|0[oO](?:_?[0-7])++|0(?:_?[0-7])*+|[1-9](?:_?[0-9])*+)")
_DECIMAL = re.compile(r"[+-]?(?:[0-9]++(?:\.[0-9]*+)?|\.[0-9]++)(?:[eE][+-]?[0-9]++)?")
_HEXADECIMAL = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]++(?:\.[0-9a-fA-F]*+)?|\.[0-9a-fA-F]++)[pP][+-]?[0-9]++")
_LONE_UNDERSCORE = re.compile(r"(?<![0-9])_|_(?![0-9])")
_LONE_HEX_UNDERSCORE = re.compile(r"(?<![0-9a-fA-FxX])_|_(?![0-9a-fA-F])")
_PART = re.compile(
    r"[+-]?(?:0[xX][0-9a-fA-F_]*+(?:\.[0-9a-fA-F_]*+)?(?:[pP][+-]?[0-9_]*+)?|[0-9_]*+(?:\.[0-9_]*+)?(?:[eEpP][+-]?[0-9_]*+)?)"
)
# Longer integers do not fit in 64 bits, and very long ones cannot be parsed by Python.
_LONGEST_INTEGER = 80

Number = int | float | complex


class Overflow:
    """An integer constant that is too large for Go's type int."""


def value_of(node: Any) -> Any:
    """Return the value of a constant where any type is accepted."""
    match type(node).__name__:
        case "BoolNode" | "CharacterNode":
            return node.value
        case "StringNode":
            return unrunes(node.value)
    value = number(node.text, is_complex=type(node).__name__ == "ComplexNode")
    if isinstance(value, int) and not -(1 << 63) <= value < 1 << 63:
        return Overflow()
    return value


def value_as(node: Any, kind: str) -> Any:
    """Return the value of a constant for a parameter of type string or int, or None if the constant does not fit the type."""
    value = value_of(node)
    if kind == "string":
        return value if isinstance(value, bytes) else None
    if isinstance(value, complex) and not value.imag:
        value = value.real
    if isinstance(value, float) and value.is_integer() and -(1 << 63) <= value < 1 << 63:
        value = int(value)
    return value if type(value) is int else None


def number(text: str, *, is_complex: bool = False) -> Number:
    """Parse a number. Raises ValueError, worded as in Go, if the text is not a number (parse/node.go, newNumber)."""
    if is_complex:
        return _complex(text)
    if text.endswith("i") and (imaginary := _float(text[:-1])) is not None:
        return complex(0, imaginary)
    whole = integer(text)
    if whole is not None:
        return whole
    value = _float(text)
    if value is None:
        raise ValueError(f"illegal number syntax: {_quoted(text)}")
    if not any(sign in text for sign in ".eEpP"):
        raise ValueError(f"integer overflow: {_quoted(text)}")
    return value


def integer(text: str) -> int | None:
    """Parse a signed or unsigned 64-bit integer; return None for any other text (strconv.ParseInt and ParseUint with base 0)."""
    match = INTEGER.fullmatch(text)
    if not match:
        return None
    digits = match[2].replace("_", "").lower()
    base = {"0x": 16, "0b": 2, "0o": 8}.get(digits[:2], 8 if digits[0] == "0" else 10)
    digits = digits.removeprefix({16: "0x", 2: "0b"}.get(base, "0o")).lstrip("0") or "0"
    if len(digits) > _LONGEST_INTEGER:
        return None
    value = int(digits, base)
    if match[1]:
        value = -value if match[1] == "-" else value
        return value if -(1 << 63) <= value < 1 << 63 else None
    return value if value < 1 << 64 else None


def _float(text: str) -> float | None:
    """Parse a string as a finite floating-point number. Return None if it is not one (strconv.ParseFloat)."""
    is_hex = text.lstrip("+-")[:2].lower() == "0x"
    if (_LONE_HEX_UNDERSCORE if is_hex else _LONE_UNDERSCORE).search(text):
        return None
    text = text.replace("_", "")
    if not (_HEXADECIMAL if is_hex else _DECIMAL).fullmatch(text):
        return None
    try:
        value = float.fromhex(text) if is_hex else float(text)
    except (OverflowError, ValueError):
        return None
    return value if math.isfinite(value) else None


def _complex(text: str) -> complex:
    """Parse a complex number, such as 1+2i, as fmt.Sscan does. Raises ValueError for any other text."""
    real = _PART.match(text)
    imaginary = _PART.fullmatch(text[real.end() : -1]) if real else None
    if not real or not imaginary or text[real.end()] not in "+-":
        raise ValueError("syntax error scanning complex number")
    parts = [_part(real[0]), _part(imaginary[0])]
    if None in parts:
        raise ValueError("syntax error scanning complex number")
    return complex(*parts)  # type: ignore[arg-type]


def _part(text: str) -> float | None:
    """Parse one part of a complex number. In such a part, a decimal number may have a binary exponent."""
    mantissa, p, exponent = text.lower().partition("p")
    if not p or "x" in mantissa:
        return _float(text)
    value = _float(mantissa)
    if value is None or not re.fullmatch("[+-]?[0-9]{1,18}", exponent):
        return None
    try:
        value = math.ldexp(value, max(-5000, min(5000, int(exponent))))
    except OverflowError:
        return None
    return value


def character(literal: str) -> int:
    """Return the code of a character constant. Raises ValueError, worded as in Go, for any other text (strconv.UnquoteChar)."""
    inner = unrunes(literal[1:])
    escape = _ESCAPE.match(inner)
    if escape:
        byte, octal = escape[1], escape[4]
        value = int(byte, 16) if byte else int(octal, 8) if octal else ord(runes(_unescaped(escape, b"'")))
        rest = inner[escape.end() :]
        if octal and value > 0xFF:
            raise ValueError("invalid syntax")
    else:
        first = literal[1]
        if first == "'":
            raise ValueError("invalid syntax")
        value, rest = ord(_valid(first).decode()), unrunes(literal[2:])
    if rest != b"'":
        raise ValueError(f"malformed character constant: {literal}")
    return value


def unquote(literal: bytes) -> bytes:
    """Return the string that a Go literal represents. Raises ValueError, worded as in Go, for other text (strconv.Unquote)."""
    inner = literal[1:-1]
    if literal[:1] == b"`":
        return inner.replace(b"\r", b"")
    if b"\\" not in inner and is_text(inner):
        return inner
    # Go decodes a quoted string to characters: a byte that is not UTF-8 becomes the replacement character.
    whole = b"".join(_valid(char) for char in runes(inner))
    return _ESCAPE.sub(lambda match: _unescaped(match, b'"'), whole)


def is_text(data: bytes) -> bool:
    """Return whether bytes are UTF-8."""
    try:
        data.decode()
    except UnicodeDecodeError:
        return False
    return True


def _valid(char: str) -> bytes:
    return b"\xef\xbf\xbd" if "\udc80" <= char <= "\udcff" else char.encode()


def _unescaped(match: re.Match[bytes], mark: bytes) -> bytes:
    byte, short, long, octal, simple = match.groups()
    if byte or octal:
        value = int(byte, 16) if byte else int(octal, 8)
        if value > 0xFF:
            raise ValueError("invalid syntax")
        return bytes([value])
    if short or long:
        code = int(short or long, 16)
        if code > 0x10FFFF or 0xD800 <= code <= 0xDFFF:
            raise ValueError("invalid syntax")
        return chr(code).encode()
    if not simple or simple in b"\"'" and simple != mark:
        raise ValueError("invalid syntax")
    return _SIMPLE.get(simple, simple)


def _quoted(text: str) -> str:
    return quote(unrunes(text)).decode()


def last_of(node: Any) -> Any:
    """Return the last node that Go visits when it evaluates a node. Go's errors name this last node."""
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
    start = node.name if kind == "VariableNode" else ""
    if kind == "ParenthesizedNode":
        start = show(node.pipeline) if node.bare else f"({show(node.pipeline)})"
    return start + "".join(f".{name}" for name in node.fields)
