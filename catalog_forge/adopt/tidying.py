"""Removes the empty lines that actions of a template leave in its output, so that conditions and loops contain whole lines.

Spaces at the ends of lines, and repeated empty lines, are also removed. All other lines stay in place.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import replace

from catalog_forge.adopt.terms import Children, ElementName, Output, Phrase, Repeat, When, merged

_BREAK = re.compile(r"\A[ \t]*+\n")
_EMPTY = re.compile(r"\A(?:[ \t]*+\n)++")
_TRAILING = re.compile(r"(?<![ \t])[ \t]++(?=\n)")
_MANY = re.compile(r"(?<!\n)\n{3,}")
_MARGIN = re.compile(r"(?:(?<=\n)|\A)[ \t]+\Z")


def tidy(pieces: Sequence[Output], fresh: bool = True, ends: bool = True) -> list[Output]:
    """Return the output without the empty lines that come from template lines that contain only actions.

    `fresh` is True if the output begins on a new line. `ends` is True if a line break follows the output.
    """
    return _tidied(pieces, fresh, ends)[0]


def _tidied(pieces: Sequence[Output], fresh: bool, ends: bool) -> tuple[list[Output], bool]:
    """Return the tidied output, and whether the text after it begins on a new line, whichever branches are taken."""
    found: list[Output] = []
    left = merged(pieces)
    beside = True
    for place, piece in enumerate(left):
        following = left[place + 1] if place + 1 < len(left) else None
        ending = ends if following is None else isinstance(following, str) and _BREAK.match(following) is not None
        if isinstance(piece, str):
            text = _lines(piece, (_BREAK if place else _EMPTY) if fresh and beside else None)
            fresh = is_fresh(text, fresh)
            found.append(text)
        elif isinstance(piece, When):
            if fresh and all(_begins_line(part) for part in (piece.then, piece.otherwise)):
                _cut_margin(found)
            then, after = _tidied(piece.then, fresh, ending)
            otherwise, after_else = _tidied(piece.otherwise, fresh, ending)
            fresh = after and after_else
            found.append(replace(piece, then=then, otherwise=otherwise))
        elif isinstance(piece, Repeat):
            alone = not (piece.head or piece.separator or piece.tail)
            if alone and ending and piece.body and _begins_line(piece.body) and not _ends_fresh(piece.body):
                # The line break at the start of each element moves to the element's end. In exchange, the line break after the
                # loop is moved in front of the loop.
                _cut_margin(found) if fresh else _end_line(found)
                piece, fresh = _turned(piece), True
                left[place + 1 : place + 2] = [_BREAK.sub("", following, count=1)] if isinstance(following, str) else []
            found.append(replace(piece, body=merged(piece.body)))
            fresh = fresh and alone and _ends_fresh(piece.body)
        else:
            found.append(piece)
            fresh = False
        beside = not isinstance(piece, str)
    if ends and found and isinstance(found[-1], str):
        found[-1] = _MARGIN.sub("", found[-1])
    return [piece for piece in found if piece != ""], fresh


def is_fresh(text: str, before: bool) -> bool:
    """Whether only spaces follow the last line break of the output up to the end of `text`.

    `before` is the result for the output that precedes `text`.
    """
    _, broken, last = text.rpartition("\n")
    return not last.strip() if broken else before and not text.strip()


def _begins_line(pieces: Sequence[Output]) -> bool:
    return not pieces or (isinstance(pieces[0], str) and _BREAK.match(pieces[0]) is not None)


def _ends_fresh(pieces: Sequence[Output]) -> bool:
    return bool(pieces) and isinstance(pieces[-1], str) and pieces[-1].endswith("\n")


def _lines(text: str, leading: re.Pattern[str] | None) -> str:
    """Remove trailing spaces, repeated empty lines and the match of `leading` from text."""
    text = _MANY.sub("\n\n", _TRAILING.sub("", text))
    return leading.sub("", text, count=1) if leading and _BREAK.match(text) else text


def _turned(piece: Repeat) -> Repeat:
    """Return the loop with the line break moved from the start of each element to its end."""
    return replace(piece, body=[_BREAK.sub("", str(piece.body[0]), count=1), *piece.body[1:], "\n"])


def _end_line(found: list[Output]) -> None:
    """End the current line of the output."""
    if found and isinstance(found[-1], str):
        found[-1] = found[-1].rstrip(" \t") + "\n"
    else:
        found.append("\n")


def _cut_margin(found: list[Output]) -> None:
    """Remove the indentation before a condition or loop that begins on a separate line."""
    if found and isinstance(found[-1], str):
        found[-1] = _MARGIN.sub("", found[-1])


def across(repeat: Repeat) -> Repeat:
    """If a loop over all stacks contains only a loop over a stack's services, turn both into one loop over all services."""
    inside = next((each for each in repeat.body if isinstance(each, Repeat)), None)
    if not isinstance(repeat.loop.of, Children) or repeat.loop.of.path.constant != "/stacks" or inside is None:
        return repeat
    services = Phrase(("/stacks/", ElementName(repeat.loop), "/services"))
    others = [each for each in repeat.body if each is not inside]
    if any(not isinstance(each, str) or each.strip() for each in others) or inside.head or inside.separator or inside.tail:
        return repeat
    if not isinstance(inside.loop.of, Children) or inside.loop.of.path != services:
        return repeat
    place = repeat.body.index(inside)
    before, after = ("".join(map(str, pieces)) for pieces in (repeat.body[:place], repeat.body[place + 1 :]))
    if not _is_blank_between(before, after, inside.body):
        return repeat
    return replace(inside, body=merged([before, *inside.body, after]))


def _is_blank_between(before: str, after: str, body: Sequence[Output]) -> bool:
    """Whether the white space around a stack's services would add nothing but empty lines if it surrounded each service."""
    first, last = (piece if isinstance(piece, str) else "" for piece in (body[0], body[-1])) if body else ("", "")
    if not before + after or _BREAK.match(first):
        return True
    return last.endswith("\n") and before.rpartition("\n")[2] == "" and (after.rpartition("\n")[2] == "" or "\n" in before)
