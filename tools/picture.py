"""Draw docs/picture.svg from a real run: make try | python tools/picture.py > docs/picture.svg

The left side shows the files that `catalog-forge new elasticsearch-conf` writes. The right side shows Rancher's questions, and
the file that the real confd in the image writes for the first node.
"""

from __future__ import annotations

import re
import sys
from html import escape

LINE, CHAR, PAD, BAR = 19, 8.0, 18, 34
COLUMNS = (58, 52)


def section(text: str, start: str) -> list[str]:
    """Return the lines after the line that begins with `start`, up to the next heading."""
    lines = text.splitlines()
    begin = next(number for number, line in enumerate(lines) if line.startswith(start)) + 1
    length = next((number for number, line in enumerate(lines[begin:]) if re.match(r"(==|---) ", line)), len(lines) - begin)
    return [line for line in lines[begin : begin + length] if line.strip()]


def painted(line: str) -> str:
    """Return a line with colours: grey comments and blue keys."""
    safe = escape(line)
    if line.lstrip().startswith("#"):
        return f'<tspan class="c">{safe}</tspan>'
    if key := re.match(r"[ -]*[\w.]+:", line):
        return f'<tspan class="k">{escape(key.group())}</tspan>{escape(line[key.end() :])}'
    return safe


def pane(title: str, lines: list[str], left: float, top: float, columns: int, height: float) -> str:
    """Return the SVG of a window with a title and lines."""
    width = columns * CHAR + 2 * PAD
    rows = "".join(
        f'<text x="{left + PAD}" y="{top + BAR + PAD + LINE * number - 6}" xml:space="preserve">{painted(line[:columns])}</text>'
        for number, line in enumerate(lines, start=1)
    )
    return (
        f'<rect x="{left}" y="{top}" width="{width}" height="{height}" rx="8" class="w"/>'
        f'<rect x="{left}" y="{top}" width="{width}" height="{BAR}" rx="8" class="b"/>'
        f'<text x="{left + PAD}" y="{top + 22}" class="t">{escape(title)}</text>{rows}\n'
    )


def tall(lines: list[str]) -> float:
    """Return the height of a window with these lines."""
    return BAR + 2 * PAD + LINE * len(lines)


def main() -> None:
    """Read the output of a run from stdin, and write the picture to stdout."""
    text = re.sub(r"\x1b\[[0-9;]*m", "", sys.stdin.read())
    tree = ["catalog", *section(text, "== catalog-forge new elasticsearch-conf")[1:-1]]
    file = section(text, "--- elasticsearch.yml of node 1")
    asked = section(text, "--- templates/elasticsearch/0/rancher-compose.yml")
    asked = asked[asked.index("  questions:") :]
    below = tall(file) + PAD
    height = max(tall(tree), below + BAR + 2 * PAD + 8 * LINE)
    asked = asked[: int((height - below - BAR - 2 * PAD) // LINE)]
    widths = [columns * CHAR + 2 * PAD for columns in COLUMNS]
    left = widths[0] + PAD
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {sum(widths) + PAD} {height}" role="img">')
    print("<title>The tree that catalog-forge makes, and the elasticsearch.yml that confd writes for one node</title>")
    print(
        "<style>text{font:13.3px ui-monospace,Menlo,Consolas,monospace;fill:#d8dee9}.w{fill:#1f2430}.b{fill:#2b3242}"
        ".t{fill:#aab4c5}.c{fill:#7f8b9f}.k{fill:#8fb9e8}</style>"
    )
    print(pane("$ catalog-forge new elasticsearch-conf", tree, 0, 0, COLUMNS[0], height), end="")
    print(pane("elasticsearch.yml of node 1, by the real confd", file, left, 0, COLUMNS[1], tall(file)), end="")
    print(pane("rancher-compose.yml: what Rancher asks", asked, left, below, COLUMNS[1], height - below), end="")
    print("</svg>")


if __name__ == "__main__":
    main()
