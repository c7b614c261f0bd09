"""Check the body of a file: its blocks must fit the format, and its expressions may read only what the spec declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.spec.checks.expressions import (
    DECLARE,
    SINGLE,
    check_collection,
    check_expr,
    check_in_path,
    check_text,
    is_single,
    undeclared,
    unknown_variable,
)
from catalog_forge.spec.expressions import Attr, Collection, Expr, Join, Metadata, Raw, Scope, Text, holder
from catalog_forge.spec.model import (
    Block,
    Condition,
    ConfFile,
    CopyBlock,
    Each,
    EachBlock,
    FileBlock,
    ListBlock,
    ListValue,
    PasteBlock,
    SetBlock,
    Spec,
    TemplateBlock,
    TextBlock,
    WhenBlock,
)
from catalog_forge.spec.model.bodies import blocks_of, given_of, key_of
from catalog_forge.spec.model.metadata import resolve
from catalog_forge.spec.model.record import keys_of
from catalog_forge.spec.shorthand import NO_PAIRS, format_of_file

_NESTED_VALUES = ("yaml", "json", "toml")
# The limit on nesting: to find where values appear in a file, sample files are generated, and each level doubles their number.
_MOST_NESTED = 4
_FLAT = "join combines all elements into one string, so this list would have a single element"


def check_body(spec: Spec, file: ConfFile) -> Iterator[Problem]:
    """Yield the problems in the blocks of one file."""
    blocks = list(blocks_of(file.body))
    kind = format_of_file(file)
    if file.export and kind != "env":
        yield Problem(
            f"export: the format {kind} has no shell variables", file.at("export"), "remove `export`, or set format: env"
        )
    if file.format or not file.dest.endswith("/"):  # the format of a folder is unknown
        yield from _structure(file, blocks, kind)
    yield from _blocks(spec, file.body, kind, frozenset(), ())


def _structure(file: ConfFile, blocks: list[Block], kind: str) -> Iterator[Problem]:
    sole = [block for block in blocks if isinstance(block, TemplateBlock)]
    if sole and len(blocks) > 1:
        hint = "move the other blocks into the template, or to another file"
        yield Problem("a hand-written template must be the whole body of its file", sole[0].at(), hint)
    pairs = [block for block in blocks if isinstance(block, SetBlock | CopyBlock)]
    written = [block for block in blocks if isinstance(block, TextBlock | ListBlock | PasteBlock | FileBlock)]
    if kind in NO_PAIRS:
        for block in pairs:
            if isinstance(block, SetBlock) or kind != "lines":
                word = "set" if isinstance(block, SetBlock) else "copy"
                hint = "set `format` to a format with pairs, or write `text`"
                yield Problem(f"{word}: the format {kind} has no key-value pairs", block.at(), hint)
    elif kind == "json" and pairs and written:
        message = "a json file has either pairs (set, copy) or text: commas between pairs and text cannot be placed"
        yield Problem(message, written[0].at(), "write the text as pairs, or all pairs as text")
    if kind in ("yaml", "json", "properties", "env") or (kind == "toml" and not written):
        yield from _set_twice(file.body, {})


def _set_twice(body: tuple[Block, ...], seen: dict[str, Where | None]) -> Iterator[Problem]:
    """Yield a problem for each key that one rendering would write twice. Both branches of a condition may write the same key."""
    for block in body:
        if isinstance(block, SetBlock):
            for name in block.set:
                if name in seen:
                    hint = f"remove one of the two; the first one is in {seen[name]}"
                    yield Problem(f"the key {name!r} is set twice in one file", block.at(), hint)
                seen[name] = block.at()
        elif isinstance(block, EachBlock):
            yield from _set_for_each(block.each)
        elif isinstance(block, WhenBlock):
            then, otherwise = dict(seen), dict(seen)
            yield from _set_twice(block.then, then)
            yield from _set_twice(block.otherwise, otherwise)
            seen.update(then | otherwise)


def _set_for_each(each: Each) -> Iterator[Problem]:
    """Yield a problem for each key that would be written once per element under the same name."""
    for block in blocks_of(each.body):
        for name in block.set if isinstance(block, SetBlock) else ():
            if "@{" not in name:
                hint = f"include a field of the element: {name}.@{{it.name}}"
                yield Problem(f"the key {name!r} would be set again for each element", block.at(), hint)


def _blocks(spec: Spec, body: tuple[Block, ...], kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    """Yield the problems in a sequence of blocks. `given`: metadata keys that have a value because of enclosing conditions."""
    for block in body:
        yield from _block(spec, block, kind, given, scope)
        if isinstance(block, WhenBlock):
            if not block.then and not block.otherwise:
                yield Problem("when: neither branch has blocks", block.at(), "add then: [BLOCK], else: [BLOCK], or both")
            yield from _blocks(spec, block.then, kind, given | _given_by(block.when, True), scope)
            yield from _blocks(spec, block.otherwise, kind, given | _given_by(block.when, False), scope)
        elif isinstance(block, EachBlock):
            inner = (*scope, (block.each.named, block.each.of))
            if len(inner) > _MOST_NESTED:
                hint = "write a template by hand, and name it in the block `template`"
                yield Problem(f"each: at most {_MOST_NESTED} `each` blocks can be nested", block.at(), hint)
            else:
                yield from _blocks(spec, block.each.body, kind, given, inner)


def _given_by(condition: Condition, holds: bool) -> frozenset[str]:
    """Return the metadata keys that certainly have a value when the condition is true (`holds`) or false (not `holds`)."""
    if condition.negated:
        return _given_by(condition.negated, not holds)
    if condition.parts:
        given = [_given_by(part, holds) for part in condition.parts]
        return frozenset.union(*given) if bool(condition.every) == holds else frozenset.intersection(*given)
    if condition.sought and holds:
        return frozenset(
            {condition.sought.removeprefix("metadata/")}
        )  # `sought` may be an expression such as it.port, which equals no key
    equal = condition.eq if holds else condition.ne
    nodes = [text.single.node for text in equal if text.single]
    compared = any(text.literal for text in equal)
    return frozenset(str(node.path) for node in nodes if compared and isinstance(node, Metadata))


def _block(spec: Spec, block: Block, kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    match block:
        case TextBlock():
            yield from check_text(spec, block.text, scope, given=given)
        case SetBlock():
            yield from _set(spec, block, kind, given, scope)
        case CopyBlock():
            yield from _copy(spec, block, kind)
        case PasteBlock():
            yield from _paste(spec, block, given, scope)
        case ListBlock():
            yield from check_collection(spec, block.list.of, scope)
            yield from check_text(spec, block.list.item, (*scope, ("", block.list.of)), given=given)
        case EachBlock():
            yield from _each(spec, block.each, scope)
        case WhenBlock():
            yield from _condition(spec, block.when, scope)
        case FileBlock(file=name) | TemplateBlock(template=name):
            if name.startswith("/") or "\\" in name or {"", ".", ".."} & set(name.split("/")):
                hint = "write a path below that folder, without '..'"
                yield Problem(f"the file {name!r} is not in the spec's folder", block.at(), hint)


def _each(spec: Spec, each: Each, scope: Scope) -> Iterator[Problem]:
    yield from check_collection(spec, each.of, scope)
    if each.named and any(name == each.named for name, _ in scope):
        yield Problem(f"as: an enclosing `each` already uses the name {each.named!r}", each.at("named"), "choose another name")


def _set(spec: Spec, block: SetBlock, kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    names = [name for name, _ in scope]
    for name, value in block.set.items():
        yield from _Value(spec, name, kind, block, given, scope).problems(value)
        try:
            yield from check_text(spec, key_of(block, name, names), scope, given=given)
        except ForgeError as error:
            yield from error.problems


@dataclass(frozen=True, slots=True)
class _Value:
    """Checks one value of a `set` block. `scope`: the elements that the value may read."""

    spec: Spec
    name: str
    kind: str
    block: SetBlock
    given: frozenset[str]
    scope: Scope = ()

    def problems(self, value: Any, depth: int = 0) -> Iterator[Problem]:
        if isinstance(value, Text):
            yield from check_text(self.spec, value, self.scope, optional=depth == 0, given=self.given)
            return
        if isinstance(value, Mapping | tuple | ListValue) and self.kind not in _NESTED_VALUES:
            hint = f"write a single value, or set `format` to one of {', '.join(_NESTED_VALUES)}"
            yield Problem(f"set: {self.name}: the format {self.kind} has no maps or lists", self.block.at("set"), hint)
        if isinstance(value, ListValue):
            yield from check_collection(self.spec, value.list.of, self.scope)
            yield from replace(self, scope=(*self.scope, ("", value.list.of))).problems(value.list.item, depth + 1)
        elif value is None and self.kind == "toml":
            yield Problem(f"set: {self.name}: toml has no null", self.block.at("set"), "remove the key")
        elif isinstance(value, Mapping | tuple):
            if isinstance(value, tuple):
                yield from self._joined(value)
            for item in value.values() if isinstance(value, Mapping) else value:
                yield from self.problems(item, depth + 1)

    def _joined(self, value: tuple[Any, ...]) -> Iterator[Problem]:
        """Yield a problem if the list has a `join` as its only item: the author probably wants a list item for each element."""
        alone = value[0].single if len(value) == 1 and isinstance(value[0], Text) else None
        if alone and isinstance(alone.node, Join):
            node = alone.node
            item = str(node.item) if node.item else f"@{{{'.'.join(('it', *node.path))}}}"
            hint = (
                f"write {self.name}: {{list: {{of: {yamlio.dump_json_like(str(node.of))}, item: {yamlio.dump_json_like(item)}}}}}"
            )
            yield Problem(_FLAT, alone.where, hint)


def _copy(spec: Spec, block: CopyBlock, kind: str) -> Iterator[Problem]:
    if block.bare and kind not in _NESTED_VALUES:
        message = f"copy: `bare` has no effect: the format {kind} writes all values the same way"
        yield Problem(message, block.at("bare"), "leave out `bare`")
    path = block.copy.removeprefix("metadata/")
    found = resolve(spec.metadata, Text((path,)))
    if not found:
        yield undeclared(spec, path, block.at("copy"))
    elif found.key.asked:
        yield Problem(f"copy: {path!r} is a single value, not a map", block.at("copy"), "declare it with type: map or list")


def _paste(spec: Spec, block: PasteBlock, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    path = str(block.path)
    found = resolve(spec.metadata, block.path)
    for part in block.path.parts:
        if isinstance(part, Expr):
            yield from check_text(spec, Text((part,)), scope)
            yield from check_in_path(part, scope)
    if block.is_variable:
        if not block.variables(spec.vars):
            yield unknown_variable(spec, path, block.at("paste"))
    elif not found:
        yield undeclared(spec, path, block.at("paste"))
    elif not found.key.asked and not found.below:
        hint = "use the block `copy` for a map, and `list` for a list"
        yield Problem(f"paste: {path!r} is a {found.key.type}, not text", block.at("paste"), hint)
    elif found.key.optional and not block.optional and path not in given:
        hint = "write optional: true in this block as well"
        yield Problem(f"paste: the key {path!r} is optional, so it may have no value", block.at("paste"), hint)
    if len(block.wrap) not in (0, 2):
        yield Problem("wrap must be a list of two strings: a head and a tail", block.at("wrap"), "write wrap: [HEAD, TAIL]")


def _condition(spec: Spec, condition: Condition, scope: Scope) -> Iterator[Problem]:
    words = [key for key in keys_of(Condition) if getattr(condition, key.attribute)]
    if len(words) != 1:
        *names, last = (key.name for key in keys_of(Condition))
        hint = "put several conditions below `all` or `any`" if words else "such as when: {has: metadata/KEY}"
        yield Problem(f"when: a condition has exactly one of the keys {', '.join(names)} and {last}", condition.at(), hint)
    for part in condition.parts:
        yield from _condition(spec, part, scope)
    for word, texts in condition.compared.items():
        yield from _comparison(spec, word, texts, condition, scope)
    if condition.key:
        if not resolve(spec.metadata, Text((condition.key,))):
            yield undeclared(spec, condition.key, condition.at("has"))
    elif condition.sought:
        yield from _has(spec, condition, scope)
    names = [member.name for member in spec.members]
    for name in condition.service:
        if name not in names:
            message = f"service: no service of this conf image is called {name!r}"
            yield Problem(message, condition.at("service"), did_you_mean(name, names))
    if condition.env and condition.env not in spec.vars:
        message = f"env: the variable {condition.env!r} is not declared in `vars`"
        yield Problem(message, condition.at("env"), did_you_mean(condition.env, spec.vars, DECLARE))


def _has(spec: Spec, condition: Condition, scope: Scope) -> Iterator[Problem]:
    try:
        found = given_of(condition, [name for name, _ in scope])
    except ForgeError as error:
        # The parser's hints show expressions as `@{...}`, but `has` and `exists` contain expressions without `@{` and `}`.
        yield from (Problem(each.message, each.where, re.sub(r"@\{([^{}]*)\}", r"\1", each.hint)) for each in error.problems)
        return
    if condition.exists and (isinstance(found, Collection) or not _is_path(found, scope)):
        hint = "to test whether a collection has an element, use `has`"
        yield Problem(f"exists: {condition.exists!r} is not a path of the metadata", found.where, hint)
    elif isinstance(found, Collection):
        yield from check_collection(spec, found, scope)
    elif not condition.exists or not isinstance(found.node, Metadata) or not resolve(spec.metadata, found.node.path):
        yield from check_expr(spec, found, scope, optional=True)
        if not is_single(found, scope):
            yield Problem(f"has: {condition.sought!r} does not always have exactly one value", found.where, SINGLE)


def _is_path(expr: Expr, scope: Scope) -> bool:
    """Whether an expression reads exactly one path of the metadata, whatever the element and the topology are."""
    node = expr.node
    if not isinstance(node, Attr):
        return isinstance(node, Metadata | Raw)
    of = holder(scope, node.root) if node.of_element else None
    kinds = ("container", "host", "value", *(("service",) if node.path[:1] == ("label",) else ()))
    return node.root != "env" and node.path not in (("name",), ("key",), ("hostname",)) and (not of or of.element in kinds)


def _comparison(spec: Spec, word: str, texts: tuple[Text, ...], condition: Condition, scope: Scope) -> Iterator[Problem]:
    if texts and len(texts) != 2:
        yield Problem(f"{word} compares exactly two strings", condition.at(word), f"write {word}: [A, B]")
    for text in texts:
        sums = any(isinstance(part, Expr) and part.sum for part in text.parts)
        yield from check_text(spec, text, scope, optional=not sums)
        for part in text.parts:
            if isinstance(part, Expr) and not is_single(part, scope):
                message = f"@{{{part.source}}} cannot be compared, because it does not always have exactly one value"
                yield Problem(message, part.where, SINGLE)
