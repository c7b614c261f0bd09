"""The checks of a body that know what stands around a block: conditions, and the format that a dest stands for."""

from __future__ import annotations

import json
from typing import Any

import pytest

from catalog_forge.confd.resource import compile_file
from catalog_forge.errors import ForgeError
from catalog_forge.spec.reader import read

TEXT = {"text": "a @{metadata/k} b\n"}
KEYS = {
    "k": {"optional": True},
    "m": {"type": "map", "optional": True},
    "crt": {"type": "certificate"},
    "ml": {"type": "multiline"},
}


def said(*body: Any, dest: str = "/etc/x/x.yml", **words: Any) -> str:
    """What is wrong with a body, read and compiled; nothing when all is well."""
    file = {"dest": dest, "body": list(body), **words}
    try:
        spec = read(json.dumps({"forge": 1, "name": "x-conf", "service": "redis:3", "metadata": KEYS, "files": [file]}), "x.yml")
        compile_file(spec, spec.files[0], "x", lambda _n, _b: "")
    except ForgeError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    ("body", "sound"),
    [
        (TEXT, False),
        ({"when": {"has": "metadata/k"}, "then": [TEXT]}, True),
        ({"when": {"has": "metadata/k"}, "then": [{"when": {"first": True}, "then": [TEXT], "else": [TEXT]}]}, True),
        ({"when": {"has": "metadata/k"}, "else": [TEXT]}, False),
        ({"when": {"has": "metadata/m"}, "then": [TEXT]}, False),
        ({"when": {"first": True}, "then": [TEXT]}, False),
        ({"when": {"eq": ["@{metadata/k}", "x"]}, "then": [TEXT]}, True),
        ({"when": {"eq": ["@{metadata/k}", ""]}, "then": [TEXT]}, False),
        ({"when": {"eq": ["@{metadata/k}", "x"]}, "else": [TEXT]}, False),
        ({"when": {"has": "metadata/m/a"}, "then": [{"text": "a @{metadata/m/a}\n"}]}, True),
        ({"when": {"has": "metadata/m"}, "then": [{"text": "a @{metadata/m/a}\n"}]}, False),
        ({"when": {"has": "metadata/k"}, "then": [{"set": {"a": "b-@{metadata/k}", "c": ["@{metadata/k}"]}}]}, True),
        ({"when": {"has": "metadata/k"}, "then": [{"list": {"of": "peers", "item": "@{it.ip} @{metadata/k}"}}]}, True),
        ({"when": {"has": "metadata/k"}, "then": [{"paste": "metadata/k"}]}, True),
        ({"paste": "metadata/k"}, False),
    ],
)  # fmt: skip
def test_a_condition_around_a_text_counts(body: Any, sound: bool) -> None:
    found = said(body)
    assert (found == "") is sound, found
    assert sound or "may be missing" in found or "is optional" in found


@pytest.mark.parametrize("key", ["crt", "ml"])
def test_a_value_of_several_lines_is_refused_where_one_line_may_stand(key: str) -> None:
    text = f"@{{metadata/{key}}}"
    for body, dest in (
        ({"text": text}, "/etc/x/x"),
        ({"set": {"a": text}}, "/etc/x/x.ini"),
        ({"text": f"# {text}\n"}, "/etc/x/x.yml"),
    ):
        found = said(body, dest=dest)
        assert "has several lines" in found and f"paste: metadata/{key}" in found and found.startswith("x.yml:1:")
    assert said({"set": {"a": text}}, dest="/etc/x/x.yml") == ""
    assert said({"paste": f"metadata/{key}"}, dest="/etc/x/x") == ""


@pytest.mark.parametrize(
    ("dest", "body", "kind"),
    [
        ("/etc/x/x.conf", {"text": "a"}, "raw"),
        ("/etc/x/x.cfg", {"when": {"first": True}, "then": [{"text": "a"}]}, "raw"),
        ("/etc/x/x.conf", {"set": {"a": "b"}}, "space"),
        ("/etc/x/x.cfg", {"when": {"first": True}, "else": [{"set": {"a": "b"}}]}, "properties"),
        ("/etc/x/x.ini", {"text": "a"}, "ini"),
        ("/etc/nginx/nginx.conf", {"text": "a"}, "nginx"),
        ("/etc/nginx/conf.d/x.conf", {"text": "a"}, "nginx"),
        ("/etc/nginx/nginx.conf", {"set": {"a": "b"}}, "space"),
        ("/etc/nginx/mime.types", {"text": "a"}, "raw"),
        ("/usr/local/etc/haproxy/haproxy.cfg", {"text": "a"}, "haproxy"),
        ("/etc/haproxy/haproxy.cfg", {"set": {"a": "b"}}, "properties"),
        ("/usr/share/logstash/pipeline/logstash.conf", {"text": "a"}, "raw"),
        ("/etc/mongo/mongod.conf", {"text": "a: b"}, "yaml"),
        ("/etc/telegraf/telegraf.conf", {"set": {"a": "b"}}, "toml"),
        ("/etc/x/x.toml", {"text": "a = 1"}, "toml"),
        ("/etc/x/x.yml", {"text": "a"}, "yaml"),
    ],
)
def test_an_ending_that_says_nothing_without_pairs(dest: str, body: Any, kind: str) -> None:
    text = json.dumps({"forge": 1, "name": "x-conf", "service": "redis:3", "files": [{"dest": dest, "body": [body]}]})
    assert read(text, "x.yml").files[0].format == kind


@pytest.mark.parametrize("before", [*" \t;&|()<>", "\n"])
def test_a_hash_behind_the_end_of_a_word_begins_a_comment_of_the_shell(before: str) -> None:
    assert "has several lines" in said({"text": f"A=1{before}# @{{metadata/ml}}\n"}, dest="/etc/x/x.env")
    assert said({"text": "A=1#@{metadata/ml}\n"}, dest="/etc/x/x.env") == ""
