"""The blocks that make up the body of a file, and their conditions."""

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

# The name of an element: any word that does not begin an expression.
_ELEMENTS = "a word that no expression begins with"
ELEMENT = rf"(?!(?:{'|'.join(ROOTS)}|peers|others|hosts|split|link|services|everywhere)$)[A-Za-z][A-Za-z0-9_]{{0,31}}"

# A value of `set`: a text with expressions, a constant, or (in yaml, json and toml) a map or list of values.
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
        "key: value, quoted by the format's rules; yaml, json and toml take maps and lists as values, and "
        "{list: {of: COLL, item: VALUE}}"
    )


@dataclass(frozen=True)
class CopyBlock(Record):
    """Every pair of a metadata map, written in the file's format; in the format `lines`, every value of a metadata list."""

    copy: str = key("metadata/PATH of the map", pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}", shape="metadata/PATH")
    bare: tuple[str, ...] = key(
        "which values are written without quotes in yaml, json and toml: numbers, true and false",
        tuple,
        one_of=("numbers", "truths"),
    )


@dataclass(frozen=True)
class PasteBlock(Record):
    """The text of a metadata key, unchanged. In all other blocks, a user's text stays a single value."""

    paste: Text = key(
        "metadata/PATH of the text, or env.NAME of a variable of `vars`; either may hold `@{...}`",
        pattern=r"env\.(\w|@\{[^{}]+\})+|metadata(/(?!\.\.?(/|$))([A-Za-z0-9._-]|@\{[^{}]+\})+)+",
        shape="metadata/PATH or env.NAME",
    )
    wrap: tuple[str, ...] = key("a head and a tail, each on its own line", tuple)
    optional: bool = key("leave out the whole block when the key has no value", False)

    @property
    def is_variable(self) -> bool:
        """Whether a variable is pasted, rather than a metadata key."""
        return str(self.paste).startswith("env.")

    @property
    def path(self) -> Text:
        """The path of the metadata key, below `metadata/`, or the name of the variable."""
        first, *more = self.paste.parts
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
        "peers, others, hosts, service:NAME or services:LABEL=VALUE, with [healthy] or [running]; metadata/PATH, /PATH, "
        'split(metadata/PATH, ",")'
    )
    item: Text = key("text of an item; `it` is the element")
    sep: str = key("text between two items", "\n")
    head: str = key("text before the first item, when there is one", "")
    tail: str = key("text after the last item, when there is one", "")
    required: bool = key("while the collection is empty, the file is not written, and the log names what is missing", False)


@dataclass(frozen=True)
class Elements(Record):
    """A value for each element of a collection."""

    of: Collection = key("the collection, as in the block `list`")
    item: Value = key("the value for each element, which is called `it`: a text, or a map or list of texts")


@dataclass(frozen=True)
class ListValue(Record):
    """A value of `set` in yaml, json and toml: a list with an item for each element of a collection."""

    list: Elements = key("the collection, and the value that each element becomes")


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
    head: str = key("text before the first element, when there is one", "")
    tail: str = key("text after the last element, when there is one", "")
    required: bool = key("while the collection is empty, the file is not written, and the log names what is missing", False)


@dataclass(frozen=True)
class EachBlock(Record):
    """Blocks for each element of a collection. The blocks may contain another `each`, and `when` on fields of the element."""

    each: Each = key("the collection, and the blocks for each element")


@dataclass(frozen=True)
class Condition(Record):
    """A condition: exactly one of these keys."""

    service: tuple[str, ...] = key(
        "the service has this name, or one of these", tuple, pattern=COMPOSE_NAME, shape="a service name", single=True
    )
    has: str = key(
        "metadata/PATH or a field of an element has a value; a map, a list or a COLL has an element",
        "",
        pattern=f"metadata/{METADATA_KEY.replace('(^|/)', '/')}|(?!metadata/).+",
        shape="metadata/PATH, it.FIELD or a collection",
        maximum=300,
        reads=True,
    )
    exists: str = key(
        "metadata/PATH, a field of an element or another path exists, even with an empty value",
        "",
        pattern="(?!metadata/?$).+",
        shape="metadata/PATH, it.FIELD or /PATH",
        maximum=300,
        reads=True,
    )
    eq: tuple[Text, ...] = key("two texts are equal", tuple)
    ne: tuple[Text, ...] = key("two texts differ", tuple)
    contains: tuple[Text, ...] = key("the first text contains the second", tuple)
    begins: tuple[Text, ...] = key("the first text begins with the second", tuple)
    ends: tuple[Text, ...] = key("the first text ends with the second", tuple)
    env: str = key("this variable of `vars` is not empty", "", pattern=VARIABLE, shape="a name of `vars`")
    first: bool = key("this container is the first of the peers", False)
    negated: Condition | None = key("this condition does not hold", None, name="not")
    every: tuple[Condition, ...] = key("all of these conditions hold", tuple, name="all")
    some: tuple[Condition, ...] = key("at least one of these conditions holds", tuple, name="any")

    @property
    def compared(self) -> dict[str, tuple[Text, ...]]:
        """The pairs of compared texts, by the key of the comparison."""
        return {word: texts for word in ("eq", "ne", "contains", "begins", "ends") if (texts := getattr(self, word))}

    @property
    def texts(self) -> Iterator[Text]:
        """The texts that are compared."""
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
        """This condition if it contains no others; otherwise the innermost conditions inside it."""
        if not self.parts:
            yield self
        for part in self.parts:
            yield from part.tests


@dataclass(frozen=True)
class WhenBlock(Record):
    """Blocks that are written under a condition."""

    when: Condition = key(
        "service, has, exists, eq, ne, contains, begins, ends, env, first, or not, all, any of other conditions"
    )
    then: tuple[Block, ...] = key("blocks when it holds", tuple)
    otherwise: tuple[Block, ...] = key("blocks when it does not", tuple, name="else")


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
