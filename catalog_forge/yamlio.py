"""The only YAML door: untrusted text in, nodes with places or plain data; data in, text out.

Reading follows the YAML 1.2 core schema (`yes` and `0777` are text), because that is what an author sees; writing quotes
everything that a YAML 1.1 reader, such as Rancher's, would take for something else.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from catalog_forge.errors import ForgeError, Problem, Where

MAX_BYTES = 1 << 20
MAX_DEPTH = 100
MAX_NODES = 200_000

Scalar = str | int | float | bool | None
Data = Any

_INT = re.compile(r"[-+]?(0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[-+]?([0-9]+\.[0-9]*|\.[0-9]+|[0-9]+)([eE][-+]?[0-9]+)?")
_WORDS: dict[str, Scalar] = {"": None, "~": None, "null": None, "true": True, "false": False}
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_Dumper: Any = getattr(yaml, "CSafeDumper", yaml.SafeDumper)
_Node = yaml.ScalarNode | yaml.MappingNode | yaml.SequenceNode


@dataclass(frozen=True, slots=True)
class Text:
    """A scalar as it stands in a file: its text, whether it was written bare, its place, and the lines of the file."""

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
            return int(self.value)
        if _FLOAT.fullmatch(self.value):
            return float(self.value)
        return self.value

    def at(self, offset: int) -> Where:
        """Return the place in the file of the character `offset` of the value.

        Exact for bare, quoted and literal scalars; for text folded over several lines it is the start of the scalar.
        """
        where = self.where
        if self.style in "|>":
            return self._in_block(offset)
        source = self.lines[where.line - 1]
        if self.style == '"':
            return Where(where.file, where.line, _skip_escapes(source, where.column, offset))
        if self.style == "'":
            quotes = self.value[:offset].count("'")
            return Where(where.file, where.line, where.column + 1 + offset + quotes)
        return Where(where.file, where.line, where.column + offset)

    def _in_block(self, offset: int) -> Where:
        before = self.value[:offset]
        row = self.where.line + 1 + before.count("\n")
        start = offset - (before.rfind("\n") + 1)
        source = self.lines[row - 1] if row <= len(self.lines) else ""
        line_text = self.value.split("\n")[before.count("\n")]
        indent = source.find(line_text) if line_text else 0
        return Where(self.where.file, row, max(indent, 0) + start + 1)


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


def parse(text: bytes | str, file: str, *, aliases: bool = False, max_bytes: int = MAX_BYTES) -> Node:
    """Parse one YAML document into nodes that know their places.

    `aliases` allows anchors and aliases (answers files of the metadata service use them); specs do without.
    Raises ForgeError with file, line and column on anything that is not one well-formed document: wrong encoding, tabs,
    control characters, duplicate keys (all of them at once), aliases where they are refused, a file over `max_bytes`.
    """
    content = _decode(text, file, max_bytes)
    root = _compose(content, file)
    if root is None:
        raise ForgeError("the file is empty", Where(file, 1, 1))
    walk = _Walk(file, content.splitlines(), aliases)
    node = walk.node(root, 0)
    if walk.problems:
        raise ForgeError.of(walk.problems)
    return node


def load(text: bytes | str, file: str, *, aliases: bool = False, max_bytes: int = MAX_BYTES) -> Data:
    """Parse one YAML document into plain data (dict, list, str, int, float, bool, None). Errors as `parse`."""
    return to_data(parse(text, file, aliases=aliases, max_bytes=max_bytes))


def to_data(node: Node) -> Data:
    """Turn a node into plain data."""
    match node:
        case Map(pairs):
            return {key.value: to_data(value) for key, value in pairs}
        case Seq(items):
            return [to_data(item) for item in items]
        case Text():
            return node.data()


def dump(data: Data) -> str:
    """Write data as YAML, keys in their order. Text is single-quoted unless it is a plain word; line breaks make a block."""
    text: str = yaml.dump(
        data, Dumper=_Quoting, sort_keys=False, allow_unicode=True, width=10_000, default_flow_style=False, indent=2
    )
    return text


def dump_json_like(value: Scalar) -> str:
    """Write one scalar so that it can stand anywhere in a YAML flow or block."""
    text: str = yaml.dump(value, Dumper=_Quoting, allow_unicode=True, width=10_000)
    return text.removesuffix("\n").removesuffix("\n...")


class _Quoting(_Dumper):  # type: ignore[misc]
    """Quotes every text that is not a plain word, so that no YAML reader takes it for a number, a date or a truth."""

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
    """Text that is written in single quotes even where a bare word would do: versions, defaults and options."""

    __slots__ = ()


_Quoting.add_representer(str, _quoted)
_Quoting.add_representer(Quoted, lambda dumper, text: dumper.represent_scalar("tag:yaml.org,2002:str", str(text), style="'"))


def _decode(text: bytes | str, file: str, max_bytes: int) -> str:
    if len(text) > max_bytes:
        raise ForgeError(f"the file is larger than {max_bytes} bytes", Where(file))
    if isinstance(text, str):
        return text
    try:
        content = text.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = text.count(b"\n", 0, error.start) + 1
        column = error.start - (text.rfind(b"\n", 0, error.start) + 1) + 1
        raise ForgeError("the file is not UTF-8 text", Where(file, line, column)) from None
    return content


def _compose(content: str, file: str) -> _Node | None:
    try:
        root: Any = yaml.compose(content, Loader=_Loader)
    except yaml.reader.ReaderError as error:
        line = content.count("\n", 0, error.position) + 1
        raise ForgeError(f"a control character ({error.character!r}) is not allowed", Where(file, line, 1)) from None
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = Where(file, mark.line + 1, mark.column + 1) if mark else Where(file)
        hint = ""
        if mark and "\t" in (content.splitlines() or [""])[min(mark.line, content.count("\n"))]:
            hint = "YAML is indented with blanks, never with tabs"
        raise ForgeError(f"not well-formed YAML: {error.problem or error.context}", where, hint) from None
    except (yaml.YAMLError, RecursionError) as error:
        raise ForgeError(f"not well-formed YAML: {str(error).splitlines()[0]}", Where(file)) from None
    return root  # type: ignore[no-any-return]


class _Walk:
    """Turns libyaml's nodes into ours, and bounds what a hostile file may cost."""

    def __init__(self, file: str, lines: Sequence[str], aliases: bool) -> None:
        self.file = file
        self.lines = lines
        self.aliases = aliases
        self.problems: list[Problem] = []
        self.count = 0
        self.seen: set[int] = set()

    def node(self, node: _Node, depth: int) -> Node:
        where = Where(self.file, node.start_mark.line + 1, node.start_mark.column + 1)
        self.count += 1
        if depth > MAX_DEPTH or self.count > MAX_NODES:
            raise ForgeError("the document is nested too deeply or grows too large", where)
        if not self.aliases:
            if id(node) in self.seen:
                raise ForgeError("anchors and aliases are not allowed here", where, "write the value out in each place")
            self.seen.add(id(node))
        if isinstance(node, yaml.MappingNode):
            return self.map(node, where, depth)
        if isinstance(node, yaml.SequenceNode):
            return Seq(tuple(self.node(item, depth + 1) for item in node.value), where)
        return self.text(node, where)

    def map(self, node: yaml.MappingNode, where: Where, depth: int) -> Map:
        pairs: list[tuple[Text, Node]] = []
        first: dict[str, Where] = {}
        for raw_key, raw_value in node.value:
            key = self.node(raw_key, depth + 1)
            if not isinstance(key, Text):
                self.problems.append(Problem("a key must be a word", key.where))
                continue
            if key.value in first:
                self.problems.append(
                    Problem(f"the key {key.value!r} stands twice: first in line {first[key.value].line}", key.where)
                )
                continue
            first[key.value] = key.where
            pairs.append((key, self.node(raw_value, depth + 1)))
        return Map(tuple(pairs), where)

    def text(self, node: yaml.ScalarNode, where: Where) -> Text:
        style = node.style or ""
        return Text(node.value, style == "", where, style, self.lines)


def _skip_escapes(source: str, column: int, offset: int) -> int:
    """Column of the character `offset` of a double-quoted scalar whose quote stands in `column`."""
    place = column
    widths = {"x": 4, "u": 6, "U": 10}
    for _ in range(offset):
        if place < len(source) and source[place] == "\\":
            place += widths.get(source[place + 1 : place + 2], 2)
        else:
            place += 1
    return place + 1
