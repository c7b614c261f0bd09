"""Writes configuration files of nginx and HAProxy: quotes, comments and words with spaces between them. Neither format has pairs.

nginx: src/core/ngx_conf_file.c, ngx_conf_read_token (quotes and comments start only at the start of a word; `$` begins a variable
even in quotes, and cannot be escaped). HAProxy: Configuration Manual, 2.2 "Quoting and escaping" (double quotes since 1.6; no
escapes in single quotes); HAProxy treats an empty word as the end of a line's words.
"""

from __future__ import annotations

import re
import string
from collections.abc import Iterator
from dataclasses import dataclass

from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, MARK, TAB, Escape, Format, Placement, odd_backslash

_DOUBLED = ("\\", "\\\\")
_EXTRA = "/:@+,=%?!*|^"
_SPACE = " \t\r\n"
_NAME = f"{string.ascii_letters}{string.digits}_"
_LENGTHENED = "after a variable, because the value would become part of its name (write ${NAME})"


@dataclass(frozen=True, slots=True)
class _Words:
    """Finds the placement of each value in the text of a file.

    Quotes and comments start only after a character in `begins`; if `begins` is empty, they may start anywhere. A value is a
    whole word if it is between a character in `begins` and a character in `ends`. `$` begins a variable in the kinds of text that
    `expand` lists.
    """

    escapes: dict[str, Escape]
    parts: re.Pattern[str]
    begins: str
    ends: str
    expand: tuple[str, ...]

    def __call__(self, text: str) -> Iterator[Placement]:
        place = 0
        while found := self.parts.match(text, place):
            kind, part = found.lastgroup or "", found.group()
            opens = not self.begins or place == 0 or text[place - 1] in self.begins
            if kind not in ("bare", "hidden") and not opens:
                kind, part = "bare", part[0]
            for mark in re.finditer(MARK, part):
                yield self.placement(kind, text, place, place + mark.start(), opens)
            place += len(part)

    def placement(self, kind: str, text: str, begin: int, place: int, opens: bool) -> Placement:
        ahead = text[max(begin, place - 100) if kind != "bare" else max(0, place - 100) : place]
        whole = (
            kind == "bare" and opens and (place == 0 or text[place - 1] in self.begins + _SPACE) and self.ended(text, place + 1)
        )
        escape = self.escapes["whole" if whole else kind]
        if odd_backslash(ahead) and escape.changes or kind == "hidden":
            return Placement(escape, forbidden=BEHIND_BACKSLASH)
        lengthens = kind in self.expand and ahead.rstrip(_NAME).removesuffix("{").endswith("$")
        return Placement(escape, whole=whole, forbidden=_LENGTHENED if lengthens else "")

    def ended(self, text: str, place: int) -> bool:
        """Whether a word ends before this place."""
        return place == len(text) or text[place] in self.ends


def _parts(single: str) -> re.Pattern[str]:
    quoted = r"\"(?:\\.|[^\"\\])*(?:\"|\Z|\\\Z)"
    return re.compile(rf"(?P<hidden>\\.)|(?P<double>{quoted})|(?P<single>{single})|(?P<comment>\#[^\n]*)|(?P<bare>.)", re.DOTALL)


def _escapes(name: str, whole: Escape, double: Escape, single: Escape) -> dict[str, Escape]:
    word = Escape(f"{name}-word", word=True, extra=_EXTRA)
    return {"whole": whole, "double": double, "single": single, "comment": LINE, "bare": word, "hidden": word}


_NGINX = Escape("nginx", '"', '"', (_DOUBLED, ('"', '\\"')), refuse="$", controls=TAB)
_NGINX_SINGLE = Escape("nginx-single", "'", "'", (_DOUBLED, ("'", "\\'")), refuse="$", controls=TAB)
_HAPROXY_ESCAPES = (_DOUBLED, ('"', '\\"'), ("$", "\\$"))
_HAPROXY = Escape("haproxy", '"', '"', _HAPROXY_ESCAPES, controls=TAB, empty=False)
_HAPROXY_DOUBLE = Escape("haproxy-double", '"', '"', _HAPROXY_ESCAPES, controls=TAB)
_HAPROXY_SINGLE = Escape("haproxy-single", "'", "'", refuse="'", controls=TAB)

NGINX = Format(
    "nginx",
    value=_NGINX,
    key=_NGINX,
    placements=_Words(
        _escapes("nginx", _NGINX, _NGINX, _NGINX_SINGLE),
        _parts(r"'(?:\\.|[^'\\])*(?:'|\Z|\\\Z)"),
        _SPACE + ";{}",
        _SPACE + ";{)",
        ("bare", "double", "single"),
    ),
    comment="# {}\n",
    typed=True,
)
HAPROXY = Format(
    "haproxy",
    value=_HAPROXY,
    key=_HAPROXY,
    placements=_Words(
        _escapes("haproxy", _HAPROXY, _HAPROXY_DOUBLE, _HAPROXY_SINGLE),
        _parts(r"'[^']*(?:'|\Z)"),
        "",
        _SPACE,
        ("double",),
    ),
    comment="# {}\n",
    typed=True,
)
