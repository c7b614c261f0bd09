"""Reads the confd folder of a conf image as confd does: TOML files below conf.d/, and templates below templates/.

The caller passes the contents of the files; this module does not read from disk.
Rules: docs/facts/confd.md#1.1, #1.5, #3.4, confd 0.16.0 (resource/template), and BurntSushi/toml, which ignores unknown keys and
the letter case of keys.
"""

from __future__ import annotations

import json
import posixpath
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge.confd.imitated import toml
from catalog_forge.errors import ForgeError, Problem, Where, of_each
from catalog_forge.gotext.literals import INTEGER, integer

_TEXTS = ("src", "dest", "prefix", "mode", "check_cmd", "reload_cmd")
_OWNERS = ("uid", "gid")


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """One template resource. `mode` is the number that confd reads; `fault` is the error that confd reports on rendering."""

    name: str
    file: str
    src: str
    dest: str
    keys: tuple[str, ...] = ()
    prefix: str = ""
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    check_cmd: str = ""
    reload_cmd: str = ""
    fault: str = ""

    @property
    def misplaced(self) -> str:
        """The reason why confd cannot write to `dest`, or "" if it can.

        `dest` may be missing, or may name a folder, which a rename cannot replace.
        """
        if posixpath.basename(self.dest) in ("", ".", ".."):
            return f"dest {self.dest!r} names a folder" if self.dest else "dest is empty or missing"
        return ""

    def toml(self, dest: str) -> str:
        """Write the resource as TOML with this `dest`. uid and gid are left out, because only root could set the owner."""
        texts = {"src": self.src, "dest": dest, "prefix": self.prefix, "check_cmd": self.check_cmd, "reload_cmd": self.reload_cmd}
        lines = ["[template]", *(f"{key} = {_quoted(text)}" for key, text in texts.items() if text)]
        lines.append(f"keys = [{', '.join(map(_quoted, self.keys))}]")
        if self.mode is not None:
            lines.append(f'mode = "0{self.mode:o}"')
        return "\n".join(lines) + "\n"


@dataclass(frozen=True, slots=True)
class ImageDir:
    """The resources in confd's order, and the templates by their `src`."""

    resources: tuple[TemplateResource, ...]
    templates: Mapping[str, bytes]


def read(files: Mapping[str, bytes], where: str = "") -> ImageDir:
    """Read the files of a conf image's confd folder, given by their paths in that folder; other files are ignored.

    `where` is put before the paths in errors. A missing template raises no error, because confd reports it only when
    rendering. Raises ForgeError with all problems, because confd renders nothing if it cannot load every file.
    """

    def resource(path: str) -> TemplateResource:
        place = Where(posixpath.join(where, path))
        return _resource(path, _template(files[path], place), place)

    resources = of_each(sorted((path for path in files if _is_resource(path)), key=lambda path: path.split("/")), resource)
    below = "templates/"
    return ImageDir(tuple(resources), {path.removeprefix(below): data for path, data in files.items() if path.startswith(below)})


def _is_resource(path: str) -> bool:
    """Return whether confd treats a file as a resource: its name must end in toml, with or without a dot."""
    return path.startswith("conf.d/") and path.endswith("toml")


def document(source: bytes, place: Where) -> toml.Table:
    """Parse a TOML file as confd does. Raises ForgeError, with the position, if confd refuses the file."""
    # BurntSushi/toml accepts bytes that are not UTF-8.
    text = source.decode(errors="replace")
    try:
        return toml.parse(text)
    except toml.TomlFault as fault:
        raise ForgeError(f"confd cannot load it: {fault}", _at(text, fault.place, place)) from None


def folded(key: str) -> str:
    """Return a key in the letter case in which Go compares it with known names (strings.EqualFold)."""
    return key.lower().replace("\u017f", "s")


def template_of(found: toml.Table) -> toml.Table:
    """Return the table [template] of a file, in any letter case; the keys of several such tables are merged."""
    table = toml.Table()
    for name, value in found.items():
        if folded(name) == "template" and isinstance(value, toml.Table):
            table.update(value)
            table.places.update(value.places)
    return table


def _template(source: bytes, place: Where) -> Mapping[str, Any]:
    """Return the table [template] with its keys in lower case. Raises ForgeError for values of a wrong type."""
    found = document(source, place)
    text = source.decode(errors="replace")
    problems = []
    for name, table in found.items():
        if folded(name) == "template" and not isinstance(table, toml.Table):
            problems.append(Problem("confd cannot load it: [template] must be one table", _at(text, found.places[name], place)))
        elif folded(name) == "template" and isinstance(table, toml.Table):
            problems += [
                Problem(f"confd cannot load it: {folded(key)} must be {wanted}", _at(text, table.places[key], place))
                for key, value in table.items()
                if (wanted := _wanted(folded(key), value))
            ]
    if problems:
        raise ForgeError.of(problems)
    return {folded(key): value for key, value in template_of(found).items()}


_INTERNAL = "left out, because this is an internal field of confd"


def _wanted(key: str, value: object) -> str:
    """Return the type that the value of `key` must have, or "" if the value is valid. A few keys set internal fields of confd."""
    kinds = [type(item) for item in value] if isinstance(value, list) else None
    whole = value if type(value) is int else -1
    if key in _TEXTS and not isinstance(value, str):
        return "a string"
    if key in _OWNERS and type(value) is not int:
        return "a number: confd does not accept names here"
    if key == "keys" and (kinds is None or any(kind is not str for kind in kinds)):
        return "a list of strings"
    if key == "filemode" and not 0 <= whole < 1 << 32:
        return "a number, because this is an internal field of confd"
    if key == "stagefile" and not isinstance(value, toml.Table):
        return _INTERNAL
    if key == "pgpprivatekey" and not (isinstance(value, list) and all(type(item) is int and 0 <= item < 256 for item in value)):
        return _INTERNAL
    return ""


def _at(text: str, start: int, place: Where) -> Where:
    """Return the line and column of the character at offset `start`."""
    return Where(place.file, text.count("\n", 0, start) + 1, start - text.rfind("\n", 0, start))


def _resource(path: str, table: Mapping[str, Any], place: Where) -> TemplateResource:
    if not table.get("src"):
        raise ForgeError("confd cannot load it: empty src template", place, hint='write src = "NAME.tmpl" below [template]')
    src = posixpath.normpath("/".join(("templates", table["src"])))
    if not src.startswith("templates/"):
        raise ForgeError(f"src {table['src']!r} leaves templates/", place, hint="templates must be below templates/")
    mode, fault = _mode(table.get("mode", ""))
    return TemplateResource(
        name=path.removeprefix("conf.d/").removesuffix("toml").removesuffix("."),
        file=path,
        src=src.removeprefix("templates/"),
        dest=table.get("dest", ""),
        keys=tuple(table.get("keys", ())),
        prefix=table.get("prefix", ""),
        mode=mode,
        uid=table.get("uid"),
        gid=table.get("gid"),
        check_cmd=table.get("check_cmd", ""),
        reload_cmd=table.get("reload_cmd", ""),
        fault=fault,
    )


def _mode(text: str) -> tuple[int | None, str]:
    """Read a mode as Go reads a number whose prefix determines its base: "0644" is octal, "644" is decimal."""
    if not text:
        return None, ""
    if text[0] in "+-" or not INTEGER.fullmatch(text):
        return None, f'strconv.ParseUint: parsing "{text}": invalid syntax'
    number = integer(text)
    if number is None or number >= 1 << 32:
        return None, f'strconv.ParseUint: parsing "{text}": value out of range'
    return number, ""


def _quoted(text: str) -> str:
    """Write a basic string of TOML with JSON's escapes; DEL is also escaped."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
