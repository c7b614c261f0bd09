"""Compiles the expressions of a spec to template code: one template expression if possible, otherwise ranges and conditions."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar

from catalog_forge.confd import beyond, go
from catalog_forge.confd import escape as escapes
from catalog_forge.confd.go import Path
from catalog_forge.confd.names import Members, Names, field_of, host_field
from catalog_forge.errors import ForgeError
from catalog_forge.formats import Escape
from catalog_forge.formats.base import Format
from catalog_forge.spec.expressions import (
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
)
from catalog_forge.spec.model import Spec
from catalog_forge.spec.model.bodies import parts_of
from catalog_forge.spec.model.metadata import Found, hidden, kind_of, resolve, resolve_collection

# Returns the code that prints the value of a template expression.
Printer = Callable[[str], str]
_T = TypeVar("_T")


@dataclass(frozen=True, slots=True)
class Held:
    """A loop element that expressions may read: its name, its collection, and the variable that holds it."""

    name: str
    of: Collection
    members: Members
    variable: str


@dataclass(slots=True)
class Values:
    """Turns expressions into template code, and records what the template needs."""

    spec: Spec
    format: Format
    names: Names
    helpers: dict[str, str] = field(default_factory=dict)
    required: dict[str, str] = field(default_factory=dict)
    secret: bool = False
    frames: tuple[Held, ...] = ()

    def printer(self, escape: Escape, name: str) -> Printer:
        """Return a function that writes the code to print a value inside quotes; error messages call the value `name`."""

        def show(term: str) -> str:
            self.helpers[escape.name] = escapes.helper(escape)
            return escapes.inner(term, go.string(name), escape)

        return show

    def whole(self, term: str, escape: Escape, name: str) -> str:
        """Return the code that prints a template expression with the escape's quotes around it."""
        if escape.quoted and not escape.longest:
            return f'{{{{printf "%q" {go.paren(term)}}}}}'
        return go.literal(escape.opening) + self.printer(escape, name)(term) + go.literal(escape.closing)

    def shown(self, expr: Expr, escape: Escape, whole: bool = False) -> str:
        """Return the code that prints a spec expression with an escape and, if `whole` is set, with the escape's quotes."""
        self._fits(expr, escape)
        if whole and self._is_term(expr):
            return self.whole(self.term(expr), escape, self.called(expr))
        code = self.emit(expr, escape)
        return go.literal(escape.opening) + code + go.literal(escape.closing) if whole else code

    def _fits(self, expr: Expr, escape: Escape) -> None:
        """Raise ForgeError for a value of several lines where no line break is allowed, because rendering would always fail."""
        node = expr.node.of.node if isinstance(expr.node, Changed) else expr.node
        found = resolve(self.spec.metadata, node.path) if isinstance(node, Metadata) else None
        if found and not found.below and found.key.type in ("multiline", "certificate") and escape.refuses("a\nb"):
            raise ForgeError(
                f"metadata/{found.name} has several lines ({found.key.type}), but only a single line is allowed here",
                expr.where,
                f"to put it into the file unchanged, use a separate block: paste: metadata/{found.name}",
            )

    def called(self, expr: Expr) -> str:
        """Return the name of an expression's value for error messages."""
        of_element = isinstance(expr.node, Attr) and expr.node.of_element
        return f"{expr.source} of {self._frame(expr.node.root).of}" if of_element else expr.source  # type: ignore[union-attr]

    @property
    def scope(self) -> Scope:
        """The loop elements that expressions may read."""
        return tuple((frame.name, frame.of) for frame in self.frames)

    def typed(self, expr: Expr) -> str:
        """Return "integer" or "boolean" if the expression is known to have this type, otherwise ""."""
        return "" if isinstance(expr.node, First) else kind_of(self.spec.metadata, expr, self.scope)

    def bare(self, expr: Expr, kind: str) -> str:
        """Return the code that checks, during rendering, that a value is a number or boolean, and prints it without quotes."""
        if expr.is_counted:
            return f"{{{{{self.term(expr)}}}}}"
        if expr.sum:
            return self._added(expr)(self._operand(expr))
        self.helpers[kind] = escapes.INTEGER if kind == "integer" else escapes.BOOLEAN
        return escapes.typed(self.term(expr), go.string(self.called(expr)), kind)

    def text(self, text: Text, escape: Escape) -> str:
        """Return the code of text inside quotes: the author's words and the values are both escaped."""
        return "".join(
            go.literal(escape.apply(part)) if isinstance(part, str) else self.emit(part, escape) for part in text.parts
        )

    def emit(self, expr: Expr, escape: Escape) -> str:
        """Return the code that prints one expression inside quotes."""
        self._fits(expr, escape)
        show = self._added(expr) if expr.sum else self.printer(escape, self.called(expr))
        match expr.node:
            case First(of=of, path=path):
                return self._first(expr, of, path, show)
            case Join():
                return self._join(expr.node, expr.default, escape, show)
            case Count() | Ordinal():
                return f"{{{{{self.term(expr)}}}}}"
            case Attr(root=root, path=("host", *rest)) if self._of_host(expr.node):
                frame = self._frame(root)
                return self._host(self.names.element(frame.members, frame.variable), tuple(rest), expr.default, show)
        return show(self._operand(expr))

    def _added(self, expr: Expr) -> Printer:
        """Return a function that writes the code to print a template expression after applying the arithmetic of `expr`."""
        assert expr.sum
        function, number = expr.sum
        self.helpers[escapes.calculated(function)] = escapes.calculation(function)
        return lambda term: escapes.added(term, go.string(self.called(expr)), function, number)

    def _is_term(self, expr: Expr) -> bool:
        if expr.sum:
            return False
        return not self._of_host(expr.node) and not isinstance(expr.node, First | Join | Count | Ordinal)

    def _of_host(self, node: object) -> bool:
        """Whether a node reads a field of an element's host (but not the uuid), so that a loop must search all hosts."""
        if not isinstance(node, Attr) or not node.of_element or node.path[:1] != ("host",) or node.path == ("host", "uuid"):
            return False
        return self._frame(node.root).of.element == "container"

    def term(self, expr: Expr) -> str:
        """Return one template expression that yields the value of a spec expression."""
        operand = self._operand(expr)
        if not expr.sum:
            return operand
        function, number = expr.sum
        return f"{function} ({operand if expr.is_counted else f'atoi ({operand})'}) {number}"

    def _operand(self, expr: Expr) -> str:
        """Return the template expression for a spec expression, without its arithmetic."""
        node = expr.node
        if isinstance(node, Count):
            return self._count(node)
        if isinstance(node, Ordinal):
            members = self._frame(node.root).members
            return members.number if members.selected else f"add {members.number} 1"
        if isinstance(node, Changed):
            return self._changed(node, expr.default)
        if isinstance(node, Attr) and node.root == "env":
            return f"getenv {go.string(node.path[0])} {go.string(expr.default or self.spec.vars.get(node.path[0], ''))}"
        if isinstance(node, Attr) and node.root == "service" and node.path == ("name",):
            return self.names.service_name()
        default = None if expr.default is None else go.string(expr.default)
        if isinstance(node, Label):
            return self._label(node).value if default is None else self._label(node).given(default)
        if isinstance(node, Metadata):
            return self._metadata(node.path, default)
        if isinstance(node, Attr) and node.of_element:
            frame = self._frame(node.root)
            return self._field(frame.of, frame.members, frame.variable, node.path, expr.default)
        path = self._path(node)
        if isinstance(node, Attr) and node.root == "self" and node.path == ("hostname",):
            return self._hostname(path)
        return path.value if default is None else path.given(default)

    def _label(self, node: Label) -> Path:
        """Return the path of a label whose name is computed."""
        if node.of_element:
            frame = self._frame(node.root)
            if frame.of.element == "service":
                holder = beyond.service_field(self.names, frame.variable, ("label", ""))
            else:
                holder = self.names.element(frame.members, frame.variable).child("labels/")
        elif node.host or (node.root == "service" and self.names.is_self):
            holder = self.names.at("/self/host" if node.host else "/self/service").child("labels/")
        else:
            holder = self.names.self_container().child("labels/")
        name = self._joined("", node.name)
        return Path(holder.format + name.format, (*holder.terms, *name.terms))

    def _changed(self, node: Changed, default: str | None) -> str:
        """Return the template expression for a changed value (replace, lower, upper), or the default if the value is empty."""
        term = go.paren(self._operand(node.of))
        if node.word == "replace":
            old, new = map(go.string, node.parts)
            changed = f"replace {term} {old} {new} -1"
        else:
            changed = f"{'toLower' if node.word == 'lower' else 'toUpper'} {term}"
        return f"or ({changed}) {go.string(default)}" if default else changed

    def composite(self, text: Text) -> str:
        """Return text as one template expression, for comparisons and for paths that contain `@{...}`."""
        formats, terms = [], []
        for part in text.parts:
            if isinstance(part, str):
                formats.append(part.replace("%", "%%"))
            else:
                formats.append("%v")
                terms.append(go.paren(self.optional_term(part)))
        joined = "".join(formats)
        if not terms:
            return go.string(joined.replace("%%", "%"))
        return f"printf {go.string(joined)} {' '.join(terms)}"

    def optional_term(self, expr: Expr) -> str:
        """Return the template expression for a spec expression; an unset optional key or element field yields an empty value."""
        if expr.sum:
            return self.term(expr)
        if isinstance(expr.node, Changed) and expr.default is None:
            return self._operand(replace(expr, node=replace(expr.node, of=replace(expr.node.of, default=""))))
        if isinstance(expr.node, Attr | Label) and expr.node.of_element and expr.default is None:
            return self._operand(replace(expr, default=""))
        return self.condition(expr) or self.term(expr)

    def given(self, found: Expr | Collection) -> str:
        """Return a condition that is true if an expression has a value that is not empty, or if a collection has an element."""
        if isinstance(found, Collection):
            return self._some(self.collection(found))
        return self.term(found) if found.is_counted else self._operand(replace(found, default=""))

    def existing(self, expr: Expr) -> str:
        """Return a condition that is true if a key exists, even with an empty value. A map or list exists if it has elements."""
        node = expr.node
        if isinstance(node, Metadata):
            path = self.metadata_path(node.path)
        elif isinstance(node, Attr) and node.of_element:
            frame = self._frame(node.root)
            path = self._member_path(frame.of, self.names.element(frame.members, frame.variable), node.path)
            if frame.of.element == "service":
                path = beyond.service_field(self.names, frame.variable, node.path)
        else:
            path = self._path(node)
        found = resolve(self.spec.metadata, node.path) if isinstance(node, Metadata) else None
        is_single = found and found.key.asked  # other paths may be folders
        return f"exists {go.paren(path.term)}" if is_single else f"or (exists {go.paren(path.term)}) (ls {go.paren(path.term)})"

    def condition(self, expr: Expr) -> str:
        """Return a template expression that is false if an optional key has no value. Return "" if the key always has a value."""
        node = expr.node
        if isinstance(node, Changed) and expr.default is None:
            return self.condition(node.of)
        if isinstance(node, Label) and node.of_element and expr.default is None:
            return self._operand(replace(expr, default=""))
        if isinstance(node, Attr) and node.of_element and expr.default is None and self._may_lack(node):
            return self._operand(replace(expr, default=""))
        if not isinstance(node, Metadata) or expr.default is not None:
            return ""
        found = resolve(self.spec.metadata, node.path)
        if found is None or (not found.key.optional and not found.below):
            return ""
        return self.metadata_path(node.path).given('""')

    def _may_lack(self, node: Attr) -> bool:
        """Whether an element may lack this field. It may lack any label; a service may lack any field but `name` and `stack`."""
        element = self._frame(node.root).of.element
        return "label" in node.path[:1] or (element == "service" and node.path not in (("name",), ("stack",)))

    def collection(self, of: Collection) -> Members:
        """Compile a collection to template code."""
        return replace(self._collection(replace(of, required=False) if of.required else of), depth=len(self.frames))

    def _collection(self, of: Collection) -> Members:
        match of.kind:
            case "raw":
                return self.names.below(of)
            case "split":
                return self._split(of)
            case "within":
                return self._within(of)
            case "metadata":
                return self._values(of)
        others = {"everywhere": beyond.everywhere, "link": beyond.link, "named": beyond.named}
        if of.kind == "named":
            self.need(self._declared(of.name))
        return others[of.kind](self.names, of) if of.kind in others else self.names.members(of)

    def _split(self, of: Collection) -> Members:
        assert of.parts
        text, separator = of.parts
        if isinstance(text.node, Attr) and text.node.of_element:
            return beyond.split(self.optional_term(text), separator)
        return self.names.split(of, self.optional_term(text), separator)

    def _within(self, of: Collection) -> Members:
        """Compile a collection inside a loop element, inside the container `self` or inside the host of `self`."""
        if of.name in ("self", "self.host"):
            path = self.names.self_container() if of.name == "self" else self.names.at("/self/host")
            return beyond.inner(of, path)
        frame = self._frame(of.name)
        if of.inner == "containers":
            return beyond.containers(self.names, frame.of, frame.variable, of.filters)
        if frame.of.element == "service":
            below = "labels" if of.inner == "labels" else of.inner
            leaf = beyond.service_field(self.names, frame.variable, (below,))
            return beyond.inner(of, Path(leaf.format.removesuffix(f"/{below}"), leaf.terms))
        return beyond.inner(of, self.names.element(frame.members, frame.variable))

    def _values(self, of: Collection) -> Members:
        """Compile a collection that is a list or map of the metadata. In a map with fields, only records count as elements."""
        found, _ = self._resolved(of)
        self.need(found)
        base = self.names.metadata(found.name)
        if found.key.type == "list" and "name" not in found.key.fields:
            # Elements are read by number, because `ls` sorts names as text: 10 would come before 9.
            indexes = f"seq 0 (sub (len (ls {go.paren(base.term)})) 1)"
            return Members(indexes, Path(base.format + "/%d", ("",)))
        word = "lsdir" if found.key.type == "map" and found.key.fields else "ls"
        return Members(f"{word} {go.paren(base.term)}", Path(base.format + "/%s", ("",)))

    def _declared(self, name: str) -> Found:
        found = resolve(self.spec.metadata, Text((name,)))
        assert found, "the checks of the spec accept only declared keys"
        return found

    def _resolved(self, of: Collection) -> tuple[Found, tuple[str, ...]]:
        found = resolve_collection(self.spec.metadata, of)
        assert found, "the checks of the spec accept only declared collections"
        return found

    def need(self, found: Found) -> None:
        """Record a metadata key that is read: a check is added for a required key, and a secret key makes the file private."""
        self.secret |= found.key.hidden
        if found.key.needed and not found.below:
            path = self.names.metadata(found.name)
            key = go.paren(path.term)
            self.required[found.name] = path.value_or('""') if found.key.asked else f"and (not (exists {key})) (ls {key})"

    def loop(self, of: Collection, separator: str, item: Callable[[Members], str], head: str = "", tail: str = "") -> str:
        """Return the code that prints an item for each element, with separators. Without elements, it prints nothing."""
        members = self.collection(of)
        between = self._between(members, separator) if separator else ""
        return self._awaited(of) + self.around(members, head, members.each(between + item(members)), tail)

    @staticmethod
    def _between(members: Members, separator: str) -> str:
        first = f"gt {members.number} 1" if members.selected else members.number
        return f"{{{{if {first}}}}}{separator}{{{{end}}}}"

    def lines(self, of: Collection, item: Callable[[Members], str], head: str = "", tail: str = "", separator: str = "") -> str:
        """Return the code that prints lines for each element; the head and the tail are left out if there is no element."""
        members = self.collection(of)
        code = item(members)
        code = self._between(members, separator) + code if separator else go.apart_line(code)
        return self._awaited(of) + self.around(members, head, members.each(code, trim=" -}}\n"), tail and go.apart_line(tail))

    def _awaited(self, of: Collection) -> str:
        """Return the code that stops rendering, with a line in the log, while a required collection is empty."""
        if not of.required:
            return ""
        message = go.string(f"required: {replace(of, required=False)} has no element yet")
        return f"{{{{if not ({self._some(self.collection(of))})}}}}{{{{getv {message}}}}}{{{{end}}}}"

    def around(self, members: Members, head: str, code: str, tail: str) -> str:
        """Put a head and a tail around code. The head and the tail are printed only if the collection has an element."""
        if not head and not tail:
            return code
        trim = "}}" if code.endswith("}}") else " -}}\n"
        return f"{{{{if {self._some(members)}}}}}{head}{code}{tail}{{{{end{trim}"

    def _some(self, members: Members) -> str:
        """Return a condition that is true if a collection has an element. In a template, an empty list counts as false."""
        return f"gt (len {go.paren(members.list)}) 1" if members.selected else members.list

    def _first(self, expr: Expr, of: Collection, path: tuple[str, ...], show: Printer) -> str:
        members = self.collection(replace(of, records=bool(path)))
        found = self._show_field(of, members, self.names.first_of(members), path, show)
        if expr.default is not None:
            otherwise = show(go.string(expr.default))
        else:
            otherwise = f"{{{{getv {go.string(f'{expr.source}: {replace(of, required=False)} has no element yet')}}}}}"
        return self._or_else(members, found, otherwise)

    def _or_else(self, members: Members, found: str, otherwise: str) -> str:
        """Return the code that prints `found` if there is an element, and `otherwise` if there is none."""
        return f"{{{{if {self._some(members)}}}}}{found}{{{{else}}}}{otherwise}{{{{end}}}}"

    def _join(self, node: Join, default: str | None, escape: Escape, show: Printer) -> str:
        def words(text: str) -> str:
            return go.literal(escape.apply(text) if escape.changes else text)

        def text(item: Text) -> str:
            return "".join(words(part) if isinstance(part, str) else self.emit(part, escape) for part in item.parts)

        def field(members: Members) -> str:
            return self._show_field(node.of, members, members.variable, node.path, show)

        def made(members: Members) -> str:
            return field(members) if node.item is None else self.within(members, node.of, text, node.item)

        of = node.of if node.item is None else of_item(node.of, node.item)
        found = self.loop(of, words(node.separator), made)
        return found if default is None else self._or_else(self.collection(of), found, show(go.string(default)))

    def within(self, members: Members, of: Collection, write: Callable[[_T], str], item: _T, name: str = "") -> str:
        """Return the result of `write(item)`. In the item, `it` and the name in `name` refer to the loop element of `members`."""
        around, self.frames = self.frames, (*self.frames, Held(name, of, members, members.variable))
        code = write(item)
        self.frames = around
        return code

    def _show_field(self, of: Collection, members: Members, variable: str, path: tuple[str, ...], show: Printer) -> str:
        if of.element == "container" and path[:1] == ("host",) and path != ("host", "uuid"):
            return self._host(self.names.element(members, variable), path[1:], None, show)
        return show(self._field(of, members, variable, path, None))

    def _field(self, of: Collection, members: Members, variable: str, path: tuple[str, ...], default: str | None) -> str:
        """Return the template expression for a field of the element that a variable holds."""
        otherwise = None if default is None else go.string(default)
        if members.plain:
            return _plain(members, variable)
        if of.element == "label":
            return beyond.label_field(variable, of.value, path[0])
        if of.element == "service":
            where = beyond.service_field(self.names, variable, path)
            if path in (("name",), ("stack",)):
                return where.value
            return beyond.needed(where, ".".join(path)) if otherwise is None else beyond.optional(where, otherwise)
        if of.kind == "metadata":
            path = path or self._resolved(of)[1]
            if self._is_key(of, path):
                return variable
            path = () if path == ("value",) and self._of_leaves(of) else path
        element = self.names.element(members, variable)
        if of.element == "container" and path == ("hostname",):
            return self._hostname(element.child("hostname"))
        where = self._member_path(of, element, path)
        return where.value if otherwise is None else where.given(otherwise)

    def _is_key(self, of: Collection, path: tuple[str, ...]) -> bool:
        """Whether a field called `name` or `key` means an element's key in a map, because the map declares no such field."""
        key = self._resolved(of)[0].key
        return key.type == "map" and path in (("name",), ("key",)) and path[0] not in key.fields

    def _of_leaves(self, of: Collection) -> bool:
        key = self._resolved(of)[0].key
        return key.type == "map" and not key.fields

    def _member_path(self, of: Collection, element: Path, path: tuple[str, ...]) -> Path:
        if of.element == "host":
            return host_field(element, path)
        if of.element == "value":
            return element.child(".".join(path)) if path else element
        return element.child("host_uuid") if path == ("host", "uuid") else field_of(element, path)

    def _host(self, element: Path, path: tuple[str, ...], default: str | None, show: Printer) -> str:
        """Return the code that finds the host of a container by the container's host_uuid, and prints a field of the host."""
        self.names.roots.add("/hosts")
        host = host_field(Path("%s", ("dir .Key",)), path)
        if default is None:
            value, otherwise = host.value, escapes.failure(go.string("host." + ".".join(path)), ": the host is not known yet")
        else:
            value, otherwise = host.given(go.string(default)), show(go.string(default))
        return (
            f'{{{{$host := {element.child("host_uuid").value}}}}}{{{{if contains (join (getvs "/hosts/*/uuid") " ") $host}}}}'
            f'{{{{range gets "/hosts/*/uuid"}}}}{{{{if eq .Value $host}}}}{show(value)}{{{{end}}}}{{{{end}}}}'
            f"{{{{else}}}}{otherwise}{{{{end}}}}"
        )

    def _hostname(self, path: Path) -> str:
        """Return the template expression for a container's host name, or for the container's name if the host name is null."""
        value = path.value_or('"null"')
        name = Path(path.format.removesuffix("hostname") + "name", path.terms).value
        return f'or (and (ne ({value}) "null") ({value})) ({name})'

    def _count(self, node: Count) -> str:
        members = self.collection(node.of)
        if node.of.kind == "raw":
            return self._total(f"add (len ({members.list})) (len ({self.collection(replace(node.of, records=True)).list}))", node)
        many = f"len {go.paren(members.list)}"
        if members.selected:
            many = f"sub ({many}) 1"
        return self._total(many, node)

    @staticmethod
    def _total(many: str, node: Count) -> str:
        return f"add (div ({many}) 2) 1" if node.majority else many

    def _metadata(self, path: Text, default: str | None) -> str:
        found = resolve(self.spec.metadata, path)
        assert found, "the checks of the spec accept only declared keys"
        self.need(found)
        if default is None and found.key.asked and found.key.default is not None:
            default = go.string(str(found.key.default))
        where = self.metadata_path(path)
        return where.value if default is None else where.given(default)

    def metadata_path(self, path: Text) -> Path:
        """Return the path of a metadata key; a secret key makes the file private."""
        self.secret |= hidden(self.spec.metadata, path)
        base = self.names.metadata()
        return self._joined(base.format + "/", path)

    def _joined(self, prefix: str, path: Text) -> Path:
        formats, terms = [prefix], []
        for part in path.parts:
            formats.append(part.replace("%", "%%") if isinstance(part, str) else "%v")
            if isinstance(part, Expr):
                terms.append(self.term(part))
        return Path("".join(formats), tuple(terms))

    def _path(self, node: object) -> Path:
        match node:
            case Attr(root="self", path=path):
                return self.names.container(path)
            case Attr(root="stack", path=(name,)):
                return self.names.at("/self/stack/" + {"environment": "environment_name"}.get(name, name))
            case Attr(root="service", path=("label", label)):
                if self.names.is_self:
                    return self.names.at("/self/service").child(f"labels/{label}")
                return self.names.self_container().child(f"labels/{label}")
            case Attr(root="service", path=(name,)):
                return self.names.at(f"/self/service/{name}")
            case Raw(path=path):
                start = path.parts[0]
                assert isinstance(start, str)
                self.names.at(start.rstrip("/") if len(path.parts) == 1 else start + "x")
                return self._joined("", path)
        raise TypeError(f"no path: {node}")

    def _frame(self, root: str) -> Held:
        """Return the loop element that `it`, or a name, refers to."""
        return next(frame for frame in reversed(self.frames) if root in ("it", frame.name))


def of_item(of: Collection, item: Any) -> Collection:
    """Return the collection of a loop, marked `records` if the item reads fields of the elements."""
    return replace(
        of,
        records=any(
            isinstance(expr.node, Attr) and expr.node.of_element and expr.node.path
            for text in parts_of(item)
            if isinstance(text, Text)
            for expr in text.expressions
        ),
    )


def _plain(members: Members, variable: str) -> str:
    """Return the template expression for the value of an element that is not a record."""
    return f"{go.paren(variable)}.Value" if members.pairs else variable
