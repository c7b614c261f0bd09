"""One value of a spec, changed where it stands."""

from __future__ import annotations

import pytest

from catalog_forge import yamlio
from catalog_forge.errors import ForgeError
from catalog_forge.spec.edit import SpecText, values

TEXT = """\
# mine
forge: 1
service: {name: web, image: 'nginx:1'}   # here
metadata:
  # about the port
  port: {type: int, default: 80}
  cluster.name: {default: "es"}
  a/b: {}
files:
- dest: /etc/web/web.conf
  format: raw
  body:
  - set: {p: 1}
"""


@pytest.mark.parametrize(
    ("path", "value", "old", "new"),
    [
        ("metadata/port/default", "81", "default: 80", "default: 81"),
        ("metadata.port.default", "81", "default: 80", "default: 81"),
        ("service/image", "nginx:2", "'nginx:1'", "'nginx:2'"),
        ("service/image", "it's", "'nginx:1'", "'it''s'"),
        ("metadata/cluster.name/default", 'say "x"', '"es"', '"say \\"x\\""'),
        ("metadata/a/b", "{type: int}", "a/b: {}", "a/b: {type: int}"),
        ("metadata/a/b/label", "A, b", "a/b: {}", "a/b: {label: 'A, b'}"),
        ("metadata/port/label", "Port", "default: 80}", "default: 80, label: Port}"),
        ("files/0/dest", "/etc/x", "/etc/web/web.conf", "/etc/x"),
        ("files/web.conf/body/0/set/p", "@{self.ip}", "p: 1", "p: '@{self.ip}'"),
        ("files//etc/web/web.conf/mode", '"0600"', "  - set: {p: 1}\n", '  - set: {p: 1}\n  mode: "0600"\n'),
        ("entry/title", "Web: x", "  - set: {p: 1}\n", "  - set: {p: 1}\nentry: {title: 'Web: x'}\n"),
        ("service/user", "a\nb", "'nginx:1'}", "'nginx:1', user: \"a\\nb\"}"),
    ],
)
def test_a_value_is_set_and_nothing_else_changes(path: str, value: str, old: str, new: str) -> None:
    assert TEXT.count(old) == 1
    assert next(SpecText(TEXT, "x").set(path, value)) == TEXT.replace(old, new)


def test_what_reads_as_something_else_is_tried_as_text_then() -> None:
    texts = [*SpecText(TEXT, "x").set("metadata/port/default", "1.10")]
    assert [yamlio.load(text, "")["metadata"]["port"]["default"] for text in texts] == [1.1, "1.10"]


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("files/raw/mode", "there is no 'raw/mode' in files"),
        ("forge/x", "single value"),
        ("metadata/port/default/x", "single value"),
        ("files/7/dest", "there is no '7/dest'"),
    ],
)
def test_a_path_that_leads_nowhere_is_named(path: str, words: str) -> None:
    with pytest.raises(ForgeError, match=words):
        list(SpecText(TEXT, "x").set(path, "1"))
    with pytest.raises(ForgeError, match="there is no"):
        SpecText(TEXT, "x").get(path)


def test_get_and_unset() -> None:
    spec = SpecText(TEXT, "x")
    assert spec.get("metadata/port") == "{type: int, default: 80}"
    assert spec.get("files/web.conf/body") == "  - set: {p: 1}"
    assert spec.unset("metadata/port") == TEXT.replace("  # about the port\n  port: {type: int, default: 80}\n", "")
    with pytest.raises(ForgeError, match="is the only entry of its parent"):
        spec.unset("files/0")
    with pytest.raises(ForgeError, match="did you mean 'metadata'"):
        spec.unset("metdata")


@pytest.mark.parametrize(
    ("old", "words", "new"),
    [
        ("metadata: [a, b]  # two\n", {}, "metadata: [a, b, new]  # two\n"),
        ("metadata:\n- a\n", {}, "metadata:\n- a\n- new\n"),
        ("metadata: [a]\n", {"type": "int", "default": "1"}, "metadata:\n  a: {}\n  new: {type: int, default: 1}\n"),
        ("metadata: {a: {}}\n", {"default": "a, b"}, "metadata: {a: {}, new: {default: 'a, b'}}\n"),
        ("metadata: {}\n", {"secret": True}, "metadata:\n  new: {secret: true}\n"),
        ("x: 1\n", {"options": ("a", "1")}, "x: 1\nmetadata:\n  new: {options: [a, '1']}\n"),
        ("metadata:\n    # one\n    a: {}\n\ny: 1\n", {}, "metadata:\n    # one\n    a: {}\n    new: {}\n\ny: 1\n"),
    ],
)
def test_a_key_is_added_in_whatever_form_the_keys_stand(old: str, words: dict[str, object], new: str) -> None:
    given = next(values({"label": None, "secret": None, **words}))
    assert SpecText(old, "x").with_key("new", given) == new


def test_a_key_that_is_there_is_not_added() -> None:
    with pytest.raises(ForgeError, match="already"):
        SpecText(TEXT, "x").with_key("a/b", {})
