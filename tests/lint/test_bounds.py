"""Hostile catalogs: no rule breaks, and what is ten times as large takes no more than some ten times as long."""

from __future__ import annotations

import time

import pytest

from catalog_forge.lint.catalog import Catalog
from catalog_forge.lint.runner import registry
from catalog_forge.lint.runner.run import Choice, run
from catalog_forge.rancher.tree import Tree
from tests.lint.looking import CONFIG, RANCHER

BLOCK = ".catalog: {version: '1', upgrade_from: '0'}\n"
MANY = 10_000
# A run of this size takes some seconds; a quadratic one takes minutes.
SECONDS = 30


def _asking(questions: list[str]) -> str:
    return "version: '2'\ncatalog:\n  version: '1'\n  questions:\n" + "".join(f"  - {each}\n" for each in questions)


LARGE: dict[str, dict[str, str | bytes]] = {
    "revisions": {f"templates/web/{number}/rancher-compose.yml": BLOCK for number in range(10_000)},
    "versions as folders": {f"templates/web/1.{number}.0/rancher-compose.yml": BLOCK for number in range(3000)},
    "folders that are no revisions": {f"templates/web/x{number}/rancher-compose.yml": BLOCK for number in range(MANY)},
    "icons": {RANCHER: BLOCK, **{f"templates/web/icon{number}": "x" for number in range(MANY)}},
    "nested files": {f"templates/web/0/{number}/a": "x" for number in range(MANY)},
    "entries": {f"templates/web{number}/config.yml": "name: a\ncategory: b\n" for number in range(4000)},
    "keys": {CONFIG: "".join(f"k{number}: 1\n" for number in range(20_000))},
    "keys that stand twice": {CONFIG: "".join(f"k{number}: 1\n" for number in range(20_000)) * 2},
    "questions": {RANCHER: _asking([f"{{variable: v{number}, typo: integr}}" for number in range(5000)])},
    "shared options": {
        RANCHER: _asking(
            [f"{{variable: a, options: &o [{','.join(map(str, range(500)))}]}}"]
            + [f"{{variable: v{number}, type: enum, default: zz, options: *o}}" for number in range(500)]
        )
    },
    "long words": {
        CONFIG: "maintainer: " + "a " * 200_000 + "\nversion: '" + "1." * 100_000 + "'\nlicense: " + "a " * 50_000,
        RANCHER: ".catalog: {version: '" + "1." * 200_000 + "'}",
        "templates/web/1/rancher-compose.yml": f".catalog: {{version: '{'1.' * 9999}2', upgrade_from: '{'> ' * 200_000}'}}",
    },
    "keys that almost begin": {RANCHER: "#-----BEGIN " + "A " * 400_000 + "PRIVATE KEY", "templates/web/0/x": "ghp_" * 250_000},
}

ODD: dict[str, dict[str, str | bytes]] = {
    "no text": {RANCHER: b"\0\0", CONFIG: b"\xff\xfe\x00", "templates/web/catalogIcon.svg": b"<" * 100_000},
    "names": {
        "templates/we\nb\x00/0/rancher-compose.yml": "",
        "templates/\udcff/config.yml": "",
        f"templates/web/{'9' * 250}/rancher-compose.yml": BLOCK,
        f"templates/web/{'9' * 250}.1.1/x": "",
    },
    "nesting": {RANCHER: "[" * 100_000, CONFIG: "{a: " * 5000},
    "numbers": {RANCHER: _asking(["{variable: v, type: int, default: 0x" + "f" * 100_000 + ", min: 1e400, max: .nan}"])},
    "nulls": {RANCHER: _asking(["~", "{variable: ~, type: ~, label: ~, default: ~, options: ~, min: ~}"]), CONFIG: "~"},
    "a bomb": {
        RANCHER: "a: &a [x,x,x,x,x,x,x,x]\n"
        + "".join(f"{b}: &{b} [{','.join([f'*{a}'] * 8)}]\n" for a, b in zip("abcdefgh", "bcdefghi", strict=True))
    },
}


@pytest.mark.parametrize("name", LARGE)
def test_large_catalogs_take_their_time_and_no_more(name: str) -> None:
    catalog, choice = Catalog(Tree.of(LARGE[name])), Choice(registry.expand(("CF1", "CF2", "CF3", "CF9")))
    start = time.process_time()
    found = run(catalog, choice)
    assert time.process_time() - start < SECONDS
    assert found, "there is something to find"


@pytest.mark.parametrize("name", ODD)
def test_odd_catalogs_break_no_rule(name: str) -> None:
    found = run(Catalog(Tree.of(ODD[name])), Choice(registry.expand(("CF1", "CF2", "CF3", "CF9"))))
    assert any(each.level == "error" for each in found)
    assert all(each.message.isprintable() and len(each.message) < 2000 for each in found)
