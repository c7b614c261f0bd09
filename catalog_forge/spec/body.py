"""The checks of a file's body: blocks that fit the format, expressions that read what the spec declares."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError, Problem, Where, did_you_mean
from catalog_forge.spec.expressions import (
    CHECK_FIELDS,
    CONTAINER_FIELDS,
    FOUND_FIELDS,
    HOST_FIELDS,
    LABEL_FIELDS,
    WITHIN,
    Attr,
    Collection,
    Count,
    Expr,
    First,
    Join,
    Metadata,
    Raw,
    Scope,
    Text,
    holder,
)
from catalog_forge.spec.keys import kind_of, resolve, resolve_collection
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
from catalog_forge.spec.parser import Beginning, parse, parse_given
from catalog_forge.spec.record import keys_of
from catalog_forge.spec.shorthand import NO_PAIRS, format_of_file

_NESTED_VALUES = ("yaml", "json", "toml")
# Each level of `each` doubles the files that tell where values stand.
_MOST_NESTED = 4
_FIELDS = {"container": CONTAINER_FIELDS, "host": HOST_FIELDS, "service": FOUND_FIELDS, "label": LABEL_FIELDS}
# Releases without the function `atoi` (docs/facts/confd.md#2.9).
_WITHOUT_ATOI = ("0.14.0", "0.15.0")
_FLAT = "join makes one text of all elements, and this list would hold that one text"
_SERVICES = "/self/stack/services/"
# What a raw path may begin with: an always-present ancestor that stays inside the own stack.
RAW_ROOTS = ("/self/service", "/self/container", "/self/stack", "/self/host", "/hosts", "/containers", "/networks")
# What tells of the whole environment, and mixes its stacks: only a spec that says so may read it (docs/facts/confd.md#5.3).
_WIDE_ROOTS = ("/services", "/stacks", "/name", "/uuid", "/region_name", "/environments")
SAY_SCOPE = "say `scope: environment` at the top of the spec, which is for what looks beyond its own stack"


def roots_of(spec: Spec) -> tuple[str, ...]:
    """Return what the raw paths of a spec, and those of its hand-written templates, may begin with."""
    return (*RAW_ROOTS, *_WIDE_ROOTS) if spec.scope == "environment" else RAW_ROOTS


def root_of(path: str, roots: Sequence[str]) -> str:
    """Return which of `roots` a path is, or lies below; nothing where it is none of theirs."""
    return next((root for root in roots if path == root or path.startswith(root + "/")), "")


def beyond_stack(path: str) -> bool:
    """Tell whether a path lies in what tells of the whole environment."""
    return bool(root_of(path, _WIDE_ROOTS))


def blocks_of(body: tuple[Block, ...]) -> Iterator[Block]:
    """Yield every block of a body, those under conditions included, in their order."""
    for block in body:
        yield block
        if isinstance(block, WhenBlock):
            yield from blocks_of(block.then)
            yield from blocks_of(block.otherwise)
        elif isinstance(block, EachBlock):
            yield from blocks_of(block.each.body)


def names_in(body: tuple[Block, ...]) -> list[str]:
    """Return the names that a body gives to elements."""
    return [block.each.named for block in blocks_of(body) if isinstance(block, EachBlock)]


def texts_of(body: tuple[Block, ...]) -> Iterator[tuple[Block, Text]]:
    """Yield every text of a body that expressions may stand in, with its block."""
    names = names_in(body)
    for block in blocks_of(body):
        match block:
            case TextBlock():
                yield block, block.text
            case ListBlock():
                yield block, block.list.item
            case SetBlock():
                yield from ((block, key_of(block, name, names)) for name in block.set)
                yield from ((block, part) for value in block.set.values() for part in parts_of(value) if isinstance(part, Text))


def collections_of(body: tuple[Block, ...]) -> Iterator[Collection]:
    """Yield the collections that blocks and values are made of, in their order."""
    for block in blocks_of(body):
        if isinstance(block, ListBlock):
            yield block.list.of
        elif isinstance(block, EachBlock):
            yield block.each.of
        elif isinstance(block, SetBlock):
            yield from (part for value in block.set.values() for part in parts_of(value) if isinstance(part, Collection))


def parts_of(value: Any) -> Iterator[Text | Collection]:
    """The texts and collections in a value, all the way down."""
    if isinstance(value, Text):
        yield value
    elif isinstance(value, ListValue):
        yield value.list.of
        yield from parts_of(value.list.item)
    elif isinstance(value, Mapping | tuple):
        for item in value.values() if isinstance(value, Mapping) else value:
            yield from parts_of(item)


def check_body(spec: Spec, file: ConfFile) -> Iterator[Problem]:
    """Yield what is wrong with the blocks of one file."""
    blocks = list(blocks_of(file.body))
    kind = format_of_file(file)
    if file.export and kind != "env":
        yield Problem(f"export: the format {kind} has no variables of a shell", file.at("export"), "say format: env")
    yield from _structure(file, blocks, kind)
    yield from _blocks(spec, file.body, kind, frozenset(), ())


def _structure(file: ConfFile, blocks: list[Block], kind: str) -> Iterator[Problem]:
    sole = [block for block in blocks if isinstance(block, TemplateBlock)]
    if sole and len(blocks) > 1:
        yield Problem("a hand-written template is the whole body of its file", sole[0].at())
    pairs = [block for block in blocks if isinstance(block, SetBlock | CopyBlock)]
    written = [block for block in blocks if isinstance(block, TextBlock | ListBlock | PasteBlock | FileBlock)]
    if kind in NO_PAIRS:
        for block in pairs:
            if isinstance(block, SetBlock) or kind != "lines":
                yield Problem(f"the format {kind} has no pairs", block.at(), "name the `format`, or write `text`")
    elif kind == "json" and pairs and written:
        yield Problem("a json file is either pairs (set, copy) or text: the commas between both cannot be known", written[0].at())
    if kind in ("yaml", "json", "properties", "env") or (kind == "toml" and not written):
        yield from _set_twice(file.body, {})


def _set_twice(body: tuple[Block, ...], seen: dict[str, Where | None]) -> Iterator[Problem]:
    """Yield keys that one rendering would write twice. The two branches of a condition exclude each other."""
    for block in body:
        if isinstance(block, SetBlock):
            for name in block.set:
                if name in seen:
                    yield Problem(f"the key {name!r} is set twice in one file", block.at())
                seen[name] = block.at()
        elif isinstance(block, EachBlock):
            yield from _set_for_each(block.each)
        elif isinstance(block, WhenBlock):
            then, otherwise = dict(seen), dict(seen)
            yield from _set_twice(block.then, then)
            yield from _set_twice(block.otherwise, otherwise)
            seen.update(then | otherwise)


def _set_for_each(each: Each) -> Iterator[Problem]:
    """Yield keys that are the same for each element."""
    for block in blocks_of(each.body):
        for name in block.set if isinstance(block, SetBlock) else ():
            if "@{" not in name:
                hint = f"put a field of the element into it: {name}.@{{it.name}}"
                yield Problem(f"the key {name!r} would be set once for each element", block.at(), hint)


def _blocks(spec: Spec, body: tuple[Block, ...], kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    """Check blocks; `given` are the metadata keys that the conditions around them let have a value."""
    for block in body:
        yield from _block(spec, block, kind, given, scope)
        if isinstance(block, WhenBlock):
            yield from _blocks(spec, block.then, kind, given | _given_by(block.when, True), scope)
            yield from _blocks(spec, block.otherwise, kind, given | _given_by(block.when, False), scope)
        elif isinstance(block, EachBlock):
            inner = (*scope, (block.each.named, block.each.of))
            if len(inner) > _MOST_NESTED:
                yield Problem(f"each: {_MOST_NESTED} stand in each other at most", block.at())
            else:
                yield from _blocks(spec, block.each.body, kind, given, inner)


def _given_by(condition: Condition, holds: bool) -> frozenset[str]:
    """The keys that have a value where a condition holds, or does not: one that is asked for, one that equals a text."""
    if condition.negated:
        return _given_by(condition.negated, not holds)
    if condition.parts:
        given = [_given_by(part, holds) for part in condition.parts]
        return frozenset.union(*given) if bool(condition.every) == holds else frozenset.intersection(*given)
    if condition.has and holds:
        return frozenset({condition.has.removeprefix("metadata/")})  # or the words of an expression
    equal = condition.eq if holds else condition.ne
    nodes = [text.single.node for text in equal if text.single]
    compared = any(text.literal for text in equal)
    return frozenset(str(node.path) for node in nodes if compared and isinstance(node, Metadata))


def _block(spec: Spec, block: Block, kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    match block:
        case TextBlock():
            yield from _text(spec, block.text, scope, given=given)
        case SetBlock():
            yield from _set(spec, block, kind, given, scope)
        case CopyBlock():
            yield from _copy(spec, block, kind)
        case PasteBlock():
            yield from _paste(spec, block, given, scope)
        case ListBlock():
            yield from _collection(spec, block.list.of, scope)
            yield from _text(spec, block.list.item, (*scope, ("", block.list.of)), given=given)
        case EachBlock():
            yield from _each(spec, block.each, scope)
        case WhenBlock():
            yield from _condition(spec, block.when, scope)
        case FileBlock(file=name) | TemplateBlock(template=name):
            if name.startswith("/") or "\\" in name or {"", ".", ".."} & set(name.split("/")):
                yield Problem(f"the file {name!r} does not lie in the spec's folder", block.at())


def _each(spec: Spec, each: Each, scope: Scope) -> Iterator[Problem]:
    yield from _collection(spec, each.of, scope)
    if each.named and any(name == each.named for name, _ in scope):
        yield Problem(f"as: {each.named!r} is the name of another element around", each.at("named"))


def _set(spec: Spec, block: SetBlock, kind: str, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    names = [name for name, _ in scope]
    for name, value in block.set.items():
        yield from _Value(spec, name, kind, block, given, scope).problems(value)
        try:
            yield from _text(spec, key_of(block, name, names), scope, given=given)
        except ForgeError as error:
            yield from error.problems


@dataclass(frozen=True, slots=True)
class _Value:
    """The check of one value of `set`. `scope` are the elements that it may read."""

    spec: Spec
    name: str
    kind: str
    block: SetBlock
    given: frozenset[str]
    scope: Scope = ()

    def problems(self, value: Any, depth: int = 0) -> Iterator[Problem]:
        if isinstance(value, Text):
            yield from _text(self.spec, value, self.scope, optional=depth == 0, given=self.given)
            return
        if isinstance(value, Mapping | tuple | ListValue) and self.kind not in _NESTED_VALUES:
            yield Problem(f"set: {self.name}: the format {self.kind} has no maps and lists", self.block.at("set"))
        if isinstance(value, ListValue):
            yield from _collection(self.spec, value.list.of, self.scope)
            yield from replace(self, scope=(*self.scope, ("", value.list.of))).problems(value.list.item, depth + 1)
        elif value is None and self.kind == "toml":
            yield Problem(f"set: {self.name}: toml has no null", self.block.at("set"), "leave the key out")
        elif isinstance(value, Mapping | tuple):
            if isinstance(value, tuple):
                yield from self._joined(value)
            for item in value.values() if isinstance(value, Mapping) else value:
                yield from self.problems(item, depth + 1)

    def _joined(self, value: tuple[Any, ...]) -> Iterator[Problem]:
        """A list of one text that joins a collection: it was meant to have an element for each."""
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
        yield Problem(f"copy: the format {kind} writes every value the same way", block.at("bare"), "leave out `bare`")
    path = block.copy.removeprefix("metadata/")
    found = resolve(spec.metadata, Text((path,)))
    if not found:
        yield _undeclared(spec, path, block.at("copy"))
    elif found.key.asked:
        yield Problem(f"copy: {path!r} is a single value, not a map", block.at("copy"), "declare it with type: map or list")


def _paste(spec: Spec, block: PasteBlock, given: frozenset[str], scope: Scope) -> Iterator[Problem]:
    path = str(block.path)
    found = resolve(spec.metadata, block.path)
    for part in block.path.parts:
        if isinstance(part, Expr):
            yield from _text(spec, Text((part,)), scope)
            yield from _in_path(part, scope)
    if block.variable:
        if block.variable not in spec.vars:
            yield _unknown_variable(spec, block.variable, block.at("paste"))
    elif not found:
        yield _undeclared(spec, path, block.at("paste"))
    elif not found.key.asked and not found.below:
        yield Problem(f"paste: {path!r} is a {found.key.type}, not a text", block.at("paste"))
    elif found.key.optional and not block.optional and path not in given:
        yield Problem(f"paste: {path!r} is optional", block.at("paste"), "say optional: true here as well")
    if len(block.wrap) not in (0, 2):
        yield Problem("wrap: a head and a tail are two texts", block.at("wrap"))


def _condition(spec: Spec, condition: Condition, scope: Scope) -> Iterator[Problem]:
    words = [key for key in keys_of(Condition) if getattr(condition, key.attribute)]
    if len(words) != 1:
        *names, last = (key.name for key in keys_of(Condition))
        yield Problem(f"when: exactly one of {', '.join(names)} and {last}", condition.at())
    for part in condition.parts:
        yield from _condition(spec, part, scope)
    yield from _comparison(spec, "eq", condition.eq, condition, scope)
    yield from _comparison(spec, "ne", condition.ne, condition, scope)
    if condition.key:
        if not resolve(spec.metadata, Text((condition.key,))):
            yield _undeclared(spec, condition.key, condition.at("has"))
    elif condition.has:
        yield from _has(spec, condition, scope)
    names = [member.name for member in spec.members]
    for name in condition.service:
        if name not in names:
            message = f"service: no service {name!r} runs with this conf image"
            yield Problem(message, condition.at("service"), did_you_mean(name, names))
    if condition.env and condition.env not in spec.vars:
        yield Problem(f"env: {condition.env!r} is not one of `vars`", condition.at("env"), did_you_mean(condition.env, spec.vars))


def given_of(condition: Condition, names: Sequence[str]) -> Expr | Collection:
    """Return what `has` asks for beside metadata. Raises ForgeError when it is nothing that can be asked for."""
    return parse_given(condition.has, Beginning(condition.at("has") or Where("")), names)


def key_of(block: SetBlock, name: str, names: Sequence[str]) -> Text:
    """A key of `set`, which may hold expressions. Raises ForgeError."""
    return parse(name, Beginning(block.at("set") or Where("")), names)


def _has(spec: Spec, condition: Condition, scope: Scope) -> Iterator[Problem]:
    try:
        found = given_of(condition, [name for name, _ in scope])
    except ForgeError as error:
        # What would stand between braces elsewhere stands here without.
        yield from (Problem(each.message, each.where, re.sub(r"@\{([^{}]*)\}", r"\1", each.hint)) for each in error.problems)
        return
    if isinstance(found, Collection):
        yield from _collection(spec, found, scope)
        return
    yield from _expr(spec, found, scope, optional=True)
    if not _simple(found, scope):
        yield Problem(f"has: {condition.has!r} has no single value", found.where)


def _comparison(spec: Spec, word: str, texts: tuple[Text, ...], condition: Condition, scope: Scope) -> Iterator[Problem]:
    if texts and len(texts) != 2:
        yield Problem(f"{word}: two texts are compared", condition.at(word))
    for text in texts:
        sums = any(isinstance(part, Expr) and part.plus for part in text.parts)
        yield from _text(spec, text, scope, optional=not sums)
        for part in text.parts:
            if isinstance(part, Expr) and not _simple(part, scope):
                yield Problem(f"@{{{part.source}}} cannot be compared: it has no single value", part.where)


def _simple(expr: Expr, scope: Scope) -> bool:
    """Whether an expression is one value that other expressions can be made of."""
    node = expr.node
    if isinstance(node, Attr):
        of = holder(scope, node.root)
        return node.path[:1] != ("host",) or node.path == ("host", "uuid") or of is None or of.element != "container"
    return isinstance(node, Metadata | Raw | Count)


def _text(
    spec: Spec, text: Text, scope: Scope = (), optional: bool = False, given: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    alone = text.single if optional else None
    for expr in text.expressions:
        there = isinstance(expr.node, Metadata) and str(expr.node.path) in given
        yield from _sum(spec, expr, scope)
        yield from _expr(spec, expr, scope, there or expr is alone or (optional and len(text.parts) == 1))
        if isinstance(expr.node, Metadata | Raw):
            for nested in expr.node.path.parts:
                if isinstance(nested, Expr):
                    yield from _in_path(nested, scope)


def _in_path(expr: Expr, scope: Scope) -> Iterator[Problem]:
    if not _simple(expr, scope):
        yield Problem(f"@{{{expr.source}}} cannot stand in a path: it has no single value", expr.where)


def _expr(spec: Spec, expr: Expr, scope: Scope, optional: bool) -> Iterator[Problem]:
    match expr.node:
        case Attr(root=root, path=path) if expr.node.of_element:
            of = holder(scope, root)
            yield from _field(spec, of, path, expr.where) if of else _astray(root, expr.where)
        case Attr(root="self", path=path):
            yield from _container_field("self", path, expr.where)
        case Attr(root="env", path=(name,)):
            if name not in spec.vars:
                yield _unknown_variable(spec, name, expr.where)
        case Metadata(path=path):
            yield from _metadata(spec, expr, path, optional)
        case Raw(path=path):
            yield from _raw(spec, expr.source, path.parts[0], expr.where)
        case Join(of=members, item=Text() as item):
            yield from _collection(spec, members, scope)
            yield from _text(spec, item, (*scope, ("", members)))
        case First(of=members, path=path) | Join(of=members, path=path):
            yield from _members(spec, members, path, expr.where, scope)
        case Count(of=members):
            yield from _collection(spec, members, scope)


def _astray(name: str, where: Where) -> Iterator[Problem]:
    """An element where there is none of this name."""
    words = "the item of a list, and in `each`" if name == "it" else "the body of its `each`"
    yield Problem(f"`{name}` stands only in {words}", where)


def _sum(spec: Spec, expr: Expr, scope: Scope) -> Iterator[Problem]:
    if expr.plus and kind_of(spec.metadata, replace(expr, plus=0), scope) != "integer":
        hint = "numbers are index, create_index, scale, count(COLL), quorum(COLL) and metadata of type int"
        yield Problem(f"@{{{expr.source}}} adds to what is not known to be a number", expr.where, hint)
    elif expr.plus and not isinstance(expr.node, Count) and spec.engine.confd in _WITHOUT_ATOI:
        hint = f"set engine: {{confd: 0.16.0}}; {spec.engine.confd} cannot turn a text into a number, and adds to counts alone"
        yield Problem(f"@{{{expr.source}}} needs confd 0.16", expr.where, hint)


def _metadata(spec: Spec, expr: Expr, path: Text, optional: bool) -> Iterator[Problem]:
    found = resolve(spec.metadata, path)
    if not found:
        yield _undeclared(spec, str(path), expr.where)
    elif not found.key.asked and not found.below:
        yield Problem(f"metadata/{path} is a {found.key.type}, not a single value", expr.where, "copy it, or list it")
    elif (found.key.optional or found.below) and expr.default is None and not optional:
        yield Problem(
            f"metadata/{path} may be missing, and this text cannot do without it",
            expr.where,
            f"give a default, @{{metadata/{path}|...}}, or put it under when: {{has: metadata/{path}}}",
        )


def _raw(spec: Spec, source: str, begins: str | Expr, where: Where) -> Iterator[Problem]:
    start = begins if isinstance(begins, str) else ""
    roots = roots_of(spec)
    if not root_of(start, roots):
        hint = f"paths begin with {', '.join(roots)}"
        if beyond_stack(start):
            hint += f"; /services and /stacks mix the stacks of an environment: {SAY_SCOPE}"
        yield Problem(f"{source!r} is not a path that every container may read", where, hint)
    name = start.removeprefix(_SERVICES).partition("/")
    if start.startswith(_SERVICES) and (name[1] or "@{" not in source) and name[0] not in spec.services:
        yield Problem(f"the entry has no service {name[0]!r}", where, _of_entry(name[0], spec))


def _members(spec: Spec, of: Collection, path: tuple[str, ...], where: Where, scope: Scope) -> Iterator[Problem]:
    yield from _collection(spec, of, scope)
    if of.kind == "metadata":
        found = resolve_collection(spec.metadata, of)
        yield from _field(spec, of, path or (found[1] if found else ()), where)
    else:
        yield from _field(spec, of, path, where)


def _field(spec: Spec, of: Collection, path: tuple[str, ...], where: Where) -> Iterator[Problem]:
    """What is wrong with a field of an element of a collection: each kind of element has fields of its own."""
    field = ".".join(path)
    if of.element == "text":
        if field:
            yield Problem(f"an element of {of} is a text, without fields", where, "write @{it}")
    elif of.element == "value":
        yield from _record_field(spec, of, field, where)
    elif not path:
        yield Problem(f"which field of {of}?", where, did_you_mean("", _FIELDS[of.element]))
    elif of.element == "container":
        yield from _container_field("it", path, where)
    else:
        checked = path[:1] == ("health_check",) and path[1:] in [(name,) for name in CHECK_FIELDS]
        labelled = path[:1] == ("label",) and len(path) == 2
        if path not in [(name,) for name in _FIELDS[of.element]] and not (
            (labelled and of.element != "label") or (checked and of.element == "service")
        ):
            more = {"service": ("label.L", "health_check.port"), "host": ("label.L",)}.get(of.element, ())
            yield Problem(f"a {of.element} has no field {field!r}", where, did_you_mean(field, (*_FIELDS[of.element], *more)))


def _record_field(spec: Spec, of: Collection, field: str, where: Where) -> Iterator[Problem]:
    found = resolve_collection(spec.metadata, of) if of.kind == "metadata" else None
    fields = found[0].key.fields if found else ()
    if found and found[0].key.type == "map" and field in ("name", "key"):
        return
    if fields and field not in fields:
        message = f"{of} has no field {field!r}" if field else f"which field of {of}?"
        yield Problem(message, where, did_you_mean(field, fields))
    elif field and {"", ".", ".."} & set(field.split("/")):
        yield Problem(f"{field!r} cannot be the name of a field", where, "segments stand between single slashes, never '..'")


def _container_field(root: str, path: tuple[str, ...], where: Where) -> Iterator[Problem]:
    of_label = path[:1] == ("label",) and len(path) == 2
    of_its_host = path[:1] == ("host",) and _of_host(path[1:])
    if not (of_label or of_its_host or path in [(field,) for field in CONTAINER_FIELDS]):
        word = ".".join(path)
        yield Problem(f"{root} has no field {word!r}", where, did_you_mean(word, (*CONTAINER_FIELDS, "label.L", "host.ip")))


def _of_host(path: tuple[str, ...]) -> bool:
    return path in [(field,) for field in HOST_FIELDS] or (path[:1] == ("label",) and len(path) == 2)


def _collection(spec: Spec, of: Collection, scope: Scope) -> Iterator[Problem]:
    if of.kind == "service" and of.name not in spec.services:
        yield Problem(f"the entry has no service {of.name!r}", of.where, _of_entry(of.name, spec))
    elif of.kind == "everywhere" and spec.scope != "environment":
        yield Problem(f"{of} looks beyond the stack", of.where, SAY_SCOPE)
    elif of.kind == "within":
        yield from _within(of, scope)
    elif of.kind == "link":
        yield from _link(spec, of)
    elif of.kind == "named":
        yield from _named(spec, of)
    elif of.kind == "raw":
        yield from _raw(spec, of.name, of.name, of.where)
        if wrong := next((char for char in "*?[]\\@{}" if char in of.name), ""):
            yield Problem(
                f"{wrong!r} cannot stand in the path of a collection", of.where, "it is a path of the metadata, as it is"
            )
    elif of.parts:
        yield from _expr(spec, of.parts[0], scope, optional=True)
    elif of.kind == "metadata" and not resolve_collection(spec.metadata, of):
        yield Problem(
            f"{of} is not a declared list or map",
            of.where,
            did_you_mean(of.name, (n for n, k in spec.metadata.items() if not k.asked)),
        )


def _of_entry(name: str, spec: Spec) -> str:
    near = did_you_mean(name, spec.services)
    return near if near.startswith("did") else f"{near}; one more is declared under `companions`"


def _unknown_variable(spec: Spec, name: str, where: Where | None) -> Problem:
    return Problem(f"env.{name} is not one of `vars`", where, did_you_mean(name, spec.vars))


def _within(of: Collection, scope: Scope) -> Iterator[Problem]:
    around = holder(scope, of.name)
    kind = {"self": "container", "self.host": "host"}.get(of.name, around.element if around else "")
    if not kind:
        yield from _astray(of.name, of.where)
    elif of.inner not in WITHIN.get(kind, ()):
        hint = did_you_mean(of.inner, WITHIN.get(kind, ())) if kind in WITHIN else ""
        yield Problem(f"a {kind} has no {of.inner}", of.where, hint)


def _link(spec: Spec, of: Collection) -> Iterator[Problem]:
    """A link that the service does not have leads nowhere."""
    known = links_of(spec)
    if of.name not in known:
        hint = did_you_mean(of.name, known) if known else f"say it in the service: links: [SERVICE:{of.name}]"
        yield Problem(f"the service has no link {of.name!r}", of.where, hint)


def links_of(spec: Spec) -> list[str]:
    """Return the aliases of the links and external links of the service and of its groups, each once."""
    found: dict[str, None] = {}
    for compose in (spec.service.compose, *(group.compose for group in spec.service.groups.values())):
        for key in ("links", "external_links"):
            links = compose.get(key) or ()
            for link in (f"{name}:{alias}" for name, alias in links.items()) if isinstance(links, Mapping) else links:
                target, colon, alias = str(link).rpartition(":")
                found[alias if colon and target else str(link).rpartition("/")[2]] = None
    return list(found)


def _named(spec: Spec, of: Collection) -> Iterator[Problem]:
    found = resolve(spec.metadata, Text((of.name,)))
    if not found:
        yield _undeclared(spec, of.name, of.where)
    elif found.below or found.key.type not in ("service", "string"):
        yield Problem(f"metadata/{of.name} does not name a service", of.where, "declare it with type: service")


def _undeclared(spec: Spec, path: str, where: Where | None) -> Problem:
    return Problem(f"no such metadata key: {path!r}", where, did_you_mean(path, spec.metadata) or "declare it under `metadata`")
