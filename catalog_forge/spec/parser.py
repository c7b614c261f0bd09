"""Parses the expressions inside `@{...}` into a syntax tree with source locations, by this grammar:

text   = { literal | "@@{" | "@{" expr [ "|" default | " " ( "+" | "-" | "*" | "/" | "%" ) " " N ] "}" }
         (before a "{", each "@@" is one "@": "@@@{" is "@" and "@{")
expr   = "self." part | "stack." word | "service." part | "env." NAME | "it" [ "." part ]
       | "metadata/" path | "/" path                       (a path may contain "@{...}")
       | "first(" coll ")." part | "count(" coll ")" | "quorum(" coll ")"
       | ( "lower(" | "upper(" ) expr ")" | "replace(" expr "," string "," string ")" | "position(" ( "it" | NAME ) ")"
       | "join(" coll [ "." part ] [ "," item ] "," string ")"        (an item is a quoted text with "@{it...}" in it)
coll   = ( "peers" | "others" | "hosts" | "service:" NAME | "services:" LABEL "=" VALUE ) { "[" filter "]" }
       | "metadata/" path | "/" path | "split(" expr "," string ")" | "link:" ALIAS | "service:@{metadata/" path "}"
       | "everywhere:" ( "*" | LABEL [ "=" VALUE ] ) [ ".containers" ]      (services of all stacks, or their containers)
       | ( "self" | "self.host" | "it" | NAME ) "." inner              (NAME is the `as` of an `each`)
inner  = "containers" | "ports" | "external_ips" | "labels" [ ":" PREFIX ]
part   = word | "label." LABEL | "label." text | "host." word | "host.label." LABEL (of a record: any field; it may contain dots)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import Protocol

from catalog_forge.errors import ForgeError, Where, did_you_mean, known_here
from catalog_forge.spec.expressions import (
    COLLECTIONS,
    CONTAINER_FIELDS,
    FILTERS,
    FUNCTIONS,
    HOST_FIELDS,
    INNER,
    REQUIRED,
    ROOTS,
    SERVICE_FIELDS,
    SIGNS,
    STACK_FIELDS,
    SUMS,
    Attr,
    Changed,
    Collection,
    Count,
    Expr,
    First,
    Join,
    Label,
    Metadata,
    Node,
    Ordinal,
    Raw,
    Text,
    literal,
    split_field,
)

_MAX_NESTING = 8
_CLOSE = "end the expression with '}', or write '@@{' for a literal '@{'"
_SPLIT = 'split(metadata/PATH, ",")'
# Arithmetic on a number. The spaces distinguish arithmetic from a key such as port-1.
_SUM = re.compile(r" ([-+*/%]) ([0-9]{1,9})(?=[}|])")
_WITHIN = re.compile(rf"(self\.host|[A-Za-z_][A-Za-z0-9_]*)\.({'|'.join(INNER)})(?![A-Za-z0-9_])(:)?")
_COMPUTED = re.compile(r"(host\.)?label\.(?=[A-Za-z0-9_.-]*@\{)")
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
_LABEL = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_./-]*")
_FIELD = re.compile(r"\.((host\.)?label\..+|host\.[a-z]+|[a-z_]+)$")


class Placed(Protocol):
    """An object that knows the file location of each character of a text."""

    def at(self, offset: int) -> Where:
        """Return the location of the character at `offset`."""


@dataclass(frozen=True, slots=True)
class Beginning:
    """The location of a text if only the location of its first character is known."""

    where: Where

    def at(self, _offset: int) -> Where:
        """Return the location of the beginning, whatever the offset."""
        return self.where


def parse(value: str, placed: Placed, names: Sequence[str] = ()) -> Text:
    """Parse a text that may contain `@{...}`.

    `placed`: the file location of its characters; `names`: the names of elements in scope. Raises ForgeError at the location of
    the invalid character.
    """
    return _Parser(value, placed, names).text(end="") if "@" in value else literal(value)


def parse_collection(value: str, placed: Placed, names: Sequence[str] = ()) -> Collection:
    """Parse a collection that is written alone, as in `list: {of: peers[healthy]}`."""
    parser = _Parser(value, placed, names)
    found = parser.collection(stop="")
    parser.must_end()
    return found


def parse_given(value: str, placed: Placed, names: Sequence[str]) -> Expr | Collection:
    """Parse an argument of `has` or `exists` that is not a metadata path: an expression without braces, or a collection."""
    parser = _Parser(value, placed, names)
    if parser.begins_collection():
        found = parse_collection(value, placed, names)
        if found.required:
            message = f"[{REQUIRED}] has no effect in a condition, which only tests whether there is an element"
            raise parser.error(message, f"remove [{REQUIRED}]")
        return found
    node = parser.expr(0)
    parser.must_end()
    return Expr(node, None, value, placed.at(0))


@cache
def _run(end: str) -> re.Pattern[str]:
    """Return a pattern for a run of plain text: characters other than `@`, the space and the characters of `end`."""
    return re.compile(rf"[^@ {re.escape(end)}]++")


def _nested(node: Node) -> bool:
    """Whether a node is a path that contains expressions."""
    return isinstance(node, Metadata | Raw) and node.path.literal is None


def _unescaped(text: str) -> str:
    return text.replace("\\n", "\n").replace("\\t", "\t")


def _flat(of: Collection) -> Collection:
    """Split off `.containers` if it was parsed as the end of a label name or label value."""
    last = "value" if of.value else "name"
    text: str = getattr(of, last)
    if of.kind != "everywhere" or of.inner or not text.endswith(".containers"):
        return of
    return _named(replace(of, inner="containers"), last, text.removesuffix(".containers"))


def _named(of: Collection, last: str, text: str) -> Collection:
    return replace(of, value=text) if last == "value" else replace(of, name=text)


class _Parser:
    def __init__(self, value: str, placed: Placed, names: Sequence[str] = ()) -> None:
        self.value = value
        self.placed = placed
        self.names = names
        self.pos = 0
        self.depth = 0

    def error(self, message: str, hint: str = "", at: int | None = None) -> ForgeError:
        return ForgeError(message, self.placed.at(self.pos if at is None else at), hint)

    def text(self, end: str) -> Text:
        """Parse literal text and expressions up to one of the characters of `end` (not consumed), or to the end of the value."""
        parts: list[str | Expr] = []
        buffer = ""
        while self.pos < len(self.value) and self.value[self.pos] not in end and not (end and self.adds()):
            signs = len(found[0]) if (found := SIGNS.match(self.value, self.pos)) else 0
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
                run = _run(end).match(self.value, self.pos)
                stop = run.end() if run else self.pos + 1
                buffer += self.value[self.pos : stop]
                self.pos = stop
        if buffer:
            parts.append(buffer)
        return Text(tuple(parts))

    def braces(self) -> Expr:
        start = self.pos
        self.depth += 1
        if self.depth > _MAX_NESTING:
            raise self.error("expressions are nested too deeply", f"use at most {_MAX_NESTING} levels of @{{...}}")
        self.pos += 2
        node = self.expr(start)
        added = self.sum()
        default = self.default(start) if self.peek("|") else None
        if not self.peek("}"):
            if self.pos >= len(self.value):
                raise self.error("this '@{' is never closed", _CLOSE, at=start)
            raise self.error(
                f"unexpected {self.value[self.pos]!r} in an expression", "end it with '}', or with '|' and a default"
            )
        self.pos += 1
        self.depth -= 1
        if isinstance(node, Changed) and default is not None:
            node = replace(node, of=replace(node.of, default=""))  # with a default, `of` may have no value
        return Expr(node, default, self.value[start + 2 : self.pos - 1], self.placed.at(start + 2), added)

    def sum(self) -> tuple[str, int] | None:
        """Parse the arithmetic after a value. Return confd's function and the operand; None if no arithmetic follows."""
        found = _SUM.match(self.value, self.pos)
        if not found:
            return None
        if found.end() < len(self.value) and self.value[found.end()] == "|":
            hint = "give the default to the key instead: metadata: {KEY: {default: 1}}"
            raise self.error("a default cannot follow arithmetic: it could replace either the value or the result", hint)
        if found[1] in "/%" and not int(found[2]):
            raise self.error("a number cannot be divided by 0", "divide by 1 or a larger number, as in @{metadata/KEY / 2}")
        self.pos = found.end()
        number = -int(found[2]) if found[1] == "-" else int(found[2])
        return (SUMS[found[1]], number) if number or found[1] not in "+-" else None

    def default(self, start: int) -> str:
        self.pos += 1
        close = self.value.find("}", self.pos)
        if close < 0:
            raise self.error("this '@{' is never closed", _CLOSE, at=start)
        found = self.value[self.pos : close]
        if "@{" in found:
            raise self.error("a default is plain text, without '@{'", "write a constant after '|', or use the block `when`")
        self.pos = close
        return found

    def expr(self, start: int, end: str = "}|") -> Node:
        """Parse the inside of `@{...}` up to the arithmetic or the default. A path ends at one of the characters of `end`."""
        begin = self.pos
        if self.take("metadata/"):
            return Metadata(self.path(end))
        if self.peek("/"):
            return Raw(self.path(end))
        for word in ("first", "count", "quorum", "join", *FUNCTIONS):
            if self.take(word + "("):
                return self.changed(word, start) if word in FUNCTIONS else self.call(word)
        for root in ("it", *self.names):
            if (found := _NAME.match(self.value, self.pos)) and found[0] == root:
                self.pos = found.end()
                return (self.labelled(root) or Attr(root, self.element_part())) if self.take(".") else Attr(root, ())
        for root in ("self", "stack", "service", "env"):
            if self.take(root + "."):
                return self.labelled(root) or self.attr(root)
        raise self.unknown(start, begin)

    def labelled(self, root: str) -> Label | None:
        """Parse a label whose name contains expressions; return None if the next characters are not such a label."""
        found = _COMPUTED.match(self.value, self.pos)
        if not found or root in ("stack", "env") or (found[1] and root == "service"):
            return None
        self.pos = found.end()
        return Label(root, bool(found[1]), self.text("}|),"))

    def unknown(self, start: int, begin: int) -> ForgeError:
        """Return the error for text that does not begin like any expression."""
        word = self.word("}|.(/,")
        if begin == self.pos and self.pos >= len(self.value):
            return self.error("this '@{' is never closed", _CLOSE, at=start)
        if not word.strip():
            return self.error("an expression is missing here", "as in @{self.ip} or @{metadata/PATH}", begin)
        if word != word.strip():
            return self.error(
                f"there is a space before or after {word.strip()!r}",
                "write it without spaces inside the braces, as in @{self.ip}",
                begin,
            )
        if word == "metadata" and self.take("."):
            key = self.word("}|")
            return self.error("unknown expression 'metadata.'", f"write the path with slashes: @{{metadata/{key}}}", begin)
        if word in ("peers", "others", "hosts"):
            hint = f'as in @{{first({word}).ip}}, @{{count({word})}} or @{{join({word}.ip, ",")}}'
            return self.error(f"{word!r} is a collection, not a value", hint, begin)
        if word[:1].isdigit():
            hint = "the field comes first, as in @{self.index + 100}; plain text is written without @{ }"
            return self.error(f"an expression must begin with the value that it reads, not with {word.split()[0]!r}", hint, begin)
        if word in CONTAINER_FIELDS:
            hint = f"write @{{self.{word}}} for this container; in a list or `each`, write @{{it.{word}}} for the element"
            return self.error(f"unknown expression {word!r}", hint, begin)
        known = ROOTS | FUNCTIONS
        near = f"as in @{{{known[word]}}}" if word in known else did_you_mean(word, (*known, *self.names))
        hint = f"for a metadata key, write @{{metadata/{word}}}; {near}" if near.startswith("known") else near
        return self.error(f"unknown expression {word!r}", hint, begin)

    def path(self, end: str) -> Text:
        begin = self.pos
        path = self.text(end)
        flat = "".join(part if isinstance(part, str) else "x" for part in path.parts)
        segments = flat.strip("/").split("/")
        if not flat.strip("/") or flat.endswith("/") or {"", ".", ".."} & set(segments):
            raise self.error(
                f"{flat!r} cannot be a path of the metadata",
                "segments are separated by single slashes; '..' is not allowed",
                begin,
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
            raise self.error(f"`{root}` has no field {word!r}", did_you_mean(word, fields), begin)
        return Attr(root, (word,))

    def element_part(self) -> tuple[str, ...]:
        """Parse a field of an element. Any field is accepted, even `host.ip`, because the element's kind is still unknown."""
        begin = self.pos
        field = self.word("}|),")
        if not field:
            raise self.error("a field is missing here", known_here(CONTAINER_FIELDS), begin)
        return split_field(field)

    def part(self) -> tuple[str, ...]:
        """Parse a field of a container. Unknown words are accepted, because the checks report them later."""
        begin = self.pos
        word = self.word("}|).,")
        if not word:
            raise self.error("a field is missing here", known_here(CONTAINER_FIELDS))
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
            message = "a label name is missing here" if not name else "a label name cannot contain '/'"
            raise self.error(message, "as in label.NAME, with letters, digits, dots, dashes and '_' in NAME", begin)
        return name

    def call(self, name: str) -> Node:
        if name == "join":
            found, path = self.member(",")
            self.expect(",", ROOTS[name])
            begin, separator, item = self.pos, self.string(), None
            self.blanks()
            if self.take(","):
                if path:
                    raise self.error(
                        "join takes either a field or a text for each element, not both",
                        'as in join(peers, "@{it.ip}:80", ",")',
                        begin,
                    )
                item, separator = self.item(begin), self.string()
            self.expect(")", ROOTS[name])
            return Join(found, path, separator, item)
        begin, found = self.pos, self.collection(stop=")")
        self.expect(")", ROOTS[name])
        if found.required:
            raise self.error(f"[{REQUIRED}] has no effect in {name}(...)", "use it in join, list and each", begin)
        if name != "first":
            return Count(found, majority=name == "quorum")
        return First(found, self.part_of(found))

    def changed(self, word: str, start: int) -> Node:
        """Parse a call of the function `word`, one of `FUNCTIONS`."""
        begin = self.pos
        if word == "position":
            name = self.word(")").strip()
            self.expect(")", FUNCTIONS[word])
            if name not in ("it", *self.names):
                raise self.error(f"{name!r} is not the name of a loop's element", did_you_mean(name, ("it", *self.names)), begin)
            return Ordinal(name)
        node = self.expr(start, ",)}|")
        of = Expr(node, None, self.value[begin : self.pos], self.placed.at(begin))
        if not isinstance(node, Attr | Label | Metadata | Raw):
            raise self.error(f"{word} takes a single value, such as a field or a metadata key", f"as in {FUNCTIONS[word]}", begin)
        parts: list[str] = []
        while word == "replace" and len(parts) < 2:
            self.expect(",", FUNCTIONS[word])
            at = self.pos
            parts.append(self.string())
            if not parts[0]:
                raise self.error("the text to replace is empty", f"as in {FUNCTIONS[word]}", at)
        self.expect(")", FUNCTIONS[word])
        return Changed(of, word, tuple(parts))

    def item(self, begin: int) -> Text:
        """Parse the quoted text at `begin` again, now as text that may contain expressions. Spaces may precede the quote."""
        end, self.pos = self.pos, begin
        self.blanks()
        quote = self.value[self.pos]
        inner = _Parser(self.value[: self.value.index(quote, self.pos + 1)], self.placed, self.names)
        inner.pos, inner.depth, self.pos = self.pos + 1, self.depth, end
        return Text(tuple(_unescaped(part) if isinstance(part, str) else part for part in inner.text(end="").parts))

    def member(self, stop: str) -> tuple[Collection, tuple[str, ...]]:
        """Parse a collection, a dot and a field. The field of `metadata/...` is split off later: keys may contain dots."""
        self.blanks()
        found = self.collection(stop=stop + ("" if self.peek("metadata/") or self.peek("/") else "."))
        # Labels and label values may contain dots, so the field was parsed as a part of the label or value.
        last = "value" if found.value else "name"
        labels = found.kind in ("services", "everywhere") or found.inner == "labels"
        if labels and not self.value[: self.pos].endswith("]") and (field := _FIELD.search(getattr(found, last))):
            self.pos -= len(field.group())
            found = _flat(_named(found, last, getattr(found, last)[: field.start()]))
        return found, self.part_of(found)

    def part_of(self, of: Collection) -> tuple[str, ...]:
        if not self.take("."):
            return ()
        return self.part() if of.element == "container" else self.element_part()

    def collection(self, stop: str) -> Collection:
        self.blanks()
        base = self.unfiltered(stop, self.pos, self.placed.at(self.pos))
        if base.kind in ("service", "services", "metadata", "link", "named", "everywhere") and not base.name:
            raise self.error("a name is missing here", known_here(COLLECTIONS))
        filters = tuple(self.filters(base))
        chosen = tuple(word for word in filters if word != REQUIRED)
        return replace(base, filters=chosen, required=REQUIRED in filters)

    def unfiltered(self, stop: str, begin: int, where: Where) -> Collection:
        if self.take("service:@{metadata/"):
            base = Collection("named", self.word("}"), (), where)
            self.expect("}", "service:@{metadata/KEY}")
            return base
        for begins, kind in (("metadata/", "metadata"), ("service:", "service"), ("link:", "link")):
            if self.take(begins):
                return Collection(kind, self.word(stop + "[,)").strip(), (), where)
        if self.take("services:"):
            label = self.word("=")
            self.expect("=", "services:LABEL=VALUE")
            return Collection("services", label, (), where, self.word("[,)" + stop.replace(".", "")).strip())
        if self.take("everywhere:"):
            return self.everywhere(where)
        if self.peek("/"):
            return Collection("raw", self.word(stop + ",)").strip().rstrip("/"), (), where)
        if self.take("split("):
            return self.split(begin)
        if (found := _WITHIN.match(self.value, self.pos)) and found[1] in ("self", "self.host", "it", *self.names):
            return self.within(found, where)
        return self.plain(stop, begin, where)

    def plain(self, stop: str, begin: int, where: Where) -> Collection:
        """Parse a collection that is a single word."""
        word = self.word(stop + "[,).")
        if self.peek(".") and word.strip() in ("self", "it", *self.names):
            raise self.not_within(word.strip(), self.word("[,)"), begin)
        if word.strip() not in ("peers", "others", "hosts"):
            known = (*COLLECTIONS, *(f"{name}.{inner}" for name in self.names for inner in INNER))
            raise self.error(f"unknown collection {word!r}", did_you_mean(word, known), begin)
        return Collection(word.strip(), "", (), where)

    def not_within(self, name: str, rest: str, begin: int) -> ForgeError:
        """Return the error for an expression that looks like a collection inside an element but is not."""
        hint = f"these collections can be listed: {', '.join(f'{name}.{inner}' for inner in sorted(INNER))}"
        if rest.startswith(".host.") and name != "self":
            hint = f"@{{{name}.host.label.L}} is one label of the host; `hosts` lists all hosts with their labels"
        return self.error(f"{name}{rest} cannot be listed", hint, begin)

    def within(self, found: re.Match[str], where: Where) -> Collection:
        """Parse a collection inside an element. `labels:PREFIX` contains only the labels that begin with PREFIX."""
        begin, self.pos = self.pos, found.end()
        prefix = self.word("[,)").strip() if found[3] else ""
        base = Collection("within", found[1], (), where, prefix, inner=found[2])
        if found[3] and (found[2] != "labels" or not _LABEL.fullmatch(prefix)):
            raise self.error(
                f"{found[0]}{prefix} is not a collection", "as in it.labels:PREFIX, or it.labels without a prefix", begin
            )
        return base

    def begins_collection(self) -> bool:
        """Whether the next characters begin a collection, not an expression."""
        words = ("peers", "others", "hosts", "service:", "services:", "everywhere:", "link:", "split(")
        return bool(self.value.startswith(words, self.pos) or _WITHIN.match(self.value, self.pos))

    def everywhere(self, where: Where) -> Collection:
        """Parse `LABEL` or `LABEL=VALUE`, which selects services. `.containers` at the end selects the services' containers."""
        begin = self.pos
        label, value = self.word("=[,)").strip(), ""
        if self.take("="):
            value = self.word("[,)").strip()
            if not value:
                raise self.error("a value is missing here", "for any value, write everywhere:LABEL without =")
        found = _flat(Collection("everywhere", label, (), where, value))
        if label and not _LABEL.fullmatch(found.name) and (found.name != "*" or value):
            raise self.error(f"{found.name!r} cannot be the name of a label", "letters, digits, dots, dashes and slashes", begin)
        return found

    def split(self, begin: int) -> Collection:
        """Parse the arguments of `split(...)`. The source text of the call is the name of the collection."""
        where = self.placed.at(self.pos)
        start = self.pos
        node = self.expr(begin, ",}|")
        text = Expr(node, None, self.value[start : self.pos], where)
        if not isinstance(node, Attr | Metadata | Raw) or _nested(node):
            raise self.error("only a single value can be split", f'as in {_SPLIT} or split(env.NAME, ",")', start)
        self.expect(",", _SPLIT)
        at, separator = self.pos, self.string()
        if not separator:
            raise self.error("a separator is missing here", f"as in {_SPLIT}", at)
        self.expect(")", _SPLIT)
        return Collection("split", self.value[begin : self.pos], (), self.placed.at(begin), "", (text, separator))

    def filters(self, base: Collection) -> Iterator[str]:
        while self.take("["):
            begin = self.pos
            word = self.word("]")
            if all(word not in (REQUIRED, *known) for known in FILTERS.values()):
                raise self.error(f"unknown filter {word!r}", did_you_mean(word, sum(FILTERS.values(), (REQUIRED,))), begin)
            if word not in (REQUIRED, *FILTERS.get(base.element, ())):
                whose = next(kind for kind, known in FILTERS.items() if word in known)
                message = f"[{word}] selects {whose}s, but the elements of {base} are not {whose}s"
                raise self.error(message, f"remove [{word}], or use a collection of {whose}s", begin)
            self.expect("]", f"{base}[{word}]")
            yield word

    def string(self) -> str:
        self.blanks()
        quote = self.value[self.pos : self.pos + 1]
        if quote not in ("'", '"') or not quote:
            raise self.error("a quoted separator is expected here", 'as in join(peers.ip, ",")')
        close = self.value.find(quote, self.pos + 1)
        if close < 0:
            raise self.error("this quote is never closed", 'as in join(peers.ip, ",")')
        found = self.value[self.pos + 1 : close]
        self.pos = close + 1
        return _unescaped(found)

    def word(self, end: str) -> str:
        begin, end = self.pos, end + "}|"
        while self.pos < len(self.value) and self.value[self.pos] not in end and not self.adds():
            run = _run(end).match(self.value, self.pos)
            self.pos = run.end() if run else self.pos + 1
        return self.value[begin : self.pos]

    def adds(self) -> bool:
        """Whether the expression ends here and arithmetic follows."""
        return self.value[self.pos] == " " and _SUM.match(self.value, self.pos) is not None

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

    def expect(self, token: str, example: str) -> None:
        self.blanks()
        if not self.take(token):
            raise self.error(f"{token!r} is expected here", f"as in {example}")

    def must_end(self) -> None:
        if self.pos < len(self.value):
            raise self.error(f"unexpected {self.value[self.pos :]!r}", "remove it: nothing may follow here")
