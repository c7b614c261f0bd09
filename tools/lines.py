#!/usr/bin/env python3
"""Count the lines of code in each room of the package, without blank lines, comments and docstrings.

usage: tools/lines.py [FOLDER of a checkout]...    one column for each checkout; default: this checkout
"""

from __future__ import annotations

import ast
import io
import sys
import tokenize
from collections import Counter
from pathlib import Path

PACKAGE = "catalog_forge"
# The rooms that define how Rancher's programs read an entry.
READERS = ("goyaml", "rancher", "stack", "lint")
_NO_CODE = (tokenize.COMMENT, tokenize.NL, tokenize.NEWLINE, tokenize.INDENT, tokenize.DEDENT, tokenize.ENDMARKER)


def code_lines(source: str) -> int:
    """Return the number of lines of a module that contain code."""
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
    """Return the lines of code of each room of a checkout: each folder of the package, and each module directly in it."""
    count: Counter[str] = Counter()
    for path in sorted((checkout / PACKAGE).rglob("*.py")):
        room = path.relative_to(checkout / PACKAGE).parts[0].removesuffix(".py")
        count[room] += code_lines(path.read_text(encoding="utf-8"))
    return count


def main(folders: list[str]) -> None:
    """Print a table with each room, the sum of the rooms that read Rancher's files, and the sum of all rooms."""
    columns = [rooms(Path(folder)) for folder in folders or [str(Path(__file__).parents[1])]]
    for room in sorted(set().union(*columns)):
        print(f"{room:24}", *(f"{column[room]:8}" for column in columns))
    print(f"{' + '.join(READERS):24}", *(f"{sum(column[room] for room in READERS):8}" for column in columns))
    print(f"{'all':24}", *(f"{column.total():8}" for column in columns))


if __name__ == "__main__":
    main(sys.argv[1:])
