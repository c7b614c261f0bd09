"""A spec may be large: what it costs grows with its length, and no faster."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.forge import forge
from catalog_forge.repository import Repository
from tests.growth import superlinear
from tests.helpers import tree

START = """forge: 1
name: a-conf
description: d
version: "1.0.0"
maintainer: Jo Doe <jo@example.org>
entry: {title: t, category: Other, license: MIT, project_url: https://example.org}
service: {name: a, image: "redis:3.2.11"}
launch: {exec: [redis-server]}
"""
FILE = "files:\n- dest: /etc/a/a.conf\n  format: raw\n  reload: restart\n  body:\n  - text: %s\n"
KEYS = "metadata: {%s}\n"


def _many(piece: str, size: int) -> str:
    return "".join(piece.replace("N", str(number)) for number in range(size))


# How a spec begins, and what is repeated in it; N stands for a number of its own.
LARGE = {
    "keys": (KEYS + FILE % "x", "kN: {}, "),
    "keys below keys": (KEYS + FILE % "x", "a/kN: {default: x}, "),
    "expressions": (FILE % '"%s"', "@{self.ip} "),
    "expressions between quotes": (FILE % "'%s'", "it''s @{self.ip} "),
    "expressions behind escapes": (FILE % '"%s"', "\\u00fc@{self.ip} "),
    "lines": (FILE % "|\n%s", "      @{self.ip} N\n"),
}


@pytest.mark.parametrize(("frame", "piece"), LARGE.values(), ids=LARGE)
def test_a_spec_costs_no_more_than_its_length(frame: str, piece: str, tmp_path: Path) -> None:
    def generate(size: int) -> None:
        root = tree(tmp_path, {"specs/a-conf.yml": START + frame % _many(piece, size)})
        source = Repository.find(root).source("a-conf")
        forge(source.spec(), source.folder)

    assert superlinear(generate, start=1500, largest=12_000, most=60) == ""
