"""Finds the context of each expression in a body, such as quotes or a comment. The context determines how the value is escaped.

Each value is replaced with a marker character, and the format reports the placement of each marker. This is repeated for the
different files that a body can produce: with each branch of each condition, and with two, one and no elements in the lists.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from itertools import count

from catalog_forge.errors import ForgeError
from catalog_forge.formats import Format
from catalog_forge.formats.base import MARK, MOVE, Placement
from catalog_forge.spec.expressions import Expr, Text
from catalog_forge.spec.model import Block, CopyBlock, EachBlock, FileBlock, ListBlock, PasteBlock, SetBlock, TextBlock, WhenBlock
from catalog_forge.spec.model.bodies import blocks_of

Read = Callable[[FileBlock], str]
Piece = str | Expr | SetBlock | CopyBlock


def placements(body: tuple[Block, ...], kind: Format, read: Read) -> Mapping[int, Placement]:
    """Map each expression in the texts and items of a body, by its `id`, to the placement of that expression.

    Raises ForgeError where a value is not allowed, where a placement depends on a condition or list, where pairs begin inside
    quotes, and for text that is invalid in the file's format, whatever the values are.
    """
    found: dict[int, Placement] = {}
    files: list[str] = []
    cases = [*_cases(body)]
    has_items = any(case.items for case in cases)
    is_judged = kind.fault is not None and _is_written(body)
    for case in cases:
        pieces = list(case.pieces(body, kind, read))
        text = "".join(piece if isinstance(piece, str) else MARK for piece in pieces)
        marked = [piece for piece in pieces if not isinstance(piece, str)]
        try:
            places = list(kind.placements(text))
        except ForgeError as error:
            message = f"{kind.name}: the text of this file is {error.problems[0].message}"
            raise ForgeError(message, body[0].at(), "correct the text; with format: raw, any text is valid") from None
        for piece, placement in zip(marked, places, strict=True):
            _note(piece, placement, kind, found)
        if is_judged and (case.items or not has_items):
            files.append(_filled(pieces, places))
    if is_judged:
        _well_formed(files, kind, body)
    return found


def _is_written(body: tuple[Block, ...]) -> bool:
    """Whether the author wrote the whole syntax of the file. The text of a `paste` block may contain syntax that a user wrote."""
    kinds = {type(block) for block in blocks_of(body)}
    return bool({TextBlock, ListBlock} & kinds) and PasteBlock not in kinds


def _well_formed(files: list[str], kind: Format, body: tuple[Block, ...]) -> None:
    """Raise ForgeError if the file is invalid. `files` are the texts that the body can produce.

    Without conditions, one invalid text is an error. With conditions, the error is raised only if all texts are invalid, because
    it is unknown which conditions can be true together.
    """
    assert kind.fault
    conditional = any(isinstance(block, WhenBlock) for block in blocks_of(body))
    first = ""
    for text in files:
        fault = kind.fault(text)
        first = first or fault
        if bool(fault) != conditional:
            break
    else:
        fault = first
    if fault:
        hint = "the line number refers to the file for which all conditions are true; with format: raw, any text is valid"
        raise ForgeError(f"{kind.name}: the text of this file is {fault}", body[0].at(), hint)


def _filled(pieces: list[Piece], places: list[Placement]) -> str:
    """Return the file with a different word in place of each value, because some formats do not allow the same word twice."""
    words = (_word(place, number) for number, place in enumerate(places))
    return "".join(piece if isinstance(piece, str) else next(words) for piece in pieces)


def _word(place: Placement, number: int) -> str:
    return f"{place.escape.opening}x{number}{place.escape.closing}" if place.whole else f"x{number}"


def _note(piece: Expr | SetBlock | CopyBlock, placement: Placement, kind: Format, found: dict[int, Placement]) -> None:
    if not isinstance(piece, Expr):
        if placement.forbidden or placement.escape != kind.value or placement.whole != bool(kind.value.opening):
            hint = "close it in the text, or write the pairs first"
            raise ForgeError("the text before these pairs leaves a quote or a comment open", piece.at(), hint)
    elif placement.forbidden:
        raise ForgeError(f"@{{{piece.source}}} is not allowed {placement.forbidden}", piece.where, MOVE)
    elif found.setdefault(id(piece), placement) != placement:
        message = f"whether @{{{piece.source}}} is inside quotes depends on a condition or a list"
        raise ForgeError(message, piece.where, "in the same text, write quotes around the expression or around the whole list")


@dataclass(frozen=True, slots=True)
class _Case:
    """One file that a body can produce: the branch taken at each `when` block (by `id`), and the length of each list."""

    taken: Mapping[int, bool]
    otherwise: bool
    items: int
    numbers: Iterator[int] = field(default_factory=count)

    def pieces(self, body: tuple[Block, ...], kind: Format, read: Read) -> Iterator[Piece]:
        """Yield the parts of the file in order: constant text, and the expressions and pairs whose values are unknown."""
        for block in body:
            match block:
                case TextBlock(text=text):
                    yield from _parts(text)
                case ListBlock():
                    yield from self.elements(block)
                case EachBlock():
                    yield from self.repeated(block, kind, read)
                case SetBlock() | CopyBlock():
                    before, _, after = kind.pair.format(key=f"k{next(self.numbers)}", value=MARK).partition(MARK)
                    yield from (before, block, after)
                case WhenBlock(then=then, otherwise=otherwise):
                    taken = self.taken.get(id(block), self.otherwise)
                    yield from self.pieces(then if taken else otherwise, kind, read)
                case FileBlock():
                    yield read(block).replace(MARK, " ")
                case PasteBlock(wrap=wrap):
                    yield "".join(f"{line}\n" for line in wrap)

    def repeated(self, block: EachBlock, kind: Format, read: Read) -> Iterator[Piece]:
        """Yield the parts that an `each` block writes for its elements, with the head, separators and tail."""
        for number in range(self.items):
            yield block.each.sep if number else block.each.head
            yield from self.pieces(block.each.body, kind, read)
        if self.items:
            yield block.each.tail

    def elements(self, block: ListBlock) -> Iterator[Piece]:
        """Yield the parts that a `list` block writes for its elements, with the head, separators and tail."""
        listing = block.list
        for number in range(self.items):
            yield listing.sep if number else listing.head
            yield from _parts(listing.item)
        if self.items:
            yield listing.tail or ("\n" if listing.sep == "\n" else "")


def _cases(body: tuple[Block, ...]) -> Iterator[_Case]:
    kinds = {type(block) for block in blocks_of(body)}
    for items in (2, 1, 0) if {ListBlock, EachBlock} & kinds else (0,):
        for otherwise in (True, False) if WhenBlock in kinds else (True,):
            yield _Case({}, otherwise, items)
            for taken in _branches(body, {}):
                yield _Case(taken, otherwise, items)


def _branches(body: tuple[Block, ...], above: Mapping[int, bool]) -> Iterator[Mapping[int, bool]]:
    """For each branch of each `when` block, yield the choices that lead to this branch.

    The choices map the `id` of this `when` block, and of each one around it, to the branch to take.
    """
    for block in body:
        if isinstance(block, WhenBlock):
            for taken, inner in ((True, block.then), (False, block.otherwise)):
                here = {**above, id(block): taken}
                yield here
                yield from _branches(inner, here)
        elif isinstance(block, EachBlock):
            yield from _branches(block.each.body, above)


def _parts(text: Text) -> Iterator[str | Expr]:
    for part in text.parts:
        yield part.replace(MARK, " ") if isinstance(part, str) else part
