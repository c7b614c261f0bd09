"""Reads shell scripts: finds which characters are certainly code, and which code is in double quotes."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

_HEREDOC = re.compile(r"<<(-?)\s*(\\?)(['\"]?)([A-Za-z_]\w*)\3")
_COMMENT_AFTER = " \t\n;&|()"
# The placeholders in the result of `words`: UNKNOWN for text that only the running shell knows, ALL for all arguments of the
# script.
UNKNOWN, ALL = "\0", "\0@"
_VALUE = r"\$(?:\{[^{}]*+\}|\((?:[^()]|\([^()]*+\))*+\)|\w++|[@*#?$!-])|`[^`]*+`"
_PIECE = re.compile(
    r"""(?P<gap>[ \t]++)|(?P<joined>\\\r?\n)|'(?P<single>[^']*+)'|"(?P<double>(?:[^"\\]|\\.)*+)"|\\(?P<escaped>.)"""
    rf"""|(?P<plain>[^\s'"\\;&|<>()`$]++)|(?P<unknown>{_VALUE})|(?P<dollar>\$)""",
    re.DOTALL,
)
_INNER = re.compile(rf"{_VALUE}|\\([\\\"$`\n])", re.DOTALL)
_ALL = frozenset(("$@", "${@}", "$*", "${*}"))


@dataclass(frozen=True, slots=True)
class Masked:
    """A script in which comments, quoted text and heredocs are replaced by spaces. The quotes and all offsets stay the same.

    `bare` contains the offsets of unquoted $@ and $*.
    """

    code: str
    bare: tuple[int, ...]


@dataclass(slots=True)
class _Scanner:
    text: str
    out: list[str]
    bare: list[int] = field(default_factory=list)
    # The open constructs, innermost last: `"` for a double quote, `(` for $( or (, `{` for ${, and `Q` for ${ inside a quote.
    open: list[str] = field(default_factory=list)
    at: int = 0
    heredocs: list[tuple[str, bool]] = field(default_factory=list)

    @property
    def quoted(self) -> bool:
        return bool(self.open) and self.open[-1] in ('"', "Q")

    def blank(self, end: int) -> None:
        for place in range(self.at, min(end, len(self.text))):
            if self.text[place] != "\n":
                self.out[place] = " "
        self.at = end

    def step(self) -> None:
        char = self.text[self.at]
        if char == "\\" and self.text[self.at + 1 : self.at + 2] == "\n":
            self.at += 2
        elif char == "\\":
            self.blank(self.at + 2)
        elif char == '"':
            self.quote()
        elif char == "'" and not self.quoted:
            end = self.text.find("'", self.at + 1)
            self.at += 1
            self.blank(end if end >= 0 else len(self.text))
            self.at += 1
        elif char == "$":
            self.dollar()
        elif char in ")}" and self.open and self.open[-1] in ("(" if char == ")" else "{Q"):
            self.open.pop()
            self.at += 1
        elif self.quoted:
            self.blank(self.at + 1)
        else:
            self.plain(char)

    def quote(self) -> None:
        if self.open and self.open[-1] == '"':
            self.open.pop()
        else:
            self.open.append('"')
        self.at += 1

    def dollar(self) -> None:
        following = self.text[self.at + 1 : self.at + 2]
        if following in ("@", "*") and not self.quoted:
            self.bare.append(self.at)
        if following == "(":
            self.open.append("(")
        elif following == "{":
            inside = self.text[self.at + 2 : self.at + 3]
            if inside in ("@", "*") and not self.quoted:
                self.bare.append(self.at)
            self.open.append("Q" if self.quoted else "{")
        self.at += 2 if following in ("(", "{", "@", "*", "#") else 1

    def plain(self, char: str) -> None:
        before = self.text[self.at - 1] if self.at else "\n"
        if char == "#" and before in _COMMENT_AFTER:
            end = self.text.find("\n", self.at)
            self.blank(end if end >= 0 else len(self.text))
        elif char == "(":
            self.open.append("(")
            self.at += 1
        elif char == "<" and (found := _HEREDOC.match(self.text, self.at)):
            self.heredocs.append((found[4], bool(found[1])))
            self.at = found.end()
        elif char == "\n" and self.heredocs:
            self.at += 1
            self.skip_heredocs()
        else:
            self.at += 1

    def skip_heredocs(self) -> None:
        for name, tabs in self.heredocs:
            before = r"^\t*" if tabs else "^"
            end = re.compile(rf"{before}{name}[ \t]*$", re.MULTILINE).search(self.text, self.at)
            self.blank(end.end() if end else len(self.text))
        self.heredocs.clear()


def mask(text: str) -> Masked:
    """Return a script with everything but code masked. If the text is not a shell script, it may be masked wrongly, but
    no error is raised.
    """
    scanner = _Scanner(text, list(text))
    while scanner.at < len(text):
        scanner.step()
    return Masked("".join(scanner.out), tuple(scanner.bare))


def words(text: str, start: int = 0) -> tuple[list[str], int]:
    """Return the words of the simple command that begins at an offset, and the offset of the command's end.

    Quotes are removed. UNKNOWN replaces what the shell would substitute; ALL replaces "$@" and its variants.
    """
    found: list[str] = []
    word: list[str] = []
    while piece := _PIECE.match(text, start):
        kind, inner = piece.lastgroup or "", piece[piece.lastgroup or 0]
        if not word and kind == "plain" and inner.startswith("#"):
            break
        start = piece.end()
        if kind == "gap":
            found += ["".join(word)] if word else []
            word = []
        elif kind == "double":
            word.append(ALL if inner in _ALL else _INNER.sub(_put_in, inner))
        elif kind == "unknown":
            word.append(ALL if inner in _ALL else UNKNOWN)
        elif kind != "joined":
            word.append(inner)
    # A number directly before a redirection is not a word.
    if word and not ("".join(word).isdigit() and text[start : start + 1] in ("<", ">")):
        found.append("".join(word))
    return found, start


def _put_in(found: re.Match[str]) -> str:
    return UNKNOWN if found[1] is None else found[1].strip("\n")
