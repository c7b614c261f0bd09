"""What stands around an expression in a text block: nothing, open quotes, a comment. It decides how the value is escaped."""

from __future__ import annotations

from enum import Enum

from catalog_forge.formats import Format

_COMMENT_MARKS = {"yaml": "#", "env": "#"}


class Context(Enum):
    """Where an expression stands in the text of a file."""

    BARE = "bare"
    QUOTED = "quoted"
    COMMENT = "comment"
    FORBIDDEN = "forbidden"


class Scanner:
    """Follows the text of one block, part by part. A quote opens a string unless it stands within a word, as in don't."""

    def __init__(self, kind: Format) -> None:
        self.kind = kind
        self.quote = ""
        self.what = ""
        self._comment = False
        self._before = "\n"
        self._seen = ""

    @property
    def context(self) -> Context:
        """Where the next expression stands."""
        if self.kind.name == "xml":
            return self._in_xml()
        if self._comment:
            return Context.COMMENT
        return Context.QUOTED if self.quote else Context.BARE

    def feed(self, text: str) -> None:
        """Follow the author's text up to the next expression."""
        self._seen += text
        escaped = False
        for char in text:
            if escaped:
                escaped = False
            elif self._comment:
                self._comment = char != "\n"
            elif self.quote:
                escaped = char == "\\" and self.quote == '"'
                self.quote = "" if char == self.quote else self.quote
            else:
                self._open(char)
            self._before = char

    def _open(self, char: str) -> None:
        if char in self.kind.inside and not self._before.isalnum():
            self.quote = char
        elif char == _COMMENT_MARKS.get(self.kind.name) and self._before.isspace():
            self._comment = True

    def _in_xml(self) -> Context:
        for opening, closing, what in (("<!--", "-->", "an XML comment"), ("<![CDATA[", "]]>", "a CDATA section")):
            if self._seen.rfind(opening) > self._seen.rfind(closing):
                self.what = what
                return Context.FORBIDDEN
        return Context.BARE
