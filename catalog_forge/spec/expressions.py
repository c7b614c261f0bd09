"""What the expressions inside `@{...}` mean: the tree that `spec.parser` makes of them, and their words."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from catalog_forge.errors import Where

CONTAINER_FIELDS = ("ip", "name", "index", "create_index", "uuid", "hostname", "state", "health_state")
HOST_FIELDS = ("ip", "name", "hostname", "uuid")
STACK_FIELDS = ("name", "environment")
# Of an element of everywhere:LABEL; behind health_check stands one of its fields.
FOUND_FIELDS = ("name", "stack", "kind", "state", "scale", "hostname", "vip", "fqdn", "primary_service_name")
CHECK_FIELDS = (
    "port", "interval", "response_timeout", "healthy_threshold", "unhealthy_threshold", "request_line",
)  # fmt: skip
LABEL_FIELDS = ("name", "value", "word")
# What lies within an element, by the kind of element, and what kind of elements that has.
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
# How an expression begins, and an example of each.
ROOTS = {
    "self": "self.ip", "stack": "stack.name", "service": "service.name", "env": "env.NAME", "it": "it",
    "metadata": "metadata/PATH", "first": "first(peers).ip", "count": "count(peers)", "quorum": "quorum(peers)",
    "join": 'join(peers.ip, ",")',
}  # fmt: skip
# Functions of one value: what they are of, and what more they take.
FUNCTIONS = {
    "lower": "lower(it.name)", "upper": "upper(metadata/PATH)", "replace": 'replace(it.name, "-", "_")',
    "position": "position(it)",
}  # fmt: skip
# What may be done with a number, and confd's function for it.
SUMS = {"+": "add", "-": "add", "*": "mul", "/": "div", "%": "mod"}
# The beginning of what would be an expression, and of what is kept from being one by an even number of signs.
BEGINS = r"\{(?:(?:self|stack|service|env|it)\.|it[|}]|metadata/|/|(?:first|count|quorum|join|lower|upper|replace|position)\()"
EXPRESSION = re.compile(rf"(?<!@)(?:@@)*+@{BEGINS}")
LITERAL = re.compile(rf"(?<!@)(?:@@)++{BEGINS}")
# The signs before a brace, and those before a brace or at the end, where an expression follows.
SIGNS = re.compile(r"(?<!@)@++(?=\{)")
_SIGNS_OR_LAST = re.compile(r"(?<!@)@++(?=\{|\Z)")


@dataclass(frozen=True, slots=True)
class Attr:
    """A field of `self`, `stack`, `service`, `env`, or of an element: of `it`, or by the name that an `each` gives it.

    `path` is ('ip',), ('label', L), ('host', 'ip'), ...
    """

    root: str
    path: tuple[str, ...]

    @property
    def of_element(self) -> bool:
        """Whether this is a field of an element of a collection."""
        return self.root not in ("self", "stack", "service", "env")


@dataclass(frozen=True, slots=True)
class Label:
    """A label whose name is computed: of `self` or its host, of `service`, or of an element."""

    root: str
    host: bool
    name: Text

    @property
    def of_element(self) -> bool:
        """Whether it is a label of an element of a collection."""
        return self.root not in ("self", "service")


@dataclass(frozen=True, slots=True)
class Metadata:
    """A key of the service's own metadata, by its path below `metadata/`."""

    path: Text


@dataclass(frozen=True, slots=True)
class Raw:
    """A path of the metadata service, as it is: `/self/...`, `/hosts/...`."""

    path: Text


@dataclass(frozen=True, slots=True)
class Collection:
    """Many containers, services, hosts or values. `kind` is the word that it begins with, or raw, split, named or within.

    `inner` is what of each element is meant: of those of everywhere:LABEL, and (within) of the one that `name` holds.
    `parts` are the text and the separator of a split. The elements of a raw path are `records` where a field of them is read.
    `required`: without an element nothing is written, and the log says what is waited for.
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
        """What an element is: a container, service, host, label, text (without fields), or a value of any shape."""
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
    """How many elements a collection has; with `majority`, how many of them are a majority."""

    of: Collection
    majority: bool = False


@dataclass(frozen=True, slots=True)
class Join:
    """A field of every element, or a text made of each, with a separator between."""

    of: Collection
    path: tuple[str, ...]
    separator: str
    item: Text | None = None


@dataclass(frozen=True, slots=True)
class Changed:
    """A text in small or capital letters, or with one part in place of another."""

    of: Expr
    word: str
    parts: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Ordinal:
    """The place of an element among those of its collection: 1 for the first."""

    root: str


Node = Attr | Label | Metadata | Raw | First | Count | Join | Changed | Ordinal


@dataclass(frozen=True, slots=True)
class Expr:
    """One `@{...}`: what it reads, the default behind its bar, its source text, its place.

    `sum` is what is done with the number that it is: a function of confd, and the other number.
    """

    node: Node
    default: str | None
    source: str
    where: Where = field(compare=False)
    sum: tuple[str, int] | None = None

    @property
    def is_counted(self) -> bool:
        """Whether the value is a number in any case, and no text that holds one."""
        return isinstance(self.node, Count | Ordinal)


@dataclass(frozen=True, slots=True)
class Text:
    """Literal text and expressions in turn."""

    parts: tuple[str | Expr, ...]

    @property
    def expressions(self) -> Iterator[Expr]:
        """Every expression of the text, those nested in the paths of others included."""
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
        """The text itself when it holds no expression, else None."""
        if len(self.parts) == 1:  # nearly always
            return self.parts[0] if isinstance(self.parts[0], str) else None
        words = [part for part in self.parts if isinstance(part, str)]
        return "".join(words) if len(words) == len(self.parts) else None

    @property
    def single(self) -> Expr | None:
        """The expression when the text is exactly one, else None."""
        return self.parts[0] if len(self.parts) == 1 and isinstance(self.parts[0], Expr) else None

    def __str__(self) -> str:
        return "".join(_written(part, after) for part, after in zip(self.parts, (*self.parts[1:], ""), strict=False))


def _written(part: str | Expr, after: str | Expr) -> str:
    """A part of a text as an author writes it, with what stands behind it."""
    if isinstance(part, Expr):
        return f"@{{{part.source}}}"
    signs = _SIGNS_OR_LAST if isinstance(after, Expr) else SIGNS
    return signs.sub(lambda found: found[0] * 2, part)


# The elements that have a name where an expression stands, the innermost last: its name, "" for none, and its collection.
Scope = tuple[tuple[str, Collection], ...]


def holder(scope: Scope, root: str) -> Collection | None:
    """Return the collection that `it`, or the element of this name, is of; None where there is none."""
    named = scope if root == "it" else tuple(one for one in scope if one[0] == root)
    return named[-1][1] if named else None


def literal(value: str) -> Text:
    """Make a text without expressions."""
    return Text((value,) if value else ())


def split_field(field: str) -> tuple[str, ...]:
    """Cut the words behind `it.` at their dots; a label keeps those of its name."""
    for prefix in ("label.", "host.label."):
        if field.startswith(prefix) and len(field) > len(prefix):
            return (*prefix.rstrip(".").split("."), field.removeprefix(prefix))
    return tuple(field.split("."))
