#!/usr/bin/env python3
"""Count code lines of the package by room: lines that are not blank, no comment and no docstring.

usage: tools/lines.py [FOLDER of a checkout]...    one column for each; this checkout when none is named
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

PACKAGE = "catalog_forge"
# The rooms that read Rancher: what its programs make of an entry is said once, in them.
READERS = ("goyaml", "rancher", "stack", "lint")
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def code_lines(source: str) -> int:
    """The number of lines of a module on which something stands that Python runs."""
    lines = {
        line
        for token in tokenize.generate_tokens(io.StringIO(source).readline)
        if token.type not in _NO_CODE
        for line in range(token.start[0], token.end[0] + 1)
    }
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef) and ast.get_docstring(
            node, False
        ):
            lines -= set(range(node.body[0].lineno, (node.body[0].end_lineno or 0) + 1))
    return len(lines)


def rooms(checkout: Path) -> Counter[str]:
    """The code lines of each room of a checkout: a folder of the package, or a module that lies in no folder."""
    count: Counter[str] = Counter()
    for path in sorted((checkout / PACKAGE).rglob("*.py")):
        room = path.relative_to(checkout / PACKAGE).parts[0].removesuffix(".py")
        count[room] += code_lines(path.read_text(encoding="utf-8"))
    return count


def main(folders: list[str]) -> None:
    """Print a table: the rooms, those that read Rancher together, and all."""
    columns = [rooms(Path(folder)) for folder in folders or [str(Path(__file__).parents[1])]]
    for room in sorted(set().union(*columns)):
        print(f"{room:24}", *(f"{column[room]:8}" for column in columns))
    print(f"{' + '.join(READERS):24}", *(f"{sum(column[room] for room in READERS):8}" for column in columns))
    print(f"{'all':24}", *(f"{column.total():8}" for column in columns))


if __name__ == "__main__":
    main(sys.argv[1:])
