"""Parses configuration files of several formats, so that the content can be compared independently of the notation."""

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
    """Parse a string in the format `form`, a key of `PARSERS`, and return its content as plain data.

    Raises ValueError (ForgeError for YAML) with the reason if the string is not well-formed.
    """
    return PARSERS[form](text)


def _properties(text: str) -> dict[str, str]:
    import javaproperties

    return dict(javaproperties.loads(text))


def _ini(text: str) -> dict[str, Any]:
    """Parse sections of keys and values. In the result, keys before the first section are at the same level as the sections."""
    parser = configparser.RawConfigParser(strict=True, allow_no_value=True, delimiters=("=",), comment_prefixes=("#", ";"))
    parser.optionxform = str  # type: ignore[assignment,method-assign] # keys keep their case
    try:
        parser.read_string(f"[{_TOP}]\n{text}")
    except configparser.Error as error:
        raise ValueError(str(error)) from None
    return {**parser[_TOP], **{name: dict(parser[name]) for name in parser.sections() if name != _TOP}}


_TOP = "\0"


def _env(text: str) -> dict[str, str]:
    """Parse lines of the form NAME=VALUE; read quotes as a shell does."""
    pairs = (word.partition("=") for word in shlex.split(text, comments=True))
    return {name.removeprefix("export "): value for name, equals, value in pairs if equals}


def _space(text: str) -> dict[str, str]:
    """Parse lines that consist of a key, spaces and a value; remove the double quotes around values."""
    found = {}
    for line in _lines(text):
        key, *rest = line.split(None, 1)
        found[key] = re.sub(r'^"(.*)"$', r"\1", rest[0] if rest else "")
    return found


def _lines(text: str) -> list[str]:
    """Return the lines of a string, without empty lines and comments."""
    return [line for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]


def _xml(text: str) -> Any:
    """Parse a Hadoop configuration into a mapping, and any other document into [tag, attributes, text or children]."""
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
