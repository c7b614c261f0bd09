"""Splits the compose files of an entry into lines, and the lines into literal text and variables with their values."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from typing import Any

from catalog_forge.rancher.composition import BLOCKS, ComposeFile
from catalog_forge.rancher.entries import Revision
from catalog_forge.rancher.variables import Dollar, dollars
from catalog_forge.yamlio import texts

# A piece of a line: literal text, or a variable as [source text, name, value].
Piece = str | list[str]


def composed(revision: Revision, variables: Mapping[str, str], stack: str) -> list[dict[str, Any]]:
    """Return the compose files. Each line is a list of pieces.

    A file with template actions is shown as rendered; `source` then contains the line numbers in the file on disk.
    """
    sources = revision.answered_sources(variables, stack)
    return [{"name": each.file.name, "path": each.file.shown or each.file.path, **_lines(each, variables)} for each in sources]


def _lines(source: ComposeFile, variables: Mapping[str, str]) -> dict[str, Any]:
    rendered = source.rendered
    lines = (rendered.text if rendered else source.file.text).splitlines()
    places: dict[int, dict[int, Dollar]] = defaultdict(dict)
    # Rancher substitutes answers in all values except those in the catalog block.
    for text in (text for key, node in source.yaml.keys.items() if key not in BLOCKS for text in texts(node)):
        for dollar in dollars(text.value):
            where = text.at(dollar.start)
            if dollar.name and lines[where.line - 1].startswith(dollar.text, where.column - 1):
                places[where.line][where.column - 1] = dollar
    pieces = [list(_cut(line, places.get(number, {}), variables)) for number, line in enumerate(lines, 1)]
    source_lines = {"source": [rendered.at(number, 1).line for number in range(1, len(lines) + 1)]} if rendered else {}
    return {"lines": pieces, **source_lines}


def _cut(line: str, places: Mapping[int, Dollar], variables: Mapping[str, str]) -> Iterator[Piece]:
    end = 0
    for start, dollar in sorted(places.items()):
        if start > end:
            yield line[end:start]
        end = start + len(dollar.text)
        yield [dollar.text, dollar.name, variables.get(dollar.name, "")]
    if end < len(line):
        yield line[end:]
