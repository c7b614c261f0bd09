"""The compose keys of a service: each has a shape, and a value of another is an error with its place, never a bug."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog_forge.catalog.entry import entry_plan
from catalog_forge.errors import ForgeError
from catalog_forge.spec.compose_keys import SERVICE_KEYS, SHAPES, wrong
from catalog_forge.spec.reader import read

_WORDS = st.one_of(st.text(max_size=5), st.integers(-9, 9), st.booleans(), st.floats(allow_nan=False, allow_infinity=False))
_ANY = st.recursive(
    st.one_of(st.none(), _WORDS),
    lambda inner: st.one_of(st.lists(inner, max_size=2), st.dictionaries(st.text(max_size=3), inner, max_size=2)),
)


def spec_with(key: str, value: Any, group: bool = False) -> str:
    holder: dict[str, Any] = {"name": "x", "image": "redis:3"}
    target = holder.setdefault("groups", {}).setdefault("a", {}) if group else holder
    target[key] = value
    return json.dumps(
        {"forge": 1, "name": "x-conf", "service": holder, "files": [{"dest": "/a/x.conf", "body": [{"text": "a"}]}]}
    )


def test_every_key_has_a_shape_and_no_other() -> None:
    assert SHAPES.keys() == SERVICE_KEYS


@pytest.mark.parametrize("key", sorted(SERVICE_KEYS))
@given(value=_ANY, group=st.booleans())
@settings(max_examples=25, derandomize=True, deadline=None)
def test_a_value_of_any_shape_is_taken_or_an_error_with_its_place(key: str, value: Any, group: bool) -> None:
    try:
        spec = read(spec_with(key, value, group), "x.yml")
    except ForgeError as error:
        assert all(problem.where and problem.where.line for problem in error.problems), str(error)
        return
    assert wrong(key, value) == ""
    entry_plan(spec, lambda _: b"")


@pytest.mark.parametrize(
    ("key", "value", "words"),
    [
        ("labels", "hello", "labels must be a mapping of names to single values or a list of single values"),
        ("labels", {"a": ["b"]}, "labels must be a mapping of names"),
        ("ports", 6379, "ports must be a list of single values"),
        ("ports", None, "ports must be a list"),
        ("ports", [[1]], "ports must be a list of single values"),
        ("environment", "A=b", "environment must be a mapping"),
        ("privileged", "yes", "privileged must be true or false"),
        ("privileged", ["true"], "privileged must be a single value"),
        ("cpu_shares", "many", "cpu_shares must be a whole number"),
        ("cpu_shares", True, "cpu_shares must be a whole number"),
        ("cpu_shares", 1.5, "cpu_shares must be a whole number"),
        ("user", {"a": "b"}, "user must be a single value"),
        ("logging", [], "logging must be a mapping"),
        ("tmpfs", {}, "tmpfs must be a single value or a list of single values"),
    ],
)
def test_a_wrong_shape_is_said(key: str, value: Any, words: str) -> None:
    with pytest.raises(ForgeError, match=words) as caught:
        read(spec_with(key, value), "x.yml")
    column = spec_with(key, value).index(f'"{key}": ') + len(f'"{key}": ') + 1
    assert str(caught.value).startswith(f"x.yml:1:{column}: ")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("labels", {"a": None, "b": True, "c": 1}), ("labels", ["a=b"]), ("ports", ["80:80", 81]), ("tty", "${tty}"),
        ("tty", "true"),
        ("cpu_shares", "${shares}"), ("cpu_shares", "-1"), ("dns", "8.8.8.8"), ("dns", ["8.8.8.8"]), ("mem_limit", 1.5),
        ("depends_on", ["a"]), ("depends_on", {"a": {}}), ("ulimits", {"nofile": {"soft": 1}}),
    ],
)  # fmt: skip
def test_a_right_shape_is_taken(key: str, value: Any) -> None:
    assert wrong(key, value) == ""
