"""Writes a result to a file, completely or not at all."""

from __future__ import annotations

import os
import sys
import tempfile
from pathlib import Path

import click

from catalog_forge.shown import counted

# The characters with which HTML, SVG and JSON documents begin.
_MARKS = ("<", "{", "[")
# The maximum number of lines of a document that is printed to a terminal.
LONGEST = 1000


def write(path: Path, text: str) -> None:
    """Write a file in one step. A special file is written directly, and so is an open file such as /dev/stdout.

    HTML, SVG or JSON replaces only a file with the same first character, so that a mistyped name does not destroy a different
    file. Raises ForgeError if the file begins with another character.
    """
    from catalog_forge.errors import ForgeError, Where

    try:
        if (number := descriptor(path)) is not None:
            with os.fdopen(os.dup(number), "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
        elif path.is_file() and text[:1] in _MARKS and _first(path) not in ("", text[:1]):
            hint = "name another file, or remove this one"
            raise ForgeError("this file has other content: nothing was written", Where(str(path)), hint)
        elif path.exists() and not path.is_file():
            path.write_text(text, encoding="utf-8", errors="backslashreplace")
        else:
            _replace(path.resolve(), text)
    except OSError as error:
        raise ForgeError(f"cannot be written: {error.strerror}", Where(str(path))) from None


def descriptor(path: Path) -> int | None:
    """Return the number of the open file that a path such as /dev/stdout or /dev/fd/3 names, or None for any other path.

    Opened by its path, such a file would lose its content, although the shell may have opened it with `>>`.
    """
    if not path.exists():
        return None
    if path.name.isdecimal() and path.parent.resolve() == Path("/dev/fd").resolve():
        return int(path.name)
    return descriptor(path.parent / path.readlink()) if path.is_symlink() else None


def give(text: str, path: Path | None) -> None:
    """Write a result to `path`, or print it if `path` is None, with one line break at its end. Raises the errors of `write`."""
    text = text.rstrip("\n") + "\n"
    if path:
        write(path, text)
    else:
        click.echo(text, nl=False)


def show(text: str, instead: str) -> None:
    """Print a document. On a terminal, SVG, HTML and documents of more than `LONGEST` lines are refused.

    Raises UsageError with the hint `instead`: the command that writes the document to a file.
    """
    from catalog_forge.errors import UsageError

    if sys.stdout.isatty() and (text.startswith("<") or text.count("\n") > LONGEST):
        size = counted(text.count("\n"), "line")
        raise UsageError(f"this document of {size} is for programs, so it is not printed to a terminal", hint=instead)
    click.echo(text, nl=not text.endswith("\n"))


def _first(path: Path) -> str:
    """Return the first non-space character of a file, or an empty string if the file has none."""
    with path.open("rb") as file:
        return file.read(1 << 12).decode("utf-8-sig", "replace").lstrip()[:1]


def _replace(path: Path, text: str) -> None:
    descriptor, temporary = tempfile.mkstemp(dir=path.parent, prefix=".catalog-forge.")
    try:
        with os.fdopen(descriptor, "w", encoding="utf-8", errors="backslashreplace") as file:
            file.write(text)
        umask = os.umask(0)
        os.umask(umask)
        Path(temporary).chmod(path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask)
        Path(temporary).replace(path)
    except BaseException:
        Path(temporary).unlink(missing_ok=True)
        raise
