"""Finds where a revision uses its answers: `${X}`, `$X`, `.Values.X` and bare names in `environment`, in both compose files.

A file without templates is read as YAML, so comments are ignored. A template is searched as text, without being rendered, so
uses in branches that are not executed are also found.

Rules: docs/facts/catalog.md#4.12 and #9.4: `$$` is not a variable, and neither are the variables of Go templates.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from catalog_forge.errors import Where
from catalog_forge.rancher.composition import BLOCKS
from catalog_forge.rancher.tree import File, is_template
from catalog_forge.rancher.variables import dollars
from catalog_forge.yamlio import Map, Node, Seq, Text

# The kinds are, in this order: a variable in a value, which is substituted; a variable in a key, which is not substituted;
# `.Values.X`; a bare name in `environment`; a `$` that does not begin a variable.
Kind = Literal["variable", "key", "value", "name", "wrong"]

ALL = "*"
# Variables that Rancher's scheduler replaces in labels. No question asks for them.
SCHEDULER = ("stack_name", "service_name")

_VALUE = re.compile(r"\.Values\.([A-Za-z_][A-Za-z0-9_]*)|\.Values\s+\"([^\"{}]*)\"")
_ALL_VALUES = re.compile(r"\.Values(?![.\w])(?!\s+\")")
_COMMENT = re.compile(r"(?:^|(?<=[ \t]))#.*$", re.MULTILINE)
_BARE = re.compile(
    r"^[ \t]*-[ \t]+([\"']?)([A-Za-z_][A-Za-z0-9_]*)\1[ \t]*$|^[ \t]+([A-Za-z_][A-Za-z0-9_]*):[ \t]*$", re.MULTILINE
)


@dataclass(frozen=True, slots=True)
class Use:
    """A use of an answer: the variable, the kind of use, and the offset of the use in the scalar `text` or, if `text` is None, in
    `file`.

    `in_comment` marks a use in a comment of a template (or in text that looks like a comment), which has no effect.
    """

    name: str
    kind: Kind
    file: File
    offset: int
    text: Text | None = None
    in_comment: bool = False

    @property
    def where(self) -> Where:
        """The location of the use."""
        return self.text.at(self.offset) if self.text else self.file.offset(self.offset)


def of_files(files: Iterable[File], docker: File | None) -> list[Use]:
    """Return all uses of answers outside the catalog block. The name of a use is `*` if a template may read any answer."""
    return [use for file in files for use in _of_file(file, file is docker)]


def _of_file(file: File, docker: bool) -> Iterator[Use]:
    if is_template(file.text):
        actions = list(_actions(file.text))
        yield from _of_actions(file, actions)
        if docker:
            yield from _of_text(file, actions)
            return
    seen = set[int]()
    for key, node in file.yaml.keys.items():
        if key not in BLOCKS:
            yield from _of_node(file, node, key, seen)


def _actions(text: str) -> Iterator[tuple[int, int]]:
    """Yield the start and end of each action of a template."""
    start = text.find("{{")
    while start >= 0 and (end := text.find("}}", start)) >= 0:
        yield start, end + 2
        start = text.find("{{", end)


def _of_actions(file: File, actions: list[tuple[int, int]]) -> Iterator[Use]:
    for start, end in actions:
        action = file.text[start:end]
        for found in _VALUE.finditer(action):
            yield Use(found[1] or found[2], "value", file, start + found.start())
        if any_value := _ALL_VALUES.search(action):
            yield Use(ALL, "value", file, start + any_value.start())


def _of_text(file: File, actions: list[tuple[int, int]]) -> Iterator[Use]:
    """Yield the uses of variables in the text between the actions of a template."""
    pieces, last = [], 0
    for start, end in actions:
        pieces += [file.text[last:start], re.sub(r"[^\n]", " ", file.text[start:end])]
        last = end
    plain = "".join((*pieces, file.text[last:]))
    comments = [found.span() for found in _COMMENT.finditer(plain)] if "#" in plain else []
    for name, kind, start in _dollars(plain):
        before = bisect_right(comments, (start, start)) - 1
        yield Use(name, kind, file, start, in_comment=before >= 0 and start < comments[before][1])
    for found in _BARE.finditer(plain):
        yield Use(found[2] or found[3], "name", file, found.start(2) if found[2] else found.start(3))


def _of_node(file: File, node: Node, above: str, seen: set[int]) -> Iterator[Use]:
    """Yield the uses of variables in a YAML node below the key `above`. A node with several aliases is visited once."""
    if isinstance(node, Text):
        for name, kind, start in _dollars(node.value) if "$" in node.value else ():
            yield Use(name, kind, file, start, node)
        return
    if id(node) in seen:
        return
    seen.add(id(node))
    if above == "environment":
        yield from (Use(name.value, "name", file, 0, name) for name in _bare_names(node))
    if isinstance(node, Seq):
        for item in node.items:
            yield from _of_node(file, item, "", seen)
        return
    for key, value in node.pairs:
        found = _dollars(key.value) if "$" in key.value else ()
        yield from (Use(name, "key", file, start, key) for name, kind, start in found if kind == "variable")
        yield from _of_node(file, value, key.value, seen)


def _bare_names(node: Node) -> Iterator[Text]:
    """Yield the variables that are listed in `environment` without a value."""
    if isinstance(node, Map):
        yield from (key for key, value in node.pairs if isinstance(value, Text) and value.bare and not value.value)
    elif isinstance(node, Seq):
        yield from (item for item in node.items if isinstance(item, Text) and "=" not in item.value)


def _dollars(text: str) -> Iterator[tuple[str, Kind, int]]:
    """Yield, for each `$` in a string, the name of its variable (or the text from the `$` on), the kind of use and the offset."""
    for found in dollars(text):
        yield found.name or found.text, "variable" if found.name else "wrong", found.start
