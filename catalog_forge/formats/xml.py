"""XML properties as Hadoop reads them: `<property><name/><value/></property>` below `<configuration>` (XML 1.0)."""

from catalog_forge.formats.base import Escape, Format

_TEXT = Escape(
    "xml",
    replace=(("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"), ("'", "&apos;"), ("\r", "&#13;")),
    refuse="\ufffe\uffff",
    controls="\n\r\t",
)

XML = Format(
    "xml",
    value=_TEXT,
    key=_TEXT,
    pair="  <property>\n    <name>{key}</name>\n    <value>{value}</value>\n  </property>\n",
    comment="<!-- {} -->\n",
    head='<?xml version="1.0" encoding="UTF-8"?>\n',
    tail="</configuration>\n",
)
