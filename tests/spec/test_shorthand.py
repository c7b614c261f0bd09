"""The words that stand for a full form, and the defaults that follow from other keys."""

from __future__ import annotations

import pytest

from catalog_forge.errors import ForgeError, Where
from catalog_forge.spec.described.show import full
from catalog_forge.spec.expressions import Collection, Text
from catalog_forge.spec.model import ConfFile, MetadataKey, Reload, Service, TextBlock
from catalog_forge.spec.model.metadata import resolve, resolve_collection
from catalog_forge.spec.reader import read
from catalog_forge.spec.shorthand import entry_name, format_of, format_of_file, image_of, reload, title_of, variable_of

HEAD = "forge: 1\nname: x-conf\nservice: redis:3\n"
HERE = Where("x.yml", 5, 9)
DIGEST = "sha256:" + "00" * 32


@pytest.mark.parametrize(
    ("text", "kind", "argument", "method", "shown"),
    [
        ("none", "none", "", "", "none"),
        ("restart", "restart", "", "", "restart"),
        ("  restart  ", "restart", "", "", "restart"),
        ("signal HUP", "signal", "HUP", "", "signal HUP"),
        ("signal  SIGUSR1 ", "signal", "USR1", "", "signal USR1"),
        ("exec touch /a  b", "exec", "touch /a  b", "", "exec touch /a  b"),
        ("http POST http://h", "http", "http://h:80/", "POST", "http POST http://h:80/"),
        ("http PUT  http://h:9/a?b=c ", "http", "http://h:9/a?b=c", "PUT", "http PUT http://h:9/a?b=c"),
        ("http PUT http://H-1.x:65535/a#b", "http", "http://h-1.x:65535/a", "PUT", "http PUT http://h-1.x:65535/a"),
        ("http PUT http://h:1/a%20b/._~=&,+:@-", "http", "http://h:1/a%20b/._~=&,+:@-", "PUT",
         "http PUT http://h:1/a%20b/._~=&,+:@-"),
    ],
)  # fmt: skip
def test_a_reload_in_words(text: str, kind: str, argument: str, method: str, shown: str) -> None:
    found = reload(text, HERE)
    assert found == Reload(kind, argument, method)
    assert (str(found), found.at(), found.at("kind")) == (shown, HERE, HERE)
    assert reload(shown, HERE) == found


@pytest.mark.parametrize("text", ["none now", "signal", "exec", "exec ", "http", "http GET http://h/", "http PUT h", "hup", ""])
def test_other_words_are_no_reload(text: str) -> None:
    with pytest.raises(ForgeError, match="^x.yml:5:9: reload: "):
        reload(text, HERE)


@pytest.mark.parametrize(
    ("name", "variable", "title"),
    [
        ("a", "a", "A"), ("cluster.name", "cluster_name", "Cluster name"), ("a-b/c_d", "a_b_c_d", "A b c d"),
        ("9lives", "_9lives", "9lives"), ("..a..", "__a__", "A"), ("aB", "aB", "AB"), ("é1", "_1", "1"),
    ],
)  # fmt: skip
def test_the_variable_and_the_title_of_a_name(name: str, variable: str, title: str) -> None:
    assert (variable_of(name), title_of(name)) == (variable, title)


@pytest.mark.parametrize(
    ("name", "entry"),
    [("a-conf", "a"), ("a-config", "a"), ("a-conf-conf", "a-conf"), ("conf", "conf"), ("a-confx", "a-confx")],
)
def test_the_entry_of_an_image(name: str, entry: str) -> None:
    assert entry_name(name) == entry


@pytest.mark.parametrize(
    ("dest", "kind"),
    [("/a/b.yml", "yaml"), ("/a/.env", "env"), ("/a/b.env", "env"), ("/a.yml/b", "raw"), ("/a/.conf", "space"), ("/a/b.", "raw"),
     ("/a/b.YML", "raw"), ("/a/b.tar.json", "json"), ("/a/.x.cfg", "properties"), ("", "raw")],
)  # fmt: skip
def test_the_format_of_an_ending(dest: str, kind: str) -> None:
    assert format_of(dest) == kind


def test_a_file_of_its_own_format_or_without_blocks() -> None:
    text = (TextBlock(Text(("a",))),)
    assert format_of_file(ConfFile("/a/b.conf", text, "xml")) == "xml"
    assert format_of_file(ConfFile("/a/b.conf", text)) == "raw"
    assert format_of_file(ConfFile("/a/b.cfg", ())) == "properties"


def test_a_service_without_an_image_is_called_like_its_image() -> None:
    assert image_of(Service("Redis")) == "redis"
    assert image_of(Service("a_b")) == ""
    assert image_of(Service("Redis", "x:1")) == "x:1"


@pytest.mark.parametrize(
    ("more", "body"),
    [
        ("config: /etc/x/x.yml\n", []),
        ("config: /etc/x/x\n", []),
        ("config: /etc/x/x.yml\nmetadata: {a: {}}\n", ["set: a='@{metadata/a}'"]),
        ("metadata: [a, b/c]\nconfig: /etc/x/x.ini\n", ["set: a='@{metadata/a}' b/c='@{metadata/b/c}'"]),
        ("config: /etc/x/x\nmetadata: [a, b]\n", ["text: @{metadata/a}", "text: @{metadata/b}"]),
        ("config: /etc/x/x.txt\nmetadata: [a]\n", ["text: @{metadata/a}"]),
        ("config: /etc/x/x.yml\nformat: lines\nmetadata: [a]\n", ["text: @{metadata/a}"]),
        ("config: /etc/x/x.yml\nformat: raw\nmetadata: [a]\n", ["text: @{metadata/a}"]),
        ("config: /etc/x/x\nformat: env\nmetadata: [a]\n", ["set: a='@{metadata/a}'"]),
    ],
)
def test_the_one_file_of_the_shorthand(more: str, body: list[str]) -> None:
    (file,) = read(HEAD + more, "x.yml").files
    shown = []
    for block in file.body:
        if isinstance(block, TextBlock):
            assert str(block.text).endswith("}\n")
            shown.append(f"text: {str(block.text)[:-1]}")
        else:
            shown.append("set: " + " ".join(f"{key}='{value}'" for key, value in block.set.items()))  # type: ignore[union-attr]
    assert shown == body


@pytest.mark.parametrize(
    ("service", "name", "image"),
    [("redis:3", "redis", "redis:3"), ("redis", "redis", "redis"), ("r=redis:3", "r", "redis:3"), (f"r=a/redis@{DIGEST}", "r",
     f"a/redis@{DIGEST}"), (f"a/redis@{DIGEST}", "redis", f"a/redis@{DIGEST}"), ("mvance/unbound:1.13.2", "unbound",
     "mvance/unbound:1.13.2"), ("localhost:5000/team/app", "app", "localhost:5000/team/app"), ("r=redis:3=4", "r", "redis:3=4"),
     ("null:1", "null", "null:1"), ("true", "true", "true")],
)  # fmt: skip
def test_a_service_in_one_word(service: str, name: str, image: str) -> None:
    if image == "redis:3=4":
        with pytest.raises(ForgeError, match="image cannot be 'redis:3=4'"):
            read(f"forge: 1\nname: x-conf\nservice: {service}\nconfig: /etc/x/x.yml\n", "x.yml")
        return
    spec = read(f"forge: 1\nname: x-conf\nservice: '{service}'\nconfig: /etc/x/x.yml\nlaunch: {{exec: [a]}}\n", "x.yml")
    assert (spec.service.name, spec.service.image) == (name, image)


@pytest.mark.parametrize(
    ("key", "due"),
    [("{}", True), ("", True), ("{optional: true}", False), ("{required: false}", False),
     ("{optional: true, required: false}", False),
     ("{required: true}", True)],
)  # fmt: skip
def test_whether_an_answer_is_due(key: str, due: bool) -> None:
    spec = read(f"{HEAD}config: /etc/x/x.yml\nmetadata:\n  a: {key}\n", "x.yml")
    assert spec.metadata["a"].required is due
    assert f"required: {str(due).lower()}" in full(spec)


def test_what_is_named_is_not_made_up() -> None:
    spec = read(
        HEAD + "config: /etc/x/x.yml\nentry: {name: n, title: t, version: v}\nmetadata: {a: {label: l, variable: w}}\n"
        "launch: {exec: [b]}\n", "x.yml"
    )  # fmt: skip
    assert (spec.entry.name, spec.entry.title, spec.entry.version, spec.launch.command) == ("n", "t", "v", ("b",))
    assert (spec.metadata["a"].label, spec.metadata["a"].variable) == ("l", "w")


KEYS = {
    "a": MetadataKey(), "a.b": MetadataKey(type="map"), "m": MetadataKey(type="map"), "m.x": MetadataKey(),
    "l/deep": MetadataKey(type="list"), ".d": MetadataKey(type="list"), "k.1": MetadataKey(), "k.2": MetadataKey(type="list"),
}  # fmt: skip


@pytest.mark.parametrize(
    ("path", "name", "below"),
    [
        ("a", "a", False), ("a.b", "a.b", False), ("m/x", "m", True), ("m/x/y", "m", True), ("a/x", None, False),
        ("mm", None, False), ("l/deep/0", "l/deep", True), ("l", None, False), ("", None, False),
    ],
)  # fmt: skip
def test_the_key_that_a_path_means(path: str, name: str | None, below: bool) -> None:
    found = resolve(KEYS, Text((path,)))
    assert (found and (found.name, found.key, found.below)) == (name and (name, KEYS[name], below))


@pytest.mark.parametrize(
    ("name", "key", "field"),
    [
        ("m", "m", ()), ("a.b", "a.b", ()), ("m.y", "m", ("y",)), ("a.b.c", "a.b", ("c",)), ("a.b.c.d", "a.b", ("c.d",)),
        ("m.y.z", "m", ("y.z",)), ("a", None, ()), ("l/deep.host", "l/deep", ("host",)), (".d", ".d", ()), (".d.e", ".d", ("e",)),
        ("m/y.z", "m", ()), ("none.x", None, ()), ("m.x", "m", ("x",)),
    ],
)  # fmt: skip
def test_the_collection_that_a_name_means(name: str, key: str | None, field: tuple[str, ...]) -> None:
    found = resolve_collection(KEYS, Collection("metadata", name, (), HERE))
    assert (found and (found[0].name, found[1])) == (key and (key, field))


@pytest.mark.parametrize(
    ("engine", "prefix"),
    [
        ("{backend: etcdv3}", "/x"),
        ("{backend: [redis, vault]}", "/x"),
        ("{backend: vault}", "/secret/x"),
        ("{backend: [rancher, vault]}", "/secret/x"),
        ("{backend: vault, prefix: /kv/app}", "/kv/app"),
        ("{backend: rancher}", ""),
    ],
)
def test_the_keys_of_a_store_lie_below_the_name_of_the_entry_and_of_vault_below_its_own_mount(engine: str, prefix: str) -> None:
    text = f"{HEAD}engine: {engine}\nfiles: [{{dest: /a/b.conf, format: raw, body: [{{text: a}}]}}]\nlaunch: {{exec: [a]}}\n"
    assert read(text, "x.yml").engine.prefix == prefix


@pytest.mark.parametrize(("config", "kind"), [("/a/nginx.conf", "nginx"), ("/a/haproxy.cfg", "haproxy")])
def test_a_value_alone_is_no_file_of_directives(config: str, kind: str) -> None:
    text = f"{HEAD}config: {config}\nformat: {kind}\nmetadata: [port]\n"
    with pytest.raises(ForgeError) as error:
        read(text, "specs/web-conf.yml")
    (problem,) = error.value.problems
    assert str(problem.where) == "specs/web-conf.yml:4:1"
    assert problem.message == f"the format {kind} has no pairs for the metadata keys"
    assert "@{metadata/KEY}" in problem.hint and f"blueprint {kind}-conf" in problem.hint
    assert read(text.replace(f"format: {kind}", "format: lines"), "specs/web-conf.yml").files
