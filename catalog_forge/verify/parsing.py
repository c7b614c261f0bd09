"""Configuration files read back, each by the rules of its format, so that what they say can be compared and not how."""

from __future__ import annotations

import configparser
import json
import re
import shlex
import tomllib
from collections.abc import Callable, Mapping
from typing import Any
from xml.etree import ElementTree

from catalog_forge import yamlio


def parse(text: str, form: str) -> Any:
    """Return what a file of this format says, as plain data: see `PARSERS` for the shapes.

    Raises ValueError (ForgeError for YAML) with the reason when it is not well-formed.
    """
    return PARSERS[form](text)


def _properties(text: str) -> dict[str, str]:
    import javaproperties

    return dict(javaproperties.loads(text))


def _ini(text: str) -> dict[str, Any]:
    """Sections with their pairs; pairs before the first section stand beside the sections."""
    parser = configparser.RawConfigParser(strict=True, allow_no_value=True, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case
    try:
        parser.read_string(f"[{_TOP}]\n{text}")
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    return {**parser[_TOP], **{name: dict(parser[name]) for name in parser.sections() if name != _TOP}}


_TOP = "\0"


def _env(text: str) -> dict[str, str]:
    """NAME=VALUE, quoted as a shell takes it."""
    pairs = (word.partition("=") for word in shlex.split(text, comments=True))
    return {name.removeprefix("export "): value for name, equals, value in pairs if equals}


def _space(text: str) -> dict[str, str]:
    """A key, spaces, a value; quotes around the value are none of it."""
    found = {}
    for line in _lines(text):
        key, *rest = line.split(None, 1)
        found[key] = re.sub(r'^"(.*)"$', r"\1", rest[0] if rest else "")
    return found


def _lines(text: str) -> list[str]:
    """The lines but the empty ones and comments."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _xml(text: str) -> Any:
    """Hadoop's properties as a mapping; any other document as [tag, attributes, text or children]."""
    try:
        root = ElementTree.fromstring(text)
    except ElementTree.ParseError as error:
        raise ValueError(str(error)) from None
    if root.tag == "configuration":
        return {item.findtext("name"): item.findtext("value") for item in root.iter("property")}
    return _element(root)


def _element(node: ElementTree.Element) -> list[Any]:
    return [node.tag, dict(node.attrib), [_element(child) for child in node] or (node.text or "").strip()]


PARSERS: Mapping[str, Callable[[str], Any]] = {
    "yaml": lambda text: yamlio.load(text, "the file", aliases=True),
    "json": json.loads,
    "toml": tomllib.loads,
    "properties": _properties,
    "ini": _ini,
    "env": _env,
    "space": _space,
    "xml": _xml,
    "lines": _lines,
}
