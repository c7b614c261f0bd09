"""Defines the blocks that make up the body of a file, and the conditions of `when` blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import chain
from typing import Any

from catalog_forge.spec.expressions import ROOTS, Collection, Text
from catalog_forge.spec.model.frame import COMPOSE_NAME
from catalog_forge.spec.model.metadata import METADATA_KEY, VARIABLE
from catalog_forge.spec.model.record import Record, key

# The name of an element may be any word that is not the first word of an expression or collection.
_ELEMENTS = "a word that begins with a letter; words that begin expressions or collections, such as self and peers, are reserved"
ELEMENT = rf"(?!(?:{'|'.join(ROOTS)}|peers|others|hosts|split|link|services|everywhere)$)[A-Za-z][A-Za-z0-9_]{{0,31}}"

# A value of `set`: text that may contain expressions, a constant, or (in yaml, json and toml) a map or list of values.
Value = Text | int | float | bool | None | Mapping[str, Any] | tuple[Any, ...]


@dataclass(frozen=True)
class TextBlock(Record):
    """Literal text with `@{...}`."""

    text: Text = key("the text")


@dataclass(frozen=True)
class SetBlock(Record):
    """Key-value pairs, written in the file's format.

    A pair whose whole value is an optional key, `@{metadata/KEY}`, is left out if that key has no value.
    """

    set: Mapping[str, Value] = key(
        "pairs KEY: VALUE, quoted as the format requires; in yaml, json and toml, a value may be a map, a list or "
        "{list: {of: COLL, item: VALUE}}"
    )


@dataclass(frozen=True)
class CopyBlock(Record):
    """Every pair of a metadata map, written in the file's format; in the format `lines`, every value of a metadata list."""

    copy: str = key(
        "metadata/PATH of the map or, in the format `lines`, of the list",
        pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}",
        shape="metadata/PATH",
    )
    bare: tuple[str, ...] = key(
        "kinds of values that are written without quotes in yaml, json and toml; `truths` are true and false",
        tuple,
        one_of=("numbers", "truths"),
    )


@dataclass(frozen=True)
class PasteBlock(Record):
    """The text of a metadata key, unchanged. In all other blocks, a user's text stays a single value."""

    paste: Text = key(
        "metadata/PATH of the text, or env.NAME for a variable of `vars`; both may contain `@{...}`",
        pattern=r"env\.(\w|@\{[^{}]+\})+|metadata(/(?!\.\.?(/|$))([A-Za-z0-9._-]|@\{[^{}]+\})+)+",
        shape="metadata/PATH or env.NAME",
    )
    wrap: tuple[str, ...] = key("two strings: the line before the pasted text, and the line after it", tuple)
    optional: bool = key("true: the block is left out when the key has no value", False)

    @property
    def is_variable(self) -> bool:
        """Whether a variable is pasted, rather than a metadata key."""
        return str(self.paste).startswith("env.")

    @property
    def path(self) -> Text:
        """The path of the metadata key, below `metadata/`, or the name of the variable."""
        first, *more = self.paste.parts or ("",)
        begin = str(first).removeprefix("env." if self.is_variable else "metadata/")
        return Text((*((begin,) if begin else ()), *more))

    def variables(self, known: Iterable[str]) -> list[str]:
        """Return the known variables that the block may paste. The name of the pasted variable may contain expressions."""
        pattern = "".join(re.escape(part) if isinstance(part, str) else r"\w+" for part in self.path.parts)
        return [name for name in known if re.fullmatch(pattern, name)]


@dataclass(frozen=True)
class Listing(Record):
    """One item for each element of a collection."""

    of: Collection = key(
        "the collection: peers, others, hosts, service:NAME or services:LABEL=VALUE, optionally with [healthy] or [running]; "
        'or metadata/PATH, /PATH or split(metadata/PATH, ",")'
    )
    item: Text = key("text for each element; in expressions, `it` is the element")
    sep: str = key("text between two items", "\n")
    head: str = key("text before the first item; left out if the collection is empty", "")
    tail: str = key("text after the last item; left out if the collection is empty", "")
    required: bool = key(
        "true: while the collection is empty, the file is not written, and confd's log names the collection", False
    )


@dataclass(frozen=True)
class Elements(Record):
    """A value for each element of a collection."""

    of: Collection = key("the collection, as in the block `list`")
    item: Value = key("the value for each element: a string, or a map or list of strings; in expressions, `it` is the element")


@dataclass(frozen=True)
class ListValue(Record):
    """A value of `set` in yaml, json and toml: a list with an item for each element of a collection."""

    list: Elements = key("the collection, and the value to write for each element")


@dataclass(frozen=True)
class ListBlock(Record):
    """One item for each element of a collection."""

    list: Listing = key("the collection and its items")


@dataclass(frozen=True)
class Each(Record):
    """Blocks for each element of a collection."""

    of: Collection = key("the collection, as in the block `list`")
    body: tuple[Block, ...] = key("the blocks to write for each element")
    named: str = key("name of the element in expressions, in addition to `it`", "", name="as", pattern=ELEMENT, shape=_ELEMENTS)
    sep: str = key("text between two elements", "")
    head: str = key("text before the first element; left out if the collection is empty", "")
    tail: str = key("text after the last element; left out if the collection is empty", "")
    required: bool = key(
        "true: while the collection is empty, the file is not written, and confd's log names the collection", False
    )


@dataclass(frozen=True)
class EachBlock(Record):
    """Blocks for each element of a collection. The blocks may contain another `each`, and `when` on fields of the element."""

    each: Each = key("the collection, and the blocks to write for each element")


@dataclass(frozen=True)
class Condition(Record):
    """A condition, which consists of exactly one of these keys."""

    service: tuple[str, ...] = key(
        "true if this container belongs to the service of this name, or to one of several named services",
        tuple,
        pattern=COMPOSE_NAME,
        shape="a service name",
        single=True,
    )
    has: str = key(
        "true if metadata/PATH or a field of an element has a value, or if a map, a list or a COLL has an element",
        "",
        pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}|(?!metadata/).+",
        shape="metadata/PATH, it.FIELD or a collection",
        maximum=300,
        reads=True,
    )
    exists: str = key(
        "true if metadata/PATH, a field of an element or another path exists, even with an empty value",
        "",
        pattern="(?!metadata/?$).+",
        shape="metadata/PATH, it.FIELD or /PATH",
        maximum=300,
        reads=True,
    )
    eq: tuple[Text, ...] = key("true if the two strings are equal", tuple)
    ne: tuple[Text, ...] = key("true if the two strings differ", tuple)
    contains: tuple[Text, ...] = key("true if the first string contains the second", tuple)
    begins: tuple[Text, ...] = key("true if the first string begins with the second", tuple)
    ends: tuple[Text, ...] = key("true if the first string ends with the second", tuple)
    env: str = key("true if this variable of `vars` is not empty", "", pattern=VARIABLE, shape="the name of a variable in `vars`")
    first: bool = key("true if this container is the first of the peers", False)
    negated: Condition | None = key("true if this condition is false", None, name="not")
    every: tuple[Condition, ...] = key("true if all of these conditions are true", tuple, name="all")
    some: tuple[Condition, ...] = key("true if at least one of these conditions is true", tuple, name="any")

    @property
    def compared(self) -> dict[str, tuple[Text, ...]]:
        """The strings that this condition compares, by the key of the comparison, such as `eq`."""
        return {word: texts for word in ("eq", "ne", "contains", "begins", "ends") if (texts := getattr(self, word))}

    @property
    def texts(self) -> Iterator[Text]:
        """All strings that this condition compares."""
        return chain.from_iterable(self.compared.values())

    @property
    def sought(self) -> str:
        """The argument of `has` or `exists`."""
        return self.has or self.exists

    @property
    def key(self) -> str:
        """The metadata key that must have a value; empty if `has` does not name a metadata key."""
        return self.has.removeprefix("metadata/") if self.has.startswith("metadata/") else ""

    @property
    def parts(self) -> tuple[Condition, ...]:
        """The conditions nested directly in this condition."""
        return (*((self.negated,) if self.negated else ()), *self.every, *self.some)

    @property
    def tests(self) -> Iterator[Condition]:
        """The innermost conditions in this condition, or this condition itself if no condition is nested in it."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.tests


@dataclass(frozen=True)
class WhenBlock(Record):
    """Blocks that are written if a condition is true, and blocks that are written if the condition is false."""

    when: Condition = key(
        "a condition with one of the keys service, has, exists, eq, ne, contains, begins, ends, env and first, or with not, all "
        "or any, which contain other conditions"
    )
    then: tuple[Block, ...] = key("blocks that are written if the condition is true", tuple)
    otherwise: tuple[Block, ...] = key("blocks that are written if the condition is false", tuple, name="else")


@dataclass(frozen=True)
class FileBlock(Record):
    """A static file from the spec's folder, copied unchanged."""

    file: str = key("name of the file in the spec's folder", maximum=200)


@dataclass(frozen=True)
class TemplateBlock(Record):
    """A hand-written confd template as the whole body. The keys that confd reads are derived from the template's lookups."""

    template: str = key(
        "name of the template in the spec's folder",
        pattern=r"[^/].*\.tmpl",
        shape="a name that ends in .tmpl",
        maximum=200,
    )


Block = TextBlock | SetBlock | CopyBlock | PasteBlock | ListBlock | EachBlock | WhenBlock | FileBlock | TemplateBlock
