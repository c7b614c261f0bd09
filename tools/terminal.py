"""Draw the output of a command on a terminal: python tools/terminal.py COMMAND [ARGUMENT...] > picture.svg"""

from __future__ import annotations

import os
import pty
import re
import shlex
import sys
from contextlib import suppress
from html import escape

LINE, CHAR, PAD, BAR = 19, 8.0, 18, 34
STYLES = {"1": "bold", "2": "dim", "31": "red", "32": "green", "33": "yellow", "36": "cyan"}
CSS = (
    "text{font:13.3px ui-monospace,Menlo,Consolas,monospace;fill:#d8dee9}.w{fill:#1f2430}.b{fill:#2b3242}.t{fill:#aab4c5}"
    ".bold{font-weight:bold}.dim{fill:#7f8b9f}.red{fill:#e58a8a}.green{fill:#9ece8f}.yellow{fill:#e0c285}.cyan{fill:#86c6d8}"
)


def printed(command: list[str]) -> str:
    """Run a command on a separate terminal, and return its output."""
    process, terminal = pty.fork()
    if process == 0:
        os.execvp(command[0], command)
    said = b""
    with suppress(OSError):  # Linux reports in this way that the other end of the terminal is closed
        while piece := os.read(terminal, 65536):
            said += piece
    os.waitpid(process, 0)
    return said.decode().replace("\r\n", "\n")


def painted(line: str) -> str:
    """Return a line with its escape sequences converted to spans."""
    drawn, classes = "", []
    for piece in re.split(r"(\x1b\[[0-9;]*m)", line):
        if piece.startswith("\x1b"):
            codes = piece[2:-1].split(";")
            classes = [] if codes in ([""], ["0"]) else [*classes, *(STYLES[code] for code in codes if code in STYLES)]
        elif piece:
            drawn += f'<tspan class="{" ".join(classes)}">{escape(piece)}</tspan>' if classes else escape(piece)
    return drawn


def main(command: list[str]) -> None:
    """Write the picture to stdout."""
    lines = printed(command).rstrip("\n").split("\n")
    columns = max(60, *(len(re.sub(r"\x1b\[[0-9;]*m", "", line)) for line in lines))
    width, height = columns * CHAR + 2 * PAD, BAR + 2 * PAD + LINE * len(lines)
    title = shlex.join(command)
    print(f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img"><title>{escape(title)}</title>')
    print(f'<style>{CSS}</style><rect width="{width}" height="{height}" rx="8" class="w"/>')
    print(f'<rect width="{width}" height="{BAR}" rx="8" class="b"/><text x="{PAD}" y="22" class="t">$ {escape(title)}</text>')
    for number, line in enumerate(lines, start=1):
        print(f'<text x="{PAD}" y="{BAR + PAD + LINE * number - 6}" xml:space="preserve">{painted(line)}</text>')
    print("</svg>")


if __name__ == "__main__":
    main(sys.argv[1:])
