"""Values that break files, and readers that tell whether they did."""

from __future__ import annotations

import configparser
import json
import re
import shutil
import subprocess
import tempfile
import tomllib
import xml.etree.ElementTree as ET
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import Any

import javaproperties
import yaml
from ruamel.yaml import YAML

VALUES: tuple[str, ...] = (
    # line breaks and quotes
    "a\nb", "\n", "a\n", "\nb", "a\r\nb", "a\rb", '"', "'", 'a"b', "a'b", '"a"', "'a'", "\\", "a\\", "a\\b", "\\n", "\\u0041",
    "a\\\nb",
    "'\"", "don't", "'; id; '", '"; id; "', "x\nafter=evil", "x\nafter: evil", "x\n- y", "x'\nafter='evil",
    # template, markup, shell, printf
    "{{", "}}", '{{getv "/x"}}', "{{/*", "`", "a`id`b", "$", "$X", "${X}", "$(id)", "$$", "%", "%s", "%d", "%!s(x)", "100%",
    "#", " #", "a #b", "a#b", ";", "a;b", "a ;b", "&", "a&b", "&amp;", "&&id", "<", ">", "a<b>c", "]]>", "-->", "<!--", "<x/>",
    # what YAML and others take for something else
    "-", "- x", "-x", "--", "---", "...", "a: b", "a:", ": b", "[a]", "{a}", "[a", "{a", "*a", "&a", "!x", "!!int 1", "@x",
    "|", ">", "?", "? a",
    "yes", "no", "on", "off", "null", "~", "true", "True", "1e3", "0777", "0x1F", "1:30", "2017-01-01", "12", "1.5", ".5",
    "1_000", ".inf", "NaN", "=", ":", "!",
    "a=b", "=b", "a:b", ",", "a,b", "[after]", "\\[",
    # spaces and emptiness
    "", " ", "  ", " a", "a ", "\ta", "a\t", "a\tb", "a b", "a  b",
    # characters
    "\0", "a\0b", "\x01", "\x07", "\x08", "\x0b", "\x0c", "\x1b[31m", "\x1c", "\x1f", "\x7f", "\x80", "\u0085", "a\u0085b",
    "\u00a0", "a\u00a0", "\u2028", "a\u2028b", "\u2029",
    "\ufeff", "\ufffe", "\uffff", "\ufffd", "é", "ß", "日本", "\U0001f600", "\U0001f600\n", "e\u0301", "\u202eabc", "\ud7ff",
    "\ue000", "\U0010ffff",
    # size
    "x" * 65536, ("ab'\"\\ $" * 9363)[:65536],
)  # fmt: skip

Reader = Callable[[str, Path], Mapping[str, Any]]


def _unique(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    assert len({key for key, _ in pairs}) == len(pairs), f"a key stands twice: {pairs}"
    return dict(pairs)


def read_json(text: str, _path: Path) -> Mapping[str, Any]:
    """Read with json, refusing keys that stand twice."""
    found: dict[str, Any] = json.loads(text, object_pairs_hook=_unique)
    return found


def read_yaml(text: str, _path: Path) -> Mapping[str, Any]:
    """Read with PyYAML (YAML 1.1) and ruamel (YAML 1.2): both must find the same."""
    old = yaml.load(text, Loader=yaml.SafeLoader)
    new = YAML(typ="safe").load(text)
    assert old == new
    return {key: value for key, value in new.items()}


def read_properties(text: str, _path: Path) -> Mapping[str, Any]:
    """Read as java.util.Properties does: as Latin-1."""
    return _unique(javaproperties.loads(text.encode(), object_pairs_hook=list))


def read_ini(text: str, _path: Path) -> Mapping[str, Any]:
    """Read with configparser and as MySQL does: both must find the same."""
    parser = configparser.RawConfigParser(strict=True)
    parser.optionxform = str  # type: ignore[assignment,method-assign]
    parser.read_string(text)
    assert parser.sections() == ["s"], text
    found = dict(parser["s"])
    assert found == _mysql(text)
    return found


_ESCAPES = {"b": "\b", "t": "\t", "n": "\n", "r": "\r", "\\": "\\", "s": " "}


def _mysql(text: str) -> dict[str, str]:
    """MySQL's option files (reference manual, 4.2.2.2): comments within a line, quotes around a value, escapes."""
    found = []
    for line in text.split("\n"):
        line = line.strip()
        if not line or line[0] in "#;[":
            continue
        key, _, value = line.partition("=")
        value = re.sub(r"#.*", "", value).strip()
        if len(value) > 1 and value[0] == value[-1] and value[0] in "'\"":
            value = value[1:-1]
        found.append((key.strip(), re.sub(r"\\([btnr\\s])", lambda match: _ESCAPES[match[1]], value)))
    return _unique(found)


def read_space(text: str, _path: Path) -> Mapping[str, Any]:
    """Read `key value` lines, of whatever any reader takes for a line; comments begin with # or ;."""
    lines = [line for line in text.splitlines() if line.strip() and line.strip()[0] not in "#;"]
    return _unique([(line.split(" ", 1)[0], line.split(" ", 1)[1]) for line in lines])


def read_xml(text: str, _path: Path) -> Mapping[str, Any]:
    """Read Hadoop's properties."""
    root = ET.fromstring(text)
    return _unique([(_part(node, "name"), _part(node, "value")) for node in root.iter("property")])


def _part(node: ET.Element, name: str) -> str:
    return node.findtext(name, node.get(name, ""))


SHELLS = {"dash": "dash", "bash": "bash --posix", "busybox": "busybox ash"}
_ASSIGNMENT = re.compile(r"^(?:export )?([A-Za-z_]\w*)=", re.MULTILINE)


def read_env(text: str, path: Path) -> Mapping[str, Any]:
    """Read what every shell that is here found when it sourced the file: all must find the same."""
    names = sorted(set(_ASSIGNMENT.findall(text)))
    outputs = list(_sourced(path.parent)[path.name].values())
    assert outputs and all(output == outputs[0] for output in outputs), outputs
    values = outputs[0].decode().split("\0")
    assert len(values) == len(names) + 1, outputs[0]
    return dict(zip(names, values, strict=False))


@cache
def _sourced(folder: Path) -> Mapping[str, Mapping[str, bytes]]:
    """Source each file of a folder in each shell, and print its variables; one process of each shell does them all."""
    shells = {name: shutil.which(name) for name in SHELLS}
    found: dict[str, dict[str, bytes]] = {path.name: {} for path in folder.iterdir()}
    for shell in (name for name, there in shells.items() if there):
        with tempfile.TemporaryDirectory() as out:
            lines = [_printing(folder / name, f"{out}/{number}") for number, name in enumerate(found)]
            script = Path(out, "script")
            script.write_text("\n".join(lines))
            subprocess.run([*SHELLS[shell].split(), script], check=False, env={"PATH": "/usr/bin:/bin"}, cwd="/")
            for number, name in enumerate(found):
                found[name][shell] = Path(out, str(number)).read_bytes()
    return found


def _printing(path: Path, out: str) -> str:
    names = sorted(set(_ASSIGNMENT.findall(path.read_text())))
    return f"( . {path}; " + " ".join(f"printf '%s\\0' \"${name}\";" for name in names) + f" ) >{out} 2>&1"


def read_lines(text: str, _path: Path) -> Mapping[str, Any]:
    """Read lines, of whatever any reader takes for a line: the first and the last are the neighbours."""
    first, *middle, last = text.removesuffix("\n").split("\n")
    assert text.splitlines() == [first, *middle, last], "a reader of another kind sees other lines"
    return {"before": first, "key": "\n".join(middle), "after": last}


def read_toml(text: str, _path: Path) -> Mapping[str, Any]:
    """Read with Python's own reader, which refuses keys that stand twice."""
    return tomllib.loads(text)


def read_nginx(text: str, _path: Path) -> Mapping[str, Any]:
    """Read directives as nginx does (ngx_conf_read_token): quotes and comments begin words; a variable is nobody's value."""
    directives: list[list[str]] = [[]]
    place = 0
    while place < len(text):
        char = text[place]
        if char in " \t\r\n":
            place += 1
        elif char == "#":
            place = (text + "\n").index("\n", place)
        elif char in ";{}":
            directives.append([])
            place += 1
        else:
            quote = char if char in "\"'" else ""
            word, place = _nginx_word(text, place + len(quote), quote)
            assert not quote or text[place : place + 1] in " \t\r\n;{)", text
            directives[-1].append(word)
    assert not directives.pop(), text
    return _unique([(words[0], words[1] if len(words) == 2 else words[1:]) for words in directives if words])


def _nginx_word(text: str, place: int, quote: str) -> tuple[str, int]:
    word = ""
    while place < len(text):
        char = text[place]
        if char == quote or (not quote and char in " \t\r\n;{"):
            return word, place + len(quote)
        if char == "\\":
            place += 1
            follows = text[place]
            char = follows if follows in "\"'\\" else {"t": "\t", "r": "\r", "n": "\n"}.get(follows, "\\" + follows)
        assert char != "$", "a variable"
        word, place = word + char, place + 1
    raise AssertionError(f"a word that does not end: {text}")


def read_haproxy(text: str, _path: Path) -> Mapping[str, Any]:
    """Read lines of words as HAProxy does (tools.c, parse_line): quotes anywhere, a comment at any bare #, no empty word."""
    lines = [_haproxy_words(line) for line in text.split("\n")]
    return _unique([(words[0], words[1] if len(words) == 2 else words[1:]) for words in lines if words])


def _haproxy_words(line: str) -> list[str]:
    words: list[str] = []
    quote, begun, place = "", False, 0
    while place < len(line) and (quote or line[place] != "#"):
        char, more = line[place], line[place + 1 : place + 2]
        assert char != "$" or quote != '"', "a variable"
        if char in " \t\r" and not quote:
            begun = False
        elif char in (quote or "\"'"):
            words += [] if begun else [""]
            quote, begun = "" if quote else char, True
        else:
            if char == "\\" and quote != "'" and more in ("\\", '"', "'", "$", " ", "#"):
                place, char = place + 1, more
            words += [] if begun else [""]
            words[-1] += char
            begun = True
        place += 1
    assert not quote and "" not in words, line
    return words


READERS: Mapping[str, Reader] = {
    "raw": read_lines, "lines": read_lines, "yaml": read_yaml, "json": read_json, "properties": read_properties,
    "ini": read_ini, "space": read_space, "env": read_env, "xml": read_xml, "toml": read_toml,
    "nginx": read_nginx, "haproxy": read_haproxy,
}  # fmt: skip
