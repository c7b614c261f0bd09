"""Turns the output of a template into blocks of the spec language that print the same lines, except for spaces."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

from catalog_forge.adopt.conditions import ONLY_ENDS
from catalog_forge.adopt.naming import LOWERED, Naming, expression, written
from catalog_forge.adopt.terms import (
    Children,
    ElementName,
    Getenv,
    Lookup,
    Modified,
    Output,
    Phrase,
    Position,
    Printed,
    Repeat,
    Size,
    Test,
    Unliftable,
    When,
)
from catalog_forge.adopt.tidying import is_fresh
from catalog_forge.spec.expressions import Expr

_ENDS_LINE = re.compile(r"[ \t]*\n")
_SEVERAL_LINES = ("multiline", "certificate")

Blocks = list[dict[str, Any]]


@dataclass(slots=True)
class Writing:
    """Writes the blocks of one template. `needed` are the metadata keys without which the template cannot be rendered."""

    naming: Naming
    line_of: Callable[[int], int]
    needed: frozenset[str] = frozenset()
    always: set[str] = field(default_factory=set)
    given: frozenset[str] = frozenset()
    branches: int = 0

    def blocks(self, pieces: Sequence[Output], fresh: bool = True, ends: bool = True) -> tuple[Blocks, bool]:
        """Return the blocks for some output, and whether the text after the output begins on a new line.

        `fresh` is True if the output begins on a new line. `ends` is True if a line break follows the output.
        """
        found: Blocks = []
        parts: list[str | Expr] = []

        def flush() -> None:
            if parts:
                found.append({"text": written(parts)})
                parts.clear()

        for place, piece in enumerate(pieces):
            ending = _ends_line(pieces[place + 1 :], ends)
            if isinstance(piece, str):
                parts.append(piece)
                fresh = is_fresh(piece, fresh)
                continue
            self.naming.line = self.line_of(piece.start)
            if isinstance(piece, Printed):
                block = self.printed(piece, parts, fresh and ending, ending)
                fresh = False
            else:
                block, fresh = self.under(piece, fresh, ending) if isinstance(piece, When) else self.loop(piece, fresh, ending)
            if block:
                flush()
                found.append(block)
                fresh = fresh or "paste" in block
        flush()
        return found, fresh

    def printed(self, piece: Printed, parts: list[str | Expr], alone: bool, ending: bool) -> dict[str, Any] | None:
        """Add a printed value to the current text (`parts`), or return a separate block for the value."""
        part = piece.part
        if isinstance(part, Size):
            plus = f" {'+' if part.plus > 0 else '-'} {abs(part.plus)}" if part.plus else ""
            parts.append(expression(f"count({self.listed(part.of)}){plus}"))
            return None
        if isinstance(part, Position):
            parts.append(expression(self.naming.position(part)))
            return None
        if isinstance(part, Getenv) and alone and not part.default:
            self.naming.variables[part.name] = None
            return {"paste": "env." + (self.naming.text(part.of) if part.of else part.name), "optional": True}
        if isinstance(part, Modified) and isinstance(part.of, Lookup) and part.of.default is None:
            name = self.naming.value(part.of.path)
            is_needed = name.startswith("metadata/") and not self.read(part.of, name)
            parts.append(expression(self.naming.changed(part, name) + ("|" if is_needed else "")))
            return None
        if not isinstance(part, Lookup) or part.empty:
            parts.append(self.naming.braced(part))
            return None
        name = self.naming.value(part.path)
        if self.several(name) and not alone and not (ending and part.default is None):
            raise Unliftable(f"the value of {name} may have several lines, but it is in the middle of a line", piece.start)
        default = part.default.constant if part.default else ""
        if default != "" or default is None:
            return self.defaulted(part, name, alone)
        if not name.startswith("metadata/"):
            parts.append(expression(name + ("|" if part.default else "")))
            return None
        bare = self.read(part, name)
        if alone or (ending and self.several(name)):
            self.use(name).pasted = True
            return {"paste": name} | ({} if bare else {"optional": True})
        parts.append(expression(name if bare else name + "|"))
        return None

    def defaulted(self, part: Lookup, name: str, alone: bool) -> dict[str, Any]:
        """Return the block for a value with a default, which replaces a missing value but not an empty value."""
        assert part.default
        then: Blocks = [{"text": written([expression(name)])}]
        if name.startswith("metadata/"):
            use = self.use(name)
            use.default, use.pasted, use.asked = part.default.constant, use.pasted or alone, True
            then = [{"paste": name}] if alone else then
        otherwise = [{"text": self.naming.text(part.default)}] if part.default.parts else []
        return {"when": {"exists": name}, "then": then, "else": otherwise}

    def read(self, part: Lookup, name: str) -> bool:
        """Record that a key is read. Return whether the key certainly exists: the file requires it, or a condition tests it."""
        if part.default is not None:
            return False
        if name in self.given:
            return True
        if not self.branches:
            self.always.add(name)
        return name in self.needed

    def use(self, name: str) -> Any:
        """Return the recorded use of the metadata key that an expression reads."""
        return self.naming.keys[key_of(name)]

    def several(self, name: str) -> bool:
        """Whether the value of a key may have several lines."""
        return self.naming.setting.types.get(name.removeprefix("metadata/")) in _SEVERAL_LINES

    def listed(self, of: Any) -> str:
        """Return the spec's expression for the collection that a loop of the template runs over."""
        return self.naming.listed(self.naming.place(of.path), of.branches)

    def under(self, piece: When, fresh: bool, ends: bool) -> tuple[dict[str, Any], bool]:
        """Return the block for output under a condition, and whether the text after the output begins on a new line."""
        condition = self.condition(piece.test)
        around = self.given
        self.branches += 1
        self.given = around | self.known(piece.test, True)
        then, fresh_then = self.blocks(piece.then, fresh, ends)
        self.given = around | self.known(piece.test, False)
        otherwise, fresh_else = self.blocks(piece.otherwise, fresh, ends)
        self.branches -= 1
        self.given = around
        if not then:
            condition, then, otherwise = condition.get("not", {"not": condition}), otherwise, []
        return {"when": condition, "then": then} | ({"else": otherwise} if otherwise else {}), fresh_then and fresh_else

    def loop(self, piece: Repeat, fresh: bool, ends: bool) -> tuple[dict[str, Any], bool]:
        """Return the block for the output of a loop, and whether the text after the output begins on a new line."""
        of = self.naming.collection(piece.loop)
        first = piece.head or next((part for part in piece.body if isinstance(part, str)), "")
        begins = _ENDS_LINE.match(piece.separator or first) is not None
        self.naming.loops.append(piece.loop)
        self.branches += 1
        inside = fresh and not piece.head and not piece.separator
        last = piece.body[-1:]
        inside = inside and bool(last) and isinstance(last[0], str) and last[0].endswith("\n")
        body, after = self.blocks(piece.body, inside, ends and begins and not piece.tail)
        self.branches -= 1
        self.naming.loops.pop()
        self.must_be_records(piece)
        around = {"sep": piece.separator, "head": piece.head, "tail": piece.tail}
        around = {word: text for word, text in around.items() if text}
        text = body[0]["text"] if len(body) == 1 and "text" in body[0] and not piece.loop.as_name else ""
        if text and around.get("sep") != "\n":
            in_lines = not around and text.endswith("\n") and not text.endswith("\n\n")
            item = {"item": text[:-1]} if in_lines else {"item": text, "sep": "", **around}
            return {"list": {"of": of, **item}}, fresh and inside
        if of.startswith("/"):
            # For an absolute path, `each` iterates over the values directly below the path, whereas `list` iterates over the
            # elements that `item` reads.
            raise Unliftable("a loop over this list must print one text for each element", piece.start)
        named = {"as": piece.loop.as_name} if piece.loop.as_name else {}
        return {"each": {"of": of} | named | around | {"body": body}}, fresh and after and not around

    def must_be_records(self, piece: Repeat) -> None:
        """Refuse a loop over names if some of them may have no fields, because `each` skips such names.

        The loop is accepted if the template fails for such names.
        """
        of, element = piece.loop.of, ElementName(piece.loop)
        if not isinstance(of, Children) or of.branches:
            return
        thing = self.naming.place(of.path)
        fails = any(
            isinstance(each, Printed)
            and isinstance(each.part, Lookup)
            and not each.part.default
            and element in each.part.path.parts
            for each in piece.body
        )
        if thing.kind == "metadata" and thing.rest and self.naming.key(thing).fields and not fails:
            raise Unliftable("the list of this loop may contain names without fields in addition to records", piece.start)

    # Conditions

    def condition(self, test: Test) -> dict[str, Any]:
        """Return a condition in the syntax of a spec."""
        match test.word:
            case "exists":
                return self.exists(test.of[0])
            case "given":
                return self.given_text(test.of[0])
            case "some":
                of = test.of[0]
                name = self.listed(of)
                if name.startswith("/"):
                    raise Unliftable("a spec cannot test whether this list has an element")
                return {"has": name}
            case "count":
                return {"eq": [f"@{{count({self.listed(test.of[0])})}}", str(test.of[1])]}
            case "eq" | "contains":
                return {test.word: self.equal(*test.of) if test.word == "eq" else [*map(self.compared, test.of)]}
            case "at" | "later":
                loop, number = test.of if test.word == "at" else (*test.of, 1)
                texts = [written([expression(self.naming.position(Position(loop, 1)))]), str(number)]
                return {"eq" if test.word == "at" else "ne": texts}
            case "not":
                return {"not": self.condition(test.of[0])}
            case "all" | "any":
                return {test.word: [self.condition(part) for part in test.of]}
        raise Unliftable(ONLY_ENDS)

    def exists(self, path: Phrase) -> dict[str, Any]:
        name = self.naming.value(path)
        if name.startswith("first("):
            raise Unliftable("a spec cannot test whether the first element has a value")
        if name.startswith("metadata/"):
            self.use(name).asked = True
        return {"exists": name}

    def given_text(self, words: Phrase) -> dict[str, Any]:
        part = words.single
        if isinstance(part, Getenv):
            return {"env": self.naming.variable(part).removeprefix("env.")}
        return {"ne": [self.compared(words), ""]}

    def equal(self, left: Phrase, right: Phrase) -> list[str]:
        naming = self.naming
        names = [naming.value(part.path) if isinstance(part := words.single, Lookup) else "" for words in (left, right)]
        for words, name in ((left, names[1]), (right, names[0])):
            if words.constant is not None and name.startswith("metadata/"):
                use = self.use(name)
                use.compared = tuple(dict.fromkeys((*use.compared, words.constant)))
        texts = [self.compared(left), self.compared(right)]
        named = any(name.endswith(".name") for name in names)
        if named and naming.setting.target in LOWERED and naming.setting.version not in LOWERED:
            texts = [
                text.lower() if words.constant is not None else text for text, words in zip(texts, (left, right), strict=True)
            ]
        return texts

    def compared(self, words: Phrase) -> str:
        """Return one side of a comparison in the syntax of a spec, and record the keys that it reads."""
        parts: list[str | Expr] = []
        for part in words.parts:
            if isinstance(part, str):
                parts.append(part)
                continue
            source = self.naming.expression(part)
            if ".host." in source and not source.endswith(".host.uuid") and not source.startswith(("self.", "metadata/", "/")):
                raise Unliftable("a field of the host of an element cannot be compared")
            if source.startswith("first("):
                raise Unliftable("a field of the first element cannot be compared")
            if isinstance(part, Lookup) and source.startswith("metadata/"):
                self.read(part, source)
            parts.append(expression(source))
        return written(parts)

    def known(self, test: Test, holds: bool) -> frozenset[str]:
        """Return the keys that certainly exist if the result of the condition is `holds`."""
        if test.word == "not":
            return self.known(test.of[0], not holds)
        if test.word in ("all", "any"):
            known = [self.known(part, holds) for part in test.of]
            return frozenset.union(*known) if (test.word == "all") == holds else frozenset.intersection(*known)
        if test.word == "exists" and holds:
            return frozenset({self.naming.value(test.of[0])})
        return frozenset()


def key_of(name: str) -> str:
    """Return the name of the key that an expression reads, with a `*` for each unknown part."""
    return re.sub(r"@\{[^{}]*\}", "*", name.removeprefix("metadata/"))


def _ends_line(rest: Sequence[Output], ends: bool) -> bool:
    """Whether the rest of the output begins with a line break, whichever branches of its conditions are taken."""
    for piece in rest:
        if isinstance(piece, str):
            if piece.strip(" \t"):
                return _ENDS_LINE.match(piece) is not None
            continue
        if isinstance(piece, When):
            after = rest[rest.index(piece) + 1 :]
            return _ends_line(piece.then, _ends_line(after, ends)) and _ends_line(piece.otherwise, _ends_line(after, ends))
        return False
    return ends
