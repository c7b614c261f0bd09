"""What stands around each expression of a body: it decides how the value is escaped.

The body is written once with a mark in place of each value, and the format tells what kind of place each mark stands in.
That is done for three files: lists of two, and of one, under conditions that hold; no lists, under conditions that do not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping

from catalog_forge.errors import ForgeError
from catalog_forge.formats import Format
from catalog_forge.formats.base import MARK, Spot
from catalog_forge.spec.expressions import Expr, Text
from catalog_forge.spec.model import Block, CopyBlock, FileBlock, ListBlock, PasteBlock, SetBlock, TextBlock, WhenBlock

Read = Callable[[FileBlock], str]


def spots(body: tuple[Block, ...], kind: Format, read: Read) -> Mapping[int, Spot]:
    """Return the spot of each expression in the texts and items of a body, by its `id`: equal ones stand in several places.

    Raises ForgeError where no value may stand, where the spot depends on a condition, and where pairs begin within quotes.
    """
    found: dict[int, Spot] = {}
    for items in (2, 1, 0):
        pieces = list(_pieces(body, kind, read, items))
        text = "".join(piece if isinstance(piece, str) else MARK for piece in pieces)
        marked = [piece for piece in pieces if not isinstance(piece, str)]
        try:
            places = list(kind.spots(text))
        except ForgeError as error:
            raise ForgeError(f"{kind.name}: the text of this file is {error.problems[0].message}", body[0].at()) from None
        for piece, spot in zip(marked, places, strict=True):
            _note(piece, spot, kind, found)
    return found


def _note(piece: Expr | SetBlock | CopyBlock, spot: Spot, kind: Format, found: dict[int, Spot]) -> None:
    if not isinstance(piece, Expr):
        if spot.forbidden or spot.escape != kind.value or spot.whole != bool(kind.value.opening):
            raise ForgeError("a quote or a comment of the text before is still open where these pairs begin", piece.at())
    elif spot.forbidden:
        raise ForgeError(f"@{{{piece.source}}} cannot stand {spot.forbidden}", piece.where)
    elif found.setdefault(id(piece), spot) != spot:
        raise ForgeError(f"@{{{piece.source}}} stands in quotes or not, depending on a condition or a list", piece.where)


def _pieces(body: tuple[Block, ...], kind: Format, read: Read, items: int) -> Iterator[str | Expr | SetBlock | CopyBlock]:
    for block in body:
        match block:
            case TextBlock(text=text):
                yield from _parts(text)
            case ListBlock(list=listing):
                if items:
                    yield listing.head
                    yield from _parts(listing.item)
                    for _ in range(items - 1):
                        yield from (listing.sep, *_parts(listing.item))
                    yield listing.tail + ("\n" if listing.sep == "\n" and not listing.tail else "")
            case SetBlock() | CopyBlock():
                before, _, after = kind.pair.format(key="k", value=MARK).partition(MARK)
                yield from (before, block, after)
            case WhenBlock(then=then, otherwise=otherwise):
                yield from _pieces(then if items else otherwise, kind, read, items)
            case FileBlock():
                yield read(block).replace(MARK, " ")
            case PasteBlock(wrap=wrap):
                yield "".join(f"{line}\n" for line in wrap)


def _parts(text: Text) -> Iterator[str | Expr]:
    for part in text.parts:
        yield part.replace(MARK, " ") if isinstance(part, str) else part
