"""Answers drawn as trees."""

from __future__ import annotations

import pytest

from catalog_forge.goyaml.scalars import Value
from catalog_forge.metadata.service.tree import HIDDEN, Look, draw, without_secrets

PLAIN = Look()


def picture(value: Value, look: Look = PLAIN) -> str:
    return "\n".join(str(line) for line in draw(value, "/self", look))


def test_maps_and_lists_are_branches_and_elements_go_by_their_names() -> None:
    value: Value = {
        "service": {"name": "es", "containers": [{"name": "es-1", "ip": None}, {"uuid": "u"}, {"name": 7}, "x"]},
        "host": {},
        "none": [],
    }
    assert (
        picture(value)
        == """\
/self
├─ host: {}
├─ none: []
└─ service
   ├─ containers
   │  ├─ 0=es-1
   │  │  ├─ ip: null
   │  │  └─ name: es-1
   │  ├─ 1=u
   │  │  └─ uuid: u
   │  ├─ 2
   │  │  └─ name: 7
   │  └─ 3: x
   └─ name: es"""
    )


def test_long_lists_long_values_and_deep_levels_are_cut() -> None:
    value: Value = {"list": list(range(12)), "long": "x" * 100, "deep": {"a": {"b": 1}}}
    assert picture(value, Look(depth=1, items=2, width=5)).splitlines() == [
        "/self",
        "├─ deep: … 1 key",
        "├─ list: … 12 elements",
        "└─ long: xxxx…",
    ]
    assert picture(value, Look(items=2)).splitlines()[4:8] == ["├─ list", "│  ├─ 0: 0", "│  ├─ 1: 1", "│  └─ … 10 more"]


@pytest.mark.parametrize(
    "key", ["password", "db.Passwd", "root_password", "token", "ssl private key", "API_KEY", "secret", "Credentials"]
)
def test_what_looks_like_a_secret_is_hidden_with_all_below(key: str) -> None:
    value: Value = {key: {"a": ["s3cret", None, ""], "n": 7}, "name": "es"}
    assert without_secrets(value) == {key: {"a": [HIDDEN, None, ""], "n": HIDDEN}, "name": "es"}
    assert "s3cret" not in picture(value)
    assert "s3cret" in picture(value, Look(secrets=True))


@pytest.mark.parametrize("key", ["passenger", "keyboard", "private_ip", "keys", "author"])
def test_what_only_sounds_like_a_secret_is_shown(key: str) -> None:
    assert without_secrets({key: "x"}) == {key: "x"}


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        ("a\nb", '"a\\nb"'),
        ("\x1b[2J", '"\\u001b[2J"'),
        ("", '""'),
        (" a", '" a"'),
        ("ü", "ü"),
        (True, "true"),
        (0.25, "0.25"),
        (None, "null"),
    ],
)
def test_nothing_in_a_value_moves_the_cursor(value: Value, shown: str) -> None:
    assert picture({"k": value}).splitlines()[1] == f"└─ k: {shown}"
    assert picture(value) == f"/self: {shown}"


def test_a_name_that_moves_the_cursor_is_shown_in_quotes() -> None:
    assert picture({"\x1bk": [{"name": "\r"}]}).splitlines()[1:3] == ['└─ "\\u001bk"', '   └─ 0="\\r"']
