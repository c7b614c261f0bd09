"""The store: how JSON is flattened, and how the functions of the store look into it (docs/facts/confd.md#2.1 and #3.5)."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog_forge.confd.imitated import store as paths
from catalog_forge.confd.imitated.store import Store, StoreError, flatten
from catalog_forge.gotext.values import GoError

CONTAINERS = {"containers": [{"name": "es-1", "ip": "1"}, {"name": "es-10", "ip": "3"}, {"name": "es-2", "ip": "2"}]}


def flat(value: Any, path: str = "/v/self", prefix: str = "/v") -> dict[str, str]:
    body = value if isinstance(value, bytes) else json.dumps(value).encode()
    return {key.decode(): text.decode() for key, text in flatten(path, body, prefix).items()}


def store_of(value: Any) -> Store:
    return Store(flatten("/self", json.dumps(value).encode()))


def names(found: list[bytes]) -> list[str]:
    return [name.decode() for name in found]


@pytest.mark.parametrize(
    ("value", "leaves"),
    [
        ({"a": {"b": "c"}}, {"/self/a/b": "c"}),
        ({"a": {}, "b": []}, {}),
        ({"a": ["x", "y"]}, {"/self/a/0": "x", "/self/a/1": "y"}),
        ({"a": [{"name": "n", "v": "1"}, {"v": "2"}]}, {"/self/a/n/name": "n", "/self/a/n/v": "1", "/self/a/1/v": "2"}),
        ({"a": [{"uuid": "u"}]}, {"/self/a/0/uuid": "u"}),
        ({"a": [[1], [[2]]]}, {"/self/a/0/0": "1", "/self/a/1/0/0": "2"}),
        (
            {"a": [{"name": "n", "v": "1", "x": "x"}, {"name": "n", "v": "2"}]},
            {"/self/a/n/name": "n", "/self/a/n/v": "2", "/self/a/n/x": "x"},
        ),
        ({"a": True, "b": False, "c": None, "d": ""}, {"/self/a": "true", "/self/b": "false", "/self/c": "null", "/self/d": ""}),
        ({"a": "line\nbreak ü"}, {"/self/a": "line\nbreak ü"}),
        ({"a/b": "1"}, {"/self/a/b": "1"}),
        ({"a//b": "1"}, {"/self/a/b": "1"}),
        ({"a": {"../../x": "1"}}, {"/x": "1"}),
        ({"..": {"..": {"..": "1"}}}, {"/": "1"}),
        ({"a": {"": "1"}}, {"/self/a": "1"}),
        ({"a.b c": {".": "1"}}, {"/self/a.b c": "1"}),
        ({"..a": "1", ".b": "2"}, {"/self/..a": "1", "/self/.b": "2"}),
        ("text", {"/self": "text"}),
        (3, {"/self": "3"}),
    ],
)
def test_a_document_becomes_keys(value: Any, leaves: dict[str, str]) -> None:
    assert flat(value) == leaves


@pytest.mark.parametrize(
    ("number", "text"),
    [
        ("42", "42"), ("-7", "-7"), ("0", "0"), ("-0", "-0"), ("-0.0", "-0"), ("1.50", "1.5"), ("1e3", "1000"), ("1E-2", "0.01"),
        ("9007199254740993", "9007199254740992"), ("1e21", "1000000000000000000000"), ("1e-7", "0.0000001"), ("0.1", "0.1"),
        ("123456789012345678", "123456789012345680"), ("5e-324", f"0.{'0' * 323}5"), ("1e-999", "0"),
    ],
)  # fmt: skip
def test_a_number_is_a_float_without_exponent(number: str, text: str) -> None:
    assert flat(f'{{"n": {number}}}'.encode()) == {"/self/n": text}


@pytest.mark.parametrize(
    ("path", "prefix", "key"),
    [
        ("/v/self", "/v", "/self/a"), ("/v/self", "/v/", "/self/a"), ("/v/self", "/", "/v/self/a"), ("/self", "/v", "/self/a"),
        ("/v/self", "/v/self", "/a"), ("/v/self", "//v", "/v/self/a"), ("/v", "/v", "/a"), ("/vx", "/v", "/x/a"),
    ],
)  # fmt: skip
def test_the_text_of_the_prefix_is_taken_off_the_keys(path: str, prefix: str, key: str) -> None:
    assert flat({"a": "1"}, path, prefix) == {key: "1"}


@pytest.mark.parametrize("name", [None, 1, True, ["x"], {}])
def test_a_name_that_is_no_string_says_that_the_real_confd_ends(name: Any) -> None:
    with pytest.raises(StoreError, match=r"/v/self: /self/list: the name of element 1 is .* the real confd exits here"):
        flat({"list": ["x", {"name": name}]})


def test_the_name_that_is_not_a_string_is_shown_as_it_begins() -> None:
    with pytest.raises(StoreError) as error:
        flat({"list": [{"name": list(range(30))}]})
    given = "[0.0, 1.0, 2.0, 3.0, 4.0, 5.0, 6.0, 7.0,"
    assert str(error.value) == (
        f"/v/self: /self/list: the name of element 0 is {given}, which is not a string: the real confd exits here (exit 2)"
    )


def test_a_name_that_is_no_string_does_not_matter_outside_a_list() -> None:
    assert flat({"name": None}) == {"/self/name": "null"}


@pytest.mark.parametrize(
    "body", [b"", b" ", b"Not found", b"{", b"{'a': 1}", b"[NaN]", b"[1e999]", b"\xef\xbb\xbf{}", b'["\t"]', b"{} x"]
)
def test_what_is_no_json_is_an_error(body: bytes) -> None:
    with pytest.raises(StoreError):
        flat(body)


def test_bytes_that_are_no_utf8_and_half_pairs_become_replacement_characters() -> None:
    assert flat(b'{"a\xff": "\xe2\x82", "b": "\\ud800x", "c": "\\ud83d\\ude00"}') == {
        "/self/a\ufffd": "\ufffd\ufffd", "/self/b": "\ufffdx", "/self/c": "😀",
    }  # fmt: skip


def test_the_last_of_equal_keys_wins() -> None:
    assert flat(b'{"a": 1, "a": 2}') == {"/self/a": "2"}
    assert flat(b'{"a": {"b": 1}, "a/b": 2}') == {"/self/a/b": "2"}


def test_getv_wants_the_exact_key() -> None:
    store = store_of({"a": {"b": "c"}, "e": ""})
    assert store.getv(b"/self/a/b") == b"c"
    assert store.getv(b"/self/e", b"default") == b""
    assert store.getv(b"/nope", b"first", b"second") == b"first"
    for key in (b"/self/a", b"self/a/b", b"/self/a/b/", b"/self//a/b", b""):
        assert not store.exists(key)
        with pytest.raises(GoError, match=f"^key does not exist: {key.decode()}$"):
            store.get(key)


@pytest.mark.parametrize(
    ("pattern", "keys"),
    [
        ("/self/*", ["/self/a", "/self/b.c", "/self/é"]),
        ("/self/?", ["/self/a", "/self/é"]),
        ("/*/d/*", ["/self/d/x", "/self/d/xyx"]),
        ("/self/d/x*x", ["/self/d/xyx"]),
        ("/self/d/*y*", ["/self/d/xyx"]),
        ("/self/[a-c]", ["/self/a"]),
        ("/self/[^a]*", ["/self/b.c", "/self/é"]),
        ("/self[^a]a", ["/self/a"]),
        ("/self/[é]", ["/self/é"]),
        ("/self/[z-a]*", []),
        (r"/self/\a", ["/self/a"]),
        (r"/self/b[\.]c", ["/self/b.c"]),
        ("/self/**", ["/self/a", "/self/b.c", "/self/é"]),
        ("", []),
        ("self/*", []),
    ],
)
def test_gets_matches_inside_segments(pattern: str, keys: list[str]) -> None:
    store = store_of({"a": "1", "b.c": "2", "é": "3", "d": {"x": "4", "xyx": "5"}})
    assert names([pair.key for pair in store.gets(pattern.encode())]) == keys


@pytest.mark.parametrize("pattern", ["[", "/self/[]a]", "/self/[a-", "/self/[-a]", "/self/a\\", "[^", "[a", "/nope/["])
def test_a_bad_pattern_is_an_error_unless_the_store_is_empty(pattern: str) -> None:
    with pytest.raises(GoError, match="syntax error in pattern"):
        store_of({"a": "1"}).gets(pattern.encode())
    assert Store({}).gets(pattern.encode()) == []


def test_a_pattern_of_many_stars_takes_no_time() -> None:
    assert store_of({"a" * 200: "1"}).gets(b"/self/" + b"*a" * 100 + b"b") == []


def test_getvs_sorts_by_value_and_gets_by_key() -> None:
    store = store_of(CONTAINERS)
    assert store.getvs(b"/self/containers/*/ip") == [b"1", b"2", b"3"]
    assert [pair.value for pair in store.gets(b"/self/containers/*/ip")] == [b"1", b"3", b"2"]


@pytest.mark.parametrize(
    ("path", "found", "branches"),
    [
        ("/self/containers", ["es-1", "es-10", "es-2"], ["es-1", "es-10", "es-2"]),
        ("/self/containers/", ["es-1", "es-10", "es-2"], ["es-1", "es-10", "es-2"]),
        ("/self", ["a", "ab", "b", "containers"], ["a", "containers"]),
        ("/self/a", ["a", "x"], []),
        ("/self/a/x", ["x"], []),
        ("/self/b", ["b"], []),
        ("/self/b/", [], []),
        ("/self/c", [], []),
        ("/nope", [], []),
        ("/", [], []),
        ("", [], []),
        ("self", [], []),
        ("/self//containers", ["self"], []),
        ("/self/./containers", ["self"], []),
        ("/self/a/../containers", ["self"], []),
        ("/self/containers//", ["self"], []),
    ],
)
def test_ls_lists_children(path: str, found: list[str], branches: list[str]) -> None:
    store = store_of({**CONTAINERS, "a": {"": "leaf", "x": "1"}, "ab": "2", "b": "3"})
    assert names(store.ls(path.encode())) == found
    assert names(store.lsdir(path.encode())) == branches


def test_the_root_lists_leaves_only() -> None:
    store = Store({b"/a": b"1", b"/b/c": b"2"})
    assert store.ls(b"/") == [b"a"]
    assert store.ls(b"//") == [b"a"]
    assert store.lsdir(b"/") == []


@pytest.mark.parametrize(
    ("path", "base", "directory", "clean"),
    [
        ("/a/b", "b", "/a", "/a/b"), ("/a/", "a", "/a", "/a"), ("", ".", ".", "."), ("/", "/", "/", "/"), ("//", "/", "/", "/"),
        ("a", "a", ".", "a"), ("a/..", "..", "a", "."), ("/../a", "a", "/", "/a"), ("//a//b", "b", "/a", "/a/b"),
        ("./a", "a", ".", "a"),
    ],
)  # fmt: skip
def test_paths_are_handled_as_in_go(path: str, base: str, directory: str, clean: str) -> None:
    assert paths.base(path.encode()).decode() == base
    assert paths.directory(path.encode()).decode() == directory
    assert paths.clean(path.encode()).decode() == clean


def test_join_leaves_out_what_is_empty() -> None:
    assert paths.join("/v", "self") == "/v/self"
    assert paths.join("", "/self/../x") == "/x"
    assert paths.join("", "") == ""
