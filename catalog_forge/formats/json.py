"""JSON (RFC 8259): text in double quotes; numbers and truths bare. Control characters without a short escape are refused."""

from catalog_forge.formats.base import Escape, Format

_STRING = Escape(
    "json",
    opening='"',
    closing='"',
    replace=(("\\", "\\\\"), ('"', '\\"'), ("\n", "\\n"), ("\r", "\\r"), ("\t", "\\t")),
    controls="\n\r\t",
)

JSON = Format(
    "json", value=_STRING, key=_STRING, pair="{key}: {value}", inside={'"': _STRING}, typed=True, head="{", tail="\n}\n"
)
