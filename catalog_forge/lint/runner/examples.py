"""Read the examples in the docstrings of rules: small catalogs, written as differences from a sound catalog.

An example is a list of files in the format of Go's txtar: a line `-- PATH --` before each file. The text between this line and
the next such line is the content of the file. Two shorter forms show only what differs from the sound catalog's file at that
path:

`-- PATH: KEY.KEY --`: the text replaces everything below this key;
`-- PATH (changed) --`: lines with `-` are removed, lines with `+` are added, and lines with a space are kept, in order.

A revision that the sound catalog lacks is derived from revision 0 of the sound catalog. `-- PATH (absent) --` means that the file
does not exist. Any other word in the parentheses, such as `(bom)`, means that the file has a special property. `Example.odd`
maps the path of such a file to the word.
"""

from __future__ import annotations

import re
import textwrap
from collections.abc import Iterable, Iterator

from catalog_forge.lint.findings import Example
from catalog_forge.lint.runner.sound import SOUND

_FILE = re.compile(r"-- (\S+?)(?:: (\S+))?(?: \(([a-z]+)\))? --")
_REVISION = re.compile(r"/[1-9][0-9]*/")


def read(lines: Iterable[str]) -> Example:
    """Return the example written in these lines. Raises ValueError if the example does not fit the sound catalog."""
    text = textwrap.dedent("\n".join(lines)).rstrip("\n") + "\n"
    files: dict[str, str | None] = {}
    odd: dict[str, str] = {}
    for path, key, word, content in _parts(text):
        if word == "changed":
            files[path] = _changed(_sound(path), content)
        elif key:
            files[path] = _below(_sound(path), key.split("."), content)
        else:
            files[path] = None if word == "absent" else content
        if word not in ("", "absent", "changed"):
            odd[path] = word
    return Example(files, odd, text)


def _parts(text: str) -> Iterator[tuple[str, str, str, str]]:
    """Yield the path, key, word and content of each file in an example."""
    heads = [found for line in re.finditer(r"^.*$", text, re.M) if (found := _FILE.fullmatch(text, *line.span()))]
    for head, following in zip(heads, [*heads[1:], None], strict=True):
        content = text[head.end() + 1 : following.start() if following else len(text)]
        yield head[1], head[2] or "", head[3] or "", content.rstrip("\n") + "\n"


def _sound(path: str) -> list[str]:
    """Return the lines of the sound catalog's file at a path."""
    return SOUND[path if path in SOUND else _REVISION.sub("/0/", path)].splitlines()


def _changed(sound: list[str], content: str) -> str:
    """Return the lines of the sound file after the edit that `content` describes.

    A line that begins with `-` or a space is searched for after the previous match. A line that begins with `+` is inserted at
    the current position.
    """
    made, at = [], 0
    for line in content.splitlines():
        mark, text = line[:1] or " ", line[1:]
        if mark == "+":
            made.append(text)
            continue
        place = sound.index(text, at)
        made += sound[at:place] if mark == "-" else sound[at : place + 1]
        at = place + 1
    return "\n".join([*made, *sound[at:]]) + "\n"


def _below(sound: list[str], keys: list[str], content: str) -> str:
    """Return the sound file after everything below a key is replaced with `content`.

    The key must be on a line by itself. The lines below the key are lines with deeper indentation, and list items.
    """
    begin, end = -1, len(sound)
    for depth, key in enumerate(keys):
        begin = sound.index(f"{'  ' * depth}{key}:", begin + 1, end)
        inner = ("  " * (depth + 1), "  " * depth + "- ")
        end = next((at for at in range(begin + 1, end) if not sound[at].startswith(inner)), end)
    indented = textwrap.indent(content, "  " * len(keys)).splitlines()
    return "\n".join([*sound[: begin + 1], *indented, *sound[end:]]) + "\n"
