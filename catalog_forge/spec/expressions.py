"""Defines the syntax tree of the expressions inside `@{...}`, which `spec.parser` produces, and the names of fields."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog_forge.errors import Where

CONTAINER_FIELDS = ("ip", "name", "index", "create_index", "uuid", "hostname", "state", "health_state")
HOST_FIELDS = ("ip", "name", "hostname", "uuid")
STACK_FIELDS = ("name", "environment")
# The fields of an element of everywhere:LABEL. The fields CHECK_FIELDS are below the element's health_check.
FOUND_FIELDS = ("name", "stack", "kind", "state", "scale", "hostname", "vip", "fqdn", "primary_service_name")
CHECK_FIELDS = (
    "port", "interval", "response_timeout", "healthy_threshold", "unhealthy_threshold", "request_line",
)  # fmt: skip
LABEL_FIELDS = ("name", "value", "word")
# WITHIN maps each kind of element to the collections inside such an element. INNER maps each of these collections to the kind
# of its elements.
WITHIN = {
    "service": ("containers", "ports", "external_ips", "labels"),
    "container": ("ports", "labels"),
    "host": ("labels",),
}
INNER = {"containers": "container", "ports": "text", "external_ips": "text", "labels": "label"}
SERVICE_FIELDS = ("name", "scale")
COLLECTIONS = (
    "peers", "others", "hosts", "service:NAME", "services:LABEL=VALUE", "metadata/PATH", "/PATH", 'split(metadata/PATH, ",")',
    "link:ALIAS", "everywhere:LABEL", "everywhere:LABEL=VALUE",
)  # fmt: skip
REQUIRED = "required"
FILTERS = {"container": ("healthy", "running"), "service": ("active",)}
# The first words of expressions, each with an example.
ROOTS = {
    "self": "self.ip", "stack": "stack.name", "service": "service.name", "env": "env.NAME", "it": "it",
    "metadata": "metadata/PATH", "first": "first(peers).ip", "count": "count(peers)", "quorum": "quorum(peers)",
    "join": 'join(peers.ip, ",")',
}  # fmt: skip
# The functions that take one value or element, each with an example.
FUNCTIONS = {
    "lower": "lower(it.name)", "upper": "upper(metadata/PATH)", "replace": 'replace(it.name, "-", "_")',
    "position": "position(it)",
}  # fmt: skip
# The arithmetic operators, and the function of confd for each.
SUMS = {"+": "add", "-": "add", "*": "mul", "/": "div", "%": "mod"}
# EXPRESSION finds the beginning of an expression, which has an odd number of `@`. LITERAL finds the same text with an even number
# of `@`. Such text is literal.
BEGINS = r"\{(?:(?:self|stack|service|env|it)\.|it[|}]|metadata/|/|(?:first|count|quorum|join|lower|upper|replace|position)\()"
EXPRESSION = re.compile(rf"(?<!@)(?:@@)*+@{BEGINS}")
LITERAL = re.compile(rf"(?<!@)(?:@@)++{BEGINS}")
# The beginning of a text in braces. The first word of this text may be a misspelled root.
_WORD = re.compile(r"(?<!@)(?:@@)*+@\{([A-Za-z_]{2,12}+)[./(:|}]")
# SIGNS finds the `@` signs before a brace. _SIGNS_OR_LAST also finds the `@` signs at the end of a text.
SIGNS = re.compile(r"(?<!@)@++(?=\{)")
_SIGNS_OR_LAST = re.compile(r"(?<!@)@++(?=\{|\Z)")


def nearly(text: str) -> re.Match[str] | None:
    """Find the first expression in a text or, if there is none, the first misspelled root, as in `@{slef.ip}`."""
    if found := EXPRESSION.search(text):
        return found
    from difflib import get_close_matches  # a slow import, which few texts need

    return next((each for each in _WORD.finditer(text) if get_close_matches(each[1].lower(), ROOTS, 1, 0.75)), None)


@dataclass(frozen=True, slots=True)
class Attr:
    """A field of `self`, `stack`, `service`, `env` or an element. For an element, `root` is `it` or the name
    that an `each` gives the element.

    `path` contains the parts of the field's name, such as ('ip',) or ('host', 'ip'); for a label, it is ('label', NAME).
    """

    root: str
    path: tuple[str, ...]

    @property
    def of_element(self) -> bool:
        """Whether this is a field of an element of a collection."""
        return self.root not in ("self", "stack", "service", "env")


@dataclass(frozen=True, slots=True)
class Label:
    """A label whose name is computed. It is a label of `self`, of the host of `self`, of `service` or of an element."""

    root: str
    host: bool
    name: Text

    @property
    def of_element(self) -> bool:
        """Whether this is a label of an element of a collection."""
        return self.root not in ("self", "service")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A key of the service's own metadata, by its path below `metadata/`."""

    path: Text


@dataclass(frozen=True, slots=True)
class Raw:
    """A path of the metadata service, written in full: `/self/...`, `/hosts/...`."""

    path: Text


@dataclass(frozen=True, slots=True)
class Collection:
    """A collection of containers, services, hosts or values.

    `kind` is the first word of the collection, such as peers, or one of raw, split, named and within. `inner` is
    the collection inside an element, for the kinds everywhere and within; for within, `name` is the name of the element.
    `parts` has the value and the separator of a split. `records`: whether the elements of a raw path have fields.
    `required`: if true, the file is not written while the collection is empty, and the log names the collection.
    """

    kind: str
    name: str
    filters: tuple[str, ...]
    where: Where = field(compare=False)
    value: str = ""
    parts: tuple[Expr, str] | None = None
    records: bool = False
    inner: str = ""
    required: bool = False

    @property
    def element(self) -> str:
        """The kind of an element: a container, service, host, label, text (without fields), or a value of any type."""
        if self.inner:
            return INNER[self.inner]
        words = {"everywhere": "service", "hosts": "host", "split": "text", "metadata": "value", "raw": "value"}
        return words.get(self.kind, "container")

    def __str__(self) -> str:
        value, inner = f"={self.value}" if self.value else "", f".{self.inner}" if self.inner else ""
        base = {
            "service": f"service:{self.name}",
            "named": f"service:@{{metadata/{self.name}}}",
            "link": f"link:{self.name}",
            "everywhere": f"everywhere:{self.name}{value}{inner}",
            "within": f"{self.name}{inner}" + (f":{self.value}" if self.value else ""),
            "services": f"services:{self.name}={self.value}",
            "metadata": f"metadata/{self.name}",
            "raw": self.name,
            "split": self.name,
        }.get(self.kind, self.kind)
        return base + "".join(f"[{word}]" for word in (*self.filters, *((REQUIRED,) if self.required else ())))


@dataclass(frozen=True, slots=True)
class First:
    """A field of the first element of a collection."""

    of: Collection
    path: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Count:
    """The number of elements of a collection or, with `majority`, the smallest number of elements that is a majority."""

    of: Collection
    majority: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """The values of one field of all elements, or one string for each element, joined with a separator."""

    of: Collection
    path: tuple[str, ...]
    separator: str
    item: Text | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A text in lower or upper case, or with one substring replaced."""

    of: Expr
    word: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordinal:
    """The position of an element in its collection, starting at 1."""

    root: str


Node = Attr | Label | Metadata | Raw | First | Count | Join | Changed | Ordinal


@dataclass(frozen=True, slots=True)
class Expr:
    """One `@{...}`: its syntax tree, the default after the `|`, its source text and its location.

    `sum` describes the arithmetic on the value: the name of confd's function, and the second operand.
    """

    node: Node
    default: str | None
    source: str
    where: Where = field(compare=False)
    sum: tuple[str, int] | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the value is always a number, never a string that contains a number."""
        return isinstance(self.node, Count | Ordinal)


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text and expressions, in order."""

    parts: tuple[str | Expr, ...]

    @property
    def expressions(self) -> Iterator[Expr]:
        """Yield every expression of the text, including those nested in other expressions."""
        for part in self.parts:
            if isinstance(part, Expr):
                yield part
                if isinstance(part.node, Metadata | Raw):
                    yield from part.node.path.expressions
                elif isinstance(part.node, Label):
                    yield from part.node.name.expressions
                elif isinstance(part.node, Changed):
                    yield from Text((part.node.of,)).expressions

    @property
    def literal(self) -> str | None:
        """The text itself if it has no expression, otherwise None."""
        if len(self.parts) == 1:  # the common case
            return self.parts[0] if isinstance(self.parts[0], str) else None
        words = [part for part in self.parts if isinstance(part, str)]
        return "".join(words) if len(words) == len(self.parts) else None

    @property
    def single(self) -> Expr | None:
        """The expression if the text consists of exactly one expression, otherwise None."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Expr) else None

    def __str__(self) -> str:
        return "".join(_written(part, after) for part, after in zip(self.parts, (*self.parts[1:], ""), strict=False))


def _written(part: str | Expr, after: str | Expr) -> str:
    """Return a part of a text in the form that an author writes; `after` is the next part of the text."""
    if isinstance(part, Expr):
        return f"@{{{part.source}}}"
    signs = _SIGNS_OR_LAST if isinstance(after, Expr) else SIGNS
    return signs.sub(lambda found: found[0] * 2, part)


# The elements that an expression can read at its position, from the outermost to the innermost. Each has a name (or "") and a
# collection.
Scope = tuple[tuple[str, Collection], ...]


def holder(scope: Scope, root: str) -> Collection | None:
    """Return the collection of the element called `root`; None if there is no such element. `it` is the innermost element."""
    named = scope if root == "it" else tuple(one for one in scope if one[0] == root)
    return named[-1][1] if named else None


def literal(value: str) -> Text:
    """Return `value` as a `Text` without expressions."""
    return Text((value,) if value else ())


def split_field(field: str) -> tuple[str, ...]:
    """Split the words after `it.` at the dots; a label name keeps its dots."""
    for prefix in ("label.", "host.label."):
        if field.startswith(prefix) and len(field) > len(prefix):
            return (*prefix.rstrip(".").split("."), field.removeprefix(prefix))
    return tuple(field.split("."))
