"""Resolves unquoted YAML scalars as go-yaml v2 (the library of rancher-metadata) does, mostly by the rules of YAML 1.1.

Rules: `resolve.go` of gopkg.in/yaml.v2 as used by rancher-metadata 0.7.4, and the observed answers of that program.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping, Sequence
from typing import TypeAlias

Scalar = bool | int | float | str | None
Value: TypeAlias = "Scalar | Sequence[Value] | Mapping[str, Value]"

WORDS: Mapping[str, Scalar] = {
    **dict.fromkeys(("y", "Y", "yes", "Yes", "YES", "true", "True", "TRUE", "on", "On", "ON"), True),
    **dict.fromkeys(("n", "N", "no", "No", "NO", "false", "False", "FALSE", "off", "Off", "OFF"), False),
    **dict.fromkeys(("", "~", "null", "Null", "NULL"), None),
    **dict.fromkeys((".nan", ".NaN", ".NAN"), math.nan),
    **dict.fromkeys((".inf", ".Inf", ".INF", "+.inf", "+.Inf", "+.INF"), math.inf),
    **dict.fromkeys(("-.inf", "-.Inf", "-.INF"), -math.inf),
}
_INT = re.compile(r"([+-]?)(?:0[xX]([0-9a-fA-F]+)|0[bB]([01]+)|0[oO]?([0-7]+)|(0|[1-9][0-9]*))")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_HEX_FLOAT = re.compile(r"[+-]?0[xX](?:[0-9a-fA-F]+(?:\.[0-9a-fA-F]*)?|\.[0-9a-fA-F]+)[pP][+-]?[0-9]+")
_INFINITY = re.compile(r"[+-]inf(?:inity)?", re.IGNORECASE)
_SEPARATOR = re.compile("(?<=[0-9])_(?=[0-9])")


def resolve(text: str) -> Scalar:
    """Return the value of an unquoted scalar. A word or number of YAML 1.1 has the library's value; any other scalar is text.

    Integers that do not fit in 64 bits are floats; floats that do not fit in a double are text.
    """
    if text in WORDS:
        return WORDS[text]
    if text[0] == ".":
        number = _float(_SEPARATOR.sub("", text))
        return number if isinstance(number, float) else text
    return _number(text) if text[0] in "+-0123456789" else text


def _number(text: str) -> Scalar:
    plain = text.replace("_", "")
    found = _INT.fullmatch(plain)
    if found is None:
        number = _float(plain)
        return number if isinstance(number, float) else text
    sign, sixteen, two, eight, ten = found.groups()
    digits, base = next((digits, base) for digits, base in ((sixteen, 16), (two, 2), (eight, 8), (ten, 10)) if digits)
    if len(digits) <= 64:
        value = -int(digits, base) if sign == "-" else int(digits, base)
        if -(1 << 63) <= value < (1 << 63) or (not sign and value < 1 << 64):
            return value
    number = _float(plain)
    return number if isinstance(number, float) else text


def _float(text: str) -> float | str:
    if _FLOAT.fullmatch(text):
        value = float(text)
        return value if math.isfinite(value) else text
    if _HEX_FLOAT.fullmatch(text):
        try:
            return float.fromhex(text)
        except OverflowError:
            return text
    return float(text) if _INFINITY.fullmatch(text) else text
