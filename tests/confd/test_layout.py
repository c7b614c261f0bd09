"""The metadata of a spec as a store holds it."""

from __future__ import annotations

from typing import Any

import pytest

from catalog_forge.backends import NAMES, TABLE
from catalog_forge.confd.layout import layout
from catalog_forge.errors import ForgeError
from catalog_forge.spec.model import Spec
from catalog_forge.spec.reader import read

STORES = [name for name in NAMES if name != "rancher"]


def spec(backend: str = "etcdv3", prefix: str = "/app") -> Spec:
    return read(
        f"""
forge: 1
name: web-conf
service: nginx:1.14.2
engine: {{backend: {backend}, prefix: {prefix}}}
metadata:
  port: {{type: int, optional: true}}
  deep/key: {{optional: true}}
  nodes: {{type: list, fields: [host, port]}}
  named: {{type: list, fields: [name, port]}}
  names: {{type: list}}
  map: {{type: map}}
files:
- dest: /etc/nginx/x/web.conf
  format: raw
  body: [{{text: "@{{metadata/port|1}}"}}]
""",
        "x.yml",
    )


@pytest.mark.parametrize(
    ("values", "wanted"),
    [
        ({"port": 80}, {"/app/port": "80"}),
        ({"port": True, "deep/key": 1.50}, {"/app/port": "true", "/app/deep/key": "1.5"}),
        ({"port": None, "nodes": [], "map": {}}, {}),
        ({"port": ""}, {"/app/port": ""}),
        (
            {"nodes": [{"host": "a", "port": 1}, {"host": "b"}]},
            {"/app/nodes/0/host": "a", "/app/nodes/0/port": "1", "/app/nodes/1/host": "b"},
        ),
        ({"nodes": [{"host": "a", "name": "x"}]}, {"/app/nodes/0/host": "a", "/app/nodes/0/name": "x"}),
        ({"named": [{"name": "x", "port": 1}]}, {"/app/named/x/name": "x", "/app/named/x/port": "1"}),
        ({"names": ["a", "b"]}, {"/app/names/0": "a", "/app/names/1": "b"}),
        ({"names": ["a", None, [], {}, "b"]}, {"/app/names/0": "a", "/app/names/1": "b"}),
        ({"map": {"a": {"b": [False, None]}, "c": 10**6}}, {"/app/map/a/b/0": "false", "/app/map/c": "1000000"}),
    ],
)
@pytest.mark.parametrize("backend", STORES)
def test_values_lie_where_the_templates_read_them(backend: str, values: dict[str, Any], wanted: dict[str, str]) -> None:
    assert TABLE[backend].name == backend
    if backend == "ssm":
        wanted = {key: text for key, text in wanted.items() if text}
        values = {key: value for key, value in values.items() if value != ""}
    assert layout(spec(backend), backend, values) == wanted
    assert list(layout(spec(backend), backend, values)) == list(wanted)


def test_another_prefix_stands_for_that_of_the_spec() -> None:
    assert layout(spec(), "etcdv3", {"port": 1}, prefix="/b/c") == {"/b/c/port": "1"}


@pytest.mark.parametrize(
    ("backend", "values", "message"),
    [
        ("etcdv3", {"prot": 1}, "no such metadata key: 'prot'"),
        ("etcdv3", {"map": {"a/b": 1}}, ""),
        ("etcdv3", {"map": {"..": 1}}, "cannot store a key with the part '..'"),
        ("etcdv3", {"map": {"a//b": 1}}, "cannot store a key with the part ''"),
        ("etcdv3", {"map": {"": 1}}, "cannot store a key with the part ''"),
        ("etcdv3", {"map": {"a": 1, "a/b": 2}}, "/app/map/a has a value, and so has /app/map/a/b below it"),
        ("etcdv3", {"named": [{"name": "../x"}]}, "the name '../x' cannot be part of a key"),
        ("etcdv3", {"named": [{"name": ".."}]}, "cannot store a key with the part '..'"),
        ("etcdv3", {"named": [{"name": "a", "port": 1}, {"name": "a", "port": 2}]}, "two elements of named have this key"),
        ("etcdv3", {"named": [{"port": 3}, {"name": "0", "port": 4}]}, "two elements of named have this key"),
        ("redis", {"port": "a\0b"}, "cannot be in a text file"),
        ("redis", {"port": "\ud800"}, "cannot be in a text file"),
        ("env", {"map": {"A": 1}}, "env cannot store a key with the part 'A'"),
        ("env", {"map": {"a_b": 1}}, "env cannot store a key with the part 'a_b'"),
        ("etcd", {"map": {"_a": 1}}, "etcd cannot store a key with the part '_a'"),
        ("ssm", {"port": ""}, "ssm does not allow empty values"),
        ("ssm", {"map": {"a b": 1}}, "ssm cannot store a key with the part 'a b'"),
        ("ssm", {"port": "x" * 5000}, "at most 4096 bytes"),
        ("consul", {"port": "x" * 600_000}, "at most 524288 bytes"),
        ("zookeeper", {"map": {"a\x01": 1}}, "zookeeper cannot store a key with the part"),
        ("dynamodb", {"map": {str(number): "x" * 40_000 for number in range(30)}}, "smaller than 1 MB"),
    ],
)
def test_what_a_store_cannot_hold_is_refused_by_name(backend: str, values: dict[str, Any], message: str) -> None:
    if not message:
        layout(spec(backend), backend, values)
        return
    with pytest.raises(ForgeError, match=message.replace("(", r"\(").replace(".", r"\.")):
        layout(spec(backend), backend, values)
