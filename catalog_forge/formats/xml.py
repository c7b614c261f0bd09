"""Writes XML properties for Hadoop: `<property><name/><value/></property>` below `<configuration>` (XML 1.0)."""

from __future__ import annotations

import re
from collections.abc import Iterator

from catalog_forge.formats.base import MARK, Escape, Format, Placement

_ENTITIES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"), ("\r", "&#13;"))
_TEXT = Escape("xml", replace=_ENTITIES, controls="\n\r\t")
# In an attribute, readers replace each line break and tab with a space (XML 1.0, 3.3.3).
_ATTRIBUTE = Escape("xml-attribute", replace=(*_ENTITIES, ("\n", "&#10;"), ("\t", "&#9;")), controls="\n\r\t")
_PARTS = re.compile(
    r"(?P<comment><!--.*?(?:-->|\Z))|(?P<cdata><!\[CDATA\[.*?(?:\]\]>|\Z))|(?P<other><[?!].*?(?:>|\Z))"
    r"|(?P<tag><(?:\"[^\"]*(?:\"|\Z)|'[^']*(?:'|\Z)|[^>\"'])*(?:>|\Z))|(?P<text>[^<]+)",
    re.DOTALL,
)
_FORBIDDEN = {
    "comment": "in an XML comment, because not every value can be written there",
    "cdata": "in a CDATA section (write the expression outside, where values are escaped)",
    "other": "in a declaration or processing instruction",
}
_IN_TAG = re.compile(f"\"[^\"]*(?:\"|$)|'[^']*(?:'|$)|{MARK}")


def _placements(text: str) -> Iterator[Placement]:
    for part in _PARTS.finditer(text):
        kind, found = part.lastgroup or "", part.group()
        if kind == "tag":
            for piece in _IN_TAG.findall(found):
                bare = "in a tag, outside of quotes" if piece == MARK else ""
                yield from [Placement(_ATTRIBUTE, forbidden=bare or _entity(before)) for before in piece.split(MARK)[:-1]]
        elif kind == "text":
            yield from [Placement(_TEXT, forbidden=_entity(before)) for before in found.split(MARK)[:-1]]
        else:
            yield from [Placement(_TEXT, forbidden=_FORBIDDEN[kind])] * found.count(MARK)


def _entity(before: str) -> str:
    return "after an &, because the value would become part of an entity" if re.search(r"&[^&;\s]*\Z", before) else ""


def _fault(text: str) -> str:
    from xml.parsers import expat  # imported here, because few specs write text into an XML file

    try:
        expat.ParserCreate().Parse(text.encode(), True)  # Python's parsers do not load external entities
    except expat.ExpatError as error:
        return f"not well-formed: {error}"
    return ""


XML = Format(
    "xml",
    value=_TEXT,
    key=_TEXT,
    placements=_placements,
    pair="  <property>\n    <name>{key}</name>\n    <value>{value}</value>\n  </property>\n",
    comment="<!-- {} -->\n",
    head='<?xml version="1.0" encoding="UTF-8"?>\n',
    tail="</configuration>\n",
    fault=_fault,
)
