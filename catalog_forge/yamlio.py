"""The only module that reads and writes YAML: it parses untrusted text into nodes or plain data, and prints data.

Reading follows the YAML 1.2 core schema (`yes` and `0777` are text), because authors expect this. The writer quotes every
text that a YAML 1.1 reader, such as Rancher's, would not read as text.
"""

from __future__ import annotations

import base64
import math
import re
from bisect import bisect_left
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import yaml

from catalog_forge.errors import ForgeError, Problem, Where

MAX_BYTES = 1 << 20
MAX_DEPTH = 100
MAX_NODES = 200_000
# The limit if aliases are allowed. An alias counts as all nodes to which it refers, although it takes no additional memory.
MAX_SHARED_NODES = 20_000_000
# The limit for files that Rancher reads. It is lower, because many lint rules visit each node, including the nodes of aliases.
MAX_LENIENT_NODES = 1_000_000

# The hint for a key that appears twice, and the hint for a second document.
ONCE = "remove or rename one of the two"
_ONE = "delete this line, or move the lines below it to another file"

Scalar = str | int | float | bool | None
Data = Any

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_DECIMAL = re.compile(r"-?(0|[1-9][0-9]*)(\.[0-9]+)?([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
# A scalar with one of these explicit tags is not text. Rancher's reader treats a scalar with any other tag as text.
_BARE_TAGS = frozenset(f"tag:yaml.org,2002:{name}" for name in ("int", "float", "bool", "null"))
_BINARY = "tag:yaml.org,2002:binary"
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)


# Like `Where`, this class is not frozen, because a catalog contains hundreds of thousands of these objects.
@dataclass(slots=True)
class Text:
    """A scalar in a file: its text, whether it was written without quotes, its place, and the lines of the file."""

    value: str
    bare: bool
    where: Where
    style: str
    lines: Sequence[str]

    def data(self) -> Scalar:
        """Return the value that the YAML 1.2 core schema gives this scalar."""
        if not self.bare:
            return self.value
        if self.value in _WORDS:
            return _WORDS[self.value]
        if _INT.fullmatch(self.value):
            return int(self.value) if len(self.value) < 1000 else self.value
        if _FLOAT.fullmatch(self.value):
            # A number beyond the range of doubles is text, as in Rancher, so that no document can contain infinity.
            return number if math.isfinite(number := float(self.value)) else self.value
        return self.value

    def at(self, offset: int) -> Where:
        """Return the place in the file of the character `offset` of the value.

        The result is exact for bare, quoted and literal scalars. For folded text, return the start of the scalar.
        """
        where = self.where
        if self.style in ("|", ">"):
            return self._in_block(offset)
        source = self.lines[where.line - 1]
        if self.style == '"' and "\\" not in source:
            return Where(where.file, where.line, min(where.column + offset, len(source)) + 1)
        if self.style == '"':
            places = _escaped_places(source, where.column)
            return Where(where.file, where.line, places[min(offset, len(places) - 1)])
        if self.style == "'":
            quotes = bisect_left(_places_of("'", self.value), offset)
            return Where(where.file, where.line, where.column + 1 + offset + quotes)
        return Where(where.file, where.line, where.column + offset)

    def _in_block(self, offset: int) -> Where:
        ends = _places_of("\n", self.value)
        above = bisect_left(ends, offset)
        start = ends[above - 1] + 1 if above else 0
        row = self.where.line + 1 + above
        source = self.lines[row - 1] if row <= len(self.lines) else ""
        line_text = self.value[start : ends[above] if above < len(ends) else None]
        indent = source.find(line_text) if line_text else 0
        return Where(self.where.file, row, max(indent, 0) + offset - start + 1)


@dataclass(frozen=True, slots=True)
class Map:
    """A mapping: its pairs in the order of the file."""

    pairs: tuple[tuple[Text, Node], ...]
    where: Where


@dataclass(frozen=True, slots=True)
class Seq:
    """A list of nodes."""

    items: tuple[Node, ...]
    where: Where


Node = Text | Map | Seq


def texts(node: Node) -> Iterator[Text]:
    """Yield every scalar of a document in order, except the keys of mappings."""
    match node:
        case Text():
            yield node
        case Seq(items):
            for item in items:
                yield from texts(item)
        case Map(pairs):
            for _, value in pairs:
                yield from texts(value)


@dataclass(frozen=True, slots=True)
class Double:
    """A duplicate key of a mapping: the later key, the place of the first equal key, and the place where the mapping begins."""

    key: Text
    first: Where
    within: Where

    def __str__(self) -> str:
        return f"the key {self.key.value!r} appears twice: first in line {self.first.line}"


def parse(
    text: bytes | str,
    file: str,
    *,
    aliases: bool = False,
    last_wins: Callable[[Double], None] | None = None,
    max_bytes: int = MAX_BYTES,
    begin: str = "write its keys, or delete the file",
) -> Node:
    """Parse one YAML document into nodes with locations.

    `aliases` allows anchors and aliases, for answers files of the metadata service; specs may not contain any. If
    `last_wins` is given, it is called for each duplicate key, and the last value is used, as in yaml.v2; otherwise a duplicate
    is an error. `begin` is the hint for an empty file.
    Raises ForgeError with file, line and column for anything that is not one well-formed document: wrong encoding, tabs,
    control characters, duplicate keys (all of them at once), aliases where they are refused, a file over `max_bytes`.
    """
    content = _decode(text, file, max_bytes)
    with _in_words(content, file):
        node = _Builder(content, file, aliases, last_wins).document()
    if node is None:
        raise ForgeError("the file is empty", Where(file, 1, 1), begin)
    return node


@dataclass(frozen=True, slots=True)
class Lenient:
    """A file as Rancher's YAML reader sees it: the first document or None, duplicate keys, and the place of a second document."""

    node: Node | None
    duplicates: tuple[Double, ...]
    second: Where | None


def parse_lenient(text: bytes | str, file: str, *, max_bytes: int = MAX_BYTES) -> Lenient:
    """Parse a file as Rancher's yaml.v2 does: the last of several equal keys counts, and only the first document is read.

    Raises ForgeError as `parse` does for any other fault, including keys that are not scalars.
    """
    content = _decode(text, file, max_bytes)
    if not content.strip():
        return Lenient(None, (), None)
    with _in_words(content, file):
        doubles: list[Double] = []
        builder = _Builder(content, file, True, doubles.append, lenient=True)
        return Lenient(builder.document(), tuple(doubles), builder.second)


def load(text: bytes | str, file: str, *, aliases: bool = False, max_bytes: int = MAX_BYTES) -> Data:
    """Parse one YAML document into plain data (dict, list, str, int, float, bool, None). Raises the errors of `parse`."""
    return to_data(parse(text, file, aliases=aliases, max_bytes=max_bytes))


def as_written(text: Text) -> Scalar:
    """Return the value of a scalar. A number that Python would print differently stays text: 0777, 1.10, 1e3."""
    value = text.data()
    return text.value if isinstance(value, int | float) and not isinstance(value, bool) and str(value) != text.value else value


def constant(text: Text) -> Scalar:
    """Return the value of a scalar as `as_written` does, but return a decimal number as `Bare`, to be written without quotes."""
    value = as_written(text)
    return Bare(value) if value == text.value and isinstance(text.data(), float) and _DECIMAL.fullmatch(value) else value


def to_data(node: Node, scalar: Callable[[Text], Scalar] = Text.data) -> Data:
    """Convert a node to plain data; `scalar` converts each scalar. All aliases of a node share one object."""
    made: dict[int, Data] = {}

    def convert(node: Node) -> Data:
        if id(node) not in made:
            match node:
                case Map(pairs):
                    made[id(node)] = {key.value: convert(value) for key, value in pairs}
                case Seq(items):
                    made[id(node)] = [convert(item) for item in items]
                case Text():
                    made[id(node)] = scalar(node)
        return made[id(node)]

    return convert(node)


def dump(data: Data) -> str:
    """Return data as YAML; keys keep their order. Multi-line text becomes a block; other text is quoted, except plain words."""
    events: list[yaml.Event] = [yaml.StreamStartEvent(), yaml.DocumentStartEvent(explicit=False)]
    _add(events, data, {})
    events += (yaml.DocumentEndEvent(explicit=False), yaml.StreamEndEvent())
    text: str = yaml.emit(events, Dumper=_Quoting, allow_unicode=True, width=10_000, indent=2)
    return text


def edit(text: str, change: Callable[[Any], None]) -> str | None:
    """Change an author's YAML file; the rest stays unchanged, including comments, quotes, indentation and line endings.

    `change` receives the root node of ruamel.yaml, whose mappings have `insert(place, key, value)`. A `Quoted` scalar is written
    in single quotes. Returns None if the change would also alter other bytes of the file. Raises ForgeError if the
    text is not YAML or exceeds the limits.
    """
    parse_lenient(text, "")  # ruamel.yaml itself has no limits
    from io import StringIO

    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    breaks = "\r\n" if "\r\n" in text else "\n"
    plain = text.replace("\r\n", "\n")
    for sequence, offset in ((2, 0), (4, 2), (2, 1), (3, 1)):
        door = YAML()
        door.preserve_quotes, door.width, door.explicit_start = True, 1 << 20, plain.startswith("---")
        door.indent(mapping=2, sequence=sequence, offset=offset)
        door.representer.add_representer(Quoted, _single_quoted)
        try:
            root, before, after = door.load(plain), StringIO(), StringIO()
            door.dump(root, before)
            if before.getvalue() != plain:
                continue
            change(root)
            door.dump(root, after)
        except (YAMLError, RecursionError, ValueError):
            return None
        return after.getvalue().replace("\n", breaks)
    return None


def _single_quoted(representer: Any, text: str) -> Any:
    return representer.represent_scalar("tag:yaml.org,2002:str", text, style="'")


@lru_cache(maxsize=4096, typed=True)
def dump_json_like(value: Scalar) -> str:
    """Return a scalar as YAML text that is valid both inside brackets (flow style) and outside them (block style)."""
    text: str = yaml.dump(value, Dumper=_Quoting, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


@dataclass(frozen=True, slots=True)
class Token:
    """A token of a YAML text, from character `start` to `end`; `style` is the style of a scalar, None for other tokens."""

    start: int
    end: int
    style: str | None
    is_key: bool = False


def tokens(text: str) -> list[Token]:
    """Split a YAML text into its tokens. Raises ForgeError with the line in the text if the text is not well-formed."""
    found: list[Token] = []
    previous: Any = None
    with _line_in_words():
        for token in yaml.scan(text, Loader=_Loader):
            style = (token.style or "") if isinstance(token, yaml.ScalarToken) else None
            found.append(Token(token.start_mark.index, token.end_mark.index, style, isinstance(previous, yaml.KeyToken)))
            previous = token
    return found


def well_formed(text: str) -> None:
    """Raise ForgeError with the line of the fault unless the text is YAML. The text may contain several documents."""
    with _line_in_words():
        for _ in yaml.parse(text, Loader=_Loader):
            pass


@contextmanager
def _line_in_words() -> Iterator[None]:
    """Convert libyaml's exceptions into a ForgeError that names only the line, for a text that is not the content of a file."""
    try:
        yield
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        place = f"line {mark.line + 1}: " if mark else ""
        raise ForgeError(f"not well-formed YAML: {place}{error.problem or error.context}") from None
    except yaml.YAMLError as error:
        raise ForgeError(f"not well-formed YAML: {str(error).splitlines()[0]}") from None


@dataclass(frozen=True, slots=True)
class Mark:
    """The start or end of a YAML node: `kind` is map, list, scalar or end; the `style` of a collection is `flow` or empty."""

    kind: str
    start: int
    end: int
    style: str = ""
    data: Scalar = None


def marks(text: str) -> Iterator[Mark]:
    """Yield the beginning and end of each node of a YAML text. Call `parse` first, because `marks` enforces no limits."""
    kinds = {yaml.MappingStartEvent: "map", yaml.SequenceStartEvent: "list", yaml.ScalarEvent: "scalar"}
    ends = {yaml.MappingEndEvent: "end", yaml.SequenceEndEvent: "end"}
    events: Iterator[Any] = yaml.parse(text, Loader=_Loader)
    for event in events:
        kind = (kinds | ends).get(type(event))
        if kind == "scalar":
            style = event.style or ""
            data = Text(event.value, not style, Where(""), style, ()).data()
            yield Mark(kind, event.start_mark.index, event.end_mark.index, style, data)
        elif kind:
            style = "flow" if getattr(event, "flow_style", False) else ""
            yield Mark(kind, event.start_mark.index, event.end_mark.index, style)


class _Quoting(_Dumper):  # type: ignore[misc]
    """Quotes every text that is not a plain word, so that no YAML reader reads the text as a number, a date or a boolean."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


_PLAIN = re.compile(r"[A-Za-z_/][A-Za-z0-9_./-]*")
_NOT_TEXT = re.compile(r"(?i)y|n|yes|no|on|off|true|false|null|nan|inf|[.]inf|[.]nan")


def _quoted(dumper: Any, text: str) -> Any:
    if "\n" in text and not re.search(r"[^\n\x20-\x7e\u00a0-\ud7ff]| \n|^[ \n]|[ \n]\n$", text):
        style: str | None = "|"
    elif _PLAIN.fullmatch(text) and not _NOT_TEXT.fullmatch(text):
        style = None
    else:
        style = "'" if text.isprintable() else '"'
    return dumper.represent_scalar("tag:yaml.org,2002:str", text, style=style)


class Quoted(str):
    """Text that is always written in single quotes, even where YAML needs none, such as versions, defaults and options."""

    __slots__ = ()


class Bare(str):
    """A number in its original notation, if Python would print it differently: 1.10, 1e3."""


_Quoting.add_representer(str, _quoted)
_Quoting.add_representer(Bare, lambda dumper, number: dumper.represent_scalar("tag:yaml.org,2002:float", str(number)))
_Quoting.add_representer(Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="'"))


_MAPPING = yaml.MappingStartEvent(None, None, implicit=True, flow_style=False)
_SEQUENCE = yaml.SequenceStartEvent(None, None, implicit=True, flow_style=False)
_ENDS = {dict: yaml.MappingEndEvent(), list: yaml.SequenceEndEvent()}
_ROOMS = (dict, list, tuple)


def _add(events: list[yaml.Event], data: Data, known: dict[int, slice]) -> None:
    """Append the YAML events for `data`. Each mapping is converted only once: `known` maps its id to its slice of `events`."""
    if isinstance(data, dict):
        if id(data) in known:
            events += events[known[id(data)]]
            return
        begin = len(events)
        events.append(_MAPPING)
        for key, value in data.items():
            events.append(_scalar(key))
            if isinstance(value, _ROOMS):
                _add(events, value, known)
            else:
                events.append(_scalar(value))
        events.append(_ENDS[dict])
        known[id(data)] = slice(begin, len(events))
    elif isinstance(data, _ROOMS):
        events.append(_SEQUENCE)
        for value in data:
            _add(events, value, known)
        events.append(_ENDS[list])
    else:
        events.append(_scalar(data))


@lru_cache(maxsize=4096, typed=True)
def _scalar(value: Scalar) -> yaml.ScalarEvent:
    node = _Quoting(None).represent_data(value)
    quoted = node.tag == "tag:yaml.org,2002:str"
    return yaml.ScalarEvent(None, None, (node.style is None, quoted), node.value, style=node.style)


def _decode(text: bytes | str, file: str, max_bytes: int) -> str:
    if len(text) > max_bytes:
        hint = "split it, or move its large texts into separate files"
        raise ForgeError(f"the file is larger than {max_bytes} bytes", Where(file), hint)
    if isinstance(text, str):
        return text
    try:
        content = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - (text.rfind(b"\n", 0, error.start) + 1) + 1
        raise ForgeError("the file is not UTF-8 text", Where(file, line, column), "save it as UTF-8") from None
    return content


@contextmanager
def _in_words(content: str, file: str) -> Iterator[None]:
    """Convert libyaml's exceptions into a ForgeError with a place in the file."""
    try:
        yield
    except yaml.reader.ReaderError as error:
        from catalog_forge.malformed import forbidden

        raise forbidden(error, content, file) from None
    except yaml.YAMLError as error:
        raise _malformed(error, content, file) from None


def _malformed(error: Any, content: str, file: str) -> ForgeError:
    from catalog_forge.malformed import LOOK, Stop, explained

    mark = getattr(error, "problem_mark", None) or getattr(error, "context_mark", None)
    if mark is None:
        return ForgeError(f"not well-formed YAML: {str(error).splitlines()[0]}", Where(file), LOOK)
    begin = error.context_mark or mark
    stop = Stop(error.problem or "", mark.line, mark.column, error.context or "", (begin.line, begin.column))
    return explained(stop, content.splitlines(), file)


class _Builder:
    """Builds nodes from libyaml's events, with limits for hostile files: libyaml's own composer could exhaust the stack."""

    def __init__(
        self, content: str, file: str, aliases: bool, last_wins: Callable[[Double], None] | None, lenient: bool = False
    ) -> None:
        self.events: Iterator[Any] = yaml.parse(content, Loader=_Loader)
        self.file = file
        self.lines = content.splitlines()
        self.aliases = aliases
        self.lenient = lenient
        self.second: Where | None = None
        self.limit = MAX_LENIENT_NODES if lenient else MAX_SHARED_NODES if aliases else MAX_NODES
        self.problems: list[Problem] = []
        self.last_wins = last_wins or self.refuse
        self.count = 0
        self.anchors: dict[str, tuple[Node, int]] = {}

    def document(self) -> Node | None:
        """Read the document in the file; return None if the file contains no document."""
        next(self.events)
        if not isinstance(next(self.events), yaml.DocumentStartEvent):
            return None
        node = self.node(next(self.events), 0)
        next(self.events)
        self.end()
        if self.problems:
            raise ForgeError.of(self.problems)
        return node

    def end(self) -> None:
        """Raise ForgeError if a second document follows. If `lenient`, only record the place of a second document."""
        after = next(self.events)
        if isinstance(after, yaml.DocumentStartEvent):
            self.second = self.where(after)
            if not self.lenient:
                raise ForgeError("not well-formed YAML: a second document begins here", self.second, _ONE)

    def where(self, event: Any) -> Where:
        return Where(self.file, event.start_mark.line + 1, event.start_mark.column + 1)

    def node(self, event: Any, depth: int) -> Node:
        where, before = self.where(event), self.count
        self.count += 1
        kind = type(event)
        if kind is yaml.AliasEvent:
            node = self.alias(event, where)
        elif kind is yaml.ScalarEvent:
            style = event.style or ""
            bare = style == "" if not event.tag or not self.lenient else event.tag in _BARE_TAGS
            value = self.binary(event.value, where) if event.tag == _BINARY and self.lenient else event.value
            node = Text(value, bare, where, style, self.lines)
        elif kind is yaml.MappingStartEvent:
            node = self.map(where, depth)
        else:
            node = Seq(tuple(self.items(depth)), where)
        if depth > MAX_DEPTH or self.count > self.limit:
            raise self.too_large(where)
        if event.anchor and kind is not yaml.AliasEvent:
            if not self.aliases:
                raise self.no_aliases(where)
            self.anchors[event.anchor] = (node, self.count - before)
        return node

    def too_large(self, where: Where) -> ForgeError:
        hint = f"at most {MAX_DEPTH} levels and {self.limit} values are read: split the file, or write it with fewer levels"
        return ForgeError("the document is nested too deeply or grows too large", where, hint)

    def binary(self, text: str, where: Where) -> str:
        try:
            return base64.b64decode(text.replace("\n", ""), validate=True).decode("utf-8", "replace")
        except ValueError:
            self.problems.append(Problem("the value marked as !!binary is not valid base64", where, "remove !!binary"))
            return text

    def no_aliases(self, where: Where) -> ForgeError:
        return ForgeError("anchors and aliases are not allowed here", where, "write the value out in each place")

    def alias(self, event: Any, where: Where) -> Node:
        """Return the node that an alias refers to. The nodes below this node count towards the limit again."""
        if not self.aliases:
            raise self.no_aliases(where)
        if event.anchor not in self.anchors:
            hint = f"write &{event.anchor} before the value to repeat, or quote the text '*{event.anchor}'"
            raise ForgeError(f"not well-formed YAML: no anchor {event.anchor!r} before this alias", where, hint)
        node, size = self.anchors[event.anchor]
        self.count += size
        return node

    def items(self, depth: int) -> Iterator[Node]:
        for event in self.events:
            if isinstance(event, yaml.SequenceEndEvent):
                return
            if depth > MAX_DEPTH:
                raise self.too_large(self.where(event))
            yield self.node(event, depth + 1)

    def map(self, where: Where, depth: int) -> Map:
        if depth > MAX_DEPTH:
            raise self.too_large(where)
        pairs: dict[str, tuple[Text, Node]] = {}
        first: dict[str, Where] = {}
        for event in self.events:
            if type(event) is yaml.MappingEndEvent:
                break
            key = self.node(event, depth + 1)
            value = self.node(next(self.events), depth + 1)
            if not isinstance(key, Text):
                hint = "write KEY: VALUE; quote text that begins with [ or {"
                self.problems.append(Problem("a key must be text, not a list or a mapping", key.where, hint))
                continue
            if key.value in first:
                self.last_wins(Double(key, first[key.value], where))
            first.setdefault(key.value, key.where)
            pairs[key.value] = (key, value)
        return Map(tuple(pairs.values()), where)

    def refuse(self, double: Double) -> None:
        self.problems.append(Problem(str(double), double.key.where, ONCE))


# Cached, because a text may contain thousands of expressions, and the place of each is looked up in the same text.
@lru_cache(maxsize=4)
def _places_of(char: str, text: str) -> Sequence[int]:
    return [place for place, found in enumerate(text) if found == char]


@lru_cache(maxsize=4)
def _escaped_places(source: str, column: int) -> Sequence[int]:
    """Return the column of each character of a double-quoted scalar whose opening quote is in `column`."""
    widths = {"x": 4, "u": 6, "U": 10}
    places, place = [column + 1], column
    while place < len(source):
        place += widths.get(source[place + 1 : place + 2], 2) if source[place] == "\\" else 1
        places.append(place + 1)
    return places
