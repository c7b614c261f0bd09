"""Compiles the blocks of a file to the body of its template."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any

from catalog_forge import yamlio
from catalog_forge.confd import contexts, copies, go, objects
from catalog_forge.confd.names import Members
from catalog_forge.confd.values import Values, of_item
from catalog_forge.errors import ForgeError, Where
from catalog_forge.formats.base import BEHIND_BACKSLASH, LINE, MOVE, Placement, go_quote, odd_backslash
from catalog_forge.spec.expressions import Attr, Collection, Expr, Text
from catalog_forge.spec.model import (
    Block,
    Condition,
    ConfFile,
    CopyBlock,
    Each,
    EachBlock,
    Elements,
    FileBlock,
    ListBlock,
    ListValue,
    PasteBlock,
    SetBlock,
    TextBlock,
    WhenBlock,
)
from catalog_forge.spec.model.bodies import blocks_of, given_of, key_of, texts_of
from catalog_forge.spec.model.metadata import resolve

_HOLD = "change the text, or choose another `format`"
# TOML keys that need no quotes. In a key such as a.b, the part before the dot names a table.
_BARE_KEYS = re.compile(r"[A-Za-z0-9_-]+(\.[A-Za-z0-9_-]+)*", re.ASCII)
# The template code of each comparison of two strings. confd has no function that tests how a string begins or ends. The template
# therefore removes the wanted part, puts it back at the beginning or the end, and compares the result with the original string.
_COMPARED = {
    "eq": "eq {0} {1}",
    "ne": "ne {0} {1}",
    "contains": "contains {0} {1}",
    "begins": 'eq (print {1} (replace {0} {1} "" 1)) {0}',
    "ends": "eq (print (trimSuffix {0} {1}) {1}) {0}",
}
# Returns the text of a file in the spec's folder.
ReadStatic = Callable[[str, FileBlock], str]


@dataclass(slots=True)
class Body:
    """Writes the template code of one file's body. A line with only an action ends in `-}}`, so that it prints no empty line."""

    file: ConfFile
    values: Values
    static: ReadStatic
    placements: Mapping[int, Placement] = field(default_factory=dict)

    def write(self) -> str:
        """Return the template code of the whole body, with the format's comment, head and tail."""
        body = self.file.body
        pairs_only = bool(body) and all(
            not isinstance(b, TextBlock | ListBlock | PasteBlock | FileBlock) for b in blocks_of(body)
        )
        kind = self.values.format
        if kind.name == "json" and pairs_only:
            return objects.write(self, body)
        if not pairs_only:
            self.placements = contexts.placements(body, kind, lambda block: self.static(block.file, block))
        code = self.blocks(body)
        begins = body[0] if body else None
        # A file that begins with a `file` or `paste` block gets no comment, because the first bytes of that block, such as `#!`,
        # must also be the first bytes of the file.
        framed = kind.name != "xml" or pairs_only
        comment = kind.comment.format("Written by confd: changes to this file are lost.") if framed else ""
        if isinstance(begins, FileBlock | PasteBlock):
            comment = ""
        if kind.name == "xml" and pairs_only:
            return f"{kind.head}{comment}<configuration>\n{code}{kind.tail}"
        return comment + code

    def blocks(self, body: tuple[Block, ...]) -> str:
        """Return the code of the blocks, in order."""
        return join(list(self.pieces(body)))

    def pieces(self, body: tuple[Block, ...]) -> Iterator[str]:
        for block in body:
            match block:
                case TextBlock(text=text):
                    yield self.text(text)
                case SetBlock(set=pairs):
                    for name, value in pairs.items():
                        yield self.pair(block, name, value)
                case CopyBlock():
                    yield self.copied(block)
                case PasteBlock():
                    yield self.pasted(block)
                case ListBlock() | EachBlock():
                    yield self.listed(block) if isinstance(block, ListBlock) else self.each(block)
                case WhenBlock():
                    yield self.when(block)
                case FileBlock():
                    yield go.literal(self.static(block.file, block))

    def text(self, text: Text) -> str:
        """Return the code of text. Each value in the text is escaped for the place where it appears."""
        return "".join(go.literal(part) if isinstance(part, str) else self.spotted(part) for part in text.parts)

    def spotted(self, expr: Expr) -> str:
        placement, values = self.placements[id(expr)], self.values
        bare = placement.whole or placement.escape.word
        number = values.typed(expr) if values.format.typed and bare else ""
        return values.bare(expr, number) if number else values.shown(expr, placement.escape, placement.whole)

    def pair(self, block: SetBlock, name: str, value: Any) -> str:
        """Return the code of one pair. A pair whose value is just an optional metadata key is left out if that key is unset."""
        line = self.values.format.pair.format(key=self.key(block, name), value=self.value(block, name, value))
        return guarded(self.pair_condition(value), line)

    def pair_condition(self, value: Any) -> str:
        """Return the condition under which a pair with this value is written, or "" if the pair is always written."""
        return self.values.condition(value.single) if isinstance(value, Text) and value.single else ""

    def key(self, block: SetBlock, name: str) -> str:
        """Return the code of a key that the author wrote. In YAML, keys that are plain words are not quoted."""
        kind = self.values.format
        text = key_of(block, name, [known for known, _ in self.values.scope])
        if text.literal is None:
            return go.literal(kind.key.opening) + self.values.text(text, kind.key) + go.literal(kind.key.closing)
        name = text.literal
        if kind.name == "yaml":
            return go.literal(yamlio.dump_json_like(name) if "\n" not in name else go_quote(name))
        if kind.name == "toml" and _BARE_KEYS.fullmatch(name):
            return name
        try:
            return go.literal(kind.constant_key(name))
        except ValueError as error:
            raise ForgeError(f"the format {kind.name} cannot hold the key {name!r}: {error}", block.at("set"), _HOLD) from None

    def inner_key(self, block: SetBlock, name: str) -> str:
        """Return the code of a key in a map that is the value of a pair."""
        return self.key(block, name) if self.values.format.name == "toml" else go.literal(go_quote(name))

    def value(self, block: SetBlock, name: str, value: Any) -> str:
        """Return the code of a value: text, a constant, or a map or list of these in YAML's flow style, which is also JSON."""
        if isinstance(value, Text):
            return self.quoted(block, name, value)
        if isinstance(value, Mapping):
            pair = self.values.format.inner
            pairs = (
                pair.format(key=self.inner_key(block, key), value=self.value(block, key, item)) for key, item in value.items()
            )
            return apart("{", ", ".join(pairs), "}")
        if isinstance(value, ListValue):
            return f"[{self.elements(block, name, value.list)}]"
        if isinstance(value, tuple):
            return apart("[", ", ".join(self.value(block, name, item) for item in value), "]")
        return "null" if value is None else str(value).lower() if isinstance(value, bool) else str(value)

    def elements(self, block: SetBlock, name: str, each: Elements) -> str:
        """Return the code that writes a value for each element of a collection, separated by commas."""
        values = self.values

        def item(members: Members) -> str:
            return values.within(members, each.of, lambda made: self.value(block, name, made), each.item)

        return values.loop(of_item(each.of, each.item), ", ", item)

    def quoted(self, block: SetBlock, name: str, value: Text) -> str:
        """Return the code of text that is a whole value. Raises ForgeError if the format cannot represent a part of the text."""
        kind, values = self.values.format, self.values
        single, words = value.single, value.literal
        try:
            if single and kind.typed and (number := values.typed(single)):
                return values.bare(single, number)
            if single:
                return values.shown(single, kind.value, whole=True)
            if words is not None and kind.name == "yaml":
                return go.literal(yamlio.dump_json_like(words) if "\n" not in words else go_quote(words))
            if kind.value.opening or kind.value.changes:
                return go.literal(kind.value.opening) + values.text(value, kind.value) + go.literal(kind.value.closing)
            return self._unquoted(value)
        except ValueError as error:
            raise ForgeError(
                f"the format {kind.name} cannot hold the value of {name!r}: {error}", block.at("set"), _HOLD
            ) from None

    def _unquoted(self, value: Text) -> str:
        """Return the code of a one-line value in a format without quotes. The author's text and quotes stay unchanged."""
        code, before = "", ""
        for part in value.parts:
            if isinstance(part, str):
                code += go.literal(LINE.apply(part))
                before = part
            elif odd_backslash(before):
                raise ForgeError(f"@{{{part.source}}} is not allowed {BEHIND_BACKSLASH}", part.where, MOVE)
            else:
                code += self.values.shown(part, self.values.format.value)
                before = ""
        return code

    def copied(self, block: CopyBlock) -> str:
        """Return the code that writes every pair of a map or, in the format `lines`, every value of a list."""
        pairs = copies.pairs(self, block)
        lines = guarded(pairs.keep, pairs.line)
        return f"{pairs.refusal}{{{{range {pairs.source} -}}}}\n{go.apart_line(lines)}{{{{end -}}}}\n"

    def pasted(self, block: PasteBlock) -> str:
        """Return the code that writes a user's text unchanged; a line break is added unless the text ends with one."""
        values, refusal = self.values, ""
        if block.is_variable:
            value = given = self._variable(block)
            if not block.optional:
                missing = go.string(f"required variable {block.path} has no value")
                refusal = f"{{{{if not ({given})}}}}{{{{getv {missing}}}}}{{{{end -}}}}\n"
        else:
            found = resolve(values.spec.metadata, block.path)
            assert found, "the checks of the spec accept only declared keys"
            if not block.optional:
                values.need(found)
            path = values.metadata_path(block.path)
            default = found.key.default if found.key.asked else None
            given = path.given(go.string("" if default is None else str(default)))
            value = path.value if default is None else given
        head, tail = (go.literal(f"{line}\n") for line in block.wrap) if block.wrap else ("", "")
        code = f'{head}{{{{trimSuffix ({value}) "\\n"}}}}\n{tail}'
        return refusal + go.apart_line(guarded(given, code) if block.optional else code)

    def _variable(self, block: PasteBlock) -> str:
        """Return the template expression for an environment variable. A computed name may match several variables."""
        variables = self.values.spec.vars
        if (name := block.path.literal) is not None:
            return f"getenv {go.string(name)} {go.string(variables[name])}"
        term = go.paren(self.values.composite(block.path))
        defaults = [(name, variables[name]) for name in block.variables(variables) if variables[name]]
        ors = " ".join(f"(and (eq {term} {go.string(name)}) {go.string(default)})" for name, default in defaults)
        return f'or (getenv {term}) {ors} ""' if ors else f"getenv {term}"

    def listed(self, block: ListBlock) -> str:
        """Return the code of a `list` block, which writes an item for each element.

        The items are on separate lines if the separator is a line break.
        """
        listing, values = block.list, self.values
        in_lines = listing.sep == "\n" and not listing.tail
        last = listing.item.parts[-1] if listing.item.parts else ""
        ending = "\n" if in_lines and not (isinstance(last, str) and last.endswith("\n")) else ""

        def item(members: Members) -> str:
            return values.within(members, listing.of, self.text, listing.item) + ending

        of = of_item(replace(listing.of, required=listing.required or listing.of.required), listing.item)
        head, tail = go.literal(listing.head), go.literal(listing.tail)
        if in_lines:
            return values.lines(of, item, head)
        return values.loop(of, go.literal(listing.sep), item, head, tail)

    def each(self, block: EachBlock) -> str:
        """Return the code that writes the blocks of an `each` block for every element, with head, separators and tail."""
        each, values = block.each, self.values

        def item(members: Members) -> str:
            return values.within(members, each.of, self.blocks, each.body, each.named)

        return values.lines(self._of(each), item, *(go.literal(text) for text in (each.head, each.tail, each.sep)))

    def repeated(self, block: EachBlock, write: Callable[[tuple[Block, ...]], str]) -> str:
        """Return the code of an `each` block in a JSON object: `write` compiles the blocks inside; no separators are added."""
        each, values = block.each, self.values
        return values.loop(self._of(each), "", lambda members: values.within(members, each.of, write, each.body, each.named))

    def when(self, block: WhenBlock) -> str:
        condition = self.condition(block.when)
        then, otherwise = self.blocks(block.then), self.blocks(block.otherwise)
        code = f"{{{{if {condition} -}}}}\n{go.apart_line(then)}"
        if otherwise:
            code += f"{{{{else -}}}}\n{go.apart_line(otherwise)}"
        return code + "{{end -}}\n"

    def condition(self, condition: Condition) -> str:
        """Return the template expression of a `when` condition."""
        values, names = self.values, self.values.names
        if condition.negated:
            return f"not ({self.condition(condition.negated)})"
        if condition.parts:
            terms = tuple(self.condition(part) for part in condition.parts)
            return go.all_of(terms) if condition.every else go.any_of(terms)
        if condition.service:
            wanted = " ".join(go.string(names.named(name)) for name in condition.service)
            return f"eq ({names.service_name()}) {wanted}"
        if condition.exists:
            asked = given_of(condition, [name for name, _ in values.scope])
            assert isinstance(asked, Expr), "the checks of the spec accept only paths"
            return values.existing(asked)
        if condition.has and not condition.key:
            return values.given(given_of(condition, [name for name, _ in values.scope]))
        if condition.has:
            name = condition.key
            found = resolve(values.spec.metadata, Text((name,)))
            path = names.metadata(name)
            single = found and found.key.asked
            return path.given('""') if single else f"ls {go.paren(path.term)}"
        if condition.env:
            return f"getenv {go.string(condition.env)} {go.string(values.spec.vars[condition.env])}"
        if condition.first:
            return self._is_first()
        ((word, texts),) = condition.compared.items()
        left, right = (go.paren(values.composite(text)) for text in texts)
        return _COMPARED[word].format(left, right)

    def _of(self, each: Each) -> Collection:
        """Return the collection of a loop.

        `required` is set if the collection must not be empty, and `records` is set if the body reads fields.
        """
        around = (*(name for name, _ in self.values.scope), each.named)
        return replace(each.of, required=each.required or each.of.required, records=_reads_fields(each, around))

    def _is_first(self) -> str:
        peers = self.values.collection(Collection("peers", "", (), Where("")))
        first = self.values.names.first(peers).child("uuid").value
        own = self.values.names.container(("uuid",)).value
        return f"eq ({own}) ({first})"


def _reads_fields(each: Each, around: Sequence[str]) -> bool:
    """Whether the body of a loop reads a field of the loop's element, through its name or (outside inner loops) through `it`."""
    own = {id(block) for block in _level(each.body)}
    tests = [(block, test) for block in blocks_of(each.body) if isinstance(block, WhenBlock) for test in block.when.tests]
    compared = ((block, text) for block, test in tests for text in test.texts)
    own_names = f"{each.named}."
    asked = any(test.sought.startswith((own_names, "it.") if id(block) in own else own_names) for block, test in tests)
    return asked or any(
        isinstance(node := expr.node, Attr)
        and node.path
        and (node.root == each.named or (node.root == "it" and id(block) in own))
        for block, text in chain(texts_of(each.body, around), compared)
        for expr in text.expressions
    )


def _level(body: tuple[Block, ...]) -> Iterator[Block]:
    """Yield the blocks in which `it` means the element of the surrounding loop: all but the `each` and `list` blocks."""
    for block in body:
        if isinstance(block, WhenBlock):
            yield from _level((*block.then, *block.otherwise))
        if not isinstance(block, EachBlock | ListBlock):
            yield block


def guarded(condition: str, lines: str) -> str:
    """Return lines of code inside an `if` with the condition; return the lines unchanged if the condition is empty."""
    return f"{{{{if {condition} -}}}}\n{go.apart_line(lines)}{{{{end -}}}}\n" if condition else lines


def apart(opening: str, inner: str, closing: str) -> str:
    """Return code between two brackets, with a space where a bracket and the code would together form `{{` or `}}`."""
    return f"{opening}{' ' if inner.startswith('{') else ''}{inner}{' ' if inner.endswith('}') else ''}{closing}"


def join(pieces: list[str]) -> str:
    """Join pieces of code. After a piece that ends with a trim marker, the white space of the next piece is kept."""
    before, joined = "", list[str]()
    for piece in pieces:
        joined.append(go.apart_line(piece) if before.endswith("-}}\n") else piece)
        before = joined[-1] or before
    return "".join(joined)
