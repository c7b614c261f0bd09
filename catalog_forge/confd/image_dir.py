"""The folder of a conf image as confd sees it: TOML files below conf.d/, templates below templates/. Pure: files in memory.

Rules: docs/facts/confd.md#1.1, #1.5 and #3.4, confd 0.16.0 (resource/template), and BurntSushi/toml, which matches the
names of keys without regard to case and ignores those that it does not know.
"""

from __future__ import annotations

import json
import posixpath
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from catalog_forge.errors import ForgeError, Problem, Where

_POSITION = re.compile(r"\(at (?:line (\d+), column (\d+)|end of document)\)$")
_TEXTS = {"src": "src", "dest": "dest", "prefix": "prefix", "mode": "mode", "check_cmd": "check_cmd", "reload_cmd": "reload_cmd"}
_NUMBER = re.compile(r"0[xX](_?[0-9a-fA-F])+|0[bB](_?[01])+|0[oO]?(_?[0-7])+|[1-9](_?[0-9])*|0")
# What the places of values are told by; only strings and comments may hold what looks like the rest.
_TOKEN = re.compile(
    # What is never closed is a token, too: looking for its end again from each of its characters would cost its square.
    r"""(?P<string>"{3}(?:[^"\\]|\\.|"(?!""))*+(?:"{3})?|'{3}(?:[^']|'(?!''))*+(?:'{3})?|"(?:[^"\\\n]|\\.)*+"?|'[^'\n]*+'?)"""
    r"""|(?P<comment>\#[^\n]*+)|(?P<end>\n)|(?P<bracket>[\[\]{}])|(?P<sign>[=,])|(?P<word>[^\s\[\]{}=,"'\#]++)""",
    re.DOTALL,
)
_NEWER = re.compile(r"(?P<base>0[xob].*)|(?P<time>[0-9]{2}:.*)|(?P<infinite>[+-]?(?:inf|nan))")
_NEWER_WORDS = {"base": "numbers of base 16, 8 or 2", "time": "times without a day", "infinite": "inf and nan"}
_DIGITS = re.compile(r"[+-]?[0-9_]+")
_BASES = {"0x": 16, "0b": 2, "0o": 8, "0": 8, "": 10}


@dataclass(frozen=True, slots=True)
class TemplateResource:
    """One template resource. `mode` is as confd reads it; `fault` is an error that confd reports on its turn."""

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

    def toml(self, dest: str) -> str:
        """Write the resource as TOML again, with another dest and without uid and gid: for a real confd below a folder."""
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
    """Read the files of an image's folder, by their path relative to it; files elsewhere are ignored.

    `where` is put before the paths in errors. A missing template is no error here: confd reports it when it comes to it.
    Raises ForgeError with all problems: confd renders nothing when it cannot load one file.
    """
    problems: list[Problem] = []
    resources = []
    for path in sorted((path for path in files if _is_resource(path)), key=lambda path: path.split("/")):
        place = Where(posixpath.join(where, path))
        try:
            resources.append(_resource(path, _template(files[path], place), place))
        except ForgeError as error:
            problems += error.problems
    if problems:
        raise ForgeError.of(problems)
    below = "templates/"
    return ImageDir(tuple(resources), {path.removeprefix(below): data for path, data in files.items() if path.startswith(below)})


def _is_resource(path: str) -> bool:
    """Tell whether confd takes a file for a resource: the end of its name counts, without a dot."""
    return path.startswith("conf.d/") and path.endswith("toml")


def _template(source: bytes, place: Where) -> Mapping[str, Any]:
    """Return the table [template], its keys in lower case."""
    try:
        # Bytes that are not UTF-8 are no fault for BurntSushi/toml.
        text = source.decode(errors="replace")
        data = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = _POSITION.search(str(error))
        end = Where(place.file, source.count(b"\n") + 1, 1)
        at = place if not found else Where(place.file, int(found[1]), int(found[2])) if found[1] else end
        raise ForgeError(f"confd cannot load it: {_POSITION.sub('', str(error)).strip()}", at) from None
    except (ValueError, RecursionError):
        # Python reads no integer of more than 4,300 digits, and no list in a thousand lists.
        raise ForgeError("confd cannot load it: a number or a nesting of lists is beyond all measure", place) from None
    _check_version(text, data, place)
    found_table: Any = next((value for key, value in data.items() if key.lower() == "template"), {})
    if not isinstance(found_table, Mapping):
        raise ForgeError("confd cannot load it: [template] must be one table", _line_of(source, "template", place))
    table = {key.lower(): value for key, value in found_table.items()}
    problems = [
        Problem(f"confd cannot load it: {key} must be {wanted}", _line_of(source, key, place)) for key, wanted in _misfits(table)
    ]
    if problems:
        raise ForgeError.of(problems)
    return table


def _check_version(text: str, data: Mapping[str, Any], place: Where) -> None:
    """Raise ForgeError for what TOML 1.0 has and BurntSushi/toml 0.3.1 has not: it refuses the file, wherever that stands."""
    in_value, depth, starts = False, 0, True
    for match in _TOKEN.finditer(text):
        kind, word = match.lastgroup, match[0]
        problem = ""
        if kind == "end":
            in_value, starts = in_value and depth > 0, True
            continue
        if kind == "sign":
            in_value = in_value or word == "="
        elif kind == "bracket" and in_value:
            depth += 1 if word in "[{" else -1
        elif kind == "word":
            problem = _newer_value(word) if in_value else "it does not know dotted keys" if starts and "." in word else ""
        if problem:
            before = text[: match.start()]
            where = Where(place.file, before.count("\n") + 1, len(before) - before.rfind("\n"))
            raise ForgeError(f"confd cannot load it: {problem}", where)
        starts = False
    if _is_mixed(data):
        raise ForgeError("confd cannot load it: the values of a list must be of one type", place)


def _newer_value(word: str) -> str:
    """What is wrong with a value that TOML 1.0 knows."""
    newer = _NEWER.fullmatch(word)
    if newer:
        return f"it does not know {_NEWER_WORDS[newer.lastgroup or '']}"
    number = int(word.replace("_", "")) if _DIGITS.fullmatch(word) else 0
    return "" if -(1 << 63) <= number < 1 << 63 else "a number does not fit into 64 bits"


def _is_mixed(data: Any) -> bool:
    """Tell whether a list anywhere holds values of several types."""
    pending = [data]
    while pending:
        value = pending.pop()
        if isinstance(value, list):
            if len(set(map(type, value))) > 1:
                return True
            pending += value
        elif isinstance(value, Mapping):
            pending += value.values()
    return False


def _misfits(table: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Name the keys whose value has the wrong type, with the type that confd wants."""
    for key in _TEXTS:
        if not isinstance(table.get(key, ""), str):
            yield key, "a string"
    for key in ("uid", "gid"):
        number = table.get(key, 0)
        if not isinstance(number, int) or isinstance(number, bool):
            yield key, "a number: confd knows no names here"
    keys = table.get("keys", [])
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        yield "keys", "a list of strings"


def _line_of(source: bytes, key: str, place: Where) -> Where:
    found = re.search(rf"^[ \t]*\[*[ \t]*{key}\b".encode(), source, re.MULTILINE | re.IGNORECASE)
    return Where(place.file, source.count(b"\n", 0, found.end()) + 1, 1) if found else place


def _resource(path: str, table: Mapping[str, Any], place: Where) -> TemplateResource:
    if not table.get("src"):
        raise ForgeError("confd cannot load it: empty src template", place, hint='write src = "NAME.tmpl" below [template]')
    src = posixpath.normpath("/".join(("templates", table["src"])))
    if not src.startswith("templates/"):
        raise ForgeError(f"src {table['src']!r} leaves templates/", place, hint="templates stand below templates/")
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
    """Read a mode as Go reads a number whose base its beginning tells: "0644" is octal, "644" is decimal."""
    if not text:
        return None, ""
    if not _NUMBER.fullmatch(text):
        return None, f'strconv.ParseUint: parsing "{text}": invalid syntax'
    digits = text.replace("_", "")
    prefix = digits[:2].lower() if digits[:2].lower() in _BASES else "0" if digits[0] == "0" else ""
    digits = digits[len(prefix) :].lstrip("0") or "0"
    # What has more than 32 digits, leading zeros aside, is out of range in any base.
    number = int(digits, _BASES[prefix]) if len(digits) <= 32 else 1 << 32
    if number >= 1 << 32:
        return None, f'strconv.ParseUint: parsing "{text}": value out of range'
    return number, ""


def _quoted(text: str) -> str:
    """Write a basic string of TOML: JSON's escapes, and DEL escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007f")
