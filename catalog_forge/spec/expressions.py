"""The expressions inside `@{...}`: a grammar with places, and the tree that it yields.

text   = { literal | "@@{" | "@{" expr [ "|" default | " + " N | " - " N ] "}" }
         (before a "{", each "@@" is one "@": "@@@{" is "@" and "@{")
expr   = "self." part | "stack." word | "service." part | "env." NAME | "it" [ "." part ]
       | "metadata/" path | "/" path                       (a path may hold nested "@{...}")
       | "first(" coll ")." part | "count(" coll ")" | "quorum(" coll ")"
       | "join(" coll [ "." part ] [ "," item ] "," string ")"        (an item is a quoted text with "@{it...}" in it)
coll   = ( "peers" | "others" | "hosts" | "service:" NAME | "services:" LABEL "=" VALUE ) { "[" filter "]" }
       | "metadata/" path | "/" path | "split(" expr "," string ")"
part   = word | "label." LABEL | "host." word | "host.label." LABEL       (of a record: any field, which may hold dots)
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Protocol

from catalog_forge.errors import ForgeError, Where, did_you_mean

CONTAINER_FIELDS = ("ip", "name", "index", "create_index", "uuid", "hostname", "state", "health_state")
HOST_FIELDS = ("ip", "name", "hostname", "uuid")
STACK_FIELDS = ("name", "environment")
SERVICE_FIELDS = ("name", "scale")
COLLECTIONS = (
    "peers", "others", "hosts", "service:NAME", "services:LABEL=VALUE", "metadata/PATH", "/PATH", 'split(metadata/PATH, ",")',
)  # fmt: skip
FILTERS = ("healthy", "running")
# The kinds of collections whose elements are values, or records with any field.
OF_RECORDS = ("metadata", "raw", "split")
# How an expression begins, and an example of each.
ROOTS = {
    "self": "self.ip", "stack": "stack.name", "service": "service.name", "env": "env.NAME", "it": "it",
    "metadata": "metadata/PATH", "first": "first(peers).ip", "count": "count(peers)", "quorum": "quorum(peers)",
    "join": 'join(peers.ip, ",")',
}  # fmt: skip
# The beginning of what would be an expression, and of what is kept from being one by an even number of signs.
BEGINS = r"\{(?:(?:self|stack|service|env|it)\.|it[|}]|metadata/|/|(?:first|count|quorum|join)\()"
EXPRESSION = re.compile(rf"(?<!@)(?:@@)*+@{BEGINS}")
LITERAL = re.compile(rf"(?<!@)(?:@@)++{BEGINS}")
_MAX_NESTING = 8
# What is added to a number. The blanks tell it from a key such as port-1.
_PLUS = re.compile(r" ([+-]) ([0-9]{1,9})(?=[}|])")
# The signs before a brace, and those before a brace or at the end, where an expression follows.
_SIGNS = re.compile(r"(?<!@)@++(?=\{)")
_SIGNS_OR_LAST = re.compile(r"(?<!@)@++(?=\{|\Z)")
_FIELD = re.compile(r"\.((host\.)?label\..+|host\.[a-z]+|[a-z_]+)$")


class Placed(Protocol):
    """Anything that knows the place in a file of its n-th character."""

    def at(self, offset: int) -> Where:
        """Return the place of the character `offset`."""


@dataclass(frozen=True, slots=True)
class Attr:
    """A field of `self`, `stack`, `service`, `env` or `it`: `path` is ('ip',), ('label', L), ('host', 'ip'), ..."""

    root: str
    path: tuple[str, ...]


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
    """Many containers, hosts or values. `kind` is peers, others, hosts, service, services, metadata, raw or split.

    `parts` are the text and the separator of a split. The elements of a raw path are `records` where a field of them is read.
    """

    kind: str
    name: str
    filters: tuple[str, ...]
    where: Where = field(compare=False)
    value: str = ""
    parts: tuple[Expr, str] | None = None
    records: bool = False

    def __str__(self) -> str:
        base = {
            "service": f"service:{self.name}",
            "services": f"services:{self.name}={self.value}",
            "metadata": f"metadata/{self.name}",
            "raw": self.name,
            "split": self.name,
        }.get(self.kind, self.kind)
        return base + "".join(f"[{word}]" for word in self.filters)


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


Node = Attr | Metadata | Raw | First | Count | Join


@dataclass(frozen=True, slots=True)
class Expr:
    """One `@{...}`: what it reads, the default behind its bar, its source text, its place, the number that is added to it."""

    node: Node
    default: str | None
    source: str
    where: Where = field(compare=False)
    plus: int = 0


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

    @property
    def literal(self) -> str | None:
        """The text itself when it holds no expression, else None."""
        if any(isinstance(part, Expr) for part in self.parts):
            return None
        return "".join(part for part in self.parts if isinstance(part, str))

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
    signs = _SIGNS_OR_LAST if isinstance(after, Expr) else _SIGNS
    return signs.sub(lambda found: found[0] * 2, part)


def literal(value: str) -> Text:
    """Make a text without expressions."""
    return Text((value,) if value else ())


def split_field(field: str) -> tuple[str, ...]:
    """Cut the words behind `it.` at their dots; a label keeps those of its name."""
    for prefix in ("label.", "host.label."):
        if field.startswith(prefix) and len(field) > len(prefix):
            return (*prefix.rstrip(".").split("."), field.removeprefix(prefix))
    return tuple(field.split("."))


def parse(value: str, placed: Placed) -> Text:
    """Parse a text with `@{...}` in it. `placed` tells where in the file its characters stand.

    Raises ForgeError that points at the character which is wrong.
    """
    return _Parser(value, placed).text(end="")


def parse_collection(value: str, placed: Placed) -> Collection:
    """Parse a COLL that stands alone, as in `list: {of: peers[healthy]}`."""
    parser = _Parser(value, placed)
    found = parser.collection(stop="")
    parser.must_end()
    return found


def _nested(node: Node) -> bool:
    """Whether a path holds expressions."""
    return isinstance(node, Metadata | Raw) and node.path.literal is None


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")


class _Parser:
    def __init__(self, value: str, placed: Placed) -> None:
        self.value = value
        self.placed = placed
        self.pos = 0
        self.depth = 0

    def error(self, message: str, hint: str = "", at: int | None = None) -> ForgeError:
        return ForgeError(message, self.placed.at(self.pos if at is None else at), hint)

    def text(self, end: str) -> Text:
        """Literal text and expressions up to one of the characters of `end` (not taken), or to the end of the value."""
        parts: list[str | Expr] = []
        buffer = ""
        while self.pos < len(self.value) and self.value[self.pos] not in end and not (end and self.adds()):
            signs = len(found[0]) if (found := _SIGNS.match(self.value, self.pos)) else 0
            buffer += "@" * (signs // 2)
            self.pos += signs - signs % 2
            if signs and not signs % 2:
                buffer += "{"
                self.pos += 1
            elif signs:
                if buffer:
                    parts.append(buffer)
                buffer = ""
                parts.append(self.braces())
            else:
                buffer += self.value[self.pos]
                self.pos += 1
        if buffer:
            parts.append(buffer)
        return Text(tuple(parts))

    def braces(self) -> Expr:
        start = self.pos
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise self.error("expressions are nested too deeply")
        self.pos += 2
        node = self.expr(start)
        plus = self.plus()
        default = self.default(start) if self.peek("|") else None
        if not self.peek("}"):
            if self.pos >= len(self.value):
                raise self.error("this '@{' is never closed", "write '@@{' for a literal '@{'", at=start)
            raise self.error(f"unexpected {self.value[self.pos]!r} in an expression")
        self.pos += 1
        self.depth -= 1
        return Expr(node, default, self.value[start + 2 : self.pos - 1], self.placed.at(start + 2), plus)

    def plus(self) -> int:
        """The number that is added to the value, or taken off it."""
        found = _PLUS.match(self.value, self.pos)
        if not found:
            return 0
        if found.end() < len(self.value) and self.value[found.end()] == "|":
            hint = "give the key a default of its own: metadata: {KEY: {default: 1}}"
            raise self.error("a sum has no default: it could mean either number", hint)
        self.pos = found.end()
        return int(found[1] + found[2])

    def default(self, start: int) -> str:
        self.pos += 1
        close = self.value.find("}", self.pos)
        if close < 0:
            raise self.error("this '@{' is never closed", at=start)
        found = self.value[self.pos : close]
        if "@{" in found:
            raise self.error("a default is plain text, without '@{'")
        self.pos = close
        return found

    def expr(self, start: int, end: str = "}|") -> Node:
        """What is read; a path ends at one of the characters of `end`."""
        begin = self.pos
        if self.take("metadata/"):
            return Metadata(self.path(end))
        if self.peek("/"):
            return Raw(self.path(end))
        for word in ("first", "count", "quorum", "join"):
            if self.take(word + "("):
                return self.call(word)
        if self.take("it"):
            return Attr("it", self.element_part() if self.take(".") else ())
        for root in ("self", "stack", "service", "env"):
            if self.take(root + "."):
                return self.attr(root)
        raise self.unknown(start, begin)

    def unknown(self, start: int, begin: int) -> ForgeError:
        """The error for what begins as no expression does."""
        word = self.word("}|.(/,")
        if begin == self.pos and self.pos >= len(self.value):
            return self.error("this '@{' is never closed", "write '@@{' for a literal '@{'", at=start)
        if not word.strip():
            return self.error("an expression is missing here", "as in @{self.ip} or @{metadata/PATH}", begin)
        if word != word.strip():
            return self.error(f"a blank stands beside {word.strip()!r}", "as in @{self.ip}: no blanks between the braces", begin)
        if word == "metadata" and self.take("."):
            key = self.word("}|")
            return self.error("unknown expression 'metadata.'", f"a path has slashes: @{{metadata/{key}}}", begin)
        if word in ("peers", "others", "hosts"):
            hint = f'as in @{{first({word}).ip}}, @{{count({word})}} or @{{join({word}.ip, ",")}}'
            return self.error(f"{word!r} is a collection, not a value", hint, begin)
        near = f"as in @{{{ROOTS[word]}}}" if word in ROOTS else did_you_mean(word, ROOTS)
        hint = f"of metadata that is @{{metadata/{word}}}; {near}" if near.startswith("known") else near
        return self.error(f"unknown expression {word!r}", hint, begin)

    def path(self, end: str) -> Text:
        begin = self.pos
        path = self.text(end)
        flat = "".join(part if isinstance(part, str) else "x" for part in path.parts)
        segments = flat.strip("/").split("/")
        if not flat.strip("/") or flat.endswith("/") or {"", ".", ".."} & set(segments):
            raise self.error(
                f"{flat!r} cannot be a path of the metadata", "segments stand between single slashes, never '..'", begin
            )
        return path

    def attr(self, root: str) -> Attr:
        begin = self.pos
        if root == "self":
            return Attr(root, self.part())
        word = self.word("}|).,")
        if root == "env":
            return Attr(root, (word,))
        if root == "service" and word == "label" and self.take("."):
            return Attr(root, ("label", self.label("}|")))
        fields = STACK_FIELDS if root == "stack" else (*SERVICE_FIELDS, "label.L")
        if word not in fields:
            raise self.error(f"{root} has no field {word!r}", did_you_mean(word, fields), begin)
        return Attr(root, (word,))

    def element_part(self) -> tuple[str, ...]:
        """A field of an element of a list. Records may have any field, `host.ip` among them: the checks know what it is of."""
        begin = self.pos
        field = self.word("}|),")
        if not field:
            raise self.error("a field is missing here", did_you_mean("", CONTAINER_FIELDS), begin)
        return split_field(field)

    def part(self) -> tuple[str, ...]:
        """A field of a container; other words are checked where it is known what they are of."""
        begin = self.pos
        word = self.word("}|).,")
        if not word:
            raise self.error("a field is missing here", did_you_mean("", CONTAINER_FIELDS))
        if word == "label" and self.take("."):
            return ("label", self.label("}|),"))
        if word == "host" and self.take("."):
            field = self.word("}|).,")
            if field == "label" and self.take("."):
                return ("host", "label", self.label("}|),"))
            if field not in HOST_FIELDS:
                raise self.error(f"a host has no field {field!r}", did_you_mean(field, (*HOST_FIELDS, "label.L")), begin)
            return ("host", field)
        return (word,)

    def label(self, end: str) -> str:
        begin = self.pos
        name = self.word(end)
        if not name or "/" in name:
            raise self.error("a label name is missing here" if not name else "a label name has no '/'", at=begin)
        return name

    def call(self, name: str) -> Node:
        if name == "join":
            found, path = self.member(",")
            self.expect(",")
            begin, separator, item = self.pos, self.string(), None
            self.blanks()
            if self.take(","):
                if path:
                    raise self.error("join takes a field or an item, not both", 'as in join(peers, "@{it.ip}:80", ",")', begin)
                item, separator = self.item(begin), self.string()
            self.expect(")")
            return Join(found, path, separator, item)
        found = self.collection(stop=")")
        self.expect(")")
        if name != "first":
            return Count(found, majority=name == "quorum")
        return First(found, self.part_of(found))

    def item(self, begin: int) -> Text:
        """The text between the quotes that begin at `begin`, or behind blanks, read again as a text with expressions."""
        end, self.pos = self.pos, begin
        self.blanks()
        quote = self.value[self.pos]
        inner = _Parser(self.value[: self.value.index(quote, self.pos + 1)], self.placed)
        inner.pos, inner.depth, self.pos = self.pos + 1, self.depth, end
        return Text(tuple(_unescaped(part) if isinstance(part, str) else part for part in inner.text(end="").parts))

    def member(self, stop: str) -> tuple[Collection, tuple[str, ...]]:
        """A collection with the field of its elements behind a dot. Keys of metadata hold dots too: `split_member` decides."""
        self.blanks()
        found = self.collection(stop=stop + ("" if self.peek("metadata/") or self.peek("/") else "."))
        if found.kind == "services" and (field := _FIELD.search(found.value)):  # a label's value holds dots as well
            self.pos -= len(field.group())
            found = replace(found, value=found.value[: field.start()])
        return found, self.part_of(found)

    def part_of(self, of: Collection) -> tuple[str, ...]:
        if not self.take("."):
            return ()
        return self.element_part() if of.kind in OF_RECORDS else self.part()

    def collection(self, stop: str) -> Collection:
        self.blanks()
        begin = self.pos
        where = self.placed.at(begin)
        if self.take("metadata/"):
            name = self.word(stop + "[,)").strip()
            base = Collection("metadata", name, (), where)
        elif self.take("service:"):
            base = Collection("service", self.word(stop + "[,)").strip(), (), where)
        elif self.take("services:"):
            label = self.word("=")
            self.expect("=")
            base = Collection("services", label, (), where, self.word("[,)" + stop.replace(".", "")).strip())
        elif self.peek("/"):
            base = Collection("raw", self.word(stop + "[,)").strip().rstrip("/"), (), where)
        elif self.take("split("):
            base = self.split(begin)
        else:
            word = self.word(stop + "[,).")
            if word.strip() not in ("peers", "others", "hosts"):
                raise self.error(f"unknown collection {word!r}", did_you_mean(word, COLLECTIONS), begin)
            base = Collection(word.strip(), "", (), where)
        if base.kind in ("service", "services", "metadata") and not base.name:
            raise self.error("a name is missing here")
        return replace(base, filters=tuple(self.filters(base)))

    def split(self, begin: int) -> Collection:
        """The parts of a text; the name of such a collection is its source."""
        where = self.placed.at(self.pos)
        start = self.pos
        node = self.expr(begin, ",}|")
        text = Expr(node, None, self.value[start : self.pos], where)
        if not isinstance(node, Attr | Metadata | Raw) or _nested(node):
            raise self.error("only a plain value can be split", 'as in split(metadata/PATH, ",") or split(env.NAME, ",")', start)
        self.expect(",")
        at, separator = self.pos, self.string()
        if not separator:
            raise self.error("a separator is missing here", 'as in split(metadata/PATH, ",")', at)
        self.expect(")")
        return Collection("split", self.value[begin : self.pos], (), self.placed.at(begin), "", (text, separator))

    def filters(self, base: Collection) -> Iterator[str]:
        while self.take("["):
            begin = self.pos
            word = self.word("]")
            if word not in FILTERS:
                raise self.error(f"unknown filter {word!r}", did_you_mean(word, FILTERS), begin)
            if base.kind in ("hosts", *OF_RECORDS):
                raise self.error(f"{base} has no {word} elements: filters choose among containers", at=begin)
            self.expect("]")
            yield word

    def string(self) -> str:
        self.blanks()
        quote = self.value[self.pos : self.pos + 1]
        if quote not in ("'", '"') or not quote:
            raise self.error("a quoted separator is due here", 'as in join(peers.ip, ",")')
        close = self.value.find(quote, self.pos + 1)
        if close < 0:
            raise self.error("this quote is never closed")
        found = self.value[self.pos + 1 : close]
        self.pos = close + 1
        return _unescaped(found)

    def word(self, end: str) -> str:
        begin = self.pos
        while self.pos < len(self.value) and self.value[self.pos] not in end + "}|" and not self.adds():
            self.pos += 1
        return self.value[begin : self.pos]

    def adds(self) -> bool:
        """Whether the expression ends here, and a number is added."""
        return self.value[self.pos] == " " and _PLUS.match(self.value, self.pos) is not None

    def peek(self, token: str) -> bool:
        return self.value.startswith(token, self.pos)

    def take(self, token: str) -> bool:
        found = self.peek(token)
        if found:
            self.pos += len(token)
        return found

    def blanks(self) -> None:
        while self.peek(" "):
            self.pos += 1

    def expect(self, token: str) -> None:
        self.blanks()
        if not self.take(token):
            raise self.error(f"{token!r} is due here")

    def must_end(self) -> None:
        if self.pos < len(self.value):
            raise self.error(f"unexpected {self.value[self.pos :]!r}")
