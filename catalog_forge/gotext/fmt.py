"""Reimplements Go's fmt for template values: print, println, printf with every verb, and quoting (packages fmt and strconv)."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from functools import lru_cache
from typing import Any

from catalog_forge.gotext.time import Time
from catalog_forge.gotext.values import NIL, KVPair, Map, Uint8, runes, type_name, unrunes

# Called with the number of bytes that will be written; it raises an error if that number is too large.
Spend = Callable[[int], None]

_PIECE = 100  # bytes counted for each piece in addition to its length
_MAX_NUMBER = 1_000_000  # the largest width and index that Go accepts
_ESCAPES = {"\a": r"\a", "\b": r"\b", "\f": r"\f", "\n": r"\n", "\r": r"\r", "\t": r"\t", "\v": r"\v", "\\": "\\\\"}
_SIMPLE = re.compile(rb"%([a-z])")
_EXPONENT = re.compile(rb"[eEpP]")


def free(_size: int) -> None:
    """Allow any number of bytes."""


def sprint(values: Sequence[Any], spend: Spend = free) -> bytes:
    """Join values as Go's Sprint does: with a space between two neighbours if neither is a string."""
    printer = Printer(spend=spend)
    previous_is_text = True
    for value in values:
        text = isinstance(value, bytes)
        if not (text or previous_is_text):
            printer.add(b" ")
        printer.argument(value, "v")
        previous_is_text = text
    return printer.text


def sprintln(values: Sequence[Any], spend: Spend = free) -> bytes:
    """Join values as Go's Sprintln does: with spaces, and a line break at the end."""
    printer = Printer(spend=spend)
    for number, value in enumerate(values):
        if number:
            printer.add(b" ")
        printer.argument(value, "v")
    return printer.text + b"\n"


def sprintf(form: bytes, values: Sequence[Any], spend: Spend = free) -> bytes:
    """Format values as Go's Sprintf does. Errors, such as `%!d(string=x)`, are part of the result."""
    printer = Printer(spend=spend)
    if (verbs := _verbs(form)) is None or len(verbs) != len(values):
        return Formatter(form, values, printer).run()
    for (before, verb), value in zip(verbs, values, strict=True):
        if before:
            printer.add(before)
        printer.argument(value, verb)
    if behind := form[sum(len(before) + 2 for before, _ in verbs) :]:
        printer.add(behind)
    return printer.text


@lru_cache(maxsize=1024)
def _verbs(form: bytes) -> Sequence[tuple[bytes, str]] | None:
    """Return the verbs of a format, each with the text before it, or None if a verb is more than `%` and a lowercase letter.

    Nearly all formats are this simple. Results are cached, because the same formats occur again and again.
    """
    *pairs, behind = _SIMPLE.split(form)
    found = [(before, verb.decode()) for before, verb in zip(pairs[::2], pairs[1::2], strict=True)]
    return None if any(b"%" in text for text in (behind, *pairs[::2])) else found


@dataclass(frozen=True, slots=True)
class Flags:
    """The flags, width and precision between the percent sign and the verb."""

    sharp: bool = False
    zero: bool = False
    plus: bool = False
    minus: bool = False
    space: bool = False
    width: int | None = None
    precision: int | None = None
    sharp_v: bool = False
    plus_v: bool = False


PLAIN = Flags()


@dataclass(slots=True)
class Printer:
    """Collects formatted values, one verb at a time."""

    spend: Spend = free
    flags: Flags = PLAIN
    pieces: list[bytes] = field(default_factory=list)

    @property
    def text(self) -> bytes:
        """All text written so far."""
        return b"".join(self.pieces)

    def add(self, piece: bytes) -> None:
        """Append bytes unchanged."""
        self.spend(len(piece) + _PIECE)
        self.pieces.append(piece)

    def argument(self, value: Any, verb: str) -> None:
        """Format one value with a verb."""
        if value is None or value is NIL:
            if verb in "Tv":
                self.padded(b"<nil>")
            else:
                self.bad(value, verb)
        elif verb == "T":
            self.padded(self.truncated(type_name(value).encode()))
        elif verb in "pw":
            self.bad(value, verb)
        else:
            self.value(value, verb)

    def value(self, value: Any, verb: str) -> None:
        if isinstance(value, bytes):
            self.string(value, verb)
        elif isinstance(value, bool):
            self.padded(b"true" if value else b"false") if verb in "tv" else self.bad(value, verb)
        elif isinstance(value, int):
            self.integer(value, verb)
        elif isinstance(value, float):
            self.float(value, verb)
        elif isinstance(value, complex):
            self.complex(value, verb)
        elif isinstance(value, Time):
            self.string(str(value).encode(), verb) if verb in "vsqxX" else self.bad(value, verb)
        else:
            self.compound(value, verb)

    def compound(self, value: Any, verb: str) -> None:
        name = type_name(value)
        if self.flags.sharp_v:
            if getattr(value, "nil", False):
                self.add(f"{name}(nil)".encode())
                return
            opening, between, closing = f"{name}{{", b", ", b"}"
        else:
            opening, between, closing = {"Slice": "[", "Map": "map[", "KVPair": "{"}[type(value).__name__], b" ", b"]"
            closing = b"}" if isinstance(value, KVPair) else closing
        self.add(opening.encode())
        for number, (label, item) in enumerate(self._items(value)):
            if number:
                self.add(between)
            if isinstance(value, Map):
                self.value(label, verb)
                self.add(b":")
            elif label and (self.flags.sharp_v or self.flags.plus_v):
                self.add(label + b":")
            self._nested(item, verb)
        self.add(closing)

    def _items(self, value: Any) -> Iterable[tuple[bytes, Any]]:
        if isinstance(value, Map):
            return sorted(value.items(), key=lambda pair: pair[0])
        if isinstance(value, KVPair):
            return ((b"Key", value.key), (b"Value", value.value))
        return ((b"", item) for item in value)

    def _nested(self, item: Any, verb: str) -> None:
        if item is None:
            self.add(b"interface {}(nil)" if self.flags.sharp_v else b"<nil>")
        else:
            self.value(item, verb)

    def bad(self, value: Any, verb: str) -> None:
        """Write Go's error for a verb that does not fit a value."""
        self.add(f"%!{verb}(".encode("utf-8", "surrogateescape"))
        if value is None or value is NIL:
            self.add(b"<nil>")
        else:
            self.add(f"{type_name(value)}=".encode())
            self.value(value, "v")
        self.add(b")")

    def string(self, text: bytes, verb: str) -> None:
        if verb == "q" or (verb == "v" and self.flags.sharp_v):
            self.quoted(text)
        elif verb in "vs":
            self.padded(self.truncated(text))
        elif verb in "xX":
            self.hexed(text, verb)
        else:
            self.bad(text, verb)

    def quoted(self, text: bytes) -> None:
        text = self.truncated(text)
        if self.flags.sharp and can_backquote(text):
            self.padded(b"`" + text + b"`")
        else:
            self.padded(quote(text, ascii_only=self.flags.plus))

    def hexed(self, text: bytes, verb: str) -> None:
        flags = self.flags
        text = text if flags.precision is None else text[: flags.precision]
        prefix = f"0{verb}" if flags.sharp else ""
        digits = [f"{byte:02x}" if verb == "x" else f"{byte:02X}" for byte in text]
        shown = " ".join(prefix + pair for pair in digits) if flags.space else (prefix + "".join(digits) if digits else "")
        self.padded(shown.encode())

    def integer(self, value: int, verb: str) -> None:
        if verb in _BASES:
            self._digits(value, verb)
        elif verb == "c":
            self.padded(_rune(value))
        elif verb == "q":
            self.padded(quote(_rune(value), ascii_only=self.flags.plus, mark="'"))
        elif verb == "U":
            self._unicode(value)
        else:
            self.bad(value, verb)

    def _digits(self, value: int, verb: str) -> None:
        flags = self.flags
        if verb == "v" and flags.sharp_v and isinstance(value, Uint8):
            verb, flags = "x", replace(flags, sharp=True)
        if flags.precision == 0 and value == 0:
            self.add(b" " * (flags.width or 0))
            return
        sign = "-" if value < 0 else "+" if flags.plus else " " if flags.space else ""
        least = flags.precision or 0
        if flags.precision is None and flags.zero and not flags.minus and flags.width is not None:
            least = flags.width - bool(sign)
        digits = format(abs(value), _BASES[verb]).rjust(least, "0")
        if flags.sharp:
            digits = {"b": "0b", "x": "0x", "X": "0X"}.get(verb, "") + digits
            if verb in "oO" and not digits.startswith("0"):
                digits = "0" + digits
        if verb == "O":
            digits = "0o" + digits
        self.padded((sign + digits).encode(), zero=False)

    def _unicode(self, value: int) -> None:
        value %= 1 << 64
        shown = f"U+{value:0{max(4, self.flags.precision or 0)}X}"
        if self.flags.sharp and value <= 0x10FFFF and is_printable(chr(value)):
            shown += f" '{chr(value)}'"
        self.padded(shown.encode(), zero=False)

    def complex(self, value: complex, verb: str) -> None:
        if verb not in "vbgGxXfFeE":
            self.bad(value, verb)
            return
        flags = self.flags
        self.add(b"(")
        self.float(value.real, verb)
        self.flags = replace(flags, plus=True)
        self.float(value.imag, verb)
        self.add(b"i)")
        self.flags = flags

    def float(self, value: float, verb: str) -> None:
        if verb not in "vbgGxXfFeE":
            self.bad(value, verb)
            return
        flags = self.flags
        kind = {"v": "g", "F": "f"}.get(verb, verb)
        precision = flags.precision if flags.precision is not None else 6 if kind in "eEf" else None
        sign = "-" if math.copysign(1, value) < 0 and not math.isnan(value) else "+"
        if math.isinf(value) or math.isnan(value):
            shown = "NaN" if math.isnan(value) else "Inf"
            visible = sign == "-" or flags.plus or flags.space or shown == "Inf"
            mark = " " if flags.space and not flags.plus and sign == "+" else sign
            self.padded((mark * visible + shown).encode(), zero=False)
            return
        digits = _float_digits(abs(value), kind, precision)
        if flags.sharp and kind != "b":
            digits = _sharpened(digits, verb, precision)
        if sign == "+" and flags.space and not flags.plus:
            sign = " "
        if sign == "+" and not flags.plus:
            self.padded(digits)
        elif flags.zero and not flags.minus and flags.width is not None:
            self.add(sign.encode() + digits.rjust(flags.width - 1, b"0"))
        else:
            self.padded(sign.encode() + digits)

    def truncated(self, text: bytes) -> bytes:
        """Cut a string to the number of characters that the precision allows."""
        if self.flags.precision is None:
            return text
        return unrunes(runes(text)[: self.flags.precision])

    def padded(self, text: bytes, *, zero: bool = True) -> None:
        """Write text, padded to the width."""
        flags = self.flags
        if flags.width is None:
            self.add(text)
            return
        room = flags.width - (len(text) if text.isascii() else len(runes(text)))
        self.spend(max(0, room))
        fill = (b"0" if flags.zero and zero and not flags.minus else b" ") * room
        self.add(text + fill if flags.minus else fill + text)


_BASES = {"v": "d", "d": "d", "b": "b", "o": "o", "O": "o", "x": "x", "X": "X"}


class Formatter:
    """Formats values according to a format string, as fmt's doPrintf does."""

    def __init__(self, form: bytes, values: Sequence[Any], printer: Printer) -> None:
        self.form = form
        self.values = values
        self.printer = printer
        self.at = 0
        self.next = 0
        self.reordered = False
        self.good = True

    def run(self) -> bytes:
        """Return the formatted text."""
        form, printer = self.form, self.printer
        while self.at < len(form):
            percent = form.find(b"%", self.at)
            stop = len(form) if percent < 0 else percent
            if stop > self.at:
                printer.add(form[self.at : stop])
            self.at = stop + 1
            if stop < len(form) and not self._verb():
                break
        self._extra()
        return printer.text

    def _verb(self) -> bool:
        """Write the result of the next verb. Return False, after writing Go's error, if the format ends before the verb."""
        self.good = True
        flags = self._flags()
        if not self._is_simple():
            flags = self._sizes(flags)
        if self.at >= len(self.form):
            self.printer.add(b"%!(NOVERB)")
            return False
        verb = self._rune()
        self._write(verb, flags)
        return True

    def _is_simple(self) -> bool:
        """Whether the verb is just a lowercase letter, and there is a value that no earlier verb has used."""
        return self.at < len(self.form) and 0x61 <= self.form[self.at] <= 0x7A and self.next < len(self.values)

    def _write(self, verb: str, flags: Flags) -> None:
        if verb == "%":
            self.printer.add(b"%")
        elif not self.good or self.next >= len(self.values):
            shown = verb.encode("utf-8", "surrogateescape")
            self.printer.add(b"%!" + shown + (b"(MISSING)" if self.good else b"(BADINDEX)"))
        else:
            if verb in "vw" and flags is not PLAIN:
                flags = replace(flags, sharp=False, plus=False, sharp_v=flags.sharp, plus_v=flags.plus)
            self.printer.flags = flags
            self.printer.argument(self.values[self.next], verb)
            self.printer.flags = PLAIN
            self.next += 1

    def _flags(self) -> Flags:
        """Read the flags."""
        begin = self.at
        while self._peek() and self._peek() in b"#0+- ":
            self.at += 1
        seen = self.form[begin : self.at]
        return PLAIN if not seen else Flags(b"#" in seen, b"0" in seen, b"+" in seen, b"-" in seen, b" " in seen)

    def _sizes(self, flags: Flags) -> Flags:
        """Read the width and the precision, and the argument indexes before, between and after them."""
        indexed = self._index()
        if self._take(b"*"):
            width = self._from_values(b"%!(BADWIDTH)")
            if width is not None and width < 0:
                flags = replace(flags, minus=True, zero=False)
            flags = replace(flags, width=None if width is None else abs(width))
            indexed = False
        else:
            width = self._number()
            flags = replace(flags, width=width)
            self.good = self.good and not (indexed and width is not None)
        if self._peek() == b"." and self.at + 1 < len(self.form):
            self.at += 1
            self.good = self.good and not indexed
            indexed = self._index()
            if self._take(b"*"):
                precision = self._from_values(b"%!(BADPREC)", least=0)
                indexed = False
            else:
                precision = self._number() or 0
            flags = replace(flags, precision=precision)
        if not indexed:
            self._index()
        return flags

    def _index(self) -> bool:
        """Read an argument index such as [2], which selects the next value. Return whether the brackets contain a number."""
        if self._peek() != b"[":
            return False
        self.reordered = True
        end = self.form.find(b"]", self.at)
        # Go looks for the closing bracket only if at least three bytes are left. If a format ends in `[]`, the `]` is the verb.
        if end < 0 or len(self.form) - self.at < 3:
            self.good = False
            self.at += 1
            return False
        digits = self.form[self.at + 1 : end]
        self.at = end + 1
        number = _small(digits) if digits.isdigit() else None
        if number is not None and 1 <= number <= len(self.values):
            self.next = number - 1
        else:
            self.good = False
        return number is not None

    def _from_values(self, complaint: bytes, least: int = -_MAX_NUMBER) -> int | None:
        """Take a width or precision from the values; write `complaint` if it is not an integer of at least `least`."""
        value = self.values[self.next] if self.next < len(self.values) else None
        self.next += self.next < len(self.values)
        if isinstance(value, int) and not isinstance(value, bool) and least <= value <= _MAX_NUMBER:
            return int(value)
        self.printer.add(complaint)
        return None

    def _number(self) -> int | None:
        begin = self.at
        while self._peek().isdigit():
            self.at += 1
        digits = self.form[begin : self.at]
        number = _small(digits) if digits else None
        if digits and number is None:
            self.at = len(self.form)
        return number

    def _rune(self) -> str:
        if (byte := self.form[self.at]) < 0x80:
            self.at += 1
            return chr(byte)
        length = next((n for n in range(1, 5) if _is_rune(self.form[self.at : self.at + n])), 1)
        verb = self.form[self.at : self.at + length]
        self.at += length
        return verb.decode("utf-8", "replace")

    def _peek(self) -> bytes:
        return self.form[self.at : self.at + 1]

    def _take(self, byte: bytes) -> bool:
        found = self._peek() == byte
        self.at += found
        return found

    def _extra(self) -> None:
        """Write the error that lists the values that no verb used."""
        if self.reordered or self.next >= len(self.values):
            return
        self.printer.add(b"%!(EXTRA ")
        for number, value in enumerate(self.values[self.next :]):
            if number:
                self.printer.add(b", ")
            if value is not None:
                self.printer.add(f"{type_name(value)}=".encode())
            self.printer.argument(value, "v")
        self.printer.add(b")")


def _is_rune(piece: bytes) -> bool:
    try:
        return len(piece.decode()) == 1
    except UnicodeDecodeError:
        return False


def _rune(number: int) -> bytes:
    """Return the character of a code point. An invalid code point becomes the replacement character."""
    valid = 0 <= number <= 0x10FFFF and not 0xD800 <= number <= 0xDFFF
    return chr(number if valid else 0xFFFD).encode()


def _small(digits: bytes) -> int | None:
    """Parse the digits of a width, precision or index; return None if the number is too large.

    Go compares the number with the limit before it adds a digit, so numbers up to ten times the limit are accepted.
    """
    digits = digits.lstrip(b"0") or b"0"
    return int(digits) if len(digits) < 9 and int(digits[:-1] or b"0") <= _MAX_NUMBER else None


def quote(text: bytes, *, ascii_only: bool = False, mark: str = '"') -> bytes:
    """Write a string as a Go literal (or a character, if the mark is an apostrophe)."""
    whole = runes(text)
    if not (whole.isascii() and whole.isprintable()) or mark in whole or "\\" in whole:
        whole = "".join(_escaped(char, ascii_only, mark) for char in whole)
    return (mark + whole + mark).encode()


def _escaped(char: str, ascii_only: bool, mark: str) -> str:
    code = ord(char)
    if char == mark:
        return "\\" + char
    if char in _ESCAPES:
        return _ESCAPES[char]
    if 0xDC80 <= code <= 0xDCFF:
        return f"\\x{code - 0xDC00:02x}"
    if is_printable(char) and (code < 0x7F or not ascii_only):
        return char
    return f"\\x{code:02x}" if code < 0x80 else f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def is_printable(char: str) -> bool:
    """Return whether a character is printable by Go's rules (strconv.IsPrint)."""
    return char.isprintable()


def can_backquote(text: bytes) -> bool:
    """Return whether a string can be written between backquotes without escapes."""
    return all(char == "\t" or not (char < " " or char in "`\x7f\ufeff" or 0xDC80 <= ord(char) <= 0xDCFF) for char in runes(text))


def _float_digits(value: float, kind: str, precision: int | None) -> bytes:
    """Write a float that is not negative. If there is no precision, use the fewest digits that identify the float."""
    if kind == "b":
        # Below 2**-1022 the mantissa gets shorter, and the exponent stays the same.
        exponent = max(math.frexp(value)[1] - 53, -1074) if value else -1074
        return f"{int(math.ldexp(value, -exponent))}p{exponent:+d}".encode()
    if kind in "xX":
        shown = _hex_float(value, precision)
        return (shown.upper() if kind == "X" else shown).encode()
    if precision is not None:
        return format(value, f".{precision}{kind}").encode()
    return (shortest(value).upper() if kind == "G" else shortest(value)).encode()


def shortest(value: float) -> str:
    """Write a float as Go's %v does: with as few digits as possible, and with an exponent only if it is below -4 or above 5."""
    sign, digits, exponent = Decimal(repr(value)).normalize().as_tuple()
    text = "".join(map(str, digits))
    assert isinstance(exponent, int)
    ten = exponent + len(text) - 1
    if value and not -4 <= ten < 6:
        fraction = f".{text[1:]}" if len(text) > 1 else ""
        return f"{'-' * sign}{text[0]}{fraction}e{'-' if ten < 0 else '+'}{abs(ten):02d}"
    return format(Decimal(repr(value)), "f").removesuffix(".0")


def _hex_float(value: float, precision: int | None) -> str:
    """Write a float in hexadecimal, with a mantissa that begins with 1."""
    if not value:
        return "0x0" + ("." + "0" * precision if precision else "") + "p+00"
    mantissa, exponent = math.frexp(value)
    bits, exponent = int(mantissa * (1 << 53)), exponent - 1
    if precision is not None and precision < 13:
        unit = 1 << (52 - 4 * precision)
        whole, rest = divmod(bits, unit)
        bits = (whole + (rest * 2 > unit or (rest * 2 == unit and whole & 1))) * unit
        if bits >= 1 << 53:
            bits, exponent = bits >> 1, exponent + 1
    digits = f"{bits - (1 << 52):013x}"
    digits = digits.rstrip("0") if precision is None else digits.ljust(precision, "0")[:precision]
    return f"0x1{'.' if digits else ''}{digits}p{'-' if exponent < 0 else '+'}{abs(exponent):02d}"


def _sharpened(digits: bytes, verb: str, precision: int | None) -> bytes:
    """Add the decimal point and the trailing zeros that the flag # demands."""
    wanted = (6 if precision is None else precision) if verb in "vgGx" else 0
    found = _EXPONENT.search(digits) if verb not in "xX" else re.search(b"[pP]", digits)
    head, tail = (digits[: found.start()], digits[found.start() :]) if found else (digits, b"")
    seen = len(head.replace(b".", b"").lstrip(b"0")) if verb not in "xX" else len(head.replace(b".", b"").lstrip(b"0"))
    missing = wanted - seen
    if b"." not in head:
        if head == b"0":
            missing -= 1
        head += b"."
    return head + b"0" * max(0, missing) + tail
