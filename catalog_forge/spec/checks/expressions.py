"""Check expressions: everything that an expression reads must be declared, and available where the expression is used."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import replace

from catalog_forge.errors import Problem, Where, did_you_mean, known_here, nearest
from catalog_forge.spec.expressions import (
    CHECK_FIELDS,
    CONTAINER_FIELDS,
    FOUND_FIELDS,
    HOST_FIELDS,
    LABEL_FIELDS,
    WITHIN,
    Attr,
    Changed,
    Collection,
    Count,
    Expr,
    First,
    Join,
    Label,
    Metadata,
    Ordinal,
    Raw,
    Scope,
    Text,
    holder,
)
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.metadata import kind_of, resolve, resolve_collection
from catalog_forge.spec.model.roots import SAY_SCOPE, beyond_stack, root_of, roots_of

_FIELDS = {"container": CONTAINER_FIELDS, "host": HOST_FIELDS, "service": FOUND_FIELDS, "label": LABEL_FIELDS}
DECLARED = "declare it under `metadata`"
DECLARE = "declare it: vars: {NAME: DEFAULT}"
# Releases of confd that lack the function `atoi` (docs/facts/confd.md#2.9).
_WITHOUT_ATOI = ("0.14.0", "0.15.0")
SINGLE = "use a single value, such as metadata/KEY, self.ip or count(peers), or within `each` a field of the element"
"""The hint for an expression that does not always have exactly one value."""
_SERVICES = "/self/stack/services/"
# A name, an operator and a number. The operator counts as arithmetic only if there are spaces on both sides of it.
_CALCULATED = re.compile(r"([^+*%/-]+) ?([+*/%-]) ?([0-9]+)")


def is_single(expr: Expr, scope: Scope) -> bool:
    """Whether an expression yields a single value, so that another expression can contain it."""
    node = expr.node
    if isinstance(node, Attr):
        of = holder(scope, node.root)
        return node.path[:1] != ("host",) or node.path == ("host", "uuid") or of is None or of.element != "container"
    return isinstance(node, Label | Metadata | Raw | Count | Changed | Ordinal)


def check_text(
    spec: Spec, text: Text, scope: Scope = (), optional: bool = False, given: frozenset[str] = frozenset()
) -> Iterator[Problem]:
    """Yield the problems in the expressions of a text.

    `optional`: whether an expression that is the whole text may have no value.
    """
    alone = text.single if optional else None
    for expr in text.expressions:
        there = isinstance(expr.node, Metadata) and str(expr.node.path) in given
        yield from _sum(spec, expr, scope)
        yield from check_expr(spec, expr, scope, there or expr is alone or (optional and len(text.parts) == 1))
        if isinstance(expr.node, Metadata | Raw):
            for nested in expr.node.path.parts:
                if isinstance(nested, Expr):
                    yield from check_in_path(nested, scope)


def check_in_path(expr: Expr, scope: Scope) -> Iterator[Problem]:
    """Yield a problem if an expression inside a path does not yield a single value."""
    if not is_single(expr, scope):
        message = f"@{{{expr.source}}} cannot be used in a path, because it does not always have exactly one value"
        yield Problem(message, expr.where, SINGLE)


def check_expr(spec: Spec, expr: Expr, scope: Scope, optional: bool) -> Iterator[Problem]:
    """Yield a problem for each unknown name in an expression. `optional`: whether the expression may have no value."""
    match expr.node:
        case Attr():
            yield from _attr(spec, expr.node, expr.where, scope)
        case Metadata(path=path):
            yield from _metadata(spec, expr, path, optional)
        case Raw(path=path):
            yield from _raw(spec, expr.source, path.parts[0], expr.where)
        case Join(of=members, item=Text() as item):
            yield from check_collection(spec, members, scope)
            yield from check_text(spec, item, (*scope, ("", members)))
        case First(of=members, path=path) | Join(of=members, path=path):
            yield from _members(spec, members, path, expr.where, scope)
        case Count(of=members):
            yield from check_collection(spec, members, scope)
        case Label():
            yield from _label(expr.node, expr.where, scope)
        case Changed() | Ordinal():
            yield from _function(expr.node, expr.where, scope)


def _attr(spec: Spec, node: Attr, where: Where, scope: Scope) -> Iterator[Problem]:
    if node.of_element:
        of = holder(scope, node.root)
        yield from _field(spec, of, node.path, where) if of else _astray(node.root, where)
    elif node.root == "self":
        yield from _container_field("self", node.path, where)
    elif node.root == "env" and node.path[0] not in spec.vars:
        yield unknown_variable(spec, node.path[0], where)


def _label(node: Label, where: Where, scope: Scope) -> Iterator[Problem]:
    """Yield the problems with a label whose name is computed. Such a label cannot be read from the host of an element."""
    of = holder(scope, node.root) if node.of_element else None
    if node.of_element and of is None:
        yield from _astray(node.root, where)
    elif of and (node.host or of.element not in ("container", "host", "service")):
        what = f"the host of an element of {of}" if node.host else f"an element of {of}"
        hint = "such labels can be read only from an element that is itself a container, host or service"
        yield Problem(f"a label with a computed name cannot be read from {what}", where, hint)
    for nested in node.name.parts:
        if isinstance(nested, Expr):
            yield from check_in_path(nested, scope)


def _function(node: Changed | Ordinal, where: Where, scope: Scope) -> Iterator[Problem]:
    if isinstance(node, Ordinal):
        yield from () if holder(scope, node.root) else _astray(node.root, where)
    elif not is_single(node.of, scope):
        yield Problem(f"{node.word}: @{{{node.of.source}}} does not always have exactly one value", node.of.where, SINGLE)


def _astray(name: str, where: Where) -> Iterator[Problem]:
    """Yield the problem that the name of an element is used outside of the element's scope."""
    words = "the item of a list, or in `each`" if name == "it" else "the body of its `each`"
    hint = (
        "such as list: {of: peers, item: '@{it.ip}'}" if name == "it" else f"move the text into the `each` that has `as: {name}`"
    )
    yield Problem(f"`{name}` can only be used in {words}", where, hint)


def _sum(spec: Spec, expr: Expr, scope: Scope) -> Iterator[Problem]:
    if expr.sum and kind_of(spec.metadata, replace(expr, sum=None), scope) != "integer":
        hint = "numbers are index, create_index, scale, count(COLL), quorum(COLL), position(it) and metadata of type int"
        yield Problem(f"@{{{expr.source}}} calculates with a value that may not be a number", expr.where, hint)
    elif expr.sum and not expr.is_counted and spec.engine.confd in _WITHOUT_ATOI:
        hint = (
            f"set engine: {{confd: 0.16.0}}: confd {spec.engine.confd} cannot convert text to a number, and can "
            f"only calculate with counts"
        )
        yield Problem(f"@{{{expr.source}}} needs confd 0.16", expr.where, hint)


def _metadata(spec: Spec, expr: Expr, path: Text, optional: bool) -> Iterator[Problem]:
    found = resolve(spec.metadata, path)
    if not found:
        yield undeclared(spec, str(path), expr.where)
    elif not found.key.asked and not found.below:
        block = f"copy: metadata/{path}" if found.key.type == "map" else f"list: {{of: metadata/{path}, item: '@{{it}}'}}"
        message = f"metadata/{path} is a {found.key.type}, not a single value"
        yield Problem(message, expr.where, f"to write all of it, use the block {block}")
    elif (found.key.optional or found.below) and expr.default is None and not optional:
        yield Problem(
            f"metadata/{path} may be missing, but this text needs it",
            expr.where,
            f"give a default, @{{metadata/{path}|...}}, or write the text below when: {{has: metadata/{path}}}",
        )


def _raw(spec: Spec, source: str, begins: str | Expr, where: Where) -> Iterator[Problem]:
    start = begins if isinstance(begins, str) else ""
    roots = roots_of(spec)
    if not root_of(start, roots):
        hint = f"a path must begin with one of: {', '.join(roots)}"
        if beyond_stack(start):
            hint += f"; /services and /stacks cover all stacks of an environment: to read them, {SAY_SCOPE}"
        yield Problem(f"{source!r} is not a path that exists for every container", where, hint)
    name = start.removeprefix(_SERVICES).partition("/")
    if start.startswith(_SERVICES) and (name[1] or "@{" not in source) and name[0] not in spec.services:
        yield Problem(f"the entry has no service {name[0]!r}", where, _of_entry(name[0], spec))


def _members(spec: Spec, of: Collection, path: tuple[str, ...], where: Where, scope: Scope) -> Iterator[Problem]:
    yield from check_collection(spec, of, scope)
    if of.kind == "metadata":
        found = resolve_collection(spec.metadata, of)
        yield from _field(spec, of, path or (found[1] if found else ()), where)
    else:
        yield from _field(spec, of, path, where)


def _field(spec: Spec, of: Collection, path: tuple[str, ...], where: Where) -> Iterator[Problem]:
    """Yield a problem if the elements of a collection do not have the field `path`."""
    field = ".".join(path)
    if of.element == "text":
        if field:
            yield Problem(f"an element of {of} is a string without fields", where, "write @{it}")
    elif of.element == "value":
        yield from _record_field(spec, of, field, where)
    elif not path:
        yield Problem(_no_field(of), where, known_here(_FIELDS[of.element]))
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


def _no_field(of: Collection) -> str:
    return f"the expression must name a field of the elements of {of}"


def _record_field(spec: Spec, of: Collection, field: str, where: Where) -> Iterator[Problem]:
    found = resolve_collection(spec.metadata, of) if of.kind == "metadata" else None
    fields = found[0].key.fields if found else ()
    if found and found[0].key.type == "map" and field in ("name", "key"):
        return
    if fields and field not in fields:
        message = f"{of} has no field {field!r}" if field else _no_field(of)
        yield Problem(message, where, did_you_mean(field, fields))
    elif field and {"", ".", ".."} & set(field.split("/")):
        yield Problem(
            f"{field!r} cannot be the name of a field", where, "segments are separated by single slashes; '..' is not allowed"
        )


def _container_field(root: str, path: tuple[str, ...], where: Where) -> Iterator[Problem]:
    of_label = path[:1] == ("label",) and len(path) == 2
    of_its_host = path[:1] == ("host",) and _of_host(path[1:])
    if not (of_label or of_its_host or path in [(field,) for field in CONTAINER_FIELDS]):
        word = ".".join(path)
        yield Problem(f"`{root}` has no field {word!r}", where, did_you_mean(word, (*CONTAINER_FIELDS, "label.L", "host.ip")))


def _of_host(path: tuple[str, ...]) -> bool:
    return path in [(field,) for field in HOST_FIELDS] or (path[:1] == ("label",) and len(path) == 2)


def check_collection(spec: Spec, of: Collection, scope: Scope) -> Iterator[Problem]:
    """Yield the problems with a collection. `scope`: the elements that the surrounding blocks define."""
    if of.kind == "service" and of.name not in spec.services:
        yield Problem(f"the entry has no service {of.name!r}", of.where, _of_entry(of.name, spec))
    elif of.kind == "everywhere" and spec.scope != "environment":
        yield Problem(f"{of} reads services of other stacks", of.where, SAY_SCOPE)
    elif of.kind == "within":
        yield from _within(of, scope)
    elif of.kind == "link":
        yield from _link(spec, of)
    elif of.kind == "named":
        yield from _named(spec, of)
    elif of.kind == "raw":
        yield from _raw(spec, of.name, of.name, of.where)
        if wrong := next((char for char in "*?[]\\@{}" if char in of.name), ""):
            yield Problem(f"{wrong!r} cannot be used in the path of a collection", of.where, "the path is taken literally")
    elif of.parts:
        yield from check_expr(spec, of.parts[0], scope, optional=True)
    elif of.kind == "metadata" and not resolve_collection(spec.metadata, of):
        yield Problem(
            f"{of} is not a declared list or map",
            of.where,
            did_you_mean(of.name, (n for n, k in spec.metadata.items() if not k.asked), "declare the key with type: list or map"),
        )


def _of_entry(name: str, spec: Spec) -> str:
    otherwise = f"{known_here(spec.services)}; declare another service under `companions`"
    return nearest(name, spec.services, otherwise)


def unknown_variable(spec: Spec, name: str, where: Where | None) -> Problem:
    """Return the problem for a variable that is missing from `vars`."""
    return Problem(f"env.{name} is not declared in `vars`", where, did_you_mean(name, spec.vars, DECLARE))


def _within(of: Collection, scope: Scope) -> Iterator[Problem]:
    around = holder(scope, of.name)
    kind = {"self": "container", "self.host": "host"}.get(of.name, around.element if around else "")
    if not kind:
        yield from _astray(of.name, of.where)
    elif of.inner not in WITHIN.get(kind, ()):
        hint = did_you_mean(of.inner, WITHIN.get(kind, ()), f"only these have collections: {', '.join(WITHIN)}")
        yield Problem(f"a {kind} has no {of.inner}", of.where, hint)


def _link(spec: Spec, of: Collection) -> Iterator[Problem]:
    """Yield a problem if a collection names a link that the service does not have."""
    known = links_of(spec)
    if of.name not in known:
        hint = did_you_mean(of.name, known) if known else f"add the link to the service: links: [SERVICE:{of.name}]"
        yield Problem(f"the service has no link {of.name!r}", of.where, hint)


def links_of(spec: Spec) -> list[str]:
    """Return the aliases of all links and external links of the service and its groups, without duplicates."""
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
        yield undeclared(spec, of.name, of.where)
    elif found.below or found.key.type not in ("service", "string"):
        yield Problem(f"metadata/{of.name} does not name a service", of.where, "declare the key with type: service")


def undeclared(spec: Spec, path: str, where: Where | None) -> Problem:
    """Return the problem for a metadata key that the spec does not declare."""
    hint = did_you_mean(path, spec.metadata, DECLARED)
    if (found := _CALCULATED.fullmatch(path)) and found[1] in spec.metadata:
        hint = f"write spaces around the operator: metadata/{found[1]} {found[2]} {found[3]}"
    if "@{" in path:
        begins = path.partition("@{")[0].rstrip("/") or "KEY"
        hint = nearest(
            begins,
            [name for name, key in spec.metadata.items() if not key.asked],
            f"declare each key that the path may name, or declare `{begins}: {{type: map}}` for metadata/{begins}/@{{...}}",
        )
    return Problem(f"no such metadata key: {path!r}", where, hint)
