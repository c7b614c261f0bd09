"""The TOML of a template resource is read as confd reads it: what it refuses is refused here, what it takes is taken."""

from __future__ import annotations

import os
import random
import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from catalog_forge.confd.imitated import toml
from catalog_forge.confd.imitated.image_dir import read
from catalog_forge.errors import ForgeError
from tests.helpers import tree

# Lines below a sound [template], with the escapes of Python; each is a case of its own.
LINES = Path(__file__).with_name("toml_lines.txt")
# Whole files.
FILES = (
    b"template = 1", b'[[template]]\nsrc = "a.tmpl"', b'\xef\xbb\xbf[template]\nsrc = "a.tmpl"', b"", b"# x",
    b'\n\r\n\t [template]\r\nsrc = "a.tmpl"\r\n', b'[template]\rsrc = "a.tmpl"\r', b'template = {src = "a.tmpl"}',
    b'[template]\nsrc = "a.tmpl', b'["template"]\n"src" = \'a.tmpl\'', b'[TEMPLATE]\n[template]\nsrc = "a.tmpl"',
)  # fmt: skip
_TOKEN = re.compile(rb'"""|\'\'\'|"[^"\n]*"|\'[^\'\n]*\'|\w+|\s+|.', re.DOTALL)
MUTATIONS = 300


def lines() -> list[bytes]:
    return [line.encode().decode("unicode_escape").encode("latin-1") for line in LINES.read_text().splitlines()]


def mutations(seed: int, count: int) -> Iterator[bytes]:
    """Lines with tokens that are lost, or put in from other lines."""
    chance = random.Random(seed)
    tokens = [_TOKEN.findall(line) for line in lines()]
    for _ in range(count):
        line = list(chance.choice(tokens))
        for _ in range(chance.randint(1, 2)):
            place = chance.randrange(len(line) + 1)
            line[place : place + chance.randint(0, 1)] = [chance.choice(chance.choice(tokens))]
        yield b"".join(line)


def files(seed: int = 3, count: int = MUTATIONS) -> list[bytes]:
    head = b'[template]\nsrc = "a.tmpl"\ndest = "/nope/out"\n'
    return [*(head + line + b"\n" for line in (*lines(), *mutations(seed, count))), *FILES]


def is_taken(content: bytes) -> bool:
    try:
        return bool(read({"conf.d/a.toml": content}))
    except ForgeError:
        return False


@pytest.mark.confd
def test_a_file_is_refused_where_confd_refuses_it(confd: Path, tmp_path: Path) -> None:
    seed, count = int(os.environ.get("CATALOG_FORGE_TOML_SEED", "3")), int(os.environ.get("CATALOG_FORGE_TOML", MUTATIONS))
    differing = []
    for content in files(seed, count):
        folder = tree(tmp_path, {"conf.d/a.toml": content, "templates/a.tmpl": "x"})
        command = [confd, "-onetime", "-sync-only", "-backend", "env", "-confdir", folder]
        done = subprocess.run(command, capture_output=True, text=True, errors="replace", check=False)
        refused = re.search("Cannot process template resource|empty src template|panic:", done.stderr)
        if is_taken(content) == bool(refused):
            differing.append((content, done.stderr[:300]))
    assert not differing


@pytest.mark.confd
@pytest.mark.parametrize(
    "value",
    [
        '"""\na\\\n   b"""',
        '"""\r\na\r\nb"""', "'''\na'b\n'''", '"a\\tb\\u00e9\\"c"', "'a\\tb'", '"""x\\\\\nny"""', '"""a\\\n\n \t\n b\\\n"""',
        '"\\U0001F600"', "'''\n\nx'''",
    ],
)  # fmt: skip
def test_texts_come_out_as_from_confd(confd: Path, tmp_path: Path, value: str) -> None:
    ours = toml.parse(f"[template]\nsrc = {value}\n")["template"]
    assert isinstance(ours, toml.Table)
    folder = tree(tmp_path, {"conf.d/a.toml": f'[template]\nsrc = {value}\ndest = "/nope/out"\n'.encode(), "templates/x": "x"})
    command = [confd, "-onetime", "-sync-only", "-backend", "env", "-confdir", folder]
    done = subprocess.run(command, capture_output=True, check=False)
    assert f"Missing template: {folder}/templates/{ours['src']}\n" in done.stderr.decode()


def test_keys_know_their_places() -> None:
    text = 'a = 1\n[template]\n  "src" = "x"\nkeys = [\n "y"\n]\n[b.c]\nd = {e = 1}\n'
    found = toml.parse(text)
    template, below = found["template"], found["b"]
    assert isinstance(template, toml.Table) and isinstance(below, toml.Table)
    assert [text[place:].split()[0] for place in (*found.places.values(), *template.places.values())] == [
        *("a", "[template]", "[b.c]"),
        *('"src"', "keys"),
    ]


@pytest.mark.parametrize("text", ["x = " + "[" * 5000, "x = " + "{a=" * 5000, "x = " + "[" * 101 + "]" * 101])
def test_what_is_nested_too_deeply_is_refused(text: str) -> None:
    with pytest.raises(toml.TomlFault, match="nested more deeply"):
        toml.parse(text)


MORE = (
    b"a = 1\n[b]\nc = 2\n[b.d]\ne = 3\n[[f]]\ng = 4\n[[f]]\ng = 5\n[f.h]\ni = 6", b"[a.b]\nx = 1\n[a]\ny = 2", b"[a]\n[a]",
    b"a = 1\n[a.b]", b"a = 1\n[[a]]", b"[a]\nb = 1\nb = 2", b"[a b]", b"[]", b"[a.]", b"[ 'a' . \"b\" ]\nx = 1", b"[[a]",
    b"[a", b"[a]x", b"[\xc3\xa9]",
    b"x = [1, 2, [3]]", b"x = [[1], [2, 3]]", b"x = [\n # c\n 1, # d\n 2,\n]", b"x = [1 2]", b"x = [1", b"x = [,]",
    b"x = {a = 1, b = {c = 'd'}}", b"x = {a = 1,}", b"x = {a = 1 b = 2}", b"x = {a = 1", b"x = {}", b"x = {a}",
    b"x", b"x = ", b"x 1", b"= 1", b"x = 1 # c\r\ny = 2\rz = 3", b"x = 1\0y = 2", b"'' = 1", b"x = 1 y = 2",
    b'x = """a\\\n  b"""', b'x = """\na""b"""', b"x = '''\na'b'''", b'x = "\\u00e9\\U0001F600\\b\\t\\n\\f\\r\\"\\\\"',
    b'x = "\\ud800"', b'x = "\\U00110000"', b'x = "\\x"', b"x = 'a", b"x = '''a''", b"x = ''''", b'x = "a\nb"',
    b"x = 1979-05-27T07:32:00.5+01:30", b"x = 1979-13-01", b"x = 1979-02-29", b"x = 2000-02-29", b"x = 1979-05-27T24:00:00",
    b"x = 1979-05-27T23:60:00", b"x = 1979-05-27T23:59:60", b"x = 1979-05-27T23:59:59+24:60", b"x = 1979-05-27T23:59:59+25:00",
    b"x = 1979-05-27T23:59:59+01:61", b"x = 1979-05-00", b"x = 1979-04-31", b"x = 0000-02-29", b"x = 1979-05-27x",
    b"x = -9223372036854775808", b"x = -9223372036854775809", b"x = +0", b"x = 00000000000000000000001", b"x = -1.5e-3",
    b"x = 1.", b"x = 1e5", b"x = " + b"9" * 60, b"x = true", b"x = false", b"x = " + b"[" * 100 + b"]" * 100,
)  # fmt: skip


def test_what_is_read_and_what_is_refused_and_where(request: pytest.FixtureRequest) -> None:
    """Whether confd refuses them, too, is asked above: here the words, the places and the values are held."""
    golden = Path(__file__).with_name("toml_read.txt")
    found = "".join(f"{content!r}\n    {_read(content)}\n" for content in (*lines(), *FILES, *MORE))
    if request.config.getoption("--update-golden"):
        golden.write_text(found)
    same = golden.read_text() == found
    assert same, "toml_read.txt differs: pytest --update-golden, then read the diff"


def _read(content: bytes) -> str:
    try:
        return repr(toml.parse(content.decode("utf-8", "replace")))
    except toml.TomlFault as fault:
        return f"at {fault.place}: {fault}"
