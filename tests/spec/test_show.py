"""The full form reads back as the same spec."""

from __future__ import annotations

from pathlib import Path

import pytest

from catalog_forge.repository import Repository
from catalog_forge.spec.described.show import full
from catalog_forge.spec.reader import read

WRITTEN = Repository(Path(__file__).parents[1] / "written")
HOSTILE = """
forge: 1
name: x-conf
version: "1.10"
description: "yes: 'no' # \\" @ % \\\\"
service:
  name: x
  image: x:1
  labels: {a: "1"}
  groups: {a: {scale: 0, metadata: {k: "0777"}, ports: ["80:80"]}, b: {}}
metadata: {k: {default: "", optional: true}, m: {type: map, default: {}}, n: {type: list, default: ["1", 2, true]}}
vars: {A: "", B: " x "}
launch: {exec: [x]}
files:
- dest: /etc/x/x.yml
  body:
  - text: " @@{ {{ }} @{metadata/k|a: b}\\n"
  - set: {a: 1, b: true, c: "true", d: null, e: [1, "@{self.ip}"], f: {g: "@{count(peers[healthy])}"}}
  - when: {eq: ["@{self.index}", "1"]}
    then: [{list: {of: "services:a.b=c d[running]", item: "@{it.label.x.y}", sep: ", ", head: "[", tail: "]\\n"}}]
    else: [{copy: metadata/m}]
- dest: /etc/x/y
  format: raw
  mode: "0600"
  check: "true {{.src}}"
  reload: exec echo "a b"
  body: [{paste: metadata/k, optional: true, wrap: ["", " "]}]
"""


@pytest.mark.parametrize("name", WRITTEN.names())
def test_an_example_reads_back_as_it_is(name: str) -> None:
    spec = WRITTEN.source(name).spec()
    assert read(full(spec), "full.yml") == spec


def test_nothing_is_lost_or_changed_by_quoting() -> None:
    spec = read(HOSTILE, "x.yml")
    assert read(full(spec), "full.yml") == spec


def test_every_default_is_filled_in() -> None:
    shown = full(
        read("forge: 1\nname: x-conf\nservice: x:1\nconfig: /etc/x/x.yml\nmetadata: [a]\nlaunch: {exec: [x]}\n", "x.yml")
    )
    for line in (
        "version: '0.1.0'",
        "topology: volumes",
        "base: 'busybox:1.37.0'",
        "confd: '0.16.0'",
        "refresh: watch",
        "variable: a",
    ):
        assert line in shown
