"""An author's constant and a user's value are written alike: the escape in Python and its confd template do the same."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.confd import escape as escapes
from catalog_forge.confd import go
from catalog_forge.confd.resource import Resource
from catalog_forge.formats import BY_NAME, Escape
from catalog_forge.formats.base import MARK, go_quote
from tests.confd.harness import conf, flat, run, spec_of
from tests.formats.hostile import VALUES

TEXTS: dict[str, tuple[str, ...]] = {
    "yaml": (f"{MARK}: '{MARK}'\n", f"a: x{MARK}\n", f"a: |\n  {MARK}\n", f"# {MARK}\n"),
    "env": (f"A={MARK}\n", f'A="{MARK}"\n'),
    "toml": (f"a = '{MARK}'\n",),
    "nginx": (f"a '{MARK}' {MARK}x;",),
    "haproxy": (f"a '{MARK}' \"{MARK}\" {MARK}x\n",),
    "xml": (f"<a b='{MARK}'>{MARK}</a>",),
}


def all_escapes() -> dict[str, Escape]:
    """Return every escape that any format uses, by its name."""
    found = [escape for kind in BY_NAME.values() for escape in (kind.value, kind.key)]
    found += [placement.escape for kind, texts in TEXTS.items() for text in texts for placement in BY_NAME[kind].placements(text)]
    names = {escape.name: escape for escape in found}
    assert all(names[escape.name] == escape for escape in found), "two escapes have one name"
    return names


@pytest.mark.parametrize("name", all_escapes())
def test_a_constant_and_a_value_are_written_alike(name: str, confd: Path, tmp_path: Path) -> None:
    escape = all_escapes()[name]
    values = [value for value in VALUES if len(value) < 2000]
    files = [conf({"text": "x\n"}, dest=f"/etc/app/{number}") for number in range(len(values))]
    spec = spec_of(*files, metadata={f"v{number}": None for number in range(len(values))})
    toml = '[template]\nsrc = "{0}.tmpl"\ndest = "/etc/app/{0}"\nkeys = ["/self/service"]\n'
    resources = [
        Resource(str(number), toml.format(number), escapes.helper(escape) + "[" + _value(number, escape) + "]")
        for number in range(len(values))
    ]
    out = run(confd, tmp_path, spec, resources, flat({f"v{number}": value for number, value in enumerate(values)}))
    for number, value in enumerate(values):
        written = out.files.get(f"/etc/app/{number}")
        assert (written.decode() if written is not None else None) == _constant(escape, value), repr(value)


def _value(number: int, escape: Escape) -> str:
    return escapes.inner(f"getv {go.string(f'/self/service/metadata/v{number}')}", go.string("it"), escape)


def _constant(escape: Escape, value: str) -> str | None:
    try:
        return f"[{escape.apply(value)}]"
    except ValueError:
        return None


def test_a_refusal_says_what_is_not_allowed() -> None:
    for escape in all_escapes().values():
        if any(escape.refuses(value) for value in VALUES):
            assert escape.refusal.startswith("this text cannot be written here (not allowed: "), escape.name
            assert not any(ord(char) > 126 for char in escape.refusal)


def test_go_quotes_as_yaml_reads() -> None:
    import yaml

    for value in VALUES:
        assert yaml.safe_load(go_quote(value)) == value
