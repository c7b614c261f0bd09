"""The reader: every problem of a file at once, each with its place and the nearest known word."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog_forge.errors import ForgeError
from catalog_forge.image.files import labels
from catalog_forge.spec import reader
from catalog_forge.spec.model import MetadataKey, Spec
from tests.helpers import started

HEAD = "forge: 1\nname: x-conf\nservice: x:1\n"
SHORT = HEAD + "config: /etc/x/x.yml\n"
FULL = HEAD + "metadata: {port: {type: int}, motd: {optional: true}, users: {type: list, fields: [name]}}\nfiles:\n"


def read(text: str | bytes, file: str) -> Spec:
    """Read a spec; one that does not say what starts its program gets a line that does, at its end."""
    return reader.read(started(text) if isinstance(text, str) and text.startswith("forge: ") else text, file)


def problems(text: str | bytes) -> list[str]:
    with pytest.raises(ForgeError) as caught:
        read(text, "x.yml")
    assert caught.value.exit_code == 1
    return [str(problem) for problem in caught.value.problems]


def only(text: str | bytes) -> str:
    found = problems(text)
    assert len(found) == 1, found
    return found[0]


def test_the_four_words_are_a_complete_spec() -> None:
    spec = read(SHORT + "reload: restart\nmetadata: [cluster.name, node.master]\n", "x.yml")
    assert (spec.version, spec.service.name, spec.service.image, spec.entry.name) == ("0.1.0", "x", "x:1", "x")
    (file,) = spec.files
    assert (file.dest, file.format, str(file.reload)) == ("/etc/x/x.yml", "yaml", "restart")
    (block,) = file.body
    assert {key: str(value) for key, value in block.set.items()} == {  # type: ignore[union-attr]
        "cluster.name": "@{metadata/cluster.name}",
        "node.master": "@{metadata/node.master}",
    }
    assert spec.metadata["node.master"] == MetadataKey(label="Node master", required=True, variable="node_master")


@pytest.mark.parametrize(
    ("words", "name", "image"),
    [
        ("elasticsearch", "elasticsearch", "elasticsearch"),
        ("elasticsearch:2.4.6", "elasticsearch", "elasticsearch:2.4.6"),
        ("es=acme/elasticsearch:2.4.6", "es", "acme/elasticsearch:2.4.6"),
        ("es=registry:5000/elasticsearch", "es", "registry:5000/elasticsearch"),
    ],
)
def test_a_service_in_one_word(words: str, name: str, image: str) -> None:
    spec = read(SHORT.replace("x:1", words), "x.yml")
    assert (spec.service.name, spec.service.image) == (name, image)


@pytest.mark.parametrize(
    ("dest", "kind"),
    [
        ("a.yml", "yaml"), ("a.yaml", "yaml"), ("a.properties", "properties"), ("zoo.cfg", "properties"), ("a.ini", "ini"),
        ("my.cnf", "ini"), ("redis.conf", "space"), ("a.env", "env"), (".env", "env"), ("a.xml", "xml"), ("a.json", "json"),
        ("a.txt", "lines"), ("haproxy", "raw"),
    ],
)  # fmt: skip
def test_the_format_follows_from_the_ending(dest: str, kind: str) -> None:
    assert read(HEAD + f"config: /etc/x/{dest}\n", "x.yml").files[0].format == kind


def test_texts_are_what_stands_in_the_file() -> None:
    spec = read(SHORT + "version: 1.10\ndescription: yes\nvars: {A: 0777, B: 1e3, C: true}\n", "x.yml")
    assert (spec.version, spec.description, dict(spec.vars)) == ("1.10", "yes", {"A": "0777", "B": "1e3", "C": "true"})


def test_the_order_of_keys_does_not_matter() -> None:
    lines = (SHORT + "version: 1.0.0\nreload: restart\nmetadata: [a, b]\n").splitlines()
    lines.append("launch: {exec: [x]}")
    assert read("\n".join(lines), "x.yml") == read("\n".join(reversed(lines)), "x.yml")


def test_all_problems_are_shown_at_once_in_the_order_of_the_file() -> None:
    found = problems(
        "forge: 1\nname: ../x\nservce: x\nservice: x\nmetadata: {a: {type: strng}}\n"
        "files:\n- dest: rel.yml\n  fromat: yaml\n  body: [{sett: {}}, {text: '@{metadta/a}'}, {text: '@{metadata/zz}'}]\n"
    )
    assert [line.split(": ", 1)[0] for line in found] == [
        f"x.yml:{place}" for place in ("2:7", "3:1", "5:22", "7:9", "8:3", "9:11", "9:32", "9:56")
    ]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        (SHORT + "discription: x\n", "x.yml:5:1: unknown key 'discription'\n  hint: did you mean 'description'?"),
        (SHORT + "image: {bse: x:1}\n", "x.yml:5:9: unknown key 'bse' in image\n  hint: did you mean 'base'?"),
        (SHORT + "version: [1]\n", "x.yml:5:10: version must be text"),
        (SHORT + "image: text\n", "x.yml:5:8: image must be a mapping"),
        (SHORT + "entry: {revision: one}\n", "x.yml:5:19: revision must be a whole number"),
        (SHORT + "entry: {revision: -1}\n", "x.yml:5:19: revision must be a whole number from 0 to 2147483647"),
        (SHORT + "metadata: {a: {optional: yes}}\n", "x.yml:5:26: optional must be true or false"),
        (SHORT + "metadata: {a: {optional: true, required: true}}\n", "a: the key cannot be both optional and required"),
        (FULL + "- {dest: /etc/x/a, uid: 2147483648, body: [{text: a}]}\n", "uid must be a whole number from 0 to 2147483647"),
        (SHORT + "metadata: {a/../b: {}}\n", "x.yml:5:20: metadata: 'a/../b' cannot be a key"),
        (SHORT + "metadata: {a: {type: enum}}\n", "x.yml:5:15: metadata: a: an enum needs options"),
        (SHORT + "metadata: {a: {type: enum, options: [x], default: y}}\n", "the default 'y' is not one of the options"),
        (SHORT + "metadata: {a: {type: int, default: 1.5}}\n", "the default '1.5' must be a whole number"),
        (SHORT + "metadata: {a: {type: boolean, default: yes}}\n", "the default 'yes' is neither true nor false"),
        (SHORT + "metadata: {a: {type: password, default: x}}\n", "a secret must not have a default"),
        (SHORT + "metadata: [a.b, a-b]\n", "share the variable a_b"),
        (SHORT + "metadata: {a: {type: map}, a/b: {}}\n", "'a/b' is below 'a'"),
        (SHORT + "engine: {metadata: 2016-01-01}\n", "x.yml:5:20: metadata cannot be '2016-01-01'\n  hint: did you mean"),
        (SHORT + "engine: {confd: 0.14.0}\n", "the download of confd 0.14.0 is unknown"),
        (SHORT + "image: {base: busybox}\n", "the base 'busybox' has no fixed tag"),
        (SHORT + "image: {base: busybox:latest}\n", "the base 'busybox:latest' has no fixed tag"),
        (SHORT + 'vars: {A: "x\\ny"}\n', "is not allowed in a Dockerfile's ENV"),
        (SHORT + "vars: {a-b: x}\n", "'a-b' cannot be the name of a variable"),
        (SHORT + "image: {labels: {A B: x}}\n", "x.yml:5:17: image: 'A B' cannot be the key of a label"),
        (SHORT + "maintainer: jo@example.org\n", "maintainer cannot be"),
        (SHORT + "relod: restart\n", "x.yml:5:1: unknown key 'relod'\n  hint: did you mean 'reload'?"),
        (SHORT + "metadata: [a, b, a]\n", "x.yml:5:18: metadata: 'a' appears twice"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{metadata.a.b}'}]}\n", "write the path with slashes: @{metadata/a.b}"),
        (SHORT + "reload: signal HPU\n", "reload: unknown signal 'HPU'\n  hint: did you mean 'signal HUP'?"),
        (SHORT + "reload: http DELETE http://x/\n", "reload: unknown HTTP method 'DELETE'"),
        (SHORT + "reload: http PUT ftp://x/\n", "reload: cannot send to 'ftp://x/'"),
        (SHORT + "reload: http PUT 'http://x/a b'\n", "reload:"),
        (SHORT + "reload: sometimes\n", "reload: cannot be 'sometimes'"),
        (SHORT + "files: []\n", "shorthand"),
        (HEAD, "the key 'files' is missing"),
        (HEAD + "files: []\n", "at least one configuration file"),
        (HEAD + "reload: restart\n", "the key 'config' is missing"),
        (SHORT.replace("forge: 1", "forge: 2"), "this release knows version 1"),
        (SHORT.replace("x:1", "{name: x, image: 'x:1', ports: ['${prt}:80']}"), "no question asks for ${prt}"),
        (SHORT.replace("x:1", "{name: x, image: 'x:1', volmes: [/a]}"), "did you mean 'volumes'?"),
        (SHORT.replace("x:1", "x:latest"), "the image 'x:latest' has no fixed tag"),
        (FULL + "- {dest: /etc/x/a, body: [{text: a}]}\n" + "- {dest: /etc/x/a, body: []}\n", "two files have the dest /etc/x/a"),
        (FULL + "- {dest: /etc/a, body: [{text: a}]}\n", "the folder /etc becomes a volume, which would hide all other files "
        "in it"),
        (FULL + "- {dest: /opt/x-conf/a, body: [{text: a}]}\n", "/opt/x-conf is reserved for the launch script"),
        (FULL + "- {dest: /etc/x/a, mode: '644', body: [{text: a}]}\n", "mode cannot be '644'"),
        (FULL + "- {dest: /etc/x/a, format: tml, body: [{text: a}]}\n", "format cannot be 'tml'"),
        (FULL + "- {dest: /etc/x/a, check: 'x {{.dest}}', body: [{text: a}]}\n", "only {{.src}} is allowed"),
        (FULL + "- {dest: /etc/x/a, body: [{set: {a: b}}]}\n", "set: the format raw has no key-value pairs"),
        (FULL + "- {dest: /etc/x/a.ini, body: [{set: {a: [b]}}]}\n", "the format ini has no maps or lists"),
        (FULL + "- {dest: /etc/x/a.yml, body: [{set: {a: b}}, {set: {a: c}}]}\n", "the key 'a' is set twice"),
        (FULL + "- {dest: /etc/x/a.json, body: [{set: {a: b}}, {text: c}]}\n", "has either pairs (set, copy) or text"),
        (FULL + "- {dest: /etc/x/a, body: [{file: ../a}]}\n", "is not in the spec's folder"),
        (FULL + "- {dest: /etc/x/a, body: [{file: /etc/passwd}]}\n", "is not in the spec's folder"),
        (FULL + "- {dest: /etc/x/a, body: [{text: a, file: b}]}\n", "a block has exactly one keyword, but this block has"),
        (FULL + "- {dest: /etc/x/a, body: [{template: a.tmpl}, {text: b}]}\n", "must be the whole body"),
        (FULL + "- {dest: /etc/x/a, body: [{when: {has: metadata/port, first: true}}]}\n", "exactly one of"),
        (FULL + "- {dest: /etc/x/a, body: [{when: {eq: [a]}}]}\n", "compares exactly two strings"),
        (FULL + "- {dest: /etc/x/a, body: [{copy: metadata/port}]}\n", "'port' is a single value"),
        (FULL + "- {dest: /etc/x/a, body: [{paste: metadata/motd}]}\n", "write optional: true in this block as well"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{metadata/motd}'}]}\n", "may be missing, but this text needs it"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{metadata/users}'}]}\n", "is a list, not a single value"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{env.X}'}]}\n", "env.X is not declared in `vars`"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{it.ip}'}]}\n", "`it` can only be used in the item of a list"),
        (FULL + "- {dest: /etc/x/a, body: [{text: '@{/services/x/name}'}]}\n", "/services and /stacks cover all stacks"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_with_its_place(text: str, wanted: str) -> None:
    found = "\n".join(problems(text))
    assert wanted in found
    assert found.startswith("x.yml:")


@pytest.mark.parametrize("name", ["../x", "a b-conf", "x" * 300 + "-conf", "X-conf", "x", "-conf", "x-conf/", "x\u0000-conf", ""])
def test_a_bad_name_is_refused(name: str) -> None:
    assert "x.yml:2:7: name" in problems(SHORT.replace("x-conf", '"' + name.replace("\u0000", "\\0") + '"'))[0]


@pytest.mark.parametrize(
    "dest", ["x.yml", "etc/x.yml", "/etc/../x.yml", "/etc/x/", "/etc//x", "/etc/x/..", "/etc/x/a b", "/x\\y/z", "/"]
)
def test_a_bad_dest_is_refused(dest: str) -> None:
    assert "dest:" in problems(HEAD + f"config: '{dest}'\n")[0]


@pytest.mark.parametrize("release", ["0.11.0", "0.12.0", "0.13.0", "0.17.0"])
def test_a_confd_with_another_dialect_is_refused(release: str) -> None:
    said = problems(SHORT + f"engine: {{confd: {release}}}\n")[0]
    assert f"x.yml:5:17: confd cannot be '{release}'" in said
    assert "`ls` is broken in 0.12 and 0.13" in said


@pytest.mark.parametrize(
    ("content", "wanted"),
    [
        (b"", "x.yml:1:1: the file is empty"),
        (b"# nothing\n", "x.yml:1:1: the file is empty"),
        (b"- a\n", "x.yml:1:1: a spec is a mapping of keys"),
        (b"text\n", "x.yml:1:1: a spec is a mapping of keys"),
        (b"\x7fELF\x02\x01\xff\xfe", "x.yml:1:7: the file is not UTF-8 text"),
        (b"forge: 1\nname: \x00\n", "x.yml:2:7: a control character ('\\x00') is not allowed"),
        (b"forge: 1\nfiles:\n\t- dest\n", "x.yml:3:1: not well-formed YAML"),
        (b"forge: 1\nforge: 1\n", "x.yml:2:1: the key 'forge' appears twice: first in line 1"),
        (b"a: &x [1]\nb: *x\n", "x.yml:1:4: anchors and aliases are not allowed here"),
        (b"a: b: c\n", "x.yml:1:4: not well-formed YAML"),
        (b"a: [" * 200 + b"]" * 200, "nested too deeply"),
        (b"[" * 100_000, "x.yml:"),
        (b"x: " + b"y" * (2 << 20), "x.yml: the file is larger than 1048576 bytes"),
        (b"forge: 1\n---\nforge: 1\n", "x.yml:2:1: not well-formed YAML: a second document"),
        (b"? [a]\n: b\n", "x.yml:1:3: a key must be text, not a list or a mapping"),
    ],
)
def test_what_is_no_spec_at_all_is_one_clear_error(content: bytes, wanted: str) -> None:
    assert wanted in problems(content)[0]


def test_a_bomb_of_aliases_costs_nothing() -> None:
    bomb = "a: &a [x,x,x,x,x,x,x,x,x]\n" + "".join(
        f"{chr(98 + n)}: &{chr(98 + n)} [{','.join(['*' + chr(97 + n)] * 9)}]\n" for n in range(12)
    )
    assert "anchors and aliases" in only(bomb)


@pytest.mark.parametrize(
    ("line", "column"),
    [
        ("- {text: '@{self.ipp}'}", 13),
        ('- {text: "@{self.ipp}"}', 13),
        ('- {text: "\\t\\u0041\\\\@{self.ipp}"}', 23),
        ("- {text: 'it''s @{self.ipp}'}", 19),
        ("- text: a @{self.ipp}", 13),
    ],
)
def test_an_error_in_an_expression_points_into_the_text(line: str, column: int) -> None:
    text = FULL + f"- dest: /etc/x/a\n  body:\n  {line}\n"
    assert f"x.yml:8:{column + 2}: `self` has no field 'ipp'" in only(text)


def test_an_error_in_a_block_of_lines_points_to_its_line() -> None:
    text = FULL + "- dest: /etc/x/a\n  body:\n  - text: |\n      one\n      two @{self.ipp}\n"
    assert "x.yml:10:13: `self` has no field 'ipp'" in only(text)


@given(st.text(max_size=200))
def test_no_text_is_more_than_an_error(text: str) -> None:
    with pytest.raises(ForgeError):
        read(text, "x.yml")


@given(st.text(alphabet="@{}|./()[],\"' abcdefhilmnopqrstuvy:=_", max_size=60))
def test_no_expression_is_more_than_an_error(text: str) -> None:
    import json

    try:
        spec = read(FULL + f"- {{dest: /etc/x/a, body: [{{text: {json.dumps(text)}}}]}}\n", "x.yml")
    except ForgeError as error:
        assert all(problem.where for problem in error.problems)
    else:
        assert isinstance(spec, Spec)


def test_the_order_of_labels_changes_no_byte() -> None:
    one, other = (read(SHORT + f"image: {{labels: {{{text}}}}}\n", "x.yml") for text in ("b: b, a: a", "a: a, b: b"))
    assert list(labels(one).items()) == list(labels(other).items())


@pytest.mark.parametrize("break_", ["\\n", "\\n\\n# x", "\\r", "\\t", "\\u2028", "\\u0085", "\\0"])
@pytest.mark.parametrize(
    "key", ["entry: {title: WORDS}", "entry: {category: WORDS}", "entry: {license: WORDS}", "metadata: {a: {label: WORDS}}"]
)
def test_a_field_of_one_line_is_held_to_it(key: str, break_: str) -> None:
    assert "must be one line" in only(SHORT + key.replace("WORDS", f'"a{break_}b"') + "\n")


@pytest.mark.parametrize("char", ["\x00", "\x1b", "\x07", "\x7f", "\x9b", "\u202e", "\u2066", "\u2028"])
@pytest.mark.parametrize("key", ["description", "launch", "metadata", "image"])
def test_characters_that_nobody_sees_are_refused_wherever_they_stand(char: str, key: str) -> None:
    text = json.dumps(f"a{char}b")
    lines = {
        "description": f"description: {text}",
        "launch": f"launch: {{exec: redis-server, before: [{text}]}}",
        "metadata": f"metadata: {{{text}: {{}}}}",
        "image": f"image: {{labels: {{a: {text}}}}}",
    }
    spec = f"forge: 1\nname: redis-conf\nservice: redis:3.2.11\nconfig: /usr/local/etc/redis/redis.conf\n{lines[key]}\n"
    with pytest.raises(ForgeError, match=r"redis\.yml:5:\d+: ") as caught:
        reader.read(spec, "redis.yml")
    assert char not in str(caught.value)


def test_a_merge_key_is_refused_with_what_to_do() -> None:
    with pytest.raises(ForgeError, match="unknown key '<<'\n  hint: specs have no merge keys"):
        read("forge: 1\nname: x-conf\nservice: x:1\n<<: {}\nlaunch: {exec: [x]}\n", "x.yml")
